//! Our events as the stream of `ConverseStream`, or as one answer.
//!
//! One block is open at a time, because many clients remember no more: what belongs to other
//! blocks waits until a call is over.

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use wire::{ModelEvent, Rejection, RejectionCode, StopReason, Usage};

use super::{MARK, usage};
use crate::{
    dialect::{Encoder, to_json},
    frame::write_message,
    raw::{self, Tree},
    seal::seal,
    whole::{Ending, Part, Whole},
};

/// Writes messages.
#[derive(Debug, Default)]
pub(super) struct Writer {
    begun: bool,
    /// The index that the next block gets.
    next: u32,
    open: Option<(u32, Kind)>,
    /// What came while another call was open.
    waiting: Vec<ModelEvent>,
    usage: Usage,
    /// Used again for each delta.
    data: Vec<u8>,
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Thought,
    Call(String),
}

impl Writer {
    fn begin(&mut self, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.begun, true) {
            event("messageStart", &to_json(&json!({ "role": "assistant" })), out);
        }
    }

    /// Opens a block, or goes on with the open one if it is of this kind. Only calls are announced.
    fn block(&mut self, kind: Kind, out: &mut Vec<u8>) -> u32 {
        if let Some((index, open)) = &self.open
            && *open == kind
        {
            return *index;
        }
        self.close(out);
        self.begin(out);
        let index = self.next;
        self.next += 1;
        self.open = Some((index, kind));
        index
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        if let Some((index, _)) = self.open.take() {
            event("contentBlockStop", &to_json(&json!({ "contentBlockIndex": index })), out);
        }
    }

    /// The many small ones, written without a detour.
    fn delta(&mut self, index: u32, [head, tail]: [&str; 2], text: &str, out: &mut Vec<u8>) {
        self.data.clear();
        self.data.extend(b"{\"contentBlockIndex\":");
        self.data.extend(index.to_string().as_bytes());
        self.data.extend(b",\"delta\":{");
        self.data.extend(head.as_bytes());
        self.data.extend(to_json(&text));
        self.data.extend(tail.as_bytes());
        self.data.extend(b"}}");
        event("contentBlockDelta", &self.data, out);
    }

    /// Ends a thought with what makes it come back to its vendor.
    fn end_thought(&mut self, opaque: &Value, out: &mut Vec<u8>) {
        let has_text = matches!(self.open, Some((_, Kind::Thought)));
        let (field, text) = match Mark::of(opaque, has_text) {
            Mark::Signature(text) => (SIGNATURE, text),
            Mark::Redacted(data) => {
                self.close(out); // Hidden thoughts stand alone.
                (REDACTED, data)
            }
        };
        let index = self.block(Kind::Thought, out);
        self.delta(index, field, &text, out);
        self.close(out);
    }

    fn start_call(&mut self, call: &str, tool: &str, out: &mut Vec<u8>) {
        let index = self.block(Kind::Call(call.to_owned()), out);
        let start = json!({ "toolUse": { "toolUseId": call, "name": tool } });
        let start = json!({ "contentBlockIndex": index, "start": start });
        event("contentBlockStart", &to_json(&start), out);
    }

    fn finish(&mut self, ending: &Ending, out: &mut Vec<u8>) {
        self.begin(out);
        self.close(out);
        let mut stop = json!({ "stopReason": stop_reason(ending) });
        if let Some(text) = &ending.stopped_by {
            stop[FIELDS] = json!({ "delta": { "stop_sequence": text } });
        }
        event("messageStop", &to_json(&stop), out);
        let usage = usage::write(&self.usage);
        event("metadata", &to_json(&json!({ "usage": usage, "metrics": no_metrics() })), out);
    }

    /// It belongs to a call that is not over, or ends everything.
    fn fits(&self, event: &ModelEvent) -> bool {
        let Some((_, Kind::Call(open))) = &self.open else { return true };
        match event {
            ModelEvent::ToolCallDelta { call, .. } | ModelEvent::ToolCallEnd { call } => {
                call == open
            }
            ModelEvent::TextDelta { .. }
            | ModelEvent::Reasoning { .. }
            | ModelEvent::ReasoningEnd { .. }
            | ModelEvent::ToolCallStart { .. } => false,
            ModelEvent::Usage(_) | ModelEvent::Finish { .. } | ModelEvent::Error(_) => true,
        }
    }
}

const TEXT: [&str; 2] = ["\"text\":", ""];
const INPUT: [&str; 2] = ["\"toolUse\":{\"input\":", "}"];
const THOUGHT: [&str; 2] = ["\"reasoningContent\":{\"text\":", "}"];
const SIGNATURE: [&str; 2] = ["\"reasoningContent\":{\"signature\":", "}"];
const REDACTED: [&str; 2] = ["\"reasoningContent\":{\"redactedContent\":", "}"];

/// Where fields of a model's own stand.
const FIELDS: &str = "additionalModelResponseFields";

