//! Puts a request together so that it fits.
//!
//! Order of giving way: the biggest files first, down to what the conversation's share leaves; then
//! old answers of tools, old turns, answers of this turn. Instructions and the person's message never
//! give way.

use wire::{Block, Message, ModelRequest, Role};

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
    let instructions = prompt::discover(inputs.files, inputs.open);
    let pieces = prompt::compile(inputs.layers, &instructions, model.tools);
    let mut sections: Vec<Section> = pieces.into_iter().map(section).collect();
    let system: Vec<String> = sections.iter().map(|it| it.text.clone()).collect();
    let tools = if model.tools { specs() } else { Vec::new() };
    if !tools.is_empty() {
        let text: Vec<String> = tools
            .iter()
            .map(|it| format!("{}: {}\n{}", it.name, it.description, it.parameters))
            .collect();
        sections.push(section(prompt::Piece {
            name: "Tools".to_owned(),
            reason: "what the model may call".to_owned(),
            text: text.join("\n"),
        }));
    }
    let system_tokens = sum(&sections);

    let messages: Vec<Message> = [inputs.conversation, inputs.append].concat();
    let current = current(inputs.conversation);
    let reply = budget::reply(model);
    let must_tokens = system_tokens.saturating_add(count(&messages[current..]));
    let too_long = |needed: u32| TooLong {
        needed_tokens: needed.saturating_add(reply),
        window_tokens: window,
    };
    let free = window.saturating_sub(reply).saturating_sub(system_tokens);

    let Gathered { mut candidates, mut left_out } = gather::gather(inputs);
    left_out.extend(
        instructions
            .iter()
            .filter(|it| it.cut)
            .map(|it| format!("{}: only its first 32 KB are sent", it.path)),
    );
    let wanted =
        count(&messages).min(Share::Conversation.of(window)).max(count(&messages[current..]));
    let limit = Share::Context.of(window).min(free.saturating_sub(wanted));
    let dropped = drop_biggest(&mut candidates, limit);
    left_out.extend(
        dropped
            .into_iter()
            .map(|it| format!("{}: its {} tokens do not fit", it.section.name, it.section.tokens)),
    );
    let context_tokens = candidates.iter().map(|it| it.section.tokens).sum::<u32>();

    let limit = free.saturating_sub(context_tokens);
    let mut kept = conversation::fit(&messages, current, limit);
    let start = current - kept.n_dropped;
    if count(&kept.messages) > limit {
        kept.n_shortened += conversation::squeeze(&mut kept.messages[start..], limit);
    }
    if count(&kept.messages) > limit {
        return Err(too_long(must_tokens));
    }
    left_out.extend(told(&kept));

    let mut secrets: Vec<_> = candidates.iter().flat_map(|it| it.secrets.clone()).collect();
    secrets.extend(gather::found_in("your message", &own_words(&kept.messages, start)));
    let conversation_tokens = count(&kept.messages);
    let context: Vec<Section> = candidates.into_iter().map(|it| it.section).collect();
    sections.extend(context.iter().cloned());
    sections.extend(shown(&kept.messages, start));
    let total_tokens = system_tokens + context_tokens + conversation_tokens;
    let meters = [
        (Share::System, system_tokens, Share::System.of(window).max(system_tokens)),
        (Share::Context, context_tokens, Share::Context.of(window).min(free)),
        (Share::Conversation, conversation_tokens, limit),
        (Share::Reply, reply, reply),
    ];
    let room = window.saturating_sub(total_tokens);
    let request = ModelRequest {
        model: model.id.clone(),
        system,
        messages: with_context(kept.messages, start, &context),
        tools,
        max_output_tokens: model.max_output_tokens.max(reply).min(room),
        temperature: inputs.temperature,
    };
    Ok(Assembled {
        request,
        sections,
        total_tokens,
        left_out,
        meters: meters.map(|(share, tokens, limit)| Meter { share, tokens, limit }).to_vec(),
        cost: budget::cost(model, total_tokens, reply),
        secrets,
    })
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
fn drop_biggest(candidates: &mut Vec<Candidate>, limit: u32) -> Vec<Candidate> {
    let mut dropped = Vec::new();
    while candidates.iter().map(|it| u64::from(it.section.tokens)).sum::<u64>() > u64::from(limit) {
        let size = |it: &Candidate| (it.file.is_some(), it.section.tokens);
        let biggest = (0..candidates.len()).max_by_key(|at| size(&candidates[*at]));
        let Some(at) = biggest else { break };
        dropped.push(candidates.remove(at));
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
