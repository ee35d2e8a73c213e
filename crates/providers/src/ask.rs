//! What is asked of a model, in no vendor's words: what every dialect is read into and written
//! from.
//!
//! It is neither stored nor sent, so it may change with the vendors. What the app sends is
//! [`wire::ModelRequest`], which may not.

mod app;

use serde_json::Value;
use serde_json::value::RawValue;
use wire::Role;

/// A request for one reply.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    /// The vendor's own name of the model when it is written, the client's when it was read.
    pub model: String,
    pub system: Vec<Section>,
    pub messages: Vec<Message>,
    pub tools: Vec<Tool>,
    pub choice: Choice,
    /// Whether one reply may hold several calls; the vendor's own rule when it is not said.
    pub parallel_calls: Option<bool>,
    pub format: Format,
    pub thinking: Thinking,
    /// The client reads thoughts; some vendors make them readable only for those who say so.
    pub show_thoughts: bool,
    pub max_output_tokens: Option<u32>,
    pub sampling: Sampling,
    /// Who asks, as the client's own provider knows them: for finding abuse.
    pub user: Option<String>,
}

/// A part of the system prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    pub text: String,
    pub keep: Option<Keep>,
}

/// Asks the vendor to remember everything up to and with the piece that it stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Five minutes.
    Short,
    /// An hour.
    Long,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    pub role: Role,
    pub pieces: Vec<Piece>,
}

/// A block of a message, and whether the prompt is to be remembered up to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    pub block: Block,
    pub keep: Option<Keep>,
}

impl From<Block> for Piece {
    fn from(block: Block) -> Self {
        Self { block, keep: None }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    Text(String),
    Image(Media),
    /// A document: a PDF, or a text file.
    File {
        media: Media,
        name: Option<String>,
    },
    /// `arguments` is the JSON text exactly as the model wrote it.
    Call {
        call: String,
        tool: String,
        arguments: String,
    },
    Result {
        call: String,
        output: Vec<Output>,
        failed: bool,
    },
    /// `opaque` is a vendor's own block under the vendor's mark; it goes back to that vendor
    /// unchanged, and to no other.
    Thought {
        text: String,
        opaque: Option<Value>,
    },
}

/// A part of what a tool answered.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    Text(String),
    Image(Media),
    File { media: Media, name: Option<String> },
}

/// A picture or a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// Empty when an address tells nothing about it.
    pub media_type: String,
    pub source: Source,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    Base64(String),
    /// To be fetched by the vendor; the proxy fetches nothing.
    Address(String),
}

/// A tool that the model may call.
#[derive(Debug, Clone)]
pub struct Tool {
    pub name: String,
    pub description: Option<String>,
    /// A JSON schema, byte for byte: models write arguments in the order of its properties.
    pub parameters: Option<Box<RawValue>>,
    pub strict: Option<bool>,
    pub keep: Option<Keep>,
}

/// Which tools a reply has to call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Choice {
    #[default]
    Auto,
    None,
    /// One of them, whichever.
    Any,
    Tool(String),
}

/// The form of the reply's text.
#[derive(Debug, Clone, Default)]
pub enum Format {
    #[default]
    Text,
    Json,
    Schema {
        name: String,
        schema: Box<RawValue>,
        strict: Option<bool>,
    },
}

/// How long a model thinks before it answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Thinking {
    /// As the vendor does it when nobody says anything.
    #[default]
    Usual,
    Off,
    Effort(Effort),
    /// At most so many tokens.
    Budget(u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    Minimal,
    Low,
    Medium,
    High,
}

/// Tunes how tokens are chosen. Numbers go out as they came in; a vendor's range is the vendor's
/// to judge.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sampling {
    pub temperature: Option<f64>,
    pub top_p: Option<f64>,
    pub top_k: Option<u32>,
    pub seed: Option<i64>,
    pub frequency_penalty: Option<f64>,
    pub presence_penalty: Option<f64>,
    /// Texts that end a reply.
    pub stop: Vec<String>,
}

impl Effort {
    /// As the `OpenAI` dialects write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "minimal" => Some(Self::Minimal),
            "low" => Some(Self::Low),
            "medium" => Some(Self::Medium),
            "high" | "xhigh" | "max" => Some(Self::High),
            _ => None,
        }
    }

    /// The tokens of thought that vendors and gateways commonly take an effort for.
    #[must_use]
    pub fn budget_tokens(self) -> u32 {
        match self {
            Self::Minimal | Self::Low => 1_024,
            Self::Medium => 4_096,
            Self::High => 16_384,
        }
    }

    #[must_use]
    pub fn from_budget(tokens: u32) -> Self {
        match tokens {
            0..=2_048 => Self::Low,
            2_049..=8_192 => Self::Medium,
            _ => Self::High,
        }
    }
}

impl Tool {
    /// The schema; of a tool that has none, the one of an empty object.
    #[must_use]
    pub fn schema(&self) -> &RawValue {
        self.parameters.as_deref().unwrap_or(empty_schema())
    }
}

fn empty_schema() -> &'static RawValue {
    const EMPTY: &str = r#"{"type":"object","properties":{}}"#;
    serde_json::from_str(EMPTY).expect("the text is JSON")
}

impl Message {
    /// The texts of a message, one after the other.
    #[must_use]
    pub fn text(&self) -> String {
        let text = |it: &Piece| match &it.block {
            Block::Text(text) if !text.is_empty() => Some(text.clone()),
            Block::Text(_)
            | Block::Image(_)
            | Block::File { .. }
            | Block::Call { .. }
            | Block::Result { .. }
            | Block::Thought { .. } => None,
        };
        self.pieces.iter().filter_map(text).collect::<Vec<_>>().join("\n\n")
    }
}

/// The texts of what a tool answered, one after the other.
#[must_use]
pub fn output_text(output: &[Output]) -> String {
    let text = |it: &Output| match it {
        Output::Text(text) => Some(text.clone()),
        Output::Image(_) | Output::File { .. } => None,
    };
    output.iter().filter_map(text).collect::<Vec<_>>().join("\n")
}
