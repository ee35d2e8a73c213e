//! A body of `Converse` or `ConverseStream` as an [`Ask`].
//!
//! Model and streaming stand in the path, so the caller sets both. What only this vendor can do
//! (guardrails, stored prompts, tools of its own) is refused by name; what its account is billed
//! or watched by says nothing about the answer, and is not read.

use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};
use wire::Role;

use super::read_message::{self, CachePoint, IncomingBlock};
use crate::{
    ask::{Ask, Choice, Effort, Format, Message, Sampling, Section, Thinking, Tool},
    dialect::{Asked, BadAsk},
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    messages: Vec<Incoming>,
    #[serde(default)]
    system: Vec<SystemBlock>,
    #[serde(default)]
    inference_config: Inference,
    tool_config: Option<ToolConfig>,
    #[serde(default)]
    additional_model_request_fields: Map<String, Value>,
    #[serde(default)]
    additional_model_response_field_paths: Vec<String>,
    output_config: Option<OutputConfig>,
    guardrail_config: Option<Value>,
    prompt_variables: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Incoming {
    role: String,
    content: Vec<IncomingBlock>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SystemBlock {
    text: Option<String>,
    cache_point: Option<CachePoint>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inference {
    max_tokens: Option<u32>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    #[serde(default)]
    stop_sequences: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolConfig {
    #[serde(default)]
    tools: Vec<IncomingTool>,
    tool_choice: Option<ToolChoice>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct IncomingTool {
    tool_spec: Option<ToolSpec>,
    system_tool: Option<Named>,
    cache_point: Option<CachePoint>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolSpec {
    name: String,
    description: Option<String>,
    input_schema: InputSchema,
    strict: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct InputSchema {
    json: Box<RawValue>,
}

#[derive(Debug, Deserialize)]
struct ToolChoice {
    auto: Option<Value>,
    any: Option<Value>,
    tool: Option<Named>,
}

#[derive(Debug, Deserialize)]
struct Named {
    name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OutputConfig {
    text_format: Option<TextFormat>,
    effort: Option<String>,
}

#[derive(Debug, Deserialize)]
struct TextFormat {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    structure: Structure,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Structure {
    json_schema: Option<JsonSchema>,
}

#[derive(Debug, Deserialize)]
struct JsonSchema {
    name: Option<String>,
    schema: String,
}

pub(super) fn read(body: &[u8]) -> Result<Asked, BadAsk> {
    let body: Body = serde_json::from_slice(body)?;
    refuse_unsupported(&body)?;
    let (effort, format) = match body.output_config {
        Some(config) => (config.effort, config.text_format),
        None => (None, None),
    };
    let mut ask = Ask {
        format: format.map_or(Ok(Format::Text), self::format)?,
        max_output_tokens: body.inference_config.max_tokens,
        sampling: Sampling {
            temperature: body.inference_config.temperature,
            top_p: body.inference_config.top_p,
            stop: body.inference_config.stop_sequences,
            ..Sampling::default()
        },
        ..Ask::default()
    };
    if let Some(config) = body.tool_config {
        ask.choice = config.tool_choice.map_or(Ok(Choice::Auto), choice)?;
        ask.tools = tools(config.tools)?;
    }
    if let Some(word) = effort {
        ask.thinking = self::effort(&word, "outputConfig.effort")?;
    }
    for (name, value) in body.additional_model_request_fields {
        read_field(&name, &value, &mut ask)?;
    }
    ask.system = sections(body.system)?;
    for (n, incoming) in body.messages.into_iter().enumerate() {
        read_message(incoming, &mut ask)
            .map_err(|what| BadAsk::wrong(format!("messages.{n}"), what))?;
    }
    Ok(Asked { ask, stream: false, usage: true })
}

fn refuse_unsupported(body: &Body) -> Result<(), BadAsk> {
    let refuse = |field| Err(BadAsk::Unsupported { field });
    if body.guardrail_config.is_some() {
        return refuse("guardrailConfig");
    }
    if body.prompt_variables.is_some() {
        return refuse("promptVariables");
    }
    // What ended a reply is told without being asked for.
    let told = ["/stop_sequence", "/delta/stop_sequence"];
    let paths = &body.additional_model_response_field_paths;
    if paths.iter().any(|it| !told.contains(&it.as_str())) {
        return refuse("additionalModelResponseFieldPaths");
    }
    Ok(())
}

/// Reads one of the fields that models have of their own.
fn read_field(name: &str, value: &Value, ask: &mut Ask) -> Result<(), BadAsk> {
    let wrong = |what| BadAsk::wrong(format!("additionalModelRequestFields.{name}"), what);
    let word = |it: &Value| effort(it.as_str().unwrap_or_default(), name);
    let number = |it: &Value| it.as_u64().and_then(|it| u32::try_from(it).ok());
    match name {
        "thinking" => match (value["type"].as_str(), number(&value["budget_tokens"])) {
            (Some("disabled"), _) => ask.thinking = Thinking::Off,
            (Some("enabled"), Some(tokens)) => ask.thinking = Thinking::Budget(tokens),
            // How much is said beside it, perhaps before.
            (Some("adaptive"), _) if ask.thinking == Thinking::Usual => {
                ask.thinking = Thinking::Effort(Effort::Medium);
            }
            (Some("adaptive"), _) => {}
            _ => return Err(wrong("is not of a known type")),
        },
        "output_config" => {
            let more = value.as_object().is_none_or(|it| it.keys().any(|it| it != "effort"));
            if more {
                return Err(wrong("may hold an `effort` only"));
            }
            let asked = word(&value["effort"])?;
            if !matches!(ask.thinking, Thinking::Budget(_) | Thinking::Off) {
                ask.thinking = asked;
            }
        }
        "reasoning_effort" => ask.thinking = word(value)?,
        "reasoning" => ask.thinking = word(&value["effort"])?,
        "reasoningConfig" if value["type"] == "disabled" => ask.thinking = Thinking::Off,
        "reasoningConfig" => ask.thinking = word(&value["maxReasoningEffort"])?,
        "top_k" => ask.sampling.top_k = number(value),
        "inferenceConfig" => {
            ask.sampling.top_k = number(&value["topK"]);
            ask.max_output_tokens = ask.max_output_tokens.or_else(|| number(&value["maxTokens"]));
        }
        "tool_choice" => {
            if let Some(single) = value["disable_parallel_tool_use"].as_bool() {
                ask.parallel_calls = Some(!single);
            }
            if value["type"] == "none" {
                ask.choice = Choice::None;
            }
        }
        "anthropic_beta" => {} // Permits; asks for nothing by itself.
        _ => return Err(wrong("is known to one model only")),
    }
    Ok(())
}

fn effort(word: &str, field: &str) -> Result<Thinking, BadAsk> {
    if word == "none" {
        return Ok(Thinking::Off);
    }
    let effort = Effort::from_word(word);
    effort.map(Thinking::Effort).ok_or_else(|| BadAsk::wrong(field, "is no known effort"))
}

fn choice(choice: ToolChoice) -> Result<Choice, BadAsk> {
    match choice {
        ToolChoice { tool: Some(tool), .. } => Ok(Choice::Tool(tool.name)),
        ToolChoice { any: Some(_), .. } => Ok(Choice::Any),
        ToolChoice { auto: Some(_), .. } => Ok(Choice::Auto),
        ToolChoice { .. } => {
            Err(BadAsk::wrong("toolConfig.toolChoice", "is not `auto`, `any` or `tool`"))
        }
    }
}

fn tools(list: Vec<IncomingTool>) -> Result<Vec<Tool>, BadAsk> {
    let mut tools: Vec<Tool> = Vec::new();
    for incoming in list {
        if let Some(spec) = incoming.tool_spec {
            tools.push(Tool {
                name: spec.name,
                description: spec.description,
                parameters: Some(spec.input_schema.json),
                strict: spec.strict,
                keep: None,
            });
        } else if let Some(point) = incoming.cache_point {
            if let Some(last) = tools.last_mut() {
                last.keep = Some(point.keep());
            }
        } else {
            let name = incoming.system_tool.map(|it| it.name).unwrap_or_default();
            return Err(BadAsk::wrong(format!("tools.{name}"), "runs at one vendor only"));
        }
    }
    Ok(tools)
}

fn format(format: TextFormat) -> Result<Format, BadAsk> {
    let wrong = |what| BadAsk::wrong("outputConfig.textFormat", what);
    match (format.kind.as_str(), format.structure.json_schema) {
        ("json_schema", Some(it)) => Ok(Format::Schema {
            name: it.name.unwrap_or_else(|| "reply".to_owned()),
            schema: serde_json::from_str(&it.schema)
                .or(Err(wrong("has a schema that is no JSON")))?,
            strict: Some(true),
        }),
        _ => Err(wrong("is not of a known type")),
    }
}

fn sections(blocks: Vec<SystemBlock>) -> Result<Vec<Section>, BadAsk> {
    let mut sections: Vec<Section> = Vec::new();
    for block in blocks {
        if let Some(text) = block.text {
            sections.push(Section { text, keep: None });
        } else if let Some(point) = block.cache_point {
            if let Some(last) = sections.last_mut() {
                last.keep = Some(point.keep());
            }
        } else {
            return Err(BadAsk::wrong("system", "has a block that only one vendor knows"));
        }
    }
    Ok(sections)
}

fn read_message(incoming: Incoming, ask: &mut Ask) -> Result<(), &'static str> {
    let role = match incoming.role.as_str() {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" => {
            for block in incoming.content {
                let text = block.into_text().ok_or("must be a text")?;
                ask.system.push(Section { text, keep: None });
            }
            return Ok(());
        }
        _ => return Err("has an unknown role"),
    };
    let pieces = read_message::pieces(incoming.content)?;
    ask.messages.push(Message { role, pieces });
    Ok(())
}
