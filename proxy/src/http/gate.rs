//! What every request passes first and every answer last.
//!
//! Name and origin are judged here, before anything is read or routed; who may do what is judged
//! by the routes, in `auth`.

use std::{
    convert::Infallible,
    future::Future,
    hash::{BuildHasher as _, Hasher as _, RandomState},
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, Request},
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use tokio::time::Instant;
use tower_http::cors::Cors;
use tower_service::Service;
use tracing::Instrument as _;
use wire::RejectionCode;

use super::{
    Shared, dialects,
    hosts::Called,
    policy, preview,
    refusal::{self, Refusal},
    relays, signed, site,
    unread::Unread,
};
use crate::keys::secret::hex;

/// The id under which the log knows a request.
#[derive(Debug, Clone)]
pub(super) struct RequestId(pub(super) String);

pub(super) const ID: HeaderName = HeaderName::from_static("x-request-id");
/// As Anthropic's clients know it.
pub(super) const ANTHROPICS_ID: HeaderName = HeaderName::from_static("request-id");

/// A page that is asked for with this query stays where it is: for browsers that do not know the
/// app's own name.
const STAY: &str = "stay";

pub(super) async fn pass(state: &Shared, mut request: Request, behind: Cors<Behind>) -> Response {
    let id = request_id();
    let began = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let span = tracing::info_span!("request", id, %method, path);
    request.extensions_mut().insert(RequestId(id.clone()));
    let remembered = state.hosts.is_remembered(request.headers());
    async move {
        let response = answer(state, request, behind).await;
        let mut response = refusal::write(response, &path, &id);
        policy::harden(response.headers_mut());
        if remembered {
            policy::remember(response.headers_mut());
        }
        if let Ok(id) = HeaderValue::from_str(&id) {
            if dialects::is_anthropics(&path) {
                response.headers_mut().insert(ANTHROPICS_ID, id.clone());
            }
            response.headers_mut().insert(ID, id);
        }
        state.operations.watch.answered(response.status());
        let status = response.status().as_u16();
        let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        // Files are many and say little.
        if is_api(&path) || status >= 400 {
            tracing::info!(status, ms, "answered");
        } else {
            tracing::debug!(status, ms, "answered");
        }
        response
    }
    .instrument(span)
    .await
}

async fn answer(state: &Shared, request: Request, mut behind: Cors<Behind>) -> Response {
    let (parts, body) = request.into_parts();
    let body = Body::new(Unread::new(body));
    let (headers, uri) = (&parts.headers, &parts.uri);
    match state.hosts.called(headers, uri) {
        Called::Unknown => return unknown_host(),
        Called::Preview => return preview::serve(state, &parts).await,
        Called::Alias if is_page_load(&parts.method, headers, uri) => {
            let target = uri.path_and_query().map_or("/", |it| it.as_str());
            return found(&format!("{}{target}", state.hosts.home()));
        }
        Called::Alias | Called::App => {}
    }
    if !site::is_document(uri.path()) && is_foreign(state, headers, uri) {
        return Refusal::new(
            StatusCode::FORBIDDEN,
            RejectionCode::NotAllowed,
            "Pages of this origin may not use this proxy; allow it with `origins` in easel.toml",
        )
        .into_response();
    }
    let request = Request::from_parts(parts, body);
    behind.call(request).await.unwrap_or_else(|impossible| match impossible {})
}

/// What is behind the gate: who signed is found out, and then it is routed. The page that asked may
/// read whatever is answered here.
#[derive(Debug, Clone)]
pub(super) struct Behind {
    pub(super) state: Shared,
    pub(super) routes: Router,
}

impl Behind {
    async fn answer(mut self, request: Request) -> Response {
        let mut request = match signed::check(&self.state, request).await {
            Ok(request) => request,
            Err(refusal) => return refusal.into_response(),
        };
        DefaultBodyLimit::max(self.state.limits.body_bytes).apply(&mut request);
        tokio::select! {
            response = self.routes.call(request) => {
                response.unwrap_or_else(|impossible| match impossible {})
            }
            () = self.state.operations.watch.over() => over(),
        }
    }
}

impl Service<Request> for Behind {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let behind = self.clone();
        Box::pin(async move { Ok(behind.answer(request).await) })
    }
}

fn over() -> Response {
    Refusal::new(
        StatusCode::SERVICE_UNAVAILABLE,
        RejectionCode::Broken,
        "The proxy ended before there was an answer; ask again once it runs",
    )
    .into_response()
}

fn unknown_host() -> Response {
    Refusal::new(
        StatusCode::MISDIRECTED_REQUEST,
        RejectionCode::NotAllowed,
        "This proxy does not go by this name; allow it with `hosts` in easel.toml",
    )
    .into_response()
}

fn found(target: &str) -> Response {
    let mut response = Redirect::to(target).into_response();
    *response.status_mut() = StatusCode::FOUND;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A person who opens a page, as opposed to a program that asks.
fn is_page_load(method: &Method, headers: &HeaderMap, uri: &Uri) -> bool {
    let stays = uri.query().is_some_and(|it| it.split('&').any(|it| it == STAY));
    method == Method::GET && wants_page(headers) && !stays && !is_api(uri.path())
}

pub(super) fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|it| it.to_str().ok()).unwrap_or_default();
    accept.contains("text/html")
}

pub(super) fn is_api(path: &str) -> bool {
    let begins = ["/app/", "/admin/api/", "/auth/"].iter().any(|it| path.starts_with(it));
    let watched = matches!(path, "/healthz" | "/livez" | "/readyz" | "/metrics");
    begins || watched || dialects::spoken_at(path).is_some() || relays::is_relay(path)
}

/// Browsers name the origin of everything that a page reads or sends; what they send without
/// (pictures, scripts, links) they mark by the site that it comes from.
fn is_foreign(state: &Shared, headers: &HeaderMap, uri: &Uri) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter().peekable();
    if origins.peek().is_some() {
        return !origins.all(|it| state.hosts.allows_origin(it));
    }
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    is_api(uri.path()) && matches!(site, Some(b"cross-site" | b"same-site"))
}

/// Nobody has to be unable to guess it, so it costs no call of the system.
fn request_id() -> String {
    let number = RandomState::new().build_hasher().finish();
    hex(&number.to_le_bytes())
}
