//! The blocks of a client's messages.
//!
//! Blocks that only this vendor knows are refused, so that no part of a conversation is lost
//! without a word.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

use super::{MARK, media};
use crate::{
    ask::{Block, Keep, Media, Output, Piece, Source},
    seal::unseal,
};

const UNKNOWN_BLOCK: &str = "has a block that only one vendor knows";

/// A block: the field that is there is its kind.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IncomingBlock {
    text: Option<String>,
    image: Option<Image>,
    document: Option<Document>,
    tool_use: Option<ToolUse>,
    tool_result: Option<ToolResult>,
    reasoning_content: Option<Value>,
    citations_content: Option<Cited>,
    cache_point: Option<CachePoint>,
}

#[derive(Debug, Deserialize)]
pub(super) struct CachePoint {
    ttl: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Image {
    format: String,
    #[serde(default)]
    source: Place,
}

#[derive(Debug, Deserialize)]
struct Document {
    format: Option<String>,
    name: Option<String>,
    #[serde(default)]
    source: Place,
    context: Option<Value>,
    citations: Option<Citations>,
}

#[derive(Debug, Deserialize)]
struct Citations {
    enabled: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    bytes: Option<String>,
    s3_location: Option<S3Location>,
    text: Option<String>,
    content: Option<Vec<Said>>,
}

#[derive(Debug, Deserialize)]
struct S3Location {
    uri: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolUse {
    tool_use_id: String,
    name: String,
    input: Box<RawValue>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolResult {
    tool_use_id: String,
    #[serde(default)]
    content: Vec<ResultBlock>,
    status: Option<String>,
}

#[derive(Debug, Deserialize)]
struct ResultBlock {
    text: Option<String>,
    json: Option<Box<RawValue>>,
    image: Option<Image>,
    document: Option<Document>,
}

/// What an earlier reply said with citations: its words stay, the places that they are from do not.
#[derive(Debug, Deserialize)]
struct Cited {
    #[serde(default)]
    content: Vec<Said>,
}

#[derive(Debug, Deserialize)]
struct Said {
    #[serde(default)]
    text: String,
}

impl CachePoint {
    pub(super) fn keep(&self) -> Keep {
        if self.ttl.as_deref() == Some("1h") { Keep::Long } else { Keep::Short }
    }
}

impl IncomingBlock {
    pub(super) fn into_text(self) -> Option<String> {
        self.text
    }

    fn read(self) -> Result<Block, &'static str> {
        if let Some(text) = self.text {
            Ok(Block::Text(text))
        } else if let Some(image) = self.image {
            Ok(Block::Image(image.read()?))
        } else if let Some(document) = self.document {
            Ok(match document.read()? {
                Read::Text(text) => Block::Text(text),
                Read::File { media, name } => Block::File { media, name },
            })
        } else if let Some(call) = self.tool_use {
            if call.kind.is_some() {
                return Err("has a call of a tool that runs at one vendor only");
            }
            let arguments = call.input.get().to_owned();
            Ok(Block::Call { call: call.tool_use_id, tool: call.name, arguments })
        } else if let Some(result) = self.tool_result {
            let failed = result.status.as_deref() == Some("error");
            let output =
                result.content.into_iter().map(ResultBlock::read).collect::<Result<_, _>>()?;
            Ok(Block::Result { call: result.tool_use_id, output, failed })
        } else if let Some(thought) = self.reasoning_content {
            Ok(read_thought(thought))
        } else if let Some(cited) = self.citations_content {
            Ok(Block::Text(joined(cited.content)))
        } else {
            Err(UNKNOWN_BLOCK)
        }
    }
}

/// A cache point is a block of its own, and marks the one before it.
pub(super) fn pieces(blocks: Vec<IncomingBlock>) -> Result<Vec<Piece>, &'static str> {
    let mut pieces: Vec<Piece> = Vec::new();
    for block in blocks {
        match (&block.cache_point, pieces.last_mut()) {
            (Some(point), Some(last)) => last.keep = Some(point.keep()),
            (Some(_), None) => {}
            (None, _) => pieces.push(block.read()?.into()),
        }
    }
    Ok(pieces)
}

impl Image {
    fn read(self) -> Result<Media, &'static str> {
        let media_type = media::image_type(&self.format).ok_or("has an image of unknown format")?;
        media(media_type, self.source)
    }
}

/// What a document is to us.
enum Read {
    Text(String),
    File { media: Media, name: Option<String> },
}

impl Document {
    fn read(mut self) -> Result<Read, &'static str> {
        if self.citations.is_some_and(|it| it.enabled) {
            return Err("asks for citations, which only one vendor gives");
        }
        if self.context.is_some() {
            return Err("has a document with a `context`, which only one vendor knows");
        }
        if let Some(text) = self.source.text.take() {
            return Ok(Read::Text(text));
        }
        if let Some(content) = self.source.content.take() {
            return Ok(Read::Text(joined(content)));
        }
        let format = self.format.as_deref().unwrap_or_default();
        let media_type = media::document_type(format).ok_or("has a document of unknown format")?;
        Ok(Read::File { media: media(media_type, self.source)?, name: self.name })
    }
}

fn media(media_type: &str, place: Place) -> Result<Media, &'static str> {
    let source = match (place.bytes, place.s3_location) {
        (Some(data), _) => Source::Base64(data),
        (None, Some(location)) => Source::Address(location.uri),
        (None, None) => return Err("has a source without `bytes` and without `s3Location`"),
    };
    Ok(Media { media_type: media_type.to_owned(), source })
}

fn joined(content: Vec<Said>) -> String {
    content.into_iter().map(|it| it.text).collect()
}

impl ResultBlock {
    fn read(self) -> Result<Output, &'static str> {
        if let Some(text) = self.text {
            Ok(Output::Text(text))
        } else if let Some(json) = self.json {
            Ok(Output::Text(json.get().to_owned()))
        } else if let Some(image) = self.image {
            Ok(Output::Image(image.read()?))
        } else if let Some(document) = self.document {
            Ok(match document.read()? {
                Read::Text(text) => Output::Text(text),
                Read::File { media, name } => Output::File { media, name },
            })
        } else {
            Err("has a result with a block that is no text, JSON, image or document")
        }
    }
}

/// A thought with what makes it come back to its vendor. One without a signature was never
/// checked, and is refused when it comes back.
fn read_thought(thought: Value) -> Block {
    let readable = &thought["reasoningText"];
    let text = readable["text"].as_str().unwrap_or_default().to_owned();
    let sealed = match (readable["signature"].as_str(), thought["redactedContent"].as_str()) {
        (Some(signature), _) => unseal(signature),
        (None, Some(data)) => unseal_bytes(data),
        (None, None) => return Block::Thought { text, opaque: None },
    };
    Block::Thought { text, opaque: Some(sealed.unwrap_or_else(|| json!({ MARK: thought }))) }
}

fn unseal_bytes(data: &str) -> Option<Value> {
    let bytes = STANDARD.decode(data).ok()?; // Another's, in whatever form.
    unseal(str::from_utf8(&bytes).ok()?) // As above.
}
