//! How tabs and panels move within a layout. Pure.
//!
//! A layout that comes from storage may say anything; [`mend`] makes it one that can be shown.

use link::workbench::{Column, FILE, Layout};

/// Recently opened files that are remembered.
const MAX_RECENT: usize = 50;
const MAX_SCROLLS: usize = 200;
pub const MAX_COLUMNS: usize = 2;

pub fn file_tab(path: &str) -> String {
    format!("{FILE}{path}")
}

/// Returns the path that a tab shows, if it shows a file.
pub fn path_of(tab: &str) -> Option<&str> {
    tab.strip_prefix(FILE)
}

/// Returns the column that has a tab.
pub fn column_of(layout: &Layout, tab: &str) -> Option<usize> {
    layout.columns.iter().position(|it| it.tabs.iter().any(|it| it == tab))
}

/// Brings a panel into sight. A tab that is open somewhere is shown there; a file prefers the
/// column that has files; everything else goes to `column`.
pub fn show(layout: &mut Layout, panel: &str, column: usize) {
    layout.narrow = narrow_panel(panel).to_owned();
    match panel {
        "chat" => layout.chat_open = true,
        "files" => panel.clone_into(&mut layout.side),
        tab => show_tab(layout, tab, column),
    }
}

fn show_tab(layout: &mut Layout, tab: &str, column: usize) {
    if layout.columns.is_empty() {
        layout.columns.push(Column::default());
    }
    if let Some(at) = column_of(layout, tab) {
        let column = &mut layout.columns[at];
        column.active = column.tabs.iter().position(|it| it == tab).unwrap_or_default();
        return;
    }
    let with_files = path_of(tab).and_then(|_| {
        layout.columns.iter().position(|it| it.tabs.iter().any(|it| path_of(it).is_some()))
    });
    let at = with_files.unwrap_or(column).min(layout.columns.len() - 1);
    let column = &mut layout.columns[at];
    let place = (column.active + 1).min(column.tabs.len());
    column.tabs.insert(place, tab.to_owned());
    column.active = place;
}

/// Brings what is not the preview into sight of a narrow window: a file before anything else, and
/// the list of files when nothing is open.
pub fn show_code(layout: &mut Layout) {
    let tabs = || layout.columns.iter().flat_map(|it| &it.tabs).filter(|it| *it != "preview");
    let in_front = layout.columns.iter().filter_map(|it| it.tabs.get(it.active));
    let file = |it: &&String| path_of(it).is_some();
    let found = in_front.clone().find(file).or_else(|| tabs().find(file)).or_else(|| tabs().next());
    match found.cloned() {
        Some(tab) => show(layout, &tab, 0),
        None => show(layout, "files", 0),
    }
}

/// Which of a narrow screen's panels shows this one.
fn narrow_panel(panel: &str) -> &'static str {
    match panel {
        "chat" => "chat",
        "files" => "files",
        "preview" => "preview",
        "more" => "more",
        _ => "code",
    }
}

/// Closes a tab wherever it is. A second column that is empty then goes.
pub fn close(layout: &mut Layout, tab: &str) {
    for column in &mut layout.columns {
        let Some(at) = column.tabs.iter().position(|it| it == tab) else { continue };
        column.tabs.remove(at);
        if at < column.active || column.active >= column.tabs.len() {
            column.active = column.active.saturating_sub(1);
        }
    }
    drop_empty(layout);
}

/// Puts a tab into a column, before the tab at `at`. One column more than there is makes a new one.
pub fn put(layout: &mut Layout, tab: &str, column: usize, at: usize) {
    let Some(from) = column_of(layout, tab) else { return };
    if column == from {
        let from_at = layout.columns[from].tabs.iter().position(|it| it == tab).unwrap_or_default();
        let at = if from_at < at { at - 1 } else { at };
        let tabs = &mut layout.columns[from].tabs;
        let tab = tabs.remove(from_at);
        let at = at.min(tabs.len());
        tabs.insert(at, tab);
        layout.columns[from].active = at;
        return;
    }
    if column >= MAX_COLUMNS {
        return;
    }
    while layout.columns.len() <= column {
        layout.columns.push(Column::default());
    }
    let target = &mut layout.columns[column];
    let at = at.min(target.tabs.len());
    target.tabs.insert(at, tab.to_owned());
    target.active = at;
    let source = &mut layout.columns[from];
    source.tabs.retain(|it| it != tab);
    source.active = source.active.min(source.tabs.len().saturating_sub(1));
    drop_empty(layout);
}

/// Moves a column's active tab to the other column, which is made if there is none.
pub fn split(layout: &mut Layout, column: usize) {
    let Some(source) = layout.columns.get(column) else { return };
    let Some(tab) = source.tabs.get(source.active).cloned() else { return };
    if layout.columns.len() == 1 && source.tabs.len() == 1 {
        return;
    }
    let other = usize::from(column == 0);
    put(layout, &tab, other, usize::MAX);
}

fn drop_empty(layout: &mut Layout) {
    if layout.columns.len() > 1 {
        layout.columns.retain(|it| !it.tabs.is_empty());
    }
    if layout.columns.is_empty() {
        layout.columns.push(Column::default());
    }
}

/// Follows files that moved or went: `to` is none for removed ones.
pub fn follow(layout: &mut Layout, exists: impl Fn(&str) -> bool) {
    for column in &mut layout.columns {
        let active = column.tabs.get(column.active).cloned();
        column.tabs.retain(|it| path_of(it).is_none_or(&exists));
        let at = active.and_then(|tab| column.tabs.iter().position(|it| *it == tab));
        column.active = at.unwrap_or(column.active).min(column.tabs.len().saturating_sub(1));
    }
    layout.recent.retain(|it| exists(it));
    drop_empty(layout);
}

/// Puts a path first among the recent ones.
pub fn remember(layout: &mut Layout, path: &str) {
    layout.recent.retain(|it| it != path);
    layout.recent.insert(0, path.to_owned());
    layout.recent.truncate(MAX_RECENT);
}

pub fn scroll_of(layout: &Layout, what: &str) -> Option<f64> {
    layout.scroll.iter().find(|(name, _)| name == what).map(|(_, at)| *at)
}

pub fn set_scroll(layout: &mut Layout, what: &str, at: f64) {
    layout.scroll.retain(|(name, _)| name != what);
    layout.scroll.insert(0, (what.to_owned(), at));
    layout.scroll.truncate(MAX_SCROLLS);
}

/// Makes a stored layout one that can be shown: widths within reason, each tab once, at most two
/// columns.
pub fn mend(mut layout: Layout) -> Layout {
    layout.side_width = within(layout.side_width, 140.0, 600.0, 220.0);
    layout.chat_width = within(layout.chat_width, 240.0, 1200.0, 420.0);
    layout.console_height = within(layout.console_height, 60.0, 1200.0, 180.0);
    layout.split = within(layout.split, 0.1, 0.9, 0.5);
    layout.columns.truncate(MAX_COLUMNS);
    let mut seen = Vec::new();
    for column in &mut layout.columns {
        column.tabs.retain(|it| {
            let fresh = !seen.contains(it);
            seen.push(it.clone());
            fresh
                && (path_of(it).is_some()
                    || ["preview", "changes", "history"].contains(&it.as_str()))
        });
        column.active = column.active.min(column.tabs.len().saturating_sub(1));
    }
    drop_empty(&mut layout);
    layout
}

fn within(value: f64, least: f64, most: f64, otherwise: f64) -> f64 {
    if value.is_finite() { value.clamp(least, most) } else { otherwise }
}

#[cfg(test)]
mod tests;
