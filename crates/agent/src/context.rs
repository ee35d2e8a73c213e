//! What a request holds: one pure function from everything that could be sent to what is sent.
//!
//! The same inputs give the same bytes. Every section says why it is there, everything that was left
//! out says so, and what cannot fit the model's window is never returned as a request. Sending is the
//! session's business; so is asking the person about secrets that were found.

use std::collections::BTreeSet;

use project::path::FilePath;
use wire::{Model, ModelRequest};

use crate::files::Files;
use crate::prompt::Layers;

mod assemble;
mod budget;
mod changes;
mod conversation;
mod gather;
pub mod secrets;
mod tree;

pub use assemble::assemble;
pub use budget::{Cost, Meter, Share, tokens};
pub use secrets::{Found, secrets};

/// Everything that a request could hold.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    pub model: &'a Model,
    pub temperature: Option<f32>,
    pub layers: &'a Layers,
    /// The files as they were when the turn began: so the requests of a turn begin alike.
    pub files: &'a dyn Files,
    /// Open documents, the one in front first.
    pub open: &'a [FilePath],
    pub items: &'a [Item],
    /// What the person changed since the model last saw it, oldest first.
    pub edits: &'a [ManualEdit],
    /// From [`crate::chat::Conversation::to_wire`]: ends with the person's message.
    pub conversation: &'a [wire::Message],
    /// This turn's replies so far, from [`crate::turn::Effect::Ask`].
    pub append: &'a [wire::Message],
    /// Files that usually hold secrets, which the person wants to send nevertheless.
    pub permitted: &'a BTreeSet<FilePath>,
}

/// Something that a person attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub id: String,
    pub what: ItemKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemKind {
    File(FilePath),
    Note(String),
}

/// A file that the person changed by hand: as the model saw it last, and as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManualEdit {
    pub path: FilePath,
    /// When it was changed last, in milliseconds since the epoch.
    pub at_ms: u64,
    /// None: the person created the file.
    pub before: Option<Vec<u8>>,
    /// None: the person removed it.
    pub after: Option<Vec<u8>>,
}

/// A request, and what it consists of.
#[derive(Debug, Clone, PartialEq)]
pub struct Assembled {
    pub request: ModelRequest,
    pub sections: Vec<Section>,
    pub total_tokens: u32,
    /// What did not fit or must not be sent, for people.
    pub left_out: Vec<String>,
    pub meters: Vec<Meter>,
    /// None when the model's prices are unknown.
    pub cost: Option<Cost>,
    /// Likely secrets in what would be sent now.
    pub secrets: Vec<Secret>,
}

/// A part of the request, as the inspector shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    pub share: Share,
    pub name: String,
    pub reason: String,
    pub tokens: u32,
    pub text: String,
}

/// A likely secret. Its value is never repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// A path, or "your message".
    pub place: String,
    pub line: u32,
    pub looks_like: &'static str,
}

/// What must be sent does not fit into the model's window.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "this message and its instructions need about {needed_tokens} tokens, and the model reads \
     {window_tokens}; shorten the message or choose a model with a larger window"
)]
pub struct TooLong {
    pub needed_tokens: u32,
    pub window_tokens: u32,
}

impl std::fmt::Debug for Inputs<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inputs").field("model", &self.model.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
