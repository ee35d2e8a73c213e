//! Our events as chunks of a streamed chat completion, or as one whole one.
//!
//! Opaque reasoning blocks have no place in this dialect and stay behind.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wire::{ModelEvent, Rejection, RejectionCode, StopReason, Usage};

/// Writes a stream of chunks, each as the text of one `data:` event.
#[derive(Debug)]
pub struct Chunks {
    id: String,
    model: String,
    created_secs: u64,
    usage_wanted: bool,
    usage: Option<Usage>,
    /// By our id of the call: clients know calls by a dense index.
    calls: BTreeMap<String, usize>,
    begun: bool,
}

impl Chunks {
    #[must_use]
    pub fn new(id: &str, model: &str, created_secs: u64, usage_wanted: bool) -> Self {
        Self {
            id: id.to_owned(),
            model: model.to_owned(),
            created_secs,
            usage_wanted,
            usage: None,
            calls: BTreeMap::new(),
            begun: false,
        }
    }

    /// Returns the `data:` payloads that an event becomes.
    pub fn write(&mut self, event: &ModelEvent) -> Vec<String> {
        match event {
            ModelEvent::TextDelta { text } => self.delta(json!({ "content": text })),
            ModelEvent::Reasoning { text } => self.delta(json!({ "reasoning_content": text })),
            ModelEvent::ToolCallStart { call, tool } => {
                let index = self.calls.len();
                self.calls.insert(call.clone(), index);
                let function = json!({ "name": tool, "arguments": "" });
                let start =
                    json!({ "index": index, "id": call, "type": "function", "function": function });
                self.delta(json!({ "tool_calls": [start] }))
            }
            ModelEvent::ToolCallDelta { call, json } => {
                let index = self.calls.get(call).copied().unwrap_or(0);
                let more = json!({ "index": index, "function": { "arguments": json } });
                self.delta(json!({ "tool_calls": [more] }))
            }
            ModelEvent::ReasoningEnd { .. } | ModelEvent::ToolCallEnd { .. } => Vec::new(),
            ModelEvent::Usage(usage) => {
                self.usage = Some(*usage);
                Vec::new()
            }
            ModelEvent::Finish { reason } => self.finish(*reason),
            ModelEvent::Error(rejection) => {
                // No `[DONE]`: clients must not take this for a whole answer.
                vec![error_body(rejection).to_string()]
            }
        }
    }

    fn delta(&mut self, mut delta: Value) -> Vec<String> {
        if !std::mem::replace(&mut self.begun, true) {
            delta["role"] = "assistant".into();
        }
        vec![self.chunk(&json!([{ "index": 0, "delta": delta, "finish_reason": null }]), None)]
    }

    fn finish(&self, reason: StopReason) -> Vec<String> {
        let choices = json!([{ "index": 0, "delta": {}, "finish_reason": finish_reason(reason) }]);
        let mut chunks = vec![self.chunk(&choices, None)];
        if self.usage_wanted {
            let counts = counts(&self.usage.unwrap_or_default());
            chunks.push(self.chunk(&json!([]), Some(counts)));
        }
        chunks.push("[DONE]".to_owned());
        chunks
    }

    fn chunk(&self, choices: &Value, usage: Option<Value>) -> String {
        let mut chunk = json!({
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created_secs,
            "model": self.model,
            "choices": choices,
        });
        if let Some(usage) = usage {
            chunk["usage"] = usage;
        }
        chunk.to_string()
    }
}

/// Collects a whole answer.
#[derive(Debug, Default)]
pub struct Answer {
    text: String,
    reasoning: String,
    /// Id, tool and arguments.
    calls: Vec<(String, String, String)>,
    usage: Usage,
}

impl Answer {
    /// Takes one event. Returns how the reply ended, once it has.
    pub fn add(&mut self, event: ModelEvent) -> Option<Result<StopReason, Rejection>> {
        match event {
            ModelEvent::TextDelta { text } => self.text.push_str(&text),
            ModelEvent::Reasoning { text } => self.reasoning.push_str(&text),
            ModelEvent::ToolCallStart { call, tool } => {
                self.calls.push((call, tool, String::new()));
            }
            ModelEvent::ToolCallDelta { call, json } => {
                if let Some((_, _, arguments)) = self.calls.iter_mut().find(|it| it.0 == call) {
                    arguments.push_str(&json);
                }
            }
            ModelEvent::ReasoningEnd { .. } | ModelEvent::ToolCallEnd { .. } => {}
            ModelEvent::Usage(usage) => self.usage = usage,
            ModelEvent::Finish { reason } => return Some(Ok(reason)),
            ModelEvent::Error(rejection) => return Some(Err(rejection)),
        }
        None
    }

    #[must_use]
    pub fn body(&self, id: &str, model: &str, created_secs: u64, reason: StopReason) -> Value {
        let content = if self.text.is_empty() && !self.calls.is_empty() {
            Value::Null
        } else {
            self.text.as_str().into()
        };
        let mut message = json!({ "role": "assistant", "content": content });
        if !self.reasoning.is_empty() {
            message["reasoning_content"] = self.reasoning.as_str().into();
        }
        if !self.calls.is_empty() {
            let call = |(id, tool, arguments): &(String, String, String)| {
                let function = json!({ "name": tool, "arguments": arguments });
                json!({ "id": id, "type": "function", "function": function })
            };
            message["tool_calls"] = self.calls.iter().map(call).collect();
        }
        json!({
            "id": id,
            "object": "chat.completion",
            "created": created_secs,
            "model": model,
            "choices": [{ "index": 0, "message": message, "finish_reason": finish_reason(reason) }],
            "usage": counts(&self.usage),
        })
    }
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
    let sum = |counts: &[u32]| counts.iter().map(|it| u64::from(*it)).sum::<u64>();
    let prompt = sum(&[usage.input_tokens, usage.cache_read_tokens, usage.cache_write_tokens]);
    let completion = sum(&[usage.output_tokens, usage.reasoning_tokens]);
    json!({
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": { "cached_tokens": usage.cache_read_tokens },
        "completion_tokens_details": { "reasoning_tokens": usage.reasoning_tokens },
    })
}

/// Returns an error in this dialect's own shape.
#[must_use]
pub fn error_body(rejection: &Rejection) -> Value {
    let (kind, code) = error_kind(rejection.code);
    json!({
        "error": {
            "message": rejection.message,
            "type": kind,
            "param": null,
            "code": code,
            "request_id": rejection.request_id,
        }
    })
}

/// Returns the type and the stable code that clients of this dialect know.
#[must_use]
pub fn error_kind(code: RejectionCode) -> (&'static str, &'static str) {
    match code {
        RejectionCode::NotPaired => ("invalid_request_error", "invalid_api_key"),
        RejectionCode::NoProvider | RejectionCode::UnknownModel => {
            ("invalid_request_error", "model_not_found")
        }
        RejectionCode::BadKey => ("api_error", "provider_key_refused"),
        RejectionCode::Busy => ("rate_limit_error", "rate_limit_exceeded"),
        RejectionCode::PromptTooLong => ("invalid_request_error", "context_length_exceeded"),
        RejectionCode::BadRequest => ("invalid_request_error", "invalid_request"),
        RejectionCode::Unreachable => ("api_error", "provider_unreachable"),
        RejectionCode::CutOff => ("api_error", "stream_cut_off"),
        RejectionCode::ProviderFailed => ("api_error", "provider_failed"),
        RejectionCode::Broken => ("api_error", "internal_error"),
    }
}
