//! Each dialect at the proxy's doors against each provider behind it.

use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use wire::ProviderKind;

use crate::{
    easel::{Answer, Ask, Easel},
    lag::within,
    turns::PROMPT,
};

const PAIRED: [(&str, &str); 2] = [
    ("/v1/chat/completions", "recorded/recorded-model"),
    ("/v1/messages", "claude/claude-recorded"),
];

#[tokio::test]
async fn the_same_dialect_on_both_sides_is_the_same_bytes() {
    let easel = Easel::start().await;
    for (path, model) in PAIRED {
        let mut body = ask(path, model, true);
        body["field_of_tomorrow"] = json!({ "z": 1, "a": [2] });
        let stream = post(&easel, path, &body).await;
        assert_eq!(stream.text(), recording(path, "write.sse"), "{path}");
        body["stream"] = false.into();
        let whole = post(&easel, path, &body).await;
        assert_eq!(whole.text(), recording(path, "write.json"), "{path}");
        for asked in easel.upstream.asked().iter().rev().take(2) {
            assert_eq!(asked["body"]["field_of_tomorrow"], json!({ "z": 1, "a": [2] }));
            assert_eq!(asked["body"]["model"], model.split_once('/').unwrap().1);
        }
    }
}

/// A client of OpenAI's that keeps nothing of a reply but its text and its calls.
#[tokio::test]
async fn signed_thoughts_come_back_by_the_id_of_a_call() {
    let easel = Easel::start().await;
    let (path, model) = (PAIRED[0].0, PAIRED[1].1);
    for stream in [false, true] {
        let mut body = ask(path, model, stream);
        let answer = post(&easel, path, &body).await.text();
        let at = answer.find("\"id\":\"toolu_").unwrap() + 6;
        let id = &answer[at..at + answer[at..].find('"').unwrap()];
        assert!(id.contains("_eh"), "{id}");
        let function = json!({ "name": "write", "arguments": "{}" });
        let call = json!({ "id": id, "type": "function", "function": function });
        let messages = body["messages"].as_array_mut().unwrap();
        messages.push(json!({ "role": "assistant", "content": "I write.", "tool_calls": [call] }));
        messages.push(json!({ "role": "tool", "tool_call_id": id, "content": "written" }));
        assert_eq!(post(&easel, path, &body).await.status, 200);
        let asked = easel.upstream.asked().pop().unwrap();
        let said = asked["body"]["messages"][1]["content"].as_array().unwrap();
        let kinds: Vec<&str> = said.iter().map(|it| it["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["thinking", "text", "tool_use"], "{asked}");
        assert_eq!(said[0]["signature"], "cmVjb3JkZWQ=");
        let own = id.split("_eh").next().unwrap();
        assert_eq!(said[2]["id"], own);
        assert_eq!(asked["body"]["messages"][2]["content"][0]["tool_use_id"], own);
    }
}

#[tokio::test]
async fn usage_that_nobody_asked_for_stays_here() {
    let easel = Easel::start().await;
    let (path, model) = PAIRED[0];
    let mut body = ask(path, model, true);
    body.as_object_mut().unwrap().remove("stream_options");
    let text = post(&easel, path, &body).await.text();
    assert!(!text.contains("prompt_tokens"), "{text}");
    let chunks = |text: &str| text.matches("data: ").count();
    assert_eq!(chunks(&text), chunks(&recording(path, "write.sse")) - 1);
    assert!(text.ends_with("data: [DONE]\n\n"));
    let asked = easel.upstream.asked().pop().unwrap();
    assert_eq!(asked["body"]["stream_options"], json!({ "include_usage": true }));
}

#[tokio::test]
async fn each_dialect_is_answered_by_the_others_provider() {
    let easel = Easel::start().await;
    let chat = post(&easel, PAIRED[0].0, &ask(PAIRED[0].0, PAIRED[1].1, false)).await.json();
    let message = &chat["choices"][0]["message"];
    assert_eq!(message["content"], "I write the page. ");
    assert_eq!(message["thinking_blocks"][0]["signature"], "cmVjb3JkZWQ=");
    assert_eq!(chat["choices"][0]["finish_reason"], "tool_calls");

    let claude = post(&easel, PAIRED[1].0, &ask(PAIRED[1].0, PAIRED[0].1, false)).await.json();
    let kinds: Vec<&str> = claude["content"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["thinking", "text", "tool_use"]);
    assert_eq!(claude["stop_reason"], "tool_use");
    assert_eq!(claude["usage"]["cache_read_input_tokens"], 500);
    let input = &claude["content"][2]["input"];
    assert_eq!(input["path"], "index.html");

    // What came in one piece comes in pieces too, and back to the provider as it was.
    let stream = post(&easel, PAIRED[1].0, &ask(PAIRED[1].0, PAIRED[0].1, true)).await.text();
    assert!(stream.starts_with("event: message_start\n"), "{stream}");
    assert!(stream.ends_with("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"));
    let mut next = ask(PAIRED[1].0, PAIRED[0].1, false);
    let call = claude["content"][2]["id"].clone();
    next["messages"].as_array_mut().unwrap().extend([
        json!({ "role": "assistant", "content": claude["content"] }),
        json!({ "role": "user", "content": [{ "type": "tool_result", "tool_use_id": call, "content": "done" }] }),
    ]);
    let end = post(&easel, PAIRED[1].0, &next).await.json();
    assert_eq!(end["stop_reason"], "end_turn");
    let asked = easel.upstream.asked().pop().unwrap();
    let said = &asked["body"]["messages"][1];
    assert_eq!(said["reasoning_content"], "The page needs a heading. ");
    assert_eq!(said["tool_calls"][0]["function"]["arguments"], input.to_string());
}

#[tokio::test]
async fn whatever_breaks_ends_in_the_dialects_own_error() {
    let easel = Easel::start().await;
    for (path, _) in PAIRED {
        for (_, model) in PAIRED {
            for (prompt, code, kind) in
                [("cut", "stream_cut_off", "api_error"), ("garbage", "stream_cut_off", "api_error")]
            {
                let mut body = ask(path, model, true);
                body["messages"][0]["content"] = prompt.into();
                let text = post(&easel, path, &body).await.text();
                let last = text.trim_end().rsplit("data: ").next().unwrap();
                let error: Value = serde_json::from_str(last).unwrap();
                let found = match path {
                    "/v1/messages" => error["error"]["type"] == kind,
                    _ => error["error"]["code"] == code,
                };
                assert!(found, "{path} {model} {prompt}: {text}");
                assert!(!text.contains("[DONE]") && !text.contains("message_stop"), "{text}");
            }
            let mut body = ask(path, model, false);
            body["messages"][0]["content"] = "cut".into();
            assert_eq!(post(&easel, path, &body).await.status, 502);
        }
    }
    let refused =
        post(&easel, "/v1/messages", &json!({ "model": "recorded/x", "messages": [] })).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["type"]), (400, &json!("error")));
}

