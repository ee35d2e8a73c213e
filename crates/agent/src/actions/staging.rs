//! The changes of a turn, beside the files.
//!
//! Calls see what earlier calls of the turn did, nobody else does. A refused call changes nothing,
//! and the refusal is written for the model.

use std::collections::{BTreeMap, BTreeSet};

use project::{dotenv, path::FilePath};

use super::proposal::{Proposal, Proposed};
use super::{LIMIT_FILE_BYTES, LIMIT_FILES};
use crate::edit::{self, Passage, Rung};
use crate::files::{Files, checksum, text};
use crate::id::ActionId;
use crate::tools::{Edit, Setting, ToolCall, reading};

/// The overlay of a turn.
#[derive(Debug, Clone, Default)]
pub struct Staging {
    action: ActionId,
    changed: BTreeMap<FilePath, Change>,
    /// New path to old path.
    moved: BTreeMap<FilePath, FilePath>,
    /// How often edits of a file failed in a row.
    failures: BTreeMap<FilePath, u32>,
}

#[derive(Debug, Clone, Default)]
struct Change {
    base_version: Option<String>,
    base: Option<Vec<u8>>,
    after: Option<Vec<u8>>,
}

impl Staging {
    pub fn new(action: ActionId) -> Self {
        Self { action, ..Self::default() }
    }

    /// Goes on with a proposal that was not decided yet: its accepted changes are staged again.
    pub fn resume(action: ActionId, proposal: &Proposal) -> Self {
        let mut staging = Self::new(action);
        for change in proposal.accepted() {
            let old = change.from.as_ref().unwrap_or(&change.path);
            let (base_version, base) = (change.base_version.clone(), change.base.clone());
            let kept = |after| Change { base_version, base, after };
            if change.from.is_none() {
                staging.changed.insert(old.clone(), kept(change.after.clone()));
            } else {
                staging.changed.insert(old.clone(), kept(None));
                let new = Change { after: change.after.clone(), ..Change::default() };
                staging.changed.insert(change.path.clone(), new);
                staging.moved.insert(change.path.clone(), old.clone());
            }
        }
        staging
    }

    pub fn is_empty(&self) -> bool {
        self.changed.values().all(|it| it.base == it.after)
    }

    /// Returns the files with the staged changes over them.
    pub fn over<'a>(&'a self, files: &'a dyn Files) -> Staged<'a> {
        Staged { staging: self, files }
    }

    /// Runs a call: looks, or stages a change. Both answers are for the model.
    pub fn stage(&mut self, call: &ToolCall, files: &dyn Files) -> Result<String, String> {
        match call {
            ToolCall::Read { path, offset, limit } => {
                reading::read(&self.over(files), path, *offset, *limit)
            }
            ToolCall::List { path } => reading::list(&self.over(files), path.as_ref()),
            ToolCall::Search { pattern, path, literal } => {
                reading::search(&self.over(files), pattern, path.as_ref(), *literal)
            }
            ToolCall::Write { path, content } => self.write(files, path, content),
            ToolCall::Edit(edit) => self.edit(files, edit),
            ToolCall::Remove { path } => self.remove(files, path),
            ToolCall::Move { from, to } => self.rename(files, from, to),
            ToolCall::Configure(Setting::Variable { file, name, value }) => {
                self.set_variable(files, file, name, value)
            }
            // Whoever holds the sandbox and the settings does these.
            ToolCall::Run { .. }
            | ToolCall::Configure(
                Setting::Theme(_) | Setting::ProjectName(_) | Setting::ProjectInstructions(_),
            ) => Err(format!("`{}` is not a change of files", call.tool())),
        }
    }

    /// Returns what differs from the files, sorted by path, everything accepted.
    pub fn proposal(&self) -> Proposal {
        let mut changes = Vec::new();
        let old_paths: BTreeSet<&FilePath> =
            self.moved.iter().filter(|(to, from)| self.is_move(to, from)).map(|it| it.1).collect();
        for (path, change) in &self.changed {
            let from = self.moved.get(path).filter(|from| self.is_move(path, from));
            let old = from.and_then(|from| self.changed.get(from)).unwrap_or(change);
            if old_paths.contains(path) || (from.is_none() && change.base == change.after) {
                continue;
            }
            changes.push(Proposed {
                path: path.clone(),
                from: from.cloned(),
                base_version: old.base_version.clone(),
                base: old.base.clone(),
                after: change.after.clone(),
                accepted: true,
            });
        }
        Proposal { action: self.action.clone(), changes }
    }

