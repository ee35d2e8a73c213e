//! What vendors say, and what people read of it.

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
        r#"{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}"#,
        &expect!["BadKey: The provider refused the key"],
    );
    check(
        400,
        r#"{"message":"The provided model identifier is invalid."}"#,
        &expect![
            "UnknownModel: The provider does not know this model: The provided model identifier is invalid."
        ],
    );
    check(
        403,
        r#"{"message":"You don't have access to the model with the specified model ID."}"#,
        &expect![
            "UnknownModel: The provider does not know this model: You don't have access to the model with the specified model ID."
        ],
    );
    check(
        403,
        r#"{"Message":"User: arn:aws:iam::123456789012:user/x is not authorized"}"#,
        &expect!["BadKey: The provider refused the key"],
    );
    check(
        424,
        r#"{"message":"The request failed","originalStatusCode":500}"#,
        &expect!["ProviderFailed: The provider failed on its side: The request failed"],
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
    let google = br#"{"error":{"details":[{"reason":"x"},{"retryDelay":"34.4s"}]}}"#;
    assert_eq!(from_answer(429, None, google).retry_after_secs, Some(35));
    assert_eq!(from_answer(429, Some("20"), google).retry_after_secs, Some(20));
    assert_eq!(from_answer(400, None, google).retry_after_secs, None);
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
