//! A body of `POST /v1/messages` as an [`Ask`].
//!
//! Tools that the vendor runs itself (search, code execution, servers of tools) are refused by name:
//! no other provider has them. Left out is what tunes speed, price or the use of the window
//! (`service_tier`, `speed`, `cache_control` of the whole, `context_management`).

use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use wire::Role;

use super::MARK;
use crate::{
    ask::{
        Ask, Block, Choice, Effort, Format, Keep, Media, Message, Output, Piece, Sampling, Section,
        Source, Thinking, Tool,
    },
    dialect::{Asked, BadAsk, says_something},
    raw,
    seal::unseal,
};

#[derive(Debug, Deserialize)]
struct Body {
    model: String,
    messages: Vec<Incoming>,
    #[serde(default)]
    max_tokens: Option<u32>,
    #[serde(default)]
    system: Option<System>,
    #[serde(default)]
    stream: Option<bool>,
    #[serde(default)]
    tools: Vec<IncomingTool>,
    #[serde(default)]
    tool_choice: Option<IncomingChoice>,
    #[serde(default)]
    thinking: Option<IncomingThinking>,
    #[serde(default)]
    output_format: Option<OutputFormat>,
    #[serde(default)]
    output_config: Option<OutputConfig>,
    #[serde(default)]
    temperature: Option<f64>,
    #[serde(default)]
    top_p: Option<f64>,
    #[serde(default)]
    top_k: Option<u32>,
    #[serde(default)]
    stop_sequences: Vec<String>,
    #[serde(default)]
    metadata: Option<Metadata>,
    #[serde(default)]
    mcp_servers: Value,
    #[serde(default)]
    container: Value,
    #[serde(default)]
    inference_geo: Value,
}

#[derive(Debug, Deserialize)]
struct Incoming {
    role: String,
    /// A text, or a list of blocks.
    content: Box<RawValue>,
}

/// A call's input, as the model wrote it.
#[derive(Debug, Default, Deserialize)]
struct Called<'a> {
    #[serde(borrow, default)]
    input: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum System {
    Text(String),
    Sections(Vec<IncomingSection>),
}

#[derive(Debug, Deserialize)]
struct IncomingSection {
    text: String,
    #[serde(default)]
    cache_control: Option<CacheControl>,
}

#[derive(Debug, Deserialize)]
struct CacheControl {
    #[serde(default)]
    ttl: Option<String>,
}

#[derive(Debug, Deserialize)]
struct IncomingTool {
    #[serde(rename = "type", default)]
    kind: Option<String>,
    name: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    input_schema: Option<Box<RawValue>>,
    #[serde(default)]
    strict: Option<bool>,
    #[serde(default)]
    cache_control: Option<CacheControl>,
}

