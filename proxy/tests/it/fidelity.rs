//! What goes through stays what it was, and what is translated loses nothing that its vendor wants
//! again. Behind the proxy stands a provider that answers what a test says, and keeps every byte.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use easel_proxy::{config::Endpoint, keys::Secret};
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use wire::ProviderKind;

use crate::easel::{Answer, Ask, Easel};

const CHAT: &str = "/v1/chat/completions";

/// Thoughts of every kind before calls that are made at once, streamed and in one piece: a client
/// that keeps nothing but texts and ids brings all of them back, in their order.
#[tokio::test]
async fn every_thought_before_a_call_comes_back_unchanged() {
    let long = "é…".repeat(40_000);
    for (stream, thought) in [(false, "Hm."), (true, "Hm."), (true, &long)] {
        let blocks = json!([
            { "type": "thinking", "thinking": thought, "signature": "c2ln+/1==" },
            { "type": "redacted_thinking", "data": "eHg=" },
            { "type": "thinking", "thinking": "", "signature": "c2lnMg==" },
            { "type": "text", "text": "I look." },
            { "type": "thinking", "thinking": "And \"there\".", "signature": "c2lnMw==" },
            { "type": "tool_use", "id": "toolu_1", "name": "look", "input": { "n": 1 } },
            { "type": "tool_use", "id": "toolu_2", "name": "look", "input": {} },
        ]);
        let provider = Provider::start().await;
        let easel = provider.easel(&[("claude", ProviderKind::Anthropic)]).await;
        provider.says(messages(&blocks, stream));
        provider.says(messages(&json!([{ "type": "text", "text": "Done." }]), false));
        let first = json!({ "role": "user", "content": "look" });
        let answer = post(
            &easel,
            CHAT,
            &json!({ "model": "claude/m", "stream": stream, "messages": [first] }),
        )
        .await;
        let ids = ids(&answer.text());
        assert_eq!(ids.len(), 2, "{}", answer.text());
        let call = |id: &String, arguments: &str| {
            let function = json!({ "name": "look", "arguments": arguments });
            json!({ "id": id, "type": "function", "function": function })
        };
        let calls = json!([call(&ids[0], "{\"n\":1}"), call(&ids[1], "{}")]);
        let mut next = json!({ "model": "claude/m", "messages": [
            first,
            { "role": "assistant", "content": "I look.", "tool_calls": calls },
        ]});
        for id in &ids {
            let result = json!({ "role": "tool", "tool_call_id": id, "content": "seen" });
            next["messages"].as_array_mut().unwrap().push(result);
        }
        assert_eq!(post(&easel, CHAT, &next).await.status, 200);
        let asked = provider.asked().pop().unwrap();
        let said = &asked.json()["messages"][1]["content"];
        assert!(said == &blocks, "stream {stream}, {} bytes of thought", thought.len());
        // Signatures cover bytes.
        let bytes = blocks[0].to_string();
        assert!(asked.text().contains(&bytes), "{} bytes", asked.text().len());
    }
}

