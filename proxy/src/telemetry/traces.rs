//! One span per request, sent to a collector by OTLP over HTTP, in JSON.
//!
//! Names are those of OpenTelemetry's conventions for generative models; no text of a request or a
//! reply is in them. Requests never wait for the collector: what it does not take in time is dropped,
//! and counted.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};
use tokio::{sync::mpsc, time::timeout};

use super::Exposition;
use crate::{config::Collector, keys::secret::hex, ledger::Row};

/// Spans that may wait, some kilobytes each thousand.
const MOST_WAITING: usize = 4096;
const AT_ONCE: usize = 256;

/// What has gathered is sent so often.
const PAUSE: Duration = Duration::from_secs(2);

/// A collector that does not answer in this time gets nothing of this batch.
const PATIENCE: Duration = Duration::from_secs(5);

/// A collector answers with a few bytes.
const MOST_ANSWER: usize = 64 << 10;

/// The span of a client that a request is part of: version 00 of `traceparent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parent {
    trace: [u8; 16],
    span: [u8; 8],
}

/// Whereto spans go. Clones go to the same place.
#[derive(Debug, Clone)]
pub(crate) struct Traces {
    sender: mpsc::Sender<Span>,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    sent: AtomicU64,
    dropped: AtomicU64,
}

#[derive(Debug)]
pub(crate) struct Span {
    pub(crate) row: Row,
    /// `provider/model`
    pub(crate) lane: Option<String>,
    pub(crate) first_ms: Option<u32>,
    pub(crate) parent: Option<Parent>,
}

impl Parent {
    /// Reads the header; what is not as it must be is nobody's.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('-');
        let (version, trace, span) = (parts.next()?, parts.next()?, parts.next()?);
        let parent = Self { trace: bytes(trace)?, span: bytes(span)? };
        let none = parent.trace == [0; 16] || parent.span == [0; 8];
        (version == "00" && !none).then_some(parent)
    }
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let lower = |it: u8| it.is_ascii_digit() || matches!(it, b'a'..=b'f');
    if text.len() != 2 * N || !text.bytes().all(lower) {
        return None;
    }
    let mut out = [0; N];
    for (at, byte) in out.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?; // Two digits always fit.
    }
    Some(out)
}

impl Traces {
    /// Starts sending to a collector, until nobody holds the answer or the runtime ends.
    pub(crate) fn start(collector: &Collector) -> Self {
        let (sender, receiver) = mpsc::channel(MOST_WAITING);
        let counts = Arc::<Counts>::default();
        tokio::spawn(run(Target::new(collector), receiver, Arc::clone(&counts)));
        Self { sender, counts }
    }

