//! A body that may be neither endless nor silent.
//!
//! It changes no byte, and holds what must live as long as the body does.

use std::{
    future::Future as _,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, Sleep, sleep},
};

use super::BoxError;

/// Why a body ended early.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    #[error("the body is larger than {limit_bytes} bytes")]
    TooLarge { limit_bytes: u64 },
    #[error("nothing came for {} s", idle.as_secs())]
    Silent { idle: Duration },
    #[error("the body broke off: {0}")]
    BrokenOff(BoxError),
}

#[derive(Debug)]
pub struct Paced<B> {
    body: B,
    limit_bytes: u64,
    left_bytes: u64,
    idle: Duration,
    patience: Pin<Box<Sleep>>,
    permit: Option<OwnedSemaphorePermit>,
    /// How much more is read and dropped once it is too large.
    swallows_bytes: u64,
    too_large: bool,
}

impl<B> Paced<B> {
    pub fn new(body: B, limit_bytes: u64, idle: Duration) -> Self {
        let patience = Box::pin(sleep(idle));
        Self {
            body,
            limit_bytes,
            left_bytes: limit_bytes,
            idle,
            patience,
            permit: None,
            swallows_bytes: 0,
            too_large: false,
        }
    }

    /// Reads on for so long when it is too large: who still sends does not hear a refusal.
    #[must_use]
    pub fn swallowing(mut self, bytes: u64) -> Self {
        self.swallows_bytes = bytes;
        self
    }

    /// Gives the permit back when the body ends or is dropped.
    #[must_use]
    pub fn holding(mut self, permit: OwnedSemaphorePermit) -> Self {
        self.permit = Some(permit);
        self
    }
}

impl<B> Paced<B> {
    fn has_place_for(&mut self, n: u64) -> bool {
        match self.left_bytes.checked_sub(n) {
            Some(left) if !self.too_large => {
                self.left_bytes = left;
                true
            }
            Some(_) | None => {
                self.too_large = true;
                false
            }
        }
    }
}

impl<B> Body for Paced<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let this = &mut *self;
        loop {
            let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) else {
                ready!(this.patience.as_mut().poll(cx));
                return Poll::Ready(Some(Err(Broken::Silent { idle: this.idle })));
            };
            let until = Instant::now() + this.idle;
            this.patience.as_mut().reset(until);
            match frame {
                Some(Ok(frame)) => {
                    let n = frame.data_ref().map_or(0, |it| it.len() as u64);
                    if this.has_place_for(n) {
                        return Poll::Ready(Some(Ok(frame)));
                    }
                    if this.swallows_bytes >= n {
                        this.swallows_bytes -= n;
                        continue;
                    }
                }
                Some(Err(err)) => return Poll::Ready(Some(Err(Broken::BrokenOff(err.into())))),
                None if !this.too_large => {
                    this.permit = None;
                    return Poll::Ready(None);
                }
                None => {}
            }
            return Poll::Ready(Some(Err(Broken::TooLarge { limit_bytes: this.limit_bytes })));
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
