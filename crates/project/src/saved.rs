//! What goes to the store and what comes back from it.
//!
//! These are the shapes only: how they are spelled in a record, and under which keys, is the
//! business of the store's schema. The form of a segment is in [`crate::git::segment`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::git::Oid;
use crate::git::segment::BadSegment;
use crate::path::FilePath;
use crate::vfs::Entry;

/// What must be made durable in one atomic batch. Empty when nothing changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delta {
    /// New objects, to be kept as one more segment.
    pub segment: Option<Vec<u8>>,
    /// Full names and new targets; `None` removes a reference.
    pub refs: Vec<(String, Option<Oid>)>,
    pub journal: Option<JournalRecord>,
}

impl Delta {
    pub fn is_empty(&self) -> bool {
        self.segment.is_none() && self.refs.is_empty() && self.journal.is_none()
    }
}

/// What one batch did to the worktree.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalRecord {
    /// The new entries; `None` is a removed file.
    pub ops: Vec<(FilePath, Option<Entry>)>,
}

/// A project as it lies in the store.
#[derive(Debug, Clone, Default)]
pub struct Saved {
    /// In any order, under the numbers that they are kept by.
    pub segments: Vec<(u64, Vec<u8>)>,
    pub refs: Vec<(String, Oid)>,
    /// The full name of the branch that HEAD follows.
    pub head: String,
    /// The worktree of the last compaction.
    pub worktree: Vec<(FilePath, Entry)>,
    /// What happened since, in order.
    pub journal: Vec<JournalRecord>,
}

/// A whole project in its smallest form; replaces everything that was kept before.
#[derive(Debug, Clone, Default)]
pub struct Compacted {
    /// Everything reachable from references and worktree; `None` for a project without objects.
    pub segment: Option<Vec<u8>>,
    pub refs: Vec<(String, Oid)>,
    pub head: String,
    pub worktree: Vec<(FilePath, Entry)>,
}

impl From<Compacted> for Saved {
    fn from(whole: Compacted) -> Self {
        Self {
            segments: whole.segment.map(|bytes| (0, bytes)).into_iter().collect(),
            refs: whole.refs,
            head: whole.head,
            worktree: whole.worktree,
            journal: Vec::new(),
        }
    }
}

/// Why a stored project cannot be opened as it is; `Project::salvage` opens what is whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damaged {
    #[error("segment {number} of the project's store cannot be read: {why}")]
    Segment { number: u64, why: BadSegment },
    #[error("the content of `{path}` is missing from the project's store")]
    File { path: FilePath },
    #[error("the history at `{name}` is missing from the project's store ({id})")]
    Reference { name: String, id: Oid },
    #[error("`{name}` is not the name of a branch")]
    Head { name: String },
}

impl JournalRecord {
    pub(crate) fn replay(&self, files: &mut BTreeMap<FilePath, Entry>) {
        for (path, entry) in &self.ops {
            match entry {
                Some(entry) => files.insert(path.clone(), *entry),
                None => files.remove(path),
            };
        }
    }
}
