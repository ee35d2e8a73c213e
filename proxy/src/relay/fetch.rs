//! A page for the context of a prompt: fetched, decoded, and as Markdown.
//!
//! It runs no script, loads nothing that the page names, and sends nothing of the person's along.

mod charset;
mod element;
mod main_part;
mod markdown;
mod visible;
mod writer;

use std::{sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::{sync::Semaphore, time::timeout};
use url::Url;
use wire::{FetchedPage, RejectionCode};

pub(crate) use self::markdown::{Read, read as markdown};
use super::Refused;
use crate::outbound::{Outbound, Paced, Policy, Resolve};

/// Of a page as it comes.
const PAGE_LIMIT_BYTES: usize = 2 << 20;

/// Of the text that is made of it.
const TEXT_LIMIT_BYTES: usize = 200 << 10;

/// Until a page begins, and between two of its pieces.
const PATIENCE: Duration = Duration::from_secs(15);

/// For the whole, redirects included.
const WHOLE: Duration = Duration::from_secs(40);

/// At the same time.
const LIMIT: usize = 8;

const ACCEPT: HeaderValue = HeaderValue::from_static(
    "text/markdown, text/html;q=0.9, application/xhtml+xml;q=0.9, text/*;q=0.8, application/json;q=0.8, */*;q=0.1",
);

#[derive(Debug)]
pub struct Fetch {
    outbound: Outbound,
    permits: Arc<Semaphore>,
}

/// What a body is, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Html,
    Text,
}

impl Fetch {
    #[must_use]
    pub fn new(policy: Policy, resolver: Arc<dyn Resolve>) -> Self {
        let outbound = Outbound::new(policy, resolver, PATIENCE);
        Self { outbound, permits: Arc::new(Semaphore::new(LIMIT)) }
    }

    /// Counts what is under way together with what another one has under way.
    #[must_use]
    pub(super) fn beside(self, other: &Self) -> Self {
        Self { permits: Arc::clone(&other.permits), ..self }
    }

    pub async fn page(&self, address: &str) -> Result<FetchedPage, Refused> {
        let url = Url::parse(address).map_err(|err| {
            Refused::bad(&format!(
                "This is no address: {err}; write it as in `https://example.org/`"
            ))
        })?;
        let permit = self.permits.try_acquire();
        let _permit = permit.ok().ok_or_else(|| {
            Refused::busy("There are too many pages being fetched; try again soon")
        })?;
        match timeout(WHOLE, self.fetch(url)).await {
            Ok(page) => page,
            Err(_) => Err(Refused::new(
                StatusCode::GATEWAY_TIMEOUT,
                RejectionCode::Unreachable,
                &format!("This page did not come within {} s", WHOLE.as_secs()),
            )),
        }
    }

    async fn fetch(&self, url: Url) -> Result<FetchedPage, Refused> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, ACCEPT);
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let agent = concat!("Mozilla/5.0 (compatible; easel/", env!("CARGO_PKG_VERSION"), ")");
        headers.insert(header::USER_AGENT, HeaderValue::from_static(agent));
        let (mut url, answer) = self.outbound.get(url, headers, "fetch-hosts").await?;
        url.set_fragment(None);
        if !answer.status().is_success() {
            let message = format!("`{}` answers {}", host(&url), answer.status());
            let code = RejectionCode::ProviderFailed;
            return Err(Refused::new(StatusCode::BAD_GATEWAY, code, &message));
        }
        let sent = answer.headers().get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
        let sent = sent.unwrap_or_default().to_owned();
        let media_type = sent.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let kind = kind(&media_type);
        if kind.is_none() && !media_type.is_empty() {
            let message = format!("This address has `{media_type}`, which is no text");
            let code = RejectionCode::BadRequest;
            return Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, code, &message));
        }
        let encoded = answer.headers().get(header::CONTENT_ENCODING);
        if encoded.is_some_and(|it| it != "identity") {
            let message =
                format!("`{}` sends this page compressed, though not asked to", host(&url));
            let code = RejectionCode::ProviderFailed;
            return Err(Refused::new(StatusCode::BAD_GATEWAY, code, &message));
        }
        let (bytes, cut) = body(answer, &url).await?;
        // A page may be made to take long, and others wait for this thread.
        let made = tokio::task::spawn_blocking(move || make(&bytes, &url, sent, media_type, cut));
        match made.await {
            Ok(page) => page,
            Err(err) => {
                tracing::error!(cause = %err, "reading a page panicked");
                let code = RejectionCode::Broken;
                let message = "The proxy failed; see its log";
                Err(Refused::new(StatusCode::INTERNAL_SERVER_ERROR, code, message))
            }
        }
    }
}

/// Reads a page as far as it may go.
async fn body(answer: Response<Incoming>, url: &Url) -> Result<(Bytes, bool), Refused> {
    let mut body = Paced::new(answer.into_body(), u64::MAX, PATIENCE);
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|err| {
            tracing::info!(cause = %err, "page broke off");
            let message = format!("`{}` broke off in the middle of the page", host(url));
            Refused::new(StatusCode::BAD_GATEWAY, RejectionCode::CutOff, &message)
        })?;
        let Ok(data) = frame.into_data() else { continue };
        let left = PAGE_LIMIT_BYTES - bytes.len();
        bytes.extend_from_slice(&data[..data.len().min(left)]);
        if data.len() > left {
            return Ok((bytes.freeze(), true));
        }
    }
    Ok((bytes.freeze(), false))
}

fn make(
    bytes: &[u8],
    url: &Url,
    sent: String,
    media_type: String,
    cut: bool,
) -> Result<FetchedPage, Refused> {
    let no_text = || {
        let message = "This address has no text";
        let code = RejectionCode::BadRequest;
        Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, code, message)
    };
    let kind = kind(&media_type).unwrap_or_else(|| {
        let begin = bytes.trim_ascii_start();
        if begin.starts_with(b"<") { Kind::Html } else { Kind::Text }
    });
    let text = charset::decode(bytes, &sent, kind == Kind::Html);
    if text.contains('\0') {
        return Err(no_text());
    }
    let read = match kind {
        Kind::Html => markdown(&text, url, TEXT_LIMIT_BYTES),
        Kind::Text => plain(&text),
    };
    Ok(FetchedPage {
        url: url.to_string(),
        title: read.title,
        media_type,
        text: read.text,
        cut: cut || read.cut,
    })
}

fn plain(text: &str) -> Read {
    let kept = &text[..text.floor_char_boundary(TEXT_LIMIT_BYTES)];
    Read { title: None, text: visible::only(kept), cut: kept.len() < text.len() }
}

fn kind(media_type: &str) -> Option<Kind> {
    const TEXTS: [&str; 12] = [
        "application/json",
        "application/javascript",
        "application/ecmascript",
        "application/typescript",
        "application/x-javascript",
        "application/x-ndjson",
        "application/xml",
        "application/yaml",
        "application/x-yaml",
        "application/toml",
        "application/sql",
        "application/x-sh",
    ];
    let ends = |it: &str| media_type.ends_with(it);
    match media_type {
        "text/html" | "application/xhtml+xml" => Some(Kind::Html),
        _ if media_type.starts_with("text/") || TEXTS.contains(&media_type) => Some(Kind::Text),
        _ if ends("+json") || ends("+xml") || ends("+yaml") => Some(Kind::Text),
        _ => None,
    }
}

fn host(url: &Url) -> &str {
    url.host_str().unwrap_or_default()
}
