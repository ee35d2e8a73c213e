//! A server of tools that has an address: requests and streams pass as they are.
//!
//! It adds the headers that the configuration has for this server, and lets through only those of
//! the protocol.

use std::{sync::Arc, time::Duration};

use axum::body::Body;
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header,
};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use tokio::sync::watch;
use url::Url;
use wire::RejectionCode;

use super::{super::Refused, Asked, MESSAGE_LIMIT_BYTES};
use crate::{
    keys::Secret,
    outbound::{Outbound, OwnHost, Paced, Policy, Resolve, nothing},
};

const LAST_EVENT: HeaderName = HeaderName::from_static("last-event-id");

/// Of everything that one stream may carry.
const STREAM_LIMIT_BYTES: u64 = 1 << 30;

#[derive(Debug)]
pub(super) struct Remote {
    name: String,
    uri: Result<Uri, String>,
    headers: Vec<(HeaderName, Secret)>,
    outbound: Outbound,
    patience: Duration,
}

impl Remote {
    pub(super) fn new(
        name: &str,
        url: Url,
        headers: Vec<(HeaderName, Secret)>,
        resolver: Arc<dyn Resolve>,
        patience: Duration,
    ) -> Self {
        // The person wrote this address, so it may be one of their own network.
        let own = OwnHost::parse(url.origin().ascii_serialization().as_str());
        let policy = Policy { private: own.into_iter().collect(), ..Policy::default() };
        let outbound = Outbound::new(policy, resolver, patience);
        let uri = outbound.judge(&url, "mcp").map_err(|err| err.to_string());
        Self { name: name.to_owned(), uri, headers, outbound, patience }
    }

    pub(super) async fn ask(
        &self,
        asked: Asked,
        ending: watch::Receiver<bool>,
    ) -> Result<Response<Body>, Refused> {
        let uri = self.uri.clone().map_err(|err| Refused::bad(&err))?;
        let listens = asked.method == Method::GET;
        let body = match asked.method {
            Method::POST => Full::new(asked.body).map_err(Into::into).boxed_unsync(),
            _ => nothing(),
        };
        let mut request = Request::new(body);
        *request.method_mut() = asked.method;
        *request.uri_mut() = uri;
        *request.headers_mut() = self.headers(&asked.headers);
        let answer = self.outbound.send(request).await.map_err(|err| {
            tracing::info!(server = self.name, cause = %err, "server of tools not reached");
            let mut refused = Refused::from(err);
            // Its address is the proxy's affair.
            refused.rejection.message = format!("The server `{}` cannot be reached", self.name);
            refused
        })?;
        let status = answer.status();
        match status.as_u16() {
            200..300 => self.pass(answer, listens, ending),
            // The protocol's own: a wrong message, no such session, no stream to listen to.
            400 | 404 | 405 | 406 | 409 => self.pass(answer, listens, ending),
            401 | 403 => Err(self
                .failed(RejectionCode::BadKey, "does not take the key that easel.toml has for it")),
            429 => Err(Refused::busy(&format!("The server `{}` is busy", self.name))),
            300..400 => Err(self.failed(RejectionCode::ProviderFailed, "has moved")),
            _ => Err(self.failed(RejectionCode::ProviderFailed, &format!("answers {status}"))),
        }
    }

    fn failed(&self, code: RejectionCode, what: &str) -> Refused {
        let message = format!("The server `{}` {what}", self.name);
        Refused::new(StatusCode::BAD_GATEWAY, code, &message)
    }

    fn headers(&self, from: &HeaderMap) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in from {
            let passed = [header::ACCEPT, header::CONTENT_TYPE, LAST_EVENT].contains(name);
            if passed || name.as_str().starts_with("mcp-") {
                headers.insert(name.clone(), value.clone());
            }
        }
        let agent = concat!("easel/", env!("CARGO_PKG_VERSION"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static(agent));
        for (name, value) in &self.headers {
            // That it can be sent was seen when it was configured.
            if let Ok(mut value) = HeaderValue::from_str(value.expose()) {
                value.set_sensitive(true);
                headers.insert(name.clone(), value);
            }
        }
        headers
    }

    fn pass(
        &self,
        answer: Response<Incoming>,
        listens: bool,
        ending: watch::Receiver<bool>,
    ) -> Result<Response<Body>, Refused> {
        let (parts, body) = answer.into_parts();
        let media_type = parts.headers.get(header::CONTENT_TYPE);
        let essence = media_type.and_then(|it| it.to_str().ok()).unwrap_or_default();
        let essence = essence.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let streams = essence == "text/event-stream";
        let fits = streams || essence == "application/json";
        let is_good = parts.status.is_success();
        let bare = matches!(parts.status.as_u16(), 202 | 204);
        if is_good && !fits && !bare && !essence.is_empty() {
            return Err(self.failed(RejectionCode::ProviderFailed, "answers, but not in MCP"));
        }
        let limit = if streams { STREAM_LIMIT_BYTES } else { MESSAGE_LIMIT_BYTES as u64 };
        // A stream that listens may be silent for as long as it wants.
        let idle = if streams { Duration::from_secs(24 * 3600) } else { self.patience };
        let body = Paced::new(body, limit, idle);
        let body = match (fits, listens) {
            (true, true) => until(body, ending),
            (true, false) => Body::new(body),
            // What is no message is nobody's.
            (false, _) => Body::empty(),
        };
        let mut response = Response::new(body);
        *response.status_mut() = parts.status;
        for name in [header::CONTENT_TYPE, super::SESSION] {
            if let Some(value) = parts.headers.get(&name).filter(|_| fits || name == super::SESSION)
            {
                response.headers_mut().insert(name, value.clone());
            }
        }
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
        Ok(response)
    }
}

/// Ends a body when the proxy does.
fn until(body: Paced<Incoming>, ending: watch::Receiver<bool>) -> Body {
    let data = body.into_data_stream();
    let ended = async move {
        let mut ending = ending;
        // Whoever would tell is gone, which is an end too.
        ending.wait_for(|it| *it).await.ok();
    };
    let bytes = data.take_until(Box::pin(ended));
    Body::from_stream(bytes.chain(stream::empty::<Result<Bytes, _>>()))
}
