//! The conversation and its composer, with the estimate of what will be sent.

use serde::{Deserialize, Serialize};

use crate::changes::FileSummary;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// Oldest first. Long conversations start at the newest page; `Wish::Earlier` brings more.
    pub entries: Vec<Entry>,
    pub has_earlier: bool,
    pub status: Status,
    pub composer: Composer,
    /// An asked-for right that waits for an answer.
    pub permission: Option<Permission>,
    /// What `Wish::ShowRequest` asked for.
    pub request: Option<Request>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    #[default]
    Ready,
    /// The turn is under way: what it does now, for people ("Reading 3 files").
    Working { doing: String },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub id: String,
    pub kind: EntryKind,
    /// Milliseconds since the epoch.
    pub at_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum EntryKind {
    User {
        text: String,
        state: Kept,
    },
    Assistant(Reply),
    /// A commit in the conversation that one can go back to.
    Checkpoint(Checkpoint),
    /// Something went wrong: what happened, what was kept, what to do next.
    Error {
        text: String,
        remedy: Remedy,
    },
}

/// Whether a message is durable yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kept {
    #[default]
    Saving,
    Saved,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    pub parts: Vec<Part>,
    pub state: ReplyState,
    pub model: String,
    /// The model is a script: recorded, not made.
    pub scripted: bool,
    /// Tokens and money, for people; empty until known.
    pub cost: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReplyState {
    #[default]
    Streaming,
    Complete,
    /// The person stopped it.
    Stopped,
    /// The tab, the network or the provider broke it off; `Wish::Continue` goes on.
    Interrupted,
    Failed,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Part {
    /// Markdown in blocks, ready to show: finished blocks never change, so only the last one is
    /// rendered again while text streams.
    Text {
        blocks: Vec<Block>,
    },
    Reasoning {
        text: String,
    },
    Tool(Tool),
    /// What the reply says should change.
    Changes(ChangeCard),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Block {
    /// HTML made from Markdown by the core: no raw HTML, no scripts, no remote images survive it.
    Html(String),
    Code {
        language: String,
        path: Option<String>,
        text: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    pub call: String,
    /// For people: "Read src/main.ts", "Edit index.html".
    pub title: String,
    pub state: ToolState,
    /// The arguments as far as they have come.
    pub input: String,
    pub output: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToolState {
    Pending,
    Running,
    Done,
    Error,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeCard {
    pub action: String,
    pub files: Vec<FileSummary>,
    pub state: ChangeState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChangeState {
    /// Waits for Apply or Reject.
    Pending,
    Applied,
    Rejected,
    /// A later reply's changes hold these.
    Superseded,
    /// Not valid: nothing was changed.
    Refused,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The full id of the commit.
    pub commit: String,
    pub title: String,
    /// The worktree equals this checkpoint.
    pub current: bool,
}

/// The one thing that helps after an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Remedy {
    Retry,
    Continue,
    OpenSettings,
    /// Nothing but reading it.
    None,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Composer {
    /// The draft that was kept; the page holds what is being typed.
    pub draft: String,
    /// The chosen model's id; empty when none is set up.
    pub model: String,
    pub models: Vec<ModelChoice>,
    pub context: Vec<ContextItem>,
    pub estimate: Estimate,
    /// Apply without asking.
    pub auto_apply: bool,
    /// Likely secrets that would be sent; sending asks first.
    pub secrets: Vec<Secret>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelChoice {
    pub id: String,
    pub name: String,
    pub provider: String,
    pub scripted: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContextItem {
    pub id: String,
    pub kind: ContextKind,
    /// The path, or the note's first line.
    pub name: String,
    pub tokens: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ContextKind {
    File,
    Note,
}

/// What the next request will hold, before it is sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    pub tokens: u32,
    pub window: u32,
    /// For people, "≈ $0.0031"; empty when the price is unknown.
    pub cost: String,
    /// How long the reply may take, for people: "about 1 min".
    pub takes: String,
    /// Going by the last replies of this model here; else it is a rough guess.
    pub measured: bool,
    /// System, context, conversation, reply: tokens and share of the window.
    pub meters: Vec<Meter>,
    /// What did not fit and was left out, for people.
    pub left_out: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meter {
    pub name: String,
    pub tokens: u32,
    pub limit: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    /// Where it stands: a path or "your message".
    pub place: String,
    pub line: u32,
    /// What it looks like: "a private key", "an AWS access key". Never the value.
    pub looks_like: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permission {
    pub id: String,
    /// For people: "Edit src/main.ts".
    pub title: String,
    /// The diff or the command.
    pub detail: String,
    /// What "Always" would allow: `edit src/**`.
    pub pattern: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    Once,
    Always,
    No,
}

/// The compiled request, section by section.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    pub sections: Vec<Section>,
    pub total_tokens: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    pub name: String,
    pub reason: String,
    pub tokens: u32,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wish {
    /// `despite_secrets` after the person has seen the list.
    Send {
        text: String,
        despite_secrets: bool,
    },
    /// The draft, kept and counted.
    Draft {
        text: String,
    },
    Stop,
    Continue {
        entry: String,
    },
    Retry {
        entry: String,
    },
    Earlier,
    SetModel {
        model: String,
    },
    SetAutoApply {
        on: bool,
    },
    AddFile {
        path: String,
    },
    AddNote {
        text: String,
    },
    RemoveContext {
        item: String,
    },
    Answer {
        permission: String,
        answer: Answer,
    },
    /// Stages a code block of a reply as the content of a file.
    ApplyBlock {
        text: String,
        path: String,
    },
    ShowRequest,
    HideRequest,
    Export {
        format: ExportFormat,
    },
    /// The text of a conversation that was exported as JSON.
    Import {
        text: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExportFormat {
    Markdown,
    Json,
}
