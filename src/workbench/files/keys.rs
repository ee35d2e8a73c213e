//! The tree by keyboard: arrows, Enter, F2, Delete, letters, as in the tree view pattern of ARIA.

use leptos::{ev::KeyboardEvent, prelude::*};
use link::files;

use super::{
    ROW_PX, Tree,
    draft::Draft,
    tree::{self, Kind, Step},
};
use crate::browser::dom;

/// Rows that a page key moves.
const PAGE: usize = 12;
/// Letters that follow each other faster are one search.
const TYPED_MS: i32 = 700;

thread_local! {
    /// What was typed to find a row, until it rests.
    static TYPED: (std::cell::RefCell<String>, dom::Timer) = Default::default();
}

impl Tree {
    pub(super) fn key(self, ev: &KeyboardEvent) {
        let rows = self.rows.read_untracked();
        let active = self.active.get_untracked();
        let at = rows.iter().position(|row| Some(&row.path) == active.as_ref());
        let here = at.and_then(|at| rows.get(at)).cloned();
        let at = at.unwrap_or(0);
        let folder_open = here.as_ref().and_then(|row| match row.kind {
            Kind::Folder { open } => Some(open),
            Kind::File | Kind::Draft => None,
        });
        let command = ev.ctrl_key() || ev.meta_key();
        let to = match (ev.key().as_str(), here) {
            ("ArrowDown", _) => {
                Some(tree::step(&rows, at, Step::Down(usize::from(active.is_some()))))
            }
            ("ArrowUp", _) => Some(tree::step(&rows, at, Step::Up(1))),
            ("PageDown", _) => Some(tree::step(&rows, at, Step::Down(PAGE))),
            ("PageUp", _) => Some(tree::step(&rows, at, Step::Up(PAGE))),
            ("Home", _) => Some(tree::step(&rows, at, Step::First)),
            ("End", _) => Some(tree::step(&rows, at, Step::Last)),
            ("ArrowRight", Some(_)) if folder_open == Some(true) => Some(at + 1),
            ("ArrowRight", Some(row)) if folder_open == Some(false) => {
                self.set_open(&row.path, true);
                None
            }
            ("ArrowLeft", Some(row)) if folder_open == Some(true) => {
                self.set_open(&row.path, false);
                None
            }
            ("ArrowLeft", Some(_)) => Some(tree::step(&rows, at, Step::Parent)),
            ("Enter", Some(row)) if folder_open.is_none() => {
                self.desk.open_file(&row.path, None);
                None
            }
            ("Enter" | " ", Some(row)) => {
                self.press(&row.path, row.kind);
                None
            }
            ("F2", Some(row)) => {
                self.draft.set(Some(Draft::Rename { path: row.path }));
                None
            }
            ("Delete", Some(row)) => {
                self.remove(row.path);
                None
            }
            ("ContextMenu", Some(row)) => {
                self.show_menu_at_row(&row.path, folder_open.is_some());
                None
            }
            ("F10", Some(row)) if ev.shift_key() => {
                self.show_menu_at_row(&row.path, folder_open.is_some());
                None
            }
            ("z", _) if command => {
                self.wish(files::Wish::Undo);
                None
            }
            (letter, _) if !command && !ev.alt_key() && letter.chars().count() == 1 => {
                tree::named(&rows, at, &typed(letter))
            }
            _ => return,
        };
        ev.prevent_default();
        let path = to.and_then(|to| rows.get(to)).map(|row| row.path.clone());
        drop(rows);
        if let (Some(path), Some(at)) = (path, to) {
            self.active.set(Some(path));
            self.bring_into_sight(at);
        }
    }

    /// The tree got the focus: some row is the one that keys act on.
    pub(super) fn focus_first(self) {
        let there = self.rows.with_untracked(|rows| {
            let active = self.active.get_untracked();
            rows.iter().any(|row| Some(&row.path) == active.as_ref())
        });
        if !there {
            let shown = self.shown_path();
            let first = self.rows.with_untracked(|rows| rows.first().map(|row| row.path.clone()));
            self.active.set(shown.or(first));
        }
    }

    pub(super) fn focus(self) {
        if let Some(scroller) = self.scroller.get_untracked() {
            dom::focus_in(&scroller, "[role=tree]");
        }
    }

    /// The field for a new name takes the focus once its row is in sight.
    pub(super) fn show_draft(self) {
        dom::after(0, move || {
            let draft = |rows: &Vec<tree::Row>| rows.iter().position(|it| it.kind == Kind::Draft);
            if let Some(at) = self.rows.try_with_untracked(draft).flatten() {
                self.bring_into_sight(at);
            }
        });
    }

    /// Rows out of sight are not in the document, so the place is computed.
    fn bring_into_sight(self, at: usize) {
        let Some(scroller) = self.scroller.get_untracked() else { return };
        let top = at as f64 * ROW_PX;
        let (shown, height) =
            (f64::from(scroller.scroll_top()), f64::from(scroller.client_height()));
        if top < shown {
            scroller.set_scroll_top(top as i32);
        } else if top + ROW_PX > shown + height {
            scroller.set_scroll_top((top + ROW_PX - height) as i32);
        }
    }
}

fn typed(letter: &str) -> String {
    TYPED.with(|(text, timer)| {
        timer.put_off(TYPED_MS, || TYPED.with(|(text, _)| text.borrow_mut().clear()));
        text.borrow_mut().push_str(letter);
        text.borrow().clone()
    })
}
