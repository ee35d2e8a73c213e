//! The time line: every commit of the branch, and the way back.

use serde::{Deserialize, Serialize};

use crate::changes::FileDiff;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    pub branch: String,
    /// The newest first.
    pub commits: Vec<Commit>,
    pub has_more: bool,
    /// The commit that is looked at, compared with its parent.
    pub shown: Option<Shown>,
    /// The last rewind can be undone.
    pub can_undo: bool,
    /// Something differs from the last commit.
    pub uncommitted: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    pub id: String,
    pub title: String,
    pub author: String,
    /// Milliseconds since the epoch.
    pub at_ms: u64,
    pub kind: CommitKind,
    /// The files equal this commit's.
    pub current: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommitKind {
    /// Made by the person.
    Own,
    /// Applied from a reply.
    Assisted,
    /// The person's own work, kept before something moved it.
    Safety,
    Rewind,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    pub commit: String,
    pub message: String,
    pub files: Vec<FileDiff>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wish {
    Show {
        commit: String,
    },
    Hide,
    /// Makes a new commit whose files equal this one's.
    Rewind {
        commit: String,
    },
    UndoRewind,
    More,
}
