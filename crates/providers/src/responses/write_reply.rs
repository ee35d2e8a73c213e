//! Our events as the stream of the Responses API, or as one response.
//!
//! Every item is announced before its first piece and told as a whole at its end, because
//! clients read either. It judges nothing: the order of events was settled before.

use serde::Serialize;
use serde_json::{Value, json};
use wire::{ModelEvent, Rejection, StopReason, Usage};

use super::{
    output::{Item, summary_part, text_part},
    usage,
};
use crate::{
    dialect::{About, Encoder, to_json, write_event},
    failure,
    whole::{Part, Whole},
};

/// Writes events.
#[derive(Debug)]
pub(super) struct Writer {
    about: About,
    n_events: u64,
    /// The place in the list is the index that events name.
    items: Vec<Item>,
    /// The message or thought that goes on.
    open: Option<usize>,
    /// Open calls.
    calls: Vec<usize>,
    usage: Option<Usage>,
    begun: bool,
}

/// A piece of an item.
#[derive(Debug, Serialize)]
struct Delta<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    sequence_number: u64,
    item_id: &'a str,
    output_index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_index: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary_index: Option<u32>,
    delta: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<[(); 0]>,
}

impl Writer {
    pub(super) fn new(about: About) -> Self {
        Self {
            about,
            n_events: 0,
            items: Vec::new(),
            open: None,
            calls: Vec::new(),
            usage: None,
            begun: false,
        }
    }

    /// Every event's data repeats its name, and counts.
    fn event(&mut self, name: &str, mut data: Value, out: &mut Vec<u8>) {
        data["type"] = name.into();
        data["sequence_number"] = self.number().into();
        write_event(name, &data, out);
    }

    fn number(&mut self) -> u64 {
        self.n_events += 1;
        self.n_events - 1
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        let response = response(&self.about, "in_progress", Vec::new(), None);
        self.event("response.created", json!({ "response": response }), out);
        self.event("response.in_progress", json!({ "response": response }), out);
    }

    fn start(&mut self, part: Part, out: &mut Vec<u8>) -> usize {
        self.begin(out);
        let at = self.items.len();
        let item = Item::new(part, at, &self.about);
        let announced = item.announced();
        self.items.push(item);
        let data = json!({ "output_index": at, "item": announced });
        self.event("response.output_item.added", data, out);
        at
    }

    /// Returns the open message, or opens one.
    fn message(&mut self, out: &mut Vec<u8>) -> usize {
        if let Some(at) = self.open
            && matches!(self.items[at].part, Part::Text(_))
        {
            return at;
        }
        self.close(out);
        let at = self.start(Part::Text(String::new()), out);
        self.part(at, "response.content_part.added", text_part(""), out);
        self.open = Some(at);
        at
    }

    /// Returns the open thought, or opens one. Its summary has a part as soon as it has a text.
    fn thought(&mut self, out: &mut Vec<u8>) -> usize {
        if let Some(at) = self.open
            && matches!(self.items[at].part, Part::Thought { .. })
        {
            return at;
        }
        self.close(out);
        let at = self.start(Part::Thought { text: String::new(), opaque: None }, out);
        self.open = Some(at);
        at
    }

    fn place(&self, at: usize) -> Value {
        let index = match self.items[at].part {
            Part::Text(_) => "content_index",
            Part::Thought { .. } => "summary_index",
            Part::Call { .. } => return json!({ "item_id": self.items[at].id, "output_index": at }),
        };
        let mut place = json!({ "item_id": self.items[at].id, "output_index": at });
        place[index] = 0.into();
        place
    }

    fn part(&mut self, at: usize, name: &str, part: Value, out: &mut Vec<u8>) {
        let mut data = self.place(at);
        data["part"] = part;
        self.event(name, data, out);
    }

    fn delta(&mut self, at: usize, kind: &'static str, delta: &str, out: &mut Vec<u8>) {
        let sequence_number = self.number();
        let Item { id, part } = &mut self.items[at];
        let (content_index, summary_index, logprobs) = match part {
            Part::Text(text) => {
                text.push_str(delta);
                (Some(0), None, Some([]))
            }
            Part::Thought { text, .. } => {
                text.push_str(delta);
                (None, Some(0), None)
            }
            Part::Call { arguments, .. } => {
                arguments.push_str(delta);
                (None, None, None)
            }
        };
        let delta = Delta {
            kind,
            sequence_number,
            item_id: id,
            output_index: at,
            content_index,
            summary_index,
            delta,
            logprobs,
        };
        write_event(kind, &delta, out);
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        if let Some(at) = self.open.take() {
            self.end(at, out);
        }
    }

    /// Tells an item as a whole.
    fn end(&mut self, at: usize, out: &mut Vec<u8>) {
        let mut data = self.place(at);
        match &self.items[at].part {
            Part::Text(text) => {
                let part = text_part(text);
                data["text"] = text.as_str().into();
                data["logprobs"] = json!([]);
                self.event("response.output_text.done", data, out);
                self.part(at, "response.content_part.done", part, out);
            }
            Part::Thought { text, .. } if !text.is_empty() => {
                let part = summary_part(text);
                data["text"] = text.as_str().into();
                self.event("response.reasoning_summary_text.done", data, out);
                self.part(at, "response.reasoning_summary_part.done", part, out);
            }
            Part::Thought { .. } => {}
            Part::Call { tool, arguments, .. } => {
                data["name"] = tool.as_str().into();
                data["arguments"] = arguments.as_str().into();
                self.event("response.function_call_arguments.done", data, out);
            }
        }
        let data = json!({ "output_index": at, "item": self.items[at].whole() });
        self.event("response.output_item.done", data, out);
    }

