//! What differs between two versions of a file, line by line, for people and for `git apply`.
//!
//! Comparing is bounded in size, and the algorithm settles for a good answer where the best one
//! would take long. It knows nothing of trees: which files to compare is decided elsewhere.

use serde::{Deserialize, Serialize};
use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};

use crate::path::FilePath;

mod unified;

/// Lines around a change that are shown with it.
const CONTEXT: usize = 3;
/// A version above this is not compared.
pub const LIMIT_BYTES: usize = 2 * 1024 * 1024;
/// More lines than this are not shown.
pub const LIMIT_LINES: usize = 40_000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDiff {
    pub path: FilePath,
    /// The old path of a moved file.
    pub from: Option<FilePath>,
    pub status: Status,
    pub hunks: Vec<Hunk>,
    pub n_added: u32,
    pub n_removed: u32,
    /// Not text: there are no hunks.
    pub binary: bool,
    /// Too large to compare or to show: there are no hunks.
    pub too_large: bool,
    /// The file became executable, or no longer is.
    pub executable: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    Added,
    Modified,
    Removed,
    Moved,
}

/// A run of changed lines with what is around them. Line numbers count from 1; a side without lines
/// names the line before it, like git does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunk {
    pub old_start: u32,
    pub new_start: u32,
    pub lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub kind: LineKind,
    /// Without the line feed; a carriage return before it is kept.
    pub text: String,
    /// Whether a line feed ends it: false on the last line of some files.
    pub ended: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LineKind {
    Same,
    Added,
    Removed,
}

impl FileDiff {
    /// Compares two versions of a file; `None` is no file.
    pub fn between(path: &FilePath, before: Option<&[u8]>, after: Option<&[u8]>) -> Self {
        let status = match (before, after) {
            (None, _) => Status::Added,
            (Some(_), Some(_)) => Status::Modified,
            (Some(_), None) => Status::Removed,
        };
        let mut diff = Self::bare(path.clone(), status);
        let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
        if before.len().max(after.len()) > LIMIT_BYTES {
            diff.too_large = true;
            diff.binary = has_nul(before) || has_nul(after);
        } else if let (Ok(before), Ok(after)) = (text(before), text(after)) {
            diff.compare(before, after);
        } else {
            diff.binary = true;
        }
        diff
    }

    /// Describes a file that moved as it was.
    pub fn moved(from: FilePath, to: FilePath) -> Self {
        Self { from: Some(from), ..Self::bare(to, Status::Moved) }
    }

    fn bare(path: FilePath, status: Status) -> Self {
        Self {
            path,
            from: None,
            status,
            hunks: Vec::new(),
            n_added: 0,
            n_removed: 0,
            binary: false,
            too_large: false,
            executable: None,
        }
    }

    fn compare(&mut self, before: &str, after: &str) {
        let old: Vec<&str> = before.split_inclusive('\n').collect();
        let new: Vec<&str> = after.split_inclusive('\n').collect();
        let ops = capture_diff_slices(Algorithm::Myers, &old, &new);
        let changed = ops.iter().filter(|op| !matches!(op, DiffOp::Equal { .. }));
        let (n_removed, n_added) = changed.fold((0, 0), |(removed, added), op| {
            (removed + op.old_range().len(), added + op.new_range().len())
        });
        (self.n_removed, self.n_added) = (count(n_removed), count(n_added));
        if n_removed + n_added > LIMIT_LINES {
            self.too_large = true;
            return;
        }
        let groups = group_diff_ops(ops, CONTEXT);
        self.hunks = groups.iter().map(|ops| hunk(ops, &old, &new)).collect();
    }
}

fn hunk(ops: &[DiffOp], old: &[&str], new: &[&str]) -> Hunk {
    let mut lines = Vec::new();
    for op in ops {
        let (old, new) = (&old[op.old_range()], &new[op.new_range()]);
        if let DiffOp::Equal { .. } = op {
            lines.extend(new.iter().map(|text| line(LineKind::Same, text)));
        } else {
            lines.extend(old.iter().map(|text| line(LineKind::Removed, text)));
            lines.extend(new.iter().map(|text| line(LineKind::Added, text)));
        }
    }
    let old_at = ops.first().map_or(0, |op| op.old_range().start);
    let new_at = ops.first().map_or(0, |op| op.new_range().start);
    let has = |kind| lines.iter().any(|line: &Line| line.kind != kind);
    Hunk {
        old_start: count(old_at) + u32::from(has(LineKind::Added)),
        new_start: count(new_at) + u32::from(has(LineKind::Removed)),
        lines,
    }
}

fn line(kind: LineKind, text: &str) -> Line {
    let ended = text.ends_with('\n');
    Line { kind, text: text.strip_suffix('\n').unwrap_or(text).to_owned(), ended }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Whether content is not for reading as text: git's rule, and everything that is not UTF-8.
pub fn is_binary(bytes: &[u8]) -> bool {
    text(bytes).is_err()
}

struct NoText;

fn text(bytes: &[u8]) -> Result<&str, NoText> {
    if has_nul(bytes) {
        return Err(NoText);
    }
    std::str::from_utf8(bytes).map_err(|_cause| NoText)
}

fn has_nul(bytes: &[u8]) -> bool {
    bytes[..bytes.len().min(8000)].contains(&0)
}

#[cfg(test)]
mod tests;
