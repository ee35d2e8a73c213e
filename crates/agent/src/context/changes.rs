//! The person's own edits, told as diffs.
//!
//! What they mean for the conversation is left to the model; large and binary files are named only.

use project::diff::FileDiff;

use super::ManualEdit;
use crate::iso;

const LONGEST_DIFF: usize = 24 * 1024;

/// Returns what changed, or nothing when the file is as the model saw it.
pub(super) fn diff(edit: &ManualEdit) -> Option<String> {
    if edit.before == edit.after {
        return None;
    }
    let diff = FileDiff::between(&edit.path, edit.before.as_deref(), edit.after.as_deref());
    let mut told = format!("{} changed at {}\n", edit.path, iso::utc(edit.at_ms));
    told += &diff.unified();
    if told.len() > LONGEST_DIFF {
        told.truncate(told.floor_char_boundary(LONGEST_DIFF));
        told += "\n(the rest of this diff is left out; read the file)\n";
    }
    Some(told)
}
