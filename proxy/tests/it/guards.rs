//! Limits, prices and filters, from outside: in every dialect, whole and streamed.

use std::time::Duration;

use easel_proxy::{
    config::Limits,
    filters::{Action, Filters, Kind, On, Rule, Sketch},
    outbound::{Bounds, Pattern},
};
use providers::prices::{Own, Prices, Quote};
use serde_json::{Value, json};

use crate::{
    easel::{Answer, Ask, Easel},
    turns::ask,
};

const DOORS: [(&str, &str); 3] =
    [("/v1/chat/completions", "content"), ("/v1/messages", "text"), ("/v1/responses", "text")];

#[tokio::test]
async fn what_is_masked_in_a_reply_reaches_nobody() {
    let easel = filtered(vec![words(&["write the"], On::Replies, Action::Mask)]).await;
    for model in ["recorded/recorded-model", "claude/claude-recorded"] {
        for (path, _) in DOORS {
            for stream in [true, false] {
                let answer = post(&easel, path, model, "hi", stream).await;
                let text = answer.text();
                assert_eq!(answer.status, 200, "{text}");
                // Each word is an event of its own where it streams.
                assert!(
                    text.contains("[words]") && !text.contains("write "),
                    "{path} {model} {text}"
                );
                assert!(text.contains("index.html"), "the call is whole: {text}");
            }
        }
        let turn = easel.app("POST", "/app/turn", &ask(model, "hi")).await.text();
        assert!(turn.contains("[words]") && turn.contains("\"finish\""), "{turn}");
    }
}

#[tokio::test]
async fn hosts_out_of_bounds_are_not_asked() {
    let mut at = String::new();
    let easel = Easel::start_with(|config| {
        at.clone_from(&config.endpoints[0].base_url);
        config.bounds = Bounds::new(vec![Pattern::parse("api.example.org").unwrap()]);
    })
    .await;
    for (path, _) in DOORS {
        let answer = post(&easel, path, "recorded/m", "hi", true).await;
        assert_eq!(answer.status, 404, "{}", answer.text());
        assert!(answer.text().contains("may not ask"), "{}", answer.text());
        assert!(!answer.text().contains(at.strip_prefix("http://").unwrap()), "{}", answer.text());
    }
    let change =
        |base_url: &str| json!({ "kind": "openai-compatible", "base_url": base_url, "models": [] });
    for (base_url, status) in [
        ("http://127.0.0.1:9/v1", 400),
        ("https://api.example.org:8443", 400),
        ("https://api.example.org", 200),
    ] {
        let set = easel.app("PUT", "/app/providers/new", &change(base_url)).await;
        assert_eq!(set.status, status, "{}", set.text());
        assert_eq!(set.text().contains("outbound-hosts"), status == 400, "{}", set.text());
    }
    assert!(easel.upstream.asked().is_empty());
}

#[tokio::test]
async fn what_is_masked_in_a_request_reaches_no_provider() {
    let rule = rule(|it| {
        it.kinds = vec![Kind::Email, Kind::CreditCard];
        it.on = On::Requests;
    });
    let easel = filtered(vec![rule]).await;
    for (n, (path, _)) in DOORS.iter().enumerate() {
        let prompt = "I am a@b.example and pay with 4111 1111 1111 1111";
        assert_eq!(post(&easel, path, "recorded/m", prompt, true).await.status, 200);
        let asked = easel.upstream.asked()[n]["body"].to_string();
        assert!(asked.contains("I am [email] and pay with [credit-card]"), "{asked}");
    }
    let body = json!({ "model": "recorded/e", "input": ["x", "mail a@b.example"] }).to_string();
    assert_eq!(send(&easel, "/v1/embeddings", &body).await.status, 200);
    assert_eq!(easel.upstream.asked().last().unwrap()["body"]["input"][1], "mail [email]");
    // What may not go there is not counted there, either: 42 is what the provider says.
    let body =
        json!({ "model": "claude/m", "messages": [{ "role": "user", "content": "a@b.example" }] });
    let counted = send(&easel, "/v1/messages/count_tokens", &body.to_string()).await;
    assert_eq!(counted.header("x-easel-estimated"), "true", "{}", counted.text());
}

