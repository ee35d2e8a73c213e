//! A webhook, against a real server: what it is told, and what its word does.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Json, Router, body::Bytes, extract::State, routing::post};
use easel_proxy::{hook::Settings, keys::Secret};
use hmac::{Hmac, Mac as _};
use http::HeaderMap;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;

use crate::easel::{Answer, Ask, Easel, log, until};

const SECRET: &str = "hook-secret-4711";

type Told = Arc<Mutex<Vec<Value>>>;

#[tokio::test]
async fn its_word_counts_and_it_is_told_the_end() {
    let (address, told) = serve().await;
    let easel = start(address, |_| {}).await;
    let refused = ask(&easel, "recorded/forbidden", "hi", true).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.json()["error"]["code"], "content_filtered");
    assert!(
        refused.text().contains("does not allow this request: not this one"),
        "{}",
        refused.text()
    );
    assert_eq!(easel.upstream.asked().len(), 0);

    assert_eq!(ask(&easel, "recorded/m", "my prompt", true).await.status, 200);
    assert_eq!(ask(&easel, "claude/m", "my prompt", false).await.status, 200);
    assert_eq!(ask(&easel, "recorded/m", "fail", false).await.status, 502);
    let of = |event: &str| {
        let told = told.lock().unwrap();
        told.iter().filter(|it| it["event"] == event).cloned().collect::<Vec<_>>()
    };
    until("three notices", || async { of("after").len() == 3 }).await;
    let (before, after) = (of("before"), of("after"));
    assert_eq!(before.len(), 4);
    let outcomes: Vec<_> = after.iter().map(|it| it["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["finished", "finished", "failed"]);
    assert_eq!(after[2]["code"], "provider_failed");
    for it in &after[..2] {
        assert!(it["usage"]["output_tokens"].as_u64().is_some_and(|it| it > 0), "{it}");
    }
    assert_eq!(before[1]["id"], after[0]["id"]);
    assert_eq!(before[1]["model"], "recorded/m");
    let all = format!("{before:?}{after:?}");
    assert!(!all.contains("my prompt"), "{all}");
    assert!(!log().contains(SECRET));
}

#[tokio::test]
async fn who_leaves_is_told_as_gone_and_prompts_only_where_one_wants_it() {
    let (address, told) = serve().await;
    let easel = start(address, |it| it.prompts = true).await;
    let headers = [("x-api-key", easel.token.as_str()), ("content-type", "application/json")];
    let body = body("recorded/m", "silent", true);
    let request =
        Ask { method: "POST", path: "/v1/chat/completions", headers: &headers, body: &body };
    drop(easel.send(&easel.home(), request).await);
    until("a notice", || async { told.lock().unwrap().iter().any(|it| it["event"] == "after") })
        .await;
    let told = told.lock().unwrap().clone();
    assert_eq!(told.last().unwrap()["outcome"], "left");
    assert_eq!(told[0]["request"]["messages"][0]["content"], "silent");
}

#[tokio::test]
async fn silence_means_what_the_owner_says() {
    for (address, closed, expected) in [
        ("127.0.0.1:1".parse().unwrap(), false, 200),
        ("127.0.0.1:1".parse().unwrap(), true, 500),
        (serve().await.0, true, 500),
        (serve().await.0, false, 200),
    ] {
        let easel = start(address, |it| {
            it.fail_closed = closed;
            it.wait = Duration::from_millis(200);
        })
        .await;
        let answer = ask(&easel, "recorded/sleepy", "hi", true).await;
        assert_eq!(answer.status, expected, "{}", answer.text());
        assert!(!answer.text().contains(&address.to_string()), "{}", answer.text());
    }
}

async fn start(address: SocketAddr, change: impl FnOnce(&mut Settings)) -> Easel {
    let mut settings = Settings {
        address: format!("http://{address}/hook").parse().unwrap(),
        secret: Secret::new(SECRET),
        before: true,
        after: true,
        wait: Duration::from_secs(5),
        fail_closed: true,
        prompts: false,
    };
    change(&mut settings);
    Easel::start_with(|config| config.webhook = Some(settings)).await
}

async fn serve() -> (SocketAddr, Told) {
    let told = Told::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/hook", post(take)).with_state(Arc::clone(&told));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, told)
}

/// Takes what is signed, and nothing else.
async fn take(State(told): State<Told>, headers: HeaderMap, body: Bytes) -> Json<Value> {
    let signature = headers["x-easel-signature"].to_str().unwrap();
    let (secs, signature) = signature.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(secs.as_bytes());
    mac.update(b".");
    mac.update(&body);
    let expected: String =
        mac.finalize().into_bytes().iter().map(|it| format!("{it:02x}")).collect();
    assert_eq!(signature, expected);
    let event: Value = serde_json::from_slice(&body).unwrap();
    told.lock().unwrap().push(event.clone());
    match event["model"].as_str().unwrap() {
        "recorded/forbidden" => Json(json!({ "allow": false, "message": "not this one" })),
        "recorded/sleepy" => {
            std::future::pending::<()>().await;
            Json(Value::Null)
        }
        _ => Json(json!({ "allow": true })),
    }
}

fn body(model: &str, prompt: &str, stream: bool) -> String {
    json!({ "model": model, "stream": stream, "messages": [{ "role": "user", "content": prompt }] })
        .to_string()
}

async fn ask(easel: &Easel, model: &str, prompt: &str, stream: bool) -> Answer {
    let headers = [("x-api-key", easel.token.as_str()), ("content-type", "application/json")];
    let body = body(model, prompt, stream);
    let path = "/v1/chat/completions";
    easel.ask(&easel.home(), Ask { method: "POST", path, headers: &headers, body: &body }).await
}
