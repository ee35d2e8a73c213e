//! One project: its files and its real git history, in memory.
//!
//! A [`Project`] answers at once and says after each change what must be made durable, as one
//! [`Delta`]. It does no I/O, knows no clock and draws no random numbers: authors, times and names
//! are arguments, and whoever holds the project saves the deltas and hands them back to
//! [`Project::load`]. It knows one branch that moves; other branches, merges of whole trees and
//! remotes are not its business yet.

pub mod archive;
pub mod diff;
pub mod dotenv;
pub mod git;
pub mod merge;
pub mod path;
mod project;
mod saved;
pub mod vfs;

pub use git::{Commit, Oid, Signature};
pub use path::{BadPath, FilePath};
pub use project::{
    Committed, Imported, Mark, NewCommit, NoHistory, NotText, Note, Nothing, Project, RestoreError,
    SAFETY_REFS,
};
pub use saved::{Compacted, Damaged, Delta, JournalRecord, Saved};
pub use vfs::{Applied, Change, Edit, Entry, Refusal, Why};

/// The largest file that is accepted, and the largest object that is read.
pub const LIMIT_FILE_BYTES: u64 = 50 * 1024 * 1024;

/// The largest number of files in a project.
pub const LIMIT_FILES: usize = 100_000;
