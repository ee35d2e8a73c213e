//! A file's text as it is compared: lines that end with `\n`, whatever they end with in the file.
//!
//! It remembers where every line stands, so that what is not replaced keeps its bytes.

use std::ops::Range;

const MARK: char = '\u{feff}';
/// More places of an ambiguous passage are not looked for.
const PLACES_TOLD: usize = 20;

/// A file's text, with a plain twin to search in.
#[derive(Debug)]
pub(super) struct Source<'a> {
    /// Without the byte order mark.
    raw: &'a str,
    marked: bool,
    plain: String,
    lines: Vec<Line<'a>>,
    eol: &'static str,
}

#[derive(Debug)]
struct Line<'a> {
    text: &'a str,
    raw_start: usize,
    plain_start: usize,
    crlf: bool,
}

impl<'a> Source<'a> {
    pub(super) fn parse(text: &'a str) -> Self {
        let raw = text.strip_prefix(MARK).unwrap_or(text);
        let mut lines = Vec::new();
        let mut plain = String::with_capacity(raw.len());
        let mut raw_start = 0;
        for piece in raw.split_inclusive('\n') {
            let text = without_end(piece);
            let crlf = piece.ends_with("\r\n");
            lines.push(Line { text, raw_start, plain_start: plain.len(), crlf });
            plain.push_str(text);
            if piece.ends_with('\n') {
                plain.push('\n');
            }
            raw_start += piece.len();
        }
        let n_crlf = lines.iter().filter(|it| it.crlf).count();
        let n_ends = raw.bytes().filter(|byte| *byte == b'\n').count();
        let eol = if n_crlf * 2 > n_ends { "\r\n" } else { "\n" };
        Self { raw, marked: raw.len() < text.len(), plain, lines, eol }
    }

    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Returns a line without its end.
    pub(super) fn line(&self, at: usize) -> &'a str {
        self.lines[at].text
    }

    /// Returns where a plain text begins. To replace all, places apart; else the first few,
    /// overlapping ones included: two are too many already.
    pub(super) fn find(&self, search: &str, at_line_start: bool, all: bool) -> Vec<usize> {
        let mut found = Vec::new();
        // The last line may lack the end that a passage of whole lines has.
        let open_end = at_line_start && !self.plain.ends_with('\n') && !self.plain.is_empty();
        let padded = if open_end { format!("{}\n", self.plain) } else { String::new() };
        let text = if open_end { padded.as_str() } else { self.plain.as_str() };
        let mut from = 0;
        while let Some(at) = text[from..].find(search).map(|at| from + at) {
            let fits = !at_line_start || at == 0 || text.as_bytes()[at - 1] == b'\n';
            if fits {
                found.push(at);
            }
            if !all && found.len() == PLACES_TOLD {
                break;
            }
            let first = text[at..].chars().next().map_or(1, char::len_utf8);
            from = at + if fits && all { search.len() } else { first };
        }
        found
    }

    /// Returns the number of the line that a plain position is in, counted from 1.
    pub(super) fn line_of(&self, at: usize) -> u32 {
        number(self.index_of(at))
    }

    /// Whether the replacement is there already: it contains the passage, and stands around it.
    pub(super) fn stands_there(&self, at: usize, search: &str, replace: &str) -> bool {
        let Some(offset) = replace.find(search) else { return false };
        let Some(start) = at.checked_sub(offset) else { return false };
        let there = self
            .plain
            .get(start..)
            .is_some_and(|rest| rest.starts_with(replace) || rest.trim_end() == replace.trim_end());
        there && replace.trim().len() > search.trim().len()
    }

    /// Returns the raw text of a plain range.
    pub(super) fn raw(&self, at: usize, len: usize) -> &'a str {
        &self.raw[self.raw_of(at)..self.raw_of(at + len)]
    }

    /// Puts a text in place of plain ranges that begin at `places` and are `len` long.
    pub(super) fn replace(&self, places: &[usize], len: usize, with: &str) -> String {
        let mut text = String::with_capacity(self.raw.len() + with.len());
        let mut done = 0;
        for at in places {
            let end = (at + len).min(self.plain.len());
            text.push_str(&self.raw[done..self.raw_of(*at)]);
            text.push_str(&with.replace('\n', self.eol_at(self.index_of(*at))));
            done = self.raw_of(end);
        }
        text.push_str(&self.raw[done..]);
        self.finished(text)
    }

    /// Puts lines in place of lines.
    pub(super) fn with_lines(&self, range: Range<usize>, new: &[String]) -> String {
        let start = self.lines.get(range.start).map_or(self.raw.len(), |it| it.raw_start);
        let end = self.lines.get(range.end).map_or(self.raw.len(), |it| it.raw_start);
        let eol = self.eol_at(range.start);
        let mut text = self.raw[..start].to_owned();
        for line in new {
            text.push_str(line);
            text.push_str(eol);
        }
        text.push_str(&self.raw[end..]);
        self.finished(text)
    }

    /// Gives a new text the mark and the last line's end that the old one had.
    fn finished(&self, mut text: String) -> String {
        if self.raw.ends_with('\n') {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push_str(self.eol);
            }
        } else if !self.raw.is_empty() {
            text.truncate(without_end(&text).len());
        }
        if self.marked {
            text.insert(0, MARK);
        }
        text
    }

    fn eol_at(&self, line: usize) -> &'static str {
        match self.lines.get(line) {
            Some(line) if line.crlf => "\r\n",
            Some(line) if line.raw_start + line.text.len() < self.raw.len() => "\n",
            Some(_) | None => self.eol,
        }
    }

    fn index_of(&self, at: usize) -> usize {
        self.lines.partition_point(|line| line.plain_start <= at).saturating_sub(1)
    }

    fn raw_of(&self, at: usize) -> usize {
        if at >= self.plain.len() {
            return self.raw.len();
        }
        let line = &self.lines[self.index_of(at)];
        line.raw_start + (at - line.plain_start)
    }
}

/// Returns a text with plain line ends and no mark.
pub(super) fn plain(text: &str) -> String {
    text.strip_prefix(MARK).unwrap_or(text).replace("\r\n", "\n")
}

/// Gives a whole new content the line ends and the mark of the old one.
pub fn in_the_style_of(before: &str, content: &str) -> String {
    let source = Source::parse(before);
    let crlf = !source.lines.is_empty()
        && source
            .lines
            .iter()
            .all(|it| it.crlf || it.raw_start + it.text.len() == source.raw.len())
        && source.lines[0].crlf;
    let mut text = plain(content);
    if crlf {
        text = text.replace('\n', "\r\n");
    } else if content.contains("\r\n") && before.contains('\n') && before.contains("\r\n") {
        text = content.strip_prefix(MARK).unwrap_or(content).to_owned();
    }
    if source.marked {
        text.insert(0, MARK);
    }
    text
}

pub(super) fn number(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}

fn without_end(line: &str) -> &str {
    match line.strip_suffix('\n') {
        None => line,
        Some(line) => line.strip_suffix('\r').unwrap_or(line),
    }
}
