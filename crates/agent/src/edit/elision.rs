//! Edits in which `...` stands for lines that stay.
//!
//! Both sides must have the same number of `...` lines; the pieces between them are edits of their
//! own, found in order, each of them exactly once.

use super::compare::{self, Level, Lines};
use super::source::{Source, number};
use super::{Applied, Miss, Rung, lazy, transplant};

pub(super) fn apply(source: &Source<'_>, edit: &Lines) -> Option<Result<Applied, Miss>> {
    let (search, replace) = (pieces(&edit.search), pieces(&edit.replace));
    if search.len() < 2 || search.len() != replace.len() {
        return None;
    }
    let mut changes = Vec::new();
    let mut from = 0;
    for (search, replace) in search.into_iter().zip(replace) {
        if search.iter().all(|line| line.trim().is_empty()) {
            // Nothing says where new lines would go.
            if replace.iter().any(|line| !line.trim().is_empty()) {
                return None;
            }
            continue;
        }
        let piece = Lines { search: search.to_vec(), replace: replace.to_vec() };
        let found = compare::find(source, &piece.search, Level::Indent);
        let [at] = &found[..] else {
            return (found.len() > 1).then(|| {
                let lines = found.iter().map(|at| number(at.line)).collect();
                Err(Miss::Ambiguous { lines })
            });
        };
        if at.line < from {
            return None;
        }
        let range = at.line..at.line + piece.search.len();
        from = range.end;
        let new = transplant::lines(source, range.clone(), &piece, &at.shift)?;
        changes.push((range, new));
    }
    let (first, last) = (changes.first()?.0.start, changes.last()?.0.end);
    let mut new = Vec::new();
    let mut done = first;
    for (range, lines) in changes {
        new.extend((done..range.start).map(|at| source.line(at).to_owned()));
        new.extend(lines);
        done = range.end;
    }
    Some(Ok(Applied {
        text: source.with_lines(first..last, &new),
        rung: Rung::Elision,
        line: number(first),
        n_places: 1,
    }))
}

fn pieces(lines: &[String]) -> Vec<&[String]> {
    lines.split(|line| lazy::stands_for_lines(line)).collect()
}