    /// Hands a span over, if there is room for it.
    pub(crate) fn tell(&self, span: Span) {
        if self.sender.try_send(span).is_err() {
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn write(&self, text: &mut Exposition) {
        text.counter("easel_spans_total", "Spans, by what became of them.");
        text.value(&[("became", "sent")], self.counts.sent.load(Ordering::Relaxed));
        text.value(&[("became", "dropped")], self.counts.dropped.load(Ordering::Relaxed));
    }
}

/// Whereto batches are sent, and what is sent along.
struct Target {
    url: String,
    headers: HeaderMap,
}

impl Target {
    fn new(collector: &Collector) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in &collector.headers {
            // The configuration took nothing that no header can hold.
            if let Ok(mut value) = HeaderValue::from_str(value.expose()) {
                value.set_sensitive(true);
                headers.insert(name, value);
            }
        }
        let url = format!("{}/v1/traces", collector.address.trim_end_matches('/'));
        Self { url, headers }
    }
}

async fn run(target: Target, mut receiver: mpsc::Receiver<Span>, counts: Arc<Counts>) {
    let connector =
        HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build(connector);
    let mut spans = Vec::new();
    let mut answered = true;
    while receiver.recv_many(&mut spans, AT_ONCE).await > 0 {
        if spans.len() < AT_ONCE {
            // More may come; few requests should not be many batches.
            tokio::time::sleep(PAUSE).await;
            while spans.len() < AT_ONCE
                && let Ok(span) = receiver.try_recv()
            {
                spans.push(span);
            }
        }
        let n = u64::try_from(spans.len()).unwrap_or(u64::MAX);
        let sent = timeout(PATIENCE, send(&client, &target, &spans)).await.unwrap_or(false);
        let count = if sent { &counts.sent } else { &counts.dropped };
        count.fetch_add(n, Ordering::Relaxed);
        if answered && !sent {
            tracing::warn!(n, "the collector of traces does not take them");
        }
        answered = sent;
        spans.clear();
    }
}

type Sender = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Returns whether the collector took them.
async fn send(client: &Sender, target: &Target, spans: &[Span]) -> bool {
    let body = Full::from(batch(spans).to_string());
    let Ok(mut request) = Request::post(&target.url).body(body) else { return false };
    request.headers_mut().clone_from(&target.headers);
    match client.request(request).await {
        Ok(answer) => {
            let taken = answer.status().is_success();
            // Read to its end, so that the connection serves again.
            Limited::new(answer.into_body(), MOST_ANSWER).collect().await.is_ok() && taken
        }
        Err(err) => {
            tracing::debug!(cause = %err, "no collector");
            false
        }
    }
}

fn batch(spans: &[Span]) -> Value {
    let spans: Vec<Value> = spans.iter().map(Span::write).collect();
    let version = env!("CARGO_PKG_VERSION");
    json!({ "resourceSpans": [{
        "resource": { "attributes": [text("service.name", "easel-proxy"), text("service.version", version)] },
        "scopeSpans": [{ "scope": { "name": "easel-proxy", "version": version }, "spans": spans }],
    }] })
}

fn text(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

/// Whole numbers are texts in this format.
fn whole(key: &str, value: u64) -> Value {
    json!({ "key": key, "value": { "intValue": value.to_string() } })
}

impl Span {
    fn write(&self) -> Value {
        let row = &self.row;
        let (provider, model) =
            self.lane.as_deref().and_then(|it| it.split_once('/')).unwrap_or(("", ""));
        let mut attributes = vec![
            text("gen_ai.operation.name", "chat"),
            text("gen_ai.provider.name", provider),
            text("gen_ai.request.model", model),
            whole("gen_ai.usage.input_tokens", row.usage.all_input_tokens()),
            whole("gen_ai.usage.output_tokens", row.usage.all_output_tokens()),
            whole("http.response.status_code", row.status.into()),
            text("easel.operation", row.operation.name()),
            text("easel.request", &row.request.to_string()),
            whole("easel.key", u64::try_from(row.key.0).unwrap_or_default()),
        ];
        attributes.extend(row.usage.cost_nano.map(|it| whole("easel.cost_nano", it)));
        attributes.extend(self.first_ms.map(|it| whole("easel.first_byte_ms", it.into())));
        let failed = row.status >= 400;
        if failed {
            attributes.push(text("error.type", &row.status.to_string()));
        }
        let begun = u128::from(row.at_ms) * 1_000_000;
        let ended = begun + u128::from(row.ms) * 1_000_000;
        let mut span = json!({
            "traceId": self.parent.map_or_else(random::<16>, |it| hex(&it.trace)),
            "spanId": random::<8>(),
            "name": format!("chat {model}"),
            "kind": 3,
            "startTimeUnixNano": begun.to_string(),
            "endTimeUnixNano": ended.to_string(),
            "attributes": attributes,
            "status": { "code": if failed { 2 } else { 1 } },
        });
        if let Some(parent) = self.parent {
            span["parentSpanId"] = hex(&parent.span).into();
        }
        span
    }
}

/// Without random numbers, traces are one; that costs their reader something and nobody else.
fn random<const N: usize>() -> String {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).ok();
    hex(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_is_read_strictly() {
        let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        let parent = Parent::read(&format!("00-{trace}-{span}-01")).unwrap();
        assert_eq!((hex(&parent.trace), hex(&parent.span)), (trace.to_owned(), span.to_owned()));
        let zero = "0".repeat(32);
        for none in [
            "",
            "00",
            &format!("ff-{trace}-{span}-01"),
            &format!("00-{zero}-{span}-01"),
            &format!("00-{}-{span}-01", trace.to_uppercase()),
            &format!("00-{trace}x-{span}-01"),
            &format!("00-{}é-{span}-01", &trace[..30]),
        ] {
            assert_eq!(Parent::read(none), None, "{none}");
        }
    }
}
