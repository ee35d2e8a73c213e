//! An [`Ask`] as a body of `POST /api/chat`.
//!
//! It knows nothing about answers. How much of a conversation a server reads is set where it
//! runs: another `num_ctx` would make it load the model again.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::{
    Value, json,
    value::{RawValue, to_raw_value},
};
use wire::Role;

use super::MARK;
use crate::{
    ask::{
        Ask, Block, Choice, Effort, Format, Media, Message, Output, Section, Source, Thinking,
        Tool, output_text,
    },
    dialect::{BadAsk, to_json},
    raw::object,
};

#[derive(Debug, Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Outgoing<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<OutgoingTool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    think: Option<Think>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Options::is_empty")]
    options: Options<'a>,
    stream: bool,
}

#[derive(Debug, Default, Serialize)]
struct Outgoing<'a> {
    role: &'static str,
    content: Cow<'a, str>,
    #[serde(skip_serializing_if = "String::is_empty")]
    thinking: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Call<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Call<'a> {
    id: &'a str,
    function: Called<'a>,
}

#[derive(Debug, Serialize)]
struct Called<'a> {
    name: &'a str,
    arguments: Box<RawValue>,
}

#[derive(Debug, Serialize)]
struct OutgoingTool<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    function: Function<'a>,
}

#[derive(Debug, Serialize)]
struct Function<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    parameters: &'a RawValue,
}

#[derive(Debug)]
enum Think {
    Whether(bool),
    Level(&'static str),
}

#[derive(Debug, Serialize)]
struct Options<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    num_predict: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<f64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop: &'a [String],
}

pub(super) fn body(ask: &Ask, stream: bool) -> Result<Vec<u8>, BadAsk> {
    Ok(to_json(&Body {
        model: &ask.model,
        messages: messages(ask)?,
        tools: tools(ask)?,
        think: think(ask),
        format: format(&ask.format),
        options: Options {
            num_predict: ask.max_output_tokens,
            temperature: ask.sampling.temperature,
            top_p: ask.sampling.top_p,
            top_k: ask.sampling.top_k,
            seed: ask.sampling.seed,
            frequency_penalty: ask.sampling.frequency_penalty,
            presence_penalty: ask.sampling.presence_penalty,
            stop: &ask.sampling.stop,
        },
        // The default is the other one than everywhere else.
        stream,
    }))
}

impl Options<'_> {
    fn is_empty(&self) -> bool {
        let Self {
            num_predict,
            temperature,
            top_p,
            top_k,
            seed,
            frequency_penalty,
            presence_penalty,
            stop,
        } = self;
        let numbers = [temperature, top_p, frequency_penalty, presence_penalty];
        numbers.iter().all(|it| it.is_none())
            && num_predict.or(*top_k).is_none()
            && seed.is_none()
            && stop.is_empty()
    }
}

impl Serialize for Think {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Whether(whether) => serializer.serialize_bool(*whether),
            Self::Level(word) => serializer.serialize_str(word),
        }
    }
}

/// Nothing but the absence of tools keeps a model from calling one, and nothing makes it.
fn tools(ask: &Ask) -> Result<Vec<OutgoingTool<'_>>, BadAsk> {
    match ask.choice {
        Choice::Auto => Ok(ask.tools.iter().map(tool).collect()),
        Choice::None => Ok(Vec::new()),
        Choice::Any | Choice::Tool(_) if ask.tools.is_empty() => Ok(Vec::new()),
        Choice::Any | Choice::Tool(_) => {
            Err(BadAsk::Untold { what: "forced tool calls; let the model choose" })
        }
    }
}

fn tool(tool: &Tool) -> OutgoingTool<'_> {
    let function = Function {
        name: &tool.name,
        description: tool.description.as_deref().filter(|it| !it.is_empty()),
        parameters: tool.schema(),
    };
    OutgoingTool { kind: "function", function }
}

/// One family of models knows levels; for others a level is an error on many servers.
fn think(ask: &Ask) -> Option<Think> {
    let effort = match ask.thinking {
        Thinking::Usual => return None,
        Thinking::Off => return Some(Think::Whether(false)),
        Thinking::Effort(effort) => effort,
        Thinking::Budget(tokens) => Effort::from_budget(tokens),
    };
    if !ask.model.contains("gpt-oss") {
        return Some(Think::Whether(true));
    }
    Some(Think::Level(match effort {
        Effort::Minimal | Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
    }))
}

