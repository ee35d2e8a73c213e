//! Our events as Google's stream, or as one answer.
//!
//! A call is written when it is complete, because clients take arguments as one object. The blocks
//! of other vendors travel as signatures, which clients carry along unread.

use std::borrow::Cow;

use serde_json::{Map, Value, json};
use wire::{ModelEvent, Rejection, RejectionCode, StopReason, Usage};

use super::{
    signed::{Place, Signed, sign_text},
    usage,
};
use crate::{
    dialect::{About, Encoder, to_json},
    raw::{self, Tree},
    seal::seal,
    whole::{Part, Whole},
};

/// Writes chunks.
#[derive(Debug)]
pub(super) struct Writer {
    /// What follows the candidates in every chunk.
    tail: String,
    usage: Usage,
    /// Calls that are not written: each waits for those before it.
    calls: Vec<Call>,
    n_calls: usize,
    /// Other vendors' blocks, which go onto a call if one follows.
    foreign: Vec<Value>,
    /// The signature of a call that is still to come, and its number.
    signature: Option<(usize, String)>,
}

#[derive(Debug)]
struct Call {
    number: usize,
    id: String,
    tool: String,
    arguments: String,
    signature: Option<String>,
    complete: bool,
}

impl Writer {
    pub(super) fn new(about: About) -> Self {
        let mut tail = Vec::new();
        for (name, text) in [("modelVersion", &about.model), ("responseId", &about.id)] {
            tail.extend(format!(",\"{name}\":").into_bytes());
            tail.extend(to_json(text));
        }
        tail.extend(b"}\n\n");
        Self {
            tail: String::from_utf8_lossy(&tail).into_owned(),
            usage: Usage::default(),
            calls: Vec::new(),
            n_calls: 0,
            foreign: Vec::new(),
            signature: None,
        }
    }

    /// The many small ones, written without a detour.
    fn text(&self, text: &str, beside: &str, out: &mut Vec<u8>) {
        out.extend(b"data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":");
        out.extend(to_json(&text));
        out.extend(beside.as_bytes());
        out.extend(b"}],\"role\":\"model\"},\"index\":0}]");
        out.extend(self.tail.as_bytes());
    }

    fn part(&self, part: &Value, out: &mut Vec<u8>) {
        out.extend(b"data: {\"candidates\":[{\"content\":{\"parts\":[");
        out.extend(to_json(&Tree(part)));
        out.extend(b"],\"role\":\"model\"},\"index\":0}]");
        out.extend(self.tail.as_bytes());
    }

    /// Other vendors' blocks stand at the end of their thought if no call follows at once.
    fn settle(&mut self, out: &mut Vec<u8>) {
        if let Some(signature) = sealed(std::mem::take(&mut self.foreign)) {
            self.part(&thought("", Some(&signature)), out);
        }
    }

    fn end_thought(&mut self, opaque: &Value, out: &mut Vec<u8>) {
        let Some(Signed { signature, place }) = Signed::read(opaque) else {
            self.foreign.push(opaque.clone());
            return;
        };
        self.settle(out);
        match place {
            Place::Call(number) => match self.calls.iter_mut().find(|it| it.number == number) {
                // It came with a later piece of the call.
                Some(call) => call.signature = Some(signature),
                None => self.signature = Some((number, signature)),
            },
            // The text itself is gone already, and so the signature stands behind it.
            Place::Text(_) => {
                self.part(&json!({ "text": "", "thoughtSignature": signature }), out);
            }
            Place::Thought(_) => self.part(&thought("", Some(&signature)), out),
        }
    }

    fn start_call(&mut self, id: &str, tool: &str) {
        let number = self.n_calls;
        self.n_calls += 1;
        let own = self.signature.take_if(|it| it.0 == number).map(|it| it.1);
        self.calls.push(Call {
            number,
            id: id.to_owned(),
            tool: tool.to_owned(),
            arguments: String::new(),
            signature: own.or_else(|| sealed(std::mem::take(&mut self.foreign))),
            complete: false,
        });
    }

    fn end_call(&mut self, id: &str, out: &mut Vec<u8>) {
        if let Some(call) = self.calls.iter_mut().find(|it| it.id == id) {
            call.complete = true;
        }
        let n_complete = self.calls.iter().take_while(|it| it.complete).count();
        for call in self.calls.drain(..n_complete).collect::<Vec<_>>() {
            let Call { id, tool, arguments, signature, .. } = call;
            if let Some(part) = function_call(&id, &tool, &arguments, signature.as_deref()) {
                self.part(&part, out);
            }
        }
    }

    fn finish(&mut self, reason: StopReason, out: &mut Vec<u8>) {
        self.settle(out);
        out.extend(b"data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\"}],");
        out.extend(b"\"role\":\"model\"},\"finishReason\":\"");
        out.extend(finish_reason(reason).as_bytes());
        out.extend(b"\",\"index\":0}],\"usageMetadata\":");
        out.extend(to_json(&usage::write(&self.usage)));
        out.extend(self.tail.as_bytes());
    }
}

impl Encoder for Writer {
    fn write(&mut self, event: &ModelEvent, out: &mut Vec<u8>) {
        match event {
            ModelEvent::TextDelta { text } => {
                self.settle(out);
                self.text(text, "", out);
            }
            ModelEvent::Reasoning { text } => {
                self.settle(out);
                self.text(text, ",\"thought\":true", out);
            }
            ModelEvent::ReasoningEnd { opaque: Some(opaque) } => self.end_thought(opaque, out),
            ModelEvent::ReasoningEnd { opaque: None } => {}
            ModelEvent::ToolCallStart { call, tool } => self.start_call(call, tool),
            ModelEvent::ToolCallDelta { call, json } => {
                if let Some(call) = self.calls.iter_mut().find(|it| it.id == *call) {
                    call.arguments.push_str(json);
                }
            }
            ModelEvent::ToolCallEnd { call } => self.end_call(call, out),
            ModelEvent::Usage(usage) => self.usage = *usage,
            ModelEvent::Finish { reason, .. } => self.finish(*reason, out),
            // As Google breaks off: clients see an error only outside of the events, and those
            // that read by blank lines only if none follows.
            ModelEvent::Error(rejection) => out.extend(error(rejection)),
        }
    }

