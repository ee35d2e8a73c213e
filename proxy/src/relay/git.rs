//! Git's smart HTTP, in both directions: clone, fetch and push for a page that may not ask the
//! remote itself.
//!
//! Only the three requests of the protocol pass, with the headers that it needs; packs are neither
//! read nor kept. The app's own `Authorization` is for the proxy; the remote's is in
//! `X-Git-Authorization`.

mod asked;

use std::{sync::Arc, time::Duration};

use axum::body::Body;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use tokio::{sync::Semaphore, time::timeout};
use url::Url;
use wire::RejectionCode;

use self::asked::Asked;
use super::Refused;
use crate::outbound::{NotReached, Outbound, Outgoing, Paced, Policy, Resolve, leads_to, nothing};

/// Where the app says who it is to the remote.
const LOGIN: HeaderName = HeaderName::from_static("x-git-authorization");

const PROTOCOL: HeaderName = HeaderName::from_static("git-protocol");

/// Some remotes answer nobody else.
const USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("git/easel-", env!("CARGO_PKG_VERSION")));

const PASSED: [HeaderName; 5] = [
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::CONTENT_ENCODING,
    header::CONTENT_TYPE,
    PROTOCOL,
];

/// At the same time.
const LIMIT: usize = 32;

/// Of a push that is too large, so much more is read: who still sends does not hear the refusal.
const SWALLOWED_BYTES: u64 = 64 << 20;

/// Of what a remote says beside a refusal.
const WORDS_LIMIT: usize = 300;

#[derive(Debug)]
pub struct Git {
    outbound: Outbound,
    limit_bytes: u64,
    patience: Duration,
    permits: Arc<Semaphore>,
}

impl Git {
    #[must_use]
    pub fn new(
        policy: Policy,
        limit_bytes: u64,
        resolver: Arc<dyn Resolve>,
        patience: Duration,
    ) -> Self {
        let outbound = Outbound::new(policy, resolver, patience);
        Self { outbound, limit_bytes, patience, permits: Arc::new(Semaphore::new(LIMIT)) }
    }

    /// Counts what is under way together with what another one has under way.
    #[must_use]
    pub(super) fn beside(self, other: &Self) -> Self {
        Self { permits: Arc::clone(&other.permits), ..self }
    }

    /// Passes a request for `/git/HOST/PATH` on, and its answer back.
    pub async fn relay(&self, request: Request<Body>) -> Result<Response<Body>, Refused> {
        let (parts, body) = request.into_parts();
        let mut asked = Asked::read(&parts.method, &parts.uri, self.outbound.policy())?;
        asked.check(&parts.headers)?;
        asked.logs_in = parts.headers.contains_key(LOGIN);
        let uri = self.outbound.judge(&asked.url, "git-hosts")?;
        let permit = Arc::clone(&self.permits).try_acquire_owned();
        let permit = permit.ok().ok_or_else(|| {
            Refused::busy("There are too many clones and pushes under way; try again soon")
        })?;
        if body.size_hint().lower() > self.limit_bytes {
            let mut body = Paced::new(body, 0, self.patience).swallowing(SWALLOWED_BYTES);
            // It ends in the error that is told below.
            drop(body.frame().await);
            return Err(self.too_large());
        }
        let mut onward = Request::new(self.body(&parts.method, body));
        *onward.method_mut() = parts.method;
        *onward.uri_mut() = uri;
        *onward.headers_mut() = headers(&parts.headers)?;
        let answer = match self.outbound.send(onward).await {
            Err(NotReached::TooLarge { .. }) => return Err(self.too_large()),
            answer => answer?,
        };
        if let Some(moved) = moved(&asked, &answer)? {
            return Ok(moved);
        }
        if answer.status() != StatusCode::OK {
            return Err(self.refused(&asked, answer).await);
        }
        let media_type = answer.headers().get(header::CONTENT_TYPE).cloned();
        let Some(media_type) = media_type.filter(|it| it.as_bytes() == asked.answered().as_bytes())
        else {
            let message = format!("`{}` answers this path, but not as a git server", asked.host);
            return Err(Refused::new(
                StatusCode::BAD_GATEWAY,
                RejectionCode::ProviderFailed,
                &message,
            ));
        };
        let encoding = answer.headers().get(header::CONTENT_ENCODING).cloned();
        let body = Paced::new(answer.into_body(), self.limit_bytes, self.patience);
        let mut response = Response::new(Body::new(body.holding(permit)));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, media_type);
        if let Some(encoding) = encoding {
            headers.insert(header::CONTENT_ENCODING, encoding);
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(response)
    }

    fn body(&self, method: &Method, body: Body) -> Outgoing {
        if method == Method::GET {
            return nothing();
        }
        let body = Paced::new(body, self.limit_bytes, self.patience).swallowing(SWALLOWED_BYTES);
        body.map_err(Into::into).boxed_unsync()
    }

