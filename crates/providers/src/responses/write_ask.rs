//! An [`Ask`] as a body of the Responses API.
//!
//! Nothing in it refers to what the vendor would have stored. It knows nothing about answers.

use serde::Serialize;
use serde_json::{Value, json, value::RawValue};
use wire::Role;

use super::{ENCRYPTED, MARK, Responses, generation};
use crate::{
    ask::{
        Ask, Block, Choice, Effort, Format, Media, Message, Output, Piece, Source, Thinking, Tool,
        output_text,
    },
    dialect::{BadAsk, Dialect as _, to_json},
};

/// The vendor takes no smaller limit, and clients try a model out with one token.
const MIN_OUTPUT_TOKENS: u32 = 16;

#[derive(Debug, Serialize)]
struct Body<'a> {
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<String>,
    input: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Outgoing<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<TextOptions<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<Reasoning>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    store: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    include: Vec<&'static str>,
    stream: bool,
}

#[derive(Debug, Serialize)]
struct Outgoing<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    parameters: &'a RawValue,
    strict: bool,
}

#[derive(Debug, Serialize)]
struct TextOptions<'a> {
    format: TextFormat<'a>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum TextFormat<'a> {
    JsonObject,
    JsonSchema {
        name: &'a str,
        schema: &'a RawValue,
        #[serde(skip_serializing_if = "Option::is_none")]
        strict: Option<bool>,
    },
}

#[derive(Debug, Serialize)]
struct Reasoning {
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'static str>,
}

pub(super) fn body(ask: &Ask, stream: bool) -> Result<Vec<u8>, BadAsk> {
    if !ask.sampling.stop.is_empty() {
        return Err(BadAsk::Untold { what: "texts that end a reply" });
    }
    let thinks = thinks(ask);
    Ok(to_json(&Body {
        model: &ask.model,
        instructions: instructions(ask),
        input: input(ask),
        tools: ask.tools.iter().map(tool).collect(),
        tool_choice: choice(ask),
        parallel_tool_calls: ask.parallel_calls.filter(|_| !ask.tools.is_empty()),
        text: format(&ask.format),
        reasoning: reasoning(ask),
        max_output_tokens: ask.max_output_tokens.map(|it| it.max(MIN_OUTPUT_TOKENS)),
        // Models that think take none of these.
        temperature: ask.sampling.temperature.filter(|_| !thinks),
        top_p: ask.sampling.top_p.filter(|_| !thinks),
        user: ask.user.as_deref(),
        store: false,
        // Refused by models that do not think.
        include: if thinks { vec![ENCRYPTED] } else { Vec::new() },
        stream,
    }))
}

/// Whether there will be thoughts: the client asks for them, or the model is known for them.
fn thinks(ask: &Ask) -> bool {
    let reasons = generation::reasons(&ask.model);
    match ask.thinking {
        _ if reasons == Some(false) => false,
        Thinking::Usual => ask.show_thoughts || reasons == Some(true),
        Thinking::Off => {
            reasons == Some(true) && generation::least_effort(&ask.model) != Some("none")
        }
        Thinking::Effort(_) | Thinking::Budget(_) => true,
    }
}

fn instructions(ask: &Ask) -> Option<String> {
    let texts = ask.system.iter().map(|it| it.text.as_str()).filter(|it| !it.is_empty());
    let texts: Vec<&str> = texts.collect();
    (!texts.is_empty()).then(|| texts.join("\n\n"))
}

fn tool(tool: &Tool) -> Outgoing<'_> {
    Outgoing {
        kind: "function",
        name: &tool.name,
        description: tool.description.as_deref().filter(|it| !it.is_empty()),
        parameters: tool.schema(),
        // Where nothing is said, the vendor makes every optional argument a required one.
        strict: tool.strict.unwrap_or(false),
    }
}

fn choice(ask: &Ask) -> Option<Value> {
    if ask.tools.is_empty() {
        return None;
    }
    match &ask.choice {
        Choice::Auto => None,
        Choice::None => Some("none".into()),
        Choice::Any => Some("required".into()),
        Choice::Tool(name) => Some(json!({ "type": "function", "name": name })),
    }
}

fn format(format: &Format) -> Option<TextOptions<'_>> {
    let format = match format {
        Format::Text => return None,
        Format::Json => TextFormat::JsonObject,
        Format::Schema { name, schema, strict } => {
            TextFormat::JsonSchema { name, schema, strict: *strict }
        }
    };
    Some(TextOptions { format })
}

/// Thoughts are summed up only for those who ask for it: not every account may. An effort only
/// tunes, so a model that makes none is not told.
fn reasoning(ask: &Ask) -> Option<Reasoning> {
    if generation::reasons(&ask.model) == Some(false) {
        return None;
    }
    let effort = match ask.thinking {
        Thinking::Usual => None,
        Thinking::Off => generation::least_effort(&ask.model),
        Thinking::Effort(effort) => Some(effort.word()),
        Thinking::Budget(tokens) => Some(Effort::from_budget(tokens).word()),
    };
    let shown = ask.show_thoughts && ask.thinking != Thinking::Off;
    let summary = shown.then_some("auto");
    (effort.is_some() || shown).then_some(Reasoning { effort, summary })
}

