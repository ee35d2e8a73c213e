//! What the app and the proxy say to each other.
//!
//! Every type here is a promise to a program that cannot be updated: an app that a browser cached
//! last week. So this crate holds data and nothing else, every public type has a snapshot test of
//! its JSON, and no other crate's type is ever serialized over the network. Where an app may go
//! without the proxy is said in [`reach`].

pub mod reach;
mod rejection;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use rejection::{Pace, Rejection, RejectionCode, Shortage, Unit};

/// A request for one model reply: the body of `POST /app/turn`.
///
/// The answer is newline-delimited JSON: one [`ModelEvent`] per line; an empty line only says that
/// the proxy is still there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelRequest {
    /// `provider/model`, for instance `anthropic/claude-sonnet-4-5` or `script/demo`.
    pub model: String,
    /// The system prompt in sections, the ones that never change first, so that providers' prompt
    /// caches hit.
    pub system: Vec<String>,
    pub messages: Vec<Message>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<ToolSpec>,
    pub max_output_tokens: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    pub role: Role,
    pub blocks: Vec<Block>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    User,
    Assistant,
}

/// A piece of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block {
    Text {
        text: String,
    },
    /// `data` is base64.
    Image {
        media_type: String,
        data: String,
    },
    /// `arguments` is the JSON text exactly as the model wrote it.
    ToolCall {
        call: String,
        tool: String,
        arguments: String,
    },
    ToolResult {
        call: String,
        output: String,
        failed: bool,
    },
    /// `opaque` is the provider's own block, returned to it unchanged (signatures survive).
    Reasoning {
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        opaque: Option<Value>,
    },
}

/// A tool that the model may call. `parameters` is a JSON schema.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolSpec {
    pub name: String,
    pub description: String,
    pub parameters: Value,
}

/// One step of a streamed reply, the same for every provider.
///
/// Every started tool call is ended, and the last event is `Finish` or `Error`: a stream that
/// stops without one of them was cut off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum ModelEvent {
    TextDelta {
        text: String,
    },
    Reasoning {
        text: String,
    },
    /// A thought is complete; `opaque` goes back to the provider with the next request.
    ReasoningEnd {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        opaque: Option<Value>,
    },
    ToolCallStart {
        call: String,
        tool: String,
    },
    ToolCallDelta {
        call: String,
        json: String,
    },
    ToolCallEnd {
        call: String,
    },
    Usage(Usage),
    Finish {
        reason: StopReason,
        /// The text that ended the reply, if it was one of those that the request gave.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stopped_by: Option<String>,
    },
    Error(Rejection),
}

/// Tokens of one reply in disjoint classes: their sum is what was billed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    pub input_tokens: u32,
    #[serde(default)]
    pub cache_read_tokens: u32,
    #[serde(default)]
    pub cache_write_tokens: u32,
    /// Written to a cache that lives for an hour; the class above is for shorter ones.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cache_write_long_tokens: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub audio_input_tokens: u32,
    pub output_tokens: u32,
    #[serde(default)]
    pub reasoning_tokens: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub audio_output_tokens: u32,
    /// What this reply cost, in nano-dollars (1e-9 USD); absent when the price is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_nano: Option<u64>,
    /// Counted by us, not reported by the provider.
    #[serde(default)]
    pub estimated: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out a reference")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

impl Usage {
    /// All that went in, whatever its price.
    #[must_use]
    pub fn all_input_tokens(&self) -> u64 {
        [
            self.input_tokens,
            self.cache_read_tokens,
            self.cache_write_tokens,
            self.cache_write_long_tokens,
            self.audio_input_tokens,
        ]
        .into_iter()
        .map(u64::from)
        .sum()
    }

    /// All that came out, thoughts included.
    #[must_use]
    pub fn all_output_tokens(&self) -> u64 {
        [self.output_tokens, self.reasoning_tokens, self.audio_output_tokens]
            .into_iter()
            .map(u64::from)
            .sum()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    EndOfTurn,
    ToolUse,
    OutputLimit,
    Refused,
}

/// A model that can be chosen: `GET /app/models` answers a list of these.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// `provider/model`
    pub id: String,
    /// The provider's id in [`Provider::id`].
    pub provider: String,
    pub name: String,
    pub context_tokens: u32,
    pub max_output_tokens: u32,
    /// Nano-dollars per token; absent when unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_price_nano: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_price_nano: Option<u64>,
    /// Tool calls work; else replies carry fenced edits.
    pub tools: bool,
    pub images: bool,
    /// Replies are recorded, not made by a model.
    #[serde(default)]
    pub scripted: bool,
}

/// A configured provider: `GET /app/providers` answers a list of these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    /// `anthropic`, `openai`, `openrouter`, `ollama`, or the person's own name for an endpoint.
    pub id: String,
    pub kind: ProviderKind,
    pub base_url: String,
    pub key: KeyState,
    /// The person's own model ids, for endpoints that list none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProviderKind {
    Script,
    OpenaiCompatible,
    Anthropic,
    /// OpenAI's newer API, as OpenAI and Azure speak it.
    OpenaiResponses,
    /// Azure's chat completions; a model is the name of a deployment.
    Azure,
    Gemini,
    Vertex,
    Bedrock,
    /// Ollama's own API.
    Ollama,
}

/// Where a key comes from. Its value never leaves the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    NotNeeded,
    Missing,
    FromEnvironment,
    Saved,
}

/// The body of `PUT /app/providers/{id}`. An absent key keeps the saved one; an empty one
/// removes it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderChange {
    pub kind: ProviderKind,
    pub base_url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
}

impl std::fmt::Debug for ProviderChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProviderChange")
            .field("kind", &self.kind)
            .field("base_url", &self.base_url)
            .field("key", &self.key.as_ref().map(|_| "…"))
            .field("models", &self.models)
            .finish()
    }
}

/// The answer of `POST /app/providers/{id}/test`: how far a small request came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestReport {
    /// The hop that failed; none when all of them worked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<Hop>,
    /// One sentence for people.
    pub message: String,
    pub n_models: u32,
}

/// The stations of a request, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hop {
    App,
    Proxy,
    Provider,
    Key,
    Model,
}

/// The body of `POST /fetch`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchRequest {
    pub url: String,
}

/// The answer of `/fetch`: a page of the web as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchedPage {
    /// Where it was at last, after redirects.
    pub url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// As the server said it; empty when it said nothing.
    pub media_type: String,
    /// Markdown if the page was HTML, else the text as it is.
    pub text: String,
    /// The page or its text was longer than the limit.
    #[serde(default)]
    pub cut: bool,
}

/// A server of tools that `/mcp/{name}` reaches: `GET /app/mcp` answers a list of these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct McpServer {
    pub name: String,
    pub kind: McpKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum McpKind {
    /// It has an address.
    Http,
    /// The proxy starts it.
    Stdio,
}

/// The answer of `GET /app/health`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    pub version: String,
    /// The app's origins that this proxy serves previews for: `*.preview.easel.localhost:9595`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview_suffix: Option<String>,
}

#[cfg(test)]
mod tests;
