//! Who a provider is: which dialect it speaks, at which path, and where its key goes.
//!
//! It knows no key and sends nothing.

use std::borrow::Cow;

use bytes::Bytes;
use wire::{ModelRequest, ProviderKind};

use crate::{
    ask::Ask,
    chat::{Chat, Flavor},
    converse::{self, Converse},
    dialect::{BadAsk, BadStream, Dialect},
    endpoint::{self, origin},
    gemini::{self, Gemini},
    messages::Messages,
    models::{self, Listed},
    ollama::{self, Ollama},
    prices::Seller,
    responses::{self, Responses},
};

/// An HTTP request without its key, which is added last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamRequest {
    pub method: Method,
    /// The whole address.
    pub address: String,
    pub headers: Vec<(&'static str, &'static str)>,
    /// JSON; empty for `GET`.
    pub body: Bytes,
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
    /// A header of the vendor's own.
    Header(&'static str),
    /// Amazon's signature, or a bearer.
    Aws,
    /// A token that a service account's key gets, or a bearer.
    Google,
}

/// A provider as it is addressed.
#[derive(Debug, Clone, Copy)]
pub struct Vendor<'a> {
    pub kind: ProviderKind,
    pub base_url: &'a str,
}

const ANTHROPIC_VERSION: (&str, &str) = ("anthropic-version", "2023-06-01");

/// Without it, Anthropic answers no page.
const ANTHROPIC_PAGE: (&str, &str) = ("anthropic-dangerous-direct-browser-access", "true");

impl<'a> Vendor<'a> {
    #[must_use]
    pub fn new(kind: ProviderKind, base_url: &'a str) -> Self {
        Self { kind, base_url }
    }

