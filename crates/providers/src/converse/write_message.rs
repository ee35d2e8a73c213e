//! Messages and their blocks in the API's form.
//!
//! Pictures and documents are not copied on their way, because they are the bulk of a request.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Value, json, value::RawValue};
use wire::Role;

use super::{
    Converse, MARK,
    family::Family,
    media::{self, Names},
};
use crate::{
    ask::{Ask, Block, Keep, Media, Output, Piece, Source},
    dialect::{BadAsk, Dialect as _},
};

#[derive(Debug, Serialize)]
pub(super) struct Outgoing<'a> {
    role: &'static str,
    content: Vec<Content<'a>>,
}

/// A block. The API names its kind by the only field that it has.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Content<'a> {
    Text(Cow<'a, str>),
    Image {
        format: &'static str,
        source: Place<'a>,
    },
    Document {
        format: &'static str,
        name: String,
        source: Place<'a>,
    },
    #[serde(rename_all = "camelCase")]
    ToolUse {
        tool_use_id: Cow<'a, str>,
        name: &'a str,
        input: Input<'a>,
    },
    #[serde(rename_all = "camelCase")]
    ToolResult {
        tool_use_id: Cow<'a, str>,
        content: Vec<Self>,
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<&'static str>,
    },
    #[serde(rename = "reasoningContent")]
    Thought(&'a Value),
    CachePoint(CachePoint),
}

/// Where a picture or a document is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Place<'a> {
    Bytes(&'a str),
    S3Location { uri: &'a str },
}

/// The arguments of a call, as the model wrote them wherever that is possible.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Input<'a> {
    Written(&'a RawValue),
    Made(Value),
}

#[derive(Debug, Serialize)]
pub(super) struct CachePoint {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<&'static str>,
}

impl CachePoint {
    pub(super) fn new(keep: Keep) -> Self {
        let ttl = match keep {
            Keep::Short => None, // Not every model knows the word, and five minutes are the rule.
            Keep::Long => Some("1h"),
        };
        Self { kind: "default", ttl }
    }
}

impl Content<'_> {
    pub(super) fn cache_point(keep: Keep) -> Self {
        Self::CachePoint(CachePoint::new(keep))
    }
}

/// Roles have to alternate, and no text may be blank.
pub(super) fn messages(ask: &Ask, family: Family) -> Result<Vec<Outgoing<'_>>, BadAsk> {
    let mut turns: Vec<(Role, Vec<&Piece>)> = Vec::new();
    for message in &ask.messages {
        let pieces = message.pieces.iter().filter(|it| is_said(&it.block));
        match turns.last_mut() {
            Some((role, turn)) if *role == message.role => turn.extend(pieces),
            _ => {
                let turn: Vec<&Piece> = pieces.collect();
                if !turn.is_empty() {
                    turns.push((message.role, turn));
                }
            }
        }
    }
    let mut writer = Writer { family, names: Names::default() };
    turns
        .into_iter()
        .map(|(role, mut turn)| {
            // Results come before anything else.
            turn.sort_by_key(|it| !matches!(it.block, Block::Result { .. }));
            let mut content = Vec::new();
            for piece in turn {
                writer.piece(piece, &mut content)?;
            }
            let role = match role {
                Role::User => "user",
                Role::Assistant => "assistant",
            };
            Ok(Outgoing { role, content })
        })
        .collect()
}

fn is_said(block: &Block) -> bool {
    match block {
        Block::Text(text) => !text.trim().is_empty(),
        Block::Thought { opaque, .. } => opaque.as_ref().is_some_and(|it| it.get(MARK).is_some()),
        Block::Image(_) | Block::File { .. } | Block::Call { .. } | Block::Result { .. } => true,
    }
}

struct Writer {
    family: Family,
    names: Names,
}

impl Writer {
    fn piece<'a>(
        &mut self,
        piece: &'a Piece,
        content: &mut Vec<Content<'a>>,
    ) -> Result<(), BadAsk> {
        let block = match &piece.block {
            Block::Text(text) => Content::Text(Cow::Borrowed(text)),
            Block::Image(media) => image(media)?,
            Block::File { media, name } => self.document(media, name.as_deref())?,
            Block::Call { call, tool, arguments } => Content::ToolUse {
                tool_use_id: Converse.call_id(call),
                name: tool,
                input: input(arguments),
            },
            Block::Result { call, output, failed } => self.result(call, output, *failed)?,
            Block::Thought { opaque, .. } => {
                let own = opaque.as_ref().and_then(|it| it.get(MARK));
                content.extend(own.map(Content::Thought));
                return Ok(()); // No cache ends at a thought.
            }
        };
        content.push(block);
        content.extend(self.family.keep(piece.keep).map(Content::cache_point));
        Ok(())
    }

    fn document<'a>(
        &mut self,
        media: &'a Media,
        name: Option<&str>,
    ) -> Result<Content<'a>, BadAsk> {
        Ok(Content::Document {
            format: media::document_format(media, name)?,
            name: self.names.take(name),
            source: place(media, "documents by address but `s3://`")?,
        })
    }

    fn result<'a>(
        &mut self,
        call: &'a str,
        output: &'a [Output],
        failed: bool,
    ) -> Result<Content<'a>, BadAsk> {
        let mut content = Vec::new();
        if failed && !self.family.knows_failures() {
            content.push(Content::Text("Error:".into()));
        }
        for output in output {
            content.push(match output {
                Output::Text(text) => Content::Text(Cow::Borrowed(text)),
                Output::Image(media) => image(media)?,
                Output::File { media, name } => self.document(media, name.as_deref())?,
            });
        }
        let blank = |it: &Content<'_>| matches!(it, Content::Text(text) if text.trim().is_empty());
        if failed && content.iter().all(blank) {
            content = vec![Content::Text("Error".into())]; // A failure has to say something.
        } else if content.is_empty() {
            content.push(Content::Text("".into())); // Some models take no empty list.
        }
        let status = (failed && self.family.knows_failures()).then_some("error");
        Ok(Content::ToolResult { tool_use_id: Converse.call_id(call), content, status })
    }
}

fn image(media: &Media) -> Result<Content<'_>, BadAsk> {
    let source = place(media, "images by address but `s3://`")?;
    Ok(Content::Image { format: media::image_format(media)?, source })
}

fn place<'a>(media: &'a Media, what: &'static str) -> Result<Place<'a>, BadAsk> {
    match &media.source {
        Source::Base64(data) => Ok(Place::Bytes(data)),
        Source::Address(uri) if uri.starts_with("s3://") => Ok(Place::S3Location { uri }),
        Source::Address(_) => Err(BadAsk::Untold { what }),
    }
}

/// The API takes objects only; what the model wrote may be anything.
fn input(arguments: &str) -> Input<'_> {
    match serde_json::from_str::<&RawValue>(arguments) {
        Ok(written) if written.get().starts_with('{') => Input::Written(written),
        Ok(_) | Err(_) if arguments.trim().is_empty() => Input::Made(json!({})),
        Ok(_) | Err(_) => Input::Made(json!({ "unreadable": arguments })),
    }
}
