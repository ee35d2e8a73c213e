//! One turn: from the person's message until the model has nothing left to do.
//!
//! A [`Turn`] never waits, reads a clock or touches the network or a file. The caller feeds it
//! [`Event`]s, carries out the [`Effect`]s it returns, and feeds their outcome back. Stale outcomes
//! are ignored here, once, so that no caller has to cancel anything to be correct.
//!
//! Calls run one after the other, in the order in which the model made them, and only when the reply
//! that made them has ended as it should: what broke off never changes anything.

use wire::{ModelEvent, Rejection, RejectionCode, StopReason, Usage};

use crate::chat::{Part, messages_of};
use crate::permission::{Answer, Decision, Permissions, Request};
use crate::tools::ToolCall;

mod calls;
mod failures;
mod reply;
mod sum;
mod unresolved;

pub use unresolved::{Unresolved, unresolved};

use calls::Calls;
use failures::Failures;
use reply::Reply;
use sum::Sum;

/// The hard limit of model requests in one turn.
pub const LIMIT_STEPS: u32 = 1_000;
/// A malformed reply goes back to the model so often; the next one ends the turn.
const MALFORMED_RETRIES: u32 = 2;

/// A turn in progress.
#[derive(Debug)]
pub struct Turn {
    options: Options,
    reply: Reply,
    calls: Calls,
    phase: Phase,
    n_steps: u32,
    n_malformed: u32,
    failures: Failures,
    usage: Sum,
}

#[derive(Debug, Clone)]
pub struct Options {
    pub step_limit: u32,
    pub permissions: Permissions,
    /// The model calls tools; else its edits stand in the text of its replies.
    pub tools: bool,
}

#[derive(Debug)]
pub enum Event {
    Model(ModelEvent),
    /// The stream of the last [`Effect::Ask`] is over. The streams before it are dropped when it is
    /// asked for, so that their ends are not taken for its own.
    StreamEnded,
    ToolFinished {
        call: String,
        output: String,
        failed: bool,
    },
    Answered {
        call: String,
        answer: Answer,
    },
    Cancelled,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Ask the model. `append` stands behind the conversation: this turn's replies and answers.
    Ask { append: Vec<wire::Message> },
    /// Ask the person; the answer arrives as [`Event::Answered`].
    Permit(Request),
    /// Run a checked and permitted call; its outcome arrives as [`Event::ToolFinished`].
    Run { call: String, tool: ToolCall },
    /// Part `at` of [`Turn::parts`] has changed.
    Show { at: usize, change: Shown },
    /// The turn is over.
    Finish(Outcome),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    Added,
    Grew { text: String },
    Changed,
}

/// How a turn ended. Whatever the end, the parts that are there stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Answered,
    Cancelled,
    /// The reply reached its limit, or the provider refused to go on.
    CutShort {
        why: StopReason,
    },
    /// The stream broke off; Continue goes on.
    Interrupted,
    StepLimit {
        limit: u32,
    },
    /// The same call failed in the same way again and again.
    Stuck {
        diagnosis: String,
    },
    Failed(Rejection),
    /// The model's replies could not be understood.
    Malformed {
        what: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The model is talking.
    Listening,
    /// Its calls are being carried out.
    Working,
    Over,
}

impl Turn {
    pub fn start(options: Options) -> (Self, Vec<Effect>) {
        let mut turn = Self {
            reply: Reply::new(options.tools),
            options,
            calls: Calls::default(),
            phase: Phase::Listening,
            n_steps: 0,
            n_malformed: 0,
            failures: Failures::default(),
            usage: Sum::default(),
        };
        let effects = turn.ask();
        (turn, effects)
    }

    /// The reply so far: what the message of this turn holds.
    pub fn parts(&self) -> &[Part] {
        &self.reply.parts
    }

    /// The tokens of all requests of this turn.
    pub fn usage(&self) -> Usage {
        self.usage.total()
    }

