//! The status line and what needs the person: one entry per matter, updated in place.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct View {
    pub saved: Saved,
    /// Long work with its progress; one entry per work.
    pub tasks: Vec<Task>,
    /// The newest first.
    pub notices: Vec<Notice>,
    /// Tokens and money of this project so far, for people.
    pub spent: String,
    /// Easel answers without the network.
    pub offline_ready: bool,
    pub proxy_reached: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Saved {
    #[default]
    Saved,
    Saving,
    /// For people: what could not be kept, and what to do.
    NotSaved {
        why: String,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    pub id: String,
    pub title: String,
    /// From 0 to 1; none when it cannot be known.
    pub progress: Option<f32>,
    pub can_cancel: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub id: String,
    pub level: Level,
    /// What happened, what was kept, what to do next.
    pub text: String,
    /// The label of the one thing that can be done about it.
    pub action: Option<String>,
    /// How many of the same group.
    pub n: u32,
    /// Shown as a toast until it is dismissed; else only in the list.
    pub toast: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Level {
    Info,
    Warning,
    Error,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wish {
    Dismiss {
        notice: String,
    },
    /// Presses the notice's button.
    Act {
        notice: String,
    },
    Cancel {
        task: String,
    },
    /// The app's service worker has the whole build.
    OfflineReady,
    /// Asks for a file about this Easel, for whoever is to help.
    Diagnose {
        page: Page,
    },
    /// The page noticed something that the person should know: a panic, a refused service worker.
    Report {
        text: String,
    },
}

/// What only the page knows of the browser.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    pub user_agent: String,
    /// What Easel needs and the browser lacks, by the web's own names.
    pub missing: Vec<String>,
    /// The app's service worker serves this page.
    pub service_worker: bool,
    /// The system says that there is a network.
    pub online: bool,
}
