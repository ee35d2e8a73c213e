//! Our events as the stream of the Messages API, or as one message.
//!
//! Every block is opened before its first delta and closed before the end.

use serde_json::{Map, Value, json};
use wire::{ModelEvent, Rejection, RejectionCode, StopReason, Usage};

use super::MARK;
use crate::{
    dialect::{About, Encoder, to_json, write_event},
    raw::{self, Tree},
    seal::seal,
    whole::{Ending, Part, Whole},
};

/// Writes events.
#[derive(Debug)]
pub(super) struct Writer {
    about: About,
    begun: bool,
    /// The index that the next block gets.
    next: u32,
    /// The block that texts or thoughts go to.
    open: Option<(u32, Kind)>,
    /// Open calls and their indices.
    calls: Vec<(String, u32)>,
    usage: Usage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Thought,
}

impl Writer {
    pub(super) fn new(about: About) -> Self {
        Self {
            about,
            begun: false,
            next: 0,
            open: None,
            calls: Vec::new(),
            usage: Usage::default(),
        }
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        let mut message = head(&self.about);
        message.insert("content".to_owned(), json!([]));
        message.insert("stop_reason".to_owned(), Value::Null);
        message.insert("stop_sequence".to_owned(), Value::Null);
        // What the prompt cost is known at the end; clients take the last figures.
        message.insert("usage".to_owned(), counts(&Usage::default()));
        event("message_start", json!({ "message": message }), out);
    }

    /// Opens a block, or goes on with the open one if it is of this kind.
    fn block(&mut self, kind: Kind, out: &mut Vec<u8>) -> u32 {
        if let Some((index, open)) = self.open
            && open == kind
        {
            return index;
        }
        self.close(out);
        let block = match kind {
            Kind::Text => json!({ "type": "text", "text": "" }),
            Kind::Thought => json!({ "type": "thinking", "thinking": "", "signature": "" }),
        };
        let index = self.start(block, out);
        self.open = Some((index, kind));
        index
    }

    fn start(&mut self, block: Value, out: &mut Vec<u8>) -> u32 {
        self.begin(out);
        let index = self.next;
        self.next += 1;
        event("content_block_start", json!({ "index": index, "content_block": block }), out);
        index
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        if let Some((index, _)) = self.open.take() {
            stop(index, out);
        }
    }

    /// Ends a thought with what makes it come back to its vendor.
    fn end_thought(&mut self, opaque: &Value, out: &mut Vec<u8>) {
        let own = opaque.get(MARK);
        if let Some(own) = own.filter(|it| it["type"] == "redacted_thinking") {
            self.close(out);
            let index = self.start(own.clone(), out);
            stop(index, out);
            return;
        }
        let signature = match own.and_then(|it| it["signature"].as_str()) {
            Some(signature) => signature.to_owned(),
            None => seal(opaque),
        };
        let index = self.block(Kind::Thought, out);
        delta(index, "signature_delta", "signature", &signature, out);
        self.close(out);
    }
}

impl Encoder for Writer {
    fn write(&mut self, event: &ModelEvent, out: &mut Vec<u8>) {
        match event {
            ModelEvent::TextDelta { text } => {
                let index = self.block(Kind::Text, out);
                delta(index, "text_delta", "text", text, out);
            }
            ModelEvent::Reasoning { text } => {
                let index = self.block(Kind::Thought, out);
                delta(index, "thinking_delta", "thinking", text, out);
            }
            ModelEvent::ReasoningEnd { opaque: Some(opaque) } => self.end_thought(opaque, out),
            ModelEvent::ReasoningEnd { opaque: None } => self.close(out),
            ModelEvent::ToolCallStart { call, tool } => {
                self.close(out);
                let block = json!({ "type": "tool_use", "id": call, "name": tool, "input": {} });
                let index = self.start(block, out);
                self.calls.push((call.clone(), index));
            }
            ModelEvent::ToolCallDelta { call, json } => {
                if let Some((_, index)) = self.calls.iter().find(|it| it.0 == *call) {
                    delta(*index, "input_json_delta", "partial_json", json, out);
                }
            }
            ModelEvent::ToolCallEnd { call } => {
                if let Some(at) = self.calls.iter().position(|it| it.0 == *call) {
                    stop(self.calls.remove(at).1, out);
                }
            }
            ModelEvent::Usage(usage) => self.usage = *usage,
            ModelEvent::Finish { reason, stopped_by } => {
                self.begin(out);
                self.close(out);
                let ending = Ending { reason: *reason, stopped_by: stopped_by.clone() };
                let mut delta = Map::new();
                end(&ending, &mut delta);
                let usage = counts(&self.usage);
                self::event("message_delta", json!({ "delta": delta, "usage": usage }), out);
                self::event("message_stop", json!({}), out);
            }
            ModelEvent::Error(rejection) => {
                out.extend(b"event: error\ndata: ");
                out.extend(error(rejection));
                out.extend(b"\n\n");
            }
        }
    }
}

