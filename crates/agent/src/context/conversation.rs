//! What of a conversation fits.
//!
//! The oldest turns go first, and in steps: a cut that moved with every message would change the
//! beginning of every request and miss the provider's cache each time. The turn under way stays.

use wire::{Block, Message, Role};

use super::budget::tokens;

/// Turns are dropped in multiples of this.
const STEP: usize = 4;
/// Older answers of tools are cut to this many bytes before whole turns are dropped.
const SHORT_RESULT: usize = 2_000;
/// What a message costs beside its content.
const FRAME_TOKENS: u32 = 4;
const IMAGE_TOKENS: u32 = 1_500;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Kept {
    pub(super) messages: Vec<Message>,
    pub(super) n_dropped: usize,
    pub(super) n_shortened: usize,
}

/// Fits the messages into a limit. `current` is where the turn under way begins.
pub(super) fn fit(messages: &[Message], current: usize, limit_tokens: u32) -> Kept {
    let mut kept = Kept { messages: messages.to_vec(), n_dropped: 0, n_shortened: 0 };
    if count(&kept.messages) <= limit_tokens {
        return kept;
    }
    let starts = turns(&messages[..current]);
    let recent = starts.iter().rev().nth(1).copied().unwrap_or(0);
    kept.n_shortened = shorten(&mut kept.messages[..recent]);
    if count(&kept.messages) <= limit_tokens {
        return kept;
    }
    let ends = starts.iter().skip(1).copied().chain([current]);
    let fits = ends.enumerate().find(|(_, end)| count(&kept.messages[*end..]) <= limit_tokens);
    let n_turns = fits.map_or(starts.len(), |(at, _)| (at + 1).next_multiple_of(STEP));
    kept.n_dropped = starts.get(n_turns).copied().unwrap_or(current);
    kept.messages.drain(..kept.n_dropped);
    if kept.n_dropped == 0 {
        return kept;
    }
    let note = format!("({} older messages of this conversation are left out.)", kept.n_dropped);
    if let Some(first) = kept.messages.first_mut() {
        let at = first.blocks.iter().position(|it| matches!(it, Block::Text { .. }));
        first.blocks.insert(at.unwrap_or(first.blocks.len()), Block::Text { text: note });
    }
    kept
}

/// Cuts the answers of tools in the turn under way, the oldest first, until it fits.
pub(super) fn squeeze(messages: &mut [Message], limit_tokens: u32) -> usize {
    let mut n_shortened = 0;
    for at in 0..messages.len() {
        if count(messages) <= limit_tokens {
            break;
        }
        n_shortened += shorten(&mut messages[at..=at]);
    }
    n_shortened
}

/// Tells calls and answers as text, for a model that knows no tools but goes on with a conversation
/// that had them: providers refuse the blocks.
pub(super) fn without_tools(mut messages: Vec<Message>) -> Vec<Message> {
    for block in messages.iter_mut().flat_map(|it| &mut it.blocks) {
        let text = match block {
            Block::ToolCall { tool, arguments, .. } => {
                format!("(A call of the tool `{tool}` with {arguments}.)")
            }
            Block::ToolResult { output, failed: false, .. } => format!("(It answered:)\n{output}"),
            Block::ToolResult { output, failed: true, .. } => format!("(It failed:)\n{output}"),
            Block::Text { .. } | Block::Image { .. } | Block::Reasoning { .. } => continue,
        };
        *block = Block::Text { text };
    }
    messages
}

/// Returns where turns begin: at the person's own words.
fn turns(messages: &[Message]) -> Vec<usize> {
    let begins = |message: &Message| {
        message.role == Role::User
            && message
                .blocks
                .iter()
                .any(|it| matches!(it, Block::Text { .. } | Block::Image { .. }))
    };
    (0..messages.len()).filter(|at| begins(&messages[*at])).collect()
}

pub(super) fn count(messages: &[Message]) -> u32 {
    messages.iter().fold(0, |sum, message| sum.saturating_add(count_one(message)))
}

fn count_one(message: &Message) -> u32 {
    message.blocks.iter().fold(FRAME_TOKENS, |sum, block| {
        sum.saturating_add(match block {
            Block::Text { text } => tokens(text),
            Block::Image { .. } => IMAGE_TOKENS,
            Block::ToolCall { call, tool, arguments } => {
                tokens(call) + tokens(tool) + tokens(arguments)
            }
            Block::ToolResult { call, output, .. } => tokens(call) + tokens(output),
            Block::Reasoning { text, opaque } => {
                tokens(text) + opaque.as_ref().map_or(0, |it| tokens(&it.to_string()))
            }
        })
    })
}

fn shorten(messages: &mut [Message]) -> usize {
    let mut n_shortened = 0;
    for block in messages.iter_mut().flat_map(|it| &mut it.blocks) {
        let Block::ToolResult { output, .. } = block else { continue };
        if output.len() > SHORT_RESULT + 200 {
            let n_bytes = output.len();
            output.truncate(output.floor_char_boundary(SHORT_RESULT));
            *output += &format!("\n(cut; {n_bytes} bytes in all. Call the tool again if needed.)");
            n_shortened += 1;
        }
    }
    n_shortened
}

/// Returns the conversation as the inspector shows it.
pub(super) fn shown(messages: &[Message]) -> String {
    let mut text = String::new();
    for message in messages {
        text += match message.role {
            Role::User => "[user]\n",
            Role::Assistant => "[assistant]\n",
        };
        for block in &message.blocks {
            text += &match block {
                Block::Text { text } => text.clone(),
                Block::Image { media_type, .. } => format!("({media_type})"),
                Block::ToolCall { tool, arguments, .. } => format!("{tool} {arguments}"),
                Block::ToolResult { output, failed, .. } => {
                    format!("{} {output}", if *failed { "✗" } else { "✓" })
                }
                Block::Reasoning { text, .. } => format!("(thought) {text}"),
            };
            text.push('\n');
        }
    }
    text
}
