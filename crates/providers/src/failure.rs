//! A vendor's error as one of ours, named by what the person can do about it.
//!
//! It passes the vendor's words on where they help, never where they could hold a key, and
//! decides nothing about trying again.

use serde_json::Value;
use wire::{Rejection, RejectionCode};

use crate::dialect::BadAsk;

/// Longer explanations are cut.
const WORDS_LIMIT: usize = 300;

/// Returns a rejection that is nothing but its sentence.
#[must_use]
pub fn plain(code: RejectionCode, message: &str) -> Rejection {
    Rejection::new(code, message)
}

/// The stream held something that is no event of this provider.
#[must_use]
pub fn unreadable() -> Rejection {
    plain(RejectionCode::CutOff, "The provider's answer could not be read")
}

/// Nothing came for longer than a provider may think.
#[must_use]
pub fn silent() -> Rejection {
    plain(RejectionCode::CutOff, "The provider fell silent in the middle of its answer")
}

/// What an ask holds and this provider has no form for.
#[must_use]
pub fn untold(err: &BadAsk) -> Rejection {
    plain(RejectionCode::BadRequest, &format!("This cannot be asked: {err}"))
}

/// Takes a key out of the words, should they quote it.
pub fn scrub(rejection: &mut Rejection, key: &str) {
    if !key.is_empty() {
        rejection.message = rejection.message.replace(key, "…");
    }
}

/// Translates an error answer: its status, its `Retry-After` header and its body.
#[must_use]
pub fn from_answer(status: u16, retry_after: Option<&str>, body: &[u8]) -> Rejection {
    let complaint = Complaint::read(body);
    let code = complaint.code(Some(status));
    let mut rejection = complaint.rejection(code);
    if waiting_helps(code) && !complaint.out_of_credit() {
        rejection.retry_after_secs = retry_after.and_then(seconds).or(complaint.retry_after_secs);
    }
    rejection
}

/// Translates an `error` object in the middle of a stream.
#[must_use]
pub fn from_stream(error: &Value) -> Rejection {
    let complaint = Complaint::from_value(error);
    let code = complaint.code(complaint.status);
    let mut rejection = complaint.rejection(code);
    if waiting_helps(code) && !complaint.out_of_credit() {
        rejection.retry_after_secs = complaint.retry_after_secs;
    }
    rejection
}

/// Returns the type and the stable code that clients of the `OpenAI` dialects know.
#[must_use]
pub fn kind(code: RejectionCode) -> (&'static str, &'static str) {
    match code {
        RejectionCode::NotPaired => ("authentication_error", "invalid_api_key"),
        RejectionCode::NoProvider | RejectionCode::UnknownModel => {
            ("invalid_request_error", "model_not_found")
        }
        RejectionCode::BadKey => ("api_error", "provider_key_refused"),
        RejectionCode::NotAllowed => ("permission_error", "not_allowed"),
        RejectionCode::InsufficientBalance => ("insufficient_quota", "insufficient_balance"),
        RejectionCode::Busy => ("rate_limit_error", "rate_limit_exceeded"),
        RejectionCode::Repeated => ("invalid_request_error", "repeated_request"),
        RejectionCode::Filtered => ("invalid_request_error", "content_filtered"),
        RejectionCode::PromptTooLong => ("invalid_request_error", "context_length_exceeded"),
        RejectionCode::TooLarge => ("invalid_request_error", "request_too_large"),
        RejectionCode::NotThere => ("invalid_request_error", "unknown_url"),
        RejectionCode::BadRequest => ("invalid_request_error", "invalid_request"),
        RejectionCode::Unreachable => ("api_error", "provider_unreachable"),
        RejectionCode::CutOff => ("api_error", "stream_cut_off"),
        RejectionCode::ProviderFailed => ("api_error", "provider_failed"),
        RejectionCode::Broken => ("api_error", "internal_error"),
    }
}