/// A conversation that began at one vendor and goes on at others.
#[tokio::test]
async fn ids_of_calls_are_those_that_a_vendor_takes() {
    let provider = Provider::start().await;
    let easel = provider
        .easel(&[
            ("azure", ProviderKind::Azure),
            ("any", ProviderKind::OpenaiCompatible),
            ("claude", ProviderKind::Anthropic),
        ])
        .await;
    let kimis = "functions.look_at_the_whole_of_the_page_again:0";
    for (path, model, own, expected) in [
        (CHAT, "azure/m", "toolu_01AbCdEfGhIjKlMnOpQrStUv", "toolu_01AbCdEfGhIjKlMnOpQrStUv"),
        (CHAT, "any/m", "toolu_01AbCdEfGhIjKlMnOpQrStUv", "toolu_01AbCdEfGhIjKlMnOpQrStUv"),
        (CHAT, "any/m", kimis, kimis),
        (CHAT, "azure/m", kimis, "ole_of_the_page_again:0_f0420c0a90bd9e52"),
        (CHAT, "claude/m", kimis, "functionslook_at_the_whole_of_the_page_again0_f0420c0a90bd9e52"),
        // Its address is not Anthropic's: whoever it is, reads its own.
        ("/v1/messages", "claude/m", kimis, kimis),
        ("/v1/messages", "any/m", "toolu_1", "toolu_1"),
    ] {
        let id = format!("{own}_eh0123456789abcdef");
        let body = match path {
            CHAT => json!({ "model": model, "messages": [
                { "role": "user", "content": "look" },
                { "role": "assistant", "content": null, "tool_calls": [
                    { "id": id, "type": "function", "function": { "name": "look", "arguments": "{}" } },
                ]},
                { "role": "tool", "tool_call_id": id, "content": "seen" },
            ]}),
            _ => json!({ "model": model, "max_tokens": 9, "messages": [
                { "role": "user", "content": "look" },
                { "role": "assistant", "content": [
                    { "type": "tool_use", "id": id, "name": "look", "input": {} },
                ]},
                { "role": "user", "content": [
                    { "type": "tool_result", "tool_use_id": id, "content": "seen" },
                ]},
            ]}),
        };
        let claude = model.starts_with("claude");
        let text = json!([{ "type": "text", "text": "Done." }]);
        provider.says(if claude { messages(&text, false) } else { chat("Done.") });
        let answer = post(&easel, path, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let asked = provider.asked().pop().unwrap().json();
        let (call, result) = match claude {
            false => ("/messages/1/tool_calls/0/id", "/messages/2/tool_call_id"),
            true => ("/messages/1/content/0/id", "/messages/2/content/0/tool_use_id"),
        };
        for place in [call, result] {
            assert_eq!(asked.pointer(place).unwrap(), expected, "{path} {model}: {asked}");
        }
    }
}

#[tokio::test]
async fn headers_about_the_form_go_along_and_no_others() {
    let easel = Easel::start().await;
    let body = json!({
        "model": "claude/claude-recorded", "max_tokens": 9,
        "messages": [{ "role": "user", "content": "hi" }],
    });
    let headers = [
        ("x-api-key", easel.token.as_str()),
        ("content-type", "application/json"),
        ("anthropic-beta", "context-1m-2025-08-07"),
        ("anthropic-beta", "files-api-2025-04-14"),
        ("anthropic-version", "2030-01-01"),
        ("openai-beta", "x"),
        ("openai-organization", "org"),
        ("cookie", "a=b"),
        ("x-forwarded-for", "192.0.2.1"),
    ];
    let ask = async |path: &str, body: &Value| {
        let host = format!("127.0.0.1:{}", easel.address.port());
        let body = body.to_string();
        let answer =
            easel.ask(&host, Ask { method: "POST", path, headers: &headers, body: &body }).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        easel.upstream.asked().pop().unwrap()
    };
    for path in ["/v1/messages?beta=true&x=1", "/v1/messages/count_tokens?beta=true"] {
        let asked = ask(path, &body).await;
        // The recorded provider keeps the last of several.
        assert_eq!(asked["headers"]["anthropic-beta"], "files-api-2025-04-14", "{asked}");
        assert_eq!(asked["headers"]["anthropic-version"], "2030-01-01");
        assert_eq!(asked["headers"]["x-api-key"], crate::upstream::KEY);
        assert_eq!(asked["query"], "beta=true");
        for not in ["openai-beta", "openai-organization", "cookie", "x-forwarded-for"] {
            assert_eq!(asked["headers"][not], Value::Null, "{not}");
        }
    }
    let chat = json!({ "model": "recorded/m", "messages": body["messages"] });
    let asked = ask(CHAT, &chat).await;
    assert_eq!(asked["headers"]["openai-beta"], "x");
    assert_eq!(asked["headers"]["openai-organization"], Value::Null);
    // To another dialect they mean nothing.
    let mut translated = body.clone();
    translated["model"] = "recorded/m".into();
    let asked = ask("/v1/messages?beta=true", &translated).await;
    assert_eq!(
        (&asked["headers"]["anthropic-beta"], &asked["query"]),
        (&Value::Null, &Value::Null)
    );
}

/// The environment's OpenAI and Azure serve both of OpenAI's dialects.
#[tokio::test]
async fn a_vendor_of_two_dialects_answers_each_client_in_its_own() {
    let provider = Provider::start().await;
    let easel = provider.easel(&[("azure", ProviderKind::Azure)]).await;
    let asked = r#"{ "model":"azure/gpt-4o", "input":"hi","previous_response_id":"resp_1","tools":[{"type":"web_search"}],"include":["web_search_call.results"],"store":true,"metadata":{"a":"b"},"of_tomorrow":1e3 }"#;
    let answered = r#"{ "id":"resp_2","object":"response","status":"completed","output":[{"type":"web_search_call","id":"ws_1"},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Hi","annotations":[]}]}],"usage":{"input_tokens":1000,"output_tokens":100,"total_tokens":1100} }"#;
    provider.says(Said::json(answered));
    let responses = post_text(&easel, "/v1/responses", asked).await;
    assert_eq!((responses.status.as_u16(), responses.text().as_str()), (200, answered));
    provider.says(Said::json(
        r#"{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1000,"completion_tokens":100}}"#,
    ));
    let chat =
        json!({ "model": "azure/gpt-4o", "messages": [{ "role": "user", "content": "hi" }] });
    let chat = post(&easel, CHAT, &chat).await;
    let seen = provider.asked();
    assert_eq!(seen[0].path, "/openai/v1/responses");
    assert_eq!(seen[0].text(), asked.replace("azure/", ""));
    assert_eq!(seen[1].path, "/openai/v1/chat/completions");
    let cost = responses.header("x-easel-cost");
    assert!(!cost.is_empty() && cost == chat.header("x-easel-cost"), "{cost}");

    let background = asked.replace("\"store\"", "\"background\":true,\"store\"");
    let refused = post_text(&easel, "/v1/responses", &background).await;
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("`background` is not supported here"), "{}", refused.text());
    assert_eq!(provider.asked().len(), 2);
}

