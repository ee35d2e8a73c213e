//! A turn of the app, through both dialects and through scripts, and everything that goes wrong.

use std::time::{Duration, Instant};

use expect_test::{Expect, expect};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    easel::{Easel, log, until},
    lag::within,
};

/// From a client's leaving to the end of the provider's work for it.
pub const PROMPT: Duration = Duration::from_millis(100);

#[tokio::test]
async fn the_main_job_runs_through_both_dialects() {
    let easel = Easel::start().await;
    for model in ["recorded/recorded-model", "claude/claude-recorded"] {
        let first = turn(&easel, model, "Make a page").await;
        let (thought, text, calls) = parts(&first);
        assert_eq!(
            (thought.trim(), text.trim()),
            ("The page needs a heading.", "I write the page.")
        );
        let (id, tool, arguments) = &calls[0];
        assert_eq!(tool, "write");
        let arguments: Value = serde_json::from_str(arguments).unwrap();
        assert_eq!(arguments["path"], "index.html");
        assert_eq!(first.last().unwrap(), &json!({ "type": "finish", "reason": "tool_use" }));
        assert_eq!(usage(&first)["input_tokens"], 400);
        assert_eq!(usage(&first)["cache_read_tokens"], 500);

        let opaque =
            first.iter().find(|it| it["type"] == "reasoning-end").unwrap()["opaque"].clone();
        let mut request = ask(model, "Make a page");
        let messages = request["messages"].as_array_mut().unwrap();
        messages.push(json!({ "role": "assistant", "blocks": [
            { "type": "reasoning", "text": thought, "opaque": opaque },
            { "type": "tool_call", "call": id, "tool": tool, "arguments": arguments.to_string() },
        ]}));
        messages.push(json!({ "role": "user", "blocks": [
            { "type": "tool_result", "call": id, "output": "written", "failed": false },
        ]}));
        let second = events(&easel, &request).await;
        assert_eq!(parts(&second).1.trim(), "The page is written – with a heading.");
        assert_eq!(second.last().unwrap(), &json!({ "type": "finish", "reason": "end_of_turn" }));
    }
    let asked = easel.upstream.asked();
    let paths: Vec<_> = asked.iter().map(|it| it["path"].as_str().unwrap()).collect();
    assert_eq!(
        paths,
        ["/v1/chat/completions", "/v1/chat/completions", "/v1/messages", "/v1/messages"]
    );
    // Thoughts go back as they came, signature and all.
    let openai = &asked[1]["body"]["messages"][2];
    assert_eq!(openai["reasoning_content"], "The page needs a heading. ");
    let anthropic = &asked[3]["body"]["messages"][1]["content"][0];
    assert_eq!(
        anthropic,
        &json!({ "type": "thinking", "thinking": "The page needs a heading. ", "signature": "cmVjb3JkZWQ=" })
    );
}

#[tokio::test]
async fn a_provider_that_refuses_is_told_by_what_to_do() {
    let easel = Easel::start().await;
    for model in ["recorded/recorded-model", "claude/claude-recorded"] {
        // A model each, so that none is left alone for the failures of the others.
        let refused = async |prompt: &'static str| {
            refused(&easel, &format!("{model}-{}", prompt.replace(' ', "-")), prompt).await
        };
        check(
            refused("rate limit").await,
            &expect![[
                r#"429 retry-after "7" {"code":"busy","message":"The provider is busy or limits how often you may ask: slow down","retry_after_secs":7}"#
            ]],
        );
        check(
            refused("fail").await,
            &expect![[
                r#"502 retry-after "" {"code":"provider_failed","message":"The provider failed on its side: it broke at …"}"#
            ]],
        );
        check(
            refused("too much").await,
            &expect![[
                r#"413 retry-after "" {"code":"prompt_too_long","message":"The prompt is too long for this model: prompt is too long: 9 tokens > 8 maximum"}"#
            ]],
        );
        check(
            refused("unlucky").await,
            &expect![[
                r#"502 retry-after "" {"code":"provider_failed","message":"The provider failed on its side: no luck"}"#
            ]],
        );
        check(
            refused("quote the key").await,
            &expect![[
                r#"502 retry-after "" {"code":"provider_failed","message":"The provider failed on its side: your key is …"}"#
            ]],
        );
    }
}