#[tokio::test]
async fn what_is_blocked_is_refused_in_the_askers_dialect() {
    let easel = filtered(vec![words(&["attack plan"], On::Requests, Action::Block)]).await;
    for (path, code) in [
        ("/v1/chat/completions", "/error/code"),
        ("/v1/responses", "/error/code"),
        ("/v1/messages", "/error/type"),
    ] {
        let answer = post(&easel, path, "recorded/m", "The ATTACK  plan", true).await;
        assert_eq!(answer.status, 400);
        let body = answer.json();
        let expected =
            if path == "/v1/messages" { "invalid_request_error" } else { "content_filtered" };
        assert_eq!(body.pointer(code).unwrap(), expected, "{body}");
        assert!(body.to_string().contains("the filter `words`"), "{body}");
    }
    assert_eq!(easel.upstream.asked(), Vec::<Value>::new());
    assert_eq!(post(&easel, "/v1/messages", "recorded/m", "no plan", true).await.status, 200);
}

#[tokio::test]
async fn a_blocked_reply_ends_and_its_provider_is_left() {
    let easel = filtered(vec![words(&["write the"], On::Replies, Action::Block)]).await;
    for (path, _) in DOORS {
        let streamed = post(&easel, path, "claude/m", "slow", true).await.text();
        assert!(
            streamed.contains("The reply held") && !streamed.contains("index.html"),
            "{streamed}"
        );
        let whole = post(&easel, path, "claude/m", "hi", false).await;
        assert_eq!(whole.status, 400, "{}", whole.text());
    }
    crate::easel::until("all streams are closed", || async { easel.upstream.n_open() == 0 }).await;
}

#[tokio::test]
async fn who_is_not_meant_gets_the_providers_own_bytes() {
    let rule = rule(|it| {
        it.keywords = vec!["write the".to_owned()];
        it.models = vec!["claude/*".to_owned()];
    });
    let easel = filtered(vec![rule]).await;
    let text = post(&easel, "/v1/chat/completions", "recorded/m", "hi", true).await.text();
    assert!(text.contains("\"id\": \"chatcmpl-1\""), "as the provider spells it: {text}");
}

