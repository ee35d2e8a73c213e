//! Google's `generateContent`, at the Gemini API and at Vertex AI.
//!
//! Signatures of thoughts stand on other parts and go back to exactly those. The model and whether
//! the reply streams stand in the path, so no body tells them.

mod incoming;
mod listing;
mod media;
mod model;
mod partial;
mod read_ask;
mod read_reply;
mod schema;
mod signed;
mod usage;
mod write_ask;
mod write_reply;

use wire::{ModelEvent, Rejection};

use crate::{
    ask::Ask,
    dialect::{About, Asked, BadAsk, BadStream, Decoder, Dialect, Encoder},
    frame::Framing,
    whole::Whole,
};
pub use listing::{LIST_PATH, read_list};
pub use model::path;

/// Marks our opaque blocks: those of other vendors are left out of a request.
pub(crate) const MARK: &str = "gemini";

/// The header that a key is sent in.
pub const KEY_HEADER: &str = "x-goog-api-key";

#[derive(Debug, Clone, Copy)]
pub struct Gemini;

impl Dialect for Gemini {
    fn mark(&self) -> &'static str {
        MARK
    }

    fn framing(&self) -> Framing {
        Framing::Events
    }

    fn limit(&self) -> (Option<&'static str>, &'static str) {
        (Some("generationConfig"), "maxOutputTokens")
    }

    fn write_ask(&self, ask: &Ask, _stream: bool) -> Result<Vec<u8>, BadAsk> {
        write_ask::body(ask)
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