/// Returns HTTP's status of an answer that is nothing but a rejection.
#[must_use]
pub fn status(code: RejectionCode) -> u16 {
    match code {
        RejectionCode::NotPaired => 401,
        RejectionCode::NotAllowed => 403,
        RejectionCode::NoProvider | RejectionCode::UnknownModel | RejectionCode::NotThere => 404,
        RejectionCode::InsufficientBalance => 402,
        RejectionCode::Busy => 429,
        RejectionCode::Repeated => 409,
        RejectionCode::PromptTooLong | RejectionCode::TooLarge => 413,
        RejectionCode::BadRequest | RejectionCode::Filtered => 400,
        // The key is the proxy's to mend, not the asker's: their own was good.
        RejectionCode::BadKey
        | RejectionCode::Unreachable
        | RejectionCode::CutOff
        | RejectionCode::ProviderFailed => 502,
        RejectionCode::Broken => 500,
    }
}

fn waiting_helps(code: RejectionCode) -> bool {
    matches!(code, RejectionCode::Busy | RejectionCode::ProviderFailed)
}

/// Reads the form in seconds. Dates need a clock: whoever has one makes seconds of them.
fn seconds(header: &str) -> Option<u32> {
    let secs: f64 = header.trim().parse().ok()?; // A date: see above.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates, and the range was checked"
    )]
    (secs.is_finite() && secs >= 0.0).then_some(secs.ceil().min(86_400.0) as u32)
}

/// What a vendor says, wherever its dialect puts it.
#[derive(Debug, Default)]
struct Complaint {
    /// Type and code, in lower case.
    kind: String,
    words: String,
    /// In a stream some vendors repeat the status as the code.
    status: Option<u16>,
    /// Google tells it in the body, and not in a header.
    retry_after_secs: Option<u32>,
}

impl Complaint {
    fn read(body: &[u8]) -> Self {
        if let Ok(value) = serde_json::from_slice::<Value>(body) {
            return Self::from_value(value.get(0).unwrap_or(&value));
        }
        if body.trim_ascii_start().starts_with(b"<") {
            // A page of some gateway in between: its markup helps nobody.
            return Self::default();
        }
        Self { words: String::from_utf8_lossy(body).into_owned(), ..Self::default() }
    }

    fn from_value(value: &Value) -> Self {
        let error = value.get("error").filter(|it| !it.is_null()).unwrap_or(value);
        if let Value::String(words) = error {
            return Self { words: words.clone(), ..Self::default() };
        }
        let text = |name: &str| error[name].as_str().unwrap_or_default();
        let words =
            ["message", "Message", "detail", "msg"].into_iter().map(text).find(|it| !it.is_empty());
        let kind = format!("{} {} {}", text("type"), text("code"), text("status"));
        let status = error["code"].as_u64().and_then(|it| u16::try_from(it).ok());
        let details = error["details"].as_array().into_iter().flatten();
        let mut delays = details.filter_map(|it| it["retryDelay"].as_str()?.strip_suffix('s'));
        Self {
            kind: kind.to_ascii_lowercase(),
            words: words.unwrap_or_default().to_owned(),
            status,
            retry_after_secs: delays.next().and_then(seconds),
        }
    }

    fn code(&self, status: Option<u16>) -> RejectionCode {
        if self.too_long() {
            return RejectionCode::PromptTooLong;
        }
        if self.out_of_credit() {
            return RejectionCode::Busy;
        }
        match status {
            Some(403) if self.unknown_model() => RejectionCode::UnknownModel,
            Some(401 | 403) => RejectionCode::BadKey,
            Some(400) if self.bad_key() => RejectionCode::BadKey,
            Some(402 | 429 | 529) => RejectionCode::Busy,
            Some(404) => RejectionCode::UnknownModel,
            Some(413) => RejectionCode::PromptTooLong,
            Some(408 | 424 | 500..) => RejectionCode::ProviderFailed,
            Some(_) if self.unknown_model() => RejectionCode::UnknownModel,
            Some(_) => RejectionCode::BadRequest,
            None => self.code_by_kind(),
        }
    }