#[tokio::test]
async fn whoever_leaves_takes_the_provider_along() {
    let easel = Easel::start().await;
    for (path, model, stream) in PAIRED
        .iter()
        .flat_map(|(path, _)| PAIRED.map(|it| (*path, it.1)))
        .flat_map(|(path, model)| [(path, model, true), (path, model, false)])
    {
        let mut body = ask(path, model, stream);
        body["messages"][0]["content"] = "slow".into();
        let asking = post(&easel, path, &body);
        let left = tokio::time::timeout(std::time::Duration::from_millis(500), asking).await;
        assert!(left.is_err(), "{path} {model}: it was slow enough to leave");
        let what = format!("{path} {model} stream {stream}: the provider's work is over");
        within(PROMPT, &what, || easel.upstream.n_open() == 0).await;
    }
}

#[tokio::test]
async fn each_door_answers_in_its_dialect() {
    let easel = Easel::start().await;
    let hi = json!([{ "role": "user", "content": "hi" }]);
    let model = "recorded%2Fm";
    for (path, body, mark) in [
        (
            "/v1/responses",
            json!({ "model": "recorded/m", "input": "hi" }),
            "\"object\":\"response\"",
        ),
        (
            &format!("/v1beta/models/{model}:generateContent"),
            json!({ "contents": [{ "role": "user", "parts": [{ "text": "hi" }] }] }),
            "\"candidates\":[",
        ),
        (
            &format!("/v1/models/{model}:generateContent"),
            json!({ "contents": [{ "role": "user", "parts": [{ "text": "hi" }] }] }),
            "\"candidates\":[",
        ),
        (
            &format!("/model/{model}/converse"),
            json!({ "messages": [{ "role": "user", "content": [{ "text": "hi" }] }] }),
            "\"stopReason\":\"tool_use\"",
        ),
        (
            "/api/chat",
            json!({ "model": "recorded/m", "messages": hi, "stream": false }),
            "\"done\":true",
        ),
    ] {
        let answer = post(&easel, path, &body).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert_eq!(answer.header("content-type"), "application/json", "{path}");
        assert!(answer.text().contains(mark), "{path}: {}", answer.text());
        assert!(answer.text().contains("I write the page. "), "{path}: {}", answer.text());
    }
    // This one streams unless it is told not to.
    let lines = post(&easel, "/api/chat", &json!({ "model": "recorded/m", "messages": hi })).await;
    assert_eq!(lines.header("content-type"), "application/x-ndjson");
    assert!(lines.text().lines().count() > 3, "{}", lines.text());
    let events = post(
        &easel,
        &format!("/v1beta/models/{model}:streamGenerateContent?alt=sse"),
        &json!({ "contents": [{ "role": "user", "parts": [{ "text": "hi" }] }] }),
    )
    .await;
    assert_eq!(events.header("content-type"), "text/event-stream");
    let refused = post(&easel, "/model/none/converse", &json!({ "messages": 7 })).await;
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert_eq!(refused.header("x-amzn-errortype"), "ValidationException");
}

