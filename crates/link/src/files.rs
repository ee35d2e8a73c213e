//! The file tree.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// Sorted by path; folders follow from the paths.
    pub files: Vec<File>,
    /// The last file operation can be undone: what it was, for people. Empty when none can.
    pub undo: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    pub path: String,
    pub size_bytes: u64,
    /// Compared with the last commit.
    pub mark: Mark,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mark {
    #[default]
    Same,
    Added,
    Modified,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wish {
    /// An empty file; opens it.
    Create {
        path: String,
    },
    /// A file, or a folder with all that is in it.
    Move {
        from: String,
        to: String,
    },
    Remove {
        path: String,
    },
    Upload {
        path: String,
        #[serde(with = "serde_bytes")]
        bytes: Vec<u8>,
    },
    Undo,
    /// Commits everything that differs from the last commit.
    Commit {
        message: String,
    },
}
