//! A body of `POST /api/chat` as an [`Ask`].
//!
//! What is about the place where a model runs (`keep_alive`, `num_ctx`, threads) is left out;
//! what would change the answer and has no place in an [`Ask`] is refused by name.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Number, Value, json, value::RawValue};
use wire::Role;

use super::MARK;
use crate::{
    ask::{
        Ask, Block, Effort, Format, Media, Message, Output, Piece, Sampling, Section, Source,
        Thinking, Tool,
    },
    dialect::{Asked, BadAsk},
};

#[derive(Debug, Deserialize)]
struct Body {
    model: String,
    messages: Option<Vec<Incoming>>,
    tools: Option<Vec<IncomingTool>>,
    think: Option<Value>,
    format: Option<Box<RawValue>>,
    options: Option<Options>,
    stream: Option<bool>,
    logprobs: Option<bool>,
    top_logprobs: Option<u32>,
}

#[derive(Debug, Deserialize)]
struct Incoming {
    role: String,
    content: Option<String>,
    thinking: Option<String>,
    images: Option<Vec<String>>,
    tool_calls: Option<Vec<Call>>,
    tool_name: Option<String>,
    /// What `tool_name` was called in older examples.
    name: Option<String>,
    tool_call_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Call {
    id: Option<String>,
    function: Called,
}

#[derive(Debug, Deserialize)]
struct Called {
    name: String,
    arguments: Option<Box<RawValue>>,
}

#[derive(Debug, Deserialize)]
struct IncomingTool {
    #[serde(rename = "type")]
    kind: Option<String>,
    function: Option<Function>,
}

#[derive(Debug, Deserialize)]
struct Function {
    name: String,
    description: Option<String>,
    parameters: Option<Box<RawValue>>,
}

/// Clients write whole numbers with and without a fraction.
#[derive(Debug, Default, Deserialize)]
struct Options {
    num_predict: Option<Number>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    top_k: Option<Number>,
    seed: Option<Number>,
    frequency_penalty: Option<f64>,
    presence_penalty: Option<f64>,
    stop: Option<Vec<String>>,
}

pub(super) fn read(body: &[u8]) -> Result<Asked, BadAsk> {
    let body: Body = serde_json::from_slice(body)?;
    if body.logprobs == Some(true) {
        return Err(BadAsk::Unsupported { field: "logprobs" });
    }
    if body.top_logprobs.is_some_and(|it| it > 0) {
        return Err(BadAsk::Unsupported { field: "top_logprobs" });
    }
    let options = body.options.unwrap_or_default();
    let mut ask = Ask {
        model: body.model,
        tools: body.tools.unwrap_or_default().into_iter().map(tool).collect::<Result<_, _>>()?,
        format: body.format.map_or(Ok(Format::Text), format)?,
        thinking: thinking(body.think)?,
        // Not positive: without a limit.
        max_output_tokens: integer(options.num_predict).filter(|it| *it > 0).and_then(small),
        sampling: Sampling {
            temperature: options.temperature,
            top_p: options.top_p,
            top_k: integer(options.top_k).and_then(small),
            // Negative: by chance.
            seed: integer(options.seed).filter(|it| *it >= 0),
            frequency_penalty: options.frequency_penalty,
            presence_penalty: options.presence_penalty,
            stop: options.stop.unwrap_or_default(),
        },
        ..Ask::default()
    };
    let mut calls = Calls::default();
    for (n, incoming) in body.messages.unwrap_or_default().into_iter().enumerate() {
        let at = |what| BadAsk::Wrong { field: format!("messages[{n}]"), what };
        read_message(incoming, &mut calls, &mut ask).map_err(at)?;
    }
    Ok(Asked { ask, stream: body.stream.unwrap_or(true), usage: true })
}

fn integer(number: Option<Number>) -> Option<i64> {
    let number = number?;
    #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
    number.as_i64().or_else(|| number.as_f64().map(|it| it as i64))
}

fn small(number: i64) -> Option<u32> {
    u32::try_from(number).ok() // A limit that large is none.
}

fn tool(tool: IncomingTool) -> Result<Tool, BadAsk> {
    let is_function = tool.kind.as_deref().is_none_or(|it| it == "function");
    let function = tool.function.filter(|_| is_function);
    let function = function.ok_or_else(|| BadAsk::wrong("tools", "may hold functions only"))?;
    Ok(Tool {
        name: function.name,
        description: function.description,
        parameters: function.parameters,
        strict: None,
        keep: None,
    })
}

fn format(format: Box<RawValue>) -> Result<Format, BadAsk> {
    match format.get() {
        r#""""# => Ok(Format::Text),
        r#""json""# => Ok(Format::Json),
        // Vendors that are strict refuse schemas that Ollama takes, so nothing is said about it.
        text if text.starts_with('{') => {
            Ok(Format::Schema { name: "reply".to_owned(), schema: format, strict: None })
        }
        _ => Err(BadAsk::wrong("format", "is neither `json` nor a JSON schema")),
    }
}

fn thinking(think: Option<Value>) -> Result<Thinking, BadAsk> {
    let effort = match &think {
        None => return Ok(Thinking::Usual),
        Some(Value::Bool(false)) => return Ok(Thinking::Off),
        Some(Value::Bool(true)) => Some(Effort::Medium),
        Some(Value::String(word)) => Effort::from_word(word),
        Some(Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_)) => None,
    };
    let wrong = || BadAsk::wrong("think", "is not a boolean, `low`, `medium` or `high`");
    effort.map(Thinking::Effort).ok_or_else(wrong)
}

