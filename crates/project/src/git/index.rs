//! Writing git's index file, so that an exported folder is clean at once.
//!
//! Nothing of a disk is known here, so times are zero: git compares the contents when it first
//! looks, and fills them in.

use std::collections::BTreeMap;

use gix_object::tree::EntryKind;

use super::pack::checksum;
use super::trees::{Foreign, Listing};

/// Git does not look for these on the disk: links and submodules are not exported.
const ASSUME_UNCHANGED: u16 = 0x8000;
const LIMIT_NAME: u16 = 0x0fff;

struct Entry<'a> {
    mode: u32,
    size_bytes: u64,
    id: &'a [u8],
    flags: u16,
}

/// Returns an index (version 2) that holds exactly this listing.
pub fn write(listing: &Listing) -> Vec<u8> {
    let mut entries: BTreeMap<&[u8], Entry<'_>> = BTreeMap::new();
    for (path, file) in &listing.files {
        let mode = if file.executable { 0o100_755 } else { 0o100_644 };
        let entry = Entry { mode, size_bytes: file.size_bytes, id: file.oid.as_bytes(), flags: 0 };
        entries.insert(path.as_str().as_bytes(), entry);
    }
    for Foreign { path, mode, id } in &listing.foreign {
        let mode = match mode.kind() {
            EntryKind::Blob => 0o100_644,
            EntryKind::BlobExecutable => 0o100_755,
            EntryKind::Link => 0o120_000,
            EntryKind::Commit => 0o160_000,
            EntryKind::Tree => continue, // Too deep to have been listed.
        };
        let entry = Entry { mode, size_bytes: 0, id: id.as_bytes(), flags: ASSUME_UNCHANGED };
        entries.insert(path, entry);
    }
    let n_entries = u32::try_from(entries.len()).expect("a project has fewer files than that");
    let mut index = b"DIRC\0\0\0\x02".to_vec();
    index.extend_from_slice(&n_entries.to_be_bytes());
    for (path, entry) in entries {
        push(&mut index, path, &entry);
    }
    let sum = checksum(&index);
    index.extend_from_slice(sum.as_bytes());
    index
}

fn push(index: &mut Vec<u8>, path: &[u8], entry: &Entry<'_>) {
    let start = index.len();
    index.extend_from_slice(&[0; 24]); // Two times, the device, the inode.
    index.extend_from_slice(&entry.mode.to_be_bytes());
    index.extend_from_slice(&[0; 8]); // The owner.
    let size = u32::try_from(entry.size_bytes).unwrap_or(0);
    index.extend_from_slice(&size.to_be_bytes());
    index.extend_from_slice(entry.id);
    let name_len = u16::try_from(path.len()).unwrap_or(LIMIT_NAME).min(LIMIT_NAME);
    index.extend_from_slice(&(entry.flags | name_len).to_be_bytes());
    index.extend_from_slice(path);
    // At least one NUL, and a multiple of eight in all.
    let padding = 8 - (index.len() - start) % 8;
    index.extend_from_slice(&[0; 8][..padding]);
}
