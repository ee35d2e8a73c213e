//! The worktree: which files there are, and batches of edits to them.
//!
//! A batch is atomic: all of its edits happen or none. Contents are not held here but in the object
//! store; this file only knows their ids and sizes. Folders exist by the files in them.

use std::collections::BTreeMap;
use std::ops::Bound;

use serde::{Deserialize, Serialize};

use crate::git::Oid;
use crate::path::{BadPath, FilePath};
use crate::saved::Delta;
use crate::{LIMIT_FILE_BYTES, LIMIT_FILES};

/// A file as it stands in the worktree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub oid: Oid,
    pub size_bytes: u64,
    pub executable: bool,
}

/// One step of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Creates a file or replaces its content; an existing file stays executable or not.
    Write {
        path: FilePath,
        bytes: Vec<u8>,
    },
    Remove {
        path: FilePath,
    },
    /// Moves one file to a path where nothing is. See `Project::moves_of_folder` for folders.
    Move {
        from: FilePath,
        to: FilePath,
    },
    SetExecutable {
        path: FilePath,
        executable: bool,
    },
}

/// What a batch did to one file. Equal ids mean that only the executable bit changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub path: FilePath,
    pub before: Option<Oid>,
    pub after: Option<Oid>,
}

/// A batch that happened.
#[derive(Debug, Clone, Default)]
pub struct Applied {
    /// The batch that takes it back.
    pub inverse: Vec<Edit>,
    /// Sorted by path; what came out the same is not listed.
    pub changes: Vec<Change>,
    pub delta: Delta,
    pub(crate) before: Vec<(FilePath, Option<Entry>)>,
    pub(crate) segment: Option<crate::git::objects::SegmentId>,
}

/// Why a batch did not happen. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("edit {index} of `{path}`: {why}", index = index + 1)]
pub struct Refusal {
    /// Which edit of the batch, from 0.
    pub index: usize,
    pub path: FilePath,
    pub why: Why,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    #[error("there is no such file")]
    Missing,
    #[error("a file is there already")]
    Exists,
    #[error("it is larger than the limit of {limit_bytes} bytes")]
    TooLarge { limit_bytes: u64 },
    #[error("there is a folder of that name")]
    FolderInTheWay,
    #[error("`{file}` is a file, so nothing can be inside it")]
    FileInTheWay { file: FilePath },
    #[error("a project holds at most {limit} files")]
    TooManyFiles { limit: usize },
    #[error("a folder cannot move into itself")]
    IntoItself,
    #[error("there would be no such path: {0}")]
    Unnameable(BadPath),
}

/// The files of a project, by path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Worktree {
    files: BTreeMap<FilePath, Entry>,
}

/// What a batch is about to do: contents by id, and each touched file as it was.
#[derive(Debug, Default)]
pub(crate) struct Staged {
    pub(crate) contents: BTreeMap<Oid, Vec<u8>>,
    pub(crate) before: BTreeMap<FilePath, Touched>,
}

#[derive(Debug)]
pub(crate) struct Touched {
    pub(crate) entry: Option<Entry>,
    /// The last edit that touched it.
    index: usize,
}

impl Worktree {
    pub fn get(&self, path: &str) -> Option<&Entry> {
        self.files.get(path)
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&FilePath, &Entry)> {
        self.files.iter()
    }

    pub fn len(&self) -> usize {
        self.files.len()
    }

    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Returns the files below a folder, sorted by path.
    pub fn below(&self, folder: &str) -> impl Iterator<Item = (&FilePath, &Entry)> {
        let prefix = format!("{folder}/");
        self.files
            .range::<str, _>((Bound::Included(prefix.as_str()), Bound::Unbounded))
            .take_while(move |(path, _)| path.as_str().starts_with(&prefix))
    }

    pub(crate) fn set(&mut self, path: &FilePath, entry: Option<Entry>) {
        match entry {
            Some(entry) => self.files.insert(path.clone(), entry),
            None => self.files.remove(path),
        };
    }

    /// Does a whole batch, or nothing of it.
    pub(crate) fn stage(&mut self, edits: Vec<Edit>) -> Result<Staged, Refusal> {
        let mut staged = Staged::default();
        for (index, edit) in edits.into_iter().enumerate() {
            if let Err((path, why)) = self.step(index, edit, &mut staged) {
                self.undo(&staged);
                return Err(Refusal { index, path, why });
            }
        }
        if let Err(refusal) = self.check(&staged) {
            self.undo(&staged);
            return Err(refusal);
        }
        staged.before.retain(|path, touched| self.files.get(path) != touched.entry.as_ref());
        Ok(staged)
    }

