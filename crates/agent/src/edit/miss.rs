//! Why an edit was refused, told so that the next try can succeed.
//!
//! The texts are for the model. They quote the file, never more than a screenful.

use std::fmt;

use super::compare::{Level, key};
use super::source::{Source, number};
use crate::prompt::untrusted::clean;

const LINES_QUOTED: usize = 40;
const LONGEST_LINE: usize = 400;

/// Why nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Miss {
    #[error("nothing would change: `search` and `replace` say the same")]
    SameText,
    #[error(
        "`search` is empty; copy the lines to replace from the file, or give the whole content with \
         `write`"
    )]
    NothingToFind,
    #[error("{}", ambiguous(lines))]
    Ambiguous { lines: Vec<u32> },
    #[error(
        "the replacement is in the file already, at line {line}; nothing was changed, and this edit \
         must not be repeated"
    )]
    AlreadyApplied { line: u32 },
    #[error("`replace` leaves code out (`{line}`); write every line that shall be in the file")]
    Placeholder { line: String },
    #[error(
        "the passage at line {line} differs in the lines that the edit changes; read the file again \
         and copy them exactly"
    )]
    Conflict { line: u32 },
    #[error(
        "`search` holds `\\n`, `\\t` or `\\\"` as two characters each, and is in the file at line \
         {line} without the backslashes; send real line breaks, tabs and quotes"
    )]
    Escaped { line: u32 },
    #[error("`search` was not found. {}", nearest.as_ref().map_or(NOWHERE.to_owned(), ToString::to_string))]
    NotFound { nearest: Option<Nearest> },
}

const NOWHERE: &str = "No line of it is in the file; read the file before editing it";

/// The place that comes nearest, as the file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nearest {
    /// Counted from 1.
    pub line: u32,
    pub lines: Vec<String>,
    /// The first line that differs: what was searched for, and what the file has there.
    pub differs: Option<(String, String)>,
}

impl fmt::Display for Nearest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "The nearest lines in the file, from line {} on, are:", self.line)?;
        for line in &self.lines {
            writeln!(f, "{line}")?;
        }
        if let Some((searched, there)) = &self.differs {
            writeln!(f, "The first difference: `search` has `{searched}`, the file `{there}`.")?;
        }
        write!(f, "Copy the lines exactly, without line numbers, and try again")
    }
}

fn ambiguous(lines: &[u32]) -> String {
    let shown: Vec<String> = lines.iter().take(6).map(ToString::to_string).collect();
    let more = if lines.len() > 6 { ", …" } else { "" };
    format!(
        "`search` fits {} places, at lines {}{more}; add lines around the one that is meant, so that \
         only one fits",
        lines.len(),
        shown.join(", ")
    )
}

/// Finds the place that most lines agree on.
pub(super) fn not_found(source: &Source<'_>, search: &str) -> Miss {
    if let Some(line) = escaped(source, search) {
        return Miss::Escaped { line };
    }
    let wanted: Vec<&str> = search.lines().collect();
    let level = Level::Punctuation;
    let keys: Vec<_> = wanted.iter().map(|line| key(line, level)).collect();
    let mut votes: std::collections::BTreeMap<isize, usize> = std::collections::BTreeMap::new();
    for at in 0..source.len() {
        let there = key(source.line(at), level);
        if there.len() < 3 {
            continue;
        }
        for (offset, _) in keys.iter().enumerate().filter(|(_, it)| **it == there).take(50) {
            *votes.entry(signed(at) - signed(offset)).or_default() += 1;
        }
    }
    let best = votes.iter().max_by_key(|(start, n)| (**n, -**start));
    let Some((start, _)) = best else { return Miss::NotFound { nearest: None } };
    let first = usize::try_from((*start).max(0)).unwrap_or(0).min(source.len() - 1);
    let end = (first + (wanted.len() + 2).min(LINES_QUOTED)).min(source.len());
    let differs = (first..end).zip(&wanted).find_map(|(at, line)| {
        let there = source.line(at);
        (there != *line).then(|| (quoted(line), quoted(there)))
    });
    let lines = (first..end).map(|at| quoted(source.line(at))).collect();
    Miss::NotFound { nearest: Some(Nearest { line: number(first), lines, differs }) }
}

/// Some models escape twice what JSON escapes once.
fn escaped(source: &Source<'_>, search: &str) -> Option<u32> {
    let plain = search.replace("\\n", "\n").replace("\\t", "\t").replace("\\\"", "\"");
    if plain == search || plain.trim().is_empty() {
        return None;
    }
    source.find(&plain, false, false).first().map(|at| source.line_of(*at))
}

fn quoted(line: &str) -> String {
    clean(line).chars().take(LONGEST_LINE).collect()
}

fn signed(n: usize) -> isize {
    isize::try_from(n).unwrap_or(isize::MAX)
}
