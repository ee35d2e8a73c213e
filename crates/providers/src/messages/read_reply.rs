//! The stream of the Messages API as our events.
//!
//! It remembers what the vendor's events only refer to by an index, and nothing else.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use wire::{ModelEvent, StopReason, Usage};

use super::MARK;
use crate::{
    dialect::{BadStream, Decoder},
    failure,
    frame::Frame,
    raw,
    reply::Reply,
};

/// Reads a stream of the Messages API.
#[derive(Debug, Default)]
pub(super) struct Reader {
    reply: Reply,
    /// By the block's index: later events name nothing else.
    blocks: BTreeMap<u64, Open>,
    usage: Counts,
    reason: Option<StopReason>,
    stopped_by: Option<String>,
}

#[derive(Debug)]
enum Open {
    Thought { block: Value, thinking: String, signature: String },
    Call { id: String, has_input: bool },
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Incoming {
    MessageStart {
        message: Start,
    },
    ContentBlockStart {
        index: u64,
        content_block: Value,
    },
    ContentBlockDelta {
        index: u64,
        delta: Delta,
    },
    ContentBlockStop {
        index: u64,
    },
    MessageDelta {
        delta: End,
        #[serde(default)]
        usage: Counts,
    },
    MessageStop,
    Error {
        #[serde(default)]
        error: Value,
    },
    /// Providers add events; unknown ones are not errors.
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
struct Start {
    #[serde(default)]
    usage: Counts,
}

#[derive(Debug, Deserialize)]
struct End {
    #[serde(default)]
    stop_reason: Option<String>,
    #[serde(default)]
    stop_sequence: Option<String>,
}

/// An answer in one piece.
#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(default)]
    content: Vec<Box<RawValue>>,
    #[serde(flatten)]
    end: End,
    #[serde(default)]
    usage: Counts,
    #[serde(default)]
    error: Value,
}

#[derive(Debug, Default, Deserialize)]
struct Called<'a> {
    #[serde(borrow, default)]
    input: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
enum Delta {
    #[serde(rename = "text_delta")]
    Text { text: String },
    #[serde(rename = "thinking_delta")]
    Thinking { thinking: String },
    #[serde(rename = "signature_delta")]
    Signature { signature: String },
    #[serde(rename = "input_json_delta")]
    Input { partial_json: String },
    #[serde(other)]
    Other,
}

/// Cumulative figures: each message brings newer ones, never further ones.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
struct Counts {
    input_tokens: Option<u32>,
    cache_read_input_tokens: Option<u32>,
    cache_creation_input_tokens: Option<u32>,
    cache_creation: Option<Written>,
    output_tokens: Option<u32>,
}

/// What was written to the caches, by how long they live.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
struct Written {
    #[serde(default)]
    ephemeral_1h_input_tokens: u32,
}

impl Counts {
    fn update(&mut self, newer: Self) {
        self.input_tokens = newer.input_tokens.or(self.input_tokens);
        self.cache_read_input_tokens =
            newer.cache_read_input_tokens.or(self.cache_read_input_tokens);
        self.cache_creation_input_tokens =
            newer.cache_creation_input_tokens.or(self.cache_creation_input_tokens);
        self.cache_creation = newer.cache_creation.or(self.cache_creation);
        self.output_tokens = newer.output_tokens.or(self.output_tokens);
    }

    fn usage(self) -> Option<Usage> {
        self.input_tokens.or(self.output_tokens)?;
        let written = self.cache_creation_input_tokens.unwrap_or(0);
        let long = self.cache_creation.map_or(0, |it| it.ephemeral_1h_input_tokens).min(written);
        Some(Usage {
            input_tokens: self.input_tokens.unwrap_or(0),
            cache_read_tokens: self.cache_read_input_tokens.unwrap_or(0),
            cache_write_tokens: written - long,
            cache_write_long_tokens: long,
            output_tokens: self.output_tokens.unwrap_or(0),
            ..Usage::default()
        })
    }
}

impl Decoder for Reader {
    fn decode(&mut self, frame: Frame<'_>, events: &mut Vec<ModelEvent>) -> Result<(), BadStream> {
        if frame.data.is_empty() {
            return Ok(());
        }
        let incoming = serde_json::from_slice(frame.data)
            .map_err(|source| BadStream::unreadable(frame.name, source))?;
        self.read(incoming);
        self.reply.take_into(events);
        Ok(())
    }

