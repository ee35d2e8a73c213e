//! A body of `POST /v1/chat/completions` as our request.
//!
//! Fields that only tune sampling are not passed on; fields that would change the meaning of the
//! answer are refused by name, because a client that asked for them would be misled.

use serde::Deserialize;
use serde_json::{Value, json};
use wire::{Block, Message, ModelRequest, Role, ToolSpec};

/// For clients that give no limit.
const MAX_OUTPUT_TOKENS: u32 = 8_192;

/// What a client asks for.
#[derive(Debug, PartialEq)]
pub struct Ask {
    pub request: ModelRequest,
    pub stream: bool,
    /// It wants the usage as a last chunk.
    pub usage: bool,
}

/// Why a body is refused.
#[derive(Debug, thiserror::Error)]
pub enum BadAsk {
    #[error("the body cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    #[error("`{field}` is not supported here; leave it out")]
    Unsupported { field: &'static str },
    #[error("`{field}` {what}")]
    Wrong { field: String, what: &'static str },
}

#[derive(Debug, Deserialize)]
struct Body {
    model: String,
    messages: Vec<Incoming>,
    #[serde(default)]
    stream: Option<bool>,
    #[serde(default)]
    stream_options: Option<StreamOptions>,
    #[serde(default)]
    tools: Option<Vec<Tool>>,
    #[serde(default)]
    max_tokens: Option<u32>,
    #[serde(default)]
    max_completion_tokens: Option<u32>,
    #[serde(default)]
    temperature: Option<f32>,
    #[serde(default)]
    n: Option<u32>,
    #[serde(default)]
    response_format: Option<Value>,
    #[serde(default)]
    tool_choice: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct Tool {
    function: Function,
}

#[derive(Debug, Deserialize)]
struct Function {
    name: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    parameters: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Incoming {
    role: String,
    #[serde(default)]
    content: Value,
    #[serde(default)]
    tool_calls: Option<Vec<Call>>,
    #[serde(default)]
    tool_call_id: Option<String>,
    #[serde(default)]
    reasoning_content: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Call {
    id: String,
    function: Called,
}

#[derive(Debug, Deserialize)]
struct Called {
    name: String,
    #[serde(default)]
    arguments: String,
}

pub fn read(body: &[u8]) -> Result<Ask, BadAsk> {
    let body: Body = serde_json::from_slice(body)?;
    refuse_unsupported(&body)?;
    let mut system = Vec::new();
    let mut messages: Vec<Message> = Vec::new();
    for (n, incoming) in body.messages.into_iter().enumerate() {
        let at = |what| BadAsk::Wrong { field: format!("messages[{n}]"), what };
        let (role, blocks) = match incoming.role.as_str() {
            "system" | "developer" => {
                system.push(text_of(&incoming.content).ok_or_else(|| at("must be a text"))?);
                continue;
            }
            "user" => (Role::User, parts(&incoming.content).map_err(at)?),
            "assistant" => (Role::Assistant, said(incoming).map_err(at)?),
            "tool" => (Role::User, vec![result(incoming).map_err(at)?]),
            _ => return Err(at("has an unknown role")),
        };
        match messages.last_mut() {
            // Results of one step are one message to us.
            Some(last) if is_results(&last.blocks) && is_results(&blocks) => {
                last.blocks.extend(blocks);
            }
            _ => messages.push(Message { role, blocks }),
        }
    }
    let tool = |it: Tool| ToolSpec {
        name: it.function.name,
        description: it.function.description.unwrap_or_default(),
        parameters: it.function.parameters.unwrap_or_else(|| json!({ "type": "object" })),
    };
    Ok(Ask {
        stream: body.stream.unwrap_or(false),
        usage: body.stream_options.and_then(|it| it.include_usage).unwrap_or(false),
        request: ModelRequest {
            model: body.model,
            system,
            messages,
            tools: body.tools.unwrap_or_default().into_iter().map(tool).collect(),
            max_output_tokens: body
                .max_completion_tokens
                .or(body.max_tokens)
                .unwrap_or(MAX_OUTPUT_TOKENS),
            temperature: body.temperature,
        },
    })
}

fn refuse_unsupported(body: &Body) -> Result<(), BadAsk> {
    if body.n.is_some_and(|it| it != 1) {
        return Err(BadAsk::Unsupported { field: "n" });
    }
    let plain = |it: &Value| it.is_null() || it["type"] == "text";
    if !body.response_format.as_ref().is_none_or(plain) {
        return Err(BadAsk::Unsupported { field: "response_format" });
    }
    if !body.tool_choice.as_ref().is_none_or(|it| it.is_null() || it == "auto") {
        return Err(BadAsk::Unsupported { field: "tool_choice" });
    }
    Ok(())
}

fn is_results(blocks: &[Block]) -> bool {
    matches!(blocks, [Block::ToolResult { .. }, ..])
}

/// Returns a text, or the texts of a list of parts; none for anything else.
fn text_of(content: &Value) -> Option<String> {
    match content {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => {
            let texts: Option<Vec<&str>> = parts.iter().map(|it| it["text"].as_str()).collect();
            Some(texts?.join("\n"))
        }
        Value::Null => Some(String::new()),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
}

fn parts(content: &Value) -> Result<Vec<Block>, &'static str> {
    let Value::Array(parts) = content else {
        let text = text_of(content).ok_or("must be a text or a list of parts")?;
        return Ok(vec![Block::Text { text }]);
    };
    parts.iter().map(part).collect()
}

fn part(part: &Value) -> Result<Block, &'static str> {
    if let Some(text) = part["text"].as_str() {
        return Ok(Block::Text { text: text.to_owned() });
    }
    let url = part["image_url"]["url"].as_str().ok_or("has a part that is no text and no image")?;
    let (head, data) = url
        .strip_prefix("data:")
        .and_then(|it| it.split_once(";base64,"))
        .ok_or("has an image that is not a base64 data URL")?;
    Ok(Block::Image { media_type: head.to_owned(), data: data.to_owned() })
}

fn said(incoming: Incoming) -> Result<Vec<Block>, &'static str> {
    let mut blocks = Vec::new();
    if let Some(text) = incoming.reasoning_content.filter(|it| !it.is_empty()) {
        let opaque = json!({ "openai": { "reasoning_content": text } });
        blocks.push(Block::Reasoning { text, opaque: Some(opaque) });
    }
    let text = text_of(&incoming.content).ok_or("must be a text")?;
    if !text.is_empty() {
        blocks.push(Block::Text { text });
    }
    blocks.extend(incoming.tool_calls.unwrap_or_default().into_iter().map(|it| Block::ToolCall {
        call: it.id,
        tool: it.function.name,
        arguments: it.function.arguments,
    }));
    Ok(blocks)
}

fn result(incoming: Incoming) -> Result<Block, &'static str> {
    Ok(Block::ToolResult {
        call: incoming.tool_call_id.ok_or("needs a `tool_call_id`")?,
        output: text_of(&incoming.content).ok_or("must be a text")?,
        failed: false,
    })
}
