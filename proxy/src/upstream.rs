//! The one way out: sends what a provider's module made, adds the key last.
//!
//! It follows no redirect, so a key goes to the address that it was entered for and nowhere else;
//! it tries nothing twice. It knows no vendor's format.

mod arriving;
mod aws;
mod beside;
mod build;
mod google;
mod patience;
mod reply;
mod trouble;

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::{Bytes, BytesMut};
use http::{Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use providers::{
    Dialect,
    ask::Ask,
    failure,
    models::Listed,
    reply::distinguish,
    vendor::{Auth, UpstreamRequest},
    whole::Whole,
};
use tokio::time::timeout;
use wire::{ModelEvent, Rejection, RejectionCode};

use crate::{catalogue::Route, config::Endpoint, keys::Secret, outbound::Bounds};
pub(crate) use arriving::Arriving;
pub use beside::Beside;
use build::build;
use patience::retry_after;
pub use reply::Reply;
pub(crate) use trouble::unreachable;

const CONNECT: Duration = Duration::from_secs(10);

/// Shorter than what servers keep, so that a connection that is used again is still there.
const POOL_IDLE: Duration = Duration::from_secs(20);

/// Of an error's body, and of a list of models.
const BODY_LIMIT_BYTES: usize = 8 << 20;

/// Of a reply in one piece, and of embeddings: they are paid when they come.
pub(crate) const REPLY_LIMIT_BYTES: usize = 64 << 20;

/// A client that follows no redirect and tries nothing twice.
pub(crate) type HttpClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

pub(crate) fn client() -> HttpClient {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT));
    let connector = HttpsConnectorBuilder::new()
        .with_webpki_roots()
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp);
    Client::builder(TokioExecutor::new())
        .pool_idle_timeout(POOL_IDLE)
        .pool_timer(TokioTimer::new())
        .build(connector)
}

/// A client's body that goes on in its own dialect.
#[derive(Debug)]
pub struct Passed<'a> {
    /// As the provider speaks it.
    pub dialect: &'static dyn Dialect,
    /// The provider's own name of it.
    pub model: &'a str,
    pub body: Bytes,
    pub beside: &'a Beside,
}

/// Connections to providers.
#[derive(Debug, Clone)]
pub struct Upstream {
    client: HttpClient,
    tokens: Arc<google::Tokens>,
    idle: Duration,
    bounds: Bounds,
}

impl Upstream {
    #[must_use]
    pub fn new(idle: Duration, bounds: Bounds) -> Self {
        Self { client: client(), tokens: Arc::default(), idle, bounds }
    }

    /// Returns the same connections with another patience and other bounds.
    #[must_use]
    pub fn under(&self, idle: Duration, bounds: Bounds) -> Self {
        Self { idle, bounds, ..self.clone() }
    }

    /// Whether a provider may be at this address.
    pub(crate) fn may_ask(&self, address: &str) -> bool {
        self.bounds.admit(address)
    }

    /// Asks for a streamed reply and waits until it begins.
    /// `id` tells this reply's calls from those of others.
    pub async fn reply(&self, route: &Route, ask: &mut Ask, id: &str) -> Result<Reply, Rejection> {
        match route {
            Route::Script(script) => Reply::scripted(script.play(ask)),
            Route::Endpoint { endpoint, model, price } => {
                let vendor = endpoint.vendor();
                ask.model.clone_from(model);
                let request = vendor.ask(ask, true).map_err(|err| failure::untold(&err))?;
                let answer = self.send(endpoint, request, &Beside::default()).await?;
                let answer = self.streaming(endpoint, answer).await?;
                Ok(Reply::streamed(
                    answer,
                    vendor.dialect(),
                    price.as_deref().cloned(),
                    id,
                    self.idle,
                ))
            }
        }
    }

    /// Asks for a reply in one piece.
    pub async fn whole(&self, route: &Route, ask: &mut Ask, id: &str) -> Result<Whole, Rejection> {
        match route {
            Route::Script(script) => {
                let mut reply = Reply::scripted(script.play(ask))?;
                let mut whole = Whole::default();
                while let Some(events) = reply.next().await {
                    events.into_iter().for_each(|it| whole.add(it));
                }
                Ok(whole)
            }
            Route::Endpoint { endpoint, model, .. } => {
                let vendor = endpoint.vendor();
                ask.model.clone_from(model);
                let request = vendor.ask(ask, false).map_err(|err| failure::untold(&err))?;
                let body = self.fetch(endpoint, request, REPLY_LIMIT_BYTES).await?;
                let mut events = read_whole(endpoint, vendor.dialect(), &body)?;
                distinguish(&mut events, id);
                Ok(Whole::collect(events))
            }
        }
    }