#[tokio::test]
async fn a_wrong_key_is_told_and_never_repeated() {
    let easel = Easel::start_with(|config| {
        for endpoint in &mut config.endpoints {
            endpoint.key = Some(easel_proxy::keys::Secret::new("sk-very-secret-0123456789"));
        }
    })
    .await;
    for model in ["recorded/m", "claude/m"] {
        check(
            refused(&easel, model, "hi").await,
            &expect![[
                r#"502 retry-after "" {"code":"bad_key","message":"The provider refused the key; whoever runs this proxy can enter another one in Settings or easel.toml"}"#
            ]],
        );
    }
    let providers = easel.app("GET", "/app/providers", &Value::Null).await.text();
    assert!(!providers.contains("secret") && !log().contains("very-secret"));
}

#[tokio::test]
async fn a_stream_that_breaks_ends_in_an_error() {
    let easel = Easel::start().await;
    for model in ["recorded/recorded-model", "claude/claude-recorded"] {
        for (prompt, expected) in [
            ("cut", "The provider's answer broke off in the middle"),
            ("garbage", "The provider's answer could not be read"),
        ] {
            let events = turn(&easel, model, prompt).await;
            let last = events.last().unwrap();
            assert_eq!(last["code"], "cut_off", "{last}");
            assert_eq!(last["message"], expected);
            assert_eq!(last["request_id"].as_str().unwrap().len(), 16);
            let n = |kind: &str| events.iter().filter(|it| it["type"] == kind).count();
            assert_eq!(n("tool-call-start"), n("tool-call-end"));
        }
    }
}

#[tokio::test]
async fn a_provider_that_falls_silent_is_given_up() {
    let easel = Easel::start_with(|config| config.idle = Duration::from_millis(300)).await;
    let events = turn(&easel, "recorded/recorded-model", "silent").await;
    let last = events.last().unwrap();
    assert_eq!(last["message"], "The provider fell silent in the middle of its answer");
    let upstream = easel.upstream.clone();
    until("the stream is closed", || async { upstream.n_open() == 0 }).await;
}

