//! Chat completions, as OpenAI and everybody who is compatible with it speak them.
//!
//! OpenRouter, Ollama, llama.cpp, LM Studio and many others differ in small ways; the reader takes
//! all of them, the request has a [`Dialect`]. The responses API is another module's matter.

mod request;
mod stream;
mod usage;

use wire::ModelRequest;

use crate::{
    Auth, BadStream, Decoder, Method, Provider, UpstreamRequest,
    endpoint::origin,
    models::{self, Listed},
};

/// Marks our opaque blocks: those of other vendors are left out of a request.
const MARK: &str = "openai";

#[derive(Debug, Clone, Copy)]
pub struct OpenAi {
    pub dialect: Dialect,
}

/// What a server accepts beyond what all of them do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `api.openai.com`: `max_completion_tokens`.
    Original,
    /// Wants its own reasoning blocks back, and tells what a reply cost.
    OpenRouter,
    Compatible,
}

impl OpenAi {
    /// Returns the dialect that is spoken at an address.
    #[must_use]
    pub fn at(address: &str) -> Self {
        let host = origin(address).trim_start_matches("https://");
        let dialect = match host {
            "api.openai.com" => Dialect::Original,
            "openrouter.ai" => Dialect::OpenRouter,
            _ => Dialect::Compatible,
        };
        Self { dialect }
    }
}

impl Provider for OpenAi {
    fn auth(&self) -> Auth {
        Auth::Bearer
    }

    fn request(&self, ask: &ModelRequest) -> UpstreamRequest {
        UpstreamRequest {
            method: Method::Post,
            path: "/chat/completions",
            headers: Vec::new(),
            body: request::body(ask, self.dialect).to_string().into_bytes(),
        }
    }

    fn decoder(&self) -> Box<dyn Decoder> {
        Box::new(stream::Reader::default())
    }

    fn list(&self) -> UpstreamRequest {
        UpstreamRequest {
            method: Method::Get,
            path: match self.dialect {
                // Its other list answers without a key, so it would prove none.
                Dialect::OpenRouter => "/models/user",
                Dialect::Original | Dialect::Compatible => "/models",
            },
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    fn read_list(&self, body: &[u8]) -> Result<Vec<Listed>, BadStream> {
        models::read_list(body)
    }
}
