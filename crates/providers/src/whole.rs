//! A reply in one piece: what a stream's events come to.
//!
//! It reads no vendor's form and writes none.

use serde_json::Value;
use wire::{ModelEvent, Rejection, StopReason, Usage};

/// A reply that was collected.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Whole {
    pub parts: Vec<Part>,
    /// What the provider counted, if it did.
    pub usage: Option<Usage>,
    /// None while the reply goes on.
    pub end: Option<Result<Ending, Rejection>>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    Text(String),
    Thought { text: String, opaque: Option<Value> },
    Call { call: String, tool: String, arguments: String },
}

/// Why a reply ended well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    pub reason: StopReason,
    /// The text that ended it, if one of those that the client gave did.
    pub stopped_by: Option<String>,
}

impl Whole {
    #[must_use]
    pub fn collect(events: impl IntoIterator<Item = ModelEvent>) -> Self {
        let mut whole = Self::default();
        for event in events {
            whole.add(event);
        }
        whole
    }

    pub fn add(&mut self, event: ModelEvent) {
        match event {
            ModelEvent::TextDelta { text } => match self.parts.last_mut() {
                Some(Part::Text(whole)) => whole.push_str(&text),
                _ => self.parts.push(Part::Text(text)),
            },
            ModelEvent::Reasoning { text } => match self.parts.last_mut() {
                Some(Part::Thought { text: whole, opaque: None }) => whole.push_str(&text),
                _ => self.parts.push(Part::Thought { text, opaque: None }),
            },
            ModelEvent::ReasoningEnd { opaque: None } => {}
            ModelEvent::ReasoningEnd { opaque: Some(block) } => match self.parts.last_mut() {
                Some(Part::Thought { opaque: opaque @ None, .. }) => *opaque = Some(block),
                _ => self.parts.push(Part::Thought { text: String::new(), opaque: Some(block) }),
            },
            ModelEvent::ToolCallStart { call, tool } => {
                self.parts.push(Part::Call { call, tool, arguments: String::new() });
            }
            ModelEvent::ToolCallDelta { call, json } => {
                for part in self.parts.iter_mut().rev() {
                    if let Part::Call { call: id, arguments, .. } = part
                        && *id == call
                    {
                        arguments.push_str(&json);
                        break;
                    }
                }
            }
            ModelEvent::ToolCallEnd { .. } => {}
            ModelEvent::Usage(usage) => self.usage = Some(usage),
            ModelEvent::Finish { reason, stopped_by } => {
                self.end = Some(Ok(Ending { reason, stopped_by }));
            }
            ModelEvent::Error(rejection) => self.end = Some(Err(rejection)),
        }
    }

    /// The reply's text, without thoughts.
    #[must_use]
    pub fn text(&self) -> String {
        let text = |it: &Part| match it {
            Part::Text(text) => Some(text.clone()),
            Part::Thought { .. } | Part::Call { .. } => None,
        };
        self.parts.iter().filter_map(text).collect()
    }

    /// The thoughts' text.
    #[must_use]
    pub fn thoughts(&self) -> String {
        let text = |it: &Part| match it {
            Part::Thought { text, .. } => Some(text.clone()),
            Part::Text(_) | Part::Call { .. } => None,
        };
        self.parts.iter().filter_map(text).collect()
    }

    /// Why it ended; as if at the end of a turn when it has not.
    #[must_use]
    pub fn ending(&self) -> Ending {
        match &self.end {
            Some(Ok(ending)) => ending.clone(),
            Some(Err(_)) | None => Ending { reason: StopReason::EndOfTurn, stopped_by: None },
        }
    }
}