    /// Still a move: the old file is gone and was there, the new one is there and was not.
    fn is_move(&self, to: &FilePath, from: &FilePath) -> bool {
        let (Some(old), Some(new)) = (self.changed.get(from), self.changed.get(to)) else {
            return false;
        };
        old.base.is_some() && old.after.is_none() && new.base.is_none() && new.after.is_some()
    }

    fn now(&self, files: &dyn Files, path: &FilePath) -> Option<Vec<u8>> {
        self.over(files).read(path)
    }

    fn put(
        &mut self,
        files: &dyn Files,
        path: &FilePath,
        after: Option<Vec<u8>>,
    ) -> Result<(), String> {
        if let Some(bytes) = after.as_ref().filter(|it| it.len() > LIMIT_FILE_BYTES) {
            let n_bytes = bytes.len();
            return Err(format!("`{path}` would have {n_bytes} bytes; the limit is 50 MB"));
        }
        if !self.changed.contains_key(path) && self.changed.len() >= LIMIT_FILES {
            return Err(format!(
                "one action may change {LIMIT_FILES} files; finish this one first"
            ));
        }
        if after.is_some() && self.now(files, path).is_none() {
            self.must_fit(files, path)?;
        }
        let base =
            || Change { base_version: files.version(path), base: files.read(path), after: None };
        self.changed.entry(path.clone()).or_insert_with(base).after = after;
        Ok(())
    }

    /// A file cannot be where a folder is, nor below a file.
    fn must_fit(&self, files: &dyn Files, path: &FilePath) -> Result<(), String> {
        let over = self.over(files);
        for folder in path.ancestors().filter_map(|it| FilePath::parse(it).ok()) {
            if over.read(&folder).is_some() {
                return Err(format!("`{folder}` is a file; nothing can be put below it"));
            }
        }
        if over.paths().iter().any(|it| it != path && it.starts_with(path)) {
            return Err(format!("`{path}` is a folder; name a file in it"));
        }
        Ok(())
    }

    fn write(
        &mut self,
        files: &dyn Files,
        path: &FilePath,
        content: &str,
    ) -> Result<String, String> {
        let now = self.now(files, path);
        let before = now.as_deref().and_then(text);
        let after = match before {
            Some(before) => edit::in_the_style_of(before, content),
            None => content.to_owned(),
        };
        if before == Some(after.as_str()) {
            return Err(format!("`{path}` has this content already; nothing was changed"));
        }
        if let Some(line) = edit::lazy::placeholder(before.unwrap_or_default(), &after) {
            return Err(format!(
                "`content` leaves code out (`{line}`); nothing was changed. Write the complete file, \
                 or change a part of it with `edit`"
            ));
        }
        if let Some(before) = before {
            shrinks(path, before, &after)?;
        }
        let n_lines = after.lines().count();
        let what = if now.is_some() { "replaced" } else { "created" };
        self.put(files, path, Some(after.into_bytes()))?;
        self.failures.remove(path);
        Ok(format!("{what} `{path}` ({n_lines} lines)"))
    }

    fn edit(&mut self, files: &dyn Files, edit: &Edit) -> Result<String, String> {
        let path = &edit.path;
        let Some(bytes) = self.now(files, path) else {
            if edit.search.trim().is_empty() && edit.whole_lines {
                return self.write(files, path, &edit.replace);
            }
            return Err(reading::missing(&self.over(files), path));
        };
        let Some(before) = text(&bytes) else {
            return Err(format!("`{path}` is not text; replace it with `write` or remove it"));
        };
        if before.is_empty() && edit.search.trim().is_empty() {
            return self.write(files, path, &edit.replace);
        }
        let passage = Passage {
            search: &edit.search,
            replace: &edit.replace,
            all: edit.all,
            whole_lines: edit.whole_lines,
        };
        match edit::apply(before, passage) {
            Ok(applied) => {
                self.put(files, path, Some(applied.text.into_bytes()))?;
                self.failures.remove(path);
                Ok(told(path, applied.rung, applied.line, applied.n_places))
            }
            Err(miss) => {
                let n_failures = self.failures.entry(path.clone()).or_default();
                *n_failures += 1;
                let advice = if *n_failures > 2 {
                    ". This is not working: read the file, then give its whole content with `write`"
                } else {
                    ""
                };
                Err(format!("`{path}` was not changed: {miss}{advice}"))
            }
        }
    }

