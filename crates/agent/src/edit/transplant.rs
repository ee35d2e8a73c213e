//! Carries an edit over to lines that are not quite the ones it was made for.
//!
//! It is a three-way merge of lines: what the model changed between its two sides is changed in the
//! file, and everything else stays as the file has it. It never guesses: where the file differs in
//! the very lines that the edit changes, there is no result.

use std::ops::Range;

use similar::{MergeResolution, TextMerge};

use super::compare::{Lines, Shift, folded};
use super::source::Source;

/// Returns the new lines for a range of the file.
pub(super) fn lines(
    source: &Source<'_>,
    range: Range<usize>,
    edit: &Lines,
    shift: &Shift<'_>,
) -> Option<Vec<String>> {
    let join = |keys: Vec<String>| -> String { keys.concat() };
    let key = |line: &str| format!("{}\n", folded(line).trim_end());
    let base = join(edit.search.iter().map(|line| key(line)).collect());
    let theirs = join(edit.replace.iter().map(|line| key(line)).collect());
    let ours = join(range.clone().map(|at| key(&shift.undo(source.line(at)))).collect());
    let merge = TextMerge::from_lines(base.as_str(), ours.as_str(), theirs.as_str());
    let mut new = Vec::new();
    for region in merge.regions() {
        match region.resolution() {
            MergeResolution::Unchanged | MergeResolution::Ours | MergeResolution::Both => {
                let stays = region.ours_range().map(|at| source.line(range.start + at).to_owned());
                new.extend(stays);
            }
            MergeResolution::Theirs => {
                new.extend(region.theirs_range().map(|at| shift.apply(&edit.replace[at])));
            }
            // A conflict, or a kind that is not known yet: both refuse.
            MergeResolution::Conflict | _ => return None,
        }
    }
    Some(new)
}