    fn end(&mut self, events: &mut Vec<ModelEvent>) {
        match self.reason {
            // The reason was given; only the farewell is missing.
            Some(reason) => self.finish(reason),
            None => self.reply.cut_off(),
        }
        self.reply.take_into(events);
    }
}

/// Reads an answer in one piece.
pub(super) fn read_whole(body: &[u8]) -> Result<Vec<ModelEvent>, BadStream> {
    let answer: Answer =
        serde_json::from_slice(body).map_err(|source| BadStream::unreadable(b"", source))?;
    let mut reader = Reader::default();
    let mut events = Vec::new();
    if !answer.error.is_null() {
        reader.reply.fail(failure::from_stream(&answer.error));
    }
    for (index, raw) in (0..).zip(&answer.content) {
        let block = serde_json::from_str(raw.get());
        let block = block.map_err(|source| BadStream::unreadable(b"", source))?;
        let Called { input } = serde_json::from_str(raw.get()).unwrap_or_default(); // No call.
        reader.open(index, block, input);
        reader.close(index);
    }
    reader.count(answer.usage);
    reader.read_end(answer.end);
    reader.end(&mut events);
    Ok(events)
}

impl Reader {
    fn read(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::MessageStart { message } => {
                // A second one begins the message again: what was open will not go on.
                self.close_all();
                self.count(message.usage);
            }
            Incoming::ContentBlockStart { index, content_block } => {
                self.close(index);
                self.open(index, content_block, None);
            }
            Incoming::ContentBlockDelta { index, delta } => self.go_on(index, delta),
            Incoming::ContentBlockStop { index } => self.close(index),
            Incoming::MessageDelta { delta, usage } => {
                self.count(usage);
                self.read_end(delta);
            }
            Incoming::MessageStop => {
                self.close_all();
                self.finish(self.reason.unwrap_or(StopReason::EndOfTurn));
            }
            Incoming::Error { error } => self.reply.fail(failure::from_stream(&error)),
            Incoming::Other => {}
        }
    }

    fn read_end(&mut self, end: End) {
        self.reason = end.stop_reason.as_deref().map(stop_reason).or(self.reason);
        self.stopped_by = end.stop_sequence.or(self.stopped_by.take());
    }

    fn finish(&mut self, reason: StopReason) {
        self.reply.finish_by(reason, self.stopped_by.take());
    }

    fn count(&mut self, newer: Counts) {
        self.usage.update(newer);
        if let Some(usage) = self.usage.usage() {
            self.reply.count(usage);
        }
    }

    /// `written` is what a call's input is as a text, where the block is not of a stream.
    fn open(&mut self, index: u64, block: Value, written: Option<&RawValue>) {
        let text = |name: &str| block[name].as_str().unwrap_or_default();
        match text("type") {
            "text" => self.reply.text(text("text")),
            "tool_use" => {
                let id = self.reply.start_call(text("id"), text("name"));
                // Complete at once from some gateways, `{}` as a placeholder from the vendor.
                let whole = block["input"].as_object().filter(|it| !it.is_empty());
                if let Some(input) = whole {
                    let input = written.map_or_else(|| json!(input).to_string(), raw::compact);
                    self.reply.continue_call(&id, &input);
                }
                self.blocks.insert(index, Open::Call { id, has_input: whole.is_some() });
            }
            "thinking" | "redacted_thinking" => {
                self.reply.think(text("thinking"));
                let thinking = text("thinking").to_owned();
                let signature = text("signature").to_owned();
                self.blocks.insert(index, Open::Thought { block, thinking, signature });
            }
            // Blocks of the provider's own tools, which we do not offer, and unknown ones.
            _ => {}
        }
    }

    fn go_on(&mut self, index: u64, delta: Delta) {
        match (delta, self.blocks.get_mut(&index)) {
            (Delta::Text { text }, _) => self.reply.text(&text),
            (Delta::Thinking { thinking: more }, Some(Open::Thought { thinking, .. })) => {
                thinking.push_str(&more);
                self.reply.think(&more);
            }
            (Delta::Signature { signature: more }, Some(Open::Thought { signature, .. })) => {
                signature.push_str(&more);
            }
            (Delta::Input { partial_json }, Some(Open::Call { id, has_input })) => {
                *has_input |= !partial_json.is_empty();
                self.reply.continue_call(id, &partial_json);
            }
            // Deltas of blocks that were not opened for us.
            (
                Delta::Thinking { .. }
                | Delta::Signature { .. }
                | Delta::Input { .. }
                | Delta::Other,
                _,
            ) => {}
        }
    }

    fn close(&mut self, index: u64) {
        match self.blocks.remove(&index) {
            Some(Open::Thought { mut block, thinking, signature }) => {
                if block["type"] == "thinking" {
                    block["thinking"] = thinking.into();
                    block["signature"] = signature.into();
                }
                self.reply.end_thought(Some(json!({ MARK: block })));
            }
            Some(Open::Call { id, has_input }) => {
                if !has_input {
                    self.reply.continue_call(&id, "{}"); // A tool without arguments.
                }
                self.reply.end_call(&id);
            }
            None => {}
        }
    }

    fn close_all(&mut self) {
        let indices: Vec<u64> = self.blocks.keys().copied().collect();
        for index in indices {
            self.close(index);
        }
    }
}

fn stop_reason(text: &str) -> StopReason {
    match text {
        "tool_use" => StopReason::ToolUse,
        "max_tokens" | "model_context_window_exceeded" => StopReason::OutputLimit,
        "refusal" => StopReason::Refused,
        _ => StopReason::EndOfTurn,
    }
}
