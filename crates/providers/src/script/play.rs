//! A part of a script as timed events.
//!
//! It goes through the same [`Reply`] as every vendor's stream, so a script cannot show the app
//! an order of events that no model could.

use std::time::Duration;

use wire::{ModelEvent, RejectionCode, StopReason, Usage};

use super::{Line, Part, Step, texts};
use crate::{
    ask::Ask,
    failure,
    reply::{Reply, tokens},
};

/// Bytes of arguments that come at once.
const PIECE_BYTES: usize = 24;

pub(super) fn play(part: Option<&Part>, ask: &Ask) -> Vec<Step> {
    let mut player = Player { id: ask.messages.len(), ..Player::default() };
    match part {
        Some(part) => {
            for line in &part.lines {
                player.read(line);
            }
            player.conclude(ask);
        }
        None => {
            let message =
                "This script has no reply for this prompt; change the prompt or the model";
            player.reply.fail(failure::plain(RejectionCode::BadRequest, message));
        }
    }
    player.flush(Duration::ZERO);
    player.steps
}

#[derive(Debug, Default)]
struct Player {
    steps: Vec<Step>,
    reply: Reply,
    /// Waits before the next event.
    pause: Duration,
    pace: u32,
    /// Makes ids of calls differ from those of earlier replies.
    id: usize,
    n_calls: usize,
    n_output_bytes: usize,
    counted: bool,
    said: bool,
    reason: Option<StopReason>,
}

impl Player {
    fn read(&mut self, line: &Line) {
        match line {
            Line::Text(text) => {
                if std::mem::replace(&mut self.said, true) && !text.ends_with('\n') {
                    self.reply.text("\n\n");
                }
                for word in text.split_inclusive(char::is_whitespace) {
                    self.reply.text(word);
                    self.flush(self.time_for(word));
                }
            }
            Line::Think(text) => {
                for word in text.split_inclusive(char::is_whitespace) {
                    self.reply.think(word);
                    self.flush(self.time_for(word));
                }
                self.reply.end_thought(None);
            }
            Line::Tool { name, arguments } => self.call(name, arguments),
            Line::Pause(pause) => self.pause += *pause,
            Line::Pace(pace) => self.pace = *pace,
            Line::Usage(usage) => {
                self.counted = true;
                self.reply.count(*usage);
            }
            Line::Fail { code, retry_after_secs } => {
                let mut rejection = failure::plain(*code, "The script says that this fails");
                rejection.retry_after_secs = *retry_after_secs;
                self.reply.fail(rejection);
            }
            Line::Cut => self.reply.cut_off(),
            Line::Garbage => {
                self.reply.fail(failure::unreadable());
            }
            Line::Done(reason) => self.reason = Some(*reason),
        }
        self.flush(Duration::ZERO);
    }

    fn call(&mut self, name: &str, arguments: &str) {
        let id = format!("script-{}-{}", self.id, self.n_calls);
        self.n_calls += 1;
        let call = self.reply.start_call(&id, name);
        let mut rest = arguments;
        while !rest.is_empty() {
            let mut end = PIECE_BYTES.min(rest.len());
            while !rest.is_char_boundary(end) {
                end += 1;
            }
            let (piece, left) = rest.split_at(end);
            self.reply.continue_call(&call, piece);
            self.flush(self.time_for(piece));
            rest = left;
        }
        self.reply.end_call(&call);
    }

    fn time_for(&self, text: &str) -> Duration {
        match self.pace {
            0 => Duration::ZERO,
            pace => Duration::from_secs(1) * tokens(text.len()) / pace,
        }
    }

    /// Takes over what happened. The first event waits, what belongs to it follows at once.
    fn flush(&mut self, time: Duration) {
        for event in self.reply.take() {
            if let ModelEvent::TextDelta { text } | ModelEvent::Reasoning { text } = &event {
                self.n_output_bytes += text.len();
            }
            if let ModelEvent::ToolCallDelta { json, .. } = &event {
                self.n_output_bytes += json.len();
            }
            self.steps.push(Step { wait: std::mem::take(&mut self.pause), event });
        }
        self.pause += time;
    }

    fn conclude(&mut self, ask: &Ask) {
        if self.reply.is_over() {
            return;
        }
        if !self.counted {
            let n_input_bytes = texts(ask).map(str::len).sum();
            self.reply.count(Usage {
                input_tokens: tokens(n_input_bytes),
                output_tokens: tokens(self.n_output_bytes),
                cost_nano: Some(0),
                estimated: true,
                ..Usage::default()
            });
        }
        self.reply.finish(self.reason.unwrap_or(StopReason::EndOfTurn));
    }
}
