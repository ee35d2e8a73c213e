//! How the window is arranged: kept per project, restored as it was.
//!
//! The page decides what the numbers mean; the core only keeps them.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// None until the project's layout was read; then the page takes it once.
    pub layout: Option<Layout>,
    pub project: String,
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Layout {
    /// The side bar's panel: "files", "search", "history"; empty when hidden.
    pub side: String,
    pub chat_open: bool,
    /// Widths and heights in CSS pixels.
    pub side_width: f64,
    pub chat_width: f64,
    /// The main area's columns, one or two.
    pub columns: Vec<Column>,
    /// The share of the first column, from 0 to 1.
    pub split: f64,
    pub console_open: bool,
    pub console_height: f64,
    pub collapsed_folders: Vec<String>,
    /// The preview's width in CSS pixels; 0 for all there is.
    pub viewport: u32,
    /// The one panel of a narrow screen: "chat", "preview", "code", "files", "more".
    pub narrow: String,
    /// Scroll positions by what is scrolled: "chat", "file:src/main.ts".
    pub scroll: Vec<(String, f64)>,
    pub recent: Vec<String>,
    /// Whether diffs are shown side by side.
    pub side_by_side: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Column {
    /// Tabs in order: "preview", "changes", "history", "file:src/main.ts".
    pub tabs: Vec<String>,
    pub active: usize,
}

/// How the name of a tab with a file begins.
pub const FILE: &str = "file:";

impl Layout {
    /// The paths of every open file, those in sight first, each once.
    pub fn open_files(&self) -> Vec<String> {
        let shown = self.columns.iter().filter_map(|it| it.tabs.get(it.active));
        let all = self.columns.iter().flat_map(|it| &it.tabs);
        let mut paths: Vec<String> = Vec::new();
        for path in shown.chain(all).filter_map(|it| it.strip_prefix(FILE)) {
            if !paths.iter().any(|it| it == path) {
                paths.push(path.to_owned());
            }
        }
        paths
    }
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            side: "files".to_owned(),
            chat_open: true,
            side_width: 220.0,
            chat_width: 420.0,
            columns: vec![Column { tabs: vec!["preview".to_owned()], active: 0 }],
            split: 0.5,
            console_open: false,
            console_height: 180.0,
            collapsed_folders: Vec::new(),
            viewport: 0,
            narrow: "chat".to_owned(),
            scroll: Vec::new(),
            recent: Vec::new(),
            side_by_side: false,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Wish {
    /// Kept a moment after the last change.
    Keep(Box<Layout>),
}
