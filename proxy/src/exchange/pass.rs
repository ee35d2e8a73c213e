//! A reply that goes through as it came: client and provider speak the same dialect.
//!
//! The bytes are the provider's own. They are read on the side, for what the reply cost and how
//! it ended; whole frames go on only, so that whatever breaks, the client reads an explicit end.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::Response;
use hyper::body::Incoming;
use providers::{
    Dialect, failure,
    feed::{Meter, Tally},
    frame::{Frame, Framing},
};
use tokio::time::timeout;
use wire::{Rejection, Usage};

use crate::{
    config::Endpoint,
    upstream::{Arriving, Upstream, read_whole},
};

/// A provider that has sent so much has begun, whatever it was.
const FIRST_LIMIT_BYTES: usize = 1 << 20;

/// Of what ends an event.
const LONGEST_END: usize = 3;

/// Reads an answer in one piece, and what it used.
pub(super) async fn whole(
    upstream: &Upstream,
    endpoint: &Endpoint,
    dialect: &dyn Dialect,
    answer: Response<Incoming>,
) -> Result<(Bytes, Usage), Rejection> {
    let body = upstream.read_reply(answer).await?;
    let mut tally = Tally::default();
    read_whole(endpoint, dialect, &body)?.iter().for_each(|it| tally.add(it));
    match tally.ended() {
        Some(Err(rejection)) => Err(rejection.clone()),
        Some(Ok(())) | None => Ok((body, tally.usage())),
    }
}

/// A stream on its way through.
#[derive(Debug)]
pub(super) struct Passing {
    /// None after the end.
    body: Option<Arriving>,
    framing: Framing,
    meter: Meter,
    /// What came before somebody asked for it.
    first: BytesMut,
    begun: bool,
    /// The beginning of a frame that is not whole yet.
    held: BytesMut,
    /// Takes the usage out, which was asked for by us only.
    unasked_usage: bool,
    idle: Duration,
}

impl Passing {
    /// Waits until the reply has begun: a stream that only fails has not.
    pub(super) async fn begin(
        body: Incoming,
        dialect: &'static dyn Dialect,
        unasked_usage: bool,
        idle: Duration,
    ) -> Result<Self, Rejection> {
        let mut passing = Self {
            body: Some(Arriving::new(body)),
            framing: dialect.framing(),
            meter: Meter::new(dialect),
            first: BytesMut::new(),
            begun: false,
            held: BytesMut::new(),
            unasked_usage,
            idle,
        };
        while !passing.meter.has_begun()
            && passing.first.len() < FIRST_LIMIT_BYTES
            && let Some(bytes) = passing.next().await
        {
            passing.first.extend_from_slice(&bytes?);
        }
        passing.begun = true;
        Ok(passing)
    }

    /// What the reply came to so far.
    pub(super) fn tally(&self) -> &Tally {
        self.meter.tally()
    }

    /// Waits for the next bytes; none after the end. May be dropped while it waits, and called
    /// again.
    pub(super) async fn next(&mut self) -> Option<Result<Bytes, Rejection>> {
        if self.begun && !self.first.is_empty() {
            return Some(Ok(self.first.split().freeze()));
        }
        loop {
            let body = self.body.as_mut()?;
            let passed = match timeout(self.idle, body.next()).await {
                Ok(Some(Ok(bytes))) => self.pass(bytes),
                Ok(Some(Err(err))) => {
                    tracing::warn!(cause = %err, "provider's stream broke");
                    self.finish()
                }
                Ok(None) => self.finish(),
                Err(_) => Err(failure::silent()),
            };
            match passed {
                Ok(bytes) if bytes.is_empty() => {}
                Ok(bytes) => return Some(Ok(bytes)),
                Err(rejection) => {
                    self.body = None;
                    return Some(Err(rejection));
                }
            }
        }
    }

