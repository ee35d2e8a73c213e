//! The page's state: one signal per panel's view, and what only this tab knows.
//!
//! Nothing here talks to the core or the browser. What comes down passes [`Mirror`], what goes up
//! leaves through [`Wishes`]; how either travels is the business of `browser`.

use leptos::prelude::*;

pub mod arrange;
mod desk;
mod mirror;

pub use desk::{Desk, Dialog, Place, Said, Section};
pub use mirror::Mirror;

/// The way from a component to the core.
pub type Wishes = Callback<link::Wish>;

/// What the page shows: one signal per panel.
#[derive(Debug, Clone, Copy)]
pub struct Views {
    pub home: RwSignal<link::home::View>,
    pub chat: RwSignal<link::chat::View>,
    pub files: RwSignal<link::files::View>,
    pub editor: RwSignal<link::editor::View>,
    pub changes: RwSignal<link::changes::View>,
    pub history: RwSignal<link::history::View>,
    pub preview: RwSignal<link::preview::View>,
    pub settings: RwSignal<link::settings::View>,
    pub workbench: RwSignal<link::workbench::View>,
    pub status: RwSignal<link::status::View>,
    /// Why the core is gone, for people: shown as one line over everything.
    pub broken: RwSignal<Option<String>>,
    /// Another build of Easel is running: the page should be loaded anew.
    pub outdated: RwSignal<bool>,
}

impl Views {
    /// Returns views that show nothing yet. The owner of the moment keeps them alive.
    pub fn empty() -> Self {
        Self {
            home: RwSignal::default(),
            chat: RwSignal::default(),
            files: RwSignal::default(),
            editor: RwSignal::default(),
            changes: RwSignal::default(),
            history: RwSignal::default(),
            preview: RwSignal::default(),
            settings: RwSignal::default(),
            workbench: RwSignal::default(),
            status: RwSignal::default(),
            broken: RwSignal::default(),
            outdated: RwSignal::default(),
        }
    }
}

/// Makes the desk and shares it, see [`share`].
pub fn provide(views: Views, wishes: Wishes) -> Desk {
    let desk = Desk::new(views, wishes);
    share(desk);
    desk
}

/// Puts the desk and the wishes where every component finds them, with `expect_context::<Wishes>()`
/// and `expect_context::<Desk>()`. Call it where the page is mounted: contexts belong to the owner
/// that renders.
pub fn share(desk: Desk) {
    provide_context(desk.wishes);
    provide_context(desk);
}
