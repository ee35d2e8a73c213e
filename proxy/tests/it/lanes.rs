//! Providers that fail: who steps in, and when nobody may.

use easel_proxy::{
    catalogue::{Group, Groups},
    lanes::{Lane, LaneLimits, Strategy, Weighted},
};
use http::Response;
use hyper::body::Incoming;
use serde_json::{Value, json};

use crate::{
    easel::{Answer, Ask, Easel},
    upstream::KEY,
};

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

#[tokio::test]
async fn the_lane_with_less_to_do_is_asked() {
    let easel = grouped(Strategy::LeastBusy, [None, None]).await;
    let mut open = Vec::new();
    for _ in 0..4 {
        open.push(begin(&easel, "group", "slow").await);
    }
    assert_eq!(easel.running().await, [("claude/b", 2), ("recorded/a", 2)].map(named));
    // Both replies of one lane end; whoever comes now goes there.
    open.truncate(1);
    crate::easel::until("three places are free", || async {
        easel.running().await.iter().map(|it| it.1).sum::<u64>() == 1
    })
    .await;
    let busy = easel.running().await.into_iter().find(|it| it.1 == 1).unwrap().0;
    open.push(begin(&easel, "group", "slow").await);
    assert_eq!(easel.running().await, [("claude/b", 1), ("recorded/a", 1)].map(named), "{busy}");
}

#[tokio::test]
async fn the_lane_that_answers_sooner_is_asked() {
    let easel = grouped(Strategy::Latency, [None, None]).await;
    // Each is tried once to find out; one of them is slow, and the other has all that follows.
    for lane in ["recorded/a", "claude/b"] {
        let prompt = if lane == "claude/b" { "slow" } else { "hi" };
        drop(begin(&easel, lane, prompt).await);
    }
    let before = easel.upstream.asked().len();
    for _ in 0..6 {
        assert_eq!(post(&easel, CHAT, "group", "hi", true).await.status, 200);
    }
    let asked = easel.upstream.asked();
    assert!(asked[before..].iter().all(|it| it["path"] == CHAT), "{asked:?}");
}

#[tokio::test]
async fn a_lane_gets_no_more_in_a_minute_than_it_bears() {
    let easel = grouped(Strategy::Weight, [Some(2), Some(3)]).await;
    for _ in 0..5 {
        assert_eq!(post(&easel, CHAT, "group", "hi", false).await.status, 200);
    }
    let asked = easel.upstream.asked();
    assert_eq!(asked.iter().filter(|it| it["path"] == CHAT).count(), 2);
    for path in [CHAT, "/v1/messages", "/v1/embeddings"] {
        let full = post(&easel, path, "group", "hi", false).await;
        assert_eq!(full.status, 429, "{}", full.text());
        assert!(full.text().contains("may have in a minute"), "{}", full.text());
        let wait: u64 = full.header("retry-after").parse().unwrap();
        assert!((1..=61).contains(&wait), "{wait}");
    }
    let direct = post(&easel, CHAT, "recorded/a", "hi", false).await;
    assert_eq!(direct.status, 429, "by its own name, too");
    assert_eq!(easel.upstream.asked().len(), 5, "nobody was asked");
}

#[tokio::test]
async fn what_came_before_a_client_left_is_counted_for_its_lane() {
    for path in [CHAT, "/v1/messages"] {
        let mut lane = weighted("recorded/a", None);
        lane.limits.tokens = Some(1);
        let group = Group { lanes: vec![lane], ..Group::default() };
        let groups = Groups::from([("group".to_owned(), group)]);
        let easel = Easel::start_with(|config| config.groups = groups).await;
        let mut reply = begin_at(&easel, path, "group", "slow").await;
        crate::easel::read_until(&mut reply, "write").await;
        drop(reply);
        let nobody = || async { easel.running().await.iter().all(|it| it.1 == 0) };
        crate::easel::until("nobody waits", nobody).await;
        let full = post(&easel, path, "group", "hi", false).await;
        assert_eq!(full.status, 429, "{path}: {}", full.text());
    }
}

#[tokio::test]
async fn embeddings_are_tried_again_and_elsewhere_as_all_else() {
    let easel = start().await;
    let answer = post(&easel, "/v1/embeddings", "recorded/e", "stumble", false).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(easel.upstream.asked().len(), 2);
}