    /// Sends a body that is in the provider's own dialect, and returns the answer unread.
    pub async fn pass(
        &self,
        endpoint: &Endpoint,
        passed: Passed<'_>,
        stream: bool,
    ) -> Result<Response<hyper::body::Incoming>, Rejection> {
        let Passed { dialect, model, body, beside } = passed;
        let request = endpoint.vendor().post(dialect, model, stream, body);
        self.send(endpoint, request, beside).await
    }

    /// Asks how many tokens a request has; none where the provider does not tell.
    pub async fn count(
        &self,
        endpoint: &Endpoint,
        body: Bytes,
        beside: &Beside,
    ) -> Option<Result<Bytes, Rejection>> {
        let request = endpoint.vendor().count(body)?;
        let answer = self.send(endpoint, request, beside).await;
        Some(match answer {
            Ok(answer) => self.read(answer, BODY_LIMIT_BYTES).await,
            Err(rejection) => Err(rejection),
        })
    }

    /// Asks for embeddings; none where the provider has none in this form.
    pub async fn embed(
        &self,
        endpoint: &Endpoint,
        body: Bytes,
    ) -> Option<Result<Bytes, Rejection>> {
        let request = endpoint.vendor().embed(body)?;
        Some(self.fetch(endpoint, request, REPLY_LIMIT_BYTES).await)
    }

    /// Asks which models there are.
    pub async fn list(&self, endpoint: &Endpoint) -> Result<Vec<Listed>, Rejection> {
        let vendor = endpoint.vendor();
        let body = self.fetch(endpoint, vendor.list(), BODY_LIMIT_BYTES).await?;
        vendor.read_list(&body).map_err(|err| {
            tracing::info!(provider = endpoint.id, cause = %err, "unreadable list of models");
            failure::unreadable()
        })
    }

    /// Returns an answer that is a stream. Some gateways put an error into an answer that looks
    /// good.
    pub(crate) async fn streaming(
        &self,
        endpoint: &Endpoint,
        answer: Response<hyper::body::Incoming>,
    ) -> Result<Response<hyper::body::Incoming>, Rejection> {
        if is_json(&answer) {
            return Err(self.refused(endpoint, StatusCode::BAD_GATEWAY, answer).await);
        }
        Ok(answer)
    }

    /// Without a byte for so long, a stream counts as broken.
    #[must_use]
    pub(crate) fn idle(&self) -> Duration {
        self.idle
    }

    /// Reads a reply in one piece.
    pub(crate) async fn read_reply(
        &self,
        answer: Response<hyper::body::Incoming>,
    ) -> Result<Bytes, Rejection> {
        self.read(answer, REPLY_LIMIT_BYTES).await
    }

    async fn read(
        &self,
        answer: Response<hyper::body::Incoming>,
        most_bytes: usize,
    ) -> Result<Bytes, Rejection> {
        self.collect(answer.into_body(), self.idle, most_bytes).await
    }

    /// Reads a body as long as something of it comes.
    async fn collect(
        &self,
        body: hyper::body::Incoming,
        idle: Duration,
        most_bytes: usize,
    ) -> Result<Bytes, Rejection> {
        let mut body = Limited::new(body, most_bytes);
        let mut bytes = BytesMut::new();
        loop {
            match timeout(idle, body.frame()).await {
                Ok(Some(Ok(frame))) => {
                    if let Some(data) = frame.data_ref() {
                        bytes.extend_from_slice(data);
                    }
                }
                Ok(None) => return Ok(bytes.freeze()),
                Ok(Some(Err(err))) if err.is::<LengthLimitError>() => {
                    return Err(too_long(most_bytes));
                }
                Ok(Some(Err(_))) => return Err(failure::unreadable()), // It broke off.
                Err(_) => return Err(failure::silent()),
            }
        }
    }

