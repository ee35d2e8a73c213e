//! One file of the journal: a header, then records, each of the same size.
//!
//! It knows whose journal it is of, where its records begin and end, and which of them are folded in.
//! It does not know other files.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{FileExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::BadJournal;
use crate::ledger::row::{Record, SIZE};

pub(super) const EXTENSION: &str = "journal";

/// Bytes before the first record.
pub(super) const HEADER: u64 = SIZE as u64;

/// Bytes that are read at once, to find the end.
const AT_ONCE: u64 = 1024 * SIZE as u64;

const TITLE: &[u8] = b"easel ledger journal 2\n";

#[derive(Debug)]
pub(super) struct Segment {
    pub(super) path: PathBuf,
    pub(super) file: Arc<File>,
    pub(super) id: i64,
    /// Where the next record goes.
    pub(super) length: u64,
    /// Where the first record begins that is not folded in.
    pub(super) folded: u64,
    /// The highest number of its records, when it was opened.
    pub(super) last: u64,
}

impl Segment {
    /// Makes the file whose first record has this number.
    pub(super) fn create(folder: &Path, id: i64, first: u64) -> io::Result<Self> {
        let path = folder.join(format!("{first:016x}-{id:016x}.{EXTENSION}"));
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create_new(true).mode(0o600).open(&path)?;
        let mut header = [0; SIZE];
        header[..TITLE.len()].copy_from_slice(TITLE);
        header[SIZE - 8..].copy_from_slice(&id.to_le_bytes());
        if let Err(err) = file.write_all_at(&header, 0) {
            fs::remove_file(&path)?;
            return Err(err);
        }
        Ok(Self { path, file: Arc::new(file), id, length: HEADER, folded: HEADER, last: 0 })
    }

    /// Opens a file; none if its creation was not finished, which removes it.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, BadJournal> {
        let unusable = |source| BadJournal::Unusable { path: path.to_owned(), source };
        let file = OpenOptions::new().read(true).write(true).open(path).map_err(unusable)?;
        let n_bytes = file.metadata().map_err(unusable)?.len();
        if n_bytes < HEADER {
            fs::remove_file(path).map_err(unusable)?;
            return Ok(None);
        }
        let mut header = [0; SIZE];
        file.read_exact_at(&mut header, 0).map_err(unusable)?;
        if !header.starts_with(TITLE) {
            return Err(BadJournal::Foreign { path: path.to_owned() });
        }
        let mut id = [0; 8];
        id.copy_from_slice(&header[SIZE - 8..]);
        let mut it = Self {
            path: path.to_owned(),
            file: Arc::new(file),
            id: i64::from_le_bytes(id),
            length: HEADER,
            folded: HEADER,
            last: 0,
        };
        it.find_end(n_bytes).map_err(unusable)?;
        Ok(Some(it))
    }

    /// The end is after the last record that is whole: what was torn is not read.
    fn find_end(&mut self, n_bytes: u64) -> io::Result<()> {
        let end = n_bytes - n_bytes % SIZE as u64;
        let mut at = HEADER;
        while at < end {
            let part = (end - at).min(AT_ONCE);
            for record in parts(&self.file, at, part)? {
                at += SIZE as u64;
                if let Some(record) = Record::decode(&record) {
                    self.length = at;
                    self.last = self.last.max(record.sequence);
                }
            }
        }
        Ok(())
    }

    /// Bytes that are not folded in.
    pub(super) fn waiting(&self) -> u64 {
        self.length - self.folded
    }

    /// Appends a record by one write. What a failed one left is written over by the next.
    pub(super) fn append(&mut self, record: &Record) -> io::Result<()> {
        self.file.write_all_at(&record.encode(), self.length)?;
        self.length += SIZE as u64;
        Ok(())
    }

    /// Begins again at the beginning.
    pub(super) fn empty(&mut self) {
        match self.file.set_len(HEADER) {
            Ok(()) => {
                self.length = HEADER;
                self.folded = HEADER;
            }
            // It only stays longer than it need be.
            Err(err) => tracing::warn!(cause = %err, "a folded journal file cannot be emptied"),
        }
    }
}

/// Reads records, and counts those that are not whole.
pub(super) fn read(file: &File, from: u64, n_bytes: u64) -> io::Result<(Vec<Record>, u64)> {
    let parts = parts(file, from, n_bytes)?;
    let records: Vec<_> = parts.iter().filter_map(Record::decode).collect();
    let n_damaged = parts.len() - records.len();
    Ok((records, n_damaged as u64))
}

fn parts(file: &File, from: u64, n_bytes: u64) -> io::Result<Vec<[u8; SIZE]>> {
    let n_records = usize::try_from(n_bytes).unwrap_or_default() / SIZE;
    let mut parts = vec![[0; SIZE]; n_records];
    file.read_exact_at(parts.as_flattened_mut(), from)?;
    Ok(parts)
}
