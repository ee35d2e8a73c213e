//! Our request as a body of chat completions.
//!
//! It knows nothing about answers.

use serde_json::{Map, Value, json};
use wire::{Block, Message, ModelRequest, Role};

use super::{Dialect, MARK};

pub(super) fn body(ask: &ModelRequest, dialect: Dialect) -> Value {
    let limit = match dialect {
        Dialect::Original => "max_completion_tokens",
        Dialect::OpenRouter | Dialect::Compatible => "max_tokens",
    };
    let mut body = json!({
        "model": ask.model,
        "messages": messages(ask, dialect),
        limit: ask.max_output_tokens,
        "stream": true,
        "stream_options": { "include_usage": true },
    });
    if !ask.tools.is_empty() {
        let tool = |it: &wire::ToolSpec| {
            json!({
                "type": "function",
                "function": {
                    "name": it.name,
                    "description": it.description,
                    "parameters": it.parameters,
                },
            })
        };
        body["tools"] = ask.tools.iter().map(tool).collect();
    }
    if let Some(temperature) = ask.temperature {
        body["temperature"] = json!(temperature);
    }
    if dialect == Dialect::OpenRouter {
        body["usage"] = json!({ "include": true });
    }
    body
}

fn messages(ask: &ModelRequest, dialect: Dialect) -> Vec<Value> {
    let mut translated = Vec::new();
    // One system message: many servers take no second one. Their caches work by prefix.
    let system: Vec<&str> =
        ask.system.iter().map(String::as_str).filter(|it| !it.is_empty()).collect();
    if !system.is_empty() {
        translated.push(json!({ "role": "system", "content": system.join("\n\n") }));
    }
    for message in &ask.messages {
        match message.role {
            Role::User => from_user(message, &mut translated),
            Role::Assistant => translated.extend(from_assistant(message, dialect)),
        }
    }
    translated
}

/// Results become messages of their own, before the text that came with them.
fn from_user(message: &Message, translated: &mut Vec<Value>) {
    let mut parts = Vec::new();
    let mut images = false;
    for block in &message.blocks {
        match block {
            Block::ToolResult { call, output, failed } => {
                let output = if *failed { format!("Error: {output}") } else { output.clone() };
                translated.push(json!({ "role": "tool", "tool_call_id": call, "content": output }));
            }
            Block::Text { text } if !text.is_empty() => {
                parts.push(json!({ "type": "text", "text": text }));
            }
            Block::Image { media_type, data } => {
                images = true;
                let url = format!("data:{media_type};base64,{data}");
                parts.push(json!({ "type": "image_url", "image_url": { "url": url } }));
            }
            Block::Text { .. } | Block::ToolCall { .. } | Block::Reasoning { .. } => {}
        }
    }
    if parts.is_empty() {
        return;
    }
    // A plain text is understood by more servers than a list of parts.
    let content = if images { Value::from(parts) } else { text_of(&message.blocks).into() };
    translated.push(json!({ "role": "user", "content": content }));
}

fn from_assistant(message: &Message, dialect: Dialect) -> Option<Value> {
    let text = text_of(&message.blocks);
    let calls: Vec<Value> = message.blocks.iter().filter_map(call).collect();
    if text.is_empty() && calls.is_empty() {
        return None;
    }
    let mut translated = Map::new();
    translated.insert("role".to_owned(), "assistant".into());
    let content = if text.is_empty() { Value::Null } else { text.into() };
    translated.insert("content".to_owned(), content);
    if !calls.is_empty() {
        translated.insert("tool_calls".to_owned(), calls.into());
        // Some models lose their thread, or refuse, when the thought that led to a call is gone.
        translated.extend(thoughts(&message.blocks, dialect));
    }
    Some(translated.into())
}

fn text_of(blocks: &[Block]) -> String {
    let text = |it: &Block| match it {
        Block::Text { text } if !text.is_empty() => Some(text.clone()),
        Block::Text { .. }
        | Block::Image { .. }
        | Block::ToolCall { .. }
        | Block::ToolResult { .. }
        | Block::Reasoning { .. } => None,
    };
    blocks.iter().filter_map(text).collect::<Vec<_>>().join("\n\n")
}

fn call(block: &Block) -> Option<Value> {
    let Block::ToolCall { call, tool, arguments } = block else { return None };
    let arguments = if arguments.trim().is_empty() { "{}" } else { arguments };
    Some(json!({
        "id": call,
        "type": "function",
        "function": { "name": tool, "arguments": arguments },
    }))
}

/// Returns the fields in which the server sent its thoughts.
fn thoughts(blocks: &[Block], dialect: Dialect) -> Map<String, Value> {
    let mut fields = Map::new();
    if dialect == Dialect::Original {
        return fields; // It hides its thoughts, and refuses fields that it does not know.
    }
    for block in blocks {
        let Block::Reasoning { opaque: Some(opaque), .. } = block else { continue };
        let Some(sent) = opaque.get(MARK).and_then(Value::as_object) else { continue };
        for (name, value) in sent {
            match (name.as_str(), fields.get_mut(name)) {
                ("reasoning_details", _) if dialect != Dialect::OpenRouter => {}
                (_, Some(Value::String(text))) => {
                    text.push_str(value.as_str().unwrap_or_default());
                }
                (_, Some(Value::Array(list))) => {
                    list.extend(value.as_array().cloned().unwrap_or_default());
                }
                (_, _) => {
                    fields.insert(name.clone(), value.clone());
                }
            }
        }
    }
    fields
}
