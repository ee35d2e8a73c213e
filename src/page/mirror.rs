//! The page's copy of the views as they were last sent.
//!
//! It applies what comes down and fills the typed signals; it never invents anything. Applying and
//! showing are apart, so that ten patches within one frame cost one rendering.

use std::collections::{BTreeMap, BTreeSet};

use leptos::prelude::*;
use link::{DownKind, Panel, Patch, patch};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Views;

#[derive(Debug, Default)]
pub struct Mirror {
    held: BTreeMap<Panel, Held>,
    /// Panels that were asked for again: patches for them are of no use until then.
    awaited: BTreeSet<Panel>,
    /// Panels whose signal is behind.
    stale: BTreeSet<Panel>,
}

#[derive(Debug)]
struct Held {
    number: u64,
    view: Value,
}

impl Mirror {
    /// Takes in what came down; returns the panels to ask for as a whole. [`Self::show`] makes it
    /// seen.
    #[must_use]
    pub fn take(&mut self, what: DownKind) -> Vec<Panel> {
        match what {
            DownKind::Whole { panel, number, view } => {
                self.held.insert(panel, Held { number, view });
                self.awaited.remove(&panel);
                self.stale.insert(panel);
                Vec::new()
            }
            DownKind::Patches { panel, number, patches } => {
                if self.awaited.contains(&panel) || self.patched(panel, number, &patches) {
                    return Vec::new();
                }
                self.held.remove(&panel);
                self.awaited.insert(panel);
                vec![panel]
            }
            DownKind::CoreStarted { .. } => {
                // Its numbers begin anew, and it sends every view whole.
                self.held.clear();
                self.awaited.clear();
                Vec::new()
            }
            DownKind::Download { .. } | DownKind::OtherBuild { .. } | DownKind::Reveal(_) => {
                Vec::new()
            }
        }
    }

    /// Whether [`Self::show`] has something to do.
    pub fn is_stale(&self) -> bool {
        !self.stale.is_empty()
    }

    /// Sets the signals of the panels that changed. Call it once per frame. A view that cannot be
    /// read was made by another build: the page then says that it is outdated.
    pub fn show(&mut self, views: &Views) {
        for panel in std::mem::take(&mut self.stale) {
            let Some(held) = self.held.get(&panel) else { continue };
            let read = match panel {
                Panel::Home => set(views.home, &held.view),
                Panel::Chat => set(views.chat, &held.view),
                Panel::Files => set(views.files, &held.view),
                Panel::Editor => set(views.editor, &held.view),
                Panel::Changes => set(views.changes, &held.view),
                Panel::History => set(views.history, &held.view),
                Panel::Preview => set(views.preview, &held.view),
                Panel::Settings => set(views.settings, &held.view),
                Panel::Workbench => set(views.workbench, &held.view),
                Panel::Status => set(views.status, &held.view),
            };
            if !read {
                views.outdated.set(true);
            }
        }
    }

    fn patched(&mut self, panel: Panel, number: u64, patches: &[Patch]) -> bool {
        let Some(held) = self.held.get_mut(&panel) else { return false };
        if Some(number) != held.number.checked_add(1) {
            return false;
        }
        held.number = number;
        self.stale.insert(panel);
        patches.iter().all(|it| patch::apply(&mut held.view, it).is_ok())
    }
}

fn set<T>(signal: RwSignal<T>, view: &Value) -> bool
where
    T: DeserializeOwned + PartialEq + Send + Sync + 'static,
{
    let Ok(view) = shape::read::<T>(view) else { return false };
    if signal.with_untracked(|it| *it != view) {
        signal.set(view);
    }
    true
}

#[cfg(test)]
mod tests;
