//! The stream of the Responses API as our events, from any server.
//!
//! Servers disagree about which events they send and about the ids in them; every rule here is
//! for one that was seen. What goes on inside an item is [`Items`]'.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use wire::{ModelEvent, StopReason};

use super::{
    items::{Field, Items, arguments},
    usage,
};
use crate::{
    dialect::{BadStream, Decoder},
    failure,
    frame::Frame,
    reply::Reply,
};

#[derive(Debug, Default)]
pub(super) struct Reader {
    reply: Reply,
    items: Items,
}

/// The part of an event that tells how to read the rest.
#[derive(Debug, Deserialize)]
struct Head<'a> {
    #[serde(rename = "type", borrow, default)]
    kind: Cow<'a, str>,
}

/// A piece of an item, or at the end of a part the whole of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Piece<'a> {
    #[serde(borrow)]
    item_id: Option<Text<'a>>,
    output_index: Option<u64>,
    content_index: Option<u64>,
    summary_index: Option<u64>,
    #[serde(borrow)]
    delta: Option<Text<'a>>,
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    refusal: Option<Text<'a>>,
    arguments: Value,
}

/// Borrowed when nothing in it is escaped.
#[derive(Debug, Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Debug, Deserialize)]
struct OfItem {
    #[serde(default)]
    output_index: Option<u64>,
    item: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OfResponse<'a> {
    #[serde(borrow)]
    response: Answer<'a>,
}

/// An answer in one piece; a stream ends with one, too.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Answer<'a> {
    status: Option<String>,
    error: Option<Value>,
    incomplete_details: Option<Incomplete>,
    #[serde(borrow)]
    output: Option<Vec<&'a RawValue>>,
    usage: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Incomplete {
    reason: Option<String>,
}

impl Decoder for Reader {
    fn decode(&mut self, frame: Frame<'_>, events: &mut Vec<ModelEvent>) -> Result<(), BadStream> {
        let data = frame.data.trim_ascii();
        // Not of this API, but compatible servers send it.
        if !data.is_empty() && data != b"[DONE]" {
            self.read(frame.name, data)
                .map_err(|source| BadStream::unreadable(frame.name, source))?;
        }
        self.reply.take_into(events);
        Ok(())
    }

    fn end(&mut self, events: &mut Vec<ModelEvent>) {
        self.reply.cut_off();
        self.reply.take_into(events);
    }
}

/// Reads an answer in one piece.
pub(super) fn read_whole(body: &[u8]) -> Result<Vec<ModelEvent>, BadStream> {
    let answer =
        serde_json::from_slice(body).map_err(|source| BadStream::unreadable(b"", source))?;
    let mut reader = Reader::default();
    let mut events = Vec::new();
    reader.conclude(answer, "").map_err(|source| BadStream::unreadable(b"", source))?;
    reader.end(&mut events);
    Ok(events)
}

impl Reader {
    fn read(&mut self, name: &[u8], data: &[u8]) -> Result<(), serde_json::Error> {
        // The name says the same as the type, and nobody has to look for it.
        let kind = if name.starts_with(b"response.") {
            String::from_utf8_lossy(name)
        } else {
            let head: Head<'_> = serde_json::from_slice(data)?;
            if head.kind.is_empty() { String::from_utf8_lossy(name) } else { head.kind }
        };
        match kind.as_ref() {
            "response.output_text.delta" | "response.output_text.done" => {
                self.go_on(Field::Content, data)?;
            }
            "response.refusal.delta" | "response.refusal.done" => {
                self.items.refused = true;
                self.go_on(Field::Content, data)?;
            }
            "response.reasoning_summary_text.delta" | "response.reasoning_summary_text.done" => {
                self.go_on(Field::Summary, data)?;
            }
            "response.reasoning_text.delta" | "response.reasoning_text.done" => {
                self.go_on(Field::Thought, data)?;
            }
            "response.function_call_arguments.delta" | "response.function_call_arguments.done" => {
                self.go_on(Field::Arguments, data)?;
            }
            "response.output_item.added" => {
                let OfItem { output_index, item } = serde_json::from_slice(data)?;
                self.items.open(output_index, &item, &mut self.reply);
            }
            "response.output_item.done" => {
                let OfItem { output_index, item } = serde_json::from_slice(data)?;
                self.items.close(output_index, &item, &mut self.reply);
            }
            // A second one begins the reply again: what was open will not go on.
            "response.created" => self.items.close_all(false, &mut self.reply),
            "response.completed"
            | "response.done"
            | "response.incomplete"
            | "response.failed"
            | "response.cancelled" => {
                let end: OfResponse<'_> = serde_json::from_slice(data)?;
                self.conclude(end.response, &kind)?;
            }
            "error" => self.fail(&serde_json::from_slice(data)?),
            "" => {
                // Gateways put their own errors into the stream as they answer them.
                let value: Value = serde_json::from_slice(data)?;
                if value.get("error").is_some_and(|it| !it.is_null()) {
                    self.fail(&value);
                }
            }
            // Of tools that the vendor runs, or newer than this version.
            _ => {}
        }
        Ok(())
    }