    /// Google's clients take a comment for a broken chunk; all of them bear blank lines.
    fn keep_alive(&self) -> Cow<'static, [u8]> {
        Cow::Borrowed(b"\n\n")
    }
}

fn sealed(blocks: Vec<Value>) -> Option<String> {
    match &blocks[..] {
        [] => None,
        [block] => Some(seal(block)),
        _ => Some(seal(&blocks.into())),
    }
}

fn thought(text: &str, signature: Option<&str>) -> Value {
    signed(json!({ "text": text, "thought": true }), signature)
}

fn signed(mut part: Value, signature: Option<&str>) -> Value {
    if let Some(signature) = signature {
        part["thoughtSignature"] = signature.into();
    }
    part
}

/// Returns none for a call that a limit cut off: half of its arguments would be other ones.
fn function_call(id: &str, tool: &str, args: &str, signature: Option<&str>) -> Option<Value> {
    let args = raw::written(args)?;
    let part = json!({ "functionCall": { "id": id, "name": tool, "args": args } });
    Some(signed(part, signature))
}

fn finish_reason(reason: StopReason) -> &'static str {
    match reason {
        StopReason::EndOfTurn | StopReason::ToolUse => "STOP",
        StopReason::OutputLimit => "MAX_TOKENS",
        StopReason::Refused => "SAFETY",
    }
}

pub(super) fn whole(whole: &Whole, about: &About) -> Vec<u8> {
    to_json(&Tree(&json!({
        "candidates": [{
            "content": { "parts": parts(whole), "role": "model" },
            "finishReason": finish_reason(whole.ending().reason),
            "index": 0,
        }],
        "usageMetadata": usage::write(&whole.usage.unwrap_or_default()),
        "modelVersion": about.model,
        "responseId": about.id,
    })))
}

