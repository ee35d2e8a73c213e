//! Compares lines more and more loosely.
//!
//! Looseness is about spaces and typography only: no line is ever "similar" here.

use std::borrow::Cow;

use super::source::{Source, number};
use crate::prompt::untrusted::visible;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    TrailingSpace,
    /// The whole passage may stand further left or right.
    Indent,
    /// As `Indent`, with typographic quotes, dashes and spaces taken for the plain ones.
    Punctuation,
}

/// The two sides of an edit as lines, without the blank lines that both begin or end with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lines {
    pub(super) search: Vec<String>,
    pub(super) replace: Vec<String>,
}

/// Where a passage begins, and how its indentation differs there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place<'a> {
    pub(super) line: usize,
    pub(super) shift: Shift<'a>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shift<'a> {
    None,
    /// The file's lines begin with this in addition.
    Deeper(&'a str),
    /// The passage's lines begin with this in addition.
    Shallower(String),
}

impl Lines {
    pub(super) fn parse(search: &str, replace: &str) -> Self {
        let (mut search, mut replace) = (split(search), split(replace));
        let blank = |line: Option<&String>| line.is_some_and(|line| line.trim().is_empty());
        while search.len() > 1 && blank(search.last()) && blank(replace.last()) {
            search.pop();
            replace.pop();
        }
        while search.len() > 1 && blank(search.first()) && blank(replace.first()) {
            search.remove(0);
            replace.remove(0);
        }
        Self { search, replace }
    }

    /// Takes the line numbers away that `read` puts before every line, when every line has one.
    pub(super) fn without_gutter(&self) -> Option<Self> {
        let numbered = |lines: &[String]| lines.iter().all(|line| after_number(line).is_some());
        if !numbered(&self.search) {
            return None;
        }
        let strip = |lines: &[String]| -> Vec<String> {
            lines.iter().map(|line| after_number(line).unwrap_or(line).to_owned()).collect()
        };
        Some(Self { search: strip(&self.search), replace: strip(&self.replace) })
    }
}

impl Shift<'_> {
    /// Moves a line of the edit to where the file's lines stand.
    pub(super) fn apply(&self, line: &str) -> String {
        match self {
            Shift::None => line.to_owned(),
            Shift::Deeper(_) if line.trim().is_empty() => line.to_owned(),
            Shift::Deeper(more) => format!("{more}{line}"),
            Shift::Shallower(less) => line.strip_prefix(&**less).unwrap_or(line).to_owned(),
        }
    }

    /// Moves a line of the file to where the edit's lines stand.
    pub(super) fn undo<'l>(&self, line: &'l str) -> Cow<'l, str> {
        match self {
            Shift::None => Cow::Borrowed(line),
            Shift::Deeper(more) => Cow::Borrowed(line.strip_prefix(more).unwrap_or(line)),
            Shift::Shallower(_) if line.trim().is_empty() => Cow::Borrowed(line),
            Shift::Shallower(less) => Cow::Owned(format!("{less}{line}")),
        }
    }
}

/// Returns every place where the passage stands.
pub(super) fn find<'a>(source: &Source<'a>, search: &[String], level: Level) -> Vec<Place<'a>> {
    let n = search.len();
    if n == 0 || n > source.len() {
        return Vec::new();
    }
    let wanted: Vec<Cow<'_, str>> = search.iter().map(|line| key(line, level)).collect();
    let there: Vec<Cow<'_, str>> =
        (0..source.len()).map(|at| key(source.line(at), level)).collect();
    (0..=source.len() - n)
        .filter(|at| there[*at..at + n] == wanted[..])
        .filter_map(|line| {
            let pairs = (0..n).map(|at| (source.line(line + at), search[at].as_str()));
            let shift =
                if level == Level::TrailingSpace { Some(Shift::None) } else { shift_of(pairs) };
            shift.map(|shift| Place { line, shift })
        })
        .collect()
}

/// Returns by how much all lines differ in indentation, or nothing when they differ unevenly.
pub(super) fn shift_of<'f, 's>(
    pairs: impl Iterator<Item = (&'f str, &'s str)>,
) -> Option<Shift<'f>> {
    let mut shift = None;
    for (file, edit) in pairs.filter(|(_, edit)| !edit.trim().is_empty()) {
        let (there, given) = (indent(file), indent(edit));
        let this = if there == given {
            Shift::None
        } else if let Some(more) = there.strip_suffix(given) {
            Shift::Deeper(more)
        } else {
            Shift::Shallower(given.strip_suffix(there)?.to_owned())
        };
        if *shift.get_or_insert_with(|| this.clone()) != this {
            return None;
        }
    }
    Some(shift.unwrap_or(Shift::None))
}

/// Whether the replacement stands in the file already; only when it says enough to be told apart.
pub(super) fn already_there(source: &Source<'_>, replace: &[String]) -> Option<u32> {
    let n_letters: usize = replace.iter().map(|line| line.trim().len()).sum();
    if n_letters < 12 {
        return None;
    }
    find(source, replace, Level::Indent).first().map(|at| number(at.line))
}

pub(super) fn key(line: &str, level: Level) -> Cow<'_, str> {
    match level {
        Level::TrailingSpace => Cow::Borrowed(line.trim_end()),
        Level::Indent => Cow::Borrowed(line.trim()),
        Level::Punctuation => match folded(line) {
            Cow::Borrowed(line) => Cow::Borrowed(line.trim()),
            Cow::Owned(line) => Cow::Owned(line.trim().to_owned()),
        },
    }
}

/// Takes typographic signs for the ones on a keyboard, and drops what cannot be seen.
pub(super) fn folded(line: &str) -> Cow<'_, str> {
    if line.is_ascii() {
        return Cow::Borrowed(line);
    }
    let mut plain = String::with_capacity(line.len());
    for c in line.chars() {
        match c {
            '‘' | '’' | '‚' | '‛' | '′' => plain.push('\''),
            '“' | '”' | '„' | '‟' | '″' => plain.push('"'),
            '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' => plain.push('-'),
            '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => {
                plain.push(' ');
            }
            '…' => plain.push_str("..."),
            c if visible(c) => plain.push(c),
            _ => {}
        }
    }
    Cow::Owned(plain)
}

fn indent(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}

/// Returns what follows `  12<tab>` or `12 | `.
fn after_number(line: &str) -> Option<&str> {
    let rest = line.trim_start();
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if digits == 0 {
        return line.trim().is_empty().then_some("");
    }
    let rest = &rest[digits..];
    rest.strip_prefix('\t').or_else(|| {
        let rest = rest.trim_start_matches(' ').strip_prefix('|')?;
        Some(rest.strip_prefix(' ').unwrap_or(rest))
    })
}

fn split(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}