    fn code_by_kind(&self) -> RejectionCode {
        let kind = |names: &[&str]| names.iter().any(|it| self.kind.contains(it));
        if kind(&["rate_limit", "overloaded", "quota", "billing", "resource_exhausted"]) {
            RejectionCode::Busy
        } else if kind(&["authentication", "permission", "invalid_api_key"]) {
            RejectionCode::BadKey
        } else if kind(&["not_found"]) || self.unknown_model() {
            RejectionCode::UnknownModel
        } else if kind(&["invalid_request", "invalid_argument"]) {
            RejectionCode::BadRequest
        } else {
            RejectionCode::ProviderFailed
        }
    }

    fn says(&self, phrases: &[&str]) -> bool {
        let words = self.words.to_ascii_lowercase();
        phrases.iter().any(|it| words.contains(it) || self.kind.contains(it))
    }

    fn too_long(&self) -> bool {
        self.says(&[
            "context_length_exceeded",
            "context length",
            "context window",
            "context size",
            "prompt is too long",
            "input is too long",
            "request_too_large",
            "exceed_context",
            "maximum number of tokens",
        ])
    }

    fn out_of_credit(&self) -> bool {
        self.says(&[
            "insufficient_quota",
            "credit balance",
            "insufficient balance",
            "billing_error",
        ])
    }

    /// As Google says it, with the status of a bad request.
    fn bad_key(&self) -> bool {
        self.says(&["api key not valid", "api key expired", "api key not found"])
    }

    fn unknown_model(&self) -> bool {
        self.says(&[
            "model_not_found",
            "no such model",
            "is not a valid model",
            "unknown model",
            "model identifier is invalid",
            "have access to the model",
        ])
    }

    fn rejection(&self, code: RejectionCode) -> Rejection {
        let sentence = match code {
            RejectionCode::BadKey => {
                // Vendors quote the key here, so their words stay behind.
                return plain(code, "The provider refused the key");
            }
            RejectionCode::UnknownModel => "The provider does not know this model",
            RejectionCode::Busy if self.out_of_credit() => {
                "The provider says that the account has no credit left"
            }
            RejectionCode::Busy => "The provider is busy or limits how often you may ask",
            RejectionCode::PromptTooLong => "The prompt is too long for this model",
            RejectionCode::BadRequest => "The provider did not accept the request",
            RejectionCode::ProviderFailed => "The provider failed on its side",
            RejectionCode::NotPaired
            | RejectionCode::NotAllowed
            | RejectionCode::InsufficientBalance
            | RejectionCode::Repeated
            | RejectionCode::Filtered
            | RejectionCode::NoProvider
            | RejectionCode::TooLarge
            | RejectionCode::NotThere
            | RejectionCode::Unreachable
            | RejectionCode::CutOff
            | RejectionCode::Broken => "The provider did not answer",
        };
        let words = presentable(&self.words);
        if words.is_empty() {
            plain(code, sentence)
        } else {
            plain(code, &format!("{sentence}: {words}"))
        }
    }
}

/// Returns a vendor's words in one line, without anything that looks like a key or an address.
fn presentable(words: &str) -> String {
    let mut line = String::new();
    for word in words.split_whitespace() {
        if line.len() + word.len() > WORDS_LIMIT {
            line.push_str(" …");
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(if looks_secret(word) { "…" } else { word });
    }
    line
}

fn looks_secret(word: &str) -> bool {
    let core = word.trim_matches(|it: char| !it.is_ascii_alphanumeric());
    let marked = ["sk-", "sk_", "gsk_", "xai-", "AIza", "key-", "pk-", "ghp_", "eyJ"];
    let long = core.len() >= 32
        && core.bytes().all(|it| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_' | b'*'))
        && core.bytes().any(|it| it.is_ascii_digit());
    let address = word.contains("://") || core.parse::<std::net::SocketAddr>().is_ok();
    long || address
        || core.parse::<std::net::IpAddr>().is_ok()
        || marked.into_iter().any(|it| word.contains(it))
}

#[cfg(test)]
mod tests;
