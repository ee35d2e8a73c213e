//! The reply of a turn as it grows, part by part.
//!
//! It decides nothing: it keeps the parts, says which of them changed, and hands the calls over when
//! a reply has ended.

use serde_json::Value;

use super::calls::{Draft, What};
use super::{Effect, Shown};
use crate::chat::{Part, ToolPart, ToolState};
use crate::fenced::{Found, Parser};
use crate::tools::{self, ToolCall};

/// The longest reply, all its steps together.
const LIMIT_BYTES: usize = 64 * 1024 * 1024;

#[derive(Debug)]
pub(super) struct Reply {
    pub(super) parts: Vec<Part>,
    /// Where the current step begins.
    step: usize,
    /// Calls of this step: the provider's id, ours, the part, and whether it has ended.
    calls: Vec<Call>,
    /// The model calls tools; else its edits stand in its text.
    tools: bool,
    n_bytes: usize,
}

#[derive(Debug)]
struct Call {
    theirs: String,
    at: usize,
    whole: bool,
}

impl Reply {
    pub(super) fn new(tools: bool) -> Self {
        Self { parts: Vec::new(), step: 0, calls: Vec::new(), tools, n_bytes: 0 }
    }

    pub(super) fn too_long(&self) -> bool {
        self.n_bytes > LIMIT_BYTES
    }

    /// Whether the model has said and done nothing in the whole turn. A silent end after its calls
    /// is an end.
    pub(super) fn nothing_said(&self) -> bool {
        !self.parts.iter().any(|part| match part {
            Part::Text { text } => !text.trim().is_empty(),
            Part::Tool(_) => true,
            Part::Reasoning { .. }
            | Part::Changes { .. }
            | Part::Feedback { .. }
            | Part::Step
            | Part::Checkpoint { .. }
            | Part::Error { .. } => false,
        })
    }

    /// Begins the model's next reply.
    pub(super) fn step(&mut self) -> Vec<Effect> {
        self.calls.clear();
        let fresh = matches!(self.parts.last(), None | Some(Part::Feedback { .. } | Part::Step));
        let shown = if fresh { Vec::new() } else { self.add(Part::Step) };
        self.step = self.parts.len();
        shown
    }

    pub(super) fn text(&mut self, more: &str) -> Vec<Effect> {
        self.n_bytes += more.len();
        let mut effects = Vec::new();
        match self.parts[self.step..].last_mut() {
            Some(Part::Text { text }) => {
                text.push_str(more);
                effects.push(self.grew(self.parts.len() - 1, more));
            }
            _ => effects.extend(self.add(Part::Text { text: more.to_owned() })),
        }
        effects
    }

    pub(super) fn reasoning(&mut self, more: &str) -> Vec<Effect> {
        self.n_bytes += more.len();
        match self.parts[self.step..].last_mut() {
            Some(Part::Reasoning { text, opaque: None }) => {
                text.push_str(more);
                vec![self.grew(self.parts.len() - 1, more)]
            }
            _ => self.add(Part::Reasoning { text: more.to_owned(), opaque: None }),
        }
    }

    /// A thought may consist of nothing but its opaque block.
    pub(super) fn reasoning_ended(&mut self, block: Option<Value>) -> Vec<Effect> {
        match self.parts[self.step..].last_mut() {
            Some(Part::Reasoning { opaque: opaque @ None, .. }) => *opaque = block,
            _ if block.is_some() => {
                return self.add(Part::Reasoning { text: String::new(), opaque: block });
            }
            _ => {}
        }
        Vec::new()
    }

    pub(super) fn call_started(&mut self, call: &str, tool: &str) -> Vec<Effect> {
        let at = self.parts.len();
        self.calls.push(Call { theirs: call.to_owned(), at, whole: false });
        let part = ToolPart {
            call: self.unique(call),
            tool: tool.to_owned(),
            arguments: String::new(),
            state: ToolState::Pending,
            output: String::new(),
            title: tool.to_owned(),
            from_text: false,
        };
        self.add(Part::Tool(part))
    }

    pub(super) fn call_grew(&mut self, call: &str, json: &str) -> Vec<Effect> {
        self.n_bytes += json.len();
        let open = self.calls.iter().rfind(|it| it.theirs == call && !it.whole);
        let Some(at) = open.map(|it| it.at) else { return Vec::new() };
        let Some(Part::Tool(part)) = self.parts.get_mut(at) else { return Vec::new() };
        part.arguments.push_str(json);
        let title = tools::title_so_far(&part.tool, &part.arguments);
        let mut effects = vec![self.grew(at, json)];
        if let Some(title) = title
            && let Some(Part::Tool(part)) = self.parts.get_mut(at)
            && part.title != title
        {
            part.title = title;
            effects.push(Effect::Show { at, change: Shown::Changed });
        }
        effects
    }

