//! Vendor formats: each provider turns our request into its own, and its stream into ours.
//!
//! No I/O, no clock and no keys: sending, timing out and adding the key happen once, in the
//! proxy's `upstream`, for all of them. That is why a provider is one file and one folder of
//! recorded streams, and why this crate compiles for the browser too.

use std::fmt::Debug;

use wire::{ModelEvent, ModelRequest};

pub mod anthropic;
pub mod endpoint;
pub mod failure;
pub mod feed;
pub mod ingress;
pub mod models;
pub mod openai;
pub mod reply;
pub mod script;
pub mod sse;

use sse::SseEvent;

/// A vendor's dialect: a request out, a stream in.
///
/// The `model` of a [`ModelRequest`] is the vendor's own name here, without our provider's prefix.
pub trait Provider: Send + Sync + Debug {
    /// Returns where the key goes.
    fn auth(&self) -> Auth;
    fn request(&self, ask: &ModelRequest) -> UpstreamRequest;
    fn decoder(&self) -> Box<dyn Decoder>;
    /// Asks which models there are.
    fn list(&self) -> UpstreamRequest;
    fn read_list(&self, body: &[u8]) -> Result<Vec<models::Listed>, BadStream>;
}

/// Translates one answer; it remembers what it must between events.
pub trait Decoder: Send + Debug {
    fn decode(&mut self, event: &SseEvent) -> Result<Vec<ModelEvent>, BadStream>;

    /// The stream is over. Ends every open tool call, and says so if the terminator is missing.
    fn end(&mut self) -> Vec<ModelEvent>;
}

/// An HTTP request without its key, which is added last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamRequest {
    pub method: Method,
    /// To be joined to the base URL by [`endpoint::join`].
    pub path: &'static str,
    pub headers: Vec<(&'static str, &'static str)>,
    /// JSON; empty for `GET`.
    pub body: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
}

/// How a key is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// `Authorization: Bearer …`
    Bearer,
    /// `X-Api-Key: …`
    ApiKey,
}

/// The provider sent something that this version cannot read.
#[derive(Debug, thiserror::Error)]
pub enum BadStream {
    #[error("cannot read the event {name:?}")]
    Unreadable { name: String, source: serde_json::Error },
    #[error("an event is longer than {limit_bytes} bytes")]
    TooLong { limit_bytes: usize },
}
