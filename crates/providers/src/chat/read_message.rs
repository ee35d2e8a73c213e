//! One message of chat completions as pieces of an [`Ask`].
//!
//! What a client kept of a reply's thoughts comes back from the field in which it got them.

use serde::Deserialize;
use serde_json::{Value, json};
use wire::Role;

use super::MARK;
use crate::{
    ask::{Ask, Block, Keep, Media, Message, Output, Piece, Section, Source},
    seal::unseal,
};

#[derive(Debug, Deserialize)]
pub(super) struct Incoming {
    role: String,
    #[serde(default)]
    content: Content,
    #[serde(default)]
    tool_calls: Option<Vec<Call>>,
    #[serde(default)]
    tool_call_id: Option<String>,
    #[serde(default)]
    reasoning_content: Option<String>,
    #[serde(default)]
    reasoning: Option<String>,
    #[serde(default)]
    reasoning_details: Option<Vec<Value>>,
    #[serde(default)]
    thinking_blocks: Option<Vec<Value>>,
    #[serde(default)]
    refusal: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(untagged)]
enum Content {
    #[default]
    Nothing,
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Debug, Deserialize)]
struct Part {
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    refusal: Option<String>,
    #[serde(default)]
    image_url: Option<ImageUrl>,
    #[serde(default)]
    file: Option<File>,
    #[serde(default)]
    cache_control: Option<CacheControl>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum ImageUrl {
    Bare(String),
    Object { url: String },
}

#[derive(Debug, Deserialize)]
struct File {
    #[serde(default)]
    file_data: Option<String>,
    #[serde(default)]
    filename: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Call {
    id: String,
    function: Called,
}

#[derive(Debug, Deserialize)]
struct Called {
    name: String,
    #[serde(default)]
    arguments: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct CacheControl {
    #[serde(default)]
    ttl: Option<String>,
}

pub(super) fn keep(control: CacheControl) -> Keep {
    if control.ttl.as_deref() == Some("1h") { Keep::Long } else { Keep::Short }
}

pub(super) fn read(incoming: Incoming, ask: &mut Ask) -> Result<(), &'static str> {
    match incoming.role.as_str() {
        "system" | "developer" => ask.system.extend(sections(incoming.content)?),
        "user" => {
            let pieces = pieces(incoming.content)?;
            ask.messages.push(Message { role: Role::User, pieces });
        }
        "assistant" => {
            let pieces = said(incoming)?;
            ask.messages.push(Message { role: Role::Assistant, pieces });
        }
        "tool" => {
            let piece = result(incoming)?;
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

fn sections(content: Content) -> Result<Vec<Section>, &'static str> {
    match content {
        Content::Nothing => Ok(Vec::new()),
        Content::Text(text) => Ok(vec![Section { text, keep: None }]),
        Content::Parts(parts) => parts
            .into_iter()
            .map(|it| {
                let text = it.text.ok_or("must be a text")?;
                Ok(Section { text, keep: it.cache_control.map(keep) })
            })
            .collect(),
    }
}

fn pieces(content: Content) -> Result<Vec<Piece>, &'static str> {
    match content {
        Content::Nothing => Ok(Vec::new()),
        Content::Text(text) => Ok(vec![Block::Text(text).into()]),
        Content::Parts(parts) => parts.into_iter().map(piece).collect(),
    }
}

fn piece(part: Part) -> Result<Piece, &'static str> {
    let keep = part.cache_control.map(keep);
    let block = if let Some(text) = part.text.or(part.refusal) {
        Block::Text(text)
    } else if let Some(image) = part.image_url {
        let (ImageUrl::Bare(url) | ImageUrl::Object { url }) = image;
        Block::Image(media(url))
    } else if let Some(file) = part.file {
        // An id of a file that lies with one vendor means nothing to another.
        let data = file.file_data.ok_or("has a file without `file_data`")?;
        Block::File { media: media(data), name: file.filename }
    } else {
        return Err("has a part that is no text, no image and no file");
    };
    Ok(Piece { block, keep })
}

/// Reads a data URL, or takes an address as it is.
fn media(url: String) -> Media {
    let data = url.strip_prefix("data:").and_then(|it| it.split_once(";base64,"));
    match data {
        Some((media_type, data)) => {
            Media { media_type: media_type.to_owned(), source: Source::Base64(data.to_owned()) }
        }
        None => Media { media_type: String::new(), source: Source::Address(url) },
    }
}

fn said(incoming: Incoming) -> Result<Vec<Piece>, &'static str> {
    let mut pieces = thoughts(&incoming);
    pieces.extend(
        self::pieces(incoming.content)?
            .into_iter()
            .filter(|it| !matches!(&it.block, Block::Text(text) if text.is_empty())),
    );
    pieces.extend(incoming.refusal.map(|it| Block::Text(it).into()));
    pieces.extend(incoming.tool_calls.unwrap_or_default().into_iter().map(|it| {
        let Called { name, arguments } = it.function;
        Block::Call { call: it.id, tool: name, arguments }.into()
    }));
    Ok(pieces)
}

/// What the client kept of a reply's thoughts, in the field in which it got them.
fn thoughts(incoming: &Incoming) -> Vec<Piece> {
    let thought =
        |text: &str, opaque| Block::Thought { text: text.to_owned(), opaque: Some(opaque) };
    let mut fields = serde_json::Map::new();
    let mut found = Vec::new();
    for block in incoming.thinking_blocks.iter().flatten() {
        let text = block["thinking"].as_str().unwrap_or_default();
        found.push(thought(text, json!({ crate::messages::MARK: block })));
    }
    let mut own = Vec::new();
    for detail in incoming.reasoning_details.iter().flatten() {
        match detail["data"].as_str().and_then(unseal) {
            Some(opaque) => found.push(thought("", opaque)),
            None => own.push(detail.clone()),
        }
    }
    if !own.is_empty() {
        fields.insert("reasoning_details".to_owned(), own.into());
    }
    if found.is_empty() {
        for (name, text) in
            [("reasoning_content", &incoming.reasoning_content), ("reasoning", &incoming.reasoning)]
        {
            if let Some(text) = text.as_ref().filter(|it| !it.is_empty()) {
                fields.insert(name.to_owned(), text.as_str().into());
            }
        }
    }
    if !fields.is_empty() {
        let text = incoming.reasoning_content.as_deref().or(incoming.reasoning.as_deref());
        found.push(thought(text.unwrap_or_default(), json!({ MARK: fields })));
    }
    found.into_iter().map(Piece::from).collect()
}

fn result(incoming: Incoming) -> Result<Piece, &'static str> {
    let call = incoming.tool_call_id.ok_or("needs a `tool_call_id`")?;
    let mut mark = None;
    let mut output = Vec::new();
    for piece in pieces(incoming.content)? {
        mark = piece.keep.or(mark);
        output.push(match piece.block {
            Block::Text(text) => Output::Text(text),
            Block::Image(media) => Output::Image(media),
            Block::File { media, name } => Output::File { media, name },
            Block::Call { .. } | Block::Result { .. } | Block::Thought { .. } => {
                return Err("must be a text");
            }
        });
    }
    Ok(Piece { block: Block::Result { call, output, failed: false }, keep: mark })
}
