//! The Anthropic Messages API.
//!
//! Thinking is not asked for here; thoughts that a model made are kept as opaque blocks and go
//! back unchanged, because their signatures cover every byte.

mod request;
mod stream;

use wire::ModelRequest;

use crate::{
    Auth, BadStream, Decoder, Method, Provider, UpstreamRequest,
    models::{self, Listed},
};

/// Marks our opaque blocks: those of other vendors are left out of a request.
const MARK: &str = "anthropic";

const HEADERS: [(&str, &str); 1] = [("anthropic-version", "2023-06-01")];

#[derive(Debug, Clone, Copy)]
pub struct Anthropic;

impl Provider for Anthropic {
    fn auth(&self) -> Auth {
        Auth::ApiKey
    }

    fn request(&self, ask: &ModelRequest) -> UpstreamRequest {
        UpstreamRequest {
            method: Method::Post,
            path: "/messages",
            headers: HEADERS.to_vec(),
            body: request::body(ask).to_string().into_bytes(),
        }
    }

    fn decoder(&self) -> Box<dyn Decoder> {
        Box::new(stream::Reader::default())
    }

    fn list(&self) -> UpstreamRequest {
        UpstreamRequest {
            method: Method::Get,
            path: "/models?limit=1000",
            headers: HEADERS.to_vec(),
            body: Vec::new(),
        }
    }

    fn read_list(&self, body: &[u8]) -> Result<Vec<Listed>, BadStream> {
        models::read_list(body)
    }
}
