//! The stream of `ConverseStream` as our events, and the answer of `Converse`.
//!
//! It remembers what the vendor's events only refer to by an index, and nothing else.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use wire::{ModelEvent, RejectionCode, StopReason};

use super::{
    MARK,
    event::{
        Answer, Block, BlockDelta, BlockStart, BlockStop, Failure, MessageStop, Metadata,
        ThoughtDelta, ToolUse,
    },
    usage,
};
use crate::{
    dialect::{BadStream, Decoder},
    failure,
    frame::Frame,
    raw,
    reply::Reply,
};

/// Reads a stream.
#[derive(Debug, Default)]
pub(super) struct Reader {
    reply: Reply,
    /// Open calls by their block's index.
    calls: BTreeMap<u64, Call>,
    /// Blocks follow each other, so there is one at most.
    thought: Option<Thought>,
    counted: bool,
    end: Option<End>,
}

#[derive(Debug)]
struct Call {
    id: String,
    has_input: bool,
}

#[derive(Debug, Default)]
struct Thought {
    index: u64,
    text: String,
    signature: String,
    redacted: String,
}

/// How a reply ended; its usage comes after that.
#[derive(Debug)]
enum End {
    Well {
        reason: StopReason,
        stopped_by: Option<String>,
    },
    /// The model wrote what the provider could not read.
    Malformed,
}

impl Decoder for Reader {
    fn decode(&mut self, frame: Frame<'_>, events: &mut Vec<ModelEvent>) -> Result<(), BadStream> {
        let read = self.read(frame);
        self.reply.take_into(events);
        read.map_err(|source| BadStream::unreadable(frame.name, source))
    }

    fn end(&mut self, events: &mut Vec<ModelEvent>) {
        match self.end.take() {
            // Only the usage is missing.
            Some(end) => self.finish(end),
            None => self.reply.cut_off(),
        }
        self.reply.take_into(events);
    }
}

/// Reads an answer in one piece.
pub(super) fn read_whole(body: &[u8]) -> Result<Vec<ModelEvent>, BadStream> {
    let answer: Answer =
        serde_json::from_slice(body).map_err(|source| BadStream::unreadable(b"", source))?;
    let mut reader = Reader::default();
    let mut events = Vec::new();
    for (index, block) in (0..).zip(answer.output.message.content) {
        reader.read_block(index, block);
    }
    reader.count(&answer.usage);
    if let Some(stop_reason) = answer.stop_reason {
        let additional_model_response_fields = answer.additional_model_response_fields;
        reader.stop(&MessageStop { stop_reason, additional_model_response_fields });
    }
    reader.end(&mut events);
    Ok(events)
}

impl Reader {
    fn read(&mut self, frame: Frame<'_>) -> Result<(), serde_json::Error> {
        let data = frame.data;
        match frame.name {
            b"contentBlockDelta" => self.go_on(&serde_json::from_slice(data)?),
            b"contentBlockStart" => {
                let BlockStart { content_block_index, start } = serde_json::from_slice(data)?;
                self.close(content_block_index);
                // Of other blocks the first delta says what they are.
                if let Some(tool_use) = start.tool_use {
                    self.start_call(content_block_index, tool_use);
                }
            }
            b"contentBlockStop" => {
                let stop: BlockStop = serde_json::from_slice(data)?;
                self.close(stop.content_block_index);
            }
            // A second one begins the message again: what was open will not go on.
            b"messageStart" => self.close_all(),
            b"messageStop" => {
                self.stop(&serde_json::from_slice(data)?);
                self.finish_if_counted();
            }
            b"metadata" => {
                let metadata: Metadata = serde_json::from_slice(data)?;
                self.count(&metadata.usage);
                self.finish_if_counted();
            }
            name if is_failure(name) => self.fail(name, data),
            // Providers add events; unknown ones are not errors.
            _ => {}
        }
        Ok(())
    }

    fn read_block(&mut self, index: u64, block: Block) {
        let cited = block.citations_content.into_iter().flat_map(|it| it.content);
        for text in block.text.into_iter().chain(cited.map(|it| it.text)) {
            self.end_thought();
            self.reply.text(&text);
        }
        if let Some(thought) = block.reasoning_content {
            let readable = thought.reasoning_text.unwrap_or_default();
            self.end_thought();
            self.reply.think(&readable.text);
            self.thought = Some(Thought {
                index,
                text: readable.text,
                signature: readable.signature.unwrap_or_default(),
                redacted: thought.redacted_content.unwrap_or_default(),
            });
        }
        if let Some(tool_use) = block.tool_use {
            self.start_call(index, tool_use);
        }
        self.close(index);
    }

    fn go_on(&mut self, event: &BlockDelta<'_>) {
        let (index, delta) = (event.content_block_index, &event.delta);
        if let Some(text) = &delta.text {
            self.end_thought();
            self.reply.text(&text.0);
        } else if let Some(input) = delta.tool_use.as_ref().and_then(|it| it.input.as_ref()) {
            if let Some(call) = self.calls.get_mut(&index) {
                call.has_input |= !input.0.is_empty();
                self.reply.continue_call(&call.id, &input.0);
            }
        } else if let Some(thought) = &delta.reasoning_content {
            self.think(index, thought);
        }
    }