    /// Returns what of a chunk, and of what was held, can go on.
    fn pass(&mut self, chunk: Bytes) -> Result<Bytes, Rejection> {
        let mut kept = BytesMut::new();
        let strip = self.unasked_usage;
        let read = self.meter.push(&chunk, &mut |frame, read| {
            if strip && !(read && is_usage_only(frame)) {
                rewrite(frame, &mut kept);
            }
        });
        if let Err(err) = read {
            tracing::warn!(cause = %err, "unreadable stream");
            return Err(failure::unreadable());
        }
        if let Some(rejection) = self.meter.failure() {
            return Err(rejection.clone());
        }
        let passed = if strip { kept.freeze() } else { self.whole_frames(chunk) };
        if self.meter.is_over() {
            self.end();
        }
        Ok(passed)
    }

    /// Cuts at the end of the last whole frame.
    fn whole_frames(&mut self, chunk: Bytes) -> Bytes {
        if self.held.is_empty() && chunk.ends_with(b"\n\n") {
            return chunk;
        }
        // What was held is the beginning of one frame: it was looked at when it came.
        let seen = match self.framing {
            Framing::Events => self.held.len().saturating_sub(LONGEST_END - 1),
            Framing::Lines => self.held.len(),
            Framing::Messages => 0,
        };
        self.held.extend_from_slice(&chunk);
        match boundary(self.framing, &self.held[seen..]) {
            0 => Bytes::new(),
            end => self.held.split_to(seen + end).freeze(),
        }
    }

    /// The provider says no more.
    fn finish(&mut self) -> Result<Bytes, Rejection> {
        if let Some(rejection) = self.meter.finish() {
            return Err(rejection);
        }
        self.end();
        // The last blank line was forgotten.
        let mut rest = std::mem::take(&mut self.held);
        if !rest.is_empty() && self.framing == Framing::Events {
            rest.extend_from_slice(b"\n\n");
        }
        Ok(rest.freeze())
    }

    fn end(&mut self) {
        if let Some(body) = self.body.take() {
            tokio::spawn(body.drain());
        }
    }
}

/// A chunk that holds nothing but the usage.
fn is_usage_only(frame: Frame<'_>) -> bool {
    #[derive(serde::Deserialize)]
    struct Chunk {
        choices: Vec<serde::de::IgnoredAny>,
    }
    serde_json::from_slice::<Chunk>(frame.data).is_ok_and(|it| it.choices.is_empty())
}

fn rewrite(frame: Frame<'_>, out: &mut BytesMut) {
    if !frame.name.is_empty() {
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(frame.name);
        out.extend_from_slice(b"\n");
    }
    for line in frame.data.split(|it| *it == b'\n') {
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(line);
        out.extend_from_slice(b"\n");
    }
    out.extend_from_slice(b"\n");
}

/// Returns where the last whole frame ends.
fn boundary(framing: Framing, bytes: &[u8]) -> usize {
    match framing {
        Framing::Lines => memchr::memrchr(b'\n', bytes).map_or(0, |it| it + 1),
        Framing::Messages => {
            let mut at = 0;
            while let Some(length) = bytes.get(at..at + 4) {
                let length = length.first_chunk().map_or(0, |it| u32::from_be_bytes(*it));
                let next = at + usize::try_from(length).unwrap_or(usize::MAX);
                if length == 0 || next > bytes.len() {
                    break;
                }
                at = next;
            }
            at
        }
        Framing::Events => {
            let ends = [&b"\n\n"[..], b"\n\r\n", b"\r\r"];
            let last = ends
                .iter()
                .filter_map(|end| memchr::memmem::rfind(bytes, end).map(|at| at + end.len()));
            last.max().unwrap_or(0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_frames_are_cut_off() {
        for (bytes, expected) in [
            (&b"data: 1\n\ndata: 2"[..], 9),
            (b"data: 1\r\n\r\nda", 11),
            (b"data: 1\r\r", 9),
            (b"data: 1\n", 0),
            (b"", 0),
        ] {
            assert_eq!(boundary(Framing::Events, bytes), expected, "{bytes:?}");
        }
        assert_eq!(boundary(Framing::Lines, b"{}\n{"), 3);
        let mut messages = Vec::new();
        providers::frame::write_message(&[], b"{}", &mut messages);
        let whole = messages.len();
        messages.extend_from_within(..10);
        assert_eq!(boundary(Framing::Messages, &messages), whole);
    }
}
