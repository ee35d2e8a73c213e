//! A reply as it arrives. Dropping it ends the request at the provider.
//!
//! Whatever comes, it ends with `Finish` or `Error`; a silence that is too long is an error.

use js_sys::{Math, Uint8Array};
use providers::{ask::Ask, failure, feed::Feed, prices::Price, reply::distinguish};
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::JsFuture;
use web_sys::ReadableStreamDefaultReader;
use wire::{ModelEvent, Rejection};

use super::{
    super::{leaving::Leaving, worker::field},
    patience::within,
    sending::Line,
};

/// Without a byte for so long, a stream counts as broken.
const IDLE_MS: i32 = 300_000;

pub(super) struct Reply {
    line: Line,
    feed: Feed,
    reader: ReadableStreamDefaultReader,
    /// For providers that do not tell the cost.
    price: Option<Price>,
    /// Tells this reply's calls from those of others.
    name: String,
    _leaving: Leaving,
}

impl Reply {
    /// Asks, and waits until the reply begins.
    pub(super) async fn begin(
        line: Line,
        ask: &Ask,
        price: Option<Price>,
    ) -> Result<Self, Rejection> {
        let vendor = line.vendor();
        let request = vendor.ask(ask, true).map_err(|err| failure::untold(&err))?;
        let leaving = Leaving::default();
        let signal = leaving.signal();
        let answer = within(IDLE_MS, line.send(request, signal.as_ref())).await;
        let answer = answer.unwrap_or_else(|| Err(failure::silent()))?;
        let media_type = answer.headers().get("content-type").unwrap_or_default();
        if media_type.starts_with("application/json") {
            // Some put an error into an answer that looks good.
            return Err(line.refused(502, answer).await);
        }
        let body = answer.body().ok_or_else(failure::unreadable)?;
        Ok(Self {
            feed: Feed::new(vendor.dialect()),
            reader: body.get_reader().unchecked_into(),
            line,
            price,
            name: format!("{:08x}", Math::random().to_bits() & 0xffff_ffff),
            _leaving: leaving,
        })
    }

    /// Waits for what comes next; none after the end.
    pub(super) async fn next(&mut self) -> Option<Vec<ModelEvent>> {
        if self.feed.is_over() {
            return None;
        }
        let mut events = Vec::new();
        while events.is_empty() {
            match within(IDLE_MS, JsFuture::from(self.reader.read())).await {
                Some(Ok(chunk)) if !field(&chunk, "done").is_truthy() => {
                    let bytes = Uint8Array::new(&field(&chunk, "value")).to_vec();
                    self.feed.push(&bytes, &mut events);
                }
                // Ended or broken off: the feed knows whether that was the end.
                Some(_) => self.feed.end(&mut events),
                None => self.feed.fall_silent(&mut events),
            }
        }
        distinguish(&mut events, &self.name);
        if let Some(price) = &self.price {
            price.charge(&mut events);
        }
        if let Some(ModelEvent::Error(rejection)) = events.last_mut() {
            self.line.scrub(rejection);
        }
        Some(events)
    }
}
