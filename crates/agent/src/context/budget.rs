//! How a model's window is divided, counted and paid.
//!
//! Tokens are estimated: a tokenizer per model family would cost more bytes than the whole core.

use wire::Model;

/// The parts of a window, and of every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Share {
    System,
    Context,
    Conversation,
    Reply,
}

/// How full a part of the window is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meter {
    pub share: Share,
    pub tokens: u32,
    pub limit: u32,
}

/// What a request costs, in nano-dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// For what is sent.
    pub input_nano: u64,
    /// With a reply that fills its share of the window.
    pub most_nano: u64,
}

impl Share {
    /// Of 128 parts of the window; 2, 80, 40 and 6 thousand tokens of 128.
    fn parts(self) -> u64 {
        match self {
            Self::System => 2,
            Self::Context => 80,
            Self::Conversation => 40,
            Self::Reply => 6,
        }
    }

    pub(super) fn of(self, window: u32) -> u32 {
        u32::try_from(u64::from(window) * self.parts() / 128).unwrap_or(u32::MAX)
    }
}

/// Estimates the tokens of a text: a quarter of its bytes, rounded up.
pub fn tokens(text: &str) -> u32 {
    u32::try_from(text.len().div_ceil(4)).unwrap_or(u32::MAX)
}

/// Returns what is kept free for the reply: its share, but in a small window more, because a reply
/// that cannot hold one function is none.
pub(super) fn reply(model: &Model) -> u32 {
    let window = model.context_tokens;
    let kept = Share::Reply.of(window).max((window / 8).min(2_048));
    kept.min(model.max_output_tokens.max(1))
}

pub(super) fn cost(model: &Model, input: u32, output: u32) -> Option<Cost> {
    let input_nano = u64::from(input).saturating_mul(model.input_price_nano?);
    let output_nano = u64::from(output).saturating_mul(model.output_price_nano?);
    Some(Cost { input_nano, most_nano: input_nano.saturating_add(output_nano) })
}
