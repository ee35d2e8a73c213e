//! Chat completions, as OpenAI and everybody who is compatible with it speak them.
//!
//! OpenRouter, llama.cpp, LM Studio and many others differ in small ways; the readers take all of
//! them, what is written has a [`Flavor`]. The responses API is another module's matter.

mod read_ask;
mod read_message;
mod read_reply;
mod usage;
mod write_ask;
mod write_reply;

use std::borrow::Cow;

use memchr::memmem;
use wire::{ModelEvent, Rejection};

use crate::{
    ask::Ask,
    dialect::{About, Asked, BadAsk, BadStream, Decoder, Dialect, Encoder},
    frame::{Frame, Framing},
    ids,
    whole::Whole,
};

/// Marks our opaque blocks: those of other vendors are left out of a request.
pub const MARK: &str = "openai";

/// Not those that name an organisation or a project: whoever has the key chooses them.
pub(crate) const FORM_HEADERS: &[&str] = &["openai-beta"];

/// Longer ids OpenAI refuses.
const ID_LENGTH: usize = 40;

#[derive(Debug, Clone, Copy)]
pub struct Chat {
    pub flavor: Flavor,
}

/// What a server accepts beyond what all of them do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavor {
    /// OpenAI's own: `max_completion_tokens`, strict schemas.
    Original,
    /// Wants its own reasoning blocks back, knows cache marks, and tells what a reply cost.
    OpenRouter,
    Compatible,
}

impl Dialect for Chat {
    fn mark(&self) -> &'static str {
        MARK
    }

    fn framing(&self) -> Framing {
        Framing::Events
    }

    fn limit(&self) -> (Option<&'static str>, &'static str) {
        let field = match self.flavor {
            Flavor::Original => "max_completion_tokens",
            Flavor::OpenRouter | Flavor::Compatible => "max_tokens",
        };
        (None, field)
    }

    fn call_id<'a>(&self, call: &'a str) -> Cow<'a, str> {
        match self.flavor {
            Flavor::Original => ids::fitting(call, ID_LENGTH, |_| true),
            Flavor::OpenRouter | Flavor::Compatible => Cow::Borrowed(call),
        }
    }

    fn id_fields(&self) -> &'static [&'static str] {
        &["tool_call_id", "id"]
    }

    fn form_headers(&self) -> &'static [&'static str] {
        FORM_HEADERS
    }

    fn write_ask(&self, ask: &Ask, stream: bool) -> Result<Vec<u8>, BadAsk> {
        Ok(write_ask::body(ask, self.flavor, stream))
    }

    fn decoder(&self) -> Box<dyn Decoder> {
        Box::new(read_reply::Reader::default())
    }

    fn is_delta(&self, frame: Frame<'_>) -> bool {
        let data = frame.data;
        !(holds(data, b"\"usage\"", b'{')
            || holds(data, b"\"finish_reason\"", b'"')
            || memmem::find(data, b"\"error\"").is_some()
            || data.starts_with(b"[DONE"))
    }

    fn read_whole(&self, body: &[u8]) -> Result<Vec<ModelEvent>, BadStream> {
        read_reply::read_whole(body)
    }

    fn read_ask(&self, body: &[u8]) -> Result<Asked, BadAsk> {
        read_ask::read(body)
    }

    fn encoder(&self, about: About) -> Box<dyn Encoder> {
        Box::new(write_reply::Writer::new(about))
    }

    fn write_whole(&self, whole: &Whole, about: &About) -> Vec<u8> {
        write_reply::whole(whole, about)
    }

    fn write_error(&self, rejection: &Rejection) -> Vec<u8> {
        write_reply::error(rejection)
    }
}

/// Returns whether a field is there with a value that begins so. A text that looks like a field
/// makes it err on the safe side.
fn holds(data: &[u8], field: &[u8], begins: u8) -> bool {
    memmem::find_iter(data, field).any(|at| {
        let mut rest = data[at + field.len()..].iter().filter(|it| !it.is_ascii_whitespace());
        rest.next() == Some(&b':') && rest.next() == Some(&begins)
    })
}

#[cfg(test)]
mod tests;
