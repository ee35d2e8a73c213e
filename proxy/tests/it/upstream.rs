//! A model provider that answers from recordings: for these tests, for the browser's journeys and for the clients'
//! ones through `examples/recorded-upstream.rs`.
//!
//! It speaks every dialect, wants the key `test-key`, answers pages too, and keeps what it was sent. It knows nothing
//! of the proxy. What the prompt says decides what goes wrong.

#[path = "upstream/dialect.rs"]
pub mod dialect;

use std::{
    collections::BTreeMap,
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
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get, post},
};
use futures::{StreamExt as _, stream};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::sleep};
use tower_http::cors::{AllowHeaders, Any, CorsLayer};

use dialect::Dialect;

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
    /// Refuses fields that the vendor does not know, and results without a call.
    strict: bool,
}

/// One request.
#[derive(Debug)]
struct Asked {
    dialect: Dialect,
    stream: bool,
    /// The prompt's last line; empty after a tool's result.
    prompt: String,
    answered: bool,
}

impl Upstream {
    #[must_use]
    pub fn new(log: Option<PathBuf>, strict: bool) -> Self {
        Self { log, strict, ..Self::default() }
    }

    #[must_use]
    pub fn asked(&self) -> Vec<Value> {
        self.asked.lock().unwrap().clone()
    }

    #[must_use]
    pub fn n_open(&self) -> usize {
        self.n_open.load(Ordering::SeqCst)
    }

    /// How often a prompt came.
    fn n_asked(&self, prompt: &str) -> usize {
        self.asked().iter().filter(|it| it["body"].to_string().contains(prompt)).count()
    }

    /// Listens on the loopback and answers for ever.
    pub async fn start(&self, port: u16) -> SocketAddr {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/v1/chat/completions", in_body(Dialect::Chat))
            .route("/v1/messages", in_body(Dialect::Messages))
            .route("/v1/responses", in_body(Dialect::Responses))
            .route("/api/chat", in_body(Dialect::Ollama))
            .route("/v1beta/models/{target}", post(gemini))
            .route("/model/{model}/{method}", post(converse))
            .route("/v1/messages/count_tokens", post(count_tokens))
            .route("/v1/embeddings", post(embeddings))
            .route("/v1beta/openai/embeddings", post(embeddings))
            .route("/v1/models", get(models))
            .route("/moved/models", get(moved))
            .route("/requests", get(requests))
            .route("/open", get(open))
            .layer(CorsLayer::new().allow_origin(Any).allow_headers(AllowHeaders::mirror_request()))
            .with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    }

    fn keep(&self, path: &str, headers: &HeaderMap, query: Option<&str>, body: &Value) {
        let mut asked = self.asked.lock().unwrap();
        let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let headers: BTreeMap<String, String> =
            headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        asked.push(json!({ "path": path, "headers": headers, "query": query, "body": body }));
        if let Some(log) = &self.log {
            std::fs::write(log, serde_json::to_string_pretty(&*asked).unwrap()).unwrap();
        }
    }
}

async fn requests(State(upstream): State<Upstream>) -> Json<Vec<Value>> {
    Json(upstream.asked())
}

async fn open(State(upstream): State<Upstream>) -> Json<usize> {
    Json(upstream.n_open())
}