    pub fn over(&self) -> bool {
        self.phase == Phase::Over
    }

    pub fn handle(&mut self, event: Event) -> Vec<Effect> {
        match (self.phase, event) {
            (Phase::Over, _) => Vec::new(),
            (_, Event::Cancelled) => self.finish(Outcome::Cancelled),
            (Phase::Listening, Event::Model(event)) => self.model_said(event),
            (Phase::Listening, Event::StreamEnded) => self.finish(Outcome::Interrupted),
            (Phase::Working, Event::ToolFinished { call, output, failed }) => {
                self.tool_finished(&call, output, failed)
            }
            (Phase::Working, Event::Answered { call, answer }) => self.answered(&call, answer),
            // The stream of an earlier step, or the outcome of a call that is over.
            (Phase::Working, Event::Model(_) | Event::StreamEnded)
            | (Phase::Listening, Event::ToolFinished { .. } | Event::Answered { .. }) => Vec::new(),
        }
    }

    fn model_said(&mut self, event: ModelEvent) -> Vec<Effect> {
        let shown = match event {
            ModelEvent::TextDelta { text } => self.reply.text(&text),
            ModelEvent::Reasoning { text } => self.reply.reasoning(&text),
            ModelEvent::ReasoningEnd { opaque } => self.reply.reasoning_ended(opaque),
            ModelEvent::ToolCallStart { call, tool } => self.reply.call_started(&call, &tool),
            ModelEvent::ToolCallDelta { call, json } => self.reply.call_grew(&call, &json),
            ModelEvent::ToolCallEnd { call } => self.reply.call_ended(&call),
            ModelEvent::Usage(usage) => {
                self.usage.add(usage);
                Vec::new()
            }
            ModelEvent::Finish { reason, .. } => return self.reply_ended(reason),
            ModelEvent::Error(rejection) if rejection.code == RejectionCode::CutOff => {
                return self.finish(Outcome::Interrupted);
            }
            ModelEvent::Error(rejection) => return self.finish(Outcome::Failed(rejection)),
        };
        if self.reply.too_long() {
            let what = "the reply grew beyond every limit".to_owned();
            return self.finish(Outcome::Malformed { what });
        }
        shown
    }

    fn reply_ended(&mut self, reason: StopReason) -> Vec<Effect> {
        match reason {
            StopReason::OutputLimit | StopReason::Refused => {
                self.finish(Outcome::CutShort { why: reason })
            }
            // Some providers name the wrong reason: what the model did counts.
            StopReason::EndOfTurn | StopReason::ToolUse => {
                let (drafts, mut effects) = self.reply.ended();
                let empty = self.reply.nothing_said().then_some("the reply was empty");
                let promised = (reason == StopReason::ToolUse && drafts.is_empty())
                    .then_some("the reply announced a tool call, but holds none");
                self.calls.take(drafts);
                effects.extend(self.check_calls(empty.or(promised)));
                effects
            }
        }
    }

    /// Parses the calls of a reply that has ended, answers the bad ones, and starts the others.
    fn check_calls(&mut self, nothing_came: Option<&str>) -> Vec<Effect> {
        let mut effects = Vec::new();
        let bad = self.calls.parse();
        let mut what = bad.iter().find(|it| it.malformed).map(|it| it.why.clone());
        for call in bad {
            effects.extend(self.reply.call_finished(call.at, call.why, true));
        }
        what = what.or(nothing_came.map(str::to_owned));
        let Some(what) = what else {
            if self.options.tools {
                self.n_malformed = 0;
            }
            effects.extend(self.go_on());
            return effects;
        };
        self.n_malformed += 1;
        if self.n_malformed > MALFORMED_RETRIES {
            effects.extend(self.finish(Outcome::Malformed { what }));
            return effects;
        }
        if nothing_came.is_some() {
            let told = format!("Your reply could not be used: {what}. Try again.");
            effects.extend(self.reply.feedback(told));
            self.calls.ask_again();
        }
        effects.extend(self.go_on());
        effects
    }