#[tokio::test]
async fn a_long_answer_is_not_thrown_away() {
    let provider = Provider::start().await;
    let easel = provider.easel(&[("any", ProviderKind::OpenaiCompatible)]).await;
    let long = "x".repeat(9 << 20);
    let ask = json!({ "model": "any/m", "max_tokens": 9, "messages": [{ "role": "user", "content": "hi" }] });
    for path in [CHAT, "/v1/messages"] {
        provider.says(chat(&long));
        let answer = post(&easel, path, &ask).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.body.len() > 9 << 20, "{path}");
    }
    let vector = "0.123456789,".repeat(800_000);
    let answered = format!(
        r#"{{"object":"list","data":[{{"index":0,"embedding":[{vector}0]}}],"usage":{{"prompt_tokens":1,"total_tokens":1}}}}"#
    );
    provider.says(Said::json(&answered));
    let answer = post(&easel, "/v1/embeddings", &json!({ "model": "any/e", "input": "x" })).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (200, answered.len()));
    // What is too long is told, and the lane is not blamed.
    provider.says(chat(&"x".repeat(65 << 20)));
    let refused = post(&easel, CHAT, &ask).await;
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("longer than 64 MiB"), "{}", refused.text());
}

#[tokio::test]
async fn embeddings_alone_in_their_moment_go_through_as_they_came() {
    let provider = Provider::start().await;
    let easel = provider.easel(&[("any", ProviderKind::OpenaiCompatible)]).await;
    for input in [r#""one""#, "[1,2]", r#"[{"type":"text","text":"one"}]"#, r#"["one", "two"]"#] {
        let asked = format!(
            r#"{{ "input":{input}, "model":"any/e","encoding_format":"base64","of_tomorrow":1e3 }}"#
        );
        let answered = r#"{ "id":"e1", "data":[{"embedding":"AAAA","index":0,"x":1}],"model":"e-2","usage":{"prompt_tokens":3,"total_tokens":3,"x":1} }"#;
        provider.says(Said::json(answered));
        let answer = post_text(&easel, "/v1/embeddings", &asked).await;
        assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, answered));
        let seen = provider.asked().pop().unwrap();
        assert_eq!(seen.text(), asked.replace("any/e", "e"));
    }
}

