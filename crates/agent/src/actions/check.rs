//! Compares a proposal with the files at the moment of applying it.
//!
//! Staleness is a matter of content, never of time. What changed in between is merged when it can be,
//! else it is a conflict; a file is never overwritten unseen. How to merge is given by the caller.

use project::path::FilePath;

use super::proposal::{Kind, Proposal, Proposed};
use crate::files::{Files, text};

/// What to do to the files, in this order, as one batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    pub edits: Vec<FileEdit>,
    /// Files that changed since the proposal was made. With a conflict among them, nothing may be
    /// applied.
    pub outdated: Vec<Outdated>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileEdit {
    Remove { path: FilePath },
    Write { path: FilePath, content: Vec<u8> },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outdated {
    pub path: FilePath,
    pub why: Why,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Both changed the file in different places; the result holds both.
    Merged,
    /// The file has the proposed content already.
    AlreadyThere,
    /// Both changed the same lines, or the file is not text.
    Conflict,
    /// The file that the change is based on is gone.
    Gone,
    /// A new file's path is taken.
    Taken,
}

impl Why {
    pub fn prevents(self) -> bool {
        matches!(self, Self::Conflict | Self::Gone | Self::Taken)
    }
}

impl Checked {
    pub fn conflicts(&self) -> impl Iterator<Item = &Outdated> {
        self.outdated.iter().filter(|it| it.why.prevents())
    }
}

/// Takes base, ours (the file as it is) and theirs (the proposed text); none is a conflict.
pub type Merge<'a> = &'a dyn Fn(&str, &str, &str) -> Option<String>;

/// Checks the accepted changes. With any conflict, no edits are returned.
pub fn check(proposal: &Proposal, files: &dyn Files, merge: Merge<'_>) -> Checked {
    let mut checked = Checked::default();
    let vacated: Vec<&FilePath> = proposal.accepted().filter_map(vacates).collect();
    for change in proposal.accepted() {
        let free = |path: &FilePath| files.version(path).is_none() || vacated.contains(&path);
        let why = match change.kind() {
            Kind::Created => create(change, files, &free, &mut checked.edits),
            Kind::Modified => modify(change, &change.path, files, merge, &mut checked.edits),
            Kind::Removed => remove(change, files, &mut checked.edits),
            Kind::Moved if !free(&change.path) => Some(Why::Taken),
            Kind::Moved => {
                let from = change.from.as_ref().unwrap_or(&change.path);
                modify(change, from, files, merge, &mut checked.edits)
            }
        };
        checked.outdated.extend(why.map(|why| Outdated { path: change.path.clone(), why }));
    }
    if checked.conflicts().next().is_some() {
        checked.edits.clear();
    }
    // What is removed makes room for what is written.
    checked.edits.sort_by_key(|edit| matches!(edit, FileEdit::Write { .. }));
    checked
}

fn vacates(change: &Proposed) -> Option<&FilePath> {
    match change.kind() {
        Kind::Removed => Some(&change.path),
        Kind::Moved => change.from.as_ref(),
        Kind::Created | Kind::Modified => None,
    }
}

fn create(
    change: &Proposed,
    files: &dyn Files,
    free: &dyn Fn(&FilePath) -> bool,
    edits: &mut Vec<FileEdit>,
) -> Option<Why> {
    let content = change.after.clone()?;
    if free(&change.path) {
        edits.push(FileEdit::Write { path: change.path.clone(), content });
        return None;
    }
    Some(if files.read(&change.path).as_ref() == Some(&content) {
        Why::AlreadyThere
    } else {
        Why::Taken
    })
}

fn remove(change: &Proposed, files: &dyn Files, edits: &mut Vec<FileEdit>) -> Option<Why> {
    let Some(version) = files.version(&change.path) else { return Some(Why::AlreadyThere) };
    if Some(&version) != change.base_version.as_ref() {
        return Some(Why::Conflict);
    }
    edits.push(FileEdit::Remove { path: change.path.clone() });
    None
}

/// A change of a file that stays, perhaps at another path.
fn modify(
    change: &Proposed,
    from: &FilePath,
    files: &dyn Files,
    merge: Merge<'_>,
    edits: &mut Vec<FileEdit>,
) -> Option<Why> {
    let after = change.after.clone()?;
    let Some(version) = files.version(from) else { return Some(Why::Gone) };
    let mut put = |content: Vec<u8>| {
        if *from != change.path {
            edits.push(FileEdit::Remove { path: from.clone() });
        }
        edits.push(FileEdit::Write { path: change.path.clone(), content });
    };
    if Some(&version) == change.base_version.as_ref() {
        put(after);
        return None;
    }
    let Some(now) = files.read(from) else { return Some(Why::Gone) };
    if now == after {
        if *from != change.path {
            put(after);
        }
        return Some(Why::AlreadyThere);
    }
    let base = change.base.as_deref().and_then(text);
    let merged = match (base, text(&now), text(&after)) {
        (Some(base), Some(now), Some(after)) => merge(base, now, after),
        _ => None,
    };
    let Some(merged) = merged else { return Some(Why::Conflict) };
    put(merged.into_bytes());
    Some(Why::Merged)
}

#[cfg(test)]
mod tests;
