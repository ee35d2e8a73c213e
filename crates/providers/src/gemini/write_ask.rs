//! An [`Ask`] as a body of `generateContent`.
//!
//! The vendor remembers prompts by itself, so marks of caches are left out. It knows nothing about
//! answers.

use serde::Serialize;
use serde_json::{Value, json, value::RawValue};
use wire::Role;

use super::{
    media, model,
    signed::{Place, Signed, is_plain_text, sign_text},
};
use crate::{
    ask::{Ask, Block, Choice, Format, Message, Output, Piece, Tool, output_text},
    dialect::{BadAsk, to_json},
    raw,
};

/// Google's own word for a call that another model made: recent models refuse a call of the
/// current turn that has no signature.
const UNSIGNED: &str = "skip_thought_signature_validator";

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    system_instruction: Option<Value>,
    #[serde(serialize_with = "raw::trees")]
    contents: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<[Tools<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<Value>,
    #[serde(skip_serializing_if = "GenerationConfig::is_empty")]
    generation_config: GenerationConfig<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Tools<'a> {
    function_declarations: Vec<Declaration<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Declaration<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters_json_schema: Option<&'a RawValue>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct GenerationConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
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
    stop_sequences: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    response_mime_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_json_schema: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_config: Option<Value>,
}

pub(super) fn body(ask: &Ask) -> Result<Vec<u8>, BadAsk> {
    if ask.parallel_calls == Some(false) && !ask.tools.is_empty() {
        return Err(BadAsk::Untold { what: "limit of one call per reply" });
    }
    Ok(to_json(&Body {
        system_instruction: system(ask),
        contents: contents(ask)?,
        tools: (!ask.tools.is_empty()).then(|| {
            [Tools { function_declarations: ask.tools.iter().map(declaration).collect() }]
        }),
        tool_config: choice(ask),
        generation_config: config(ask),
    }))
}

impl GenerationConfig<'_> {
    fn is_empty(&self) -> bool {
        to_json(self) == b"{}"
    }
}

fn config(ask: &Ask) -> GenerationConfig<'_> {
    let (response_mime_type, response_json_schema) = match &ask.format {
        Format::Text => (None, None),
        Format::Json => (Some("application/json"), None),
        Format::Schema { schema, .. } => (Some("application/json"), Some(&**schema)),
    };
    GenerationConfig {
        max_output_tokens: ask.max_output_tokens,
        temperature: ask.sampling.temperature,
        top_p: ask.sampling.top_p,
        top_k: ask.sampling.top_k,
        seed: ask.sampling.seed,
        frequency_penalty: ask.sampling.frequency_penalty,
        presence_penalty: ask.sampling.presence_penalty,
        stop_sequences: &ask.sampling.stop,
        response_mime_type,
        response_json_schema,
        thinking_config: model::thinking(&ask.model, ask.thinking),
    }
}

fn system(ask: &Ask) -> Option<Value> {
    let sections = ask.system.iter().filter(|it| !it.text.is_empty());
    let parts: Vec<Value> = sections.map(|it| json!({ "text": it.text })).collect();
    (!parts.is_empty()).then(|| json!({ "parts": parts }))
}

fn declaration(tool: &Tool) -> Declaration<'_> {
    Declaration {
        name: &tool.name,
        description: tool.description.as_deref().filter(|it| !it.is_empty()),
        parameters_json_schema: tool.parameters.as_deref(),
    }
}

fn choice(ask: &Ask) -> Option<Value> {
    if ask.tools.is_empty() {
        return None;
    }
    let config = match &ask.choice {
        Choice::Auto => return None,
        Choice::None => json!({ "mode": "NONE" }),
        Choice::Any => json!({ "mode": "ANY" }),
        Choice::Tool(name) => json!({ "mode": "ANY", "allowedFunctionNames": [name] }),
    };
    Some(json!({ "functionCallingConfig": config }))
}

/// What is known of the conversation while it is written.
#[derive(Debug)]
struct Context<'a> {
    /// The model takes ids, wants signatures and sees pictures in results.
    recent: bool,
    /// Ids and names of the calls so far: results must tell the name.
    calls: Vec<(&'a str, &'a str)>,
}

fn contents(ask: &Ask) -> Result<Vec<Value>, BadAsk> {
    let turn = ask.messages.iter().rposition(begins_turn).unwrap_or(0);
    let mut context = Context { recent: model::is_recent(&ask.model), calls: Vec::new() };
    let mut written = Vec::new();
    for (n, message) in ask.messages.iter().enumerate() {
        let (role, parts) = match message.role {
            Role::User => ("user", context.asked(message)?),
            Role::Assistant => ("model", context.said(message, n > turn)),
        };
        if !parts.is_empty() {
            written.push(json!({ "role": role, "parts": parts }));
        }
    }
    Ok(written)
}

/// Signatures are looked at since the last message that is no answer to calls.
fn begins_turn(message: &Message) -> bool {
    message.role == Role::User
        && !message.pieces.iter().any(|it| matches!(it.block, Block::Result { .. }))
}

