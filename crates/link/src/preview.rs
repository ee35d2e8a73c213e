//! The running project, and what it says.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The preview's own host, `pv-xxxxxxxx.preview.easel.localhost:9595`; empty when there is none
    /// and the self-contained document is shown.
    pub host: String,
    /// The path that the frame shows, `/` at first.
    pub path: String,
    /// Grows with every change that the frame should follow.
    pub generation: u64,
    /// Styles only have changed since the last generation: they can be swapped in place.
    pub styles_only: bool,
    pub stage: Stage,
    /// The oldest first; bounded.
    pub console: Vec<Line>,
    /// The document with everything in it, when there is no preview host.
    pub document: Option<String>,
    /// Milliseconds from the change to the painted frame, of the last time.
    pub painted_after_ms: Option<u32>,
    /// The generation that was painted last: one that falls behind is stuck, and is loaded anew.
    #[serde(default)]
    pub painted_generation: u64,
    /// What the project's `alert`, `confirm` or `prompt` asks; its page waits for the answer.
    #[serde(default)]
    pub dialog: Option<Dialog>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dialog {
    pub id: u64,
    pub kind: DialogKind,
    pub text: String,
    /// What a prompt begins with.
    pub value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DialogKind {
    Alert,
    Confirm,
    Prompt,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// No entry page was found.
    #[default]
    Empty,
    Starting,
    Running,
    Stopped,
    Failed,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub id: u64,
    pub level: Level,
    pub text: String,
    /// Where it happened.
    pub path: Option<String>,
    pub line: Option<u32>,
    pub column: Option<u32>,
    /// How often in a row.
    pub n: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Level {
    Log,
    Warning,
    /// Also shown over the preview.
    Error,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wish {
    Reload,
    Stop,
    Start,
    /// What the page inside the frame reports.
    Said(Report),
    Clear,
    /// Puts the error into the composer, with its place and the lines around it.
    FixThis {
        line: u64,
    },
    /// None is "Cancel"; the text counts for a prompt only.
    AnswerDialog {
        dialog: u64,
        answer: Option<String>,
    },
    /// The browser refuses a service worker on the preview's host, or the host cannot be reached:
    /// the self-contained document is wanted.
    HostRefused {
        why: String,
    },
}

/// What the client in the preview sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Report {
    Console {
        level: Level,
        text: String,
    },
    Error {
        text: String,
        url: Option<String>,
        line: Option<u32>,
        column: Option<u32>,
    },
    /// Two frames after everything was loaded, for this generation.
    Painted {
        generation: u64,
    },
    Navigated {
        path: String,
    },
}