    fn call(&self, call: &str) -> Option<usize> {
        let is =
            |at: usize| matches!(&self.items[at].part, Part::Call { call: id, .. } if id == call);
        self.calls.iter().copied().find(|it| is(*it))
    }

    fn conclude(&mut self, out: &mut Vec<u8>) -> Vec<Value> {
        self.begin(out);
        self.close(out);
        for at in std::mem::take(&mut self.calls) {
            self.end(at, out);
        }
        self.items.iter().map(Item::whole).collect()
    }

    fn finish(&mut self, reason: StopReason, out: &mut Vec<u8>) {
        let output = self.conclude(out);
        let usage = self.usage.unwrap_or_default();
        let response = ended(&self.about, reason, output, &usage);
        let name = match reason {
            StopReason::EndOfTurn | StopReason::ToolUse => "response.completed",
            StopReason::OutputLimit | StopReason::Refused => "response.incomplete",
        };
        self.event(name, json!({ "response": response }), out);
    }

    /// The vendor tells a failure twice, and each client knows one of the two.
    fn fail(&mut self, rejection: &Rejection, out: &mut Vec<u8>) {
        let output = self.conclude(out);
        let error = complaint(rejection);
        let (code, message) = (error["code"].clone(), error["message"].clone());
        let data = json!({ "code": code, "message": message, "param": null, "error": error });
        self.event("error", data, out);
        let mut response = response(&self.about, "failed", output, self.usage.as_ref());
        response["error"] = json!({ "code": code, "message": message });
        self.event("response.failed", json!({ "response": response }), out);
    }
}

impl Encoder for Writer {
    fn write(&mut self, event: &ModelEvent, out: &mut Vec<u8>) {
        match event {
            ModelEvent::TextDelta { text } => {
                let at = self.message(out);
                self.delta(at, "response.output_text.delta", text, out);
            }
            ModelEvent::Reasoning { text } => {
                let at = self.thought(out);
                if matches!(&self.items[at].part, Part::Thought { text, .. } if text.is_empty()) {
                    let name = "response.reasoning_summary_part.added";
                    self.part(at, name, summary_part(""), out);
                }
                self.delta(at, "response.reasoning_summary_text.delta", text, out);
            }
            ModelEvent::ReasoningEnd { opaque: Some(block) } => {
                let at = self.thought(out);
                if let Part::Thought { opaque, .. } = &mut self.items[at].part {
                    *opaque = Some(block.clone());
                }
                self.close(out);
            }
            // Without a block of its own a thought goes on in the next one.
            ModelEvent::ReasoningEnd { opaque: None } => {}
            ModelEvent::ToolCallStart { call, tool } => {
                self.close(out);
                let (call, tool) = (call.clone(), tool.clone());
                let at = self.start(Part::Call { call, tool, arguments: String::new() }, out);
                self.calls.push(at);
            }
            ModelEvent::ToolCallDelta { call, json } => {
                if let Some(at) = self.call(call) {
                    self.delta(at, "response.function_call_arguments.delta", json, out);
                }
            }
            ModelEvent::ToolCallEnd { call } => {
                if let Some(at) = self.call(call) {
                    self.calls.retain(|it| *it != at);
                    self.end(at, out);
                }
            }
            ModelEvent::Usage(usage) => self.usage = Some(*usage),
            ModelEvent::Finish { reason, .. } => self.finish(*reason, out),
            ModelEvent::Error(rejection) => self.fail(rejection, out),
        }
    }
}

pub(super) fn whole(whole: &Whole, about: &About) -> Vec<u8> {
    let items = whole.parts.iter().enumerate();
    let output = items.map(|(n, part)| Item::new(part.clone(), n, about).whole()).collect();
    let usage = whole.usage.unwrap_or_default();
    to_json(&ended(about, whole.ending().reason, output, &usage))
}

fn ended(about: &About, reason: StopReason, output: Vec<Value>, usage: &Usage) -> Value {
    let (status, why) = match reason {
        StopReason::EndOfTurn | StopReason::ToolUse => ("completed", Value::Null),
        StopReason::OutputLimit => ("incomplete", json!({ "reason": "max_output_tokens" })),
        StopReason::Refused => ("incomplete", json!({ "reason": "content_filter" })),
    };
    let mut response = response(about, status, output, Some(usage));
    response["incomplete_details"] = why;
    response
}

/// Clients want to find all of these; what the request said is not repeated.
fn response(about: &About, status: &str, output: Vec<Value>, usage: Option<&Usage>) -> Value {
    json!({
        "id": format!("resp_{}", about.id),
        "object": "response",
        "created_at": about.created_secs,
        "status": status,
        "error": null,
        "incomplete_details": null,
        "instructions": null,
        "max_output_tokens": null,
        "model": about.model,
        "output": output,
        "parallel_tool_calls": true,
        "previous_response_id": null,
        "reasoning": { "effort": null, "summary": null },
        "store": false,
        "temperature": null,
        "text": { "format": { "type": "text" } },
        "tool_choice": "auto",
        "tools": [],
        "top_p": null,
        "truncation": "disabled",
        "usage": usage.map(usage::write),
        "user": null,
        "metadata": {},
    })
}

fn complaint(rejection: &Rejection) -> Value {
    let (kind, code) = failure::kind(rejection.code);
    json!({
        "message": rejection.message,
        "type": kind,
        "param": null,
        "code": code,
        "request_id": rejection.request_id,
    })
}

pub(super) fn error(rejection: &Rejection) -> Vec<u8> {
    to_json(&json!({ "error": complaint(rejection) }))
}