fn format(format: &Format) -> Option<&RawValue> {
    match format {
        Format::Text => None,
        Format::Json => Some(serde_json::from_str("\"json\"").expect("the text is JSON")),
        Format::Schema { schema, .. } => Some(schema),
    }
}

fn messages(ask: &Ask) -> Result<Vec<Outgoing<'_>>, BadAsk> {
    let mut written = Vec::new();
    written.extend(system(&ask.system));
    // Calls so far, and their tools, by which results are known here.
    let mut calls: Vec<(&str, &str)> = Vec::new();
    for message in &ask.messages {
        match message.role {
            Role::User => from_user(message, &calls, &mut written)?,
            Role::Assistant => written.extend(from_assistant(message, &mut calls)?),
        }
    }
    Ok(written)
}

fn system(sections: &[Section]) -> Option<Outgoing<'_>> {
    let texts: Vec<&str> =
        sections.iter().map(|it| it.text.as_str()).filter(|it| !it.is_empty()).collect();
    let content = texts.join("\n\n").into();
    (!texts.is_empty()).then(|| Outgoing { role: "system", content, ..Outgoing::default() })
}

/// Results become messages of their own, before the text that came with them.
fn from_user<'a>(
    message: &'a Message,
    calls: &[(&'a str, &'a str)],
    written: &mut Vec<Outgoing<'a>>,
) -> Result<(), BadAsk> {
    for piece in &message.pieces {
        let Block::Result { call, output, failed } = &piece.block else { continue };
        let text = output_text(output);
        let content = if *failed { format!("Error: {text}") } else { text };
        let known = calls.iter().rev().find(|(id, _)| id == call);
        written.push(Outgoing {
            role: "tool",
            content: content.into(),
            images: shown(output)?,
            tool_name: known.map(|(_, tool)| *tool),
            tool_call_id: Some(call),
            ..Outgoing::default()
        });
    }
    let (content, images) = (message.text(), images(message)?);
    if !(content.is_empty() && images.is_empty()) {
        let content = content.into();
        written.push(Outgoing { role: "user", content, images, ..Outgoing::default() });
    }
    Ok(())
}

fn from_assistant<'a>(
    message: &'a Message,
    calls: &mut Vec<(&'a str, &'a str)>,
) -> Result<Option<Outgoing<'a>>, BadAsk> {
    let (content, images) = (message.text(), images(message)?);
    let mut tool_calls = Vec::new();
    for piece in &message.pieces {
        if let Block::Call { call, tool, arguments } = &piece.block {
            calls.push((call, tool));
            let function = Called { name: tool, arguments: input(arguments) };
            tool_calls.push(Call { id: call, function });
        }
    }
    if content.is_empty() && images.is_empty() && tool_calls.is_empty() {
        return Ok(None);
    }
    Ok(Some(Outgoing {
        role: "assistant",
        content: content.into(),
        thinking: message.pieces.iter().filter_map(|it| thought(&it.block)).collect(),
        images,
        tool_calls,
        ..Outgoing::default()
    }))
}

/// Returns a thought of a model that was asked in this dialect.
fn thought(block: &Block) -> Option<&str> {
    let Block::Thought { opaque, .. } = block else { return None };
    opaque.as_ref()?.get(MARK)?.get("thinking").and_then(Value::as_str)
}

/// The server takes objects only; what the model wrote may be anything.
fn input(arguments: &str) -> Box<RawValue> {
    object(arguments).unwrap_or_else(|| {
        to_raw_value(&json!({ "unreadable": arguments })).expect("a text always serializes")
    })
}

fn images(message: &Message) -> Result<Vec<&str>, BadAsk> {
    let mut images = Vec::new();
    for piece in &message.pieces {
        match &piece.block {
            Block::Image(media) => images.push(image(media)?),
            Block::File { .. } => return Err(FILES),
            Block::Text(_) | Block::Call { .. } | Block::Result { .. } | Block::Thought { .. } => {}
        }
    }
    Ok(images)
}

fn shown(output: &[Output]) -> Result<Vec<&str>, BadAsk> {
    let mut images = Vec::new();
    for output in output {
        match output {
            Output::Image(media) => images.push(image(media)?),
            Output::File { .. } => return Err(FILES),
            Output::Text(_) => {}
        }
    }
    Ok(images)
}

const FILES: BadAsk = BadAsk::Untold { what: "files; give their text" };

fn image(media: &Media) -> Result<&str, BadAsk> {
    match &media.source {
        Source::Base64(data) => Ok(data),
        Source::Address(_) => Err(BadAsk::Untold { what: "images by address; give their bytes" }),
    }
}