/// The calls so far. Many clients bring back neither a call's id nor a result's, so that results
/// are told by their tool, or only by their order.
#[derive(Debug, Default)]
struct Calls {
    ids: BTreeSet<String>,
    /// Id and tool of the last message's calls that have no result yet.
    waiting: Vec<(String, String)>,
}

impl Calls {
    fn begin(&mut self, id: Option<String>, tool: &str) -> String {
        let mut call = id.unwrap_or_default();
        let mut n = self.ids.len();
        while call.is_empty() {
            let made_up = format!("call-{n}");
            n += 1;
            if !self.ids.contains(&made_up) {
                call = made_up;
            }
        }
        self.ids.insert(call.clone());
        self.waiting.push((call.clone(), tool.to_owned()));
        call
    }

    /// Returns the id of the call that a result answers.
    fn answer(&mut self, id: Option<String>, tool: Option<&str>) -> Option<String> {
        let id = id.filter(|it| !it.is_empty());
        let tool = tool.filter(|it| !it.is_empty());
        let at = self.waiting.iter().position(|(call, name)| match (&id, tool) {
            (Some(id), _) => call == id,
            (None, Some(tool)) => name == tool,
            (None, None) => true,
        });
        let call = at.map(|it| self.waiting.remove(it).0);
        id.or(call)
    }
}

fn read_message(incoming: Incoming, calls: &mut Calls, ask: &mut Ask) -> Result<(), &'static str> {
    match incoming.role.to_ascii_lowercase().as_str() {
        "system" => {
            if incoming.images.is_some_and(|it| !it.is_empty()) {
                return Err("has an image that no system prompt can hold");
            }
            let text = incoming.content.unwrap_or_default();
            ask.system.push(Section { text, keep: None });
        }
        "user" => {
            let pieces = seen(incoming.content, incoming.images)?;
            ask.messages.push(Message { role: Role::User, pieces });
        }
        "assistant" => {
            let pieces = said(incoming, calls)?;
            ask.messages.push(Message { role: Role::Assistant, pieces });
        }
        "tool" => {
            let piece = result(incoming, calls)?;
            match ask.messages.last_mut() {
                // Results of one step are one message to us.
                Some(last) if last.pieces.last().is_some_and(is_result) => last.pieces.push(piece),
                _ => ask.messages.push(Message { role: Role::User, pieces: vec![piece] }),
            }
        }
        _ => return Err("has an unknown role"),
    }
    Ok(())
}

fn is_result(piece: &Piece) -> bool {
    matches!(piece.block, Block::Result { .. })
}

fn seen(content: Option<String>, images: Option<Vec<String>>) -> Result<Vec<Piece>, &'static str> {
    let text = content.filter(|it| !it.is_empty()).map(|it| Ok(Block::Text(it).into()));
    let images = images.into_iter().flatten().map(|it| Ok(Block::Image(image(it)?).into()));
    text.into_iter().chain(images).collect()
}

fn said(incoming: Incoming, calls: &mut Calls) -> Result<Vec<Piece>, &'static str> {
    let mut pieces = Vec::new();
    if let Some(text) = incoming.thinking.filter(|it| !it.is_empty()) {
        let opaque = Some(json!({ MARK: { "thinking": text } }));
        pieces.push(Block::Thought { text, opaque }.into());
    }
    pieces.extend(seen(incoming.content, incoming.images)?);
    calls.waiting.clear();
    for Call { id, function: Called { name, arguments } } in
        incoming.tool_calls.into_iter().flatten()
    {
        let arguments = match arguments.as_deref().map(RawValue::get) {
            None => "{}".to_owned(),
            Some(text) if text.starts_with('{') => text.to_owned(),
            Some(_) => return Err("has a call whose arguments are no object"),
        };
        let call = calls.begin(id, &name);
        pieces.push(Block::Call { call, tool: name, arguments }.into());
    }
    Ok(pieces)
}

fn result(incoming: Incoming, calls: &mut Calls) -> Result<Piece, &'static str> {
    let tool = incoming.tool_name.or(incoming.name);
    let call = calls
        .answer(incoming.tool_call_id, tool.as_deref())
        .ok_or("answers no call of the message before")?;
    let text = incoming.content.map(|it| Ok(Output::Text(it)));
    let images = incoming.images.into_iter().flatten().map(|it| Ok(Output::Image(image(it)?)));
    let output = text.into_iter().chain(images).collect::<Result<_, &'static str>>()?;
    Ok(Block::Result { call, output, failed: false }.into())
}

/// Names an image's type, which this dialect does not say and other vendors want to know.
fn image(data: String) -> Result<Media, &'static str> {
    const HEAD: usize = 16; // Characters; twelve bytes.
    let head = data.get(..HEAD).and_then(|it| STANDARD.decode(it).ok()); // No base64: no image.
    let media_type = match head.as_deref().unwrap_or_default() {
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [0xFF, 0xD8, 0xFF, ..] => "image/jpeg",
        [b'G', b'I', b'F', b'8', ..] => "image/gif",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P'] => "image/webp",
        [b'B', b'M', ..] => "image/bmp",
        _ => return Err("has an image that is no PNG, JPEG, GIF, WebP or BMP in base64"),
    };
    Ok(Media { media_type: media_type.to_owned(), source: Source::Base64(data) })
}