    fn remove(&mut self, files: &dyn Files, path: &FilePath) -> Result<String, String> {
        if self.now(files, path).is_none() {
            return Err(reading::missing(&self.over(files), path));
        }
        self.put(files, path, None)?;
        Ok(format!("removed `{path}`"))
    }

    /// Says nothing of the file's other content, which may be secret.
    fn set_variable(
        &mut self,
        files: &dyn Files,
        path: &FilePath,
        name: &str,
        value: &str,
    ) -> Result<String, String> {
        let bytes = self.now(files, path).unwrap_or_default();
        let Some(before) = text(&bytes) else { return Err(format!("`{path}` is not text")) };
        let Some(after) = dotenv::with_variable(before, name, value) else {
            return Err(format!(
                "this value of `{name}` cannot be written into `{path}` without changing others; use fewer kinds of quotes, and no backslash at its end"
            ));
        };
        // Also when it had this value: whoever guesses must not learn that.
        self.put(files, path, Some(after.into_bytes()))?;
        Ok(format!("set `{name}` in `{path}`"))
    }

    fn rename(
        &mut self,
        files: &dyn Files,
        from: &FilePath,
        to: &FilePath,
    ) -> Result<String, String> {
        let Some(bytes) = self.now(files, from) else {
            return Err(reading::missing(&self.over(files), from));
        };
        if from == to || self.now(files, to).is_some() {
            return Err(format!("`{to}` is there already; remove it first or choose another path"));
        }
        let undone = self.clone();
        let done = self.put(files, from, None).and_then(|()| self.put(files, to, Some(bytes)));
        if let Err(refusal) = done {
            *self = undone;
            return Err(refusal);
        }
        let origin = self.moved.remove(from).unwrap_or_else(|| from.clone());
        if origin != *to {
            self.moved.insert(to.clone(), origin);
        }
        Ok(format!("moved `{from}` to `{to}`"))
    }
}

fn told(path: &FilePath, rung: Rung, line: u32, n_places: u32) -> String {
    let places =
        if n_places > 1 { format!(" and {} more places", n_places - 1) } else { String::new() };
    let loosely = match rung {
        Rung::Exact | Rung::LineEnds => "",
        Rung::TrailingSpace | Rung::Indent | Rung::Punctuation | Rung::Gutter => {
            "; spaces, quotes or line numbers differed and were adapted"
        }
        Rung::Elision => "; the lines that `...` stood for were kept",
        Rung::Anchors => {
            "; some lines of `search` differed from the file, and the file's were kept: read the \
             passage to make sure"
        }
    };
    format!("edited `{path}` at line {line}{places}{loosely}")
}

/// A long file that suddenly loses most of its lines was most likely cut off.
fn shrinks(path: &FilePath, before: &str, after: &str) -> Result<(), String> {
    let (n_before, n_after) = (before.lines().count(), after.lines().count());
    if n_before > 40 && n_after * 10 < n_before * 4 {
        return Err(format!(
            "`{path}` has {n_before} lines and would have {n_after}; nothing was changed. Use `edit` \
             to change a part of it. If it really shall become so short, remove it first, then \
             write it"
        ));
    }
    Ok(())
}

/// The files with staged changes over them.
pub struct Staged<'a> {
    staging: &'a Staging,
    files: &'a dyn Files,
}

impl std::fmt::Debug for Staged<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Staged").field("staging", self.staging).finish_non_exhaustive()
    }
}

impl Files for Staged<'_> {
    fn read(&self, path: &FilePath) -> Option<Vec<u8>> {
        match self.staging.changed.get(path) {
            Some(change) => change.after.clone(),
            None => self.files.read(path),
        }
    }

    fn paths(&self) -> Vec<FilePath> {
        let changed = &self.staging.changed;
        let mut paths: BTreeSet<FilePath> =
            self.files.paths().into_iter().filter(|path| !changed.contains_key(path)).collect();
        let there = changed.iter().filter(|(_, change)| change.after.is_some());
        paths.extend(there.map(|(path, _)| path.clone()));
        paths.into_iter().collect()
    }

    fn version(&self, path: &FilePath) -> Option<String> {
        match self.staging.changed.get(path) {
            Some(change) if change.after == change.base => change.base_version.clone(),
            Some(change) => {
                change.after.as_deref().map(|bytes| format!("staged-{}", checksum(bytes)))
            }
            None => self.files.version(path),
        }
    }
}

#[cfg(test)]
mod tests;
