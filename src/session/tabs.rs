//! Who sees what: the tabs, the views they were last sent, and what has changed since.
//!
//! A module that changes something says which panel it touched; once per round of tasks the touched
//! panels are made anew and their differences sent. So a change costs one comparison, however many
//! touches it made, and no module sends a view itself.

use std::collections::{BTreeMap, BTreeSet};

use futures::channel::mpsc;
use link::{DownKind, Panel, TabId, Wish, patch};
use serde::Serialize;
use serde_json::Value;

use super::Session;

/// A browser tab that has said hello.
#[derive(Debug)]
pub(super) struct Tab {
    pub(super) wishes: mpsc::UnboundedSender<Wish>,
    /// Nothing is shown before the project that the tab came with is open: a page that has followed
    /// to another core would leave its work for the front door, and come back to it, with every
    /// panel made anew.
    pub(super) waits: bool,
    pub(super) project: Option<String>,
    /// Documents that the tab's columns show.
    pub(super) documents: Vec<String>,
    /// The tab looks at the compiled request.
    pub(super) shows_request: bool,
    /// The commit that the tab looks at.
    pub(super) shown_commit: Option<String>,
    /// How many entries of the conversation and of the log it has asked for.
    pub(super) n_entries: usize,
    pub(super) n_commits: usize,
    sent: BTreeMap<Panel, (u64, Value)>,
    touched: BTreeSet<Panel>,
}

/// Entries and commits shown at first; more on request.
pub(super) const PAGE: usize = 60;

impl Tab {
    pub(super) fn new(wishes: mpsc::UnboundedSender<Wish>) -> Self {
        Self {
            wishes,
            waits: true,
            project: None,
            documents: Vec::new(),
            shows_request: false,
            shown_commit: None,
            n_entries: PAGE,
            n_commits: PAGE,
            sent: BTreeMap::new(),
            touched: BTreeSet::new(),
        }
    }

    /// Every view is sent whole again.
    pub(super) fn forget_sent(&mut self) {
        self.sent.clear();
    }
}

impl Session {
    /// Says that a panel changed for one tab.
    pub(super) fn touch_tab(&self, tab: &TabId, panel: Panel) {
        if let Some(tab) = self.0.tabs.borrow_mut().get_mut(tab) {
            tab.touched.insert(panel);
        }
        self.flush_soon();
    }

    /// Says that everything changed for one tab, which may see it from now on.
    pub(super) fn touch_whole(&self, tab: &TabId) {
        self.with_tab(tab, |tab| {
            tab.waits = false;
            tab.touched.extend(Panel::ALL);
        });
        self.flush_soon();
    }

    /// Says that panels changed for every tab that has this project open.
    pub(super) fn touch(&self, project: &str, panels: &[Panel]) {
        for tab in self.0.tabs.borrow_mut().values_mut() {
            if tab.project.as_deref() == Some(project) {
                tab.touched.extend(panels);
            }
        }
        self.flush_soon();
    }

    /// Says that a panel changed for every tab.
    pub(super) fn touch_all(&self, panel: Panel) {
        for tab in self.0.tabs.borrow_mut().values_mut() {
            tab.touched.insert(panel);
        }
        self.flush_soon();
    }

    /// Sends a panel whole, because the tab missed a patch.
    pub(super) fn resync(&self, tab: &TabId, panel: Panel) {
        if let Some(tab) = self.0.tabs.borrow_mut().get_mut(tab) {
            tab.sent.remove(&panel);
        }
        self.touch_tab(tab, panel);
    }

    /// Changes what the core remembers of a tab.
    pub(super) fn with_tab<T>(&self, tab: &TabId, change: impl FnOnce(&mut Tab) -> T) -> Option<T> {
        self.0.tabs.borrow_mut().get_mut(tab).map(change)
    }

    fn flush_soon(&self) {
        if self.0.flushing.replace(true) {
            return;
        }
        let session = self.clone();
        self.spawn(async move {
            session.0.flushing.set(false);
            session.flush();
        });
    }

    fn flush(&self) {
        let touched: Vec<(TabId, BTreeSet<Panel>)> = self
            .0
            .tabs
            .borrow_mut()
            .iter_mut()
            .filter(|(_, tab)| !tab.waits)
            .map(|(id, tab)| (id.clone(), std::mem::take(&mut tab.touched)))
            .collect();
        for (tab, panels) in touched {
            for panel in panels {
                self.send_view(&tab, panel);
            }
        }
    }

    fn send_view(&self, tab: &TabId, panel: Panel) {
        let view = self.view(tab, panel);
        let news = self.with_tab(tab, |tab| match tab.sent.get_mut(&panel) {
            Some((number, sent)) => {
                let patches = patch::between(sent, &view);
                if patches.is_empty() {
                    return None;
                }
                *number += 1;
                *sent = view;
                Some(DownKind::Patches { panel, number: *number, patches })
            }
            None => {
                tab.sent.insert(panel, (0, view.clone()));
                Some(DownKind::Whole { panel, number: 0, view })
            }
        });
        if let Some(Some(news)) = news {
            self.send(tab, news);
        }
    }

    fn view(&self, tab: &TabId, panel: Panel) -> Value {
        match panel {
            Panel::Home => json(&self.home_view(tab)),
            Panel::Chat => json(&self.chat_view(tab)),
            Panel::Files => json(&self.files_view(tab)),
            Panel::Editor => json(&self.editor_view(tab)),
            Panel::Changes => json(&self.changes_view(tab)),
            Panel::History => json(&self.history_view(tab)),
            Panel::Preview => json(&self.preview_view(tab)),
            Panel::Settings => json(&self.settings_view(tab)),
            Panel::Workbench => json(&self.workbench_view(tab)),
            Panel::Status => json(&self.status_view(tab)),
        }
    }
}

fn json(view: &impl Serialize) -> Value {
    serde_json::to_value(view).expect("views have text keys and no failing serializers")
}
