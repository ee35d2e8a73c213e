//! Puts a request together so that it fits.
//!
//! Order of giving way: the biggest files first, down to what the conversation's share leaves; then
//! old answers of tools, old turns, answers of this turn. Instructions and the person's message never
//! give way.

use wire::{Block, Message, Model, ModelRequest, Role, ToolSpec};

use super::budget::{self, Meter, Share, tokens};
use super::conversation::{self, Kept, count};
use super::gather::{self, Candidate, Gathered};
use super::{Assembled, Inputs, Section, TooLong};
use crate::prompt;
use crate::tools::specs;

/// Assembles the request for the next reply.
pub fn assemble(inputs: &Inputs<'_>) -> Result<Assembled, TooLong> {
    let model = inputs.model;
    let window = model.context_tokens;
    let system = System::compile(inputs);
    let reply = budget::reply(model);
    let free = window.saturating_sub(reply).saturating_sub(system.tokens);

    let messages: Vec<Message> = [inputs.conversation, inputs.append].concat();
    let current = current(inputs.conversation);
    let Gathered { mut candidates, mut left_out } = gather::gather(inputs);
    left_out.splice(0..0, system.left_out);
    left_out
        .extend(drop_biggest(&mut candidates, room_for_context(&messages, current, window, free)));
    let context_tokens = candidates.iter().map(|it| it.section.tokens).sum::<u32>();

    let limit = free.saturating_sub(context_tokens);
    let Some((kept, start)) = fit(&messages, current, limit) else {
        let must = system.tokens.saturating_add(count(&messages[current..]));
        return Err(TooLong { needed_tokens: must.saturating_add(reply), window_tokens: window });
    };
    left_out.extend(told(&kept));
    let conversation_tokens = count(&kept.messages);
    let total_tokens = system.tokens + context_tokens + conversation_tokens;

    let mut secrets: Vec<_> = candidates.iter().flat_map(|it| it.secrets.clone()).collect();
    secrets.extend(gather::found_in("your message", &own_words(&kept.messages, start)));
    let context: Vec<Section> = candidates.into_iter().map(|it| it.section).collect();
    let said = shown(&kept.messages, start);
    let meters = [
        (Share::System, system.tokens, Share::System.of(window).max(system.tokens)),
        (Share::Context, context_tokens, Share::Context.of(window).min(free)),
        (Share::Conversation, conversation_tokens, limit),
        (Share::Reply, reply, reply),
    ];
    let messages = for_model(with_context(kept.messages, start, &context), model);
    let sent_tokens = total_tokens.max(system.tokens.saturating_add(count(&messages)));
    let room = window.saturating_sub(sent_tokens);
    let request = ModelRequest {
        model: model.id.clone(),
        system: system.texts,
        messages,
        tools: system.tools,
        max_output_tokens: model.max_output_tokens.max(reply).min(room),
        temperature: inputs.temperature,
    };
    Ok(Assembled {
        request,
        sections: [system.sections, context, said].concat(),
        total_tokens,
        left_out,
        meters: meters.map(|(share, tokens, limit)| Meter { share, tokens, limit }).to_vec(),
        cost: budget::cost(model, total_tokens, reply),
        secrets,
    })
}

fn for_model(messages: Vec<Message>, model: &Model) -> Vec<Message> {
    if model.tools { messages } else { conversation::without_tools(messages) }
}

/// What stands before the conversation.
struct System {
    sections: Vec<Section>,
    texts: Vec<String>,
    tools: Vec<ToolSpec>,
    tokens: u32,
    left_out: Vec<String>,
}

impl System {
    fn compile(inputs: &Inputs<'_>) -> Self {
        let instructions = prompt::discover(inputs.files, inputs.open);
        let pieces = prompt::compile(inputs.layers, &instructions, inputs.model.tools);
        let mut sections: Vec<Section> = pieces.into_iter().map(section).collect();
        let texts = sections.iter().map(|it| it.text.clone()).collect();
        let tools = if inputs.model.tools { specs() } else { Vec::new() };
        if !tools.is_empty() {
            let told =
                |it: &ToolSpec| format!("{}: {}\n{}", it.name, it.description, it.parameters);
            sections.push(section(prompt::Piece {
                name: "Tools".to_owned(),
                reason: "what the model may call".to_owned(),
                text: tools.iter().map(told).collect::<Vec<_>>().join("\n"),
            }));
        }
        let cut = instructions.iter().filter(|it| it.cut);
        let left_out = cut.map(|it| format!("{}: only its first 32 KB are sent", it.path));
        let tokens = sum(&sections);
        Self { left_out: left_out.collect(), sections, texts, tools, tokens }
    }
}

