//! A body of `generateContent` as an [`Ask`].
//!
//! What Google's own servers do beside the model (search, running code, contents that were cached
//! by name) is refused, because no other provider has it.

use std::collections::VecDeque;

use serde_json::{Value, value::RawValue};
use wire::Role;

use super::{
    incoming::{
        Body, CallingConfig, Content, Declaration, Declarations, FunctionCall, FunctionResponse,
        GenerationConfig, Part, ThinkingConfig,
    },
    media, schema,
    signed::{Place, Signed},
};
use crate::{
    ask::{
        Ask, Block, Choice, Effort, Format, Message, Output, Piece, Sampling, Section, Thinking,
        Tool,
    },
    dialect::{Asked, BadAsk},
    raw,
    seal::unseal,
};

pub(super) fn read(body: &[u8]) -> Result<Asked, BadAsk> {
    let body: Body = serde_json::from_slice(body)?;
    let config = body.generation_config.unwrap_or_default();
    refuse_unsupported(&config)?;
    if body.cached_content.is_some() {
        return Err(BadAsk::Unsupported { field: "cachedContent" });
    }
    let mut tools = Vec::new();
    for (name, value) in body.tools.iter().flatten() {
        if value.get() == "null" {
            continue;
        }
        if !matches!(name.as_str(), "functionDeclarations" | "function_declarations") {
            return Err(BadAsk::wrong(format!("tools.{name}"), "runs at one vendor only"));
        }
        let declarations: Result<Declarations, _> = serde_json::from_str(value.get());
        let Ok(declarations) = declarations else {
            return Err(BadAsk::wrong(format!("tools.{name}"), "holds what is no function"));
        };
        for it in declarations.list {
            tools.push(tool(it)?);
        }
    }
    let calling = body.tool_config.and_then(|it| it.function_calling_config);
    let mut ask = Ask {
        system: body.system_instruction.map_or(Ok(Vec::new()), sections)?,
        tools,
        choice: choice(calling.unwrap_or_default())?,
        format: format(&config)?,
        thinking: config.thinking_config.as_ref().map_or(Ok(Thinking::Usual), thinking)?,
        max_output_tokens: config.max_output_tokens,
        sampling: sampling(config)?,
        ..Ask::default()
    };
    let mut calls = Calls::default();
    for (n, content) in body.contents.into_iter().enumerate() {
        let at = |what| BadAsk::Wrong { field: format!("contents[{n}]"), what };
        ask.messages.push(message(content, &mut calls).map_err(at)?);
    }
    Ok(Asked { ask, stream: false, usage: true })
}

fn refuse_unsupported(config: &GenerationConfig) -> Result<(), BadAsk> {
    let refuse = |field| Err(BadAsk::Unsupported { field });
    if config.candidate_count.is_some_and(|it| it != 1) {
        return refuse("generationConfig.candidateCount");
    }
    if config.response_logprobs == Some(true) {
        return refuse("generationConfig.responseLogprobs");
    }
    if config.response_modalities.iter().any(|it| !it.eq_ignore_ascii_case("text")) {
        return refuse("generationConfig.responseModalities");
    }
    if config.response_format.as_ref().is_some_and(|it| !it.is_null()) {
        return refuse("generationConfig.responseFormat");
    }
    Ok(())
}

fn tool(declaration: Declaration) -> Result<Tool, BadAsk> {
    Ok(Tool {
        name: declaration.name,
        description: declaration.description,
        parameters: json_schema(
            declaration.parameters_json_schema,
            declaration.parameters.as_deref(),
        )?,
        strict: None,
        keep: None,
    })
}

fn json_schema(
    plain: Option<Box<RawValue>>,
    google: Option<&RawValue>,
) -> Result<Option<Box<RawValue>>, BadAsk> {
    match (plain, google) {
        (Some(plain), _) => Ok(Some(plain)),
        (None, Some(google)) => schema::read(google).map(Some),
        (None, None) => Ok(None),
    }
}

fn choice(config: CallingConfig) -> Result<Choice, BadAsk> {
    let wrong = |field: &str, what| {
        Err(BadAsk::wrong(format!("toolConfig.functionCallingConfig.{field}"), what))
    };
    match config.mode.unwrap_or_default().to_ascii_uppercase().as_str() {
        "" | "AUTO" | "VALIDATED" | "MODE_UNSPECIFIED" => Ok(Choice::Auto),
        "NONE" => Ok(Choice::None),
        "ANY" => {
            let mut names = config.allowed_function_names.into_iter();
            match (names.next(), names.next()) {
                (None, _) => Ok(Choice::Any),
                (Some(name), None) => Ok(Choice::Tool(name)),
                (Some(_), Some(_)) => wrong("allowedFunctionNames", "may name one function here"),
            }
        }
        _ => wrong("mode", "is no known mode"),
    }
}

