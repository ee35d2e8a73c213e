//! Our events as chunks of chat completions, or as one answer.
//!
//! It judges nothing: the order of events was settled before.

use serde::Serialize;
use serde_json::{Map, Value, json};
use wire::{ModelEvent, Rejection, StopReason, Usage};

use super::MARK;
use crate::{
    dialect::{About, Encoder, to_json, write_event},
    failure, messages,
    seal::seal,
    whole::{Part, Whole},
};

/// Writes chunks.
#[derive(Debug)]
pub(super) struct Writer {
    about: About,
    id: String,
    usage: Option<Usage>,
    /// The calls' ids: the place in the list is the index that chunks name.
    calls: Vec<String>,
    begun: bool,
}

#[derive(Debug, Serialize)]
struct Chunk<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    model: &'a str,
    choices: &'a [Choice<'a>],
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Value>,
}

#[derive(Debug, Serialize)]
struct Choice<'a> {
    index: u32,
    delta: Delta<'a>,
    finish_reason: Option<&'static str>,
}

#[derive(Debug, Default, Serialize)]
struct Delta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<&'a str>,
    #[serde(flatten)]
    opaque: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_calls: Option<[Call<'a>; 1]>,
}

#[derive(Debug, Serialize)]
struct Call<'a> {
    index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    function: Function<'a>,
}

#[derive(Debug, Serialize)]
struct Function<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    arguments: &'a str,
}

impl Writer {
    pub(super) fn new(about: About) -> Self {
        let id = format!("chatcmpl-{}", about.id);
        Self { about, id, usage: None, calls: Vec::new(), begun: false }
    }

    fn delta(&mut self, delta: Delta<'_>, out: &mut Vec<u8>) {
        let role = (!std::mem::replace(&mut self.begun, true)).then_some("assistant");
        let delta = Delta { role, ..delta };
        self.chunk(&[Choice { index: 0, delta, finish_reason: None }], None, out);
    }

