//! A reply's events as they stream, and what may pass of them.
//!
//! Texts and thoughts go on as soon as they can hold nothing any more. A call's arguments are held
//! until the call is whole: they are JSON, and half of it is of use to nobody.

use std::collections::BTreeMap;

use providers::failure;
use wire::{ModelEvent, RejectionCode};

use super::{Blocked, Chosen, sieve::Sieve};

/// Of the arguments of all calls of a reply.
const ARGUMENTS_LIMIT_BYTES: usize = 8 << 20;

#[derive(Debug)]
pub struct Screen {
    rules: Chosen,
    open: Option<Open>,
    /// Arguments of calls that are not whole.
    calls: BTreeMap<String, String>,
    over: bool,
}

/// The text that goes on.
#[derive(Debug)]
struct Open {
    thought: bool,
    sieve: Sieve,
}

impl Screen {
    #[must_use]
    pub fn new(rules: Chosen) -> Self {
        Self { rules, open: None, calls: BTreeMap::new(), over: false }
    }

    /// Returns what may pass of these events, and of what was held back. After an error that it
    /// makes itself, nothing more passes.
    pub fn pass(&mut self, events: Vec<ModelEvent>) -> Vec<ModelEvent> {
        let mut passed = Vec::with_capacity(events.len());
        for event in events {
            if self.over {
                break;
            }
            if let Err(blocked) = self.event(event, &mut passed) {
                self.over = true;
                passed.push(ModelEvent::Error(blocked.into()));
            }
        }
        passed
    }

    fn event(&mut self, event: ModelEvent, out: &mut Vec<ModelEvent>) -> Result<(), Blocked> {
        match event {
            ModelEvent::TextDelta { text } => self.text(false, &text, out)?,
            ModelEvent::Reasoning { text } => self.text(true, &text, out)?,
            ModelEvent::ReasoningEnd { opaque } => {
                let masked = self.close(out)?;
                // The vendor's own block has the text as it was.
                out.push(ModelEvent::ReasoningEnd { opaque: opaque.filter(|_| !masked) });
            }
            ModelEvent::ToolCallDelta { call, json } => {
                let held: usize = self.calls.values().map(String::len).sum();
                if held + json.len() > ARGUMENTS_LIMIT_BYTES {
                    self.over = true;
                    let message = "The reply's calls are too long to be filtered";
                    out.push(ModelEvent::Error(failure::plain(RejectionCode::CutOff, message)));
                    return Ok(());
                }
                self.calls.entry(call).or_default().push_str(&json);
            }
            ModelEvent::ToolCallEnd { call } => {
                if let Some(json) = self.calls.remove(&call) {
                    let json = self.rules.json(&json)?.unwrap_or(json);
                    out.push(ModelEvent::ToolCallDelta { call: call.clone(), json });
                }
                out.push(ModelEvent::ToolCallEnd { call });
            }
            // It says nothing, and interrupts nothing.
            ModelEvent::Usage(_) => out.push(event),
            ModelEvent::ToolCallStart { .. } | ModelEvent::Finish { .. } | ModelEvent::Error(_) => {
                self.close(out)?;
                out.push(event);
            }
        }
        Ok(())
    }

    fn text(
        &mut self,
        thought: bool,
        text: &str,
        out: &mut Vec<ModelEvent>,
    ) -> Result<(), Blocked> {
        if self.open.as_ref().is_some_and(|it| it.thought != thought) {
            self.close(out)?;
        }
        let rules = &self.rules;
        let open = self.open.get_or_insert_with(|| Open { thought, sieve: Sieve::new(rules) });
        let passed = open.sieve.push(text, false)?;
        push(thought, passed, out);
        Ok(())
    }

    /// Ends the text that goes on. Returns whether something of it was replaced.
    fn close(&mut self, out: &mut Vec<ModelEvent>) -> Result<bool, Blocked> {
        let Some(mut open) = self.open.take() else { return Ok(false) };
        let passed = open.sieve.push("", true)?;
        push(open.thought, passed, out);
        Ok(open.sieve.masked())
    }
}

fn push(thought: bool, text: String, out: &mut Vec<ModelEvent>) {
    if text.is_empty() {
        return;
    }
    out.push(if thought { ModelEvent::Reasoning { text } } else { ModelEvent::TextDelta { text } });
}