    fn too_large(&self) -> Refused {
        let limit_mb = self.limit_bytes >> 20;
        let message = format!(
            "This push is larger than {limit_mb} MB; `git-limit-mb` in easel.toml allows more"
        );
        Refused::new(StatusCode::PAYLOAD_TOO_LARGE, RejectionCode::PromptTooLong, &message)
    }

    /// Says what the remote's refusal means; a browser must not see it as it is, or it asks the
    /// person for a password.
    async fn refused(&self, asked: &Asked, answer: Response<Incoming>) -> Refused {
        let status = answer.status();
        let host = &asked.host;
        let words = words(answer, self.patience).await;
        let (status, code, what) = match status.as_u16() {
            401 if asked.logs_in => {
                (status, RejectionCode::BadKey, "does not take this name and token")
            }
            401 => (status, RejectionCode::BadKey, "wants a name and a token for this"),
            403 => (status, RejectionCode::BadKey, "does not allow this"),
            404 | 410 => (
                StatusCode::NOT_FOUND,
                RejectionCode::BadRequest,
                "has no such repository, or shows it only to whoever signs in",
            ),
            429 => (status, RejectionCode::Busy, "gets too many requests; try again later"),
            300..400 => (
                StatusCode::BAD_GATEWAY,
                RejectionCode::ProviderFailed,
                "has moved this repository; begin again with a fetch",
            ),
            400..500 => {
                (StatusCode::BAD_REQUEST, RejectionCode::BadRequest, "refuses this request")
            }
            _ => (
                StatusCode::BAD_GATEWAY,
                RejectionCode::ProviderFailed,
                "failed on its side; try again later",
            ),
        };
        let said = words.map(|it| format!(". It says: {it}")).unwrap_or_default();
        Refused::new(status, code, &format!("`{host}` {what}{said}"))
    }
}

fn headers(from: &HeaderMap) -> Result<HeaderMap, Refused> {
    let mut headers = HeaderMap::new();
    for name in PASSED {
        if let Some(value) = from.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    headers.insert(header::USER_AGENT, USER_AGENT);
    let mut logins = from.get_all(LOGIN).iter();
    if let Some(login) = logins.next() {
        if logins.next().is_some() {
            return Err(Refused::bad("There is more than one X-Git-Authorization"));
        }
        let mut login = login.clone();
        login.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, login);
    }
    Ok(headers)
}

/// Hands on where a repository has moved to within its host, so that the client goes on there by
/// itself. To another host it would bring its password along, so a person has to decide.
fn moved(asked: &Asked, answer: &Response<Incoming>) -> Result<Option<Response<Body>>, Refused> {
    let Some(next) = leads_to(&asked.url, answer)?.filter(|_| asked.advertises) else {
        return Ok(None);
    };
    let repository = next.path().strip_suffix("/info/refs");
    let Some(repository) = repository.filter(|_| next.query() == asked.url.query()) else {
        let message = format!("`{}` leads elsewhere than to a repository", asked.host);
        return Err(Refused::new(StatusCode::BAD_GATEWAY, RejectionCode::ProviderFailed, &message));
    };
    if next.origin() != asked.url.origin() {
        let place = Url::join(&next, repository).map(String::from).unwrap_or_default();
        let message = format!("This repository has moved to {place}; use that address");
        return Err(Refused::new(StatusCode::GONE, RejectionCode::BadRequest, &message));
    }
    let query = asked.url.query().unwrap_or_default();
    let location = format!("/git/{}{}?{query}", asked.host, next.path());
    let location = HeaderValue::try_from(location);
    let location = location.ok().ok_or_else(|| Refused::bad("The new address cannot be used"))?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
    response.headers_mut().insert(header::LOCATION, location);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(Some(response))
}

/// Returns the beginning of what a remote says in plain text.
async fn words(answer: Response<Incoming>, patience: Duration) -> Option<String> {
    let media_type = answer.headers().get(header::CONTENT_TYPE)?.as_bytes();
    if !media_type.starts_with(b"text/plain") {
        return None;
    }
    let mut body = Paced::new(answer.into_body(), WORDS_LIMIT as u64, patience);
    let mut bytes = Vec::new();
    let reading = async {
        while let Some(Ok(frame)) = body.frame().await {
            bytes.extend(frame.into_data().unwrap_or_default());
        }
    };
    // What came until then is enough.
    timeout(Duration::from_secs(2), reading).await.ok();
    let text = String::from_utf8_lossy(&bytes);
    let text: String = text.chars().filter(|it| !it.is_control()).take(WORDS_LIMIT).collect();
    Some(text.trim().to_owned()).filter(|it| !it.is_empty())
}
