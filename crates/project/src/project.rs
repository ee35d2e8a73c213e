//! A project: its worktree, its objects, its references.
//!
//! Each change happens in memory first and returns what must be made durable. When that fails, the
//! change is taken back by [`Project::revert`] or [`Project::undo_commit`], the newest first. One
//! change is made durable before or together with the next one, in order: objects are written only
//! once, so a later delta may rely on an earlier one.

mod changes;
mod compact;
mod export;
mod history;
mod import;

use std::collections::{BTreeMap, BTreeSet};

use gix_object::Kind;

use crate::git::objects::Missing;
use crate::git::segment::Draft;
use crate::git::trees::{self, Listing};
use crate::git::{Objects, Oid};
use crate::path::FilePath;
use crate::saved::{Damaged, Delta, JournalRecord, Saved};
use crate::vfs::{self, Applied, Change, Edit, Entry, Refusal, Why, Worktree};

pub use changes::Mark;
pub use history::{Committed, NewCommit, Nothing, RestoreError};
pub use import::{Imported, NoHistory, Note};

/// References below this hold safety commits.
pub const SAFETY_REFS: &str = "refs/easel/safety/";

const BRANCHES: &str = "refs/heads/";

#[derive(Debug, Default)]
pub struct Project {
    objects: Objects,
    refs: BTreeMap<String, Oid>,
    /// The full name of the branch that HEAD follows; it may have no commit yet.
    head: String,
    worktree: Worktree,
    last_commit: LastCommit,
    /// Paths at which the worktree differs from the last commit.
    dirty: BTreeSet<FilePath>,
    /// Journal records since the last compaction.
    n_records: usize,
}

/// The tree of the commit that HEAD points to.
#[derive(Debug, Default)]
struct LastCommit {
    tree: Option<Oid>,
    listing: Listing,
}

/// Why a file cannot be read as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotText {
    #[error("there is no such file")]
    Missing,
    #[error("it is not text")]
    Binary,
}

impl Project {
    /// Returns a project without files, on a branch `main` without commits.
    pub fn new() -> Self {
        Self { head: format!("{BRANCHES}main"), ..Self::default() }
    }

    /// Opens what was saved. Everything that the worktree, the branch and the references name is
    /// there afterwards, or the answer is what is damaged.
    pub fn load(saved: Saved) -> Result<Self, Damaged> {
        let mut project = Self::new();
        for (number, bytes) in &saved.segments {
            let taken = project.objects.take(bytes);
            taken.map_err(|why| Damaged::Segment { number: *number, why })?;
        }
        if !is_branch(&saved.head) {
            return Err(Damaged::Head { name: saved.head });
        }
        for (name, id) in &saved.refs {
            if !is_reference(name) || !project.objects.contains(id) {
                return Err(Damaged::Reference { name: name.clone(), id: *id });
            }
        }
        project.head = saved.head;
        project.refs = saved.refs.into_iter().collect();
        let mut files: BTreeMap<FilePath, Entry> = saved.worktree.into_iter().collect();
        project.n_records = saved.journal.len();
        for record in &saved.journal {
            record.replay(&mut files);
        }
        for (path, entry) in files {
            if project.objects.header(&entry.oid) != Some((Kind::Blob, entry.size_bytes)) {
                return Err(Damaged::File { path });
            }
            project.worktree.set(&path, Some(entry));
        }
        project.read_last_commit().map_err(|Missing(id)| {
            let name = project.head.clone();
            Damaged::Reference { name, id }
        })?;
        Ok(project)
    }

    pub fn entry(&self, path: &FilePath) -> Option<&Entry> {
        self.worktree.get(path.as_str())
    }