fn input(ask: &Ask) -> Vec<Value> {
    let phases = generation::tells_phases(&ask.model);
    let mut items = Vec::new();
    for message in &ask.messages {
        match message.role {
            Role::User => from_user(message, &mut items),
            Role::Assistant => from_assistant(message, phases, &mut items),
        }
    }
    let refused = generation::reasons(&ask.model) == Some(false);
    drop_thoughts(refused, &mut items);
    items
}

/// The vendor refuses the whole request for a thought that led to nothing, because the reply
/// broke off, and for any thought where the model has none.
fn drop_thoughts(all: bool, items: &mut Vec<Value>) {
    let mut followed = false;
    let mut kept: Vec<bool> = Vec::with_capacity(items.len());
    for item in items.iter().rev() {
        let kind = item["type"].as_str();
        if kind == Some("reasoning") {
            kept.push(followed && !all);
        } else {
            followed = kind == Some("function_call") || item["role"] == "assistant";
            kept.push(true);
        }
    }
    items.retain(|_| kept.pop().unwrap_or(true));
}

/// Results are items of their own, before the text that came with them.
fn from_user(message: &Message, items: &mut Vec<Value>) {
    let mut parts = Vec::new();
    for piece in &message.pieces {
        match &piece.block {
            Block::Result { call, output, failed } => items.push(json!({
                "type": "function_call_output",
                "call_id": Responses.call_id(call),
                "output": self::output(output, *failed),
            })),
            Block::Text(text) if !text.is_empty() => parts.push(text_part(text)),
            Block::Image(media) => parts.push(image(media)),
            Block::File { media, name } => parts.push(file(media, name.as_deref())),
            Block::Text(_) | Block::Call { .. } | Block::Thought { .. } => {}
        }
    }
    // A plain text is understood by more servers than a list of parts.
    let content = match &mut parts[..] {
        [] => return,
        [part] if part["type"] == "input_text" => part["text"].take(),
        _ => parts.into(),
    };
    items.push(json!({ "type": "message", "role": "user", "content": content }));
}

/// The vendor has no field for a failure.
fn output(output: &[Output], failed: bool) -> Value {
    if output.iter().all(|it| matches!(it, Output::Text(_))) {
        let text = output_text(output);
        return if failed { format!("Error: {text}").into() } else { text.into() };
    }
    let parts = output.iter().map(|it| match it {
        Output::Text(text) => text_part(text),
        Output::Image(media) => image(media),
        Output::File { media, name } => file(media, name.as_deref()),
    });
    failed.then(|| text_part("Error:")).into_iter().chain(parts).collect()
}

fn text_part(text: &str) -> Value {
    json!({ "type": "input_text", "text": text })
}

fn image(media: &Media) -> Value {
    json!({ "type": "input_image", "image_url": url(media), "detail": "auto" })
}

fn file(media: &Media, name: Option<&str>) -> Value {
    let mut part = json!({ "type": "input_file" });
    match &media.source {
        Source::Base64(_) => {
            part["filename"] = name.unwrap_or("document.pdf").into();
            part["file_data"] = url(media).into();
        }
        Source::Address(address) => part["file_url"] = address.as_str().into(),
    }
    part
}

fn url(media: &Media) -> String {
    match &media.source {
        Source::Base64(data) => format!("data:{};base64,{data}", media.media_type),
        Source::Address(address) => address.clone(),
    }
}

/// Items in the order in which the model made them; texts that follow each other are one.
fn from_assistant(message: &Message, phases: bool, items: &mut Vec<Value>) {
    let is_call = |it: &Piece| matches!(it.block, Block::Call { .. });
    let mut rest = &message.pieces[..];
    while let Some((piece, others)) = rest.split_first() {
        match &piece.block {
            Block::Text(_) => {
                let n_texts = rest.iter().take_while(|it| matches!(it.block, Block::Text(_)));
                let (texts, others) = rest.split_at(n_texts.count());
                let phase = if others.iter().any(is_call) { "commentary" } else { "final_answer" };
                items.extend(said(texts, phases.then_some(phase)));
                rest = others;
                continue;
            }
            Block::Call { call, tool, arguments } => {
                let arguments = if arguments.trim().is_empty() { "{}" } else { arguments };
                items.push(json!({
                    "type": "function_call",
                    "call_id": Responses.call_id(call),
                    "name": tool,
                    "arguments": arguments,
                }));
            }
            Block::Thought { opaque, .. } => {
                items.extend(opaque.as_ref().and_then(|it| it.get(MARK)).cloned());
            }
            Block::Image(_) | Block::File { .. } | Block::Result { .. } => {}
        }
        rest = others;
    }
}

fn said(texts: &[Piece], phase: Option<&str>) -> Option<Value> {
    let text = texts.iter().filter_map(|it| match &it.block {
        Block::Text(text) if !text.is_empty() => Some(text.as_str()),
        Block::Text(_)
        | Block::Image(_)
        | Block::File { .. }
        | Block::Call { .. }
        | Block::Result { .. }
        | Block::Thought { .. } => None,
    });
    let text = text.collect::<Vec<_>>().join("\n\n");
    let mut item = json!({ "type": "message", "role": "assistant", "content": text });
    if let Some(phase) = phase {
        item["phase"] = phase.into();
    }
    (!text.is_empty()).then_some(item)
}
