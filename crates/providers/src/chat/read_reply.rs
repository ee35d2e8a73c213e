//! The stream of chat completions as our events, from any server.
//!
//! The servers disagree about when a call has an id, an index or a name, and about what usage
//! counts; every rule here is for one that was seen. It judges no content.

use serde::Deserialize;
use serde_json::{Map, Value, json, value::RawValue};
use wire::{ModelEvent, StopReason};

use super::{MARK, usage};
use crate::{
    dialect::{BadStream, Decoder},
    failure,
    frame::Frame,
    raw,
    reply::Reply,
};

#[derive(Debug, Default)]
pub(super) struct Reader {
    reply: Reply,
    calls: Vec<Call>,
    thought: Thought,
    reason: Option<StopReason>,
    refused: bool,
}

/// A call as the server names it.
#[derive(Debug)]
struct Call {
    index: Option<u64>,
    /// The server's id; empty when it gave none.
    id: String,
    /// Ours.
    call: String,
    has_arguments: bool,
}

/// What must go back to the server with the next request.
#[derive(Debug, Default)]
struct Thought {
    field: Option<&'static str>,
    text: String,
    details: Vec<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Chunk {
    choices: Option<Vec<Choice>>,
    usage: Option<Value>,
    error: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Choice {
    index: u64,
    #[serde(alias = "message")]
    delta: Option<Delta>,
    finish_reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Delta {
    content: Option<Value>,
    reasoning_content: Option<String>,
    reasoning: Option<String>,
    reasoning_details: Option<Vec<Value>>,
    refusal: Option<String>,
    tool_calls: Option<Vec<Fragment>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Fragment {
    index: Option<u64>,
    id: Option<String>,
    function: Option<Function>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Function {
    name: Option<String>,
    /// A text, or from some local servers an object.
    arguments: Option<Box<RawValue>>,
}

impl Decoder for Reader {
    fn decode(&mut self, frame: Frame<'_>, events: &mut Vec<ModelEvent>) -> Result<(), BadStream> {
        let data = frame.data.trim_ascii();
        if data == b"[DONE]" {
            self.conclude();
        } else if !data.is_empty() {
            let chunk = serde_json::from_slice(data)
                .map_err(|source| BadStream::unreadable(frame.name, source))?;
            self.read(chunk);
        }
        self.reply.take_into(events);
        Ok(())
    }

    fn end(&mut self, events: &mut Vec<ModelEvent>) {
        // Many servers give the reason and forget the `[DONE]`.
        if self.reason.is_some() {
            self.conclude();
        }
        self.reply.cut_off();
        self.reply.take_into(events);
    }
}

/// Reads an answer in one piece: the same fields, in `message` instead of `delta`.
pub(super) fn read_whole(body: &[u8]) -> Result<Vec<ModelEvent>, BadStream> {
    let chunk =
        serde_json::from_slice(body).map_err(|source| BadStream::unreadable(b"", source))?;
    let mut reader = Reader::default();
    let mut events = Vec::new();
    reader.read(chunk);
    reader.end(&mut events);
    Ok(events)
}

impl Reader {
    fn read(&mut self, chunk: Chunk) {
        if let Some(error) = chunk.error.filter(|it| !it.is_null()) {
            self.end_thought();
            self.reply.fail(failure::from_stream(&error));
            return;
        }
        if let Some(usage) = chunk.usage.as_ref().and_then(usage::read) {
            self.reply.count(usage);
        }
        for choice in chunk.choices.unwrap_or_default() {
            // We ask for one answer.
            if choice.index == 0 {
                self.read_delta(choice.delta.unwrap_or_default());
                self.read_reason(choice.finish_reason.as_deref());
            }
        }
    }

    fn read_delta(&mut self, delta: Delta) {
        self.thought.details.extend(delta.reasoning_details.unwrap_or_default());
        for (field, text) in
            [("reasoning_content", delta.reasoning_content), ("reasoning", delta.reasoning)]
        {
            let Some(text) = text.filter(|it| !it.is_empty()) else { continue };
            // Some servers send the same thought in both fields.
            if *self.thought.field.get_or_insert(field) == field {
                self.thought.text.push_str(&text);
                self.reply.think(&text);
            }
        }
        if let Some(content) = delta.content {
            self.read_content(&content);
        }
        if let Some(refusal) = delta.refusal.filter(|it| !it.is_empty()) {
            self.refused = true;
            self.say(&refusal);
        }
        for fragment in delta.tool_calls.unwrap_or_default() {
            self.read_call(fragment);
        }
    }

    /// A text, or from some servers a list of parts.
    fn read_content(&mut self, content: &Value) {
        match content {
            Value::String(text) => self.say(text),
            Value::Array(parts) => {
                for part in parts {
                    if let Some(text) = part["text"].as_str() {
                        self.say(text);
                    }
                    for thought in part["thinking"].as_array().into_iter().flatten() {
                        self.reply.think(thought["text"].as_str().unwrap_or_default());
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {}
        }
    }

    fn say(&mut self, text: &str) {
        if !text.is_empty() {
            self.end_thought();
            self.reply.text(text);
        }
    }

    fn read_call(&mut self, fragment: Fragment) {
        let function = fragment.function.unwrap_or_default();
        let id = fragment.id.unwrap_or_default();
        let name = function.name.unwrap_or_default();
        let at = self.find_call(fragment.index, &id, &name).unwrap_or_else(|| {
            self.end_thought();
            let call = self.reply.start_call(&id, &name);
            self.calls.push(Call { index: fragment.index, id, call, has_arguments: false });
            self.calls.len() - 1
        });
        let arguments = match function.arguments.as_deref() {
            Some(raw) if raw.get().starts_with('{') => raw::compact(raw),
            // A text, or nothing of use.
            Some(raw) => serde_json::from_str(raw.get()).unwrap_or_default(),
            None => String::new(),
        };
        let call = &mut self.calls[at];
        call.has_arguments |= !arguments.is_empty();
        self.reply.continue_call(&call.call, &arguments);
    }

    /// Returns the call that a fragment goes on with; none when it begins one.
    ///
    /// The newest with the same index is meant, unless the fragment brings another id: some
    /// servers give every call the index 0, some repeat id and name in every chunk.
    fn find_call(&self, index: Option<u64>, id: &str, name: &str) -> Option<usize> {
        let newest = match index {
            Some(_) => self.calls.iter().rposition(|it| it.index == index)?,
            None if !id.is_empty() => return self.calls.iter().rposition(|it| it.id == id),
            None if !name.is_empty() => return None,
            None => self.calls.len().checked_sub(1)?,
        };
        let known = &self.calls[newest].id;
        (id.is_empty() || known.is_empty() || known == id).then_some(newest)
    }

    fn end_thought(&mut self) {
        let thought = std::mem::take(&mut self.thought);
        let mut fields = Map::new();
        if let Some(field) = thought.field {
            fields.insert(field.to_owned(), thought.text.into());
        }
        if !thought.details.is_empty() {
            fields.insert("reasoning_details".to_owned(), merged(thought.details).into());
        }
        let opaque = (!fields.is_empty()).then(|| json!({ MARK: fields }));
        self.reply.end_thought(opaque);
    }

    fn read_reason(&mut self, reason: Option<&str>) {
        let reason = match reason {
            None | Some("") => return,
            Some("length" | "max_tokens") => StopReason::OutputLimit,
            Some("tool_calls" | "function_call") => StopReason::ToolUse,
            Some("content_filter") => StopReason::Refused,
            Some("error") => {
                self.reply.fail(failure::from_stream(&Value::Null));
                return;
            }
            Some(_) => StopReason::EndOfTurn,
        };
        self.reason = Some(reason);
        self.end_thought();
        for call in std::mem::take(&mut self.calls) {
            if !call.has_arguments {
                self.reply.continue_call(&call.call, "{}"); // A tool without arguments.
            }
            self.reply.end_call(&call.call);
        }
    }

    /// Usage comes after the reason, so the end waits for the end.
    fn conclude(&mut self) {
        self.end_thought();
        match self.reason {
            Some(StopReason::EndOfTurn) if self.refused => self.reply.finish(StopReason::Refused),
            Some(reason) => self.reply.finish(reason),
            None => self.reply.cut_off(),
        }
    }
}

/// Joins the pieces of each reasoning block, which come one by one and go back as one.
fn merged(details: Vec<Value>) -> Vec<Value> {
    let mut whole: Vec<Value> = Vec::new();
    for piece in details {
        let same = |it: &&mut Value| it["type"] == piece["type"] && it["index"] == piece["index"];
        let target = whole.last_mut().filter(same).and_then(Value::as_object_mut);
        let (Some(target), Value::Object(piece)) = (target, &piece) else {
            whole.push(piece);
            continue;
        };
        for (name, value) in piece {
            match (name.as_str(), target.get_mut(name), value) {
                ("text" | "summary" | "data", Some(Value::String(text)), Value::String(more)) => {
                    text.push_str(more);
                }
                (_, Some(_), Value::Null) => {}
                (_, _, value) => {
                    target.insert(name.clone(), value.clone());
                }
            }
        }
    }
    whole
}
