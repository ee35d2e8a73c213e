//! A body of `POST /v1/responses` as an [`Ask`].
//!
//! Fields that would change the meaning of the answer and have no place in an [`Ask`] are refused
//! by name, above all those that refer to what the vendor would have stored. Left out is what tunes
//! speed, price, length or the use of the window (`service_tier`, `text.verbosity`, `truncation`,
//! `context_management`), what a vendor notes for itself (`store`, `metadata`), and what is about
//! tools that are refused anyway (`max_tool_calls`, most of `include`).

use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use wire::Role;

use super::{opaque, thoughts};
use crate::{
    ask::{
        Ask, Block, Choice, Effort, Format, Media, Message, Output, Piece, Sampling, Section,
        Source, Thinking, Tool,
    },
    dialect::{Asked, BadAsk},
};

#[derive(Debug, Deserialize)]
struct Body {
    model: String,
    input: Input,
    #[serde(default)]
    instructions: Option<String>,
    #[serde(default)]
    tools: Option<Vec<IncomingTool>>,
    #[serde(default)]
    tool_choice: Value,
    #[serde(default)]
    parallel_tool_calls: Option<bool>,
    #[serde(default)]
    text: Option<TextOptions>,
    #[serde(default)]
    reasoning: Option<Reasoning>,
    #[serde(default)]
    max_output_tokens: Option<u32>,
    #[serde(default)]
    temperature: Option<f64>,
    #[serde(default)]
    top_p: Option<f64>,
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    safety_identifier: Option<String>,
    #[serde(default)]
    stream: Option<bool>,
    #[serde(default)]
    include: Option<Vec<String>>,
    #[serde(default)]
    top_logprobs: Option<u32>,
    #[serde(default)]
    background: Option<bool>,
    #[serde(default)]
    previous_response_id: Value,
    #[serde(default)]
    conversation: Value,
    #[serde(default)]
    prompt: Value,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Input {
    Text(String),
    Items(Vec<Value>),
}

#[derive(Debug, Deserialize)]
struct IncomingTool {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    parameters: Option<Box<RawValue>>,
    #[serde(default)]
    strict: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct TextOptions {
    #[serde(default)]
    format: Option<TextFormat>,
}

#[derive(Debug, Deserialize)]
struct TextFormat {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    schema: Option<Box<RawValue>>,
    #[serde(default)]
    strict: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct Reasoning {
    #[serde(default)]
    effort: Option<String>,
    #[serde(default)]
    summary: Option<String>,
    /// The summary's former name.
    #[serde(default)]
    generate_summary: Option<String>,
}

pub(super) fn read(body: &[u8]) -> Result<Asked, BadAsk> {
    let body: Body = serde_json::from_slice(body)?;
    refuse_unsupported(&body)?;
    let mut ask = Ask {
        model: body.model,
        system: body.instructions.into_iter().map(section).collect(),
        tools: body.tools.unwrap_or_default().into_iter().map(tool).collect::<Result<_, _>>()?,
        choice: choice(&body.tool_choice)?,
        parallel_calls: body.parallel_tool_calls,
        format: body.text.and_then(|it| it.format).map_or(Ok(Format::Text), format)?,
        thinking: thinking(body.reasoning.as_ref())?,
        show_thoughts: body
            .reasoning
            .is_some_and(|it| it.summary.or(it.generate_summary).is_some_and(|it| it != "none")),
        max_output_tokens: body.max_output_tokens,
        sampling: Sampling {
            temperature: body.temperature,
            top_p: body.top_p,
            ..Sampling::default()
        },
        user: body.safety_identifier.or(body.user),
        ..Ask::default()
    };
    match body.input {
        Input::Text(text) => {
            ask.messages.push(Message { role: Role::User, pieces: vec![Block::Text(text).into()] });
        }
        Input::Items(items) => {
            for (n, item) in items.iter().enumerate() {
                let at = |what| BadAsk::Wrong { field: format!("input[{n}]"), what };
                read_item(item, &mut ask).map_err(at)?;
            }
        }
    }
    Ok(Asked { ask, stream: body.stream.unwrap_or(false), usage: true })
}

fn refuse_unsupported(body: &Body) -> Result<(), BadAsk> {
    let logprobs = "message.output_text.logprobs";
    for (field, wanted) in [
        ("previous_response_id", !body.previous_response_id.is_null()),
        ("conversation", !body.conversation.is_null()),
        ("prompt", !body.prompt.is_null()),
        ("background", body.background == Some(true)),
        ("top_logprobs", body.top_logprobs.is_some_and(|it| it > 0)),
        (logprobs, body.include.iter().flatten().any(|it| it == logprobs)),
    ] {
        if wanted {
            return Err(BadAsk::Unsupported { field });
        }
    }
    Ok(())
}

fn section(text: String) -> Section {
    Section { text, keep: None }
}

fn tool(tool: IncomingTool) -> Result<Tool, BadAsk> {
    let field = || format!("tools.{}", tool.kind);
    match tool.kind.as_str() {
        "function" => {}
        "custom" | "namespace" => {
            return Err(BadAsk::wrong(
                field(),
                "is no function, and functions only are known here",
            ));
        }
        _ => return Err(BadAsk::wrong(field(), "runs at one vendor only")),
    }
    Ok(Tool {
        name: tool.name.ok_or_else(|| BadAsk::wrong("tools", "hold a function without a name"))?,
        description: tool.description,
        parameters: tool.parameters,
        strict: tool.strict,
        keep: None,
    })
}

fn choice(choice: &Value) -> Result<Choice, BadAsk> {
    match choice {
        Value::Null => Ok(Choice::Auto),
        Value::String(word) => match word.as_str() {
            "auto" => Ok(Choice::Auto),
            "none" => Ok(Choice::None),
            "required" => Ok(Choice::Any),
            _ => Err(BadAsk::wrong("tool_choice", "is not `auto`, `none` or `required`")),
        },
        Value::Object(_) => match (choice["type"].as_str(), choice["name"].as_str()) {
            (Some("function"), Some(name)) => Ok(Choice::Tool(name.to_owned())),
            _ => Err(BadAsk::wrong("tool_choice", "names no function")),
        },
        Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            Err(BadAsk::wrong("tool_choice", "must be a text or an object"))
        }
    }
}

fn format(format: TextFormat) -> Result<Format, BadAsk> {
    match (format.kind.as_str(), format.name, format.schema) {
        ("text", ..) => Ok(Format::Text),
        ("json_object", ..) => Ok(Format::Json),
        ("json_schema", Some(name), Some(schema)) => {
            Ok(Format::Schema { name, schema, strict: format.strict })
        }
        _ => Err(BadAsk::wrong("text.format", "is not of a known type")),
    }
}

fn thinking(reasoning: Option<&Reasoning>) -> Result<Thinking, BadAsk> {
    match reasoning.and_then(|it| it.effort.as_deref()) {
        None => Ok(Thinking::Usual),
        Some("none") => Ok(Thinking::Off),
        Some(word) => {
            let effort = Effort::from_word(word);
            effort
                .map(Thinking::Effort)
                .ok_or_else(|| BadAsk::wrong("reasoning.effort", "is no known effort"))
        }
    }
}

fn read_item(item: &Value, ask: &mut Ask) -> Result<(), &'static str> {
    let text = |name: &str| item[name].as_str().map(str::to_owned);
    match item["type"].as_str().unwrap_or("message") {
        "message" => return read_message(item, ask),
        "reasoning" => {
            let text = thoughts(item).join("\n\n");
            let opaque = opaque(item);
            if opaque.is_some() || !text.is_empty() {
                push(Role::Assistant, Block::Thought { text, opaque }, ask);
            }
        }
        "function_call" => {
            let call = Block::Call {
                call: text("call_id").ok_or("needs a `call_id`")?,
                tool: text("name").ok_or("needs a `name`")?,
                arguments: text("arguments").unwrap_or_default(),
            };
            push(Role::Assistant, call, ask);
        }
        "function_call_output" => {
            let result = Block::Result {
                call: text("call_id").ok_or("needs a `call_id`")?,
                output: output(&item["output"])?,
                failed: false,
            };
            push(Role::User, result, ask);
        }
        "item_reference" => return Err("refers to what is not stored here; send the item itself"),
        _ => return Err("is an item that only one vendor knows"),
    }
    Ok(())
}

fn read_message(item: &Value, ask: &mut Ask) -> Result<(), &'static str> {
    let blocks = blocks(&item["content"])?;
    match item["role"].as_str().unwrap_or_default() {
        "system" | "developer" => {
            for block in blocks {
                let Block::Text(text) = block else { return Err("must be a text") };
                ask.system.push(section(text));
            }
        }
        "user" => {
            let pieces = blocks.into_iter().map(Piece::from).collect();
            ask.messages.push(Message { role: Role::User, pieces });
        }
        "assistant" => {
            for block in blocks {
                push(Role::Assistant, block, ask);
            }
        }
        _ => return Err("has an unknown role"),
    }
    Ok(())
}

