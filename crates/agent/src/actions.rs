//! What a reply changes: staged, reviewed, checked against the files, and recorded.
//!
//! Nothing here writes a file. A [`Staging`] collects the changes of a turn beside the files, a
//! [`Proposal`] is what a person reviews, [`check()`] compares it with the files at the moment of
//! applying, and an [`ActionRecord`] is what stays in the log and in the commit's message.

mod check;
mod commit_message;
mod proposal;
mod record;
mod staging;

pub use check::{Checked, FileEdit, Merge, Outdated, Why, check};
pub use commit_message::commit_message;
pub use proposal::{Kind, Proposal, Proposed};
pub use record::{ActionRecord, BadStep, Changed, State};
pub use staging::{Staged, Staging};

/// The largest file that is accepted.
pub const LIMIT_FILE_BYTES: usize = 50 * 1024 * 1024;
/// The most files that one action may change.
pub const LIMIT_FILES: usize = 500;
