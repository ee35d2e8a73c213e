//! A body of `POST /v1/chat/completions` as an [`Ask`].
//!
//! Fields that would change the meaning of the answer and have no place in an [`Ask`] are refused
//! by name, because a client that asked for them would be misled. Left out is what tunes speed,
//! price or length (`prediction`, `service_tier`, `verbosity`, `prompt_cache_key`) and what a vendor
//! notes for itself (`store`, `metadata`).

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::read_message::{self, CacheControl, Incoming, keep};
use crate::{
    ask::{Ask, Choice, Effort, Format, Sampling, Thinking, Tool},
    dialect::{Asked, BadAsk, says_something},
};

#[derive(Debug, Deserialize)]
struct Body {
    model: String,
    messages: Vec<Incoming>,
    #[serde(default)]
    stream: Option<bool>,
    #[serde(default)]
    stream_options: Option<StreamOptions>,
    #[serde(default)]
    tools: Option<Vec<IncomingTool>>,
    #[serde(default)]
    tool_choice: Value,
    #[serde(default)]
    parallel_tool_calls: Option<bool>,
    #[serde(default)]
    response_format: Option<ResponseFormat>,
    #[serde(default)]
    reasoning_effort: Option<String>,
    #[serde(default)]
    reasoning: Option<Reasoning>,
    #[serde(default)]
    max_tokens: Option<u32>,
    #[serde(default)]
    max_completion_tokens: Option<u32>,
    #[serde(default)]
    temperature: Option<f64>,
    #[serde(default)]
    top_p: Option<f64>,
    #[serde(default)]
    top_k: Option<u32>,
    #[serde(default)]
    seed: Option<i64>,
    #[serde(default)]
    frequency_penalty: Option<f64>,
    #[serde(default)]
    presence_penalty: Option<f64>,
    #[serde(default)]
    stop: Value,
    #[serde(default)]
    user: Option<String>,
    /// The user's newer name.
    #[serde(default)]
    safety_identifier: Option<String>,
    #[serde(default)]
    n: Option<u32>,
    #[serde(default)]
    logprobs: Option<bool>,
    #[serde(default)]
    modalities: Option<Vec<String>>,
    #[serde(default)]
    functions: Value,
    #[serde(default)]
    audio: Value,
    #[serde(default)]
    logit_bias: Value,
    #[serde(default)]
    web_search_options: Value,
    /// `OpenRouter`'s: searches, readers of files.
    #[serde(default)]
    plugins: Value,
}

#[derive(Debug, Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: Option<bool>,
}

