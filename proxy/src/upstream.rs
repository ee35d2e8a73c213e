//! The one way out: sends what a provider's module made, adds the key last.
//!
//! It follows no redirect, so a key goes to the address that it was entered for and nowhere else;
//! it tries nothing twice. It knows no vendor's format.

mod reply;
mod trouble;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use providers::{Auth, Method, Provider, UpstreamRequest, endpoint, failure, models::Listed};
use tokio::time::timeout;
use wire::{ModelRequest, Rejection, RejectionCode};

use crate::{
    catalogue::{Route, dialect},
    config::Endpoint,
};
pub use reply::Reply;

const CONNECT: Duration = Duration::from_secs(10);

/// Shorter than what servers keep, so that a connection that is used again is still there.
const POOL_IDLE: Duration = Duration::from_secs(20);

/// Of an error's body, and of a list of models.
const BODY_LIMIT_BYTES: usize = 8 << 20;

/// Connections to providers.
#[derive(Debug, Clone)]
pub struct Upstream {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    idle: Duration,
}

impl Upstream {
    #[must_use]
    pub fn new(idle: Duration) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT));
        let connector = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(POOL_IDLE)
            .pool_timer(TokioTimer::new())
            .build(connector);
        Self { client, idle }
    }

    /// Asks for a reply and waits until it begins.
    pub async fn reply(&self, route: Route, mut ask: ModelRequest) -> Result<Reply, Rejection> {
        match route {
            Route::Script(script) => Reply::scripted(script.play(&ask)),
            Route::Endpoint { endpoint, model } => {
                ask.model = model;
                let dialect = dialect(&endpoint);
                let request = dialect.request(&ask);
                let answer = self.send(&endpoint, dialect.as_ref(), request).await?;
                if is_json(&answer) {
                    // Some gateways put an error into an answer that looks good.
                    return Err(self.refused(&endpoint, StatusCode::BAD_GATEWAY, answer).await);
                }
                Ok(Reply::streamed(answer, dialect.decoder(), &ask.model, self.idle))
            }
        }
    }

    /// Asks which models there are.
    pub async fn list(
        &self,
        endpoint: &Endpoint,
        dialect: &dyn Provider,
    ) -> Result<Vec<Listed>, Rejection> {
        let answer = self.send(endpoint, dialect, dialect.list()).await?;
        let body = Limited::new(answer.into_body(), BODY_LIMIT_BYTES).collect();
        let body = timeout(self.idle, body).await.ok().and_then(Result::ok);
        let body = body.ok_or_else(failure::unreadable)?.to_bytes();
        dialect.read_list(&body).map_err(|err| {
            tracing::info!(provider = endpoint.id, cause = %err, "unreadable list of models");
            failure::unreadable()
        })
    }

    /// Sends one request and returns its answer, if it is a good one.
    async fn send(
        &self,
        endpoint: &Endpoint,
        dialect: &dyn Provider,
        request: UpstreamRequest,
    ) -> Result<Response<hyper::body::Incoming>, Rejection> {
        let request = build(endpoint, dialect.auth(), request)?;
        let sent = timeout(self.idle, self.client.request(request)).await;
        let answer = match sent {
            Ok(Ok(answer)) => answer,
            Ok(Err(err)) => return Err(trouble::unreachable(&endpoint.id, &err)),
            Err(_) => {
                return Err(failure::plain(
                    RejectionCode::Unreachable,
                    &format!("`{}` took the request and did not answer in time", endpoint.id),
                ));
            }
        };
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        Err(self.refused(endpoint, status, answer).await)
    }

    async fn refused(
        &self,
        endpoint: &Endpoint,
        status: StatusCode,
        answer: Response<hyper::body::Incoming>,
    ) -> Rejection {
        if status.is_redirection() {
            let message = format!("`{}` has moved; enter its new address", endpoint.id);
            return failure::plain(RejectionCode::BadRequest, &message);
        }
        let retry_after = answer.headers().get(header::RETRY_AFTER).cloned();
        let body = Limited::new(answer.into_body(), BODY_LIMIT_BYTES).collect();
        let body = timeout(CONNECT, body).await.ok().and_then(Result::ok);
        let body = body.map(|it| it.to_bytes()).unwrap_or_default();
        let retry_after = retry_after.as_ref().and_then(|it| it.to_str().ok());
        let mut rejection = failure::from_answer(status.as_u16(), retry_after, &body);
        if let Some(key) = endpoint.key.as_ref().filter(|it| !it.is_empty()) {
            rejection.message = rejection.message.replace(key.expose(), "…");
        }
        rejection
    }
}

fn is_json(answer: &Response<hyper::body::Incoming>) -> bool {
    let media_type = answer.headers().get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
    media_type.is_some_and(|it| it.starts_with("application/json"))
}

fn build(
    endpoint: &Endpoint,
    auth: Auth,
    request: UpstreamRequest,
) -> Result<Request<Full<Bytes>>, Rejection> {
    let bad = |what: &str| {
        let message = format!("`{}` cannot be asked: {what}", endpoint.id);
        failure::plain(RejectionCode::BadRequest, &message)
    };
    let method = match request.method {
        Method::Get => http::Method::GET,
        Method::Post => http::Method::POST,
    };
    let mut builder = Request::builder()
        .method(method)
        .uri(endpoint::join(&endpoint.base_url, request.path))
        .header(header::USER_AGENT, concat!("easel/", env!("CARGO_PKG_VERSION")))
        .header(header::ACCEPT, "application/json, text/event-stream");
    if request.method == Method::Post {
        builder = builder.header(header::CONTENT_TYPE, "application/json");
    }
    for (name, value) in request.headers {
        builder = builder.header(name, value);
    }
    if let Some(key) = endpoint.key.as_ref().filter(|it| !it.is_empty()) {
        let (name, value) = match auth {
            Auth::Bearer => (header::AUTHORIZATION, format!("Bearer {}", key.expose())),
            Auth::ApiKey => (header::HeaderName::from_static("x-api-key"), key.expose().to_owned()),
        };
        let mut value = HeaderValue::from_str(&value)
            .ok()
            .ok_or_else(|| bad("its key holds characters that no key has"))?;
        value.set_sensitive(true);
        builder = builder.header(name, value);
    }
    builder
        .body(Full::new(request.body.into()))
        .ok()
        .ok_or_else(|| bad("its address cannot be used"))
}
