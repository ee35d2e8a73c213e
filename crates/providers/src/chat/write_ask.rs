//! An [`Ask`] as a body of chat completions.
//!
//! It knows nothing about answers.

use serde::Serialize;
use serde_json::{Map, Value, json, value::RawValue};
use wire::Role;

use super::{Chat, Flavor, MARK};
use crate::{
    ask::{
        Ask, Block, Choice, Format, Keep, Media, Message, Output, Section, Source, Thinking, Tool,
        output_text,
    },
    dialect::{Dialect as _, to_json},
};

#[derive(Debug, Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Outgoing<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<ResponseFormat<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<Value>,
    /// Asks OpenRouter what the reply cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Value>,
}

#[derive(Debug, Serialize)]
struct Outgoing<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    function: Function<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<Value>,
}

#[derive(Debug, Serialize)]
struct Function<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    parameters: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ResponseFormat<'a> {
    JsonObject,
    JsonSchema { json_schema: JsonSchema<'a> },
}

#[derive(Debug, Serialize)]
struct JsonSchema<'a> {
    name: &'a str,
    schema: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

pub(super) fn body(ask: &Ask, flavor: Flavor, stream: bool) -> Vec<u8> {
    let original = flavor == Flavor::Original;
    let router = flavor == Flavor::OpenRouter;
    let marks = Marks { flavor };
    to_json(&Body {
        model: &ask.model,
        messages: messages(ask, &marks),
        tools: ask.tools.iter().map(|it| tool(it, &marks)).collect(),
        tool_choice: choice(ask),
        parallel_tool_calls: ask.parallel_calls.filter(|_| !ask.tools.is_empty()),
        response_format: format(&ask.format),
        reasoning_effort: if router { None } else { effort(ask.thinking) },
        reasoning: if router { reasoning(ask.thinking) } else { None },
        max_tokens: ask.max_output_tokens.filter(|_| !original),
        max_completion_tokens: ask.max_output_tokens.filter(|_| original),
        temperature: ask.sampling.temperature,
        top_p: ask.sampling.top_p,
        // OpenAI refuses fields that it does not know.
        top_k: ask.sampling.top_k.filter(|_| !original),
        seed: ask.sampling.seed,
        frequency_penalty: ask.sampling.frequency_penalty,
        presence_penalty: ask.sampling.presence_penalty,
        stop: &ask.sampling.stop,
        user: ask.user.as_deref(),
        stream,
        stream_options: stream.then(|| json!({ "include_usage": true })),
        usage: router.then(|| json!({ "include": true })),
    })
}

/// Cache marks are for servers that know them; others remember by themselves.
#[derive(Debug)]
struct Marks {
    flavor: Flavor,
}

impl Marks {
    fn of(&self, keep: Option<Keep>) -> Option<Value> {
        match (self.flavor, keep?) {
            (Flavor::OpenRouter, Keep::Short) => Some(json!({ "type": "ephemeral" })),
            (Flavor::OpenRouter, Keep::Long) => Some(json!({ "type": "ephemeral", "ttl": "1h" })),
            (Flavor::Original | Flavor::Compatible, _) => None,
        }
    }
}

fn tool<'a>(tool: &'a Tool, marks: &Marks) -> Outgoing<'a> {
    Outgoing {
        kind: "function",
        function: Function {
            name: &tool.name,
            description: tool.description.as_deref().filter(|it| !it.is_empty()),
            parameters: tool.schema(),
            strict: tool.strict,
        },
        cache_control: marks.of(tool.keep),
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
        Choice::Tool(name) => Some(json!({ "type": "function", "function": { "name": name } })),
    }
}

fn format(format: &Format) -> Option<ResponseFormat<'_>> {
    match format {
        Format::Text => None,
        Format::Json => Some(ResponseFormat::JsonObject),
        Format::Schema { name, schema, strict } => Some(ResponseFormat::JsonSchema {
            json_schema: JsonSchema { name, schema, strict: *strict },
        }),
    }
}

fn effort(thinking: Thinking) -> Option<&'static str> {
    match thinking {
        Thinking::Usual => None,
        Thinking::Off => Some("none"),
        Thinking::Effort(effort) => Some(effort.word()),
        Thinking::Budget(tokens) => Some(crate::ask::Effort::from_budget(tokens).word()),
    }
}

fn reasoning(thinking: Thinking) -> Option<Value> {
    match thinking {
        Thinking::Usual => None,
        Thinking::Off => Some(json!({ "enabled": false })),
        Thinking::Effort(effort) => Some(json!({ "effort": effort.word() })),
        Thinking::Budget(tokens) => Some(json!({ "max_tokens": tokens })),
    }
}

fn messages(ask: &Ask, marks: &Marks) -> Vec<Value> {
    let mut written = Vec::new();
    written.extend(system(&ask.system, marks));
    for message in &ask.messages {
        match message.role {
            Role::User => from_user(message, marks, &mut written),
            Role::Assistant => written.extend(from_assistant(message, marks)),
        }
    }
    written
}