fn format(config: &GenerationConfig) -> Result<Format, BadAsk> {
    let schema =
        json_schema(config.response_json_schema.clone(), config.response_schema.as_deref())?;
    match (config.response_mime_type.as_deref(), schema) {
        (None | Some("" | "text/plain"), None) => Ok(Format::Text),
        (Some("application/json"), None) => Ok(Format::Json),
        (Some("application/json"), Some(schema)) => {
            Ok(Format::Schema { name: "reply".to_owned(), schema, strict: Some(true) })
        }
        _ => Err(BadAsk::wrong("generationConfig.responseMimeType", "is not `application/json`")),
    }
}

fn thinking(config: &ThinkingConfig) -> Result<Thinking, BadAsk> {
    let wrong = |field: &str, what| Err(BadAsk::wrong(format!("thinkingConfig.{field}"), what));
    if let Some(level) = config.thinking_level.as_deref().filter(|it| !it.is_empty()) {
        return match Effort::from_word(&level.to_ascii_lowercase()) {
            Some(effort) => Ok(Thinking::Effort(effort)),
            None if level == "THINKING_LEVEL_UNSPECIFIED" => Ok(Thinking::Usual),
            None => wrong("thinkingLevel", "is no known level"),
        };
    }
    match (config.thinking_budget, config.include_thoughts) {
        (Some(0), _) => Ok(Thinking::Off),
        // As long as the model likes, but it is to think.
        (Some(-1), _) | (None, Some(true)) => Ok(Thinking::Effort(Effort::Medium)),
        (Some(tokens), _) => match u32::try_from(tokens) {
            Ok(tokens) => Ok(Thinking::Budget(tokens)),
            Err(_) => wrong("thinkingBudget", "is no number of tokens"),
        },
        (None, _) => Ok(Thinking::Usual),
    }
}

fn sampling(config: GenerationConfig) -> Result<Sampling, BadAsk> {
    let whole = |it: f64| {
        let number = format!("{it}").parse();
        number.ok().ok_or_else(|| BadAsk::wrong("generationConfig.topK", "is no whole number"))
    };
    Ok(Sampling {
        temperature: config.temperature,
        top_p: config.top_p,
        top_k: config.top_k.map(whole).transpose()?,
        seed: config.seed,
        frequency_penalty: config.frequency_penalty,
        presence_penalty: config.presence_penalty,
        stop: config.stop_sequences,
    })
}

fn sections(content: Content) -> Result<Vec<Section>, BadAsk> {
    let section = |part: Part| match part.text {
        Some(text) => Ok(Section { text, keep: None }),
        None => Err(BadAsk::wrong("systemInstruction", "must be a text")),
    };
    content.parts.into_iter().map(section).collect()
}

/// Gives ids to calls that have none, and to their results: the same names in the same order.
#[derive(Debug, Default)]
struct Calls {
    n_calls: usize,
    /// Id and name of those that have no result yet.
    open: VecDeque<(String, String)>,
}

impl Calls {
    fn begin(&mut self, id: Option<String>, name: &str) -> String {
        let id = id.filter(|it| !it.is_empty()).unwrap_or_else(|| format!("call-{}", self.n_calls));
        self.n_calls += 1;
        self.open.push_back((id.clone(), name.to_owned()));
        id
    }

    fn end(&mut self, id: Option<String>, name: &str) -> Option<String> {
        let id = id.filter(|it| !it.is_empty());
        let is_meant = |it: &(String, String)| match &id {
            Some(id) => it.0 == *id,
            None => it.1 == name,
        };
        let at = self.open.iter().position(is_meant);
        at.and_then(|at| self.open.remove(at)).map(|it| it.0).or(id)
    }
}

fn message(content: Content, calls: &mut Calls) -> Result<Message, &'static str> {
    let role = match content.role.as_deref() {
        None | Some("" | "user" | "function") => Role::User,
        Some("model") => Role::Assistant,
        Some(_) => return Err("has an unknown role"),
    };
    let mut reader = Parts { pieces: Vec::new(), calls, n_calls: 0 };
    for part in content.parts {
        reader.read(part)?;
    }
    Ok(Message { role, pieces: reader.pieces })
}