#[tokio::test]
async fn a_body_has_a_size_and_a_depth() {
    let easel = Easel::start_with(|config| {
        config.limits = Limits { body_bytes: 1 << 20, depth: 12, ..Limits::default() };
    })
    .await;
    let deep = |n: usize| {
        let nested = format!("{}{}", "[".repeat(n), "]".repeat(n));
        format!(
            r#"{{"model":"recorded/m","max_tokens":9,"messages":[{{"role":"user","content":"hi"}}],"metadata":{{"user_id":"[[[[[[[[[[[[[","x":{nested}}}}}"#
        )
    };
    for (path, _) in DOORS {
        let refused = send(&easel, path, &deep(11)).await;
        assert_eq!(refused.status, 400);
        assert!(refused.text().contains("nests deeper than 12 levels"), "{}", refused.text());
        let large = format!(r#"{{"model":"{}"}}"#, "x".repeat(1 << 20));
        let refused = send(&easel, path, &large).await;
        assert_eq!(refused.status, 413);
        assert!(refused.text().contains("larger than 1 MB"), "{}", refused.text());
    }
    assert_eq!(send(&easel, "/v1/chat/completions", &deep(10)).await.status, 200);
    let endless = "[".repeat(900_000);
    assert_eq!(send(&easel, "/v1/chat/completions", &endless).await.status, 400);
}

#[tokio::test]
async fn a_reply_that_takes_too_long_ends_in_an_error() {
    let easel = Easel::start_with(|config| {
        config.limits.total = Some(Duration::from_secs(1));
    })
    .await;
    for model in ["recorded/m", "claude/m"] {
        for (path, _) in DOORS {
            let streamed = post(&easel, path, model, "slow", true).await.text();
            assert!(streamed.contains("longer than the 1 s"), "{path} {model}: {streamed}");
        }
    }
    let whole = post(&easel, "/v1/messages", "recorded/m", "slow", false).await;
    assert_eq!(whole.status, 502);
    assert!(whole.text().contains("longer than the 1 s"), "{}", whole.text());
    crate::easel::until("all are closed", || async { easel.upstream.n_open() == 0 }).await;
}

#[tokio::test]
async fn how_often_one_tries_is_said_by_whoever_configures() {
    let easel = Easel::start_with(|config| config.limits.lanes.retries = 0).await;
    assert_eq!(post(&easel, "/v1/messages", "recorded/m", "fail", false).await.status, 502);
    assert_eq!(easel.upstream.asked().len(), 1);
}

#[tokio::test]
async fn ones_own_price_is_what_a_reply_costs() {
    let quote = |dollars: u64| Quote {
        input: Some(dollars * 1_000_000_000),
        output: Some(2 * dollars * 1_000_000_000),
        ..Quote::default()
    };
    let own = Own {
        provider: "recorded".to_owned(),
        model: "recorded-*".to_owned(),
        effective_from: None,
        price: quote(7).into(),
    };
    let easel = Easel::start_with(|config| config.prices = Prices::new(vec![own])).await;
    let turn = easel.app("POST", "/app/turn", &ask("recorded/recorded-model", "hi")).await.text();
    // 900 tokens in, 120 out.
    let cost = 900 * 7_000 + 120 * 14_000;
    assert!(turn.contains(&format!("\"cost_nano\":{cost}")), "{turn}");
    let models = easel.app("GET", "/app/models", &Value::Null).await.json();
    let model = |id: &str| models.as_array().unwrap().iter().find(|it| it["id"] == id).cloned();
    assert_eq!(model("recorded/recorded-model").unwrap()["input_price_nano"], 7_000);
    assert_eq!(model("claude/recorded-model").unwrap()["input_price_nano"], Value::Null);
}

fn words(keywords: &[&str], on: On, action: Action) -> Rule {
    rule(|it| {
        it.name = "words".to_owned();
        it.keywords = keywords.iter().map(|it| (*it).to_owned()).collect();
        it.on = on;
        it.action = action;
    })
}

fn rule(change: impl FnOnce(&mut Sketch)) -> Rule {
    let mut sketch = Sketch {
        name: "rule".to_owned(),
        on: On::Both,
        models: Vec::new(),
        keywords: Vec::new(),
        pattern: None,
        kinds: Vec::new(),
        action: Action::Mask,
        mask: None,
    };
    change(&mut sketch);
    Rule::new(sketch).unwrap()
}

async fn filtered(rules: Vec<Rule>) -> Easel {
    Easel::start_with(|config| config.filters = Filters::new(rules)).await
}

async fn post(easel: &Easel, path: &str, model: &str, prompt: &str, stream: bool) -> Answer {
    let messages = if path == "/v1/responses" { "input" } else { "messages" };
    let limit = if path == "/v1/responses" { "max_output_tokens" } else { "max_tokens" };
    let body = json!({
        "model": model,
        limit: 1000,
        "stream": stream,
        messages: [{ "role": "user", "content": prompt }],
    });
    send(easel, path, &body.to_string()).await
}

async fn send(easel: &Easel, path: &str, body: &str) -> Answer {
    let headers = [("x-api-key", easel.token.as_str()), ("content-type", "application/json")];
    let host = format!("127.0.0.1:{}", easel.address.port());
    easel.ask(&host, Ask { method: "POST", path, headers: &headers, body }).await
}