/// One system message: many servers take no second one. Their caches work by prefix.
fn system(sections: &[Section], marks: &Marks) -> Option<Value> {
    let sections: Vec<&Section> = sections.iter().filter(|it| !it.text.is_empty()).collect();
    if sections.is_empty() {
        return None;
    }
    let marked = sections.iter().any(|it| marks.of(it.keep).is_some());
    let content = if marked {
        sections.iter().map(|it| part("text", json!(it.text), marks.of(it.keep))).collect()
    } else {
        let texts: Vec<&str> = sections.iter().map(|it| it.text.as_str()).collect();
        Value::from(texts.join("\n\n"))
    };
    Some(json!({ "role": "system", "content": content }))
}

/// Results become messages of their own, before the text that came with them. They hold texts
/// only; what else a tool answered follows them.
fn from_user(message: &Message, marks: &Marks, written: &mut Vec<Value>) {
    let mut parts = Vec::new();
    let mut plain = true;
    for piece in &message.pieces {
        let mark = marks.of(piece.keep);
        match &piece.block {
            Block::Result { call, output, failed } => {
                let text = output_text(output);
                let text = if *failed { format!("Error: {text}") } else { text };
                let id = Chat { flavor: marks.flavor }.call_id(call);
                written.push(json!({ "role": "tool", "tool_call_id": id, "content": text }));
                for output in output {
                    match output {
                        Output::Text(_) => continue,
                        Output::Image(media) => parts.push(image(media, None)),
                        Output::File { media, name } => parts.push(file(media, name, None)),
                    }
                    plain = false;
                }
            }
            Block::Text(text) if !text.is_empty() => {
                plain &= mark.is_none();
                parts.push(part("text", json!(text), mark));
            }
            Block::Image(media) => {
                plain = false;
                parts.push(image(media, mark));
            }
            Block::File { media, name } => {
                plain = false;
                parts.push(file(media, name, mark));
            }
            Block::Text(_) | Block::Call { .. } | Block::Thought { .. } => {}
        }
    }
    if parts.is_empty() {
        return;
    }
    // A plain text is understood by more servers than a list of parts.
    let content = if plain { message.text().into() } else { Value::from(parts) };
    written.push(json!({ "role": "user", "content": content }));
}

fn part(kind: &str, value: Value, mark: Option<Value>) -> Value {
    let mut part = json!({ "type": kind });
    part[kind] = value;
    if let Some(mark) = mark {
        part["cache_control"] = mark;
    }
    part
}

fn image(media: &Media, mark: Option<Value>) -> Value {
    part("image_url", json!({ "url": url(media) }), mark)
}

fn file(media: &Media, name: &Option<String>, mark: Option<Value>) -> Value {
    let name = name.as_deref().unwrap_or("document.pdf");
    part("file", json!({ "filename": name, "file_data": url(media) }), mark)
}

fn url(media: &Media) -> String {
    match &media.source {
        Source::Base64(data) => format!("data:{};base64,{data}", media.media_type),
        Source::Address(address) => address.clone(),
    }
}

fn from_assistant(message: &Message, marks: &Marks) -> Option<Value> {
    let text = message.text();
    let calls: Vec<Value> =
        message.pieces.iter().filter_map(|it| call(&it.block, marks.flavor)).collect();
    if text.is_empty() && calls.is_empty() {
        return None;
    }
    let mut written = Map::new();
    written.insert("role".to_owned(), "assistant".into());
    let mark = message.pieces.iter().rev().find_map(|it| marks.of(it.keep));
    let content = match mark {
        _ if text.is_empty() => Value::Null,
        Some(mark) => json!([part("text", text.into(), Some(mark))]),
        None => text.into(),
    };
    written.insert("content".to_owned(), content);
    if !calls.is_empty() {
        written.insert("tool_calls".to_owned(), calls.into());
        // Some models lose their thread, or refuse, when the thought that led to a call is gone.
        written.extend(thoughts(message, marks.flavor));
    }
    Some(written.into())
}

fn call(block: &Block, flavor: Flavor) -> Option<Value> {
    let Block::Call { call, tool, arguments } = block else { return None };
    let arguments = if arguments.trim().is_empty() { "{}" } else { arguments };
    Some(json!({
        "id": Chat { flavor }.call_id(call),
        "type": "function",
        "function": { "name": tool, "arguments": arguments },
    }))
}

/// Returns the fields in which the server sent its thoughts.
fn thoughts(message: &Message, flavor: Flavor) -> Map<String, Value> {
    let mut fields = Map::new();
    if flavor == Flavor::Original {
        return fields; // It hides its thoughts, and refuses fields that it does not know.
    }
    for piece in &message.pieces {
        let Block::Thought { opaque: Some(opaque), .. } = &piece.block else { continue };
        let Some(sent) = opaque.get(MARK).and_then(Value::as_object) else { continue };
        for (name, value) in sent {
            match (name.as_str(), fields.get_mut(name)) {
                ("reasoning_details", _) if flavor != Flavor::OpenRouter => {}
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
