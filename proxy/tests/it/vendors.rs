//! Every kind of provider: which address is asked, where the key goes, and that its answer comes
//! back in the client's own dialect.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use easel_proxy::{
    config::Endpoint,
    keys::Secret,
    outbound::{Bounds, Pattern},
};
use http::{HeaderMap, StatusCode, header};
use providers::{Dialect, dialect::About, responses::Responses, vendor::Vendor, whole::Whole};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use wire::{ModelEvent, ProviderKind, StopReason, Usage};

use crate::easel::{Answer, Ask, Easel};

#[tokio::test]
async fn each_vendor_is_asked_at_its_own_door() {
    for (kind, paths, key, sent) in [
        (
            ProviderKind::OpenaiCompatible,
            ["/v1/chat/completions"; 2],
            "k1",
            ("authorization", "Bearer k1"),
        ),
        (ProviderKind::OpenaiResponses, ["/v1/responses"; 2], "k1", ("authorization", "Bearer k1")),
        (ProviderKind::Azure, ["/openai/v1/chat/completions"; 2], "k1", ("api-key", "k1")),
        (ProviderKind::Anthropic, ["/v1/messages"; 2], "k1", ("x-api-key", "k1")),
        (
            ProviderKind::Gemini,
            ["/v1beta/models/m:streamGenerateContent?alt=sse", "/v1beta/models/m:generateContent"],
            "k1",
            ("x-goog-api-key", "k1"),
        ),
        (
            ProviderKind::Bedrock,
            ["/model/m/converse-stream", "/model/m/converse"],
            "ABSKk1",
            ("authorization", "Bearer ABSKk1"),
        ),
        (
            ProviderKind::Bedrock,
            ["/model/m/converse-stream", "/model/m/converse"],
            "AKIDEXAMPLE:secret",
            ("authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"),
        ),
        (ProviderKind::Ollama, ["/api/chat"; 2], "k1", ("authorization", "Bearer k1")),
    ] {
        let vendor = Stub::start(kind).await;
        let easel = vendor.easel(key, "").await;
        for (path, stream) in paths.into_iter().zip([true, false]) {
            for client in ["/v1/chat/completions", "/v1/messages", "/v1/responses"] {
                let answer = ask(&easel, client, stream).await;
                assert_eq!(answer.status, 200, "{kind:?} {client}: {}", answer.text());
                assert!(answer.text().contains("Hello"), "{kind:?} {client}: {}", answer.text());
                let (asked, headers) = vendor.last();
                let both = kind == ProviderKind::Azure && client == "/v1/responses";
                let path = if both { "/openai/v1/responses" } else { path };
                assert_eq!(asked, path, "{kind:?}");
                let value = headers[sent.0].to_str().unwrap();
                assert!(value.starts_with(sent.1), "{kind:?}: {value}");
            }
        }
    }
}

