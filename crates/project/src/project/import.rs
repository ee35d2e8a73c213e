//! A project from files that came from outside, with their history if they bring a `.git`.
//!
//! It never fails: what cannot be taken in is left out and told. Unpacking archives is the business
//! of [`crate::archive`].

use std::collections::{BTreeMap, BTreeSet};

use gix_object::Kind;

use super::{BRANCHES, Project, is_branch, is_reference};
use crate::archive::File;
use crate::git::Oid;
use crate::git::segment::Draft;
use crate::git::unpack::{self, Head, Repository};
use crate::path::{Fault, FilePath};
use crate::vfs::Entry;
use crate::{LIMIT_FILE_BYTES, LIMIT_FILES};

/// A project that was taken in. [`Project::compact`] gives what to make durable.
#[derive(Debug)]
pub struct Imported {
    pub project: Project,
    pub notes: Vec<Note>,
}

/// What was left out, and why. At most [`LIMIT_NOTES`] of them name single files.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Note {
    #[error("left out: {0}")]
    BadPath(#[from] crate::BadPath),
    #[error("left out: `{path}` is larger than the limit of {limit_bytes} bytes")]
    TooLarge { path: String, limit_bytes: u64 },
    #[error("left out: `{path}` collides with another file")]
    Collides { path: String },
    #[error("left out: more than {limit} files")]
    TooMany { limit: usize },
    #[error("left out: the repository inside `{folder}`")]
    InnerRepository { folder: String },
    #[error("the history could not be read, so only the files were taken in: {why}")]
    NoHistory { why: NoHistory },
    #[error("the reference `{name}` was left out, because its history is not whole")]
    Reference { name: String },
    #[error("{n} symbolic links or submodules stay in the history, but are not shown as files")]
    Hidden { n: usize },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoHistory {
    #[error("it is damaged or incomplete")]
    Damaged,
    #[error("it lies in another folder")]
    Elsewhere,
}

/// The history has no usable HEAD, or something that it needs is not there.
struct Incomplete;

const LIMIT_NOTES: usize = 100;

impl Project {
    pub fn import(files: Vec<File>) -> Imported {
        let (git, files): (Vec<File>, Vec<File>) = files
            .into_iter()
            .partition(|file| file.path == ".git" || file.path.starts_with(".git/"));
        let mut imported = Imported { project: Self::new(), notes: Vec::new() };
        if git.iter().any(|file| file.path == ".git") {
            imported.notes.push(Note::NoHistory { why: NoHistory::Elsewhere });
        } else if !git.is_empty() && imported.take_history(&git).is_err() {
            imported.project = Self::new();
            imported.notes.clear();
            imported.notes.push(Note::NoHistory { why: NoHistory::Damaged });
        }
        imported.take_files(files);
        imported
    }
}

impl Imported {
    fn take_history(&mut self, git: &[File]) -> Result<(), Incomplete> {
        let paths = git.iter().filter_map(|file| {
            file.path.strip_prefix(".git/").map(|path| (path, file.bytes.as_slice()))
        });
        let Repository { objects, mut refs, head, .. } = unpack::read(&paths.collect());
        let project = &mut self.project;
        project.objects.seal(objects);
        project.head = match head {
            Some(Head::Branch(name)) if is_branch(&name) => name,
            Some(Head::Detached(id)) => {
                let free =
                    ["main", "imported", "imported-head"].map(|name| format!("{BRANCHES}{name}"));
                let fits = |name: &&String| refs.get(*name).is_none_or(|other| *other == id);
                let name = free.iter().find(fits).ok_or(Incomplete)?.clone();
                refs.insert(name.clone(), id);
                name
            }
            Some(Head::Branch(_)) | None => return Err(Incomplete),
        };
        let mut whole = BTreeSet::new();
        for (name, id) in refs {
            if is_reference(&name) && project.objects.reach(id, &mut whole).is_ok() {
                project.refs.insert(name, id);
            } else if name == project.head {
                return Err(Incomplete);
            } else {
                self.notes.push(Note::Reference { name });
            }
        }
        if project.refs.is_empty() && !project.objects.is_empty() {
            return Err(Incomplete);
        }
        project.read_last_commit().map_err(|_cause| Incomplete)?;
        let n = project.last_commit.listing.foreign.len();
        if n > 0 {
            self.notes.push(Note::Hidden { n });
        }
        Ok(())
    }

    fn take_files(&mut self, files: Vec<File>) {
        if files.is_empty() {
            self.check_out();
            return;
        }
        let mut inner = BTreeSet::new();
        let mut taken: BTreeMap<FilePath, File> = BTreeMap::new();
        for file in files {
            match self.place(&file, &mut inner) {
                Ok(Some(path)) if taken.contains_key(&path) => {
                    self.note(Note::Collides { path: file.path });
                }
                Ok(Some(path)) => {
                    taken.insert(path, file);
                }
                Ok(None) => {}
                Err(note) => self.note(note),
            }
        }
        self.notes.extend(inner.into_iter().map(|folder| Note::InnerRepository { folder }));
        let mut draft = Draft::default();
        let mut written = BTreeSet::new();
        let mut n_too_many = 0;
        for (path, file) in taken {
            if path.ancestors().any(|folder| self.project.worktree.get(folder).is_some()) {
                self.note(Note::Collides { path: file.path });
                continue;
            }
            if self.project.n_files() == LIMIT_FILES {
                n_too_many += 1;
                continue;
            }
            let oid = Oid::of_blob(&file.bytes);
            if !self.project.objects.contains(&oid) && written.insert(oid) {
                draft.push(oid, Kind::Blob, &file.bytes);
            }
            let committed = self.project.last_commit.listing.files.get(&path);
            let executable = file
                .executable
                .unwrap_or_else(|| committed.is_some_and(|committed| committed.executable));
            let entry = Entry { oid, size_bytes: file.bytes.len() as u64, executable };
            self.project.worktree.set(&path, Some(entry));
            self.project.compare(&path);
        }
        if n_too_many > 0 {
            self.notes.push(Note::TooMany { limit: LIMIT_FILES });
        }
        self.project.objects.seal(draft);
    }

    fn place(&self, file: &File, inner: &mut BTreeSet<String>) -> Result<Option<FilePath>, Note> {
        let path = match FilePath::parse(&file.path) {
            Ok(path) => path,
            Err(bad) if bad.fault == Fault::Reserved => {
                if let Some((folder, _)) = file.path.split_once("/.git") {
                    inner.insert(folder.to_owned());
                    return Ok(None);
                }
                return Err(bad.into());
            }
            Err(bad) => return Err(bad.into()),
        };
        if file.bytes.len() as u64 > LIMIT_FILE_BYTES {
            let path = file.path.clone();
            return Err(Note::TooLarge { path, limit_bytes: LIMIT_FILE_BYTES });
        }
        Ok(Some(path))
    }

    fn note(&mut self, note: Note) {
        if self.notes.len() < LIMIT_NOTES {
            self.notes.push(note);
        }
    }

    /// A repository that came without files shows those of its last commit.
    fn check_out(&mut self) {
        for (path, entry) in self.project.last_commit.listing.files.clone() {
            self.project.worktree.set(&path, Some(entry));
            self.project.compare(&path);
        }
    }
}