const CHAT: &str = "/v1/chat/completions";

fn named((lane, n): (&str, u64)) -> (String, u64) {
    (lane.to_owned(), n)
}

impl Easel {
    /// What is under way on each lane that is counted.
    async fn running(&self) -> Vec<(String, u64)> {
        let lanes = crate::admin::owner(self, "GET", "/admin/api/lanes", &Value::Null).await;
        let lanes = lanes.as_array().unwrap().iter();
        let lane = |it: &Value| it["lane"].as_str().unwrap().to_owned();
        lanes.map(|it| (lane(it), it["running"].as_u64().unwrap())).collect()
    }
}

#[tokio::test]
async fn a_lane_without_its_provider_is_answered_by_nobody_else() {
    let group = Group {
        lanes: vec![weighted("nope/m", None)],
        fallbacks: vec!["nowhere".to_owned()],
        ..Group::default()
    };
    let mut address = String::new();
    let easel = Easel::start_with(|config| {
        address.clone_from(&config.endpoints[0].base_url);
        config.groups = Groups::from([("g".to_owned(), group)]);
    })
    .await;
    let refused = post(&easel, "/v1/chat/completions", "g", "hi", false).await;
    assert_eq!(refused.status, 404);
    let message = refused.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("There is no provider `nope` for `nope/m`"), "{message}");
    assert!(easel.upstream.asked().is_empty(), "nobody was asked");

    // It can be added while the proxy runs.
    let saved = json!({ "kind": "openai-compatible", "base_url": address, "key": KEY });
    let set = easel.app("PUT", "/app/providers/nope", &saved).await;
    assert!(set.status.is_success(), "{}", set.text());
    assert_eq!(post(&easel, "/v1/chat/completions", "g", "hi", false).await.status, 200);
}

/// Begins a streamed reply, and waits for the first of it.
async fn begin(easel: &Easel, model: &str, prompt: &str) -> Response<Incoming> {
    let mut response = begin_at(easel, CHAT, model, prompt).await;
    crate::easel::read_until(&mut response, "data").await;
    response
}

async fn begin_at(easel: &Easel, path: &str, model: &str, prompt: &str) -> Response<Incoming> {
    let host = format!("127.0.0.1:{}", easel.address.port());
    let headers = [("x-api-key", easel.token.as_str()), ("content-type", "application/json")];
    let body = body(model, prompt, true).to_string();
    let ask = Ask { method: "POST", path, headers: &headers, body: &body };
    easel.send(&host, ask).await
}

/// A group of two lanes that bear so much.
async fn grouped(strategy: Strategy, rpm: [Option<u64>; 2]) -> Easel {
    let lanes = ["recorded/a", "claude/b"].into_iter().zip(rpm);
    let group = Group {
        lanes: lanes.map(|(it, rpm)| weighted(it, rpm)).collect(),
        strategy,
        ..Group::default()
    };
    Easel::start_with(|config| config.groups = Groups::from([("group".to_owned(), group)])).await
}

fn weighted(lane: &str, rpm: Option<u64>) -> Weighted {
    let limits = LaneLimits { requests: rpm, tokens: None };
    Weighted { lane: Lane::parse(lane).unwrap(), weight: 1, limits }
}

async fn start() -> Easel {
    let both = Group {
        lanes: vec![weighted("recorded/first", None)],
        fallbacks: vec!["claude/second".to_owned()],
        ..Group::default()
    };
    Easel::start_with(|config| config.groups = Groups::from([("both".to_owned(), both)])).await
}

fn body(model: &str, prompt: &str, stream: bool) -> Value {
    json!({
        "model": model,
        "max_tokens": 1000,
        "stream": stream,
        "messages": [{ "role": "user", "content": prompt }],
    })
}

async fn post(easel: &Easel, path: &str, model: &str, prompt: &str, stream: bool) -> Answer {
    let headers = [("x-api-key", easel.token.as_str()), ("content-type", "application/json")];
    let host = format!("127.0.0.1:{}", easel.address.port());
    let body = match path {
        "/v1/embeddings" => json!({ "model": model, "input": prompt }),
        _ => body(model, prompt, stream),
    };
    let body = body.to_string();
    easel.ask(&host, Ask { method: "POST", path, headers: &headers, body: &body }).await
}
