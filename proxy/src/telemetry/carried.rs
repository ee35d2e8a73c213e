//! What goes through the relays: answers by class, and bytes in both directions.
//!
//! Nothing of it is of models, so nothing of it costs anything or is in the ledger.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use bytes::{Buf as _, Bytes};
use http::StatusCode;
use hyper::body::{Body, Frame, SizeHint};

use super::Exposition;

/// Which relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relay {
    Git,
    Fetch,
    Mcp,
}

const NAMES: [&str; 3] = ["git", "fetch", "mcp"];
const CLASSES: [&str; 6] = ["other", "1xx", "2xx", "3xx", "4xx", "5xx"];

/// The figures of all relays, for as long as the process runs.
#[derive(Debug, Default)]
pub(crate) struct Carried([Counts; NAMES.len()]);

#[derive(Debug, Default)]
struct Counts {
    answers: [AtomicU64; CLASSES.len()],
    sent_bytes: Arc<AtomicU64>,
    received_bytes: Arc<AtomicU64>,
}

/// A body whose bytes are counted as they go by.
#[derive(Debug)]
pub(crate) struct Counted<B> {
    body: B,
    bytes: Arc<AtomicU64>,
}

impl Carried {
    /// Counts what the app sends.
    pub(crate) fn sent<B>(&self, relay: Relay, body: B) -> Counted<B> {
        Counted { body, bytes: Arc::clone(&self.of(relay).sent_bytes) }
    }

    /// Counts an answer, and what it brings the app.
    pub(crate) fn received<B>(&self, relay: Relay, status: StatusCode, body: B) -> Counted<B> {
        let counts = self.of(relay);
        let class = usize::from(status.as_u16() / 100);
        let class = counts.answers.get(class).unwrap_or(&counts.answers[0]);
        class.fetch_add(1, Ordering::Relaxed);
        Counted { body, bytes: Arc::clone(&counts.received_bytes) }
    }

    fn of(&self, relay: Relay) -> &Counts {
        &self.0[relay as usize]
    }

    pub(crate) fn write(&self, text: &mut Exposition) {
        let all = || NAMES.iter().zip(&self.0);
        text.counter("easel_relay_answers_total", "Answers of the relays, by class of status.");
        for (name, counts) in all() {
            for (class, n) in CLASSES.iter().zip(&counts.answers) {
                let n = n.load(Ordering::Relaxed);
                if n > 0 {
                    text.value(&[("relay", name), ("class", class)], n);
                }
            }
        }
        text.counter("easel_relay_bytes_total", "Bytes of bodies, from the app and to it.");
        for (name, counts) in all() {
            for (way, n) in [("sent", &counts.sent_bytes), ("received", &counts.received_bytes)] {
                text.value(&[("relay", name), ("direction", way)], n.load(Ordering::Relaxed));
            }
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Counted<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(Ok(data)) = frame.as_ref().map(|it| it.as_ref().map(Frame::data_ref))
            && let Some(data) = data
        {
            let n = u64::try_from(data.remaining()).unwrap_or(u64::MAX);
            self.bytes.fetch_add(n, Ordering::Relaxed);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt as _, Full};

    use super::*;

    #[tokio::test]
    async fn answers_and_bytes_are_counted_by_relay() {
        let carried = Carried::default();
        let full = |n: usize| Full::new(Bytes::from(vec![b'x'; n]));
        carried.sent(Relay::Git, full(7)).collect().await.unwrap();
        for (status, n) in [(200, 30), (204, 0), (404, 5)] {
            let status = StatusCode::from_u16(status).unwrap();
            let body = carried.received(Relay::Git, status, full(n));
            assert_eq!(body.size_hint().exact(), Some(n as u64));
            body.collect().await.unwrap();
        }
        // What nobody reads did not go by.
        drop(carried.received(Relay::Mcp, StatusCode::OK, full(99)));
        let mut text = Exposition::default();
        carried.write(&mut text);
        let text = text.finish();
        for line in [
            "easel_relay_answers_total{relay=\"git\",class=\"2xx\"} 2",
            "easel_relay_answers_total{relay=\"git\",class=\"4xx\"} 1",
            "easel_relay_answers_total{relay=\"mcp\",class=\"2xx\"} 1",
            "easel_relay_bytes_total{relay=\"git\",direction=\"sent\"} 7",
            "easel_relay_bytes_total{relay=\"git\",direction=\"received\"} 35",
            "easel_relay_bytes_total{relay=\"mcp\",direction=\"received\"} 0",
        ] {
            assert!(text.contains(&format!("{line}\n")), "{line} in {text}");
        }
    }
}
