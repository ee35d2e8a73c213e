//! One reply as events, in the only order that is allowed.
//!
//! Decoders tell what they read; what they must not be able to do (a delta of a call that was
//! never started, text after the end, a call that stays open, two endings) cannot be said here.
//! It knows no provider's format.

use serde_json::Value;
use wire::{ModelEvent, Rejection, RejectionCode, StopReason, Usage};

use crate::failure;

/// Bytes per token, for what no provider counted.
const BYTES_PER_TOKEN: usize = 4;

/// Builds the events of one reply.
#[derive(Debug, Default)]
pub struct Reply {
    events: Vec<ModelEvent>,
    /// Ids of the calls that are started and not ended.
    open: Vec<String>,
    /// Ids of all calls of this reply.
    calls: Vec<String>,
    thinking: bool,
    usage: Option<Usage>,
    n_output_bytes: usize,
    over: bool,
}

impl Reply {
    /// Returns what has happened since the last time.
    pub fn take(&mut self) -> Vec<ModelEvent> {
        std::mem::take(&mut self.events)
    }

    /// As [`Self::take`], behind what is there.
    pub fn take_into(&mut self, events: &mut Vec<ModelEvent>) {
        events.append(&mut self.events);
    }

    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over
    }

    pub fn text(&mut self, text: &str) {
        if text.is_empty() || self.over {
            return;
        }
        self.end_thought(None);
        self.n_output_bytes += text.len();
        self.events.push(ModelEvent::TextDelta { text: text.to_owned() });
    }

    pub fn think(&mut self, text: &str) {
        if text.is_empty() || self.over {
            return;
        }
        self.thinking = true;
        self.n_output_bytes += text.len();
        self.events.push(ModelEvent::Reasoning { text: text.to_owned() });
    }

    /// Ends a thought. Without an opaque block there must be one that was begun.
    pub fn end_thought(&mut self, opaque: Option<Value>) {
        if self.over || !(self.thinking || opaque.is_some()) {
            return;
        }
        self.thinking = false;
        self.events.push(ModelEvent::ReasoningEnd { opaque });
    }

    /// Starts a call and returns its id, which is the provider's unless that one is missing or
    /// already taken.
    pub fn start_call(&mut self, id: &str, tool: &str) -> String {
        let mut call = id.to_owned();
        let mut n = self.calls.len();
        while call.is_empty() || self.calls.contains(&call) {
            call = if id.is_empty() { format!("call-{n}") } else { format!("{id}-{n}") };
            n += 1;
        }
        if !self.over {
            self.end_thought(None);
            self.calls.push(call.clone());
            self.open.push(call.clone());
            self.events
                .push(ModelEvent::ToolCallStart { call: call.clone(), tool: tool.to_owned() });
        }
        call
    }

    /// Adds to the arguments of an open call.
    pub fn continue_call(&mut self, call: &str, json: &str) {
        if json.is_empty() || !self.open.iter().any(|it| it == call) {
            return;
        }
        self.n_output_bytes += json.len();
        self.events
            .push(ModelEvent::ToolCallDelta { call: call.to_owned(), json: json.to_owned() });
    }

    pub fn end_call(&mut self, call: &str) {
        let Some(at) = self.open.iter().position(|it| it == call) else { return };
        self.open.remove(at);
        self.events.push(ModelEvent::ToolCallEnd { call: call.to_owned() });
    }

    /// Keeps what the provider counted; the last figures win, nothing is summed.
    pub fn count(&mut self, usage: Usage) {
        self.usage = Some(usage);
    }

    /// Ends the reply. A reason that contradicts the calls made is put right, because a call that
    /// nobody answers, or a wait for a call that was never made, both end in nothing.
    pub fn finish(&mut self, reason: StopReason) {
        self.finish_by(reason, None);
    }

    /// Ends the reply, perhaps by a text that the request gave.
    pub fn finish_by(&mut self, reason: StopReason, stopped_by: Option<String>) {
        let called = !self.calls.is_empty();
        let reason = match reason {
            StopReason::EndOfTurn if called => StopReason::ToolUse,
            StopReason::ToolUse if !called => StopReason::EndOfTurn,
            StopReason::EndOfTurn
            | StopReason::ToolUse
            | StopReason::OutputLimit
            | StopReason::Refused => reason,
        };
        let usage = self.usage;
        self.conclude(usage, ModelEvent::Finish { reason, stopped_by });
    }

    pub fn fail(&mut self, rejection: Rejection) {
        let usage = self.usage_so_far();
        self.conclude(usage, ModelEvent::Error(rejection));
    }

    /// The stream ended without its terminator. Does nothing when the reply was over.
    pub fn cut_off(&mut self) {
        self.fail(failure::plain(
            RejectionCode::CutOff,
            "The provider's answer broke off in the middle",
        ));
    }

    fn conclude(&mut self, usage: Option<Usage>, last: ModelEvent) {
        if self.over {
            return;
        }
        self.end_thought(None);
        for call in std::mem::take(&mut self.open) {
            self.events.push(ModelEvent::ToolCallEnd { call });
        }
        self.events.extend(usage.map(ModelEvent::Usage));
        self.events.push(last);
        self.over = true;
    }

    /// What was produced before a failure is billed too, but only the provider knows how much.
    fn usage_so_far(&self) -> Option<Usage> {
        if self.usage.is_none() && self.n_output_bytes == 0 {
            return None;
        }
        let usage = self.usage.unwrap_or_default();
        let produced = usage.output_tokens.saturating_add(usage.reasoning_tokens);
        let guess = tokens(self.n_output_bytes);
        if guess <= produced {
            return Some(usage);
        }
        let output_tokens = guess - usage.reasoning_tokens;
        Some(Usage { output_tokens, estimated: true, ..usage })
    }
}