#[tokio::test]
async fn a_date_says_how_long_to_wait_too() {
    let provider = Provider::start().await;
    let easel = provider.easel(&[("any", ProviderKind::OpenaiCompatible)]).await;
    let ask = json!({ "model": "any/m", "messages": [{ "role": "user", "content": "hi" }] });
    for (name, value, expected) in
        [("retry-after", "Fri, 31 Dec 1999 23:59:59 GMT", "59"), ("retry-after-ms", "58500", "59")]
    {
        let mut said = Said::json(r#"{"error":{"message":"slow down"}}"#);
        said.status = StatusCode::TOO_MANY_REQUESTS;
        said.headers.insert(name, value.parse().unwrap());
        said.headers.insert(header::DATE, "Fri, 31 Dec 1999 23:59:00 GMT".parse().unwrap());
        provider.says(said);
        let refused = post(&easel, CHAT, &ask).await;
        assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (429, expected));
    }
}

/// Each chunk that goes on by itself is a packet.
#[tokio::test]
async fn what_came_at_once_goes_on_at_once() {
    const N: usize = 100;
    let delta = |n: usize| {
        let (delta, reason) =
            (json!({ "content": format!("word{n}. ") }), (n == N).then_some("stop"));
        let choice = json!({ "index": 0, "delta": delta, "finish_reason": reason });
        format!("data: {}\n\n", json!({ "choices": [choice] }))
    };
    let chunk = |data: String| format!("{:x}\r\n{data}\r\n", data.len());
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n";
    let chunks =
        (1..=N).map(delta).chain(["data: [DONE]\n\n".to_owned(), String::new()]).map(chunk);
    let answer = [head.to_owned()].into_iter().chain(chunks).collect::<String>();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut asked = Vec::new();
            while !asked.ends_with(b"}") {
                assert_ne!(connection.read_buf(&mut asked).await.unwrap(), 0);
            }
            connection.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let provider = Provider { address, asked: Arc::default(), says: Arc::default() };
    let easel = provider.easel(&[("any", ProviderKind::OpenaiCompatible)]).await;
    // Passed through, and translated.
    for path in [CHAT, "/v1/messages"] {
        let messages = json!([{ "role": "user", "content": "hi" }]);
        let ask =
            json!({ "model": "any/m", "max_tokens": 9, "stream": true, "messages": messages });
        let mut reply = easel.app_stream("POST", path, &ask).await;
        let mut chunks = Vec::new();
        while let Some(frame) = reply.frame().await {
            chunks.push(frame.unwrap().into_data().unwrap());
        }
        let text = String::from_utf8(chunks.concat()).unwrap();
        assert!((1..=N).all(|n| text.contains(&format!("word{n}. "))), "{path}: {text}");
        assert!(chunks.len() < N / 2, "{path}: {} chunks", chunks.len());
    }
}

/// A provider that answers what it was told, one after the other.
#[derive(Debug, Clone)]
struct Provider {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    says: Arc<Mutex<VecDeque<Said>>>,
}

#[derive(Debug, Clone)]
struct Asked {
    path: String,
    body: Bytes,
}

#[derive(Debug)]
struct Said {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Asked {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Said {
    fn json(body: &str) -> Self {
        let media_type = (header::CONTENT_TYPE, "application/json".parse().unwrap());
        Self {
            status: StatusCode::OK,
            headers: [media_type].into_iter().collect(),
            body: body.to_owned(),
        }
    }
}

impl Provider {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let it = Self { address, asked: Arc::default(), says: Arc::default() };
        let router = Router::new().fallback(answer).with_state(it.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        it
    }

