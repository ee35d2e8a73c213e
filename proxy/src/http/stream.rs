//! An answer of an exchange as an answer of HTTP.
//!
//! Whoever leaves drops the body, and with it the provider's connection. Who stays until the proxy's own end reads
//! why nothing more comes.

use std::{
    convert::Infallible,
    future::{Future, pending},
    pin::Pin,
};

use axum::{
    body::{Body, Bytes},
    response::{IntoResponse, Response},
};
use futures::stream;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use providers::failure;
use wire::{Rejection, RejectionCode, Usage};

use super::State;
use crate::{
    budget::RateLeft,
    exchange::{Answer, Outgoing},
};

/// What an answer in one piece cost, in dollars; a stream tells its usage in its own events.
pub(super) const COST: HeaderName = HeaderName::from_static("x-easel-cost");

/// A figure is counted by the bytes, because the provider tells none.
pub(super) const ESTIMATED: HeaderName = HeaderName::from_static("x-easel-estimated");

/// What may still be asked, under the names that OpenAI's clients know.
pub(super) const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit-requests");
pub(super) const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining-requests");
pub(super) const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset-requests");

/// A stream, until the proxy's time is over.
struct Flowing {
    stream: Box<Outgoing>,
    over: Pin<Box<dyn Future<Output = ()> + Send>>,
}

pub(super) fn respond(state: &State, answer: Answer) -> Response {
    match answer {
        Answer::Whole { body, usage, rate_left } => {
            let mut response = with_type(Body::from(body), "application/json");
            cost(response.headers_mut(), &usage);
            left(response.headers_mut(), rate_left);
            response
        }
        Answer::Stream { media_type, stream, rate_left } => {
            let flowing = Flowing { stream, over: Box::pin(state.operations.watch.over()) };
            let body = Body::from_stream(stream::unfold(Some(flowing), |it| async {
                let (bytes, rest) = it?.next().await?;
                Some((Ok::<_, Infallible>(bytes), rest))
            }));
            let mut response = with_type(body, media_type);
            left(response.headers_mut(), rate_left);
            // Relays in between must not collect it.
            response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
            response
        }
    }
}

impl Flowing {
    /// Returns the next bytes and what follows them, if anything does.
    async fn next(mut self) -> Option<(Bytes, Option<Self>)> {
        tokio::select! {
            biased;
            () = &mut self.over => match self.stream.cut(over()) {
                Some(bytes) => Some((bytes, None)),
                // It has ended; only its last bytes are not out yet.
                None => {
                    self.over = Box::pin(pending());
                    Some((self.stream.next().await?, Some(self)))
                }
            },
            bytes = self.stream.next() => Some((bytes?, Some(self))),
        }
    }
}

fn over() -> Rejection {
    failure::plain(
        RejectionCode::CutOff,
        "The proxy ended before the reply did; ask again once it runs",
    )
}

pub(super) fn dollars(nano: u64) -> String {
    format!("{}.{:09}", nano / 1_000_000_000, nano % 1_000_000_000)
}

/// Tells what an answer in one piece cost, in dollars.
fn cost(headers: &mut HeaderMap, usage: &Usage) {
    let Some(nano) = usage.cost_nano else { return };
    if let Ok(value) = HeaderValue::from_str(&dollars(nano)) {
        headers.insert(COST, value);
    }
    if usage.estimated {
        headers.insert(ESTIMATED, HeaderValue::from_static("true"));
    }
}

/// Tells how often one may still ask at once; nothing where that has no end.
fn left(headers: &mut HeaderMap, left: Option<RateLeft>) {
    let Some(left) = left else { return };
    limits(headers, left.most.get(), left.left, left.full_in.as_millis().div_ceil(1_000));
}

pub(super) fn limits(headers: &mut HeaderMap, most: u32, left: u32, secs: u128) {
    headers.insert(LIMIT, most.into());
    headers.insert(REMAINING, left.into());
    if let Ok(value) = HeaderValue::from_str(&format!("{secs}s")) {
        headers.insert(RESET, value);
    }
}

fn with_type(body: Body, media_type: &'static str) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