    fn think(&mut self, index: u64, delta: &ThoughtDelta<'_>) {
        if self.thought.as_ref().is_some_and(|it| it.index != index) {
            self.end_thought();
        }
        let thought = self.thought.get_or_insert_with(|| Thought { index, ..Thought::default() });
        if let Some(text) = &delta.text {
            thought.text.push_str(&text.0);
            self.reply.think(&text.0);
        }
        if let Some(signature) = &delta.signature {
            thought.signature.push_str(&signature.0);
        }
        if let Some(redacted) = &delta.redacted_content {
            append_base64(&mut thought.redacted, &redacted.0);
        }
    }

    fn end_thought(&mut self) {
        let Some(thought) = self.thought.take() else { return };
        let Thought { text, signature, redacted, .. } = thought;
        if !signature.is_empty() {
            let block = json!({ "reasoningText": { "text": text, "signature": signature } });
            self.reply.end_thought(Some(json!({ MARK: block })));
        }
        if !redacted.is_empty() {
            let block = json!({ "redactedContent": redacted });
            self.reply.end_thought(Some(json!({ MARK: block })));
        }
        // One without a signature is refused when it comes back.
        self.reply.end_thought(None);
    }

    fn start_call(&mut self, index: u64, tool_use: ToolUse) {
        self.end_thought();
        if tool_use.kind.is_some() {
            return; // The vendor answers it itself.
        }
        let id = self.reply.start_call(&tool_use.tool_use_id, &tool_use.name);
        let whole = tool_use.input.as_deref().map(raw::compact);
        let whole = whole.filter(|it| it.starts_with('{') && it != "{}");
        if let Some(input) = &whole {
            self.reply.continue_call(&id, input);
        }
        self.calls.insert(index, Call { id, has_input: whole.is_some() });
    }

    fn close(&mut self, index: u64) {
        if self.thought.as_ref().is_some_and(|it| it.index == index) {
            self.end_thought();
        }
        if let Some(call) = self.calls.remove(&index) {
            if !call.has_input {
                self.reply.continue_call(&call.id, "{}"); // A tool without arguments.
            }
            self.reply.end_call(&call.id);
        }
    }

    fn close_all(&mut self) {
        self.end_thought();
        let indices: Vec<u64> = self.calls.keys().copied().collect();
        for index in indices {
            self.close(index);
        }
    }

    fn stop(&mut self, stop: &MessageStop) {
        self.close_all();
        let fields = &stop.additional_model_response_fields;
        let by = fields.pointer("/delta/stop_sequence").or_else(|| fields.get("stop_sequence"));
        let stopped_by = by.and_then(Value::as_str).map(str::to_owned);
        let well = |reason| End::Well { reason, stopped_by };
        self.end = Some(match stop.stop_reason.as_str() {
            "tool_use" => well(StopReason::ToolUse),
            "max_tokens" | "model_context_window_exceeded" => well(StopReason::OutputLimit),
            "guardrail_intervened" | "content_filtered" => well(StopReason::Refused),
            "malformed_model_output" | "malformed_tool_use" => End::Malformed,
            _ => well(StopReason::EndOfTurn),
        });
    }

    fn count(&mut self, counts: &Value) {
        if let Some(usage) = usage::read(counts) {
            self.counted = true;
            self.reply.count(usage);
        }
    }

    /// The usage follows the reason, or goes before it behind some gateways.
    fn finish_if_counted(&mut self) {
        if self.counted
            && let Some(end) = self.end.take()
        {
            self.finish(end);
        }
    }

    fn finish(&mut self, end: End) {
        match end {
            End::Well { reason, stopped_by } => self.reply.finish_by(reason, stopped_by),
            End::Malformed => self.reply.fail(failure::plain(
                RejectionCode::ProviderFailed,
                "The model's answer was malformed, and the provider dropped it",
            )),
        }
    }

    fn fail(&mut self, name: &[u8], data: &[u8]) {
        // Without a text the name is enough.
        let failure: Failure = serde_json::from_slice(data).unwrap_or_default();
        let words = failure.message.filter(|it| !it.is_empty()).or(failure.original_message);
        let status = status(name, failure.original_status_code);
        let error = json!({ "message": words.unwrap_or_default(), "code": status });
        self.reply.fail(failure::from_stream(&error));
    }
}

/// Names of events begin small. Of failures those that the API describes end alike, and others
/// are codes that begin large.
fn is_failure(name: &[u8]) -> bool {
    name.ends_with(b"Exception") || name.first().is_some_and(u8::is_ascii_uppercase)
}

/// Returns the status that an answer with this failure has.
fn status(name: &[u8], original: Option<u16>) -> u16 {
    let is = |it: &str| name.eq_ignore_ascii_case(it.as_bytes());
    if is("throttlingException")
        || is("modelNotReadyException")
        || is("serviceQuotaExceededException")
    {
        429
    } else if is("validationException") {
        400
    } else if is("accessDeniedException") {
        403
    } else if is("resourceNotFoundException") {
        404
    } else if is("serviceUnavailableException") {
        503
    } else {
        // The model's own, if it is told.
        original.filter(|it| (400..600).contains(it)).unwrap_or(500)
    }
}

/// Each piece is encoded by itself, so texts cannot be joined where one was filled up.
fn append_base64(whole: &mut String, more: &str) {
    if whole.is_empty() {
        more.clone_into(whole);
        return;
    }
    match (STANDARD.decode(&*whole), STANDARD.decode(more)) {
        (Ok(mut bytes), Ok(more)) => {
            bytes.extend(more);
            *whole = STANDARD.encode(bytes);
        }
        (_, _) => whole.push_str(more),
    }
}