impl Encoder for Writer {
    fn write(&mut self, event: &ModelEvent, out: &mut Vec<u8>) {
        if !self.fits(event) {
            self.waiting.push(event.clone());
            return;
        }
        match event {
            ModelEvent::TextDelta { text } => {
                let index = self.block(Kind::Text, out);
                self.delta(index, TEXT, text, out);
            }
            ModelEvent::Reasoning { text } => {
                let index = self.block(Kind::Thought, out);
                self.delta(index, THOUGHT, text, out);
            }
            ModelEvent::ReasoningEnd { opaque: Some(opaque) } => self.end_thought(opaque, out),
            ModelEvent::ReasoningEnd { opaque: None } => self.close(out),
            ModelEvent::ToolCallStart { call, tool } => self.start_call(call, tool, out),
            ModelEvent::ToolCallDelta { json, .. } => {
                if let Some((index, Kind::Call(_))) = &self.open {
                    self.delta(*index, INPUT, json, out);
                }
            }
            ModelEvent::ToolCallEnd { .. } => {
                self.close(out);
                for event in std::mem::take(&mut self.waiting) {
                    self.write(&event, out);
                }
            }
            ModelEvent::Usage(usage) => self.usage = *usage,
            ModelEvent::Finish { reason, stopped_by } => {
                let ending = Ending { reason: *reason, stopped_by: stopped_by.clone() };
                self.finish(&ending, out);
            }
            ModelEvent::Error(rejection) => {
                let headers = [
                    (":exception-type", exception(rejection.code)),
                    (":content-type", "application/json"),
                    (":message-type", "exception"),
                ];
                write_message(&headers, &error(rejection), out);
            }
        }
    }

    /// Clients pass over events that they do not know: the vendor may have new ones any day.
    fn keep_alive(&self) -> Cow<'static, [u8]> {
        let mut message = Vec::new();
        event("ping", b"{}", &mut message);
        message.into()
    }
}

fn event(name: &str, data: &[u8], out: &mut Vec<u8>) {
    let headers =
        [(":event-type", name), (":content-type", "application/json"), (":message-type", "event")];
    write_message(&headers, data, out);
}

/// What a thought carries for its vendor, in the field that clients hand back unread.
enum Mark {
    Signature(String),
    Redacted(String),
}

impl Mark {
    fn of(opaque: &Value, has_text: bool) -> Self {
        let own = opaque.get(MARK);
        let text = |it: &Value| it.as_str().map(str::to_owned);
        if let Some(signature) = own.and_then(|it| text(&it["reasoningText"]["signature"])) {
            Self::Signature(signature)
        } else if let Some(data) = own.and_then(|it| text(&it["redactedContent"])) {
            Self::Redacted(data)
        } else if has_text {
            Self::Signature(seal(opaque))
        } else {
            // Clients drop thoughts without a text, but not what they take for a hidden one.
            Self::Redacted(STANDARD.encode(seal(opaque)))
        }
    }
}

fn stop_reason(ending: &Ending) -> &'static str {
    match ending.reason {
        StopReason::EndOfTurn if ending.stopped_by.is_some() => "stop_sequence",
        StopReason::EndOfTurn => "end_turn",
        StopReason::ToolUse => "tool_use",
        StopReason::OutputLimit => "max_tokens",
        StopReason::Refused => "content_filtered",
    }
}

/// The field has to be there, and nothing here knows the time.
fn no_metrics() -> Value {
    json!({ "latencyMs": 0 })
}

pub(super) fn whole(whole: &Whole) -> Vec<u8> {
    let ending = whole.ending();
    let content: Vec<Value> = whole.parts.iter().flat_map(blocks).collect();
    let mut answer = json!({
        "output": { "message": { "role": "assistant", "content": content } },
        "stopReason": stop_reason(&ending),
        "usage": usage::write(&whole.usage.unwrap_or_default()),
        "metrics": no_metrics(),
    });
    if let Some(text) = &ending.stopped_by {
        answer[FIELDS] = json!({ "stop_sequence": text });
    }
    to_json(&Tree(&answer))
}

fn blocks(part: &Part) -> Vec<Value> {
    match part {
        Part::Text(text) => vec![json!({ "text": text })],
        Part::Call { call, tool, arguments } => {
            // A limit may have cut them off.
            let input = raw::written(arguments).unwrap_or_else(|| json!({}));
            vec![json!({ "toolUse": { "toolUseId": call, "name": tool, "input": input } })]
        }
        Part::Thought { text, opaque } => {
            let thought =
                |readable: Value| json!({ "reasoningContent": { "reasoningText": readable } });
            match opaque.as_ref().map(|it| Mark::of(it, !text.is_empty())) {
                None => vec![thought(json!({ "text": text }))],
                Some(Mark::Signature(signature)) => {
                    vec![thought(json!({ "text": text, "signature": signature }))]
                }
                Some(Mark::Redacted(data)) => {
                    let readable = (!text.is_empty()).then(|| thought(json!({ "text": text })));
                    let hidden = json!({ "reasoningContent": { "redactedContent": data } });
                    readable.into_iter().chain([hidden]).collect()
                }
            }
        }
    }
}

pub(super) fn error(rejection: &Rejection) -> Vec<u8> {
    let mut body = json!({ "message": rejection.message });
    if let Some(id) = &rejection.request_id {
        body["requestId"] = id.as_str().into();
    }
    to_json(&body)
}

/// A stream knows fewer of them than an answer.
fn exception(code: RejectionCode) -> &'static str {
    match code {
        RejectionCode::Busy => "throttlingException",
        RejectionCode::NotPaired
        | RejectionCode::NotAllowed
        | RejectionCode::InsufficientBalance
        | RejectionCode::Repeated
        | RejectionCode::Filtered
        | RejectionCode::NoProvider
        | RejectionCode::UnknownModel
        | RejectionCode::PromptTooLong
        | RejectionCode::TooLarge
        | RejectionCode::NotThere
        | RejectionCode::BadRequest => "validationException",
        RejectionCode::CutOff => "modelStreamErrorException",
        RejectionCode::Unreachable | RejectionCode::ProviderFailed => "serviceUnavailableException",
        RejectionCode::BadKey | RejectionCode::Broken => "internalServerException",
    }
}