    fn chunk(&self, choices: &[Choice<'_>], usage: Option<Value>, out: &mut Vec<u8>) {
        let chunk = Chunk {
            id: &self.id,
            object: "chat.completion.chunk",
            created: self.about.created_secs,
            model: &self.about.model,
            choices,
            usage,
        };
        write_event("", &chunk, out);
    }

    fn index(&self, call: &str) -> usize {
        self.calls.iter().position(|it| it == call).unwrap_or_default()
    }

    fn finish(&self, reason: StopReason, out: &mut Vec<u8>) {
        let finish_reason = Some(finish_reason(reason));
        self.chunk(&[Choice { index: 0, delta: Delta::default(), finish_reason }], None, out);
        if self.about.usage {
            self.chunk(&[], Some(counts(&self.usage.unwrap_or_default())), out);
        }
        out.extend(b"data: [DONE]\n\n");
    }
}

impl Encoder for Writer {
    fn write(&mut self, event: &ModelEvent, out: &mut Vec<u8>) {
        match event {
            ModelEvent::TextDelta { text } => {
                self.delta(Delta { content: Some(text), ..Delta::default() }, out);
            }
            ModelEvent::Reasoning { text } => {
                self.delta(Delta { reasoning_content: Some(text), ..Delta::default() }, out);
            }
            ModelEvent::ReasoningEnd { opaque: Some(opaque) } => {
                self.delta(Delta { opaque: Some(fields(opaque)), ..Delta::default() }, out);
            }
            ModelEvent::ToolCallStart { call, tool } => {
                let index = self.calls.len();
                self.calls.push(call.clone());
                let function = Function { name: Some(tool), arguments: "" };
                let start = Call { index, id: Some(call), kind: Some("function"), function };
                self.delta(Delta { tool_calls: Some([start]), ..Delta::default() }, out);
            }
            ModelEvent::ToolCallDelta { call, json } => {
                let function = Function { name: None, arguments: json };
                let more = Call { index: self.index(call), id: None, kind: None, function };
                self.delta(Delta { tool_calls: Some([more]), ..Delta::default() }, out);
            }
            ModelEvent::ReasoningEnd { opaque: None } | ModelEvent::ToolCallEnd { .. } => {}
            ModelEvent::Usage(usage) => self.usage = Some(*usage),
            ModelEvent::Finish { reason, .. } => self.finish(*reason, out),
            ModelEvent::Error(rejection) => {
                // No `[DONE]`: clients must not take this for a whole answer.
                out.extend(b"data: ");
                out.extend(error(rejection));
                out.extend(b"\n\n");
            }
        }
    }
}

/// The fields in which a client gets a block that must come back unchanged.
fn fields(opaque: &Value) -> Map<String, Value> {
    let mut fields = Map::new();
    if let Some(block) = opaque.get(messages::MARK) {
        fields.insert("thinking_blocks".to_owned(), json!([block]));
    } else if let Some(own) = opaque.get(MARK).and_then(Value::as_object) {
        // Their text was sent already.
        fields.extend(own.get_key_value("reasoning_details").map(|(k, v)| (k.clone(), v.clone())));
    } else {
        let detail =
            json!({ "type": "reasoning.encrypted", "format": "easel-v1", "data": seal(opaque) });
        fields.insert("reasoning_details".to_owned(), json!([detail]));
    }
    fields
}

pub(super) fn whole(whole: &Whole, about: &About) -> Vec<u8> {
    let ending = whole.ending();
    let body = json!({
        "id": format!("chatcmpl-{}", about.id),
        "object": "chat.completion",
        "created": about.created_secs,
        "model": about.model,
        "choices": [{
            "index": 0,
            "message": message(whole),
            "logprobs": null,
            "finish_reason": finish_reason(ending.reason),
        }],
        "usage": counts(&whole.usage.unwrap_or_default()),
    });
    to_json(&body)
}

fn message(whole: &Whole) -> Value {
    let text = whole.text();
    let mut calls = Vec::new();
    let mut message = Map::new();
    message.insert("role".to_owned(), "assistant".into());
    for part in &whole.parts {
        match part {
            Part::Call { call, tool, arguments } => {
                let function = json!({ "name": tool, "arguments": arguments });
                calls.push(json!({ "id": call, "type": "function", "function": function }));
            }
            Part::Thought { opaque: Some(opaque), .. } => {
                for (name, value) in fields(opaque) {
                    match (message.get_mut(&name), value) {
                        (Some(Value::Array(list)), Value::Array(more)) => list.extend(more),
                        (_, value) => {
                            message.insert(name, value);
                        }
                    }
                }
            }
            Part::Thought { opaque: None, .. } | Part::Text(_) => {}
        }
    }
    let silent = text.is_empty() && !calls.is_empty();
    message.insert("content".to_owned(), if silent { Value::Null } else { text.into() });
    let thoughts = whole.thoughts();
    if !thoughts.is_empty() {
        message.insert("reasoning_content".to_owned(), thoughts.into());
    }
    if !calls.is_empty() {
        message.insert("tool_calls".to_owned(), calls.into());
    }
    message.insert("refusal".to_owned(), Value::Null);
    message.into()
}

fn finish_reason(reason: StopReason) -> &'static str {
    match reason {
        StopReason::EndOfTurn => "stop",
        StopReason::ToolUse => "tool_calls",
        StopReason::OutputLimit => "length",
        StopReason::Refused => "content_filter",
    }
}

/// This dialect counts cached tokens within the prompt, and reasoning within the completion.
fn counts(usage: &Usage) -> Value {
    let prompt = usage.all_input_tokens();
    let completion = usage.all_output_tokens();
    json!({
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {
            "cached_tokens": usage.cache_read_tokens,
            "cache_write_tokens":
                u64::from(usage.cache_write_tokens) + u64::from(usage.cache_write_long_tokens),
            "audio_tokens": usage.audio_input_tokens,
        },
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning_tokens,
            "audio_tokens": usage.audio_output_tokens,
        },
    })
}

pub(super) fn error(rejection: &Rejection) -> Vec<u8> {
    let (kind, code) = failure::kind(rejection.code);
    to_json(&json!({
        "error": {
            "message": rejection.message,
            "type": kind,
            "param": null,
            "code": code,
            "request_id": rejection.request_id,
        }
    }))
}
