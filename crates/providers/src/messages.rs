//! The Messages API of Anthropic.
//!
//! Thoughts are kept as opaque blocks and go back unchanged, because their signatures cover every
//! byte. Thinking is asked for only when the client does.

mod read_ask;
mod read_reply;
mod write_ask;
mod write_reply;

use std::borrow::Cow;

use wire::{ModelEvent, Rejection};

use crate::{
    ask::Ask,
    dialect::{About, Asked, BadAsk, BadStream, Decoder, Dialect, Encoder},
    frame::{Frame, Framing},
    ids,
    whole::Whole,
};

/// Marks our opaque blocks: those of other vendors are left out of a request.
pub(crate) const MARK: &str = "anthropic";

#[derive(Debug, Clone, Copy)]
pub struct Messages;

impl Dialect for Messages {
    fn mark(&self) -> &'static str {
        MARK
    }

    fn framing(&self) -> Framing {
        Framing::Events
    }

    fn limit(&self) -> (Option<&'static str>, &'static str) {
        (None, "max_tokens")
    }

    fn call_id<'a>(&self, call: &'a str) -> Cow<'a, str> {
        ids::fitting(call, usize::MAX, |it| it.is_ascii_alphanumeric() || matches!(it, '_' | '-'))
    }

    fn id_fields(&self) -> &'static [&'static str] {
        &["tool_use_id", "id"]
    }

    fn form_headers(&self) -> &'static [&'static str] {
        &["anthropic-beta", "anthropic-version"]
    }

    fn form_query(&self) -> Option<&'static str> {
        Some("beta=true")
    }

    fn write_ask(&self, ask: &Ask, stream: bool) -> Result<Vec<u8>, BadAsk> {
        write_ask::body(ask, stream)
    }

    fn decoder(&self) -> Box<dyn Decoder> {
        Box::new(read_reply::Reader::default())
    }

    fn is_delta(&self, frame: Frame<'_>) -> bool {
        frame.name == b"content_block_delta" || frame.name == b"ping"
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

#[cfg(test)]
mod tests;
