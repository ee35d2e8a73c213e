//! Edits in the text of a reply, for models without tool calls.
//!
//! Understood are SEARCH/REPLACE blocks with their file named before them, and whole files in code
//! fences that name a file. The parser takes the text in any pieces and finds the same; what is not
//! finished when the text ends is never an edit. It changes nothing and matches nothing.

use project::path::FilePath;

use crate::fence::{Opening, path_line};
use crate::tools::{Edit, ToolCall};

/// The longest block that is kept while it streams in.
const LONGEST_BLOCK: usize = 4 * 1024 * 1024;

/// Something that a reply says about files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// An `edit` or `write`, ready to be staged.
    Call(ToolCall),
    /// A block that cannot be used, told to the model.
    Problem { line: u32, what: String },
}

/// Reads a reply as it streams in.
#[derive(Debug, Default)]
pub struct Parser {
    /// The line that is not complete yet.
    open: String,
    n_lines: u32,
    /// The file that the text named last, on a line of its own right before.
    named: Option<FilePath>,
    fence: Option<Fence>,
    block: Option<Block>,
}

/// An open code fence.
#[derive(Debug)]
struct Fence {
    opening: Opening,
    path: Option<FilePath>,
    line: u32,
    content: String,
    /// Fences inside the content that are open.
    inner: Vec<Opening>,
    /// SEARCH/REPLACE blocks were found in it, so it is not a file itself.
    holds_blocks: bool,
}

/// An open SEARCH/REPLACE block.
#[derive(Debug)]
struct Block {
    path: Option<FilePath>,
    line: u32,
    /// The length of the markers: the middle and the end have the same.
    length: usize,
    search: String,
    replace: Option<String>,
    ambiguous: bool,
}

impl Parser {
    pub fn push(&mut self, text: &str) -> Vec<Found> {
        let mut found = Vec::new();
        for piece in text.split_inclusive('\n') {
            self.open.push_str(piece);
            if self.open.ends_with('\n') {
                let line = std::mem::take(&mut self.open);
                let line = line.trim_end_matches('\n');
                found.extend(self.line(line.strip_suffix('\r').unwrap_or(line)));
            }
        }
        found
    }

    /// Ends the text. An open block is reported, never applied.
    pub fn finish(mut self) -> Vec<Found> {
        let mut found = Vec::new();
        if !self.open.is_empty() {
            let line = std::mem::take(&mut self.open);
            found.extend(self.line(&line));
        }
        let what = "the block was not finished when the reply ended; nothing of it was applied";
        let open_file = |it: &&Fence| it.path.is_some() && !it.holds_blocks;
        let line = self.block.map(|it| it.line);
        let line = line.or(self.fence.as_ref().filter(open_file).map(|it| it.line));
        found.extend(line.map(|line| Found::Problem { line, what: what.to_owned() }));
        found
    }

    fn line(&mut self, line: &str) -> Option<Found> {
        self.n_lines = self.n_lines.saturating_add(1);
        if self.block.is_some() {
            return self.in_block(line);
        }
        if let Some(length) = marker(line, '<', "SEARCH") {
            self.open_block(length);
            return None;
        }
        if self.fence.is_some() {
            return self.in_fence(line);
        }
        if let Some(opening) = Opening::parse(line) {
            let path = opening.info.path.clone().or_else(|| self.named.take());
            self.fence = Some(Fence {
                opening,
                path,
                line: self.n_lines,
                content: String::new(),
                inner: Vec::new(),
                holds_blocks: false,
            });
            self.named = None;
        } else if !line.trim().is_empty() {
            self.named = path_line(line);
        }
        None
    }

    fn open_block(&mut self, length: usize) {
        let path = match &mut self.fence {
            Some(fence) => {
                // The file may be named on the line before, inside the fence.
                let last = fence.content.lines().rfind(|line| !line.trim().is_empty());
                let inside = last.and_then(path_line);
                fence.path = inside.or(fence.path.take());
                fence.holds_blocks = true;
                fence.content.clear();
                fence.path.clone()
            }
            None => self.named.clone(),
        };
        let line = self.n_lines;
        let search = String::new();
        self.block = Some(Block { path, line, length, search, replace: None, ambiguous: false });
    }

    fn in_block(&mut self, line: &str) -> Option<Found> {
        let block = self.block.as_mut()?;
        let n_bytes = block.search.len() + block.replace.as_ref().map_or(0, String::len);
        if n_bytes + line.len() > LONGEST_BLOCK {
            let line = self.block.take()?.line;
            let what = "the block is longer than 4 MB; nothing of it was applied".to_owned();
            return Some(Found::Problem { line, what });
        }
        if marker(line, '=', "") == Some(block.length) {
            match &block.replace {
                None => block.replace = Some(String::new()),
                Some(_) => block.ambiguous = true,
            }
            return None;
        }
        if marker(line, '>', "REPLACE") == Some(block.length) {
            let block = self.block.take()?;
            return Some(block.found());
        }
        let side = block.replace.as_mut().unwrap_or(&mut block.search);
        side.push_str(line);
        side.push('\n');
        None
    }

    fn in_fence(&mut self, line: &str) -> Option<Found> {
        let fence = self.fence.as_mut()?;
        if let Some(inner) = fence.inner.last() {
            if inner.closed_by(line) {
                fence.inner.pop();
            }
        } else if fence.opening.closed_by(line) {
            return self.fence.take()?.found();
        } else if let Some(inner) = Opening::parse(line)
            && inner.sign == fence.opening.sign
            && !inner.info.language.is_empty()
        {
            // A fence in a Markdown file, as long as the one around it.
            fence.inner.push(inner);
        }
        if fence.content.len() + line.len() > LONGEST_BLOCK {
            fence.path = None;
            fence.content.clear();
        }
        fence.content.push_str(fence.opening.dedent(line));
        fence.content.push('\n');
        None
    }
}

impl Block {
    fn found(self) -> Found {
        let problem = |what: &str| Found::Problem { line: self.line, what: what.to_owned() };
        let Some(replace) = self.replace else {
            return problem("the block has no `=======` line between SEARCH and REPLACE");
        };
        if self.ambiguous {
            return problem(
                "a `=======` line occurs in the code itself; use longer markers with equal length \
                 (`<<<<<<<<< SEARCH`, `=========`, `>>>>>>>>> REPLACE`)",
            );
        }
        let Some(path) = self.path else {
            return problem("no file is named; write its path on the line before the block");
        };
        let (search, all, whole_lines) = (self.search, false, true);
        Found::Call(ToolCall::Edit(Edit { path, search, replace, all, whole_lines }))
    }
}

impl Fence {
    fn found(self) -> Option<Found> {
        let path = self.path.filter(|_| !self.holds_blocks)?;
        let is_diff = |text: Option<&str>| matches!(text, Some("diff" | "patch"));
        if is_diff(Some(&self.opening.info.language)) && !is_diff(path.extension()) {
            let what = "diffs are not understood; write SEARCH/REPLACE blocks".to_owned();
            return Some(Found::Problem { line: self.line, what });
        }
        Some(Found::Call(ToolCall::Write { path, content: self.content }))
    }
}

/// Returns the length of a marker line: five or more signs, then the word.
fn marker(line: &str, sign: char, word: &str) -> Option<usize> {
    let rest = line.trim_start_matches(sign);
    let length = line.len() - rest.len();
    let rest = rest.trim_end();
    let named = if word.is_empty() { rest.is_empty() } else { rest.trim_start() == word };
    (named && (5..=40).contains(&length)).then_some(length)
}

#[cfg(test)]
mod tests;