#[derive(Debug, Deserialize)]
struct IncomingChoice {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    disable_parallel_tool_use: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct IncomingThinking {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    budget_tokens: Option<u32>,
}

#[derive(Debug, Deserialize)]
struct OutputConfig {
    #[serde(default)]
    effort: Option<String>,
    #[serde(default)]
    format: Option<OutputFormat>,
}

#[derive(Debug, Deserialize)]
struct OutputFormat {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    schema: Option<Box<RawValue>>,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    #[serde(default)]
    user_id: Option<String>,
}

pub(super) fn read(body: &[u8]) -> Result<Asked, BadAsk> {
    let body: Body = serde_json::from_slice(body)?;
    for (field, value) in [
        ("mcp_servers", &body.mcp_servers),
        ("container", &body.container),
        // A promise where the request is answered, which no other vendor was asked for.
        ("inference_geo", &body.inference_geo),
    ] {
        if says_something(value) {
            return Err(BadAsk::Unsupported { field });
        }
    }
    let (choice, parallel_calls) = choice(body.tool_choice)?;
    let (effort, format) = match body.output_config {
        Some(config) => (config.effort, config.format.or(body.output_format)),
        None => (None, body.output_format),
    };
    let mut ask = Ask {
        model: body.model,
        system: body.system.map_or_else(Vec::new, sections),
        tools: body.tools.into_iter().map(tool).collect::<Result<_, _>>()?,
        choice,
        parallel_calls,
        format: format.map_or(Ok(Format::Text), self::format)?,
        show_thoughts: body.thinking.as_ref().is_some_and(|it| it.kind != "disabled"),
        thinking: thinking(body.thinking, effort.as_deref())?,
        max_output_tokens: Some(
            body.max_tokens.ok_or_else(|| BadAsk::wrong("max_tokens", "is missing"))?,
        ),
        sampling: Sampling {
            temperature: body.temperature,
            top_p: body.top_p,
            top_k: body.top_k,
            stop: body.stop_sequences,
            ..Sampling::default()
        },
        user: body.metadata.and_then(|it| it.user_id),
        ..Ask::default()
    };
    for (n, incoming) in body.messages.into_iter().enumerate() {
        let at = |what| BadAsk::Wrong { field: format!("messages.{n}"), what };
        let role = match incoming.role.as_str() {
            "user" => Role::User,
            "assistant" => Role::Assistant,
            "system" => {
                ask.system.push(section(&incoming).ok_or_else(|| at("must be a text"))?);
                continue;
            }
            _ => return Err(at("has an unknown role")),
        };
        let pieces = pieces(&incoming.content).map_err(at)?;
        ask.messages.push(Message { role, pieces });
    }
    Ok(Asked { ask, stream: body.stream.unwrap_or(false), usage: true })
}

fn choice(choice: Option<IncomingChoice>) -> Result<(Choice, Option<bool>), BadAsk> {
    let Some(choice) = choice else { return Ok((Choice::Auto, None)) };
    let parallel = choice.disable_parallel_tool_use.map(|it| !it);
    let choice = match (choice.kind.as_str(), choice.name) {
        ("auto", _) => Choice::Auto,
        ("none", _) => Choice::None,
        ("any", _) => Choice::Any,
        ("tool", Some(name)) => Choice::Tool(name),
        _ => return Err(BadAsk::wrong("tool_choice", "is not of a known type")),
    };
    Ok((choice, parallel))
}

fn sections(system: System) -> Vec<Section> {
    match system {
        System::Text(text) => vec![Section { text, keep: None }],
        System::Sections(list) => list
            .into_iter()
            .map(|it| Section { text: it.text, keep: it.cache_control.map(keep) })
            .collect(),
    }
}

fn section(incoming: &Incoming) -> Option<Section> {
    let texts: Option<Vec<String>> = pieces(&incoming.content)
        .ok()? // Whatever else it is, it is no text.
        .into_iter()
        .map(|it| if let Block::Text(text) = it.block { Some(text) } else { None })
        .collect();
    Some(Section { text: texts?.join("\n\n"), keep: None })
}

fn keep(control: CacheControl) -> Keep {
    if control.ttl.as_deref() == Some("1h") { Keep::Long } else { Keep::Short }
}

fn tool(tool: IncomingTool) -> Result<Tool, BadAsk> {
    if tool.kind.as_deref().is_some_and(|it| it != "custom") {
        return Err(BadAsk::wrong(format!("tools.{}", tool.name), "runs at one vendor only"));
    }
    Ok(Tool {
        name: tool.name,
        description: tool.description,
        parameters: tool.input_schema,
        strict: tool.strict,
        keep: tool.cache_control.map(keep),
    })
}

fn format(format: OutputFormat) -> Result<Format, BadAsk> {
    match (format.kind.as_str(), format.schema) {
        ("json_schema", Some(schema)) => {
            Ok(Format::Schema { name: "reply".to_owned(), schema, strict: Some(true) })
        }
        _ => Err(BadAsk::wrong("output_config.format", "is not of a known type")),
    }
}

fn thinking(thinking: Option<IncomingThinking>, effort: Option<&str>) -> Result<Thinking, BadAsk> {
    let effort = match effort {
        Some(word) => Some(
            Effort::from_word(word)
                .ok_or_else(|| BadAsk::wrong("output_config.effort", "is no known effort"))?,
        ),
        None => None,
    };
    let Some(thinking) = thinking else {
        return Ok(effort.map_or(Thinking::Usual, Thinking::Effort));
    };
    match (thinking.kind.as_str(), thinking.budget_tokens) {
        ("disabled", _) => Ok(Thinking::Off),
        ("enabled", Some(tokens)) => Ok(Thinking::Budget(tokens)),
        ("adaptive", _) => Ok(Thinking::Effort(effort.unwrap_or(Effort::Medium))),
        _ => Err(BadAsk::wrong("thinking", "is not of a known type")),
    }
}

fn pieces(content: &RawValue) -> Result<Vec<Piece>, &'static str> {
    if content.get().starts_with('"') {
        let text = serde_json::from_str(content.get()).ok().ok_or("has a text that is none")?;
        return Ok(vec![Block::Text(text).into()]);
    }
    let blocks: Option<Vec<&RawValue>> = serde_json::from_str(content.get()).ok();
    let blocks = blocks.ok_or("has a content that is no text and no list")?;
    blocks.into_iter().map(piece).collect()
}