    pub(super) fn call_ended(&mut self, call: &str) -> Vec<Effect> {
        let open = self.calls.iter_mut().rfind(|it| it.theirs == call && !it.whole);
        let Some(open) = open else { return Vec::new() };
        open.whole = true;
        let at = open.at;
        let Some(Part::Tool(part)) = self.parts.get_mut(at) else { return Vec::new() };
        if let Ok(call) = ToolCall::parse(&part.tool, &part.arguments) {
            part.title = call.title();
        }
        vec![Effect::Show { at, change: Shown::Changed }]
    }

    /// The reply has ended as it should: returns its calls.
    pub(super) fn ended(&mut self) -> (Vec<Draft>, Vec<Effect>) {
        let mut drafts = Vec::new();
        for Call { at, whole, .. } in std::mem::take(&mut self.calls) {
            if let Some(Part::Tool(part)) = self.parts.get(at) {
                let (tool, arguments) = (part.tool.clone(), part.arguments.clone());
                let what = What::Text { tool, arguments, whole };
                drafts.push(Draft { at, call: part.call.clone(), what });
            }
        }
        let mut effects = Vec::new();
        if !self.tools {
            for found in self.edits_in_text() {
                let at = self.parts.len();
                let (part, what) = self.found(found);
                drafts.push(Draft { at, call: part.call.clone(), what });
                effects.extend(self.add(Part::Tool(part)));
            }
        }
        (drafts, effects)
    }

    fn edits_in_text(&self) -> Vec<Found> {
        let mut parser = Parser::default();
        let mut found = Vec::new();
        for part in &self.parts[self.step..] {
            if let Part::Text { text } = part {
                found.extend(parser.push(text));
            }
        }
        found.extend(parser.finish());
        found
    }

    fn found(&self, found: Found) -> (ToolPart, What) {
        let call = self.unique("edit");
        let part = |tool: &str, title: String| ToolPart {
            call,
            tool: tool.to_owned(),
            arguments: "{}".to_owned(),
            state: ToolState::Pending,
            output: String::new(),
            title,
            from_text: true,
        };
        match found {
            Found::Call(call) => (part(call.tool().name(), call.title()), What::Parsed(call)),
            Found::Problem { line, what } => {
                let title = format!("Edit at line {line} of the reply");
                (part("edit", title), What::Problem(what))
            }
        }
    }

    pub(super) fn has_edits_in_text(&self) -> bool {
        self.edits().next().is_some()
    }

    /// Returns what the model must hear about the edits in its text; nothing when all went well.
    pub(super) fn failures_in_text(&self) -> Option<String> {
        let failed: Vec<String> = self
            .edits()
            .filter(|it| it.state == ToolState::Error)
            .map(|it| format!("- {}: {}", it.title, it.output))
            .collect();
        let n_done = self.edits().filter(|it| it.state == ToolState::Done).count();
        if failed.is_empty() {
            return None;
        }
        let others = match n_done {
            0 => String::new(),
            n => format!("\nThe other {n} were applied; do not send them again."),
        };
        Some(format!("These edits were not applied:\n{}{others}", failed.join("\n")))
    }

    fn edits(&self) -> impl Iterator<Item = &ToolPart> {
        let tools = self.parts[self.step..].iter().filter_map(Part::tool);
        tools.filter(|tool| tool.from_text)
    }

    pub(super) fn call_running(&mut self, at: usize) -> Vec<Effect> {
        self.set(at, ToolState::Running, String::new())
    }

    pub(super) fn call_finished(&mut self, at: usize, output: String, failed: bool) -> Vec<Effect> {
        self.set(at, if failed { ToolState::Error } else { ToolState::Done }, output)
    }

    fn set(&mut self, at: usize, state: ToolState, output: String) -> Vec<Effect> {
        let Some(Part::Tool(part)) = self.parts.get_mut(at) else { return Vec::new() };
        self.n_bytes += output.len();
        part.state = state;
        part.output = output;
        vec![Effect::Show { at, change: Shown::Changed }]
    }

    pub(super) fn feedback(&mut self, text: String) -> Vec<Effect> {
        self.add(Part::Feedback { text })
    }

    /// Nothing runs any more: what was not carried out is shown as such.
    pub(super) fn close(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        for at in 0..self.parts.len() {
            if let Some(Part::Tool(part)) = self.parts.get(at)
                && !part.state.over()
            {
                let output = "interrupted: this call was not carried out".to_owned();
                effects.extend(self.set(at, ToolState::Error, output));
            }
        }
        effects
    }

    fn add(&mut self, part: Part) -> Vec<Effect> {
        self.parts.push(part);
        vec![Effect::Show { at: self.parts.len() - 1, change: Shown::Added }]
    }

    fn grew(&self, at: usize, more: &str) -> Effect {
        Effect::Show { at, change: Shown::Grew { text: more.to_owned() } }
    }

    /// Some models name every call alike; answers must be told apart.
    fn unique(&self, call: &str) -> String {
        let taken = |id: &str| {
            self.parts.iter().any(|part| matches!(part, Part::Tool(tool) if tool.call == id))
        };
        let mut id = if call.is_empty() { "call".to_owned() } else { call.to_owned() };
        let mut n = 1;
        while taken(&id) {
            n += 1;
            id = format!("{call}_{n}");
        }
        id
    }
}