/// Gives calls without ids of their vendor's names that no other reply has: made up, they begin
/// anew in each, and a conversation that moves to another vendor may not hold one twice.
pub fn distinguish(events: &mut [ModelEvent], seed: &str) {
    for event in events {
        if let ModelEvent::ToolCallStart { call, .. }
        | ModelEvent::ToolCallDelta { call, .. }
        | ModelEvent::ToolCallEnd { call } = event
            && is_made_up(call)
        {
            *call = format!("{call}-{seed}");
        }
    }
}

fn is_made_up(call: &str) -> bool {
    let number = call.strip_prefix("call-");
    number.is_some_and(|it| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit()))
}

/// Returns about how many tokens a text of this length has.
#[must_use]
pub fn tokens(n_bytes: usize) -> u32 {
    u32::try_from(n_bytes.div_ceil(BYTES_PER_TOKEN)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_stream_ends_its_calls_and_says_so() {
        let mut reply = Reply::default();
        reply.think("hm");
        let call = reply.start_call("c1", "write");
        reply.continue_call(&call, "{\"path");
        reply.cut_off();
        assert!(matches!(
            &reply.take()[..],
            [
                ModelEvent::Reasoning { .. },
                ModelEvent::ReasoningEnd { opaque: None },
                ModelEvent::ToolCallStart { .. },
                ModelEvent::ToolCallDelta { .. },
                ModelEvent::ToolCallEnd { .. },
                ModelEvent::Usage(Usage { output_tokens: 2, estimated: true, .. }),
                ModelEvent::Error(Rejection { code: RejectionCode::CutOff, .. }),
            ]
        ));
    }

    #[test]
    fn nothing_comes_after_the_end() {
        let mut reply = Reply::default();
        reply.finish(StopReason::EndOfTurn);
        let n_events = reply.take().len();
        let call = reply.start_call("", "read");
        reply.continue_call(&call, "{}");
        reply.end_call(&call);
        reply.text("late");
        reply.think("late");
        reply.end_thought(Some(Value::Null));
        reply.finish(StopReason::Refused);
        reply.cut_off();
        assert_eq!((n_events, reply.take()), (1, Vec::new()));
    }

    #[test]
    fn the_reason_follows_the_calls() {
        let mut called = Reply::default();
        called.start_call("a", "list");
        called.finish(StopReason::EndOfTurn);
        assert_eq!(called.take().last(), Some(&finish(StopReason::ToolUse)));

        let mut silent = Reply::default();
        silent.finish(StopReason::ToolUse);
        assert_eq!(silent.take().last(), Some(&finish(StopReason::EndOfTurn)));
    }

    #[test]
    fn ids_are_made_up_when_they_are_missing_or_repeated() {
        let mut reply = Reply::default();
        let ids = ["", "", "x", "x", "call-4"].map(|it| reply.start_call(it, "t"));
        assert_eq!(ids, ["call-0", "call-1", "x", "x-3", "call-4"]);
    }

    #[test]
    fn made_up_ids_differ_from_reply_to_reply() {
        let mut reply = Reply::default();
        for id in ["", "call-x", "call_1"] {
            let call = reply.start_call(id, "t");
            reply.end_call(&call);
        }
        let mut events = reply.take();
        distinguish(&mut events, "r1");
        let ids: Vec<&str> = events
            .iter()
            .map(|it| match it {
                ModelEvent::ToolCallStart { call, .. } | ModelEvent::ToolCallEnd { call } => {
                    call.as_str()
                }
                other @ (ModelEvent::TextDelta { .. }
                | ModelEvent::Reasoning { .. }
                | ModelEvent::ReasoningEnd { .. }
                | ModelEvent::ToolCallDelta { .. }
                | ModelEvent::Usage(_)
                | ModelEvent::Finish { .. }
                | ModelEvent::Error(_)) => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(ids, ["call-0-r1", "call-0-r1", "call-x", "call-x", "call_1", "call_1"]);
    }

    fn finish(reason: StopReason) -> ModelEvent {
        ModelEvent::Finish { reason, stopped_by: None }
    }
}