/// Reads the parts of one message.
#[derive(Debug)]
struct Parts<'a> {
    pieces: Vec<Piece>,
    calls: &'a mut Calls,
    /// Calls of this message.
    n_calls: usize,
}

impl Parts<'_> {
    fn read(&mut self, part: Part) -> Result<(), &'static str> {
        let signature = part.thought_signature.filter(|it| !it.is_empty());
        if let Some(call) = part.function_call {
            self.call(call, signature);
        } else if let Some(response) = part.function_response {
            self.pieces.push(result(response, self.calls)?.into());
        } else if let Some(data) = part.inline_data {
            self.pieces.push(Block::from(media::inline(data)?).into());
        } else if let Some(data) = part.file_data {
            self.pieces.push(Block::from(media::file(data)?).into());
        } else if part.thought == Some(true) {
            let text = part.text.unwrap_or_default();
            if let Some(signature) = signature {
                let whole = self.think(&text);
                self.sign(signature, Place::Thought(whole));
            } else if !text.is_empty() {
                self.think(&text);
            }
        } else if part.text.is_some() || signature.is_some() {
            let text = part.text.unwrap_or_default();
            let n_bytes = text.len();
            if !text.is_empty() {
                self.pieces.push(Block::Text(text).into());
            }
            if let Some(signature) = signature {
                self.sign(signature, Place::Text(n_bytes));
            }
        } else {
            return Err("has a part that only one vendor knows");
        }
        Ok(())
    }

    fn call(&mut self, call: FunctionCall, signature: Option<String>) {
        if let Some(signature) = signature {
            self.sign(signature, Place::Call(self.n_calls));
        }
        self.n_calls += 1;
        let id = self.calls.begin(call.id, &call.name);
        let arguments = call.args.map_or_else(|| "{}".to_owned(), |it| raw::compact(&it));
        self.pieces.push(Block::Call { call: id, tool: call.name, arguments }.into());
    }

    /// Goes on with the thought that is open, and returns all of it.
    fn think(&mut self, more: &str) -> String {
        if let Some(Block::Thought { text, opaque: None }) =
            self.pieces.last_mut().map(|it| &mut it.block)
        {
            text.push_str(more);
            return text.clone();
        }
        self.pieces.push(Block::Thought { text: more.to_owned(), opaque: None }.into());
        more.to_owned()
    }

    /// Ends a thought with a signature: the vendor's own, or one in which others' blocks travel.
    fn sign(&mut self, signature: String, place: Place) {
        let opaque = match unseal(&signature) {
            Some(Value::Array(blocks)) => blocks,
            Some(block) => vec![block],
            None => vec![Signed::new(signature, place).opaque()],
        };
        for block in opaque {
            self.think("");
            if let Some(Block::Thought { opaque, .. }) =
                self.pieces.last_mut().map(|it| &mut it.block)
            {
                *opaque = Some(block);
            }
        }
    }
}

fn result(response: FunctionResponse, calls: &mut Calls) -> Result<Block, &'static str> {
    let call = calls.end(response.id, &response.name).ok_or("has a result without its call")?;
    let (text, failed) = answer(response.response);
    let mut output = Vec::new();
    if !text.is_empty() {
        output.push(Output::Text(text));
    }
    for part in response.parts {
        output.push(match (part.inline_data, part.file_data) {
            (Some(data), _) => media::inline(data)?.into(),
            (None, Some(data)) => media::file(data)?.into(),
            (None, None) => return Err("has a result with a part that only one vendor knows"),
        });
    }
    Ok(Block::Result { call, output, failed })
}

/// Google gives a meaning to `output` and `error`; `result` is what its own clients write.
fn answer(response: Value) -> (String, bool) {
    let text = |it: &Value| it.as_str().map_or_else(|| it.to_string(), str::to_owned);
    match &response {
        Value::Null => (String::new(), false),
        Value::Object(fields) => match fields.iter().next() {
            None => (String::new(), false),
            Some((name, value)) if fields.len() == 1 => match name.as_str() {
                "output" | "result" => (text(value), false),
                "error" => (text(value), true),
                _ => (response.to_string(), false),
            },
            Some(_) => (response.to_string(), fields.get("error").is_some_and(|it| !it.is_null())),
        },
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            (text(&response), false)
        }
    }
}