fn parts(whole: &Whole) -> Vec<Value> {
    let own = |it: &Part| match it {
        Part::Thought { opaque, .. } => Signed::read(opaque.as_ref()?),
        Part::Text(_) | Part::Call { .. } => None,
    };
    let signatures: Vec<Signed> = whole.parts.iter().filter_map(own).collect();
    let mut parts = Vec::new();
    let mut foreign = Vec::new();
    let mut n_calls = 0;
    for part in &whole.parts {
        match part {
            Part::Text(text) => {
                settle(&mut foreign, &mut parts);
                parts.push(json!({ "text": text }));
            }
            Part::Thought { text, opaque } => {
                if !text.is_empty() {
                    settle(&mut foreign, &mut parts);
                }
                let own = opaque.as_ref().and_then(Signed::read);
                write_thought(text, own, &mut parts);
                foreign.extend(opaque.iter().filter(|it| Signed::read(it).is_none()).cloned());
            }
            Part::Call { call, tool, arguments } => {
                let place = Place::Call(n_calls);
                let own = signatures.iter().find(|it| it.place == place);
                let own = own.map(|it| it.signature.clone());
                let signature = own.or_else(|| sealed(std::mem::take(&mut foreign)));
                parts.extend(function_call(call, tool, arguments, signature.as_deref()));
                n_calls += 1;
            }
        }
    }
    settle(&mut foreign, &mut parts);
    parts
}

fn settle(foreign: &mut Vec<Value>, parts: &mut Vec<Value>) {
    if let Some(signature) = sealed(std::mem::take(foreign)) {
        parts.push(thought("", Some(&signature)));
    }
}

fn write_thought(text: &str, own: Option<Signed>, parts: &mut Vec<Value>) {
    match own {
        Some(Signed { signature, place: Place::Thought(_) }) => {
            parts.push(thought(text, Some(&signature)));
        }
        Some(Signed { signature, place: Place::Text(n_bytes) }) => {
            let end = parts.len();
            if !sign_text(parts, end, n_bytes, &signature) {
                parts.push(signed(json!({ "text": "" }), Some(&signature)));
            }
        }
        Some(Signed { place: Place::Call(_), .. }) | None if text.is_empty() => {}
        Some(Signed { place: Place::Call(_), .. }) | None => parts.push(thought(text, None)),
    }
}

pub(super) fn error(rejection: &Rejection) -> Vec<u8> {
    let (code, status) = match rejection.code {
        RejectionCode::NotPaired => (401, "UNAUTHENTICATED"),
        RejectionCode::NoProvider | RejectionCode::UnknownModel | RejectionCode::NotThere => {
            (404, "NOT_FOUND")
        }
        RejectionCode::NotAllowed => (403, "PERMISSION_DENIED"),
        // With 402, which HTTP has and Google does not.
        RejectionCode::InsufficientBalance => (402, "FAILED_PRECONDITION"),
        RejectionCode::Busy => (429, "RESOURCE_EXHAUSTED"),
        RejectionCode::Repeated => (409, "ALREADY_EXISTS"),
        RejectionCode::PromptTooLong | RejectionCode::BadRequest | RejectionCode::Filtered => {
            (400, "INVALID_ARGUMENT")
        }
        RejectionCode::TooLarge => (413, "INVALID_ARGUMENT"),
        RejectionCode::BadKey
        | RejectionCode::Unreachable
        | RejectionCode::CutOff
        | RejectionCode::ProviderFailed => (503, "UNAVAILABLE"),
        RejectionCode::Broken => (500, "INTERNAL"),
    };
    let mut error = json!({ "code": code, "message": rejection.message, "status": status });
    let mut details = Vec::new();
    if let Some(secs) = rejection.retry_after_secs {
        details.push(detail("RetryInfo", "retryDelay", format!("{secs}s")));
    }
    if let Some(id) = &rejection.request_id {
        details.push(detail("RequestInfo", "requestId", id.clone()));
    }
    if !details.is_empty() {
        error["details"] = details.into();
    }
    to_json(&json!({ "error": error }))
}

fn detail(kind: &str, name: &str, value: String) -> Value {
    let mut detail = Map::new();
    detail.insert("@type".to_owned(), format!("type.googleapis.com/google.rpc.{kind}").into());
    detail.insert(name.to_owned(), value.into());
    detail.into()
}