/// Every event's data repeats its name.
fn event(name: &str, mut data: Value, out: &mut Vec<u8>) {
    data["type"] = name.into();
    write_event(name, &data, out);
}

fn stop(index: u32, out: &mut Vec<u8>) {
    event("content_block_stop", json!({ "index": index }), out);
}

/// The many small ones, written without a detour.
fn delta(index: u32, kind: &str, field: &str, text: &str, out: &mut Vec<u8>) {
    out.extend(b"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":");
    out.extend(index.to_string().as_bytes());
    out.extend(b",\"delta\":{\"type\":\"");
    out.extend(kind.as_bytes());
    out.extend(b"\",\"");
    out.extend(field.as_bytes());
    out.extend(b"\":");
    out.extend(to_json(&text));
    out.extend(b"}}\n\n");
}

fn head(about: &About) -> Map<String, Value> {
    let mut head = Map::new();
    head.insert("id".to_owned(), format!("msg_{}", about.id).into());
    head.insert("type".to_owned(), "message".into());
    head.insert("role".to_owned(), "assistant".into());
    head.insert("model".to_owned(), about.model.as_str().into());
    head
}

fn end(ending: &Ending, into: &mut Map<String, Value>) {
    let reason = match ending.reason {
        StopReason::EndOfTurn if ending.stopped_by.is_some() => "stop_sequence",
        StopReason::EndOfTurn => "end_turn",
        StopReason::ToolUse => "tool_use",
        StopReason::OutputLimit => "max_tokens",
        StopReason::Refused => "refusal",
    };
    into.insert("stop_reason".to_owned(), reason.into());
    into.insert("stop_sequence".to_owned(), json!(ending.stopped_by));
}

/// This dialect counts cached tokens beside the input, and thoughts within the output.
fn counts(usage: &Usage) -> Value {
    json!({
        "input_tokens": u64::from(usage.input_tokens) + u64::from(usage.audio_input_tokens),
        "cache_read_input_tokens": usage.cache_read_tokens,
        "cache_creation_input_tokens":
            u64::from(usage.cache_write_tokens) + u64::from(usage.cache_write_long_tokens),
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_write_tokens,
            "ephemeral_1h_input_tokens": usage.cache_write_long_tokens,
        },
        "output_tokens": usage.all_output_tokens(),
    })
}

pub(super) fn whole(whole: &Whole, about: &About) -> Vec<u8> {
    let mut message = head(about);
    let content: Vec<Value> = whole.parts.iter().map(part).collect();
    message.insert("content".to_owned(), content.into());
    end(&whole.ending(), &mut message);
    message.insert("usage".to_owned(), counts(&whole.usage.unwrap_or_default()));
    to_json(&Tree(&message.into()))
}

fn part(part: &Part) -> Value {
    match part {
        Part::Text(text) => json!({ "type": "text", "text": text }),
        Part::Call { call, tool, arguments } => {
            // A limit may have cut them off.
            let input = raw::written(arguments).unwrap_or_else(|| json!({}));
            json!({ "type": "tool_use", "id": call, "name": tool, "input": input })
        }
        Part::Thought { text, opaque } => {
            let own = opaque.as_ref().and_then(|it| it.get(MARK));
            let signature = opaque.as_ref().map(seal).unwrap_or_default();
            own.cloned().unwrap_or_else(
                || json!({ "type": "thinking", "thinking": text, "signature": signature }),
            )
        }
    }
}

pub(super) fn error(rejection: &Rejection) -> Vec<u8> {
    let kind = match rejection.code {
        RejectionCode::NotPaired => "authentication_error",
        RejectionCode::NoProvider | RejectionCode::UnknownModel | RejectionCode::NotThere => {
            "not_found_error"
        }
        RejectionCode::TooLarge => "request_too_large",
        RejectionCode::NotAllowed => "permission_error",
        RejectionCode::InsufficientBalance => "billing_error",
        RejectionCode::Busy => "rate_limit_error",
        RejectionCode::PromptTooLong
        | RejectionCode::BadRequest
        | RejectionCode::Repeated
        | RejectionCode::Filtered => "invalid_request_error",
        RejectionCode::ProviderFailed
        | RejectionCode::BadKey
        | RejectionCode::Unreachable
        | RejectionCode::CutOff
        | RejectionCode::Broken => "api_error",
    };
    to_json(&json!({
        "type": "error",
        "error": { "type": kind, "message": rejection.message },
        "request_id": rejection.request_id,
    }))
}
