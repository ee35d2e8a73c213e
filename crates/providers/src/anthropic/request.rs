//! Our request as a body of the Messages API.
//!
//! It knows nothing about answers.

use serde_json::{Value, json};
use wire::{Block, Message, ModelRequest, Role};

use super::MARK;

pub(super) fn body(ask: &ModelRequest) -> Value {
    let mut body = json!({
        "model": ask.model,
        "max_tokens": ask.max_output_tokens,
        "messages": messages(&ask.messages),
        "stream": true,
    });
    let system: Vec<Value> = ask
        .system
        .iter()
        .filter(|it| !it.is_empty())
        .enumerate()
        .map(|(n, text)| {
            let mut section = json!({ "type": "text", "text": text });
            if n == 0 {
                remember(&mut section); // Tools come before it, so they are remembered with it.
            }
            section
        })
        .collect();
    if !system.is_empty() {
        body["system"] = system.into();
    }
    if !ask.tools.is_empty() {
        let tool = |it: &wire::ToolSpec| json!({ "name": it.name, "description": it.description, "input_schema": it.parameters });
        body["tools"] = ask.tools.iter().map(tool).collect();
    }
    if let Some(temperature) = ask.temperature {
        body["temperature"] = json!(temperature);
    }
    body
}

/// Asks the provider to cache everything up to and with this block.
fn remember(block: &mut Value) {
    block["cache_control"] = json!({ "type": "ephemeral" });
}

fn messages(messages: &[Message]) -> Vec<Value> {
    let mut translated: Vec<Value> = Vec::new();
    for message in messages {
        let mut blocks: Vec<Value> = message.blocks.iter().filter_map(block).collect();
        // The API wants results before anything else.
        blocks.sort_by_key(|it| it["type"] != "tool_result");
        if !blocks.is_empty() {
            translated.push(json!({ "role": role(message.role), "content": blocks }));
        }
    }
    // The next step of the same turn begins with everything up to here.
    if let Some(last) = translated.last_mut().and_then(|it| it["content"].as_array_mut())
        && let Some(block) = last.last_mut()
        && block["type"] != "thinking"
        && block["type"] != "redacted_thinking"
    {
        remember(block);
    }
    translated
}

fn role(role: Role) -> &'static str {
    match role {
        Role::User => "user",
        Role::Assistant => "assistant",
    }
}

fn block(block: &Block) -> Option<Value> {
    match block {
        Block::Text { text } => (!text.is_empty()).then(|| json!({ "type": "text", "text": text })),
        Block::Image { media_type, data } => Some(json!({
            "type": "image",
            "source": { "type": "base64", "media_type": media_type, "data": data },
        })),
        Block::ToolCall { call, tool, arguments } => Some(json!({
            "type": "tool_use",
            "id": call,
            "name": tool,
            "input": input(arguments),
        })),
        Block::ToolResult { call, output, failed } => Some(json!({
            "type": "tool_result",
            "tool_use_id": call,
            "content": output,
            "is_error": failed,
        })),
        Block::Reasoning { opaque, .. } => opaque.as_ref()?.get(MARK).cloned(),
    }
}

/// The API takes objects only; what the model wrote may be anything.
fn input(arguments: &str) -> Value {
    match serde_json::from_str(arguments) {
        Ok(Value::Object(input)) => Value::Object(input),
        Ok(_) | Err(_) if arguments.trim().is_empty() => json!({}),
        Ok(_) | Err(_) => json!({ "unreadable": arguments }),
    }
}