    fn undo(&mut self, staged: &Staged) {
        for (path, touched) in &staged.before {
            self.set(path, touched.entry);
        }
    }

    fn step(
        &mut self,
        index: usize,
        edit: Edit,
        staged: &mut Staged,
    ) -> Result<(), (FilePath, Why)> {
        match edit {
            Edit::Write { path, bytes } => {
                let size_bytes = bytes.len() as u64;
                if size_bytes > LIMIT_FILE_BYTES {
                    return Err((path, Why::TooLarge { limit_bytes: LIMIT_FILE_BYTES }));
                }
                let oid = Oid::of_blob(&bytes);
                let executable = self.get(path.as_str()).is_some_and(|entry| entry.executable);
                self.touch(index, &path, Some(Entry { oid, size_bytes, executable }), staged);
                staged.contents.insert(oid, bytes);
            }
            Edit::Remove { path } => {
                self.existing(&path)?;
                self.touch(index, &path, None, staged);
            }
            Edit::Move { from, to } => {
                let entry = self.existing(&from)?;
                if from == to {
                    return Ok(());
                }
                if self.get(to.as_str()).is_some() {
                    return Err((to, Why::Exists));
                }
                self.touch(index, &from, None, staged);
                self.touch(index, &to, Some(entry), staged);
            }
            Edit::SetExecutable { path, executable } => {
                let entry = self.existing(&path)?;
                self.touch(index, &path, Some(Entry { executable, ..entry }), staged);
            }
        }
        Ok(())
    }

    fn existing(&self, path: &FilePath) -> Result<Entry, (FilePath, Why)> {
        match self.get(path.as_str()) {
            Some(entry) => Ok(*entry),
            None if self.below(path.as_str()).next().is_some() => {
                Err((path.clone(), Why::FolderInTheWay))
            }
            None => Err((path.clone(), Why::Missing)),
        }
    }

    fn touch(&mut self, index: usize, path: &FilePath, to: Option<Entry>, staged: &mut Staged) {
        let before = self.files.get(path).copied();
        let fresh = || Touched { entry: before, index };
        staged.before.entry(path.clone()).or_insert_with(fresh).index = index;
        self.set(path, to);
    }

    /// The whole batch counts, not each step: a file may become a folder in one batch.
    fn check(&self, staged: &Staged) -> Result<(), Refusal> {
        for (path, Touched { index, .. }) in &staged.before {
            if !self.files.contains_key(path) {
                continue;
            }
            let why = if self.below(path.as_str()).next().is_some() {
                Why::FolderInTheWay
            } else if let Some(file) = self.file_above(path) {
                Why::FileInTheWay { file: file.clone() }
            } else if self.files.len() > LIMIT_FILES {
                Why::TooManyFiles { limit: LIMIT_FILES }
            } else {
                continue;
            };
            return Err(Refusal { index: *index, path: path.clone(), why });
        }
        Ok(())
    }

    fn file_above(&self, path: &FilePath) -> Option<&FilePath> {
        path.ancestors().find_map(|folder| self.files.get_key_value(folder)).map(|(file, _)| file)
    }
}

/// Returns the batch that leads from the entries of `after` back to those of `before`. Equal files
/// that went and came are moved, so that their content need not be held.
pub(crate) fn inverse(
    before: &[(FilePath, Option<Entry>)],
    after: impl Fn(&FilePath) -> Option<Entry>,
    content: impl Fn(&Oid) -> Vec<u8>,
) -> Vec<Edit> {
    let mut removes = Vec::new();
    let mut writes = Vec::new();
    for (path, entry) in before {
        match (entry, after(path)) {
            (None, Some(now)) => removes.push((path.clone(), now)),
            (Some(was), now) => writes.push((path.clone(), *was, now)),
            (None, None) => {}
        }
    }
    let mut moves = Vec::new();
    writes.retain(|(path, was, now)| {
        let from = now.is_none().then(|| removes.iter().position(|(_, entry)| entry == was));
        let Some(at) = from.flatten() else { return true };
        moves.push(Edit::Move { from: removes.remove(at).0, to: path.clone() });
        false
    });
    let mut edits: Vec<Edit> = removes.into_iter().map(|(path, _)| Edit::Remove { path }).collect();
    edits.extend(moves);
    for (path, was, now) in writes {
        if now.is_none_or(|now| now.oid != was.oid) {
            edits.push(Edit::Write { path: path.clone(), bytes: content(&was.oid) });
        }
        if now.is_some_and(|now| now.executable) != was.executable {
            edits.push(Edit::SetExecutable { path, executable: was.executable });
        }
    }
    edits
}
