//! Review: what a reply says should change, before it counts.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The action under review; empty when nothing is pending.
    pub action: String,
    pub files: Vec<FileDiff>,
    /// Show the pending changes in the preview.
    pub previewed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSummary {
    pub path: String,
    /// The old path of a moved file.
    pub from: Option<String>,
    pub status: FileStatus,
    pub n_added: u32,
    pub n_removed: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileStatus {
    Added,
    Modified,
    Removed,
    Moved,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDiff {
    pub summary: FileSummary,
    /// The person's decision; Apply takes the accepted ones.
    pub accepted: bool,
    pub hunks: Vec<Hunk>,
    /// Why there are no hunks: binary, too large. Empty otherwise.
    pub note: String,
    /// The file changed since the reply was made and both changed the same lines.
    pub conflict: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunk {
    /// Line numbers count from 1.
    pub old_start: u32,
    pub new_start: u32,
    pub lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub kind: LineKind,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LineKind {
    Same,
    Added,
    Removed,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wish {
    SetAccepted {
        path: String,
        accepted: bool,
    },
    /// Applies the accepted files as one commit, rejects the others.
    Apply,
    RejectAll,
    SetPreviewed {
        on: bool,
    },
}
