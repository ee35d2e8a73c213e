//! The person's own edits, told as diffs.
//!
//! What they mean for the conversation is left to the model; large and binary files are named only.

use similar::TextDiff;

use super::ManualEdit;
use crate::files::text;
use crate::iso;

const LONGEST_TEXT: usize = 1024 * 1024;
const LONGEST_DIFF: usize = 24 * 1024;

/// Returns what changed, or nothing when the file is as the model saw it.
pub(super) fn diff(edit: &ManualEdit) -> Option<String> {
    let path = &edit.path;
    let time = iso::utc(edit.at_ms);
    if edit.before == edit.after {
        return None;
    }
    let readable = |side: &Option<Vec<u8>>| match side {
        None => Some(String::new()),
        Some(bytes) if bytes.len() > LONGEST_TEXT => None,
        Some(bytes) => text(bytes).map(str::to_owned),
    };
    let (Some(before), Some(after)) = (readable(&edit.before), readable(&edit.after)) else {
        return Some(format!("{path} changed at {time} (too large or not text)\n"));
    };
    let old = if edit.before.is_some() { format!("a/{path}") } else { "/dev/null".to_owned() };
    let new = if edit.after.is_some() { format!("b/{path}") } else { "/dev/null".to_owned() };
    let diff = TextDiff::from_lines(before.as_str(), after.as_str());
    let mut told =
        diff.unified_diff().context_radius(3).header(&old, &format!("{new}\t{time}")).to_string();
    if told.len() > LONGEST_DIFF {
        told.truncate(told.floor_char_boundary(LONGEST_DIFF));
        told += "\n(the rest of this diff is left out; read the file)\n";
    }
    Some(told)
}
