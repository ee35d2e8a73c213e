//! Other programs at `/v1`: with a key of their own, in OpenAI's dialect, errors included.

use easel_proxy::keys::Clients;
use serde_json::{Value, json};

use crate::easel::{Answer, Ask, Easel};

#[tokio::test]
async fn a_client_with_its_own_key_is_served_and_only_at_v1() {
    let folder = tempfile::tempdir().unwrap();
    let key = Clients::read(folder.path()).unwrap().add("editor").unwrap();
    let data = folder.path().to_owned();
    let easel = Easel::start_with(|config| config.data = data).await;
    let answer = chat(&easel, key.expose(), &body("recorded/recorded-model", "hi", false)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let bearer = format!("Bearer {}", key.expose());
    let headers = [("authorization", bearer.as_str())];
    assert_eq!(easel.ask(&easel.home(), Ask::get("/v1/models", &headers)).await.status, 200);
    assert_eq!(easel.ask(&easel.home(), Ask::get("/app/models", &headers)).await.status, 401);
    let wrong = format!("{}x", key.expose());
    assert_eq!(chat(&easel, &wrong, &body("m", "hi", false)).await.status, 401);
}

#[tokio::test]
async fn streamed_and_whole_say_the_same() {
    let easel = Easel::start().await;
    for model in ["recorded/recorded-model", "claude/claude-recorded"] {
        let whole = chat(&easel, &easel.token, &body(model, "hi", false)).await.json();
        let message = &whole["choices"][0]["message"];
        assert_eq!(whole["choices"][0]["finish_reason"], "tool_calls");
        assert_eq!(message["content"], "I write the page. ");
        assert_eq!(whole["usage"]["prompt_tokens"], 900);
        assert_eq!(whole["usage"]["completion_tokens"], 120);

        let streamed = chat(&easel, &easel.token, &body(model, "hi", true)).await;
        assert_eq!(streamed.header("content-type"), "text/event-stream");
        let text = streamed.text();
        let events: Vec<&str> =
            text.split("\n\n").filter_map(|it| it.strip_prefix("data: ")).collect();
        assert_eq!(events.last(), Some(&"[DONE]"));
        let chunks: Vec<Value> =
            events[..events.len() - 1].iter().map(|it| serde_json::from_str(it).unwrap()).collect();
        let collect = |read: fn(&Value) -> &Value| -> String {
            chunks.iter().filter_map(|it| read(&it["choices"][0]["delta"]).as_str()).collect()
        };
        assert_eq!(collect(|it| &it["content"]), message["content"].as_str().unwrap());
        assert_eq!(
            collect(|it| &it["reasoning_content"]),
            message["reasoning_content"].as_str().unwrap()
        );
        // The same JSON; blanks in it are the vendor's matter.
        let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(
            json(&collect(|it| &it["tool_calls"][0]["function"]["arguments"])),
            json(message["tool_calls"][0]["function"]["arguments"].as_str().unwrap())
        );
        for field in ["prompt_tokens", "completion_tokens", "total_tokens"] {
            assert_eq!(chunks.last().unwrap()["usage"][field], whole["usage"][field]);
        }
    }
}

#[tokio::test]
async fn errors_have_the_dialects_own_shape() {
    let easel = Easel::start().await;
    let error = |key: &str, body: Value| {
        let (easel, key) = (&easel, key.to_owned());
        async move {
            let answer = chat(easel, &key, &body).await;
            let error = answer.json()["error"].clone();
            assert_eq!(error["request_id"], answer.header("x-request-id"));
            format!("{} {} {}", answer.status.as_u16(), error["type"], error["code"])
        }
    };
    let token = easel.token.clone();
    let ask = |prompt: &str| body("recorded/recorded-model", prompt, true);
    assert_eq!(error("no", ask("hi")).await, r#"401 "authentication_error" "invalid_api_key""#);
    assert_eq!(
        error(&token, ask("rate limit")).await,
        r#"429 "rate_limit_error" "rate_limit_exceeded""#
    );
    assert_eq!(
        error(&token, ask("too much")).await,
        r#"413 "invalid_request_error" "context_length_exceeded""#
    );
    assert_eq!(error(&token, ask("fail")).await, r#"502 "api_error" "provider_failed""#);
    assert_eq!(
        error(&token, body("script/none", "hi", true)).await,
        r#"404 "invalid_request_error" "model_not_found""#
    );
    let n_asked = easel.upstream.asked().len();
    for name in ["", "nope/x"] {
        assert_eq!(
            error(&token, body(name, "hi", false)).await,
            r#"404 "invalid_request_error" "model_not_found""#
        );
    }
    assert_eq!(easel.upstream.asked().len(), n_asked, "nobody was asked");
    assert_eq!(
        error(&token, json!({ "model": "m" })).await,
        r#"400 "invalid_request_error" "invalid_request""#
    );
    assert_eq!(
        error(&token, body("recorded/m", "cut", false)).await,
        r#"502 "api_error" "stream_cut_off""#
    );
}

#[tokio::test]
async fn a_stream_that_breaks_has_an_error_and_no_done() {
    let easel = Easel::start().await;
    let text = chat(&easel, &easel.token, &body("recorded/m", "cut", true)).await.text();
    assert!(!text.contains("[DONE]"));
    let last = text.trim_end().rsplit("data: ").next().unwrap();
    let last: Value = serde_json::from_str(last).unwrap();
    assert_eq!(last["error"]["code"], "stream_cut_off");
}

async fn chat(easel: &Easel, key: &str, body: &Value) -> Answer {
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let body = body.to_string();
    let host = format!("127.0.0.1:{}", easel.address.port());
    easel
        .ask(
            &host,
            Ask { method: "POST", path: "/v1/chat/completions", headers: &headers, body: &body },
        )
        .await
}

fn body(model: &str, prompt: &str, stream: bool) -> Value {
    json!({
        "model": model,
        "stream": stream,
        "stream_options": { "include_usage": true },
        "messages": [{ "role": "user", "content": prompt }],
    })
}
