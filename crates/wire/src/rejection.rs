//! Why there is no answer, in one form for every way.
//!
//! It decides nothing about trying again.

use serde::{Deserialize, Serialize};

/// Why there is no answer, named by what the person or the app can do about it.
///
/// Also the body of every error answer under `/app/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    pub code: RejectionCode,
    /// One sentence for people: what happened. Never holds a key or an internal address.
    pub message: String,
    /// Seconds to wait, when waiting helps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_secs: Option<u32>,
    /// Finds the proxy's log line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// With [`RejectionCode::InsufficientBalance`] of this proxy, what its message says in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shortage: Option<Shortage>,
    /// With [`RejectionCode::Busy`], where a limit of this proxy is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pace: Option<Pace>,
}

impl Rejection {
    /// Returns a rejection that is nothing but its sentence.
    #[must_use]
    pub fn new(code: RejectionCode, message: &str) -> Self {
        let message = message.to_owned();
        Self { code, message, retry_after_secs: None, request_id: None, shortage: None, pace: None }
    }
}

/// What a budget lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shortage {
    pub unit: Unit,
    /// What the request can need at most.
    pub needed: u64,
    /// What is left of the budget.
    pub available: u64,
}

/// How often one may ask; nothing of it is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    pub most: u32,
    /// Until all of it is there again.
    pub full_in_secs: u32,
}

/// What budgets count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Billionths of a dollar.
    Nano,
    Tokens,
    Seconds,
    Messages,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectionCode {
    /// This page may not use this proxy: the token is missing or wrong.
    NotPaired,
    /// No provider is configured for this model.
    NoProvider,
    /// The provider refused the key.
    BadKey,
    /// The provider does not know the model.
    UnknownModel,
    /// Whose key it is, or the page that asks, may not do this.
    NotAllowed,
    /// The budget here does not suffice.
    InsufficientBalance,
    /// The provider's rate limit or the account's balance; or a limit here on how often one may ask.
    Busy,
    /// A request with the same name runs or ran before, and is not paid for twice.
    Repeated,
    /// A rule of this proxy's owner keeps it back.
    Filtered,
    /// The prompt must get smaller.
    PromptTooLong,
    /// The request has more bytes than this proxy takes.
    TooLarge,
    /// The request itself is wrong.
    BadRequest,
    /// There is nothing at this address.
    NotThere,
    /// The provider could not be reached, or broke off.
    Unreachable,
    /// The stream ended without its terminator, or was not readable.
    CutOff,
    /// The provider failed on its side.
    ProviderFailed,
    /// The proxy failed; the request id finds the log line.
    Broken,
}