fn piece(written: &RawValue) -> Result<Piece, &'static str> {
    let mut block: Value =
        serde_json::from_str(written.get()).ok().ok_or("has a block that is none")?;
    if block["type"] == "tool_use" {
        let Called { input } = serde_json::from_str(written.get()).unwrap_or_default(); // No object.
        let input = input.filter(|it| it.get() != "null");
        block["input"] = input.map_or_else(|| "{}".to_owned(), raw::compact).into();
    }
    let control = &block["cache_control"];
    let length = if control["ttl"] == "1h" { Keep::Long } else { Keep::Short };
    let mark = (!control.is_null()).then_some(length);
    Ok(Piece { block: read_block(block)?, keep: mark })
}

fn read_block(mut block: Value) -> Result<Block, &'static str> {
    let text = |it: &Value| it.as_str().map(str::to_owned);
    match block["type"].as_str().unwrap_or_default() {
        "text" => Ok(Block::Text(text(&block["text"]).ok_or("has a text block without a text")?)),
        "image" => Ok(Block::Image(media(&block["source"])?)),
        "document" => document(&block),
        "tool_use" => Ok(Block::Call {
            call: text(&block["id"]).ok_or("has a call without an id")?,
            tool: text(&block["name"]).ok_or("has a call without a name")?,
            arguments: text(&block["input"]).unwrap_or_default(), // See above.
        }),
        "tool_result" => Ok(Block::Result {
            call: text(&block["tool_use_id"]).ok_or("has a result without a `tool_use_id`")?,
            failed: block["is_error"].as_bool().unwrap_or(false),
            output: output(block["content"].take())?,
        }),
        "thinking" => {
            let thought = text(&block["thinking"]).unwrap_or_default();
            let opaque = block["signature"].as_str().and_then(unseal);
            let opaque = opaque.unwrap_or_else(|| own(block));
            Ok(Block::Thought { text: thought, opaque: Some(opaque) })
        }
        "redacted_thinking" => {
            let opaque = block["data"].as_str().and_then(unseal);
            let opaque = opaque.unwrap_or_else(|| own(block));
            Ok(Block::Thought { text: String::new(), opaque: Some(opaque) })
        }
        _ => Err("has a block that only one vendor knows"),
    }
}

/// A thought of the vendor, without marks that may not stand on it.
fn own(mut block: Value) -> Value {
    if let Some(fields) = block.as_object_mut() {
        fields.remove("cache_control");
    }
    json!({ MARK: block })
}

fn media(source: &Value) -> Result<Media, &'static str> {
    let text = |name: &str| source[name].as_str().map(str::to_owned);
    match source["type"].as_str().unwrap_or_default() {
        "base64" => Ok(Media {
            media_type: text("media_type").ok_or("has a source without a `media_type`")?,
            source: Source::Base64(text("data").ok_or("has a source without `data`")?),
        }),
        "url" => Ok(Media {
            media_type: String::new(),
            source: Source::Address(text("url").ok_or("has a source without a `url`")?),
        }),
        _ => Err("has a source that only one vendor knows"),
    }
}

/// A document, or a plain text that stands as one.
fn document(block: &Value) -> Result<Block, &'static str> {
    if block["citations"]["enabled"] == true {
        return Err("has a document that is to be cited, which only one vendor does");
    }
    if block["source"]["type"] == "text" {
        let text = block["source"]["data"].as_str().ok_or("has a source without `data`")?;
        return Ok(Block::Text(text.to_owned()));
    }
    let name = block["title"].as_str().map(str::to_owned);
    Ok(Block::File { media: media(&block["source"])?, name })
}

fn output(content: Value) -> Result<Vec<Output>, &'static str> {
    match content {
        Value::Null => Ok(Vec::new()),
        Value::String(text) => Ok(vec![Output::Text(text)]),
        Value::Array(blocks) => blocks
            .into_iter()
            .map(|it| match read_block(it)? {
                Block::Text(text) => Ok(Output::Text(text)),
                Block::Image(media) => Ok(Output::Image(media)),
                Block::File { media, name } => Ok(Output::File { media, name }),
                Block::Call { .. } | Block::Result { .. } | Block::Thought { .. } => {
                    Err("has a result with a block that is no text, image or document")
                }
            })
            .collect(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
            Err("has a result that is no text and no list")
        }
    }
}