#[tokio::test]
async fn a_provider_that_is_not_there_is_told_in_words() {
    let easel = Easel::start_with(|config| {
        config.endpoints[0].base_url = "http://127.0.0.1:1".to_owned();
        config.endpoints[1].base_url = "http://no-such-host.invalid".to_owned();
    })
    .await;
    check(
        refused(&easel, "recorded/m", "hi").await,
        &expect![[
            r#"502 retry-after "" {"code":"unreachable","message":"`recorded` cannot be reached: nothing listens at its address; is it running?"}"#
        ]],
    );
    check(
        refused(&easel, "claude/m", "hi").await,
        &expect![[
            r#"502 retry-after "" {"code":"unreachable","message":"`claude` cannot be reached: its host is not known; check the address and the network"}"#
        ]],
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_the_key() {
    let easel = Easel::start_with(|config| config.endpoints[0].base_url += "/moved").await;
    let report = easel.app("POST", "/app/providers/recorded/test", &Value::Null).await.json();
    assert_eq!(report["failed"], "provider");
    assert_eq!(report["message"], "`recorded` has moved; enter its new address");
}

#[tokio::test]
async fn whoever_leaves_takes_the_providers_request_along() {
    let easel = Easel::start().await;
    for path in ["/app/turn", "/v1/chat/completions"] {
        let body = match path {
            "/app/turn" => ask("recorded/recorded-model", "slow"),
            _ => chat(true),
        };
        let mut response = easel.app_stream("POST", path, &body).await;
        response.body_mut().frame().await.unwrap().unwrap();
        assert_eq!(easel.upstream.n_open(), 1);
        drop(response);
        let is_closed = || easel.upstream.n_open() == 0;
        within(PROMPT, "the provider's stream is closed", is_closed).await;
    }
}

#[tokio::test]
async fn whoever_leaves_before_the_answer_takes_the_request_along_too() {
    let easel = Easel::start().await;
    let body = chat(false);
    let asked = easel.app_stream("POST", "/v1/chat/completions", &body);
    // Not streamed: nothing arrives before the end.
    timeout(Duration::from_millis(700), asked).await.unwrap_err();
    let is_closed = || easel.upstream.n_open() == 0;
    within(PROMPT, "the provider's request is closed", is_closed).await;
    assert_eq!(easel.upstream.asked().len(), 1);
}

#[tokio::test]
async fn a_script_plays_in_its_own_time() {
    let scripts = tempfile::tempdir().unwrap();
    let text = "when wait\ntext One.\npause 400\ntext Two.\nwhen busy\nerror busy 3\nwhen late\ntext One.\npause 50\nerror busy 3\n";
    std::fs::write(scripts.path().join("mine.script"), text).unwrap();
    let path = scripts.path().to_owned();
    let easel = Easel::start_with(|config| config.scripts = Some(path)).await;
    let began = Instant::now();
    let mut response = easel.app_stream("POST", "/app/turn", &ask("script/mine", "wait")).await;
    let first = response.body_mut().frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(first, "{\"type\":\"text-delta\",\"text\":\"One.\"}\n");
    assert!(began.elapsed() < Duration::from_millis(300));
    response.into_body().collect().await.unwrap();
    assert!(began.elapsed() >= Duration::from_millis(400));

    check(
        refused(&easel, "script/mine", "busy").await,
        &expect![[
            r#"429 retry-after "3" {"code":"busy","message":"The script says that this fails","retry_after_secs":3}"#
        ]],
    );
    let late = turn(&easel, "script/mine", "late").await;
    assert_eq!(late.last().unwrap()["code"], "busy");
}

#[tokio::test]
async fn nonsense_is_refused_with_a_reason() {
    let easel = Easel::start().await;
    let answer = async |body: Value| easel.app("POST", "/app/turn", &body).await;
    let unreadable = answer(json!({ "model": 7 })).await;
    assert_eq!(unreadable.status, 400);
    assert!(
        unreadable.json()["message"].as_str().unwrap().starts_with("The request cannot be read")
    );
    assert_eq!(answer(ask("script/none", "hi")).await.json()["code"], "unknown_model");
    let huge = "x".repeat(33 << 20);
    let refused = answer(json!({ "model": huge })).await;
    assert_eq!(refused.status, 413);
    assert_eq!(refused.json()["code"], "too_large");
    let message = refused.json()["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("The request is larger than 32 MB; send less"), "{message}");
    assert!(message.contains("`body-mb`"), "{message}");
}

async fn refused(easel: &Easel, model: &str, prompt: &str) -> String {
    let answer = easel.app("POST", "/app/turn", &ask(model, prompt)).await;
    let mut body = answer.json();
    assert_eq!(body["request_id"], answer.header("x-request-id"));
    body.as_object_mut().unwrap().remove("request_id");
    format!("{} retry-after {:?} {body}", answer.status.as_u16(), answer.header("retry-after"))
}

#[track_caller]
fn check(text: String, expected: &Expect) {
    expected.assert_eq(&text);
}

async fn turn(easel: &Easel, model: &str, prompt: &str) -> Vec<Value> {
    events(easel, &ask(model, prompt)).await
}

async fn events(easel: &Easel, request: &Value) -> Vec<Value> {
    let answer = easel.app("POST", "/app/turn", request).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    let lines = answer.text();
    lines.lines().filter(|it| !it.is_empty()).map(|it| serde_json::from_str(it).unwrap()).collect()
}

/// Returns the thought, the text, and the calls as id, tool and arguments.
fn parts(events: &[Value]) -> (String, String, Vec<(String, String, String)>) {
    let (mut thought, mut text, mut calls) = (String::new(), String::new(), Vec::new());
    for event in events {
        let field = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        match event["type"].as_str().unwrap() {
            "reasoning" => thought += &field("text"),
            "text-delta" => text += &field("text"),
            "tool-call-start" => calls.push((field("call"), field("tool"), String::new())),
            "tool-call-delta" => calls.last_mut().unwrap().2 += &field("json"),
            _ => {}
        }
    }
    (thought, text, calls)
}

fn usage(events: &[Value]) -> &Value {
    events.iter().find(|it| it["type"] == "usage").unwrap()
}

fn chat(stream: bool) -> Value {
    json!({
        "model": "recorded/recorded-model",
        "stream": stream,
        "messages": [{ "role": "user", "content": "slow" }],
    })
}

pub fn ask(model: &str, prompt: &str) -> Value {
    json!({
        "model": model,
        "system": ["Be brief."],
        "messages": [{ "role": "user", "blocks": [{ "type": "text", "text": prompt }] }],
        "max_output_tokens": 1000,
    })
}
