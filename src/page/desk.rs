//! What only this tab knows: where panels are, which dialog is open, what should come into sight.
//!
//! Everything that outlives the tab is a view; the layout is both, it is taken from the view once
//! per project and handed back as a wish when it has changed.

use std::collections::BTreeSet;

use leptos::prelude::*;
use link::{Reveal, Wish, workbench::Layout};

use super::{Views, Wishes, arrange};

#[derive(Debug, Clone, Copy)]
pub struct Desk {
    pub views: Views,
    pub wishes: Wishes,
    pub layout: RwSignal<Layout>,
    pub dialog: RwSignal<Option<Dialog>>,
    /// Where the editor should put the cursor. The editor that shows the file takes it.
    pub place: RwSignal<Option<Place>>,
    /// The address names a project that has not come yet: its panels are shown, not the front door.
    pub opening: RwSignal<bool>,
    /// Text that the composer should append to its draft. The composer takes it.
    pub composing: RwSignal<Option<String>>,
    /// A prompt waits at the front door until a model is set up.
    pub prompt_waits: RwSignal<bool>,
    /// Grows when the person asks to save; every open editor then saves.
    pub save_asked: RwSignal<u64>,
    /// Files whose typed text is not stored yet. Editors keep it up to date.
    pub unsaved: RwSignal<BTreeSet<String>>,
    /// The window has room for one panel only.
    pub narrow: RwSignal<bool>,
    /// The column that was used last: what is opened goes there.
    pub column: RwSignal<usize>,
    /// Short confirmations of this tab; they go by themselves.
    pub said: RwSignal<Vec<Said>>,
    /// The time, to the minute: rendering reads no clock.
    pub now_ms: RwSignal<u64>,
    /// The system has a network.
    pub online: RwSignal<bool>,
    /// Shortcuts are written and pressed with ⌘.
    pub apple: RwSignal<bool>,
}

/// At most one is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dialog {
    Settings(Section),
    /// The command palette.
    Palette,
    /// Quick open.
    Files,
    Notices,
    /// Another name for a project.
    Rename {
        project: String,
        name: String,
    },
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    #[default]
    Models,
    You,
    Instructions,
    Permissions,
    Appearance,
    Storage,
    Proxy,
    Shortcuts,
}

/// Somewhere in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub path: String,
    /// Counted from 1; none where it was left.
    pub line: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub id: u64,
    pub text: String,
}

impl Desk {
    pub fn new(views: Views, wishes: Wishes) -> Self {
        Self {
            views,
            wishes,
            layout: RwSignal::default(),
            dialog: RwSignal::default(),
            place: RwSignal::default(),
            opening: RwSignal::default(),
            composing: RwSignal::default(),
            prompt_waits: RwSignal::default(),
            save_asked: RwSignal::default(),
            unsaved: RwSignal::default(),
            narrow: RwSignal::default(),
            column: RwSignal::default(),
            said: RwSignal::default(),
            now_ms: RwSignal::default(),
            online: RwSignal::new(true),
            apple: RwSignal::default(),
        }
    }

    pub fn wish(&self, wish: Wish) {
        self.wishes.run(wish);
    }

    /// Whether a project is open. Tracks.
    pub fn at_work(&self) -> bool {
        self.views.home.with(|it| it.open.is_some())
    }

    /// Brings a file into sight and the focus into it, with the cursor at a line (from 1) when one is given.
    pub fn open_file(&self, path: &str, line: Option<u32>) {
        self.show_file(path);
        self.place.set(Some(Place { path: path.to_owned(), line }));
    }

    /// Shows a file and leaves the focus where it is.
    pub fn show_file(&self, path: &str) {
        self.show(&arrange::file_tab(path));
        self.layout.update(|it| arrange::remember(it, path));
    }

    /// Brings a panel into sight: "chat", "files", "history" beside; "preview", "changes",
    /// "file:…" as a tab of the main area.
    pub fn show(&self, panel: &str) {
        let column = self.column.get_untracked();
        self.layout.update(|it| arrange::show(it, panel, column));
        let shown = self.layout.with_untracked(|it| arrange::column_of(it, panel));
        if let Some(column) = shown {
            self.column.set(column);
        }
    }

    pub fn close_tab(&self, tab: &str) {
        self.layout.update(|it| arrange::close(it, tab));
    }

    /// Follows the core to where a wish led.
    pub fn reveal(&self, reveal: Reveal) {
        match reveal {
            Reveal::Project(_) | Reveal::Home => self.dialog.set(None),
            Reveal::Line { path, line } => self.open_file(&path, Some(line)),
            Reveal::Changes => self.show("changes"),
            Reveal::Preview => self.show("preview"),
            Reveal::Models => self.dialog.set(Some(Dialog::Settings(Section::Models))),
            Reveal::Composer { text } => {
                self.show("chat");
                self.composing.set(Some(text));
            }
        }
    }

    /// Confirms something small ("Copied") for a moment.
    pub fn say(&self, text: impl Into<String>) {
        let text = text.into();
        self.said.update(|said| {
            let id = said.last().map_or(0, |it| it.id + 1);
            said.push(Said { id, text });
        });
    }
}
