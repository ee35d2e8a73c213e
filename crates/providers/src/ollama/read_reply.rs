//! The lines of a reply as our events.
//!
//! Every line is whole in itself, calls included, so that only the thought's text is remembered:
//! some models lose their thread when it does not come back.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use wire::{ModelEvent, StopReason, Usage};

use super::MARK;
use crate::{
    dialect::{BadStream, Decoder},
    failure,
    frame::Frame,
    reply::Reply,
};

#[derive(Debug, Default)]
pub(super) struct Reader {
    reply: Reply,
    /// The thought that is not over yet.
    thought: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Line<'a> {
    #[serde(borrow)]
    message: Option<Said<'a>>,
    done: Option<bool>,
    #[serde(borrow)]
    done_reason: Option<Text<'a>>,
    error: Value,
    /// Beside an error: what would have been the answer's status.
    status: Value,
    prompt_eval_count: Value,
    prompt_eval_cached_count: Value,
    eval_count: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said<'a> {
    #[serde(borrow)]
    content: Option<Text<'a>>,
    #[serde(borrow)]
    thinking: Option<Text<'a>>,
    #[serde(borrow)]
    tool_calls: Option<Vec<Call<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Call<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    function: Option<Function<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Function<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    /// An object, or from some servers the text of one.
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

/// A text that stays in its line where it has no escapes.
#[derive(Debug, Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Decoder for Reader {
    fn decode(&mut self, frame: Frame<'_>, events: &mut Vec<ModelEvent>) -> Result<(), BadStream> {
        let line = serde_json::from_slice(frame.data)
            .map_err(|source| BadStream::unreadable(frame.name, source))?;
        self.read(line);
        self.reply.take_into(events);
        Ok(())
    }

    fn end(&mut self, events: &mut Vec<ModelEvent>) {
        self.reply.cut_off();
        self.reply.take_into(events);
    }
}

/// Reads an answer in one piece, which is the only line of a stream.
pub(super) fn read_whole(body: &[u8]) -> Result<Vec<ModelEvent>, BadStream> {
    let mut reader = Reader::default();
    let mut events = Vec::new();
    reader.decode(Frame { name: b"", data: body }, &mut events)?;
    reader.end(&mut events);
    Ok(events)
}

impl Reader {
    fn read(&mut self, line: Line<'_>) {
        if !(line.error.is_null() || line.error == "") {
            self.reply.fail(failure::from_stream(&complaint(line.error, line.status)));
            return;
        }
        if let Some(usage) = usage(&line) {
            self.reply.count(usage);
        }
        self.read_message(line.message.unwrap_or_default());
        if line.done == Some(true) {
            self.end_thought();
            self.reply.finish(stop_reason(text(line.done_reason.as_ref())));
        }
    }

    fn read_message(&mut self, said: Said<'_>) {
        let thinking = text(said.thinking.as_ref());
        self.thought.push_str(thinking);
        self.reply.think(thinking);
        let content = text(said.content.as_ref());
        if !content.is_empty() {
            self.end_thought();
            self.reply.text(content);
        }
        for call in said.tool_calls.unwrap_or_default() {
            self.end_thought();
            let function = call.function.unwrap_or_default();
            // Two calls may be equal in everything: each is meant.
            let id = self.reply.start_call(text(call.id.as_ref()), text(function.name.as_ref()));
            self.reply.continue_call(&id, &arguments(function.arguments));
            self.reply.end_call(&id);
        }
    }

    fn end_thought(&mut self) {
        if !self.thought.is_empty() {
            let thought = std::mem::take(&mut self.thought);
            self.reply.end_thought(Some(json!({ MARK: { "thinking": thought } })));
        }
    }
}

fn text<'a>(text: Option<&'a Text<'_>>) -> &'a str {
    text.map_or("", |it| &it.0)
}

/// Returns the arguments' text as it stands in the line.
fn arguments(raw: Option<&RawValue>) -> Cow<'_, str> {
    let raw = raw.map_or("", RawValue::get);
    if raw.starts_with('{') {
        return Cow::Borrowed(raw);
    }
    match serde_json::from_str::<String>(raw) {
        Ok(text) if !text.trim().is_empty() => Cow::Owned(text),
        Ok(_) | Err(_) => Cow::Borrowed("{}"), // A tool without arguments.
    }
}

fn stop_reason(word: &str) -> StopReason {
    match word {
        "length" => StopReason::OutputLimit,
        "content_filter" => StopReason::Refused, // Of gateways that speak for another vendor.
        _ => StopReason::EndOfTurn,
    }
}

/// Figures that make no sense are left out; they never stop a reply.
fn usage(line: &Line<'_>) -> Option<Usage> {
    let prompt = line.prompt_eval_count.as_u64();
    let output = line.eval_count.as_u64();
    prompt.or(output)?;
    let prompt = prompt.unwrap_or(0); // Left out by old servers when all of it was remembered.
    let cached = line.prompt_eval_cached_count.as_u64().unwrap_or(0).min(prompt);
    Some(Usage {
        input_tokens: tokens(prompt - cached),
        cache_read_tokens: tokens(cached),
        output_tokens: tokens(output.unwrap_or(0)),
        ..Usage::default()
    })
}

fn tokens(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Returns an error in the form that all vendors' errors are read in.
fn complaint(error: Value, status: Value) -> Value {
    let Value::String(words) = error else { return error };
    // Ollama passes its runner's answer on as it came.
    if let Ok(inner @ Value::Object(_)) = serde_json::from_str(&words) {
        return inner;
    }
    json!({ "message": words, "code": status })
}
