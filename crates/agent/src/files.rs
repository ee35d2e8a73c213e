//! The files of a project as a turn sees them.
//!
//! The port says nothing about where files live. It cannot write: changes are staged beside it, in
//! [`crate::actions::Staging`], and reach the project only through the session.

use std::collections::BTreeMap;

use project::path::FilePath;

/// The files as a turn sees them: pending changes over the worktree.
pub trait Files {
    fn read(&self, path: &FilePath) -> Option<Vec<u8>>;
    /// Returns every path, sorted.
    fn paths(&self) -> Vec<FilePath>;
    /// Returns the content's id: equal ids mean equal bytes, whenever they were written.
    fn version(&self, path: &FilePath) -> Option<String>;
}

/// Files in memory, for templates and tests. The id is a checksum of the content.
impl Files for BTreeMap<FilePath, Vec<u8>> {
    fn read(&self, path: &FilePath) -> Option<Vec<u8>> {
        self.get(path).cloned()
    }

    fn paths(&self) -> Vec<FilePath> {
        self.keys().cloned().collect()
    }

    fn version(&self, path: &FilePath) -> Option<String> {
        self.get(path).map(|bytes| checksum(bytes))
    }
}

/// Returns FNV-1a over the bytes with their length: enough to tell versions of one file apart in
/// memory, and no more.
pub fn checksum(bytes: &[u8]) -> String {
    let sum = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{:x}-{sum:016x}", bytes.len())
}

/// Returns the text of a file, or nothing when it is binary: not UTF-8, or holding a NUL.
pub fn text(bytes: &[u8]) -> Option<&str> {
    if bytes.contains(&0) {
        return None;
    }
    std::str::from_utf8(bytes).ok() // Not being text is the answer, not a failure.
}
