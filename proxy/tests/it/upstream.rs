//! A model provider that answers from recordings: for these tests, and for the browser's journeys
//! through `examples/recorded-upstream.rs`.
//!
//! It speaks both dialects, wants the key `test-key`, and keeps what it was sent. It knows nothing
//! of the proxy. What the prompt says decides what goes wrong.

use std::{
    convert::Infallible,
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::State,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures::{StreamExt as _, stream};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::sleep};

pub const KEY: &str = "test-key";

/// Between two events, so that a stream is one.
const PAUSE: Duration = Duration::from_millis(2);

#[derive(Debug, Clone, Default)]
pub struct Upstream {
    /// What was asked, the oldest first.
    asked: Arc<Mutex<Vec<Value>>>,
    /// Streams that are open.
    n_open: Arc<AtomicUsize>,
    /// Where what was asked is also written.
    log: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy)]
enum Dialect {
    OpenAi,
    Anthropic,
}

impl Upstream {
    #[must_use]
    pub fn new(log: Option<PathBuf>) -> Self {
        Self { log, ..Self::default() }
    }

    #[must_use]
    pub fn asked(&self) -> Vec<Value> {
        self.asked.lock().unwrap().clone()
    }

    #[must_use]
    pub fn n_open(&self) -> usize {
        self.n_open.load(Ordering::SeqCst)
    }

    /// Listens on the loopback and answers for ever.
    pub async fn start(&self, port: u16) -> SocketAddr {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/v1/chat/completions", post(openai))
            .route("/v1/messages", post(anthropic))
            .route("/v1/messages/count_tokens", post(count_tokens))
            .route("/v1/embeddings", post(embeddings))
            .route("/v1/models", get(models))
            .route("/moved/models", get(moved))
            .route("/requests", get(requests))
            .with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    }

    fn keep(&self, path: &str, body: &Value) {
        let mut asked = self.asked.lock().unwrap();
        asked.push(json!({ "path": path, "body": body }));
        if let Some(log) = &self.log {
            std::fs::write(log, serde_json::to_string_pretty(&*asked).unwrap()).unwrap();
        }
    }
}

async fn requests(State(upstream): State<Upstream>) -> Json<Vec<Value>> {
    Json(upstream.asked())
}

async fn count_tokens() -> Json<Value> {
    Json(json!({ "input_tokens": 42 }))
}

/// A text's embedding is its length; a text "bad" is refused, and all with it.
async fn embeddings(State(upstream): State<Upstream>, Json(body): Json<Value>) -> Response {
    upstream.keep("/v1/embeddings", &body);
    let input = &body["input"];
    let texts: Vec<String> = match input.as_array() {
        Some(texts) => texts.iter().map(|it| it.as_str().unwrap().to_owned()).collect(),
        None => vec![input.as_str().unwrap().to_owned()],
    };
    if texts.iter().any(|it| it == "bad") {
        return refusal(StatusCode::BAD_REQUEST, "a bad text");
    }
    let data: Vec<Value> = texts
        .iter()
        .enumerate()
        .map(|(n, it)| json!({ "object": "embedding", "index": n, "embedding": [it.len()] }))
        .collect();
    let n: usize = texts.iter().map(String::len).sum();
    let usage = json!({ "prompt_tokens": n, "total_tokens": n });
    Json(json!({ "object": "list", "data": data, "model": "e", "usage": usage })).into_response()
}

async fn moved() -> Response {
    (StatusCode::FOUND, [(header::LOCATION, "/v1/models")]).into_response()
}

async fn models(headers: HeaderMap) -> Response {
    if !has_key(&headers) {
        return refusal(StatusCode::UNAUTHORIZED, "Incorrect API key provided: test-k*y");
    }
    let data = ["recorded-model", "claude-recorded", "text-embedding-none"];
    let data: Vec<Value> = data.iter().map(|it| json!({ "id": it, "object": "model" })).collect();
    Json(json!({ "object": "list", "data": data })).into_response()
}

async fn openai(state: State<Upstream>, headers: HeaderMap, body: Bytes) -> Response {
    answer(Dialect::OpenAi, &state.0, &headers, &body)
}

async fn anthropic(state: State<Upstream>, headers: HeaderMap, body: Bytes) -> Response {
    answer(Dialect::Anthropic, &state.0, &headers, &body)
}

fn has_key(headers: &HeaderMap) -> bool {
    let is = |name: &str, expected: &str| headers.get(name).is_some_and(|it| it == expected);
    is("authorization", &format!("Bearer {KEY}")) || is("x-api-key", KEY)
}

