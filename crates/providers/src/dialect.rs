//! What a dialect is: a vendor's form of a request and of a reply, read and written.
//!
//! The proxy speaks every dialect in both directions, to providers and to clients, so that any of
//! the one can answer any of the other. Addresses, keys and routes are [`vendor`](crate::vendor)'s.

use std::{borrow::Cow, fmt::Debug};

use serde_json::Value;
use wire::{ModelEvent, Rejection};

use crate::{
    ask::Ask,
    frame::{Frame, Framing},
    whole::Whole,
};

/// A vendor's form.
pub trait Dialect: Send + Sync + Debug {
    /// Marks this dialect's opaque blocks; those of others are left out of a request.
    fn mark(&self) -> &'static str;

    /// How a streamed reply is cut into frames.
    fn framing(&self) -> Framing;

    /// Where a request says how long a reply may be: a field, and the object that it is in, if it is
    /// in one.
    fn limit(&self) -> (Option<&'static str>, &'static str);

    /// A client that says nothing about it gets a stream.
    fn streams_unasked(&self) -> bool {
        false
    }

    /// Returns the id of a call as this vendor takes it: those that others gave may be too long.
    /// A call and its result are changed alike.
    fn call_id<'a>(&self, call: &'a str) -> Cow<'a, str> {
        Cow::Borrowed(call)
    }

    /// The fields in which ids of calls stand, that of a result first; none where there are no ids.
    fn id_fields(&self) -> &'static [&'static str] {
        &[]
    }

    /// Headers that say what form a request has. They go along with a body that goes on as it
    /// came; none of them tells who asks.
    fn form_headers(&self) -> &'static [&'static str] {
        &[]
    }

    /// What stands behind the address for the same purpose.
    fn form_query(&self) -> Option<&'static str> {
        None
    }

    /// Writes the body of a request to a provider.
    fn write_ask(&self, ask: &Ask, stream: bool) -> Result<Vec<u8>, BadAsk>;

    /// Returns a reader of one streamed reply.
    fn decoder(&self) -> Box<dyn Decoder>;

    /// Returns whether a frame does nothing but add to the reply, so that whoever only wants to
    /// know its cost and its end need not read it.
    fn is_delta(&self, _frame: Frame<'_>) -> bool {
        false
    }

    /// Reads a reply that came in one piece, as the events that a stream would have brought.
    fn read_whole(&self, body: &[u8]) -> Result<Vec<ModelEvent>, BadStream>;

    /// Reads the body of a client's request.
    fn read_ask(&self, body: &[u8]) -> Result<Asked, BadAsk>;

    /// Returns a writer of one streamed reply.
    fn encoder(&self, about: About) -> Box<dyn Encoder>;

    /// Writes a reply in one piece.
    fn write_whole(&self, whole: &Whole, about: &About) -> Vec<u8>;

    /// Writes the body of an error answer.
    fn write_error(&self, rejection: &Rejection) -> Vec<u8>;
}

/// Translates one streamed reply; it remembers what it must between frames.
pub trait Decoder: Send + Debug {
    /// Reads a frame and adds what it says.
    fn decode(&mut self, frame: Frame<'_>, events: &mut Vec<ModelEvent>) -> Result<(), BadStream>;

    /// The stream is over. Ends what is open, and says so if the terminator is missing.
    fn end(&mut self, events: &mut Vec<ModelEvent>);
}

/// Writes one streamed reply.
pub trait Encoder: Send + Debug {
    /// Appends an event with its framing. After the event that ends the reply nothing follows.
    fn write(&mut self, event: &ModelEvent, out: &mut Vec<u8>);

    /// What says that the stream is alive, and nothing else to clients of this dialect.
    fn keep_alive(&self) -> Cow<'static, [u8]> {
        Cow::Borrowed(b": ping\n\n")
    }
}

/// A client's request, and the form of the reply that it wants.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Without a model where the dialect has it in the path.
    pub ask: Ask,
    pub stream: bool,
    /// It wants the usage as a last chunk.
    pub usage: bool,
}

/// What a reply to a client says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// Without the dialect's prefix.
    pub id: String,
    /// As the client named it.
    pub model: String,
    pub created_secs: u64,
    /// The client wants the usage as a last chunk.
    pub usage: bool,
}

/// Why a request cannot be read, or not be written for a provider.
#[derive(Debug, thiserror::Error)]
pub enum BadAsk {
    #[error("the body cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    #[error("`{field}` is not supported here; leave it out")]
    Unsupported { field: &'static str },
    #[error("`{field}` {what}")]
    Wrong { field: String, what: &'static str },
    /// The provider has no form for it.
    #[error("this model's provider takes no {what}")]
    Untold { what: &'static str },
}

/// The provider sent something that this version cannot read.
#[derive(Debug, thiserror::Error)]
pub enum BadStream {
    #[error("cannot read the event {name:?}")]
    Unreadable { name: String, source: serde_json::Error },
    #[error("an event is longer than {limit_bytes} bytes")]
    TooLong { limit_bytes: usize },
    #[error("a message's checksum is wrong")]
    Damaged,
    #[error("a line is no field of an event")]
    NoField,
}

impl BadStream {
    pub(crate) fn unreadable(name: &[u8], source: serde_json::Error) -> Self {
        let name = String::from_utf8_lossy(name).chars().take(80).collect();
        Self::Unreadable { name, source }
    }
}

impl BadAsk {
    /// Names a field and what is wrong with it: "is missing".
    pub fn wrong(field: impl Into<String>, what: &'static str) -> Self {
        Self::Wrong { field: field.into(), what }
    }
}

/// Whether a field that has no place here wants anything.
pub(crate) fn says_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(list) => !list.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Bool(true) | Value::Number(_) | Value::String(_) => true,
    }
}

/// Appends a server-sent event.
pub(crate) fn write_event(name: &str, data: &impl serde::Serialize, out: &mut Vec<u8>) {
    if !name.is_empty() {
        out.extend(b"event: ");
        out.extend(name.as_bytes());
        out.push(b'\n');
    }
    out.extend(b"data: ");
    out.extend(to_json(data));
    out.extend(b"\n\n");
}

/// Texts, numbers and schemas always serialize.
pub(crate) fn to_json(value: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("our own values have no keys but texts")
}
