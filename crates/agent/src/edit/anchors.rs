//! The last rung: a passage whose first and last lines are there, and most lines between them.
//!
//! The usual reason is a comment or a blank line that the model left out, or one line that changed
//! since. Such lines stay, because the edit is merged, not pasted; if they stand where the edit
//! changes something, it is refused.

use std::ops::Range;

use super::compare::{Level, Lines, Shift, key, shift_of};
use super::source::{Source, number};
use super::{Applied, Miss, Rung, transplant};

/// One line in so many may differ from the file; in a shorter passage, none.
const ONE_DIFFERS_IN: usize = 10;
const FEWEST_LINES: usize = 4;

struct Candidate<'a> {
    range: Range<usize>,
    n_found: usize,
    shift: Option<Shift<'a>>,
}

pub(super) fn apply(source: &Source<'_>, edit: &Lines) -> Option<Result<Applied, Miss>> {
    let search: Vec<&str> = edit.search.iter().map(|line| line.trim()).collect();
    let n = search.len();
    let telling = search.iter().filter(|line| line.len() > 2).count();
    let first = search.first().filter(|line| !line.is_empty())?;
    let last = search.last().filter(|line| !line.is_empty())?;
    if n < FEWEST_LINES || telling < FEWEST_LINES - 1 {
        return None;
    }
    let (shortest, longest) = (n - n / 5, n + n / 4 + 2);
    let is = |at: usize, line: &str| key(source.line(at), Level::Indent) == line;
    let starts = (0..source.len()).filter(|at| is(*at, first));
    let mut candidates: Vec<Candidate<'_>> = Vec::new();
    for start in starts.take(200) {
        let ends = (start + shortest..=start + longest).take_while(|end| *end <= source.len());
        let best = ends
            .filter(|end| is(end - 1, last))
            .map(|end| candidate(source, start..end, edit))
            .max_by_key(|it| (it.n_found, usize::MAX - it.range.len()));
        candidates.extend(best.filter(|it| it.n_found >= n - n / ONE_DIFFERS_IN));
    }
    match &candidates[..] {
        [] => None,
        [one] => {
            let shift = one.shift.as_ref()?;
            let new = transplant::lines(source, one.range.clone(), edit, shift)?;
            let line = number(one.range.start);
            let text = source.with_lines(one.range.clone(), &new);
            Some(Ok(Applied { text, rung: Rung::Anchors, line, n_places: 1 }))
        }
        many => {
            let lines = many.iter().map(|it| number(it.range.start)).collect();
            Some(Err(Miss::Ambiguous { lines }))
        }
    }
}

fn candidate<'a>(source: &Source<'a>, range: Range<usize>, edit: &Lines) -> Candidate<'a> {
    let there: Vec<&str> = range.clone().map(|at| source.line(at).trim()).collect();
    let wanted: Vec<&str> = edit.search.iter().map(|line| line.trim()).collect();
    let pairs = common(&there, &wanted);
    let shift =
        shift_of(pairs.iter().map(|(a, b)| (source.line(range.start + a), &*edit.search[*b])));
    Candidate { n_found: pairs.len(), range, shift }
}

/// Returns the pairs of a longest common subsequence.
fn common(a: &[&str], b: &[&str]) -> Vec<(usize, usize)> {
    similar::capture_diff_slices(similar::Algorithm::Myers, a, b)
        .into_iter()
        .filter(|op| op.tag() == similar::DiffTag::Equal)
        .flat_map(|op| op.old_range().zip(op.new_range()))
        .collect()
}
