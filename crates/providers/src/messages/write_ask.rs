//! An [`Ask`] as a body of the Messages API.
//!
//! It knows nothing about answers.

use serde::Serialize;
use serde_json::{Value, json, value::RawValue};
use wire::Role;

use super::{MARK, Messages};
use crate::{
    ask::{Ask, Block, Choice, Format, Keep, Media, Message, Output, Source, Thinking, Tool},
    dialect::{BadAsk, Dialect as _, to_json},
    models, raw,
};

/// For models that nobody knows; the field must be there.
const MAX_OUTPUT_TOKENS: u32 = 8_192;

/// What is left for the answer beside a budget of thought.
const ANSWER_TOKENS: u32 = 4_096;

#[derive(Debug, Serialize)]
struct Body<'a> {
    model: &'a str,
    max_tokens: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Outgoing<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Value>,
    #[serde(serialize_with = "raw::trees")]
    messages: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u32>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop_sequences: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Value>,
    stream: bool,
}

#[derive(Debug, Serialize)]
struct Outgoing<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    input_schema: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<Value>,
}

#[derive(Debug, Serialize)]
struct OutputConfig<'a> {
    format: OutputFormat<'a>,
}

#[derive(Debug, Serialize)]
struct OutputFormat<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    schema: &'a RawValue,
}

pub(super) fn body(ask: &Ask, stream: bool) -> Result<Vec<u8>, BadAsk> {
    let budget = budget(ask);
    let thinks = budget.is_some();
    Ok(to_json(&Body {
        model: &ask.model,
        max_tokens: max_tokens(ask, budget),
        tools: ask.tools.iter().map(tool).collect(),
        system: ask
            .system
            .iter()
            .filter(|it| !it.text.is_empty())
            .map(|it| marked(json!({ "type": "text", "text": it.text }), it.keep))
            .collect(),
        messages: ask.messages.iter().filter_map(message).collect(),
        tool_choice: choice(ask),
        thinking: match (budget, ask.thinking) {
            (Some(tokens), _) => Some(json!({ "type": "enabled", "budget_tokens": tokens })),
            (None, Thinking::Off) => Some(json!({ "type": "disabled" })),
            (None, _) => None,
        },
        output_config: format(&ask.format)?,
        // With thoughts, the vendor takes none of these.
        temperature: ask.sampling.temperature.filter(|_| !thinks),
        top_p: ask.sampling.top_p.filter(|_| !thinks),
        top_k: ask.sampling.top_k.filter(|_| !thinks),
        stop_sequences: &ask.sampling.stop,
        metadata: ask.user.as_ref().map(|it| json!({ "user_id": it })),
        stream,
    }))
}

/// The budget of thought: at least 1,024 tokens, says the vendor.
fn budget(ask: &Ask) -> Option<u32> {
    match ask.thinking {
        Thinking::Usual | Thinking::Off => None,
        Thinking::Effort(effort) => Some(effort.budget_tokens()),
        Thinking::Budget(tokens) => Some(tokens.max(1_024)),
    }
}

/// The vendor counts thoughts within the limit, so it has to be larger than their budget.
fn max_tokens(ask: &Ask, budget: Option<u32>) -> u32 {
    let known = models::known(&ask.model).map(|it| it.max_output_tokens);
    let wanted = ask.max_output_tokens.or(known).unwrap_or(MAX_OUTPUT_TOKENS);
    match budget {
        Some(tokens) if wanted <= tokens => tokens.saturating_add(ANSWER_TOKENS),
        Some(_) | None => wanted,
    }
}

/// Asks the vendor to cache everything up to and with this block.
fn marked(mut block: Value, keep: Option<Keep>) -> Value {
    let mark = match keep {
        None => return block,
        Some(Keep::Short) => json!({ "type": "ephemeral" }),
        Some(Keep::Long) => json!({ "type": "ephemeral", "ttl": "1h" }),
    };
    block["cache_control"] = mark;
    block
}