#[tokio::test]
async fn tokens_are_counted_by_the_provider_or_estimated_and_said_so() {
    let easel = Easel::start().await;
    let path = "/v1/messages/count_tokens";
    let told = post(&easel, path, &ask("/v1/messages", "claude/m", false)).await;
    assert_eq!(
        (told.json(), told.header("x-easel-estimated")),
        (json!({ "input_tokens": 42 }), "")
    );
    let guessed = post(&easel, path, &ask("/v1/messages", "recorded/m", false)).await;
    assert!(guessed.json()["input_tokens"].as_u64().unwrap() > 10);
    assert_eq!(guessed.header("x-easel-estimated"), "true");
}

/// Each door with a provider of its own dialect, and a prompt that is answered slowly.
pub fn slow_pairs() -> Vec<(ProviderKind, &'static str, Value)> {
    let parts = json!([{ "role": "user", "parts": [{ "text": "slow" }] }]);
    let blocks = json!([{ "role": "user", "content": [{ "text": "slow" }] }]);
    let input = json!({ "model": "v/m", "stream": true, "input": "slow" });
    let mut chat = ask("/v1/chat/completions", "v/m", true);
    chat["messages"][0]["content"] = "slow".into();
    let mut messages = ask("/v1/messages", "v/m", true);
    messages["messages"][0]["content"] = "slow".into();
    let gemini = "/v1beta/models/v%2Fm:streamGenerateContent?alt=sse";
    let converse = "/model/v%2Fm/converse-stream";
    vec![
        (ProviderKind::OpenaiCompatible, "/v1/chat/completions", chat.clone()),
        (ProviderKind::Anthropic, "/v1/messages", messages),
        (ProviderKind::OpenaiResponses, "/v1/responses", input),
        (ProviderKind::Gemini, gemini, json!({ "contents": parts })),
        (ProviderKind::Bedrock, converse, json!({ "messages": blocks })),
        (ProviderKind::Ollama, "/api/chat", chat),
    ]
}

#[tokio::test]
async fn what_goes_through_does_not_wait_for_the_end() {
    for (kind, path, body) in slow_pairs() {
        let easel = Easel::start_with(|config| {
            config.endpoints.truncate(1);
            config.endpoints[0].id = "v".to_owned();
            config.endpoints[0].kind = kind;
        })
        .await;
        let mut response = easel.app_stream("POST", path, &body).await;
        assert_eq!(response.status(), 200, "{path}");
        response.body_mut().frame().await.unwrap().unwrap();
        assert_eq!(easel.upstream.n_open(), 1, "{path}: the reply is still under way");
    }
}

#[tokio::test]
async fn a_provider_that_only_ever_comments_fills_no_memory() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
        connection.write_all(head.as_bytes()).await.unwrap();
        // Until the proxy has had enough.
        while connection.write_all(&b": thinking\n\n".repeat(1000)).await.is_ok() {}
    });
    let easel = Easel::start_with(|config| {
        config.endpoints[0].base_url = format!("http://{address}");
    })
    .await;
    let (path, model) = PAIRED[0];
    let mut response = easel.app_stream("POST", path, &ask(path, model, true)).await;
    let first = response.body_mut().frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(first.starts_with(b": thinking\n\n: thinking"), "{:?}", &first[..first.len().min(99)]);
}

fn ask(path: &str, model: &str, stream: bool) -> Value {
    let mut body = json!({
        "model": model,
        "max_tokens": 1000,
        "stream": stream,
        "messages": [{ "role": "user", "content": "hi" }],
    });
    if path != "/v1/messages" {
        body["stream_options"] = json!({ "include_usage": true });
    }
    body
}

fn recording(path: &str, name: &str) -> String {
    let folder = if path == "/v1/messages" { "anthropic" } else { "openai" };
    let path = format!("{}/tests/recordings/{folder}/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

async fn post(easel: &Easel, path: &str, body: &Value) -> Answer {
    let headers = [("x-api-key", easel.token.as_str()), ("content-type", "application/json")];
    let host = format!("127.0.0.1:{}", easel.address.port());
    let body = body.to_string();
    easel.ask(&host, Ask { method: "POST", path, headers: &headers, body: &body }).await
}
