//! Looking after an installation: the JSON API, signing in, signed requests, figures and health.

mod accounts;
mod document;
mod people;
mod roles;
mod signed;
mod watch;

use http::StatusCode;
use serde_json::Value;

use crate::easel::{Answer, Ask, Easel, log};

/// Asks as somebody: with a token, a session or a key.
pub async fn by(easel: &Easel, token: &str, (method, path): (&str, &str), body: &Value) -> Answer {
    let token = format!("Bearer {token}");
    let headers = [
        ("authorization", token.as_str()),
        ("content-type", "application/json"),
        ("user-agent", "a test"),
    ];
    let body = if body.is_null() { String::new() } else { body.to_string() };
    easel.ask(&easel.home(), Ask { method, path, headers: &headers, body: &body }).await
}

/// Asks as the installation, and wants an answer.
pub async fn owner(easel: &Easel, method: &str, path: &str, body: &Value) -> Value {
    let answer = by(easel, &easel.token, (method, path), body).await;
    assert!(answer.status.is_success(), "{method} {path}: {} {}", answer.status, answer.text());
    if answer.status == StatusCode::NO_CONTENT { Value::Null } else { answer.json() }
}

/// A question as clients of OpenAI ask it.
pub fn chat(model: &str) -> Value {
    serde_json::json!({ "model": model, "messages": [{ "role": "user", "content": "hi" }] })
}

/// Signs in with the PIN of the log, and returns the session's token.
pub async fn sign_in(easel: &Easel, email: &str) -> String {
    let body = serde_json::json!({ "email": email });
    let asked = by(easel, "", ("POST", "/auth/pin"), &body).await;
    assert_eq!(asked.status, 202, "{}", asked.text());
    let body = serde_json::json!({ "email": email, "pin": pin(email) });
    let begun = by(easel, "", ("POST", "/auth/session"), &body).await;
    assert_eq!(begun.status, 200, "{}", begun.text());
    begun.json()["token"].as_str().unwrap().to_owned()
}

/// The last PIN that the log has for an address.
pub fn pin(email: &str) -> String {
    let mark = format!("\"to\":\"{email}\",\"pin\":\"");
    let log = log();
    let (_, rest) = log.rsplit_once(&mark).unwrap_or_else(|| panic!("no PIN for {email}"));
    rest[..6].to_owned()
}
