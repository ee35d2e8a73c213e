//! What differs: the worktree from the last commit, one commit from another.
//!
//! The cost follows what changed, not how large the project is. Only files that moved without a
//! change of content are recognised as moved.

use gix_object::Kind;

use super::Project;
use crate::diff::FileDiff;
use crate::git::Oid;
use crate::git::objects::Missing;
use crate::git::trees::{self, TreeChange};
use crate::path::FilePath;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Added,
    Modified,
    Removed,
}

impl Project {
    /// Returns the files that differ from the last commit, sorted by path.
    pub fn status(&self) -> Vec<(FilePath, Mark)> {
        let mark = |path: &FilePath| {
            let committed = self.last_commit.listing.files.contains_key(path);
            match (committed, self.worktree.get(path.as_str())) {
                (true, Some(_)) => Mark::Modified,
                (true, None) => Mark::Removed,
                (false, _) => Mark::Added,
            }
        };
        self.dirty.iter().map(|path| (path.clone(), mark(path))).collect()
    }

    /// Whether no file differs from the last commit.
    pub fn is_clean(&self) -> bool {
        self.dirty.is_empty()
    }

    /// Returns how the worktree differs from the last commit.
    pub fn changes_of_worktree(&self) -> Vec<FileDiff> {
        let change = |path: &FilePath| TreeChange {
            path: path.clone(),
            before: self.last_commit.listing.files.get(path).copied(),
            after: self.worktree.get(path.as_str()).copied(),
        };
        self.diffs(self.dirty.iter().map(change).collect())
    }

    /// Returns how two commits or trees differ; `None` is an empty tree.
    pub fn changes_between(
        &self,
        before: Option<Oid>,
        after: Option<Oid>,
    ) -> Result<Vec<FileDiff>, Missing> {
        let tree = |id: Option<Oid>| id.map(|id| self.tree_of(id)).transpose();
        Ok(self.diffs(trees::differences(&self.objects, tree(before)?, tree(after)?)?))
    }

    /// Returns which files differ between two commits or trees, without comparing contents.
    pub fn paths_between(
        &self,
        before: Option<Oid>,
        after: Option<Oid>,
    ) -> Result<Vec<(FilePath, Mark)>, Missing> {
        let tree = |id: Option<Oid>| id.map(|id| self.tree_of(id)).transpose();
        let changes = trees::differences(&self.objects, tree(before)?, tree(after)?)?;
        let mark = |change: TreeChange| match (change.before, change.after) {
            (None, _) => (change.path, Mark::Added),
            (Some(_), Some(_)) => (change.path, Mark::Modified),
            (Some(_), None) => (change.path, Mark::Removed),
        };
        Ok(changes.into_iter().map(mark).collect())
    }

    fn tree_of(&self, id: Oid) -> Result<Oid, Missing> {
        match self.objects.header(&id) {
            Some((Kind::Tree, _)) => Ok(id),
            Some((Kind::Commit, _)) => Ok(self.commit_of(&id).ok_or(Missing(id))?.tree),
            Some((Kind::Blob | Kind::Tag, _)) | None => Err(Missing(id)),
        }
    }

    fn diffs(&self, mut changes: Vec<TreeChange>) -> Vec<FileDiff> {
        let content = |entry: Option<crate::vfs::Entry>| {
            entry.and_then(|entry| self.objects.blob(&entry.oid))
        };
        let mut diffs = Vec::new();
        let mut gone: Vec<TreeChange> = changes.extract_if(.., |c| c.after.is_none()).collect();
        for change in changes {
            let same = |gone: &TreeChange| {
                change.before.is_none()
                    && gone
                        .before
                        .zip(change.after)
                        .is_some_and(|(was, is)| was.oid == is.oid && is.size_bytes > 0)
            };
            if let Some(at) = gone.iter().position(same) {
                diffs.push(FileDiff::moved(gone.remove(at).path, change.path));
                continue;
            }
            let (before, after) = (content(change.before), content(change.after));
            let executable = change
                .before
                .zip(change.after)
                .and_then(|(was, is)| (was.executable != is.executable).then_some(is.executable));
            let mut diff = FileDiff::between(&change.path, before.as_deref(), after.as_deref());
            diff.executable = executable.or_else(|| {
                change.after.filter(|is| change.before.is_none() && is.executable).map(|_| true)
            });
            diffs.push(diff);
        }
        for change in gone {
            let before = content(change.before);
            diffs.push(FileDiff::between(&change.path, before.as_deref(), None));
        }
        diffs.sort_by(|a, b| a.path.cmp(&b.path));
        diffs
    }
}