/// What a model said in one go is one message to us, and so are the results of one step.
fn push(role: Role, block: Block, ask: &mut Ask) {
    let piece = Piece::from(block);
    let goes_on = |it: &&mut Message| match role {
        Role::Assistant => it.role == Role::Assistant,
        Role::User => it.pieces.last().is_some_and(|it| matches!(it.block, Block::Result { .. })),
    };
    match ask.messages.last_mut().filter(goes_on) {
        Some(last) => last.pieces.push(piece),
        None => ask.messages.push(Message { role, pieces: vec![piece] }),
    }
}

fn output(output: &Value) -> Result<Vec<Output>, &'static str> {
    let part = |block| match block {
        Block::Text(text) => Ok(Output::Text(text)),
        Block::Image(media) => Ok(Output::Image(media)),
        Block::File { media, name } => Ok(Output::File { media, name }),
        Block::Call { .. } | Block::Result { .. } | Block::Thought { .. } => {
            Err("has a part that is no text, no image and no file")
        }
    };
    blocks(output)?.into_iter().map(part).collect()
}

/// A text, or a list of parts.
fn blocks(content: &Value) -> Result<Vec<Block>, &'static str> {
    match content {
        Value::Null => Ok(Vec::new()),
        Value::String(text) => Ok(vec![Block::Text(text.clone())]),
        Value::Array(parts) => parts.iter().map(block).collect(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
            Err("has a content that is no text and no list")
        }
    }
}

