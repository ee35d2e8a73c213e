//! Google's stream as our events.
//!
//! A stream has no terminator: its last chunk has the reason, and some servers give one with every
//! chunk. So the reply ends with the stream, and well only if there was a reason.

use serde::{Deserialize, de::Error as _};
use serde_json::{Value, json, value::RawValue};
use wire::{ModelEvent, StopReason};

use super::{
    partial::{Arguments, Leaf, Misplaced},
    signed::{Place, Signed},
    usage::Counts,
};
use crate::{
    dialect::{BadStream, Decoder},
    failure,
    frame::Frame,
    raw,
    reply::Reply,
};

/// Reads a stream of `generateContent`.
#[derive(Debug, Default)]
pub(super) struct Reader {
    reply: Reply,
    usage: Counts,
    reason: Option<StopReason>,
    n_calls: usize,
    open: Option<Open>,
    /// What was thought since the last other part.
    thought: String,
}

/// The call whose arguments are still coming.
#[derive(Debug)]
struct Open {
    call: String,
    /// None when they came at once.
    arguments: Option<Arguments>,
}

/// A chunk of a stream, or a whole answer.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Chunk<'a> {
    #[serde(borrow)]
    candidates: Option<Vec<Candidate<'a>>>,
    prompt_feedback: Option<Feedback>,
    /// Read on its own, so that a strange figure stops no reply.
    #[serde(borrow)]
    usage_metadata: Option<&'a RawValue>,
    error: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Feedback {
    block_reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Candidate<'a> {
    index: u64,
    #[serde(borrow)]
    content: Option<Content<'a>>,
    finish_reason: Option<String>,
    finish_message: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Content<'a> {
    #[serde(borrow)]
    parts: Option<Vec<Part<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Part<'a> {
    text: Option<String>,
    thought: Option<bool>,
    thought_signature: Option<String>,
    #[serde(borrow)]
    function_call: Option<FunctionCall<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct FunctionCall<'a> {
    id: Option<String>,
    name: Option<String>,
    #[serde(borrow)]
    args: Option<&'a RawValue>,
    #[serde(borrow)]
    partial_args: Option<Vec<Leaf<'a>>>,
    will_continue: Option<bool>,
}

impl Decoder for Reader {
    fn decode(&mut self, frame: Frame<'_>, events: &mut Vec<ModelEvent>) -> Result<(), BadStream> {
        let data = frame.data.trim_ascii();
        // Some gateways end with the word of another dialect.
        if !data.is_empty() && data != b"[DONE]" {
            self.read(data)?;
        }
        self.reply.take_into(events);
        Ok(())
    }

    fn end(&mut self, events: &mut Vec<ModelEvent>) {
        match self.reason {
            Some(reason) => {
                self.close_call();
                self.reply.finish(reason);
            }
            None => self.reply.cut_off(),
        }
        self.reply.take_into(events);
    }
}

/// Reads an answer in one piece: the same as one chunk, or a list of chunks.
pub(super) fn read_whole(body: &[u8]) -> Result<Vec<ModelEvent>, BadStream> {
    let mut reader = Reader::default();
    let mut events = Vec::new();
    reader.read(body.trim_ascii())?;
    reader.end(&mut events);
    Ok(events)
}

impl Reader {
    fn read(&mut self, data: &[u8]) -> Result<(), BadStream> {
        let unreadable = |source| BadStream::unreadable(b"", source);
        if data.starts_with(b"[") {
            let chunks: Vec<Chunk<'_>> = serde_json::from_slice(data).map_err(unreadable)?;
            return chunks.into_iter().try_for_each(|it| self.read_chunk(it));
        }
        self.read_chunk(serde_json::from_slice(data).map_err(unreadable)?)
    }

    fn read_chunk(&mut self, chunk: Chunk<'_>) -> Result<(), BadStream> {
        if let Some(error) = chunk.error.filter(|it| !it.is_null()) {
            self.reply.fail(failure::from_stream(&error));
            return Ok(());
        }
        if let Some(counts) = chunk.usage_metadata {
            // Figures that make no sense are none.
            self.usage.update(serde_json::from_str(counts.get()).unwrap_or_default());
            if let Some(usage) = self.usage.usage() {
                self.reply.count(usage);
            }
        }
        for candidate in chunk.candidates.unwrap_or_default() {
            // We ask for one.
            if candidate.index == 0 {
                self.read_candidate(candidate)?;
            }
        }
        let blocked = chunk.prompt_feedback.and_then(|it| it.block_reason);
        if blocked.is_some_and(|it| !it.is_empty() && it != "BLOCK_REASON_UNSPECIFIED") {
            self.reason = Some(StopReason::Refused);
        }
        Ok(())
    }

