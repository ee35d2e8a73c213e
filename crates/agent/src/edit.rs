//! Finds the passage that an edit means, and replaces it; or says why not.
//!
//! Models quote from memory, so after the exact text a ladder of looser comparisons is tried. At every
//! rung the passage must be found exactly once: a wrong place is worse than a refusal. What was
//! refused changes nothing, and the refusal tells the model what would have matched.
//!
//! Nothing here knows files, paths or tools; [`crate::actions::Staging`] does.

use serde::{Deserialize, Serialize};

mod anchors;
mod compare;
mod elision;
pub mod lazy;
mod miss;
mod source;
mod transplant;

pub use miss::{Miss, Nearest};
pub use source::in_the_style_of;

use compare::{Level, Lines};
use source::Source;

/// A passage and what takes its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passage<'a> {
    pub search: &'a str,
    pub replace: &'a str,
    /// Replaces every place.
    pub all: bool,
    /// The passage consists of whole lines.
    pub whole_lines: bool,
}

/// A text after an edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    pub text: String,
    pub rung: Rung,
    /// Where the passage began, counted from 1.
    pub line: u32,
    pub n_places: u32,
}

/// How loosely the passage had to be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    Exact,
    LineEnds,
    TrailingSpace,
    Indent,
    Punctuation,
    /// The line numbers of `read` were copied along.
    Gutter,
    /// `...` stands for lines that stay.
    Elision,
    /// First and last lines agree, and most between them.
    Anchors,
}

/// Edits a text. Line ends, byte order mark and the last line's end stay as the text had them.
pub fn apply(before: &str, passage: Passage<'_>) -> Result<Applied, Miss> {
    let source = Source::parse(before);
    let (search, replace) = (source::plain(passage.search), source::plain(passage.replace));
    if search == replace {
        return Err(Miss::SameText);
    }
    if search.trim().is_empty() {
        return Err(Miss::NothingToFind);
    }
    if let Some(line) = lazy::placeholder(&search, &replace).filter(|it| !before.contains(it)) {
        return Err(Miss::Placeholder { line });
    }
    let applied = literal(&source, &search, &replace, passage)
        .or_else(|| by_lines(&source, &search, &replace))
        .unwrap_or_else(|| Err(miss::not_found(&source, &search)))?;
    if applied.text == before {
        return Err(Miss::SameText);
    }
    Ok(applied)
}

/// The first two rungs: the text as it stands, but for line ends.
fn literal(
    source: &Source<'_>,
    search: &str,
    replace: &str,
    passage: Passage<'_>,
) -> Option<Result<Applied, Miss>> {
    let (search, replace) = if passage.whole_lines {
        (whole(search), whole(replace))
    } else {
        (search.to_owned(), replace.to_owned())
    };
    let found = source.find(&search, passage.whole_lines, passage.all);
    let first = *found.first()?;
    let line = source.line_of(first);
    if !passage.all && source.stands_there(first, &search, &replace) {
        return Some(Err(Miss::AlreadyApplied { line }));
    }
    if found.len() > 1 && !passage.all {
        let lines = found.iter().map(|at| source.line_of(*at)).collect();
        return Some(Err(Miss::Ambiguous { lines }));
    }
    let exact = source.raw(first, search.len()).contains(passage.search.trim_end_matches('\n'));
    Some(Ok(Applied {
        text: source.replace(&found, search.len(), &replace),
        rung: if exact { Rung::Exact } else { Rung::LineEnds },
        line,
        n_places: u32::try_from(found.len()).unwrap_or(u32::MAX),
    }))
}

/// The rungs that compare whole lines.
fn by_lines(source: &Source<'_>, search: &str, replace: &str) -> Option<Result<Applied, Miss>> {
    let lines = Lines::parse(search, replace);
    let without_numbers = lines.without_gutter();
    let ladder = [
        (Some(&lines), Level::TrailingSpace, Rung::TrailingSpace),
        (Some(&lines), Level::Indent, Rung::Indent),
        (Some(&lines), Level::Punctuation, Rung::Punctuation),
        (without_numbers.as_ref(), Level::Punctuation, Rung::Gutter),
    ];
    for (lines, level, rung) in ladder {
        let Some(lines) = lines else { continue };
        let found = compare::find(source, &lines.search, level);
        match &found[..] {
            [] => {}
            [at] => return Some(replaced(source, lines, at, rung)),
            found => {
                let lines = found.iter().map(|at| source::number(at.line)).collect();
                return Some(Err(Miss::Ambiguous { lines }));
            }
        }
    }
    if let Some(line) = compare::already_there(source, &lines.replace) {
        return Some(Err(Miss::AlreadyApplied { line }));
    }
    elision::apply(source, &lines).or_else(|| anchors::apply(source, &lines))
}

fn replaced(
    source: &Source<'_>,
    lines: &Lines,
    at: &compare::Place<'_>,
    rung: Rung,
) -> Result<Applied, Miss> {
    let range = at.line..at.line + lines.search.len();
    let new = transplant::lines(source, range.clone(), lines, &at.shift)
        .ok_or(Miss::Conflict { line: source::number(at.line) })?;
    Ok(Applied {
        text: source.with_lines(range, &new),
        rung,
        line: source::number(at.line),
        n_places: 1,
    })
}

/// A passage of lines ends with a line end, unless it is empty.
fn whole(text: &str) -> String {
    if text.is_empty() || text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
}

#[cfg(test)]
mod replay;
#[cfg(test)]
mod tests;
