//! The guarded way out: for everything that the proxy fetches on somebody's behalf.
//!
//! It judges the host by a list, its addresses by where they are, and each redirect again. Addresses
//! that the person configured as a provider's take the other way, `upstream`.

mod address;
mod dial;
mod paced;
mod policy;

use std::{error::Error, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, Uri, header};
use http_body_util::{BodyExt as _, Empty, combinators::UnsyncBoxBody};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};
use providers::failure;
use tokio::time::timeout;
use url::Url;
use wire::{Rejection, RejectionCode};

pub use address::{Place, place};
use dial::{Dial, Forbidden};
pub use dial::{Resolve, System};
pub use paced::{Broken, Paced};
pub use policy::{Bounds, OwnHost, Pattern, Policy};
pub(crate) use policy::{is_login, name};

use crate::upstream::unreachable;

pub type BoxError = Box<dyn Error + Send + Sync>;

/// A body on its way out.
pub type Outgoing = UnsyncBoxBody<Bytes, BoxError>;

/// Pages move once or twice; more is a circle.
pub const REDIRECTS_LIMIT: usize = 5;

const ADDRESS_LIMIT_BYTES: usize = 8 << 10;

const POOL_IDLE: Duration = Duration::from_secs(20);

/// Of an answer's head, so that it stays one.
const HEAD_LIMIT_BYTES: usize = 64 << 10;

/// Connections to hosts that one policy allows.
#[derive(Debug, Clone)]
pub struct Outbound {
    client: Client<HttpsConnector<Dial>, Outgoing>,
    policy: Arc<Policy>,
    patience: Duration,
}

/// Why nothing was fetched, named by what the person can do.
#[derive(Debug, thiserror::Error)]
pub enum NotReached {
    #[error("This address cannot be asked: {0}")]
    BadAddress(&'static str),
    #[error(
        "`{host}` is not among the hosts that this proxy may ask; add it to `{list}` in easel.toml"
    )]
    NotListed { host: String, list: &'static str },
    #[error(
        "`{host}` is in a private network; add it to `private-hosts` in easel.toml if it is meant"
    )]
    Private { host: String },
    #[error("`{host}` leads to an address that is never asked")]
    Never { host: String },
    #[error("The page leads from https to http, which is not followed")]
    Insecure,
    #[error("The page leads on and on: more than {REDIRECTS_LIMIT} redirects")]
    Circle,
    #[error("`{host}` did not answer in time")]
    Slow { host: String },
    #[error("what was sent was larger than {} MB", limit_bytes >> 20)]
    TooLarge { limit_bytes: u64 },
    #[error("{}", .0.message)]
    Unreachable(Rejection),
}

impl Outbound {
    /// `patience` is how long a host may take to begin its answer.
    #[must_use]
    pub fn new(policy: Policy, resolver: Arc<dyn Resolve>, patience: Duration) -> Self {
        let policy = Arc::new(policy);
        let dial = Dial { policy: Arc::clone(&policy), resolver };
        let connector = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .wrap_connector(dial);
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(POOL_IDLE)
            .pool_timer(TokioTimer::new())
            .http1_max_buf_size(HEAD_LIMIT_BYTES)
            .build(connector);
        Self { client, policy, patience }
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Whether a host may be asked, and at which address; `list` is where it would have to stand.
    pub fn judge(&self, url: &Url, list: &'static str) -> Result<Uri, NotReached> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(NotReached::BadAddress("it must begin with http:// or https://"));
        }
        if is_login(url) {
            return Err(NotReached::BadAddress("it holds a name or a password"));
        }
        if url.as_str().len() > ADDRESS_LIMIT_BYTES {
            return Err(NotReached::BadAddress("it is too long"));
        }
        let host = name(url).ok_or(NotReached::BadAddress("it names no host"))?;
        let port = url.port_or_known_default().unwrap_or_default();
        if !self.policy.admits(&host, port) {
            let host = url.port().map_or(host.clone(), |it| format!("{host}:{it}"));
            return Err(NotReached::NotListed { host, list });
        }
        let bare = url.as_str().split('#').next().unwrap_or_default();
        bare.parse().map_err(|err| {
            tracing::debug!(cause = %err, "address that is none to the client");
            NotReached::BadAddress("it holds characters that no address has")
        })
    }