    fn read_candidate(&mut self, candidate: Candidate<'_>) -> Result<(), BadStream> {
        for part in candidate.content.and_then(|it| it.parts).unwrap_or_default() {
            self.read_part(part)?;
        }
        match candidate.finish_reason.as_deref() {
            None | Some("" | "FINISH_REASON_UNSPECIFIED") => {}
            Some(reason) => match stop_reason(reason) {
                Some(reason) => {
                    self.close_call();
                    self.reason = Some(reason);
                }
                None => {
                    let words = candidate.finish_message.unwrap_or_else(|| reason.to_owned());
                    self.reply.fail(failure::from_stream(&json!({ "message": words })));
                }
            },
        }
        Ok(())
    }

    fn read_part(&mut self, part: Part<'_>) -> Result<(), BadStream> {
        let signature = part.thought_signature.filter(|it| !it.is_empty());
        if let Some(call) = part.function_call {
            return self.read_call(call, signature);
        }
        let text = part.text.unwrap_or_default();
        if part.thought == Some(true) {
            self.reply.think(&text);
            self.thought.push_str(&text);
            if let Some(signature) = signature {
                let place = Place::Thought(std::mem::take(&mut self.thought));
                self.sign(signature, place);
            }
            return Ok(());
        }
        if !text.is_empty() {
            self.close_call();
            self.thought.clear();
            self.reply.text(&text);
        }
        if let Some(signature) = signature {
            // After the text, because what a stream has told cannot be taken back; a block in the
            // middle of it would tear a sentence apart.
            self.sign(signature, Place::Text(text.len()));
        }
        Ok(())
    }

    fn read_call(
        &mut self,
        part: FunctionCall<'_>,
        signature: Option<String>,
    ) -> Result<(), BadStream> {
        let goes_on = part.will_continue == Some(true);
        let name = part.name.unwrap_or_default();
        if name.is_empty() {
            if let Some(signature) = signature {
                self.sign(signature, Place::Call(self.n_calls.saturating_sub(1)));
            }
        } else {
            self.close_call();
            self.thought.clear();
            if let Some(signature) = signature {
                self.sign(signature, Place::Call(self.n_calls));
            }
            self.start_call(&part.id.unwrap_or_default(), &name, part.args);
        }
        if let Some(leaves) = part.partial_args {
            self.go_on(&leaves)?;
        }
        if !goes_on {
            self.close_call();
        }
        Ok(())
    }

    fn start_call(&mut self, id: &str, name: &str, args: Option<&RawValue>) {
        let call = self.reply.start_call(id, name);
        self.n_calls += 1;
        let whole = args.map(raw::compact).filter(|it| it.starts_with('{') && it != "{}");
        if let Some(args) = &whole {
            self.reply.continue_call(&call, args);
        }
        let arguments = whole.is_none().then(Arguments::default);
        self.open = Some(Open { call, arguments });
    }

    fn go_on(&mut self, leaves: &[Leaf<'_>]) -> Result<(), BadStream> {
        let Some(Open { call, arguments: Some(arguments) }) = &mut self.open else { return Ok(()) };
        let mut json = Vec::new();
        for leaf in leaves {
            arguments.add(leaf, &mut json).map_err(|Misplaced| {
                let source = serde_json::Error::custom("a leaf at a closed place");
                BadStream::unreadable(b"partialArgs", source)
            })?;
        }
        self.reply.continue_call(call, &String::from_utf8_lossy(&json));
        Ok(())
    }

    fn close_call(&mut self) {
        let Some(Open { call, arguments }) = self.open.take() else { return };
        if let Some(arguments) = arguments {
            let mut json = Vec::new();
            arguments.end(&mut json);
            self.reply.continue_call(&call, &String::from_utf8_lossy(&json));
        }
        self.reply.end_call(&call);
    }

    fn sign(&mut self, signature: String, place: Place) {
        self.reply.end_thought(Some(Signed::new(signature, place).opaque()));
    }
}

/// Returns none for what is no answer: a call that cannot be read, or no reason at all.
fn stop_reason(word: &str) -> Option<StopReason> {
    Some(match word {
        "STOP" => StopReason::EndOfTurn,
        "MAX_TOKENS" => StopReason::OutputLimit,
        "SAFETY"
        | "RECITATION"
        | "LANGUAGE"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "MODEL_ARMOR"
        | "ESCALATION"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION" => StopReason::Refused,
        _ => return None,
    })
}
