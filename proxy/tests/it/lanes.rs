//! Providers that fail: who steps in, and when nobody may.

use easel_proxy::catalogue::{Group, Groups, Weighted};
use serde_json::{Value, json};

use crate::easel::{Answer, Ask, Easel};

#[tokio::test]
async fn another_lane_steps_in_before_anything_was_said() {
    let easel = start().await;
    for (path, stream) in [
        ("/v1/chat/completions", true),
        ("/v1/chat/completions", false),
        ("/v1/messages", true),
        ("/v1/messages", false),
    ] {
        let answer = post(&easel, path, "both", "flaky", stream).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(answer.text().contains("write "), "{path} {stream}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_provider_that_fails_for_a_moment_is_asked_again() {
    let easel = start().await;
    let answer = post(&easel, "/v1/chat/completions", "recorded/m", "stumble", true).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(easel.upstream.asked().len(), 2);
}

#[tokio::test]
async fn nothing_is_asked_again_once_something_was_said() {
    let easel = start().await;
    for path in ["/v1/chat/completions", "/v1/messages"] {
        let before = easel.upstream.asked().len();
        let text = post(&easel, path, "both", "cut", true).await.text();
        assert!(text.contains("error"), "{text}");
        assert_eq!(easel.upstream.asked().len(), before + 1, "{path}");
    }
}

#[tokio::test]
async fn a_lane_that_fails_and_fails_is_left_alone() {
    let easel = start().await;
    for _ in 0..2 {
        assert_eq!(ask_failing(&easel).await.status, 502);
    }
    let n_asked = easel.upstream.asked().len();
    let resting = ask_failing(&easel).await;
    assert_eq!(resting.status, 502);
    assert!(resting.text().contains("left alone"), "{}", resting.text());
    assert!(!resting.header("retry-after").is_empty());
    assert_eq!(easel.upstream.asked().len(), n_asked, "nobody was asked");
}

async fn ask_failing(easel: &Easel) -> Answer {
    post(easel, "/v1/chat/completions", "recorded/failing", "fail", false).await
}

async fn start() -> Easel {
    let lane = |model: &str| Weighted { model: model.to_owned(), weight: 1 };
    let both = Group {
        lanes: vec![lane("recorded/first")],
        fallbacks: vec!["claude/second".to_owned()],
        retries: None,
    };
    Easel::start_with(|config| config.groups = Groups::from([("both".to_owned(), both)])).await
}

async fn post(easel: &Easel, path: &str, model: &str, prompt: &str, stream: bool) -> Answer {
    let headers = [("x-api-key", easel.token.as_str()), ("content-type", "application/json")];
    let host = format!("127.0.0.1:{}", easel.address.port());
    let body: Value = json!({
        "model": model,
        "max_tokens": 1000,
        "stream": stream,
        "messages": [{ "role": "user", "content": prompt }],
    });
    let body = body.to_string();
    easel.ask(&host, Ask { method: "POST", path, headers: &headers, body: &body }).await
}
