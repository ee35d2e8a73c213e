//! A vendor's error as one of ours, named by what the person can do about it.
//!
//! It passes the vendor's words on where they help, never where they could hold a key, and
//! decides nothing about trying again.

use serde_json::Value;
use wire::{Rejection, RejectionCode};

/// Longer explanations are cut.
const WORDS_LIMIT: usize = 300;

/// Returns a rejection that is nothing but its sentence.
#[must_use]
pub fn plain(code: RejectionCode, message: &str) -> Rejection {
    Rejection { code, message: message.to_owned(), retry_after_secs: None, request_id: None }
}

/// The stream held something that is no event of this provider.
#[must_use]
pub fn unreadable() -> Rejection {
    plain(RejectionCode::CutOff, "The provider's answer could not be read")
}

/// Translates an error answer: its status, its `Retry-After` header and its body.
#[must_use]
pub fn from_answer(status: u16, retry_after: Option<&str>, body: &[u8]) -> Rejection {
    let complaint = Complaint::read(body);
    let code = complaint.code(Some(status));
    let mut rejection = complaint.rejection(code);
    if waiting_helps(code) && !complaint.out_of_credit() {
        rejection.retry_after_secs = retry_after.and_then(seconds);
    }
    rejection
}

/// Translates an `error` object in the middle of a stream.
#[must_use]
pub fn from_stream(error: &Value) -> Rejection {
    let complaint = Complaint::from_value(error);
    let status = complaint.status;
    complaint.rejection(complaint.code(status))
}

fn waiting_helps(code: RejectionCode) -> bool {
    matches!(code, RejectionCode::Busy | RejectionCode::ProviderFailed)
}

/// Reads the form in seconds. Dates need a clock, and no model provider sends them.
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
        let words = ["message", "detail", "msg"].into_iter().map(text).find(|it| !it.is_empty());
        let kind = format!("{} {} {}", text("type"), text("code"), text("status"));
        let status = error["code"].as_u64().and_then(|it| u16::try_from(it).ok());
        Self {
            kind: kind.to_ascii_lowercase(),
            words: words.unwrap_or_default().to_owned(),
            status,
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
            Some(401 | 403) => RejectionCode::BadKey,
            Some(402 | 429 | 529) => RejectionCode::Busy,
            Some(404) => RejectionCode::UnknownModel,
            Some(413) => RejectionCode::PromptTooLong,
            Some(408 | 500..) => RejectionCode::ProviderFailed,
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

    fn unknown_model(&self) -> bool {
        self.says(&["model_not_found", "no such model", "is not a valid model", "unknown model"])
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
            | RejectionCode::NoProvider
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
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[test]
    fn a_key_is_never_repeated() {
        let words = r#"{"error":{"message":"Incorrect API key provided: sk-proj-abc123. Find yours at https://x.y"}}"#;
        check(401, words, &expect!["BadKey: The provider refused the key"]);
        check(
            500,
            words,
            &expect![
                "ProviderFailed: The provider failed on its side: Incorrect API key provided: … Find yours at …"
            ],
        );
    }

    #[test]
    fn the_reasons_of_vendors() {
        check(
            400,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 208310 tokens > 200000 maximum"}}"#,
            &expect![
                "PromptTooLong: The prompt is too long for this model: prompt is too long: 208310 tokens > 200000 maximum"
            ],
        );
        check(
            400,
            r#"{"error":{"message":"This model's maximum context length is 8192 tokens.","code":"context_length_exceeded"}}"#,
            &expect![
                "PromptTooLong: The prompt is too long for this model: This model's maximum context length is 8192 tokens."
            ],
        );
        check(
            429,
            r#"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota"}}"#,
            &expect![
                "Busy: The provider says that the account has no credit left: You exceeded your current quota"
            ],
        );
        check(
            400,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low"}}"#,
            &expect![
                "Busy: The provider says that the account has no credit left: Your credit balance is too low"
            ],
        );
        check(
            404,
            r#"{"error":"model 'x' not found"}"#,
            &expect!["UnknownModel: The provider does not know this model: model 'x' not found"],
        );
        check(403, "{}", &expect!["BadKey: The provider refused the key"]);
        check(413, "", &expect!["PromptTooLong: The prompt is too long for this model"]);
        check(
            422,
            r#"{"detail":"temperature"}"#,
            &expect!["BadRequest: The provider did not accept the request: temperature"],
        );
        check(
            503,
            "<html><body>Bad gateway at 10.0.0.7</body></html>",
            &expect!["ProviderFailed: The provider failed on its side"],
        );
        check(
            500,
            "upstream 10.0.0.7:443 refused",
            &expect!["ProviderFailed: The provider failed on its side: upstream … refused"],
        );
        check(
            529,
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
            &expect!["Busy: The provider is busy or limits how often you may ask: Overloaded"],
        );
        check(
            400,
            r#"[{"error":{"code":400,"message":"bad","status":"INVALID_ARGUMENT"}}]"#,
            &expect!["BadRequest: The provider did not accept the request: bad"],
        );
        check(
            400,
            "\u{0}\u{1}",
            &expect!["BadRequest: The provider did not accept the request: \u{0}\u{1}"],
        );
    }

    #[test]
    fn waiting_is_told_only_where_it_helps() {
        assert_eq!(from_answer(429, Some("20"), b"{}").retry_after_secs, Some(20));
        assert_eq!(from_answer(503, Some("1.5"), b"{}").retry_after_secs, Some(2));
        assert_eq!(from_answer(429, Some("-1"), b"{}").retry_after_secs, None);
        assert_eq!(from_answer(429, Some("1e99"), b"{}").retry_after_secs, Some(86_400));
        assert_eq!(from_answer(429, Some("Wed, 21 Oct 2026"), b"{}").retry_after_secs, None);
        assert_eq!(from_answer(401, Some("20"), b"{}").retry_after_secs, None);
        let broke = br#"{"error":{"code":"insufficient_quota"}}"#;
        assert_eq!(from_answer(429, Some("20"), broke).retry_after_secs, None);
    }

    #[test]
    fn errors_within_a_stream() {
        let code = |text| from_stream(&serde_json::from_str(text).unwrap()).code;
        assert_eq!(code(r#"{"type":"overloaded_error"}"#), RejectionCode::Busy);
        assert_eq!(code(r#"{"code":429,"message":"slow down"}"#), RejectionCode::Busy);
        assert_eq!(code(r#"{"type":"invalid_request_error"}"#), RejectionCode::BadRequest);
        assert_eq!(code(r#""boom""#), RejectionCode::ProviderFailed);
        assert_eq!(code("null"), RejectionCode::ProviderFailed);
    }

    #[track_caller]
    fn check(status: u16, body: &str, expected: &Expect) {
        let rejection = from_answer(status, None, body.as_bytes());
        expected.assert_eq(&format!("{:?}: {}", rejection.code, rejection.message));
    }
}