    /// Sends one request to an address that was judged, and returns the answer as it is, redirects
    /// included.
    pub async fn send(&self, request: Request<Outgoing>) -> Result<Response<Incoming>, NotReached> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        match timeout(self.patience, self.client.request(request)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(err)) => Err(trouble(&host, &err)),
            Err(_) => Err(NotReached::Slow { host }),
        }
    }

    /// Asks for a page and goes where it leads, judging each address anew. What `headers` hold that
    /// could be somebody's key stays with the first origin.
    pub async fn get(
        &self,
        url: Url,
        mut headers: HeaderMap,
        list: &'static str,
    ) -> Result<(Url, Response<Incoming>), NotReached> {
        let mut url = url;
        for _ in 0..=REDIRECTS_LIMIT {
            let uri = self.judge(&url, list)?;
            let mut request = Request::new(nothing());
            *request.method_mut() = Method::GET;
            *request.uri_mut() = uri;
            *request.headers_mut() = headers.clone();
            let answer = self.send(request).await?;
            let Some(next) = leads_to(&url, &answer)? else { return Ok((url, answer)) };
            if next.origin() != url.origin() {
                for name in [header::AUTHORIZATION, header::COOKIE, header::PROXY_AUTHORIZATION] {
                    headers.remove(name);
                }
            }
            url = next;
        }
        Err(NotReached::Circle)
    }
}

/// A request's body that has nothing in it.
pub(crate) fn nothing() -> Outgoing {
    Empty::new().map_err(Into::into).boxed_unsync()
}

/// Returns where an answer leads, if it leads anywhere.
pub(crate) fn leads_to<B>(from: &Url, answer: &Response<B>) -> Result<Option<Url>, NotReached> {
    if !matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = answer.headers().get(header::LOCATION) else { return Ok(None) };
    let bad = || NotReached::BadAddress("the page leads to one that cannot be read");
    let location = std::str::from_utf8(location.as_bytes()).ok().ok_or_else(bad)?;
    let next = from.join(location).ok().ok_or_else(bad)?;
    if from.scheme() == "https" && next.scheme() != "https" {
        return Err(NotReached::Insecure);
    }
    Ok(Some(next))
}

fn trouble(host: &str, err: &hyper_util::client::legacy::Error) -> NotReached {
    let mut cause: Option<&(dyn Error + 'static)> = Some(err);
    while let Some(it) = cause {
        if let Some(forbidden) = it.downcast_ref().or_else(|| inner(it)) {
            return refused(forbidden);
        }
        if let Some(Broken::TooLarge { limit_bytes }) = it.downcast_ref() {
            return NotReached::TooLarge { limit_bytes: *limit_bytes };
        }
        cause = it.source();
    }
    NotReached::Unreachable(unreachable(host, err))
}

/// An error of the system that carries one of ours does not name it as its source.
fn inner<'a>(err: &'a (dyn Error + 'static)) -> Option<&'a Forbidden> {
    err.downcast_ref::<std::io::Error>()?.get_ref()?.downcast_ref()
}

fn refused(forbidden: &Forbidden) -> NotReached {
    let host = forbidden.host.clone();
    tracing::warn!(host, place = ?forbidden.place, "not asked: no public address");
    match forbidden.place {
        Place::Nowhere => NotReached::Never { host },
        Place::Own | Place::Public => NotReached::Private { host },
    }
}

impl From<NotReached> for Rejection {
    fn from(err: NotReached) -> Self {
        let code = match &err {
            NotReached::BadAddress(_)
            | NotReached::NotListed { .. }
            | NotReached::Private { .. }
            | NotReached::Never { .. }
            | NotReached::Insecure
            | NotReached::Circle => RejectionCode::BadRequest,
            NotReached::TooLarge { .. } => RejectionCode::PromptTooLong,
            NotReached::Slow { .. } => RejectionCode::Unreachable,
            NotReached::Unreachable(rejection) => return rejection.clone(),
        };
        failure::plain(code, &err.to_string())
    }
}

#[cfg(test)]
mod tests;
