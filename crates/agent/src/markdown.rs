//! A reply's Markdown as blocks for the page.
//!
//! Blocks that are finished never change while more text streams in, and the result does not depend
//! on how the text was cut: a block is rendered from its own lines alone. So references that are
//! defined in another block are not followed. Raw HTML is text, nothing remote is loaded, and what a
//! link may do is decided in [`links`]. Colours of code are the page's work.

use pulldown_cmark::{Event, Options, Parser};
use serde::{Deserialize, Serialize};

use crate::fence::{Opening, path_line};

mod html;
pub mod links;

/// A block of the reply, ready to show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Block {
    Html(String),
    Code { language: String, path: Option<String>, text: String },
}

/// The longest block that is read as Markdown; a longer one is shown as it is.
const LONGEST_BLOCK: usize = 256 * 1024;

/// Text as it streams in.
#[derive(Debug, Default)]
pub struct Blocks {
    /// Everything that was pushed.
    text: String,
    /// The finished ones, then those that may still change.
    blocks: Vec<Block>,
    n_finished: usize,
    /// Whole lines of blocks that may still change.
    lines: String,
    /// The line that is not complete.
    rest: String,
    code: Option<Code>,
    /// The file that the last finished block names.
    named: Option<String>,
}

/// A code fence that is open.
#[derive(Debug)]
struct Code {
    opening: Opening,
    path: Option<String>,
    text: String,
}

/// Returns the blocks of a whole text.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Blocks::default();
    blocks.push(text);
    blocks.finish();
    blocks.blocks
}

impl Blocks {
    pub fn push(&mut self, delta: &str) {
        self.text.push_str(delta);
        self.blocks.truncate(self.n_finished);
        for piece in delta.split_inclusive('\n') {
            self.rest.push_str(piece);
            if self.rest.ends_with('\n') {
                let line = std::mem::take(&mut self.rest);
                self.line(&line);
            }
        }
        self.settle();
        self.n_finished = self.blocks.len();
        self.blocks.extend(self.preview());
    }

    /// The text is complete.
    pub fn finish(&mut self) {
        self.blocks.truncate(self.n_finished);
        if !self.rest.is_empty() {
            let line = std::mem::take(&mut self.rest);
            self.line(&line);
        }
        self.finish_lines();
        if let Some(code) = self.code.take() {
            self.blocks.push(code.block());
        }
        self.n_finished = self.blocks.len();
    }

    /// The blocks that will not change any more.
    pub fn finished(&self) -> &[Block] {
        &self.blocks[..self.n_finished]
    }

    /// Returns all blocks; those behind the finished ones may still change.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Returns everything that was pushed.
    pub fn text(&self) -> &str {
        &self.text
    }

    fn line(&mut self, line: &str) {
        let text = line.trim_end_matches(['\n', '\r']);
        if let Some(code) = &mut self.code {
            if code.opening.closed_by(text) {
                self.blocks.extend(self.code.take().map(Code::block));
            } else {
                code.text.push_str(code.opening.dedent(text));
                code.text.push('\n');
            }
            return;
        }
        // A fence that begins a block by itself; inside lists and quotes the parser finds it.
        if let Some(opening) = Opening::parse(text)
            && self.at_top_level(line)
        {
            self.finish_lines();
            let path = opening.info.path.as_ref().map(ToString::to_string);
            let named = self.named.take();
            let path = path.or(named);
            self.code = Some(Code { opening, path, text: String::new() });
            return;
        }
        self.lines.push_str(line);
    }

    /// Whether a line begins a block of its own behind the open lines.
    fn at_top_level(&self, line: &str) -> bool {
        let text = format!("{}{line}", self.lines);
        let start = self.lines.len();
        tops(&text).last().is_some_and(|top| top.start >= start)
    }

    /// Finishes every block that another one follows.
    fn settle(&mut self) {
        if self.lines.len() > LONGEST_BLOCK {
            self.finish_lines();
            return;
        }
        let tops = tops(&self.lines);
        let Some(last) = tops.last().filter(|_| tops.len() > 1) else { return };
        let at = line_start(&self.lines, last.start);
        let done: String = self.lines.drain(..at).collect();
        self.take(&done);
    }

    fn finish_lines(&mut self) {
        let done = std::mem::take(&mut self.lines);
        self.take(&done);
    }

    fn take(&mut self, text: &str) {
        self.blocks.extend(rendered(text));
        if let Some(line) = text.lines().rfind(|line| !line.trim().is_empty()) {
            self.named = path_line(line).map(|it| it.to_string());
        }
    }

    /// Shows what is not finished, as well as it can be told.
    fn preview(&self) -> Vec<Block> {
        if let Some(code) = &self.code {
            let mut text = code.text.clone();
            // What may become the end of the fence is not shown as code.
            if !self.rest.trim().chars().all(|c| c == code.opening.sign) {
                text.push_str(code.opening.dedent(&self.rest));
            }
            let language = code.opening.info.language.clone();
            return vec![Block::Code { language, path: code.path.clone(), text }];
        }
        rendered(&format!("{}{}", self.lines, self.rest))
    }
}

impl Code {
    fn block(self) -> Block {
        let language = self.opening.info.language;
        Block::Code { language, path: self.path, text: self.text }
    }
}

fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS
}

/// Returns the ranges of the top-level blocks.
fn tops(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut depth = 0_u32;
    let mut tops = Vec::new();
    for (event, range) in Parser::new_ext(text, options()).into_offset_iter() {
        if depth == 0 && !matches!(event, Event::End(_)) {
            tops.push(range);
        }
        if matches!(event, Event::Start(_)) {
            depth += 1;
        } else if matches!(event, Event::End(_)) {
            depth -= 1;
        }
    }
    tops
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |at| at + 1)
}

/// Renders blocks, each from its own lines.
fn rendered(text: &str) -> Vec<Block> {
    if text.len() > LONGEST_BLOCK {
        return vec![Block::Html(format!("<pre>{}</pre>", html::escaped(text)))];
    }
    let starts: Vec<usize> = tops(text).iter().map(|it| line_start(text, it.start)).collect();
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let ranges = starts.iter().copied().zip(ends);
    let blocks = ranges.filter(|(start, end)| start < end);
    blocks.map(|(start, end)| html::block(&text[start..end])).collect()
}

#[cfg(test)]
mod tests;