    /// Starts the next call, asks the model about the outcomes, or is done.
    fn go_on(&mut self) -> Vec<Effect> {
        self.phase = Phase::Working;
        let mut effects = Vec::new();
        while let Some((at, call, tool)) = self.calls.next() {
            match self.options.permissions.decide(&tool) {
                Decision::Allow => {
                    effects.extend(self.reply.call_running(at));
                    effects.push(Effect::Run { call, tool });
                    return effects;
                }
                Decision::Ask(why) => {
                    let request = self.options.permissions.request(&call, &tool, why);
                    self.calls.wait_for(request.clone());
                    effects.push(Effect::Permit(request));
                    return effects;
                }
                Decision::Deny => {
                    let why = "the user's rules do not allow this".to_owned();
                    self.calls.over();
                    effects.extend(self.reply.call_finished(at, why, true));
                }
            }
        }
        effects.extend(if self.calls.take_unanswered() { self.ask_about() } else { self.done() });
        effects
    }

    /// In the text form only failures are told; with tools every call was answered.
    fn ask_about(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        if !self.options.tools && self.reply.has_edits_in_text() {
            let Some(told) = self.reply.failures_in_text() else { return self.done() };
            self.n_malformed += 1;
            if self.n_malformed > MALFORMED_RETRIES {
                return self.finish(Outcome::Malformed { what: told });
            }
            effects.extend(self.reply.feedback(told));
        }
        effects.extend(self.ask());
        effects
    }

    fn done(&mut self) -> Vec<Effect> {
        self.finish(Outcome::Answered)
    }

    fn answered(&mut self, call: &str, answer: Answer) -> Vec<Effect> {
        let Some((at, request)) = self.calls.answered(call) else { return Vec::new() };
        match answer {
            Answer::Once => {}
            Answer::Always => drop(self.options.permissions.grant(&request)),
            Answer::No => {
                self.calls.over();
                let why = "the user said no to this; do not try it again in another way".to_owned();
                let mut effects = self.reply.call_finished(at, why, true);
                effects.extend(self.go_on());
                return effects;
            }
        }
        let mut effects = self.reply.call_running(at);
        effects.push(Effect::Run { call: request.call, tool: request.tool });
        effects
    }

    fn tool_finished(&mut self, call: &str, output: String, failed: bool) -> Vec<Effect> {
        let Some(at) = self.calls.finished(call) else { return Vec::new() };
        let tool = self.reply.parts.get(at).and_then(Part::tool);
        let stuck = tool.and_then(|tool| self.failures.note(tool, &output, failed));
        let mut effects = self.reply.call_finished(at, output, failed);
        effects.extend(match stuck {
            Some(diagnosis) => self.finish(Outcome::Stuck { diagnosis }),
            None => self.go_on(),
        });
        effects
    }

    /// Which request to the model this is, counted from 1.
    pub fn step(&self) -> u32 {
        self.n_steps
    }

    fn ask(&mut self) -> Vec<Effect> {
        let limit = self.options.step_limit;
        if self.n_steps >= limit {
            return self.finish(Outcome::StepLimit { limit });
        }
        self.n_steps += 1;
        self.phase = Phase::Listening;
        let mut effects = self.reply.step();
        effects.push(Effect::Ask { append: messages_of(&self.reply.parts) });
        effects
    }

    fn finish(&mut self, outcome: Outcome) -> Vec<Effect> {
        self.phase = Phase::Over;
        let mut effects = self.reply.close();
        effects.push(Effect::Finish(outcome));
        effects
    }
}

impl Default for Options {
    fn default() -> Self {
        Self { step_limit: LIMIT_STEPS, permissions: Permissions::default(), tools: true }
    }
}

#[cfg(test)]
mod tests;
