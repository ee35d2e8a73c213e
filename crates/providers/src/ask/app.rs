//! The app's request as an [`Ask`].
//!
//! The app says nothing about caches: its first system section never changes and each step of a
//! turn begins with all of the one before, so those two places are where vendors should remember.

use serde_json::value::to_raw_value;
use wire::ModelRequest;

use super::{Ask, Block, Keep, Media, Message, Output, Piece, Sampling, Section, Source, Tool};

impl From<&ModelRequest> for Ask {
    fn from(request: &ModelRequest) -> Self {
        let mut system: Vec<Section> = request
            .system
            .iter()
            .filter(|it| !it.is_empty())
            .map(|text| Section { text: text.clone(), keep: None })
            .collect();
        if let Some(first) = system.first_mut() {
            // Tools come before it, so they are remembered with it.
            first.keep = Some(Keep::Short);
        }
        let mut messages: Vec<Message> = request.messages.iter().map(message).collect();
        let last = messages.iter_mut().rev().find_map(|it| it.pieces.last_mut());
        if let Some(last) = last.filter(|it| !matches!(it.block, Block::Thought { .. })) {
            last.keep = Some(Keep::Short);
        }
        let tools = request.tools.iter().map(|it| Tool {
            name: it.name.clone(),
            description: Some(it.description.clone()),
            parameters: to_raw_value(&it.parameters).ok(), // A value always serializes.
            strict: None,
            keep: None,
        });
        Self {
            model: request.model.clone(),
            system,
            messages,
            tools: tools.collect(),
            max_output_tokens: Some(request.max_output_tokens),
            sampling: Sampling {
                temperature: request.temperature.map(shortest),
                ..Sampling::default()
            },
            ..Self::default()
        }
    }
}

/// The decimal that somebody meant: 0.7, not 0.699999988.
fn shortest(number: f32) -> f64 {
    number.to_string().parse().unwrap_or(f64::from(number))
}

fn message(message: &wire::Message) -> Message {
    let pieces = message.blocks.iter().filter_map(block).map(Piece::from);
    Message { role: message.role, pieces: pieces.collect() }
}

fn block(block: &wire::Block) -> Option<Block> {
    Some(match block {
        wire::Block::Text { text } if text.is_empty() => return None,
        wire::Block::Text { text } => Block::Text(text.clone()),
        wire::Block::Image { media_type, data } => Block::Image(Media {
            media_type: media_type.clone(),
            source: Source::Base64(data.clone()),
        }),
        wire::Block::ToolCall { call, tool, arguments } => {
            Block::Call { call: call.clone(), tool: tool.clone(), arguments: arguments.clone() }
        }
        wire::Block::ToolResult { call, output, failed } => Block::Result {
            call: call.clone(),
            output: vec![Output::Text(output.clone())],
            failed: *failed,
        },
        wire::Block::Reasoning { text, opaque } => {
            Block::Thought { text: text.clone(), opaque: opaque.clone() }
        }
    })
}
