//! Commits: making them, going back to them, listing them.
//!
//! A branch only ever moves forward: going back is a new commit whose tree equals the old one's.

use std::collections::{BTreeSet, BinaryHeap};

use gix_object::Kind;
use gix_object::bstr::ByteSlice;

use super::{LastCommit, Project, SAFETY_REFS, is_reference};
use crate::git::objects::{Missing, SegmentId};
use crate::git::segment::Draft;
use crate::git::trees::{self, Listing};
use crate::git::{Commit, Oid, Signature, commit_bytes};
use crate::path::FilePath;
use crate::saved::Delta;
use crate::vfs::{Applied, Entry};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCommit {
    pub message: String,
    pub author: Signature,
    pub committer: Signature,
    /// Commit even when no file differs.
    pub allow_empty: bool,
}

#[derive(Debug, Clone)]
pub struct Committed {
    pub id: Oid,
    pub tree: Oid,
    pub delta: Delta,
    /// The reference that moved, and where it stood.
    before: (String, Option<Oid>),
    segment: Option<SegmentId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no file differs from the last commit")]
pub struct Nothing;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    #[error("{0} is no commit of this project")]
    Unknown(Oid),
    #[error("the files are already like that")]
    Nothing,
    #[error(transparent)]
    Missing(#[from] Missing),
}

impl Project {
    /// Commits the whole worktree onto the branch.
    pub fn commit(&mut self, commit: NewCommit) -> Result<Committed, Nothing> {
        if self.dirty.is_empty() && !commit.allow_empty {
            return Err(Nothing);
        }
        let mut draft = Draft::default();
        let tree = self.write_tree(&mut draft);
        let name = self.head.clone();
        let committed = self.commit_tree(draft, tree, name, &commit);
        self.last_commit.tree = Some(tree);
        for path in std::mem::take(&mut self.dirty) {
            match self.worktree.get(path.as_str()) {
                Some(entry) => self.last_commit.listing.files.insert(path, *entry),
                None => self.last_commit.listing.files.remove(&path),
            };
        }
        self.drop_replaced_foreign_entries();
        Ok(committed)
    }

    /// Keeps a worktree that differs from the last commit in a commit on
    /// `refs/easel/safety/<name>`. The branch stays; without a difference there is nothing to keep.
    /// A name that git would refuse is spelled with `-` for what it refuses.
    pub fn safety_commit(
        &mut self,
        name: &str,
        message: &str,
        signature: &Signature,
    ) -> Option<Committed> {
        if self.dirty.is_empty() {
            return None;
        }
        let mut draft = Draft::default();
        let tree = self.write_tree(&mut draft);
        let commit = NewCommit {
            message: message.to_owned(),
            author: signature.clone(),
            committer: signature.clone(),
            allow_empty: false,
        };
        Some(self.commit_tree(draft, tree, safety_ref(name), &commit))
    }

    /// Makes a commit whose tree equals that of `to`, and the worktree follows. What differs from
    /// the last commit is overwritten: keep it by a safety commit first. Everything that must be
    /// made durable is in the delta of the [`Committed`]; when that fails, take back the commit,
    /// then the batch.
    pub fn restore(
        &mut self,
        to: &Oid,
        commit: NewCommit,
    ) -> Result<(Committed, Applied), RestoreError> {
        let tree = self.commit_of(to).ok_or(RestoreError::Unknown(*to))?.tree;
        let listing = trees::list(&self.objects, tree)?;
        let before = self.replace_files(&listing);
        if before.is_empty() && self.last_commit.tree == Some(tree) && !commit.allow_empty {
            return Err(RestoreError::Nothing);
        }
        let name = self.head.clone();
        let mut committed = self.commit_tree(Draft::default(), tree, name, &commit);
        self.last_commit = LastCommit { tree: Some(tree), listing };
        self.dirty.clear();
        let mut applied = self.applied(before);
        committed.delta.journal = std::mem::take(&mut applied.delta).journal;
        Ok((committed, applied))
    }

    /// Makes the worktree equal to a listing, and returns what the changed files were before.
    fn replace_files(&mut self, listing: &Listing) -> Vec<(FilePath, Option<Entry>)> {
        let paths: BTreeSet<FilePath> = self
            .worktree
            .iter()
            .map(|(path, _)| path)
            .chain(listing.files.keys())
            .cloned()
            .collect();
        let mut before = Vec::new();
        for path in paths {
            let (was, becomes) =
                (self.worktree.get(path.as_str()).copied(), listing.files.get(&path).copied());
            if was != becomes {
                self.worktree.set(&path, becomes);
                before.push((path, was));
            }
        }
        before
    }