/// `OpenRouter`'s form.
#[derive(Debug, Deserialize)]
struct Reasoning {
    #[serde(default)]
    effort: Option<String>,
    #[serde(default)]
    max_tokens: Option<u32>,
    #[serde(default)]
    enabled: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct IncomingTool {
    #[serde(default)]
    function: Option<Function>,
    #[serde(default)]
    cache_control: Option<CacheControl>,
}

#[derive(Debug, Deserialize)]
struct Function {
    name: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    parameters: Option<Box<RawValue>>,
    #[serde(default)]
    strict: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct ResponseFormat {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    json_schema: Option<JsonSchema>,
}

#[derive(Debug, Deserialize)]
struct JsonSchema {
    name: String,
    schema: Box<RawValue>,
    #[serde(default)]
    strict: Option<bool>,
}

pub(super) fn read(body: &[u8]) -> Result<Asked, BadAsk> {
    let body: Body = serde_json::from_slice(body)?;
    refuse_unsupported(&body)?;
    let mut ask = Ask {
        choice: choice(&body.tool_choice)?,
        thinking: thinking(&body)?,
        show_thoughts: body.reasoning.is_some(),
        sampling: Sampling {
            temperature: body.temperature,
            top_p: body.top_p,
            top_k: body.top_k,
            seed: body.seed,
            frequency_penalty: body.frequency_penalty,
            presence_penalty: body.presence_penalty,
            stop: stop(body.stop)?,
        },
        model: body.model,
        tools: body.tools.unwrap_or_default().into_iter().map(tool).collect::<Result<_, _>>()?,
        parallel_calls: body.parallel_tool_calls,
        format: body.response_format.map_or(Ok(Format::Text), format)?,
        max_output_tokens: body.max_completion_tokens.or(body.max_tokens),
        user: body.safety_identifier.or(body.user),
        ..Ask::default()
    };
    for (n, incoming) in body.messages.into_iter().enumerate() {
        let at = |what| BadAsk::Wrong { field: format!("messages[{n}]"), what };
        read_message::read(incoming, &mut ask).map_err(at)?;
    }
    Ok(Asked {
        ask,
        stream: body.stream.unwrap_or(false),
        usage: body.stream_options.and_then(|it| it.include_usage).unwrap_or(false),
    })
}

fn refuse_unsupported(body: &Body) -> Result<(), BadAsk> {
    for (field, wanted) in [
        ("n", body.n.is_some_and(|it| it != 1)),
        ("logprobs", body.logprobs == Some(true)),
        ("modalities", body.modalities.iter().flatten().any(|it| it != "text")),
        ("functions", !body.functions.is_null()),
        ("audio", says_something(&body.audio)),
        // It names tokens by one vendor's numbers, and may forbid all but some.
        ("logit_bias", says_something(&body.logit_bias)),
        // An empty one asks for a search as well.
        ("web_search_options", !body.web_search_options.is_null()),
        ("plugins", says_something(&body.plugins)),
    ] {
        if wanted {
            return Err(BadAsk::Unsupported { field });
        }
    }
    Ok(())
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
        Value::Object(_) => match choice["function"]["name"].as_str() {
            Some(name) => Ok(Choice::Tool(name.to_owned())),
            None => Err(BadAsk::wrong("tool_choice", "names no function")),
        },
        Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            Err(BadAsk::wrong("tool_choice", "must be a text or an object"))
        }
    }
}

fn thinking(body: &Body) -> Result<Thinking, BadAsk> {
    if let Some(word) = &body.reasoning_effort {
        return effort(word, "reasoning_effort");
    }
    match &body.reasoning {
        Some(Reasoning { max_tokens: Some(tokens), .. }) => Ok(Thinking::Budget(*tokens)),
        Some(Reasoning { effort: Some(word), .. }) => effort(word, "reasoning.effort"),
        Some(Reasoning { enabled: Some(false), .. }) => Ok(Thinking::Off),
        Some(Reasoning { enabled: Some(true), .. }) => Ok(Thinking::Effort(Effort::Medium)),
        Some(_) | None => Ok(Thinking::Usual),
    }
}

fn effort(word: &str, field: &str) -> Result<Thinking, BadAsk> {
    if word == "none" {
        return Ok(Thinking::Off);
    }
    let effort = Effort::from_word(word);
    effort.map(Thinking::Effort).ok_or_else(|| BadAsk::wrong(field, "is no known effort"))
}

fn stop(stop: Value) -> Result<Vec<String>, BadAsk> {
    match stop {
        Value::Null => Ok(Vec::new()),
        Value::String(text) => Ok(vec![text]),
        list @ (Value::Array(_) | Value::Bool(_) | Value::Number(_) | Value::Object(_)) => {
            serde_json::from_value(list)
                .ok() // Anything else has one message.
                .ok_or_else(|| BadAsk::wrong("stop", "must be a text or a list of texts"))
        }
    }
}

fn tool(tool: IncomingTool) -> Result<Tool, BadAsk> {
    let function =
        tool.function.ok_or_else(|| BadAsk::wrong("tools", "may hold functions only"))?;
    Ok(Tool {
        name: function.name,
        description: function.description,
        parameters: function.parameters,
        strict: function.strict,
        keep: tool.cache_control.map(keep),
    })
}

fn format(format: ResponseFormat) -> Result<Format, BadAsk> {
    match (format.kind.as_str(), format.json_schema) {
        ("text", _) => Ok(Format::Text),
        ("json_object", _) => Ok(Format::Json),
        ("json_schema", Some(it)) => {
            Ok(Format::Schema { name: it.name, schema: it.schema, strict: it.strict })
        }
        _ => Err(BadAsk::wrong("response_format", "is not of a known type")),
    }
}