    fn go_on(&mut self, field: Field, data: &[u8]) -> Result<(), serde_json::Error> {
        let piece: Piece<'_> = serde_json::from_slice(data)?;
        let id = piece.item_id.as_ref().map_or("", |it| it.0.as_ref());
        let Some(at) = self.items.find_or_open(field, id, piece.output_index) else {
            return Ok(());
        };
        let part = piece.content_index.or(piece.summary_index).unwrap_or(0);
        if let Some(Text(text)) = piece.delta {
            self.items.add(at, field, part, &text, &mut self.reply);
        } else if let Some(Text(text)) = piece.text.or(piece.refusal) {
            self.items.add_untold(at, field, part, &text, &mut self.reply);
        } else {
            let text = arguments(&piece.arguments);
            self.items.add_untold(at, field, part, &text, &mut self.reply);
        }
        Ok(())
    }

    /// Ends the reply with an answer, which an event of this name brought.
    fn conclude(&mut self, answer: Answer<'_>, name: &str) -> Result<(), serde_json::Error> {
        if let Some(usage) = answer.usage.as_ref().and_then(usage::read) {
            self.reply.count(usage);
        }
        if let Some(error) = answer.error.filter(|it| !it.is_null()) {
            self.fail(&error);
            return Ok(());
        }
        let details = answer.incomplete_details.unwrap_or_default();
        let reason = match (name, answer.status.as_deref()) {
            ("response.failed", _) | (_, Some("failed")) => {
                self.fail(&Value::Null);
                return Ok(());
            }
            ("response.incomplete", _) | (_, Some("incomplete")) => match details.reason.as_deref()
            {
                Some("content_filter") => StopReason::Refused,
                Some(_) | None => StopReason::OutputLimit,
            },
            // Gateways that copy the first event for the last one leave its status in.
            ("response.completed" | "response.done", _) | (_, Some("completed")) => {
                StopReason::EndOfTurn
            }
            (_, None) if answer.output.is_some() => StopReason::EndOfTurn,
            (_, Some(_) | None) => {
                self.reply.cut_off();
                return Ok(());
            }
        };
        self.read_unsent(answer.output.unwrap_or_default())?;
        self.items.close_all(reason == StopReason::EndOfTurn, &mut self.reply);
        let refused = self.items.refused && reason == StopReason::EndOfTurn;
        self.reply.finish(if refused { StopReason::Refused } else { reason });
        Ok(())
    }

    /// Reads what the stream left out: some servers end no item, some stream the text only, some
    /// nothing but the end.
    fn read_unsent(&mut self, output: Vec<&RawValue>) -> Result<(), serde_json::Error> {
        let sent = self.items.kinds();
        for (index, item) in (0..).zip(output) {
            let head: Head<'_> = serde_json::from_str(item.get())?;
            if !sent.contains(&head.kind.as_ref()) {
                self.items.add_whole(&serde_json::from_str(item.get())?, &mut self.reply);
            } else if self.items.any_open() {
                let item = serde_json::from_str(item.get())?;
                self.items.close_begun(Some(index), &item, &mut self.reply);
            }
        }
        Ok(())
    }

    fn fail(&mut self, error: &Value) {
        let error = error.get("error").filter(|it| !it.is_null()).unwrap_or(error);
        let code = error["code"].as_str().unwrap_or_default();
        if code == "invalid_prompt" || code.contains("image") {
            // Codes that only this API has, and that no type goes with.
            let wrong = json!({ "type": "invalid_request_error", "message": error["message"] });
            self.reply.fail(failure::from_stream(&wrong));
        } else {
            self.reply.fail(failure::from_stream(error));
        }
    }
}
