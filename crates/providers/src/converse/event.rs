//! The events of `ConverseStream` and the answer of `Converse`, as far as they are read.
//!
//! A block and a delta are named by the only field that they have. Citations and pictures are not
//! read: we have no place for them.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

/// A text that is copied only where it holds escapes.
#[derive(Debug, Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BlockDelta<'a> {
    #[serde(default)]
    pub(super) content_block_index: u64,
    #[serde(borrow)]
    pub(super) delta: Delta<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Delta<'a> {
    #[serde(borrow)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) tool_use: Option<InputDelta<'a>>,
    #[serde(borrow)]
    pub(super) reasoning_content: Option<ThoughtDelta<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct InputDelta<'a> {
    #[serde(borrow)]
    pub(super) input: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ThoughtDelta<'a> {
    #[serde(borrow)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) signature: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) redacted_content: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BlockStart {
    #[serde(default)]
    pub(super) content_block_index: u64,
    #[serde(default)]
    pub(super) start: Start,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Start {
    pub(super) tool_use: Option<ToolUse>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolUse {
    #[serde(default)]
    pub(super) tool_use_id: String,
    #[serde(default)]
    pub(super) name: String,
    /// In an answer only; a stream brings it in deltas.
    #[serde(default)]
    pub(super) input: Option<Box<RawValue>>,
    /// Only on calls that the vendor answers itself.
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BlockStop {
    #[serde(default)]
    pub(super) content_block_index: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MessageStop {
    pub(super) stop_reason: String,
    #[serde(default)]
    pub(super) additional_model_response_fields: Value,
}

#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    #[serde(default)]
    pub(super) usage: Value,
}

/// What a message that is no event brings.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Failure {
    #[serde(alias = "Message")]
    pub(super) message: Option<String>,
    pub(super) original_message: Option<String>,
    pub(super) original_status_code: Option<u16>,
}

/// An answer in one piece.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer {
    pub(super) output: Output,
    pub(super) stop_reason: Option<String>,
    #[serde(default)]
    pub(super) additional_model_response_fields: Value,
    #[serde(default)]
    pub(super) usage: Value,
}

#[derive(Debug, Deserialize)]
pub(super) struct Output {
    pub(super) message: Message,
}

#[derive(Debug, Deserialize)]
pub(super) struct Message {
    pub(super) content: Vec<Block>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Block {
    pub(super) text: Option<String>,
    pub(super) tool_use: Option<ToolUse>,
    pub(super) reasoning_content: Option<WholeThought>,
    /// A text with where it is from; a stream brings the text as any other.
    pub(super) citations_content: Option<Cited>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WholeThought {
    pub(super) reasoning_text: Option<ThoughtText>,
    pub(super) redacted_content: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ThoughtText {
    pub(super) text: String,
    pub(super) signature: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Cited {
    #[serde(default)]
    pub(super) content: Vec<Said>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Said {
    #[serde(default)]
    pub(super) text: String,
}