fn tool(tool: &Tool) -> Outgoing<'_> {
    let mark = marked(json!({}), tool.keep)["cache_control"].take();
    Outgoing {
        name: &tool.name,
        description: tool.description.as_deref().filter(|it| !it.is_empty()),
        input_schema: tool.schema(),
        strict: tool.strict,
        cache_control: Some(mark).filter(|it| !it.is_null()),
    }
}

fn choice(ask: &Ask) -> Option<Value> {
    if ask.tools.is_empty() {
        return None;
    }
    let mut choice = match &ask.choice {
        // Said only when there is more to say.
        Choice::Auto if ask.parallel_calls.is_none() => return None,
        Choice::Auto => json!({ "type": "auto" }),
        Choice::None => return Some(json!({ "type": "none" })),
        Choice::Any => json!({ "type": "any" }),
        Choice::Tool(name) => json!({ "type": "tool", "name": name }),
    };
    if let Some(parallel) = ask.parallel_calls {
        choice["disable_parallel_tool_use"] = (!parallel).into();
    }
    Some(choice)
}

fn format(format: &Format) -> Result<Option<OutputConfig<'_>>, BadAsk> {
    match format {
        Format::Text => Ok(None),
        Format::Json => Err(BadAsk::Untold { what: "JSON without a schema; give a `json_schema`" }),
        Format::Schema { schema, .. } => {
            Ok(Some(OutputConfig { format: OutputFormat { kind: "json_schema", schema } }))
        }
    }
}

fn message(message: &Message) -> Option<Value> {
    let mut blocks: Vec<Value> =
        message.pieces.iter().filter_map(|it| Some(marked(block(&it.block)?, it.keep))).collect();
    // The API wants results before anything else.
    blocks.sort_by_key(|it| it["type"] != "tool_result");
    (!blocks.is_empty()).then(|| json!({ "role": role(message.role), "content": blocks }))
}

fn role(role: Role) -> &'static str {
    match role {
        Role::User => "user",
        Role::Assistant => "assistant",
    }
}

fn block(block: &Block) -> Option<Value> {
    match block {
        Block::Text(text) => (!text.is_empty()).then(|| json!({ "type": "text", "text": text })),
        Block::Image(media) => Some(json!({ "type": "image", "source": source(media) })),
        Block::File { media, name } => Some(document(media, name)),
        Block::Call { call, tool, arguments } => Some(json!({
            "type": "tool_use",
            "id": Messages.call_id(call),
            "name": tool,
            "input": input(arguments),
        })),
        Block::Result { call, output, failed } => {
            let mut block = json!({ "type": "tool_result", "tool_use_id": Messages.call_id(call) });
            block["content"] = content(output);
            if *failed {
                block["is_error"] = true.into();
            }
            Some(block)
        }
        Block::Thought { opaque, .. } => opaque.as_ref()?.get(MARK).cloned(),
    }
}

fn document(media: &Media, name: &Option<String>) -> Value {
    let mut block = json!({ "type": "document", "source": source(media) });
    if let Some(name) = name {
        block["title"] = name.as_str().into();
    }
    block
}

fn content(output: &[Output]) -> Value {
    if let [Output::Text(text)] = output {
        return text.as_str().into();
    }
    output
        .iter()
        .map(|it| match it {
            Output::Text(text) => json!({ "type": "text", "text": text }),
            Output::Image(media) => json!({ "type": "image", "source": source(media) }),
            Output::File { media, name } => document(media, name),
        })
        .collect()
}

fn source(media: &Media) -> Value {
    match &media.source {
        Source::Base64(data) => {
            json!({ "type": "base64", "media_type": media.media_type, "data": data })
        }
        Source::Address(address) => json!({ "type": "url", "url": address }),
    }
}

/// The API takes objects only; what the model wrote may be anything.
fn input(arguments: &str) -> Value {
    raw::written(arguments).unwrap_or_else(|| json!({ "unreadable": arguments }))
}