    fn says(&self, said: Said) {
        self.says.lock().unwrap().push_back(said);
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    async fn easel(&self, endpoints: &[(&str, ProviderKind)]) -> Easel {
        let endpoint = |(id, kind): &(&str, ProviderKind)| Endpoint {
            id: (*id).to_owned(),
            kind: *kind,
            base_url: format!("http://{}", self.address),
            key: Some(Secret::new("k")),
            models: Vec::new(),
        };
        let endpoints = endpoints.iter().map(endpoint).collect();
        Easel::start_with(|config| config.endpoints = endpoints).await
    }
}

async fn answer(State(provider): State<Provider>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let body = axum::body::to_bytes(request.into_body(), 64 << 20).await.unwrap();
    provider.asked.lock().unwrap().push(Asked { path, body });
    let said = provider.says.lock().unwrap().pop_front().unwrap();
    (said.status, said.headers, said.body).into_response()
}

/// A reply of Anthropic with these blocks.
fn messages(blocks: &Value, stream: bool) -> Said {
    let usage = json!({ "input_tokens": 3, "output_tokens": 5 });
    if !stream {
        let body = json!({
            "id": "msg_1", "type": "message", "role": "assistant", "model": "m",
            "content": blocks, "stop_reason": "tool_use", "usage": usage,
        });
        return Said::json(&body.to_string());
    }
    let mut events = vec![json!({ "type": "message_start", "message": { "usage": usage } })];
    for (index, block) in blocks.as_array().unwrap().iter().enumerate() {
        let (mut begun, mut deltas) = (block.clone(), Vec::new());
        match block["type"].as_str().unwrap() {
            "text" => {
                begun["text"] = "".into();
                deltas.push(json!({ "type": "text_delta", "text": block["text"] }));
            }
            "thinking" => {
                begun["thinking"] = "".into();
                begun["signature"] = "".into();
                if block["thinking"] != "" {
                    let text = &block["thinking"];
                    deltas.push(json!({ "type": "thinking_delta", "thinking": text }));
                }
                let signature = &block["signature"];
                deltas.push(json!({ "type": "signature_delta", "signature": signature }));
            }
            "tool_use" => {
                begun["input"] = json!({});
                let json = block["input"].to_string();
                deltas.push(json!({ "type": "input_json_delta", "partial_json": json }));
            }
            _ => {}
        }
        let start =
            json!({ "type": "content_block_start", "index": index, "content_block": begun });
        events.push(start);
        events.extend(
            deltas
                .into_iter()
                .map(|it| json!({ "type": "content_block_delta", "index": index, "delta": it })),
        );
        events.push(json!({ "type": "content_block_stop", "index": index }));
    }
    events.push(
        json!({ "type": "message_delta", "delta": { "stop_reason": "tool_use" }, "usage": usage }),
    );
    events.push(json!({ "type": "message_stop" }));
    let event = |it: Value| format!("event: {}\ndata: {it}\n\n", it["type"].as_str().unwrap());
    let mut said = Said::json(&events.into_iter().map(event).collect::<String>());
    said.headers.insert(header::CONTENT_TYPE, "text/event-stream".parse().unwrap());
    said
}

/// A reply of chat completions.
fn chat(text: &str) -> Said {
    let message = json!({ "role": "assistant", "content": text });
    let choice = json!({ "index": 0, "message": message, "finish_reason": "stop" });
    let usage = json!({ "prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8 });
    Said::json(&json!({ "choices": [choice], "usage": usage }).to_string())
}

/// The ids of the calls in an answer, streamed or not.
fn ids(answer: &str) -> Vec<String> {
    let id = |rest: &str| rest[..rest.find('"').unwrap()].to_owned();
    let starts = answer.match_indices("\"id\":\"toolu_");
    starts.map(|(at, _)| id(&answer[at + 6..])).collect()
}

async fn post(easel: &Easel, path: &str, body: &Value) -> Answer {
    post_text(easel, path, &body.to_string()).await
}

async fn post_text(easel: &Easel, path: &str, body: &str) -> Answer {
    let headers = [("x-api-key", easel.token.as_str()), ("content-type", "application/json")];
    let host = format!("127.0.0.1:{}", easel.address.port());
    easel.ask(&host, Ask { method: "POST", path, headers: &headers, body }).await
}
