//! Commands: everything one can do without pointing, as data.
//!
//! The palette, the shortcuts and their list read the same tables. A command decides nothing: it
//! moves the desk or makes a wish.

use crate::{
    browser::dom,
    i18n,
    page::{Desk, Dialog},
};

pub mod keys;
mod panels;
mod project;

#[derive(Debug, Clone, Copy)]
pub struct Command {
    pub id: &'static str,
    pub title: fn(&i18n::commands::Texts) -> &'static str,
    /// The shortcut and its alternatives, as [`keys`] reads them. The first is shown.
    pub keys: &'static [&'static str],
    /// Whether it can be done at the moment; only then it is offered.
    pub when: fn(Desk) -> bool,
    pub run: fn(Desk),
}

/// Returns every command, in the order of the palette.
pub fn all() -> impl Iterator<Item = &'static Command> {
    [GENERAL, panels::COMMANDS, project::COMMANDS].into_iter().flatten()
}

pub fn find(id: &str) -> Option<&'static Command> {
    all().find(|it| it.id == id)
}

/// Returns the shortcut of a command for people; empty when it has none.
pub fn shown_keys(id: &str, apple: bool) -> String {
    let first = find(id).and_then(|it| it.keys.first());
    first.map_or_else(String::new, |it| keys::shown(it, apple))
}

fn always(_: Desk) -> bool {
    true
}

fn at_work(desk: Desk) -> bool {
    desk.at_work()
}

fn open(desk: Desk, dialog: Dialog) {
    use leptos::prelude::Set as _;
    desk.dialog.set(Some(dialog));
}

const GENERAL: &[Command] = &[
    Command {
        id: "palette",
        title: |t| t.palette,
        keys: &["Mod+Shift+P", "F1", "Mod+K"],
        when: always,
        run: |desk| open(desk, Dialog::Palette),
    },
    Command {
        id: "quick-open",
        title: |t| t.quick_open,
        keys: &["Mod+P"],
        when: at_work,
        run: |desk| open(desk, Dialog::Files),
    },
    Command {
        id: "settings",
        title: |t| t.settings,
        keys: &["Mod+,"],
        when: always,
        run: |desk| open(desk, Dialog::Settings(crate::page::Section::default())),
    },
    Command {
        id: "models",
        title: |t| t.models,
        keys: &[],
        when: always,
        run: |desk| open(desk, Dialog::Settings(crate::page::Section::Models)),
    },
    Command {
        id: "shortcuts",
        title: |t| t.shortcuts,
        keys: &["Shift+F1"],
        when: always,
        run: |desk| open(desk, Dialog::Settings(crate::page::Section::Shortcuts)),
    },
    Command {
        id: "notices",
        title: |t| t.notices,
        keys: &[],
        when: always,
        run: |desk| open(desk, Dialog::Notices),
    },
    Command { id: "diagnostics", title: |t| t.diagnostics, keys: &[], when: always, run: diagnose },
    Command {
        id: "theme-light",
        title: |t| t.theme_light,
        keys: &[],
        when: always,
        run: |desk| theme(desk, link::settings::Theme::Light),
    },
    Command {
        id: "theme-dark",
        title: |t| t.theme_dark,
        keys: &[],
        when: always,
        run: |desk| theme(desk, link::settings::Theme::Dark),
    },
    Command {
        id: "theme-system",
        title: |t| t.theme_system,
        keys: &[],
        when: always,
        run: |desk| theme(desk, link::settings::Theme::System),
    },
];

/// Asks for a file for whoever is to help.
pub fn diagnose(desk: Desk) {
    let page = dom::about();
    desk.wish(link::Wish::Status(link::status::Wish::Diagnose { page }));
}

fn theme(desk: Desk, theme: link::settings::Theme) {
    desk.wish(link::Wish::Settings(link::settings::Wish::SetTheme(theme)));
}

#[cfg(test)]
mod tests;
