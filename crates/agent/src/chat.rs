//! The conversation of a session: messages in order, and what they are made of.
//!
//! It is data. Nothing here is rendered ([`crate::markdown`] does that), stored, or sent; the two
//! forms in which a conversation leaves are what a provider gets ([`Conversation::to_wire`]) and what
//! a person keeps ([`export`]).

use serde::{Deserialize, Serialize};
use serde_json::Value;
use wire::Usage;

use crate::id::{ActionId, MessageId};

pub mod export;
pub mod record;
mod wire_form;

pub use wire_form::messages_of;

/// Messages, oldest first. Every id is there once, and a parent stands before its children.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Conversation {
    messages: Vec<Message>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    pub id: MessageId,
    /// The message that this one follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<MessageId>,
    pub role: Role,
    #[serde(default)]
    pub kind: Kind,
    pub parts: Vec<Part>,
    /// Milliseconds since the epoch.
    pub at_ms: u64,
    /// When a reply came to its end; none before, and when that was not seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at_ms: Option<u64>,
    /// `provider/model` of a reply; empty otherwise.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub model: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    #[serde(default)]
    pub state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    User,
    Assistant,
    System,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    #[default]
    Chat,
    Error,
    BuildReference,
    Checkpoint,
    Template,
}

/// How far a reply came. The person's own messages are complete.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Streaming,
    #[default]
    Complete,
    /// The person stopped it.
    Stopped,
    /// The tab, the network or the provider broke it off.
    Interrupted,
    Failed,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Part {
    Text {
        text: String,
    },
    Reasoning {
        text: String,
        /// The provider's own block, returned to it unchanged.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        opaque: Option<Value>,
    },
    Tool(ToolPart),
    /// What the turn says should change.
    Changes {
        action: ActionId,
        state: Decision,
    },
    /// What we told the model in the middle of a turn. What follows is its next reply.
    Feedback {
        text: String,
    },
    /// The model was asked again: what follows is its next reply.
    Step,
    /// A commit that one can go back to.
    Checkpoint {
        commit: String,
        title: String,
    },
    /// What happened, what was kept, what to do next: for people.
    Error {
        text: String,
        remedy: Remedy,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolPart {
    pub call: String,
    pub tool: String,
    /// The JSON text as the model wrote it.
    pub arguments: String,
    pub state: ToolState,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub output: String,
    /// For people: "Edit src/main.ts".
    pub title: String,
    /// Found in the text of the reply: the model knows no tools, and is not told about this one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub from_text: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolState {
    Pending,
    Running,
    Done,
    Error,
}

impl ToolState {
    pub fn over(self) -> bool {
        matches!(self, Self::Done | Self::Error)
    }
}

impl Part {
    pub fn tool(&self) -> Option<&ToolPart> {
        if let Self::Tool(tool) = self { Some(tool) } else { None }
    }

    /// Adds what [`crate::turn::Shown::Grew`] tells: to a text, a thought or a call's arguments.
    pub fn grow(&mut self, more: &str) {
        match self {
            Self::Text { text } | Self::Reasoning { text, .. } => text.push_str(more),
            Self::Tool(tool) => tool.arguments.push_str(more),
            Self::Changes { .. }
            | Self::Feedback { .. }
            | Self::Step
            | Self::Checkpoint { .. }
            | Self::Error { .. } => {}
        }
    }

    pub fn text(&self) -> Option<&str> {
        if let Self::Text { text } = self { Some(text) } else { None }
    }
}

/// What became of proposed changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Pending,
    Applied,
    /// The person took some of the files.
    AppliedInPart,
    Rejected,
    /// Not valid: nothing was changed.
    Refused,
}

/// The one thing that helps after an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    Retry,
    Continue,
    OpenSettings,
    None,
}

/// A message that does not fit into the conversation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misplaced {
    #[error("there are two messages `{0}`")]
    Twice(MessageId),
    #[error("message `{0}` follows one that is not there")]
    Orphan(MessageId),
}

impl Message {
    /// A message of the person.
    pub fn user(id: MessageId, parent: Option<MessageId>, text: String, at_ms: u64) -> Self {
        Self {
            id,
            parent,
            role: Role::User,
            kind: Kind::Chat,
            parts: vec![Part::Text { text }],
            at_ms,
            ended_at_ms: None,
            model: String::new(),
            usage: None,
            state: State::Complete,
        }
    }

    /// An empty reply, to be filled while it streams.
    pub fn reply(id: MessageId, parent: Option<MessageId>, model: String, at_ms: u64) -> Self {
        Self {
            id,
            parent,
            role: Role::Assistant,
            kind: Kind::Chat,
            parts: Vec::new(),
            at_ms,
            ended_at_ms: None,
            model,
            usage: None,
            state: State::Streaming,
        }
    }

    /// Returns the text parts, joined.
    pub fn text(&self) -> String {
        self.parts.iter().filter_map(Part::text).collect::<Vec<_>>().join("\n")
    }

    /// Closes a reply that was streaming when the core died: what is there stands.
    pub fn interrupt(&mut self) {
        if self.state == State::Streaming {
            self.state = State::Interrupted;
        }
    }
}

impl Conversation {
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes stored messages in their order.
    pub fn from_messages(messages: Vec<Message>) -> Result<Self, Misplaced> {
        let mut conversation = Self::new();
        for message in messages {
            conversation.push(message)?;
        }
        Ok(conversation)
    }

    pub fn push(&mut self, message: Message) -> Result<(), Misplaced> {
        if self.get(&message.id).is_some() {
            return Err(Misplaced::Twice(message.id));
        }
        if message.parent.as_ref().is_some_and(|parent| self.get(parent).is_none()) {
            return Err(Misplaced::Orphan(message.id));
        }
        self.messages.push(message);
        Ok(())
    }

    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    pub fn last(&self) -> Option<&Message> {
        self.messages.last()
    }

    pub fn get(&self, id: &MessageId) -> Option<&Message> {
        // The newest ones are asked for most.
        self.messages.iter().rfind(|it| it.id == *id)
    }

    /// Returns the parts of a message to be changed; its place and name stay.
    pub fn get_mut(&mut self, id: &MessageId) -> Option<&mut Message> {
        self.messages.iter_mut().rfind(|it| it.id == *id)
    }

    /// Takes a message and everything after it away, and returns them.
    pub fn cut_from(&mut self, id: &MessageId) -> Vec<Message> {
        match self.messages.iter().position(|it| it.id == *id) {
            Some(at) => self.messages.split_off(at),
            None => Vec::new(),
        }
    }

    /// What a provider gets: roles alternate, it begins with the person, and every tool call is
    /// answered right behind it. A reply that broke off is followed by the request to go on. Thoughts
    /// go back only to the model that had them.
    pub fn to_wire(&self, model: &str) -> Vec<wire::Message> {
        wire_form::of(&self.messages, model)
    }
}

#[cfg(test)]
mod tests;