    fn commit_tree(
        &mut self,
        mut draft: Draft,
        tree: Oid,
        name: String,
        commit: &NewCommit,
    ) -> Committed {
        let NewCommit { message, author, committer, allow_empty: _ } = commit;
        let parents: Vec<Oid> = self.head().into_iter().collect();
        let bytes = commit_bytes(tree, &parents, author, committer, message);
        let id = self.objects.add(&mut draft, Kind::Commit, &bytes);
        let (segment, bytes) = self.objects.seal(draft).unzip();
        let before = self.refs.insert(name.clone(), id);
        let refs = vec![(name.clone(), Some(id))];
        let delta = Delta { segment: bytes, refs, journal: None };
        Committed { id, tree, delta, before: (name, before), segment }
    }

    /// Takes a commit back in memory because it did not become durable.
    pub fn undo_commit(&mut self, committed: &Committed) {
        let (name, id) = &committed.before;
        match id {
            Some(id) => self.refs.insert(name.clone(), *id),
            None => self.refs.remove(name),
        };
        if let Some(segment) = committed.segment {
            self.objects.forget(segment);
        }
        if *name == self.head {
            self.read_last_commit().expect("the commit before was read when it was the last one");
        }
    }

    /// Points a reference below `refs/easel/` somewhere else, or removes it. Returns what must be
    /// made durable, or `None` when the name or the object is not one of ours.
    pub fn set_easel_ref(&mut self, name: &str, to: Option<Oid>) -> Option<Delta> {
        let known = to.is_none_or(|id| self.objects.contains(&id));
        if !name.starts_with("refs/easel/") || !is_reference(name) || !known {
            return None;
        }
        match to {
            Some(id) => self.refs.insert(name.to_owned(), id),
            None => self.refs.remove(name),
        };
        Some(Delta { refs: vec![(name.to_owned(), to)], ..Delta::default() })
    }

    pub fn commit_of(&self, id: &Oid) -> Option<Commit> {
        self.objects.commit(id)
    }

    /// Returns commits from here on, the newest first, at most `limit`. Ends early where history
    /// is missing.
    pub fn log(&self, from: Oid, limit: usize) -> Vec<Commit> {
        let mut seen = BTreeSet::from([from]);
        let mut waiting: BinaryHeap<Waiting> =
            self.commit_of(&from).map(|commit| Waiting { commit, n: 0 }).into_iter().collect();
        let mut log = Vec::new();
        while log.len() < limit
            && let Some(Waiting { commit, .. }) = waiting.pop()
        {
            for parent in &commit.parents {
                if seen.insert(*parent)
                    && let Some(commit) = self.commit_of(parent)
                {
                    waiting.push(Waiting { commit, n: seen.len() });
                }
            }
            log.push(commit);
        }
        log
    }

    /// Returns the id of the tree that the worktree is, without keeping anything.
    pub fn tree_of_worktree(&self) -> Oid {
        self.write_tree(&mut Draft::default())
    }

    fn write_tree(&self, draft: &mut Draft) -> Oid {
        let files = self.dirty.iter().map(|path| (path, self.worktree.get(path.as_str())));
        trees::edited(&self.objects, draft, self.last_commit.tree, files)
            .expect("the last commit's tree was read when it became the last one")
    }

    /// A file may have taken the place of a link or submodule that was carried along.
    fn drop_replaced_foreign_entries(&mut self) {
        let worktree = &self.worktree;
        self.last_commit.listing.foreign.retain(|foreign| {
            let Ok(path) = foreign.path.to_str() else { return true };
            let above = path.match_indices('/').map(|(at, _)| &path[..at]);
            worktree.below(path).next().is_none()
                && above.chain([path]).all(|path| worktree.get(path).is_none())
        });
    }
}

fn safety_ref(name: &str) -> String {
    let full = format!("{SAFETY_REFS}{name}");
    if is_reference(&full) {
        return full;
    }
    let spelled: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let spelled = if spelled.is_empty() { "unnamed" } else { &spelled };
    format!("{SAFETY_REFS}{spelled}")
}

/// A commit that the log has reached but not listed: the newest comes first, then the first seen.
struct Waiting {
    commit: Commit,
    n: usize,
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let key = |waiting: &Self| (waiting.commit.committer.seconds, std::cmp::Reverse(waiting.n));
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Waiting {}