/// Files get their share, and no more than the conversation leaves: its own share if it is that
/// long, and the turn under way in any case.
fn room_for_context(messages: &[Message], current: usize, window: u32, free: u32) -> u32 {
    let share = count(messages).min(Share::Conversation.of(window));
    let wanted = share.max(count(&messages[current..]));
    Share::Context.of(window).min(free.saturating_sub(wanted))
}

/// Fits the conversation, and says where the turn under way begins in it; nothing when it cannot.
fn fit(messages: &[Message], current: usize, limit: u32) -> Option<(Kept, usize)> {
    let mut kept = conversation::fit(messages, current, limit);
    let start = current - kept.n_dropped;
    if count(&kept.messages) > limit {
        kept.n_shortened += conversation::squeeze(&mut kept.messages[start..], limit);
    }
    (count(&kept.messages) <= limit).then_some((kept, start))
}

fn section(piece: prompt::Piece) -> Section {
    let tokens = tokens(&piece.text);
    let prompt::Piece { name, reason, text } = piece;
    Section { share: Share::System, name, reason, tokens, text }
}

fn sum(sections: &[Section]) -> u32 {
    sections.iter().fold(0, |sum, it| sum.saturating_add(it.tokens))
}

/// Returns where the turn under way begins: at the person's last words.
fn current(conversation: &[Message]) -> usize {
    let own = |message: &Message| {
        message.role == Role::User
            && message
                .blocks
                .iter()
                .any(|it| matches!(it, Block::Text { .. } | Block::Image { .. }))
    };
    conversation.iter().rposition(own).unwrap_or(0)
}

/// Removes the biggest until the rest fits: files first, then whatever is there.
fn drop_biggest(candidates: &mut Vec<Candidate>, limit: u32) -> Vec<String> {
    let mut dropped = Vec::new();
    while candidates.iter().map(|it| u64::from(it.section.tokens)).sum::<u64>() > u64::from(limit) {
        let size = |it: &Candidate| (it.file.is_some(), it.section.tokens);
        let biggest = (0..candidates.len()).max_by_key(|at| size(&candidates[*at]));
        let Some(at) = biggest else { break };
        let Section { name, tokens, .. } = candidates.remove(at).section;
        dropped.push(format!("{name}: its {tokens} tokens do not fit"));
    }
    dropped
}

fn told(kept: &Kept) -> Vec<String> {
    let mut told = Vec::new();
    if kept.n_shortened > 0 {
        told.push(format!(
            "{} long tool answers: only their beginnings are sent",
            kept.n_shortened
        ));
    }
    if kept.n_dropped > 0 {
        told.push(format!("the {} oldest messages of this conversation", kept.n_dropped));
    }
    told
}

fn own_words(messages: &[Message], start: usize) -> String {
    let blocks = messages.get(start).map(|it| it.blocks.as_slice()).unwrap_or_default();
    let texts = blocks.iter().filter_map(|block| match block {
        Block::Text { text } => Some(text.as_str()),
        Block::Image { .. }
        | Block::ToolCall { .. }
        | Block::ToolResult { .. }
        | Block::Reasoning { .. } => None,
    });
    texts.collect::<Vec<_>>().join("\n")
}

fn shown(messages: &[Message], start: usize) -> Vec<Section> {
    let parts = [
        ("Conversation", "what was said before", &messages[..start]),
        ("Your message", "what you ask", messages.get(start..=start).unwrap_or_default()),
        ("This turn", "what the model did so far", messages.get(start + 1..).unwrap_or_default()),
    ];
    let present = parts.into_iter().filter(|it| !it.2.is_empty());
    present
        .map(|(name, reason, messages)| Section {
            share: Share::Conversation,
            name: name.to_owned(),
            reason: reason.to_owned(),
            tokens: count(messages),
            text: conversation::shown(messages),
        })
        .collect()
}

/// Puts the context right before the person's last words, behind answers of tools.
fn with_context(mut messages: Vec<Message>, start: usize, context: &[Section]) -> Vec<Message> {
    let text: Vec<&str> = context.iter().map(|it| it.text.as_str()).collect();
    if let Some(message) = messages.get_mut(start)
        && !text.is_empty()
    {
        let at = message.blocks.iter().position(|it| !matches!(it, Block::ToolResult { .. }));
        let block = Block::Text { text: text.join("\n") };
        message.blocks.insert(at.unwrap_or(message.blocks.len()), block);
    }
    messages
}
