//! Text for people: one struct of all texts, one value of it per locale.
//!
//! A locale that lacks a text does not compile. Texts with something in them are functions. Nothing
//! here formats dates or numbers beyond plain digits; the browser does that where it matters.

use leptos::prelude::use_context;

pub mod changes;
pub mod chat;
pub mod commands;
pub mod editor;
pub mod files;
pub mod history;
pub mod home;
pub mod preview;
pub mod request;
pub mod said;
pub mod settings;
pub mod shell;
mod time;

pub use time::{ago, size};

#[derive(Debug)]
pub struct Texts {
    pub shell: shell::Texts,
    pub home: home::Texts,
    pub settings: settings::Texts,
    pub commands: commands::Texts,
    pub chat: chat::Texts,
    pub changes: changes::Texts,
    pub history: history::Texts,
    pub request: request::Texts,
    pub editor: editor::Texts,
    pub files: files::Texts,
    pub preview: preview::Texts,
}

pub static EN: Texts = Texts {
    shell: shell::EN,
    home: home::EN,
    settings: settings::EN,
    commands: commands::EN,
    chat: chat::EN,
    changes: changes::EN,
    history: history::EN,
    request: request::EN,
    editor: editor::EN,
    files: files::EN,
    preview: preview::EN,
};

/// Returns the texts of the locale in use; English where none was provided.
pub fn texts() -> &'static Texts {
    use_context::<&'static Texts>().unwrap_or(&EN)
}