impl<'a> Context<'a> {
    /// Results come first, in the order of their calls: that is what tells calls without ids apart.
    fn asked(&self, message: &Message) -> Result<Vec<Value>, BadAsk> {
        let mut results = Vec::new();
        let mut parts = Vec::new();
        for piece in &message.pieces {
            match &piece.block {
                Block::Text(text) if !text.is_empty() => parts.push(json!({ "text": text })),
                Block::Image(media) | Block::File { media, .. } => parts.push(media::write(media)),
                Block::Result { call, output, failed } => {
                    let at = self.calls.iter().rposition(|it| it.0 == call);
                    let at = at.ok_or_else(|| {
                        BadAsk::wrong("messages", "have a result without its call")
                    })?;
                    let (mut result, shown) = self.result(self.calls[at], output, *failed);
                    if self.recent && !shown.is_empty() {
                        result["functionResponse"]["parts"] = shown.into();
                    } else {
                        parts.extend(shown);
                    }
                    results.push((at, result));
                }
                Block::Text(_) | Block::Call { .. } | Block::Thought { .. } => {}
            }
        }
        results.sort_by_key(|it| it.0);
        Ok(results.into_iter().map(|it| it.1).chain(parts).collect())
    }

    fn result(&self, call: (&str, &str), output: &[Output], failed: bool) -> (Value, Vec<Value>) {
        let media = |it: &Output| match it {
            Output::Text(_) => None,
            Output::Image(media) | Output::File { media, .. } => Some(media::write(media)),
        };
        let shown = output.iter().filter_map(media).collect();
        let key = if failed { "error" } else { "output" };
        let mut result = self.named(call);
        result["response"] = json!({ key: output_text(output) });
        (json!({ "functionResponse": result }), shown)
    }

    fn named(&self, (id, name): (&str, &str)) -> Value {
        if self.recent { json!({ "id": id, "name": name }) } else { json!({ "name": name }) }
    }

    fn said(&mut self, message: &'a Message, in_turn: bool) -> Vec<Value> {
        let signed: Vec<Signed> =
            message.pieces.iter().filter_map(|it| signed(&it.block)).collect();
        let mut parts = Vec::new();
        // Signatures of texts that the client moved in front of their text.
        let mut early = Vec::new();
        let mut n_calls = 0;
        for (n, piece) in message.pieces.iter().enumerate() {
            match &piece.block {
                Block::Text(text) if !text.is_empty() => parts.push(json!({ "text": text })),
                Block::Image(media) | Block::File { media, .. } => parts.push(media::write(media)),
                Block::Call { call, tool, arguments } => {
                    let place = Place::Call(n_calls);
                    let signature = signed.iter().find(|it| it.place == place);
                    // Of calls that were made at once, the first one is signed.
                    let unsigned = (self.recent && in_turn && n_calls == 0).then_some(UNSIGNED);
                    let signature = signature.map(|it| it.signature.as_str()).or(unsigned);
                    parts.push(self.call((call, tool), arguments, signature));
                    n_calls += 1;
                }
                Block::Thought { .. } => match self::signed(&piece.block) {
                    Some(Signed { signature, place: Place::Thought(text) }) => parts.push(
                        json!({ "text": text, "thought": true, "thoughtSignature": signature }),
                    ),
                    Some(Signed { signature, place: Place::Text(n_bytes) }) => {
                        let end = parts.len();
                        let moved = !message.pieces[..n].iter().any(is_text)
                            && message.pieces[n..].iter().any(is_text);
                        if moved || !sign_text(&mut parts, end, n_bytes, &signature) {
                            early.push((n_bytes, signature));
                        }
                    }
                    Some(Signed { place: Place::Call(_), .. }) | None => {}
                },
                Block::Text(_) | Block::Result { .. } => {}
            }
        }
        for (n_bytes, signature) in early {
            let end = parts.iter().rposition(is_plain_text).map_or(parts.len(), |it| it + 1);
            sign_text(&mut parts, end, n_bytes, &signature);
        }
        parts
    }

    fn call(&mut self, call: (&'a str, &'a str), args: &str, signature: Option<&str>) -> Value {
        self.calls.push(call);
        let mut named = self.named(call);
        named["args"] = object(args);
        let mut part = json!({ "functionCall": named });
        if let Some(signature) = signature {
            part["thoughtSignature"] = signature.into();
        }
        part
    }
}

fn is_text(piece: &Piece) -> bool {
    matches!(&piece.block, Block::Text(text) if !text.is_empty())
}

fn signed(block: &Block) -> Option<Signed> {
    match block {
        Block::Thought { opaque, .. } => Signed::read(opaque.as_ref()?),
        Block::Text(_)
        | Block::Image(_)
        | Block::File { .. }
        | Block::Call { .. }
        | Block::Result { .. } => None,
    }
}

/// The API takes objects only; what the model wrote may be anything.
fn object(arguments: &str) -> Value {
    raw::written(arguments).unwrap_or_else(|| json!({ "unreadable": arguments }))
}
