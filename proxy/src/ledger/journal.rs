//! The journal: what the ledger has promised and the database does not hold yet.
//!
//! A record is appended by one write of a fixed number of bytes, about three microseconds, and is
//! safe from then on whatever happens to this process; a loss of power may take what was written in
//! the last moments before it. Files are read back in order, folded in by somebody else, and
//! removed. It does not know the database: numbers tell what is folded already.

mod segment;

use std::{
    collections::{BTreeSet, VecDeque},
    fs::{self, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use self::segment::{HEADER, Segment};
use super::row::{Record, Row, SIZE};
use crate::keys::file::private_folder;

/// A file that is longer gets a successor, so that it can be removed.
const MOST_BYTES: u64 = 4 << 20;

#[derive(Debug, thiserror::Error)]
pub enum BadJournal {
    #[error("{} cannot be used: {source}", path.display())]
    Unusable { path: PathBuf, source: io::Error },
    #[error("{} is used by another process; each needs a data folder of its own", path.display())]
    InUse { path: PathBuf },
    #[error("{} is no file of a ledger's journal; move it away", path.display())]
    Foreign { path: PathBuf },
    #[error("no random numbers: {0}")]
    NoRandom(getrandom::Error),
}

/// The appended record lies in memory only: there is no room on the disk.
#[derive(Debug)]
pub(super) struct Unsaved(pub(super) io::Error);

#[derive(Debug)]
pub(super) struct Journal {
    folder: PathBuf,
    /// New at each start, so that a copy of this folder never counts as this one. What an earlier
    /// process left keeps its own.
    pub(super) id: i64,
    pub(super) earlier: BTreeSet<i64>,
    /// Locked as long as this lives.
    _lock: File,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The next record's number.
    next: u64,
    /// In order; the last one is written to. Never empty.
    segments: VecDeque<Segment>,
    /// Records that found no room on the disk, in order.
    unsaved: VecDeque<Record>,
}

/// Records to be folded in, and where they end.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// The journal that they are of.
    pub(super) id: i64,
    pub(super) records: Vec<Record>,
    /// Records that cannot be read.
    pub(super) n_damaged: u64,
    n_bytes: u64,
}

impl Journal {
    /// Opens the journal in a folder, and makes it if there is none.
    pub(super) fn open(folder: &Path) -> Result<Self, BadJournal> {
        let unusable = |source| BadJournal::Unusable { path: folder.to_owned(), source };
        private_folder(folder).map_err(unusable)?;
        let lock = lock(folder)?;
        let mut segments = VecDeque::new();
        let mut earlier = BTreeSet::new();
        let mut next = 1;
        for path in paths(folder).map_err(unusable)? {
            if let Some(segment) = Segment::open(&path)? {
                earlier.insert(segment.id);
                next = next.max(segment.last + 1);
                segments.push_back(segment);
            }
        }
        let mut id = [0; 8];
        getrandom::fill(&mut id).map_err(BadJournal::NoRandom)?;
        let id = i64::from_le_bytes(id);
        segments.push_back(Segment::create(folder, id, next).map_err(unusable)?);
        let state = Mutex::new(State { next, segments, unsaved: VecDeque::new() });
        let it = Self { folder: folder.to_owned(), id, earlier, _lock: lock, state };
        it.forget_folded();
        Ok(it)
    }

    /// The number of the last record; 0 if there was none.
    pub(super) fn last(&self) -> u64 {
        self.state().next - 1
    }

    /// Records that wait to be folded in.
    pub(super) fn n_waiting(&self) -> u64 {
        let state = self.state();
        let saved: u64 = state.segments.iter().map(|it| it.waiting() / SIZE as u64).sum();
        saved + state.unsaved.len() as u64
    }

    pub(super) fn n_unsaved(&self) -> usize {
        self.state().unsaved.len()
    }

    /// Appends a row. One that finds no room is kept in memory and written before any later one.
    pub(super) fn append(&self, claim: i64, row: Row) -> Result<(), Unsaved> {
        let mut state = self.state();
        let record = Record { sequence: state.next, claim, row };
        state.next += 1;
        let saved = self.save_unsaved(&mut state).and_then(|()| self.save(&mut state, &record));
        saved.map_err(|err| {
            state.unsaved.push_back(record);
            Unsaved(err)
        })
    }

    /// Writes what found no room before.
    pub(super) fn save_again(&self) -> Result<(), Unsaved> {
        self.save_unsaved(&mut self.state()).map_err(Unsaved)
    }

    fn save_unsaved(&self, state: &mut State) -> io::Result<()> {
        while let Some(record) = state.unsaved.front().copied() {
            self.save(state, &record)?;
            state.unsaved.pop_front();
        }
        Ok(())
    }

    fn save(&self, state: &mut State, record: &Record) -> io::Result<()> {
        if state.active().length >= MOST_BYTES {
            match Segment::create(&self.folder, self.id, record.sequence) {
                Ok(segment) => state.segments.push_back(segment),
                // The one that there is can still grow.
                Err(err) => tracing::warn!(cause = %err, "no new file for the journal"),
            }
        }
        state.active().append(record)
    }

    /// Reads the oldest records that are not folded in, and leaves them there.
    pub(super) fn batch(&self, most: usize) -> io::Result<Batch> {
        let (id, file, from, n_bytes) = {
            let state = self.state();
            // Only the last file can be without.
            let waits = |it: &&Segment| it.waiting() > 0;
            let Some(segment) = state.segments.iter().find(waits) else {
                return Ok(Batch::default());
            };
            let n_bytes = segment.waiting().min((most * SIZE) as u64);
            (segment.id, Arc::clone(&segment.file), segment.folded, n_bytes)
        };
        let (records, n_damaged) = segment::read(&file, from, n_bytes)?;
        Ok(Batch { id, records, n_damaged, n_bytes })
    }

    /// Forgets a batch that the database holds.
    pub(super) fn folded(&self, batch: &Batch) {
        if let Some(segment) = self.state().segments.iter_mut().find(|it| it.waiting() > 0) {
            segment.folded += batch.n_bytes;
        }
        self.forget_folded();
    }

    /// Removes files with nothing left to fold, and empties the last one.
    fn forget_folded(&self) {
        let mut state = self.state();
        while state.segments.len() > 1 && state.segments[0].waiting() == 0 {
            let Some(segment) = state.segments.pop_front() else { break };
            if let Err(err) = fs::remove_file(&segment.path) {
                // The database knows that it is folded in; the next start tries again.
                tracing::warn!(cause = %err, "a folded journal file cannot be removed");
            }
        }
        let active = state.active();
        if active.waiting() == 0 && active.length > HEADER {
            active.empty();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in there panics between two of its changes.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn active(&mut self) -> &mut Segment {
        self.segments.back_mut().expect("there is always a file to write to")
    }
}

fn lock(folder: &Path) -> Result<File, BadJournal> {
    let path = folder.join("lock");
    let mut options = OpenOptions::new();
    let opened = options.append(true).create(true).mode(0o600).open(&path);
    let file = opened.map_err(|source| BadJournal::Unusable { path: path.clone(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(BadJournal::InUse { path: folder.to_owned() }),
        Err(TryLockError::Error(source)) => Err(BadJournal::Unusable { path, source }),
    }
}

/// Returns the journal's files, the oldest first.
fn paths(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|it| it == segment::EXTENSION) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests;