    /// Returns the dialect that is spoken there.
    #[must_use]
    pub fn dialect(self) -> &'static dyn Dialect {
        match self.kind {
            ProviderKind::Anthropic => &Messages,
            ProviderKind::OpenaiResponses => &Responses,
            ProviderKind::Gemini | ProviderKind::Vertex => &Gemini,
            ProviderKind::Bedrock => &Converse,
            ProviderKind::Ollama => &Ollama,
            ProviderKind::Azure | ProviderKind::OpenaiCompatible | ProviderKind::Script => {
                match self.flavor() {
                    Flavor::Original => &Chat { flavor: Flavor::Original },
                    Flavor::OpenRouter => &Chat { flavor: Flavor::OpenRouter },
                    Flavor::Compatible => &Chat { flavor: Flavor::Compatible },
                }
            }
        }
    }

    /// Returns the dialect in which a client of this one is answered: its own where the vendor
    /// speaks several. Whoever chose the kind of responses gets nothing else.
    #[must_use]
    pub fn dialect_for(self, client: &str) -> &'static dyn Dialect {
        let both = match self.kind {
            ProviderKind::Azure => true,
            ProviderKind::OpenaiCompatible => self.flavor() == Flavor::Original,
            ProviderKind::Anthropic
            | ProviderKind::OpenaiResponses
            | ProviderKind::Gemini
            | ProviderKind::Vertex
            | ProviderKind::Bedrock
            | ProviderKind::Ollama
            | ProviderKind::Script => false,
        };
        if both && client == responses::MARK { &Responses } else { self.dialect() }
    }

    /// Returns the id of a call as it goes to this vendor in a body that is not written anew. Others
    /// who speak Anthropic's dialect read their own ids, and mind when they are changed.
    #[must_use]
    pub fn call_id<'c>(self, dialect: &dyn Dialect, call: &'c str) -> Cow<'c, str> {
        let anothers = self.kind == ProviderKind::Anthropic
            && !origin(self.base_url).ends_with("anthropic.com");
        if anothers { Cow::Borrowed(call) } else { dialect.call_id(call) }
    }

    #[must_use]
    pub fn auth(self) -> Auth {
        match self.kind {
            ProviderKind::Anthropic => Auth::Header("x-api-key"),
            ProviderKind::Azure => Auth::Header("api-key"),
            ProviderKind::OpenaiResponses if self.is_azure() => Auth::Header("api-key"),
            ProviderKind::Gemini => Auth::Header(gemini::KEY_HEADER),
            ProviderKind::Vertex => Auth::Google,
            ProviderKind::Bedrock => Auth::Aws,
            ProviderKind::OpenaiResponses
            | ProviderKind::Ollama
            | ProviderKind::OpenaiCompatible
            | ProviderKind::Script => Auth::Bearer,
        }
    }

    /// Returns the header that a browser's request needs more than a server's.
    #[must_use]
    pub fn page_header(self) -> Option<(&'static str, &'static str)> {
        (self.kind == ProviderKind::Anthropic).then_some(ANTHROPIC_PAGE)
    }

    /// Whose price list holds there, if one is known.
    #[must_use]
    pub fn seller(self) -> Option<Seller> {
        match self.kind {
            ProviderKind::Gemini | ProviderKind::Vertex => Some(Seller::Google),
            ProviderKind::Bedrock => Some(Seller::Bedrock),
            ProviderKind::Azure => Some(Seller::Azure),
            ProviderKind::Script
            | ProviderKind::OpenaiCompatible
            | ProviderKind::Anthropic
            | ProviderKind::OpenaiResponses
            | ProviderKind::Ollama => Seller::at(self.base_url),
        }
    }

    /// Asks for a reply to what the app sent.
    pub fn turn(self, request: &ModelRequest) -> Result<UpstreamRequest, BadAsk> {
        self.ask(&Ask::from(request), true)
    }

    /// Asks for a reply.
    pub fn ask(self, ask: &Ask, stream: bool) -> Result<UpstreamRequest, BadAsk> {
        let dialect = self.dialect();
        let body = dialect.write_ask(ask, stream)?;
        Ok(self.post(dialect, &ask.model, stream, body.into()))
    }

    /// Sends a body that is in a dialect of the provider already.
    #[must_use]
    pub fn post(
        self,
        dialect: &dyn Dialect,
        model: &str,
        stream: bool,
        body: Bytes,
    ) -> UpstreamRequest {
        let address = match self.kind {
            ProviderKind::Anthropic => self.at("/messages"),
            _ if dialect.mark() == responses::MARK => self.at(responses::PATH),
            ProviderKind::Gemini | ProviderKind::Vertex => self.at(&gemini::path(model, stream)),
            ProviderKind::Bedrock => self.at(&converse::path(model, stream)),
            ProviderKind::Ollama => self.at(ollama::CHAT_PATH),
            ProviderKind::Azure
            | ProviderKind::OpenaiCompatible
            | ProviderKind::OpenaiResponses
            | ProviderKind::Script => self.at("/chat/completions"),
        };
        UpstreamRequest { method: Method::Post, address, headers: self.headers(), body }
    }

    /// Asks for embeddings in OpenAI's form; none where the vendor has another one.
    #[must_use]
    pub fn embed(self, body: Bytes) -> Option<UpstreamRequest> {
        let address = match self.kind {
            ProviderKind::OpenaiCompatible
            | ProviderKind::OpenaiResponses
            | ProviderKind::Azure => self.at("/embeddings"),
            ProviderKind::Ollama => self.at("/v1/embeddings"),
            ProviderKind::Gemini => self.at("/openai/embeddings"),
            ProviderKind::Anthropic
            | ProviderKind::Vertex
            | ProviderKind::Bedrock
            | ProviderKind::Script => return None,
        };
        Some(UpstreamRequest { method: Method::Post, address, headers: self.headers(), body })
    }

    /// Asks how many tokens a request has; none where the vendor does not tell.
    #[must_use]
    pub fn count(self, body: Bytes) -> Option<UpstreamRequest> {
        (self.kind == ProviderKind::Anthropic).then(|| UpstreamRequest {
            method: Method::Post,
            address: self.at("/messages/count_tokens"),
            headers: self.headers(),
            body,
        })
    }

    /// Asks which models there are.
    #[must_use]
    pub fn list(self) -> UpstreamRequest {
        let address = match (self.kind, self.flavor()) {
            (ProviderKind::Anthropic, _) => self.at("/models?limit=1000"),
            (ProviderKind::Gemini | ProviderKind::Vertex, _) => self.at(gemini::LIST_PATH),
            (ProviderKind::Bedrock, _) => converse::list_address(self.base_url),
            (ProviderKind::Ollama, _) => self.at(ollama::LIST_PATH),
            // Its other list answers without a key, so it would prove none.
            (_, Flavor::OpenRouter) => self.at("/models/user"),
            (_, Flavor::Original | Flavor::Compatible) => self.at("/models"),
        };
        UpstreamRequest {
            method: Method::Get,
            address,
            headers: self.headers(),
            body: Bytes::new(),
        }
    }

    pub fn read_list(self, body: &[u8]) -> Result<Vec<Listed>, BadStream> {
        match self.kind {
            ProviderKind::Gemini | ProviderKind::Vertex => gemini::read_list(body),
            ProviderKind::Bedrock => converse::read_list(body),
            ProviderKind::Ollama => ollama::read_list(body),
            ProviderKind::Anthropic
            | ProviderKind::OpenaiResponses
            | ProviderKind::Azure
            | ProviderKind::OpenaiCompatible
            | ProviderKind::Script => models::read_list(body),
        }
    }

    fn headers(self) -> Vec<(&'static str, &'static str)> {
        match self.kind {
            ProviderKind::Anthropic => vec![ANTHROPIC_VERSION],
            ProviderKind::OpenaiResponses
            | ProviderKind::Gemini
            | ProviderKind::Vertex
            | ProviderKind::Bedrock
            | ProviderKind::Ollama
            | ProviderKind::Azure
            | ProviderKind::OpenaiCompatible
            | ProviderKind::Script => Vec::new(),
        }
    }

    /// The whole address of a path; where the address names a host only, the version comes between.
    fn at(self, path: &str) -> String {
        let (address, version) = match self.kind {
            // Its own API lies beside the compatible one, whose address people have.
            ProviderKind::Ollama => (self.base_url.trim_end_matches("/v1"), ""),
            ProviderKind::Bedrock => (self.base_url, ""),
            ProviderKind::Gemini => (self.base_url, "/v1beta"),
            ProviderKind::Azure => (self.base_url, "/openai/v1"),
            ProviderKind::OpenaiResponses if self.is_azure() => (self.base_url, "/openai/v1"),
            ProviderKind::Anthropic
            | ProviderKind::OpenaiResponses
            | ProviderKind::Vertex
            | ProviderKind::OpenaiCompatible
            | ProviderKind::Script => (self.base_url, "/v1"),
        };
        endpoint::join(address, version, path)
    }

    fn is_azure(self) -> bool {
        origin(self.base_url).ends_with(".azure.com")
    }

    fn flavor(self) -> Flavor {
        match origin(self.base_url).trim_start_matches("https://") {
            "api.openai.com" => Flavor::Original,
            "openrouter.ai" => Flavor::OpenRouter,
            _ if self.kind == ProviderKind::Azure => Flavor::Original,
            _ => Flavor::Compatible,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vendor_of_two_dialects_answers_in_the_clients() {
        let compatible = ProviderKind::OpenaiCompatible;
        for (kind, base_url, expected) in [
            (compatible, "https://api.openai.com/v1", "responses openai openai"),
            (ProviderKind::Azure, "https://x.openai.azure.com", "responses openai openai"),
            (compatible, "https://openrouter.ai/api/v1", "openai openai openai"),
            (compatible, "http://localhost:8080", "openai openai openai"),
            (
                ProviderKind::OpenaiResponses,
                "https://api.openai.com/v1",
                "responses responses responses",
            ),
        ] {
            let vendor = Vendor::new(kind, base_url);
            let marks = [responses::MARK, crate::chat::MARK, crate::messages::MARK]
                .map(|it| vendor.dialect_for(it).mark());
            assert_eq!(marks.join(" "), expected, "{base_url}");
        }
    }

    #[test]
    fn ids_are_changed_for_who_refuses_them() {
        let kimis = "functions.look:0";
        for (kind, base_url, changed) in [
            (ProviderKind::Anthropic, "https://api.anthropic.com/v1", true),
            (ProviderKind::Anthropic, "https://api.moonshot.ai/anthropic", false),
            (ProviderKind::OpenaiCompatible, "https://api.openai.com/v1", false),
        ] {
            let vendor = Vendor::new(kind, base_url);
            let id = vendor.call_id(vendor.dialect(), kimis);
            assert_eq!(id != kimis, changed, "{base_url}");
        }
    }

    #[test]
    fn only_anthropic_wants_a_page_to_say_so() {
        let header = |kind| Vendor::new(kind, "http://localhost").page_header();
        assert_eq!(
            header(ProviderKind::Anthropic),
            Some(("anthropic-dangerous-direct-browser-access", "true"))
        );
        assert_eq!(header(ProviderKind::OpenaiCompatible), None);
        let sent = Vendor::new(ProviderKind::Anthropic, "http://localhost").list();
        assert!(sent.headers.iter().all(|it| it.0 == "anthropic-version"), "the proxy is no page");
    }
}
