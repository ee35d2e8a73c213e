//! The native dialect of Ollama: `POST /api/chat`, a stream of JSON in lines.
//!
//! Calls come whole and results name their tool, so both directions remember a little more than
//! elsewhere. Ollama's other doors are not spoken: `/api/generate` has no conversation, and
//! `/v1/chat/completions` is [`chat`](crate::chat)'s matter.

mod list;
mod read_ask;
mod read_reply;
mod time;
mod write_ask;
mod write_reply;

use wire::{ModelEvent, Rejection};

use crate::{
    ask::Ask,
    dialect::{About, Asked, BadAsk, BadStream, Decoder, Dialect, Encoder},
    frame::Framing,
    whole::Whole,
};
pub use list::{read_list, write_list, write_version};

/// Marks our opaque blocks: those of other vendors are left out of a request.
const MARK: &str = "ollama";

/// Where replies are asked for.
pub const CHAT_PATH: &str = "/api/chat";

/// Where the models are listed.
pub const LIST_PATH: &str = "/api/tags";

/// Where clients ask whether the server is new enough.
pub const VERSION_PATH: &str = "/api/version";

#[derive(Debug, Clone, Copy)]
pub struct Ollama;

impl Dialect for Ollama {
    fn mark(&self) -> &'static str {
        MARK
    }

    fn framing(&self) -> Framing {
        Framing::Lines
    }

    fn limit(&self) -> (Option<&'static str>, &'static str) {
        (Some("options"), "num_predict")
    }

    fn streams_unasked(&self) -> bool {
        true
    }

    fn write_ask(&self, ask: &Ask, stream: bool) -> Result<Vec<u8>, BadAsk> {
        write_ask::body(ask, stream)
    }

    fn decoder(&self) -> Box<dyn Decoder> {
        Box::new(read_reply::Reader::default())
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
