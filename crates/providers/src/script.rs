//! Recorded replies, chosen by the prompt: for tests, benchmarks and the built-in demo.
//!
//! They are never a silent stand-in for a model: whoever lists them says `scripted`. The clock is
//! the player's; here a pause is a number.

mod parse;
mod play;

use std::time::Duration;

use wire::{ModelEvent, RejectionCode, Role, StopReason, Usage};

use crate::ask::{Ask, Block, Message, Output, Piece};

/// Returns the scripts that every Easel has, by name.
pub fn built_in() -> Result<Vec<Script>, BadScript> {
    Ok(vec![Script::parse("demo", include_str!("../scripts/demo.script"))?])
}

/// A model whose every reply was written by hand.
#[derive(Debug, Clone, PartialEq)]
pub struct Script {
    /// The model's name after `script/`.
    pub name: String,
    pub title: String,
    scenes: Vec<Scene>,
}

/// What is said to one kind of prompt.
#[derive(Debug, Clone, PartialEq)]
struct Scene {
    /// Alternatives for the last prompt, in lower case; `*` is any.
    when: Vec<String>,
    /// Each must be somewhere in the request.
    has: Vec<String>,
    replies: Vec<Part>,
}

/// One reply, given after so many tool results.
#[derive(Debug, Clone, PartialEq)]
struct Part {
    after: usize,
    lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq)]
enum Line {
    Text(String),
    Think(String),
    Tool {
        name: String,
        arguments: String,
    },
    Pause(Duration),
    /// Tokens per second; zero for as fast as possible.
    Pace(u32),
    Usage(Usage),
    Fail {
        code: RejectionCode,
        retry_after_secs: Option<u32>,
    },
    Cut,
    Garbage,
    Done(StopReason),
}

/// An event of a reply, and how long it takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub wait: Duration,
    pub event: ModelEvent,
}

/// A line of a script that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{script}.script, line {line}: {what}")]
pub struct BadScript {
    pub script: String,
    pub line: usize,
    pub what: String,
}

impl Script {
    /// Reads the format that `scripts/README.md` describes.
    pub fn parse(name: &str, text: &str) -> Result<Self, BadScript> {
        parse::parse(name, text)
    }

    /// Returns the whole reply to a request.
    #[must_use]
    pub fn play(&self, ask: &Ask) -> Vec<Step> {
        play::play(self.choose(ask), ask)
    }

    /// The first scene that fits, and in it the last part that is due.
    fn choose(&self, ask: &Ask) -> Option<&Part> {
        let at = ask.messages.iter().rposition(is_prompt);
        // What the person typed comes last; before it the app puts what the model should know.
        let prompt = at.and_then(|it| ask.messages[it].pieces.iter().rev().find_map(words));
        let prompt = prompt.unwrap_or_default().to_lowercase();
        let since = at.map_or(&[][..], |it| &ask.messages[it + 1..]);
        let n_results = since.iter().flat_map(|it| &it.pieces).filter(|it| is_result(it)).count();
        let fits = |scene: &&Scene| {
            scene.when.iter().any(|it| it == "*" || prompt.contains(it))
                && scene.has.iter().all(|it| mentions(ask, it))
        };
        let scene = self.scenes.iter().find(fits)?;
        scene.replies.iter().filter(|it| it.after <= n_results).max_by_key(|it| it.after)
    }
}

/// A prompt is from the person; a message with results is only an answer to calls.
fn is_prompt(message: &Message) -> bool {
    message.role == Role::User && !message.pieces.iter().any(is_result)
}

fn is_result(piece: &Piece) -> bool {
    matches!(piece.block, Block::Result { .. })
}

fn words(piece: &Piece) -> Option<&str> {
    match &piece.block {
        Block::Text(text) => Some(text),
        Block::Image(_)
        | Block::File { .. }
        | Block::Call { .. }
        | Block::Result { .. }
        | Block::Thought { .. } => None,
    }
}

/// The texts of a request, in order.
fn texts(ask: &Ask) -> impl Iterator<Item = &str> {
    let pieces = ask.messages.iter().flat_map(|it| &it.pieces);
    ask.system.iter().map(|it| it.text.as_str()).chain(pieces.flat_map(|it| match &it.block {
        Block::Text(text) | Block::Thought { text, .. } => vec![text.as_str()],
        Block::Call { arguments, .. } => vec![arguments.as_str()],
        Block::Result { output, .. } => output.iter().filter_map(output_words).collect(),
        Block::Image(_) | Block::File { .. } => Vec::new(),
    }))
}

fn output_words(output: &Output) -> Option<&str> {
    match output {
        Output::Text(text) => Some(text),
        Output::Image(_) | Output::File { .. } => None,
    }
}

fn mentions(ask: &Ask, part: &str) -> bool {
    texts(ask).any(|it| it.contains(part))
}

#[cfg(test)]
mod tests;