fn block(part: &Value) -> Result<Block, &'static str> {
    let text = |name: &str| part[name].as_str().map(str::to_owned);
    // An id of a file that lies with one vendor means nothing to another.
    let elsewhere = "has a file that lies with one vendor; send its data or its address";
    match part["type"].as_str().unwrap_or_default() {
        "input_text" | "output_text" | "text" => {
            text("text").map(Block::Text).ok_or("has a text part without a text")
        }
        "refusal" => text("refusal").map(Block::Text).ok_or("has a refusal without a text"),
        "input_image" => text("image_url").map(|it| Block::Image(media(it))).ok_or(elsewhere),
        "input_file" => {
            let media = media(text("file_data").or_else(|| text("file_url")).ok_or(elsewhere)?);
            Ok(Block::File { media, name: text("filename") })
        }
        _ => Err("has a part that is no text, no image and no file"),
    }
}

/// Reads a data URL, or takes an address as it is.
fn media(url: String) -> Media {
    let data = url.strip_prefix("data:").and_then(|it| it.split_once(";base64,"));
    match data {
        Some((media_type, data)) => {
            Media { media_type: media_type.to_owned(), source: Source::Base64(data.to_owned()) }
        }
        None => Media { media_type: String::new(), source: Source::Address(url) },
    }
}