#[tokio::test]
async fn a_service_account_gets_a_token_once_and_asks_with_it() {
    let vendor = Stub::start(ProviderKind::Vertex).await;
    let account = json!({
        "type": "service_account",
        "client_email": "easel@project.iam.gserviceaccount.com",
        "private_key_id": "kid",
        "private_key": include_str!("../recordings/account.pem"),
        "token_uri": format!("http://{}/token", vendor.address),
    });
    let easel = vendor
        .easel(&account.to_string(), "/v1/projects/p/locations/global/publishers/google")
        .await;
    for _ in 0..2 {
        let answer = ask(&easel, "/v1/chat/completions", false).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let asked = vendor.asked();
    let paths: Vec<&str> = asked.iter().map(|it| it.0.as_str()).collect();
    let model = "/v1/projects/p/locations/global/publishers/google/models/m:generateContent";
    assert_eq!(paths, ["/token", model, model]);
    assert_eq!(asked[2].1["authorization"], "Bearer granted");
}

#[tokio::test]
async fn an_account_is_not_shown_to_a_host_out_of_bounds() {
    let vendor = Stub::start(ProviderKind::Vertex).await;
    let elsewhere = Stub::start(ProviderKind::Vertex).await;
    let account = json!({
        "client_email": "easel@project.iam.gserviceaccount.com",
        "private_key": include_str!("../recordings/account.pem"),
        "token_uri": format!("http://{}/token", elsewhere.address),
    });
    let endpoint = vendor.endpoint(&account.to_string(), "");
    let easel = Easel::start_with(|config| {
        config.endpoints = vec![endpoint];
        config.bounds = Bounds::new(vec![Pattern::parse(&vendor.address.to_string()).unwrap()]);
    })
    .await;
    let answer = ask(&easel, "/v1/chat/completions", false).await;
    assert_eq!(answer.status, 404, "{}", answer.text());
    assert!(elsewhere.asked().is_empty() && vendor.asked().is_empty());
}

#[derive(Debug, Clone)]
struct Stub {
    kind: ProviderKind,
    address: std::net::SocketAddr,
    asked: Arc<Mutex<Vec<(String, HeaderMap)>>>,
}

impl Stub {
    async fn start(kind: ProviderKind) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stub = Self { kind, address, asked: Arc::default() };
        let router = Router::new().fallback(answer).with_state(stub.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        stub
    }

    fn endpoint(&self, key: &str, path: &str) -> Endpoint {
        Endpoint {
            id: "v".to_owned(),
            kind: self.kind,
            base_url: format!("http://{}{path}", self.address),
            key: Some(Secret::new(key)),
            models: Vec::new(),
        }
    }

    async fn easel(&self, key: &str, path: &str) -> Easel {
        Easel::start_with(|config| config.endpoints = vec![self.endpoint(key, path)]).await
    }

    fn asked(&self) -> Vec<(String, HeaderMap)> {
        self.asked.lock().unwrap().clone()
    }

    fn last(&self) -> (String, HeaderMap) {
        self.asked().pop().unwrap()
    }
}

async fn answer(State(stub): State<Stub>, request: Request) -> Response {
    let path = request.uri().path_and_query().unwrap().to_string();
    stub.asked.lock().unwrap().push((path.clone(), request.headers().clone()));
    if path == "/token" {
        let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap();
        assert!(body.starts_with(b"grant_type="));
        return axum::Json(json!({ "access_token": "granted", "expires_in": 3600 }))
            .into_response();
    }
    let body: Bytes = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let stream = path.contains("tream") || body["stream"] == true;
    let dialect: &dyn Dialect = match path.ends_with("/responses") {
        true => &Responses,
        false => Vendor::new(stub.kind, "http://x").dialect(),
    };
    let (media_type, bytes) = if stream {
        (dialect.framing().media_type(), streamed(dialect))
    } else {
        ("application/json", dialect.write_whole(&Whole::collect(reply()), &About::default()))
    };
    (StatusCode::OK, [(header::CONTENT_TYPE, media_type)], bytes).into_response()
}

fn streamed(dialect: &dyn Dialect) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = dialect.encoder(About { usage: true, ..About::default() });
    reply().iter().for_each(|it| writer.write(it, &mut bytes));
    bytes
}

fn reply() -> Vec<ModelEvent> {
    vec![
        ModelEvent::TextDelta { text: "Hello".to_owned() },
        ModelEvent::Usage(Usage { input_tokens: 3, output_tokens: 1, ..Usage::default() }),
        ModelEvent::Finish { reason: StopReason::EndOfTurn, stopped_by: None },
    ]
}

async fn ask(easel: &Easel, path: &str, stream: bool) -> Answer {
    let mut body = json!({ "model": "v/m", "stream": stream });
    match path {
        "/v1/responses" => body["input"] = "hi".into(),
        _ => body["messages"] = json!([{ "role": "user", "content": "hi" }]),
    }
    if path == "/v1/messages" {
        body["max_tokens"] = 100.into();
    }
    let headers = [("x-api-key", easel.token.as_str()), ("content-type", "application/json")];
    let host = format!("127.0.0.1:{}", easel.address.port());
    let body = body.to_string();
    easel.ask(&host, Ask { method: "POST", path, headers: &headers, body: &body }).await
}
