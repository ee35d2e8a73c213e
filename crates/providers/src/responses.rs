//! The Responses API, as OpenAI and Azure speak it.
//!
//! Nothing is kept at the vendor: every request holds the whole conversation, and thoughts come
//! and go as encrypted items. Tools that the vendor runs itself are not offered, and what they
//! leave in a reply is passed over.

mod generation;
mod items;
mod output;
mod read_ask;
mod read_reply;
mod usage;
mod write_ask;
mod write_reply;

use std::borrow::Cow;

use serde_json::{Value, json};
use wire::{ModelEvent, Rejection};

use crate::{
    ask::Ask,
    chat,
    dialect::{About, Asked, BadAsk, BadStream, Decoder, Dialect, Encoder},
    frame::{Frame, Framing},
    ids,
    seal::unseal,
    whole::Whole,
};

/// Marks our opaque blocks: those of other vendors are left out of a request.
pub const MARK: &str = "responses";

/// Longer ids the vendor refuses.
const ID_LENGTH: usize = 64;

/// Where requests go, behind the version. Models are listed as for chat completions.
pub const PATH: &str = "/responses";

/// Asks for thoughts that can be sent back although nothing is stored.
const ENCRYPTED: &str = "reasoning.encrypted_content";

#[derive(Debug, Clone, Copy)]
pub struct Responses;

impl Dialect for Responses {
    fn mark(&self) -> &'static str {
        MARK
    }

    fn framing(&self) -> Framing {
        Framing::Events
    }

    fn limit(&self) -> (Option<&'static str>, &'static str) {
        (None, "max_output_tokens")
    }

    fn call_id<'a>(&self, call: &'a str) -> Cow<'a, str> {
        ids::fitting(call, ID_LENGTH, |_| true)
    }

    fn id_fields(&self) -> &'static [&'static str] {
        &["call_id"]
    }

    fn form_headers(&self) -> &'static [&'static str] {
        chat::FORM_HEADERS
    }

    fn write_ask(&self, ask: &Ask, stream: bool) -> Result<Vec<u8>, BadAsk> {
        write_ask::body(ask, stream)
    }

    fn decoder(&self) -> Box<dyn Decoder> {
        Box::new(read_reply::Reader::default())
    }

    /// Also of what tools write that are no functions: it is part of the reply.
    fn is_delta(&self, frame: Frame<'_>) -> bool {
        frame.name.ends_with(b".delta")
    }

    fn read_whole(&self, body: &[u8]) -> Result<Vec<ModelEvent>, BadStream> {
        read_reply::read_whole(body)
    }

    fn read_ask(&self, body: &[u8]) -> Result<Asked, BadAsk> {
        read_ask::read(body)
    }

    fn encoder(&self, about: About) -> Box<dyn Encoder> {
        Box::new(write_reply::Writer::new(about))
    }

    fn write_whole(&self, whole: &Whole, about: &About) -> Vec<u8> {
        write_reply::whole(whole, about)
    }

    fn write_error(&self, rejection: &Rejection) -> Vec<u8> {
        write_reply::error(rejection)
    }
}

/// Returns what must come back with a reasoning item, whosever thought it holds.
///
/// The vendor finds an item without content of its own by its id, where nothing is stored: such
/// a one would only make it refuse the request.
fn opaque(item: &Value) -> Option<Value> {
    let encrypted = item["encrypted_content"].as_str().unwrap_or_default();
    if let Some(block) = unseal(encrypted) {
        return Some(block);
    }
    let open = item["content"].as_array().is_some_and(|it| !it.is_empty());
    if encrypted.is_empty() && !open {
        return None;
    }
    let mut item = item.clone();
    if let Some(fields) = item.as_object_mut() {
        // Clients write out what they were not given, and the vendor refuses a null status.
        fields.retain(|_, value| !value.is_null());
    }
    Some(json!({ MARK: item }))
}

/// The parts of a reasoning item that a person may read: its summary, or the thought itself.
fn thoughts(item: &Value) -> Vec<&str> {
    let texts = |field: &str| -> Vec<&str> {
        let parts = item[field].as_array().into_iter().flatten();
        parts.filter_map(|it| it["text"].as_str()).filter(|it| !it.is_empty()).collect()
    };
    let summary = texts("summary");
    if summary.is_empty() { texts("content") } else { summary }
}

#[cfg(test)]
mod tests;