async fn count_tokens(
    State(upstream): State<Upstream>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Json<Value> {
    upstream.keep("/v1/messages/count_tokens", &headers, query.as_deref(), &body);
    Json(json!({ "input_tokens": 42 }))
}

/// A text's embedding is its length; a text "bad" is refused, and all with it.
async fn embeddings(
    State(upstream): State<Upstream>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    upstream.keep("/v1/embeddings", &headers, None, &body);
    let input = &body["input"];
    let texts: Vec<String> = match input.as_array() {
        Some(texts) => texts.iter().map(|it| it.as_str().unwrap().to_owned()).collect(),
        None => vec![input.as_str().unwrap().to_owned()],
    };
    if texts.iter().any(|it| it == "bad") {
        return Dialect::Chat.refusal(StatusCode::BAD_REQUEST, "a bad text");
    }
    if texts.iter().any(|it| it == "slow") {
        sleep(Duration::from_secs(10)).await;
    }
    if texts.iter().any(|it| it == "stumble") && upstream.n_asked("stumble") == 1 {
        return Dialect::Chat.refusal(StatusCode::SERVICE_UNAVAILABLE, "once");
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
        let message = "Incorrect API key provided: test-k*y";
        return Dialect::Chat.refusal(StatusCode::UNAUTHORIZED, message);
    }
    let data = ["recorded-model", "claude-recorded", "text-embedding-none"];
    let data: Vec<Value> = data.iter().map(|it| json!({ "id": it, "object": "model" })).collect();
    Json(json!({ "object": "list", "data": data })).into_response()
}

/// A dialect that says in the body whether it wants a stream.
fn in_body(dialect: Dialect) -> MethodRouter<Upstream> {
    post(async move |state: State<Upstream>, query: RawQuery, headers: HeaderMap, body: Bytes| {
        answer(dialect, ("", None), &state.0, (&headers, query.0.as_deref()), &body)
    })
}

async fn gemini(
    State(upstream): State<Upstream>,
    Path(target): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let stream = target.ends_with(":streamGenerateContent");
    let model = target.rsplit_once(':').map_or("", |it| it.0);
    answer(Dialect::Gemini, (model, Some(stream)), &upstream, (&headers, None), &body)
}

async fn converse(
    State(upstream): State<Upstream>,
    Path((model, method)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let stream = method == "converse-stream";
    answer(Dialect::Converse, (&model, Some(stream)), &upstream, (&headers, None), &body)
}

fn has_key(headers: &HeaderMap) -> bool {
    let is = |name: &str, expected: &str| headers.get(name).is_some_and(|it| it == expected);
    is("authorization", &format!("Bearer {KEY}"))
        || ["x-api-key", "x-goog-api-key", "api-key"].into_iter().any(|it| is(it, KEY))
}

fn answer(
    dialect: Dialect,
    in_path: (&str, Option<bool>),
    upstream: &Upstream,
    (headers, query): (&HeaderMap, Option<&str>),
    body: &[u8],
) -> Response {
    if !has_key(headers) {
        let sent = headers.get("x-api-key").or(headers.get("authorization"));
        let sent = sent.and_then(|it| it.to_str().ok()).unwrap_or("none");
        let message = format!("Incorrect API key provided: {sent}");
        return dialect.refusal(StatusCode::UNAUTHORIZED, &message);
    }
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return dialect.refusal(StatusCode::BAD_REQUEST, "no JSON");
    };
    upstream.keep(dialect.path(), headers, query, &body);
    if upstream.strict
        && let Some(complaint) = dialect.complaint(&body)
    {
        return dialect.refusal(StatusCode::BAD_REQUEST, &complaint);
    }
    let (model, stream) = in_path;
    let model = body["model"].as_str().unwrap_or(model);
    if model.starts_with("unknown") {
        return dialect.refusal(StatusCode::NOT_FOUND, &format!("there is no model `{model}`"));
    }
    let stream = stream.unwrap_or_else(|| match body["stream"].as_bool() {
        Some(stream) => stream,
        None => dialect == Dialect::Ollama,
    });
    let (prompt, answered) = dialect.last(&body);
    let asked = Asked { dialect, stream, prompt, answered };
    refused(&asked, upstream).unwrap_or_else(|| replied(&asked, upstream))
}

/// What is refused at once, by the words of the prompt.
fn refused(asked: &Asked, upstream: &Upstream) -> Option<Response> {
    let says = |part: &str| asked.prompt.contains(part);
    let refusal = |status, message: &str| Some(asked.dialect.refusal(status, message));
    if says("rate limit") {
        let mut response = asked.dialect.refusal(StatusCode::TOO_MANY_REQUESTS, "slow down");
        response.headers_mut().insert(header::RETRY_AFTER, 7.into());
        return Some(response);
    }
    if says("limit once") && upstream.n_asked(&asked.prompt) == 1 {
        let mut response = asked.dialect.refusal(StatusCode::TOO_MANY_REQUESTS, "slow down");
        response.headers_mut().insert(header::RETRY_AFTER, 5.into());
        return Some(response);
    }
    if says("quote the key") {
        return refusal(StatusCode::INTERNAL_SERVER_ERROR, &format!("your key is {KEY}"));
    }
    if says("flaky") && asked.dialect == Dialect::Chat {
        return refusal(StatusCode::SERVICE_UNAVAILABLE, "only the other one works");
    }
    if says("stumble") && upstream.asked().len() % 2 == 1 {
        return refusal(StatusCode::SERVICE_UNAVAILABLE, "once");
    }
    if says("fail") {
        return refusal(StatusCode::INTERNAL_SERVER_ERROR, "it broke at 10.1.2.3");
    }
    if says("unlucky") {
        return refusal(StatusCode::OK, "no luck");
    }
    if says("too much") {
        return refusal(StatusCode::BAD_REQUEST, "prompt is too long: 9 tokens > 8 maximum");
    }
    None
}

fn replied(asked: &Asked, upstream: &Upstream) -> Response {
    let says = |part: &str| asked.prompt.contains(part);
    let recording = asked.dialect.recording(asked.answered);
    if !asked.stream {
        let whole = recording.whole;
        let whole = if says("cut") { &whole[..whole.len() / 2] } else { whole };
        return whole_answer(upstream, whole, says("slow"));
    }
    let mut events = asked.dialect.events(recording.streamed);
    let mut pause = PAUSE;
    if says("cut") {
        events.truncate(events.len() - 3);
    }
    if says("garbage") {
        events.insert(4, asked.dialect.garbage().to_owned());
    }
    if says("slow") {
        pause = Duration::from_millis(300);
    }
    let stays = says("silent");
    if stays {
        events.truncate(3);
    }
    streamed(upstream, asked.dialect.media_type(), events, pause, stays)
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
fn streamed(
    upstream: &Upstream,
    media_type: &'static str,
    events: Vec<Vec<u8>>,
    pause: Duration,
    stays: bool,
) -> Response {
    let open = Open::new(Arc::clone(&upstream.n_open));
    let rest = stream::once(async move {
        if stays {
            std::future::pending::<()>().await;
        }
        Vec::new()
    });
    let events = stream::iter(events).then(move |it| async move {
        sleep(pause).await;
        it
    });
    let events = events.chain(rest).map(move |it| {
        let _still_open = &open;
        Ok::<_, Infallible>(it)
    });
    ([(header::CONTENT_TYPE, media_type)], Body::from_stream(events)).into_response()
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
