//! The rows of the tree: folders made from the paths, in the order and the state in which they are
//! shown.
//!
//! Nothing here is drawn, and nothing is kept between two calls.

use std::collections::BTreeSet;

use link::files::{File, Mark};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Row {
    pub path: String,
    pub name: String,
    /// 1 at the root.
    pub level: usize,
    pub kind: Kind,
    pub state: State,
    /// The place among its siblings, from 1, and their number.
    pub place: (usize, usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Folder {
        open: bool,
    },
    File,
    /// Where the name of a new file is typed; its path is the folder's.
    Draft,
}

/// Compared with the last commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    Same,
    Added,
    Modified,
    /// Something in this folder differs.
    Inside,
}

/// Returns the rows in sight: what is in `closed` folders is left out. With `draft`, the folder of
/// that path has a row for a new file ("" is the root).
pub fn rows(files: &[File], closed: &BTreeSet<String>, draft: Option<&str>) -> Vec<Row> {
    let mut rows = Vec::new();
    if draft == Some("") {
        rows.push(draft_row("", 1));
    }
    level(files, "", 1, closed, draft, &mut rows);
    if let Some(folder) = draft
        && !rows.iter().any(|row| row.kind == Kind::Draft)
    {
        // The folder is new: it appears with its first file.
        rows.insert(0, draft_row(folder, 1));
    }
    rows
}

fn level(
    files: &[File],
    prefix: &str,
    depth: usize,
    closed: &BTreeSet<String>,
    draft: Option<&str>,
    rows: &mut Vec<Row>,
) {
    let mut entries = entries(files, prefix);
    entries.sort_by_cached_key(|entry| (entry.folder.is_none(), entry.name.to_lowercase()));
    let n_entries = entries.len();
    for (at, entry) in entries.into_iter().enumerate() {
        let path = format!("{prefix}{}", entry.name);
        let row = Row {
            name: entry.name.to_owned(),
            level: depth,
            kind: Kind::File,
            state: entry.state,
            place: (at + 1, n_entries),
            path,
        };
        let Some(within) = entry.folder else {
            rows.push(row);
            continue;
        };
        let has_draft = draft == Some(&row.path);
        let open = has_draft || !closed.contains(&row.path);
        let inner = format!("{}/", row.path);
        rows.push(Row { kind: Kind::Folder { open }, ..row });
        if has_draft {
            rows.push(draft_row(inner.trim_end_matches('/'), depth + 1));
        }
        if open {
            level(within, &inner, depth + 1, closed, draft, rows);
        }
    }
}

fn draft_row(folder: &str, level: usize) -> Row {
    Row {
        path: folder.to_owned(),
        name: String::new(),
        level,
        kind: Kind::Draft,
        state: State::Same,
        place: (1, 1),
    }
}

struct Entry<'a> {
    name: &'a str,
    folder: Option<&'a [File]>,
    state: State,
}

/// Returns what is directly in a folder. Paths are sorted, so a folder's files are neighbours.
fn entries<'a>(files: &'a [File], prefix: &str) -> Vec<Entry<'a>> {
    let mut entries = Vec::new();
    let mut at = 0;
    while let Some(file) = files.get(at) {
        let Some(rest) = file.path.get(prefix.len()..) else { break };
        let Some((name, _)) = rest.split_once('/') else {
            entries.push(Entry { name: rest, folder: None, state: state_of(file.mark) });
            at += 1;
            continue;
        };
        let inner = &file.path[..=prefix.len() + name.len()];
        let n_within =
            files[at..].iter().take_while(|it| it.path.starts_with(inner)).count().max(1);
        let within = &files[at..at + n_within];
        let differs = within.iter().any(|it| it.mark != Mark::Same);
        let state = if differs { State::Inside } else { State::Same };
        entries.push(Entry { name, folder: Some(within), state });
        at += n_within;
    }
    entries
}

fn state_of(mark: Mark) -> State {
    match mark {
        Mark::Same => State::Same,
        Mark::Added => State::Added,
        Mark::Modified => State::Modified,
    }
}

/// Returns the folder that holds a path; "" for the root.
pub fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

pub fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

pub fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// Returns every folder, for closing all of them.
pub fn folders(files: &[File]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in files {
        let mut path = parent(&file.path);
        while !path.is_empty() && found.insert(path.to_owned()) {
            path = parent(path);
        }
    }
    found
}

/// Returns the row that a key leads to, from the one at `at`.
pub fn step(rows: &[Row], at: usize, key: Step) -> usize {
    let last = rows.len().saturating_sub(1);
    match key {
        Step::Up(n) => at.saturating_sub(n),
        Step::Down(n) => (at + n).min(last),
        Step::First => 0,
        Step::Last => last,
        Step::Parent => {
            let depth = rows.get(at).map_or(1, |row| row.level);
            rows[..at.min(rows.len())].iter().rposition(|row| row.level < depth).unwrap_or(at)
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Up(usize),
    Down(usize),
    First,
    Last,
    Parent,
}

/// Returns the next row whose name begins with what was typed, from `at` on and around.
pub fn named(rows: &[Row], at: usize, start: &str) -> Option<usize> {
    let start = start.to_lowercase();
    let begins = |it: &usize| rows[*it].name.to_lowercase().starts_with(&start);
    // A second letter narrows the row at hand; a first one goes on to the next.
    let from = if start.chars().count() > 1 { at } else { at + 1 };
    (from..rows.len()).chain(0..from.min(rows.len())).find(begins)
}