    /// Sends one request and reads its answer to the end.
    async fn fetch(
        &self,
        endpoint: &Endpoint,
        request: UpstreamRequest,
        most_bytes: usize,
    ) -> Result<Bytes, Rejection> {
        let answer = self.send(endpoint, request, &Beside::default()).await?;
        self.read(answer, most_bytes).await
    }

    /// Sends one request and returns its answer, if it is a good one.
    async fn send(
        &self,
        endpoint: &Endpoint,
        request: UpstreamRequest,
        beside: &Beside,
    ) -> Result<Response<hyper::body::Incoming>, Rejection> {
        if !self.may_ask(&endpoint.base_url) {
            return Err(outside(&endpoint.id));
        }
        let token = self.token(endpoint).await?;
        let request = build(endpoint, request, beside, token.as_ref())?;
        let sent = timeout(self.idle, self.client.request(request)).await;
        let answer = match sent {
            Ok(Ok(answer)) => answer,
            Ok(Err(err)) => return Err(unreachable(&endpoint.id, &err)),
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

    /// Returns the token that a service account's key stands for.
    async fn token(&self, endpoint: &Endpoint) -> Result<Option<Secret>, Rejection> {
        if endpoint.vendor().auth() != Auth::Google {
            return Ok(None);
        }
        let Some(key) = &endpoint.key else { return Ok(None) };
        let Some(account) = google::account(key) else { return Ok(None) };
        let now = SystemTime::now();
        if let Some(token) = self.tokens.get(key, now) {
            return Ok(Some(token));
        }
        if !self.may_ask(&account.token_uri) {
            return Err(outside(&endpoint.id));
        }
        let bad = |what: &str| {
            let message = format!("`{}` gives no token: {what}", endpoint.id);
            failure::plain(RejectionCode::BadKey, &message)
        };
        let request = account.request(now).map_err(bad)?;
        let answer = timeout(CONNECT, self.client.request(request)).await;
        let answer = match answer {
            Ok(Ok(answer)) => answer,
            Ok(Err(err)) => return Err(unreachable(&endpoint.id, &err)),
            Err(_) => return Err(bad("its token server does not answer")),
        };
        if !answer.status().is_success() {
            return Err(bad("its token server refuses the account's key"));
        }
        let body = self.read(answer, BODY_LIMIT_BYTES).await?;
        self.tokens.keep(key, &body, now).map(Some).map_err(bad)
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
        let retry_after = retry_after(answer.headers(), SystemTime::now());
        // Without a body the status has to do.
        let body = self.collect(answer.into_body(), self.idle.min(CONNECT), BODY_LIMIT_BYTES).await;
        let body = body.unwrap_or_default();
        let mut rejection = failure::from_answer(status.as_u16(), retry_after.as_deref(), &body);
        if let Some(key) = &endpoint.key {
            failure::scrub(&mut rejection, key.expose());
        }
        if rejection.code == RejectionCode::BadKey {
            rejection.message +=
                "; whoever runs this proxy can enter another one in Settings or easel.toml";
        }
        rejection
    }
}

/// Names no host: whoever asks a shared proxy need not know where its providers are.
fn outside(provider: &str) -> Rejection {
    let message = format!(
        "`{provider}` is at a host that this proxy may not ask; whoever runs it can add the host to `outbound-hosts` in easel.toml"
    );
    failure::plain(RejectionCode::NoProvider, &message)
}

fn too_long(most_bytes: usize) -> Rejection {
    let message = format!(
        "The provider's answer is longer than {} MiB and was not kept; ask for less at once",
        most_bytes >> 20
    );
    failure::plain(RejectionCode::BadRequest, &message)
}

fn is_json(answer: &Response<hyper::body::Incoming>) -> bool {
    let media_type = answer.headers().get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
    media_type.is_some_and(|it| it.starts_with("application/json"))
}

/// Reads a reply in one piece.
pub(crate) fn read_whole(
    endpoint: &Endpoint,
    dialect: &dyn Dialect,
    body: &[u8],
) -> Result<Vec<ModelEvent>, Rejection> {
    dialect.read_whole(body).map_err(|err| {
        tracing::info!(provider = endpoint.id, cause = %err, "unreadable answer");
        failure::unreadable()
    })
}