    /// Returns all files, sorted by path.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = (&FilePath, &Entry)> {
        self.worktree.iter()
    }

    /// Returns the files below a folder, sorted by path.
    pub fn entries_below(&self, folder: &FilePath) -> impl Iterator<Item = (&FilePath, &Entry)> {
        self.worktree.below(folder.as_str())
    }

    pub fn n_files(&self) -> usize {
        self.worktree.len()
    }

    pub fn read(&self, path: &FilePath) -> Option<Vec<u8>> {
        self.blob(&self.entry(path)?.oid)
    }

    pub fn read_text(&self, path: &FilePath) -> Result<String, NotText> {
        let bytes = self.read(path).ok_or(NotText::Missing)?;
        if crate::diff::is_binary(&bytes) {
            return Err(NotText::Binary);
        }
        String::from_utf8(bytes).map_err(|_cause| NotText::Binary)
    }

    /// Returns the content with this id, whichever version of whichever file it was.
    pub fn blob(&self, id: &Oid) -> Option<Vec<u8>> {
        self.objects.blob(id).map(|content| content.to_vec())
    }

    pub fn objects(&self) -> &Objects {
        &self.objects
    }

    /// Returns the edits that move a file, or a folder with all that is in it.
    pub fn moves_of_folder(&self, from: &FilePath, to: &FilePath) -> Result<Vec<Edit>, Refusal> {
        let refusal = |why| Refusal { index: 0, path: from.clone(), why };
        if self.entry(from).is_some() {
            return Ok(vec![Edit::Move { from: from.clone(), to: to.clone() }]);
        }
        if to != from && to.starts_with(from) {
            return Err(refusal(Why::IntoItself));
        }
        let mut edits = Vec::new();
        for (path, _) in self.worktree.below(from.as_str()) {
            let target = to.join(&path.as_str()[from.as_str().len() + 1..]);
            let target = target.map_err(|bad| refusal(Why::Unnameable(bad)))?;
            edits.push(Edit::Move { from: path.clone(), to: target });
        }
        if edits.is_empty() { Err(refusal(Why::Missing)) } else { Ok(edits) }
    }

    /// Does a batch of edits, all of them or none.
    pub fn apply(&mut self, edits: Vec<Edit>) -> Result<Applied, Refusal> {
        let staged = self.worktree.stage(edits)?;
        let mut draft = Draft::default();
        let mut written = BTreeSet::new();
        for path in staged.before.keys() {
            let Some(entry) = self.worktree.get(path.as_str()) else { continue };
            let Some(bytes) = staged.contents.get(&entry.oid) else { continue };
            if written.insert(entry.oid) && !self.objects.contains(&entry.oid) {
                draft.push(entry.oid, Kind::Blob, bytes);
            }
        }
        let before = staged.before.into_iter().map(|(path, touched)| (path, touched.entry));
        let mut applied = self.applied(before.collect());
        let (segment, bytes) = self.objects.seal(draft).unzip();
        applied.segment = segment;
        applied.delta.segment = bytes;
        Ok(applied)
    }

    /// Describes what happened to these files, whose new entries are in the worktree already.
    fn applied(&mut self, before: Vec<(FilePath, Option<Entry>)>) -> Applied {
        for (path, _) in &before {
            self.compare(path);
        }
        let now = |path: &FilePath| self.worktree.get(path.as_str()).copied();
        let changes = before.iter().map(|(path, was)| Change {
            path: path.clone(),
            before: was.map(|entry| entry.oid),
            after: now(path).map(|entry| entry.oid),
        });
        let ops: Vec<_> = before.iter().map(|(path, _)| (path.clone(), now(path))).collect();
        self.n_records += usize::from(!ops.is_empty());
        let content = |id: &Oid| self.blob(id).expect("files in the worktree have their content");
        Applied {
            inverse: vfs::inverse(&before, now, content),
            changes: changes.collect(),
            delta: Delta {
                journal: (!ops.is_empty()).then_some(JournalRecord { ops }),
                ..Delta::default()
            },
            before,
            segment: None,
        }
    }

    /// Takes a batch back in memory because it did not become durable.
    pub fn revert(&mut self, applied: &Applied) {
        for (path, entry) in &applied.before {
            self.worktree.set(path, *entry);
            self.compare(path);
        }
        if let Some(segment) = applied.segment {
            self.objects.forget(segment);
        }
    }

    pub fn head(&self) -> Option<Oid> {
        self.refs.get(&self.head).copied()
    }

    /// Returns the name of the branch that HEAD follows.
    pub fn branch(&self) -> &str {
        self.head.strip_prefix(BRANCHES).unwrap_or(&self.head)
    }

    /// Returns all references by full name, sorted.
    pub fn refs(&self) -> impl Iterator<Item = (&str, Oid)> {
        self.refs.iter().map(|(name, id)| (name.as_str(), *id))
    }

    /// Notes whether a file differs from the last commit.
    fn compare(&mut self, path: &FilePath) {
        if self.worktree.get(path.as_str()) == self.last_commit.listing.files.get(path) {
            self.dirty.remove(path);
        } else {
            self.dirty.insert(path.clone());
        }
    }

    /// Reads the last commit's tree, and compares every file with it.
    fn read_last_commit(&mut self) -> Result<(), Missing> {
        self.last_commit = match self.head() {
            None => LastCommit::default(),
            Some(id) => {
                let tree = self.objects.commit(&id).ok_or(Missing(id))?.tree;
                LastCommit { tree: Some(tree), listing: trees::list(&self.objects, tree)? }
            }
        };
        let paths: Vec<FilePath> = self.worktree.iter().map(|(path, _)| path.clone()).collect();
        let listed: Vec<FilePath> = self.last_commit.listing.files.keys().cloned().collect();
        self.dirty.clear();
        for path in paths.iter().chain(&listed) {
            self.compare(path);
        }
        Ok(())
    }
}

fn is_branch(name: &str) -> bool {
    name.starts_with(BRANCHES) && is_reference(name)
}

fn is_reference(name: &str) -> bool {
    name.starts_with("refs/") && gix_validate::reference::name(name.into()).is_ok()
}

#[cfg(test)]
mod tests;
