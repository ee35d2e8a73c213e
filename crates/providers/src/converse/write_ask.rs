//! An [`Ask`] as a body of `Converse` or `ConverseStream`.
//!
//! It knows nothing about answers. Seeds, penalties and the person who asks have no place in it.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value, json, value::RawValue};

use super::{
    family::Family,
    write_message::{self, CachePoint, Content, Outgoing},
};
use crate::{
    ask::{Ask, Block, Choice, Format, Tool},
    dialect::{BadAsk, to_json},
};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    messages: Vec<Outgoing<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Content<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inference_config: Option<Inference<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<ToolConfig<'a>>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    additional_model_request_fields: Map<String, Value>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    additional_model_response_field_paths: &'static [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig<'a>>,
}

#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Inference<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop_sequences: &'a [String],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ToolConfig<'a> {
    tools: Vec<OutgoingTool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Value>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
enum OutgoingTool<'a> {
    #[serde(rename_all = "camelCase")]
    ToolSpec {
        name: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<&'a str>,
        input_schema: InputSchema<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        strict: Option<bool>,
    },
    CachePoint(CachePoint),
}

#[derive(Debug, Serialize)]
struct InputSchema<'a> {
    json: &'a RawValue,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OutputConfig<'a> {
    text_format: TextFormat<'a>,
}

#[derive(Debug, Serialize)]
struct TextFormat<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    structure: Structure<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Structure<'a> {
    json_schema: JsonSchema<'a>,
}

#[derive(Debug, Serialize)]
struct JsonSchema<'a> {
    name: &'a str,
    /// A text that holds JSON.
    schema: &'a str,
}

pub(super) fn body(ask: &Ask, stream: bool) -> Result<Vec<u8>, BadAsk> {
    let family = Family::of(&ask.model);
    let thought = family.thought(ask);
    let mut fields = family.fields(ask, thought);
    let called = called(ask);
    let choice = choice(ask, family, called.is_some())?;
    fields.extend(choice.field.map(|it| ("tool_choice".to_owned(), it)));
    let once_called;
    let tools: &[Tool] = match called {
        Some(called) if ask.tools.is_empty() => {
            once_called = called;
            &once_called
        }
        Some(_) | None => &ask.tools,
    };
    let samples = family.takes_sampling(thought);
    let inference = Inference {
        max_tokens: Family::max_tokens(ask, thought),
        temperature: ask.sampling.temperature.filter(|_| samples),
        top_p: ask.sampling.top_p.filter(|_| samples),
        stop_sequences: &ask.sampling.stop,
    };
    Ok(to_json(&Body {
        messages: write_message::messages(ask, family)?,
        system: system(ask, family),
        inference_config: Some(inference).filter(|it| *it != Inference::default()),
        tool_config: (choice.offered && !tools.is_empty())
            .then(|| ToolConfig { tools: self::tools(tools, family), tool_choice: choice.said }),
        additional_model_request_fields: fields,
        additional_model_response_field_paths: stopped_by(ask, family, stream),
        output_config: format(&ask.format)?,
    }))
}

/// Where a Claude tells which text ended the reply: nothing else does.
fn stopped_by(ask: &Ask, family: Family, stream: bool) -> &'static [&'static str] {
    match family {
        Family::Claude(_) if ask.sampling.stop.is_empty() => &[],
        Family::Claude(_) if stream => &["/delta/stop_sequence"],
        Family::Claude(_) => &["/stop_sequence"],
        Family::Nova { .. } | Family::Gpt | Family::Effort | Family::Other => &[],
    }
}

fn system(ask: &Ask, family: Family) -> Vec<Content<'_>> {
    let mut written = Vec::new();
    for section in ask.system.iter().filter(|it| !it.text.trim().is_empty()) {
        written.push(Content::Text(Cow::Borrowed(&section.text)));
        written.extend(family.keep(section.keep).map(Content::cache_point));
    }
    written
}

fn tools(tools: &[Tool], family: Family) -> Vec<OutgoingTool<'_>> {
    let mut written = Vec::new();
    for tool in tools {
        written.push(OutgoingTool::ToolSpec {
            name: &tool.name,
            description: tool.description.as_deref().filter(|it| !it.trim().is_empty()),
            input_schema: InputSchema { json: tool.schema() },
            // Models that do not know the word refuse it, and not being strict is the rule.
            strict: tool.strict.filter(|it| *it),
        });
        let keep = family.keep(tool.keep).filter(|_| family.keeps_tools());
        written.extend(keep.map(|it| OutgoingTool::CachePoint(CachePoint::new(it))));
    }
    written
}

/// Returns the tools that the conversation called, if it called some: a history with calls is
/// refused where no tools are offered, so tools that are gone are offered as such.
fn called(ask: &Ask) -> Option<Vec<Tool>> {
    let mut tools: Vec<Tool> = Vec::new();
    let mut gone = |name: &str| {
        if !tools.iter().any(|it| it.name == name) {
            tools.push(Tool {
                name: name.to_owned(),
                description: Some("Cannot be called any more.".to_owned()),
                parameters: None,
                strict: None,
                keep: None,
            });
        }
    };
    let mut has_results = false;
    for piece in ask.messages.iter().flat_map(|it| &it.pieces) {
        match &piece.block {
            Block::Call { tool, .. } => gone(tool),
            Block::Result { .. } => has_results = true,
            Block::Text(_) | Block::Image(_) | Block::File { .. } | Block::Thought { .. } => {}
        }
    }
    if tools.is_empty() && has_results {
        return Some(Vec::new());
    }
    (!tools.is_empty()).then_some(tools)
}

/// How a choice is told.
#[derive(Debug, Default)]
struct Told {
    /// Whether the model sees tools at all.
    offered: bool,
    /// In the common form.
    said: Option<Value>,
    /// In the model's own, which it is merged with.
    field: Option<Value>,
}

fn choice(ask: &Ask, family: Family, called: bool) -> Result<Told, BadAsk> {
    let claude = matches!(family, Family::Claude(_));
    let offered = Told { offered: true, ..Told::default() };
    if ask.tools.is_empty() {
        return Ok(offered);
    }
    let said = match &ask.choice {
        Choice::Auto => None,
        Choice::Any => Some(json!({ "any": {} })),
        Choice::Tool(name) => Some(json!({ "tool": { "name": name } })),
        // The common form has no word for it. Without calls, no tools are as good.
        Choice::None if !called => return Ok(Told::default()),
        Choice::None if claude => {
            return Ok(Told { field: Some(json!({ "type": "none" })), ..offered });
        }
        Choice::None => return Err(BadAsk::Untold { what: "`none` as a choice after calls" }),
    };
    // For others it only tunes: they have no word for it, and rarely make two calls at once.
    let single = claude && ask.parallel_calls == Some(false);
    let field = match said {
        _ if !single => None,
        // The type may not be said twice.
        Some(_) => Some(json!({ "disable_parallel_tool_use": true })),
        None => Some(json!({ "type": "auto", "disable_parallel_tool_use": true })),
    };
    Ok(Told { said, field, ..offered })
}

fn format(format: &Format) -> Result<Option<OutputConfig<'_>>, BadAsk> {
    match format {
        Format::Text => Ok(None),
        Format::Json => Err(BadAsk::Untold { what: "JSON without a schema; give a `json_schema`" }),
        Format::Schema { name, schema, .. } => {
            let json_schema = JsonSchema { name, schema: schema.get() };
            let structure = Structure { json_schema };
            Ok(Some(OutputConfig { text_format: TextFormat { kind: "json_schema", structure } }))
        }
    }
}
