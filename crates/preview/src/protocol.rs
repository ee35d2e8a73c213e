//! What the core and a preview's service worker say to each other; `web/preview/PROTOCOL.md` has
//! the whole picture.
//!
//! It carries nothing itself. Whatever comes from a worker may have been made up by the previewed
//! code.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Answer, Module, Request};

/// From the core to the service worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum ToWorker {
    /// First, on each new port.
    Hello {
        /// The app shows `alert`, `confirm` and `prompt`; for whoever looks at the traffic.
        dialogs: bool,
    },
    Answer {
        id: u32,
        status: u16,
        media_type: String,
        #[serde(with = "serde_bytes")]
        body: Vec<u8>,
        generation: u64,
        /// With the answer to a navigation: what the page will ask for next.
        modules: Option<Vec<Sent>>,
    },
    Changed {
        generation: u64,
        /// Only these style sheets have changed; `None` means that pages must load again.
        styles: Option<Vec<String>>,
    },
    /// Where a reported error really is.
    Located { client: String, id: u32, text: String, path: String, line: u32, column: u32 },
    /// Remembered by the page until it asks the same again: a frame cannot wait.
    DialogAnswer { id: u32, value: Option<Given> },
}

/// What a person answered to a dialog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Given {
    Choice(bool),
    Text(String),
}

/// A module on its way; the body is left out when this worker has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    pub url: String,
    pub version: String,
    pub media_type: String,
    #[serde(with = "serde_bytes")]
    pub body: Option<Vec<u8>>,
}

/// From the service worker to the core.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum FromWorker {
    Ask {
        id: u32,
        url: String,
        navigation: bool,
        referrer: Option<String>,
    },
    Report {
        client: String,
        report: Report,
    },
    Dialog {
        id: u32,
        kind: DialogKind,
        text: String,
        /// What a prompt begins with.
        value: Option<String>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DialogKind {
    Alert,
    Confirm,
    Prompt,
}

/// What a previewed page tells of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Report {
    Console {
        level: Level,
        text: String,
    },
    Error {
        /// Answered by [`ToWorker::Located`].
        id: u32,
        text: String,
        /// Where it happened in what was served; see [`crate::Site::place`].
        url: Option<String>,
        /// The project's file, when the page knows it; line and column are then those of the file.
        #[serde(default)]
        path: Option<String>,
        line: Option<u32>,
        column: Option<u32>,
    },
    /// This generation is loaded and painted.
    Painted {
        generation: u64,
    },
    Navigated {
        path: String,
    },
    FixThis {
        text: String,
        path: Option<String>,
        line: Option<u32>,
        column: Option<u32>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    Log,
    Warning,
    Error,
}

/// What one service worker has been sent, by its port: a new port begins with nothing.
#[derive(Debug, Clone, Default)]
pub struct Visitor {
    known: BTreeMap<String, String>,
}

impl Visitor {
    /// Wraps an answer for this worker, without what it has.
    pub fn answer(&mut self, id: u32, generation: u64, answer: Answer) -> ToWorker {
        let Answer { status, media_type, body, modules } = answer;
        let modules = modules.map(|modules| self.send(modules));
        ToWorker::Answer { id, status, media_type, body, generation, modules }
    }

    fn send(&mut self, modules: Vec<Module>) -> Vec<Sent> {
        // The worker keeps what the last list named, and so does this.
        let before = std::mem::take(&mut self.known);
        modules
            .into_iter()
            .map(|Module { url, version, media_type, body }| {
                let known = before.get(&url) == Some(&version);
                self.known.insert(url.clone(), version.clone());
                Sent { url, version, media_type, body: (!known).then_some(body) }
            })
            .collect()
    }
}

impl From<(String, bool, Option<String>)> for Request {
    /// From the fields of [`FromWorker::Ask`].
    fn from((url, navigation, referrer): (String, bool, Option<String>)) -> Self {
        Self { url, navigation, referrer }
    }
}
