//! Our events as lines of a reply, or as one answer.
//!
//! A call is one line, so its arguments are collected until it ends. What other vendors need back
//! unchanged cannot travel here: this dialect's clients bring back texts, names and arguments.

use std::{borrow::Cow, collections::VecDeque};

use serde::Serialize;
use serde_json::value::RawValue;
use wire::{ModelEvent, Rejection, StopReason, Usage};

use super::time::rfc3339;
use crate::{
    dialect::{About, Encoder, to_json},
    raw::object,
    whole::{Part, Whole},
};

/// Writes lines.
#[derive(Debug)]
pub(super) struct Writer {
    model: String,
    created_at: String,
    usage: Option<Usage>,
    /// Calls that are not written yet, in the order in which they began.
    open: VecDeque<Open>,
    n_written: usize,
}

#[derive(Debug)]
struct Open {
    call: String,
    tool: String,
    arguments: String,
    over: bool,
}

#[derive(Debug, Serialize)]
struct Line<'a> {
    model: &'a str,
    created_at: &'a str,
    message: Said<'a>,
    done: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    done_reason: Option<&'static str>,
    #[serde(flatten)]
    counts: Option<Counts>,
}

#[derive(Debug, Default, Serialize)]
struct Said<'a> {
    role: Role,
    content: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    thinking: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    tool_calls: &'a [Call<'a>],
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "lowercase")]
enum Role {
    #[default]
    Assistant,
}

#[derive(Debug, Serialize)]
struct Call<'a> {
    id: &'a str,
    function: Function<'a>,
}

#[derive(Debug, Serialize)]
struct Function<'a> {
    index: usize,
    name: &'a str,
    arguments: Box<RawValue>,
}

/// Durations are there because some clients read no answer without them, and nothing because
/// nobody measured them.
#[derive(Debug, Serialize)]
struct Counts {
    total_duration: u64,
    load_duration: u64,
    prompt_eval_count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_eval_cached_count: Option<u32>,
    prompt_eval_duration: u64,
    eval_count: u64,
    eval_duration: u64,
}

#[derive(Debug, Serialize)]
struct Failure<'a> {
    error: &'a str,
}

impl Writer {
    pub(super) fn new(about: About) -> Self {
        Self {
            created_at: rfc3339(about.created_secs),
            model: about.model,
            usage: None,
            open: VecDeque::new(),
            n_written: 0,
        }
    }

    fn say(&self, message: Said<'_>, out: &mut Vec<u8>) {
        self.line(message, None, out);
    }

    fn line(&self, message: Said<'_>, end: Option<StopReason>, out: &mut Vec<u8>) {
        let line = line(&self.model, &self.created_at, message, end, self.usage.as_ref());
        serde_json::to_writer(&mut *out, &line).expect("texts and numbers always serialize");
        out.push(b'\n');
    }

    fn open(&mut self, call: &str) -> Option<&mut Open> {
        self.open.iter_mut().find(|it| it.call == call)
    }

    /// Writes the calls that are over, up to one that is not: their order is their index.
    fn write_calls(&mut self, out: &mut Vec<u8>) {
        while let Some(Open { call, tool, arguments, .. }) = self.open.pop_front_if(|it| it.over) {
            let calls = [written_call(self.n_written, &call, &tool, &arguments)];
            self.n_written += 1;
            self.say(Said { tool_calls: &calls, ..Said::default() }, out);
        }
    }
}

impl Encoder for Writer {
    fn write(&mut self, event: &ModelEvent, out: &mut Vec<u8>) {
        match event {
            ModelEvent::TextDelta { text } => {
                self.say(Said { content: text, ..Said::default() }, out);
            }
            ModelEvent::Reasoning { text } => {
                self.say(Said { thinking: text, ..Said::default() }, out);
            }
            ModelEvent::ReasoningEnd { .. } => {}
            ModelEvent::ToolCallStart { call, tool } => {
                let (call, tool) = (call.clone(), tool.clone());
                self.open.push_back(Open { call, tool, arguments: String::new(), over: false });
            }
            ModelEvent::ToolCallDelta { call, json } => {
                if let Some(open) = self.open(call) {
                    open.arguments.push_str(json);
                }
            }
            ModelEvent::ToolCallEnd { call } => {
                if let Some(open) = self.open(call) {
                    open.over = true;
                }
                self.write_calls(out);
            }
            ModelEvent::Usage(usage) => self.usage = Some(*usage),
            ModelEvent::Finish { reason, .. } => self.line(Said::default(), Some(*reason), out),
            ModelEvent::Error(rejection) => {
                out.extend(error(rejection));
                out.push(b'\n');
            }
        }
    }

    /// Clients parse whatever comes between two line ends, and the vendor's own server has lines
    /// whose text is empty.
    fn keep_alive(&self) -> Cow<'static, [u8]> {
        let mut line = Vec::new();
        self.say(Said::default(), &mut line);
        line.into()
    }
}

fn line<'a>(
    model: &'a str,
    created_at: &'a str,
    message: Said<'a>,
    end: Option<StopReason>,
    usage: Option<&Usage>,
) -> Line<'a> {
    Line {
        model,
        created_at,
        message,
        done: end.is_some(),
        done_reason: end.map(done_reason),
        counts: end.map(|_| counts(&usage.copied().unwrap_or_default())),
    }
}

fn written_call<'a>(index: usize, call: &'a str, tool: &'a str, arguments: &str) -> Call<'a> {
    // A limit may have cut them off.
    let arguments =
        object(arguments).unwrap_or_else(|| object("").expect("nothing is no argument"));
    Call { id: call, function: Function { index, name: tool, arguments } }
}

/// There is no word for calls: a client sees them.
fn done_reason(reason: StopReason) -> &'static str {
    match reason {
        StopReason::EndOfTurn | StopReason::ToolUse => "stop",
        StopReason::OutputLimit => "length",
        StopReason::Refused => "content_filter",
    }
}

/// This dialect counts cached tokens within the prompt, and thoughts within the output.
fn counts(usage: &Usage) -> Counts {
    Counts {
        total_duration: 0,
        load_duration: 0,
        prompt_eval_count: usage.all_input_tokens(),
        prompt_eval_cached_count: Some(usage.cache_read_tokens).filter(|it| *it > 0),
        prompt_eval_duration: 0,
        eval_count: usage.all_output_tokens(),
        eval_duration: 0,
    }
}

pub(super) fn whole(whole: &Whole, about: &About) -> Vec<u8> {
    let (content, thinking) = (whole.text(), whole.thoughts());
    let mut calls = Vec::new();
    for part in &whole.parts {
        if let Part::Call { call, tool, arguments } = part {
            calls.push(written_call(calls.len(), call, tool, arguments));
        }
    }
    let message =
        Said { content: &content, thinking: &thinking, tool_calls: &calls, ..Said::default() };
    let created_at = rfc3339(about.created_secs);
    let end = Some(whole.ending().reason);
    to_json(&line(&about.model, &created_at, message, end, whole.usage.as_ref()))
}

pub(super) fn error(rejection: &Rejection) -> Vec<u8> {
    to_json(&Failure { error: &rejection.message })
}