fn answer(dialect: Dialect, upstream: &Upstream, headers: &HeaderMap, body: &[u8]) -> Response {
    if !has_key(headers) {
        let sent = headers.get("x-api-key").or(headers.get("authorization"));
        let sent = sent.and_then(|it| it.to_str().ok()).unwrap_or("none");
        return refusal(StatusCode::UNAUTHORIZED, &format!("Incorrect API key provided: {sent}"));
    }
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return refusal(StatusCode::BAD_REQUEST, "no JSON");
    };
    let path = match dialect {
        Dialect::OpenAi => "/v1/chat/completions",
        Dialect::Anthropic => "/v1/messages",
    };
    upstream.keep(path, &body);
    let messages = body["messages"].as_array().cloned().unwrap_or_default();
    let last = messages.last().cloned().unwrap_or_default();
    let answered = last["role"] == "tool" || last.to_string().contains("tool_result");
    let last = if answered { String::new() } else { prompt(&last["content"]) };
    if last.contains("rate limit") {
        let mut response = refusal(StatusCode::TOO_MANY_REQUESTS, "slow down");
        response.headers_mut().insert(header::RETRY_AFTER, 7.into());
        return response;
    }
    if last.contains("quote the key") {
        return refusal(StatusCode::INTERNAL_SERVER_ERROR, &format!("your key is {KEY}"));
    }
    if last.contains("flaky") && matches!(dialect, Dialect::OpenAi) {
        return refusal(StatusCode::SERVICE_UNAVAILABLE, "only the other one works");
    }
    if last.contains("stumble") && upstream.asked().len() % 2 == 1 {
        return refusal(StatusCode::SERVICE_UNAVAILABLE, "once");
    }
    if last.contains("fail") {
        return refusal(StatusCode::INTERNAL_SERVER_ERROR, "it broke at 10.1.2.3");
    }
    if last.contains("unlucky") {
        return refusal(StatusCode::OK, "no luck");
    }
    if last.contains("too much") {
        return refusal(StatusCode::BAD_REQUEST, "prompt is too long: 9 tokens > 8 maximum");
    }
    let recording = match (dialect, answered) {
        (Dialect::OpenAi, false) => include_str!("../recordings/openai/write.sse"),
        (Dialect::OpenAi, true) => include_str!("../recordings/openai/finish.sse"),
        (Dialect::Anthropic, false) => include_str!("../recordings/anthropic/write.sse"),
        (Dialect::Anthropic, true) => include_str!("../recordings/anthropic/finish.sse"),
    };
    if body["stream"] != true {
        let whole = match (dialect, answered) {
            (Dialect::OpenAi, false) => include_str!("../recordings/openai/write.json"),
            (Dialect::OpenAi, true) => include_str!("../recordings/openai/finish.json"),
            (Dialect::Anthropic, false) => include_str!("../recordings/anthropic/write.json"),
            (Dialect::Anthropic, true) => include_str!("../recordings/anthropic/finish.json"),
        };
        let whole = if last.contains("cut") { &whole[..whole.len() / 2] } else { whole };
        return whole_answer(upstream, whole, last.contains("slow"));
    }
    let mut events: Vec<String> = recording.split_inclusive("\n\n").map(str::to_owned).collect();
    let mut pause = PAUSE;
    if last.contains("cut") {
        events.truncate(events.len() - 3);
    }
    if last.contains("garbage") {
        events.insert(4, "data: <html>no</html>\n\n".to_owned());
    }
    if last.contains("slow") {
        pause = Duration::from_millis(300);
    }
    if last.contains("silent") {
        events.truncate(3);
        return streamed(upstream, events, pause, true);
    }
    streamed(upstream, events, pause, false)
}

/// The last line: before it stands what the app adds.
fn prompt(content: &Value) -> String {
    let mut texts = content.as_array().into_iter().flatten().filter_map(|it| it["text"].as_str());
    let text = content.as_str().or_else(|| texts.next_back());
    text.unwrap_or_default().trim_end().rsplit('\n').next().unwrap_or_default().to_owned()
}

fn refusal(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "error": { "message": message } }))).into_response()
}

/// Answers in one piece, perhaps after a while, and notes when somebody leaves before.
fn whole_answer(upstream: &Upstream, whole: &str, slow: bool) -> Response {
    let open = Open::new(Arc::clone(&upstream.n_open));
    let whole = whole.to_owned();
    let body = stream::once(async move {
        let _still_open = &open;
        if slow {
            sleep(Duration::from_secs(10)).await;
        }
        Ok::<_, Infallible>(whole)
    });
    ([(header::CONTENT_TYPE, "application/json")], Body::from_stream(body)).into_response()
}

/// Sends events one by one, and notes when the stream is over or dropped.
fn streamed(upstream: &Upstream, events: Vec<String>, pause: Duration, stays: bool) -> Response {
    let open = Open::new(Arc::clone(&upstream.n_open));
    let rest = stream::once(async move {
        if stays {
            std::future::pending::<()>().await;
        }
        String::new()
    });
    let events = stream::iter(events).then(move |it| async move {
        sleep(pause).await;
        it
    });
    let events = events.chain(rest).map(move |it| {
        let _still_open = &open;
        Ok::<_, Infallible>(it)
    });
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(events)).into_response()
}

#[derive(Debug)]
struct Open(Arc<AtomicUsize>);

impl Open {
    fn new(count: Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
