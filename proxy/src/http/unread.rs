//! Bodies of requests: they break off when the client sends nothing for too long, and the rest of one that is
//! answered before it was read is read and forgotten.
//!
//! Else the server would close the connection behind its answer, and a client that sends its next
//! request at that moment would get none. A rest that is long or slow is not waited for.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::{Body, Bytes, HttpBody};
use http_body_util::BodyExt as _;
use hyper::body::{Frame, SizeHint};
use tokio::{
    runtime::Handle,
    time::{Sleep, sleep, timeout},
};

const LIMIT_BYTES: usize = 2 << 20;

const PATIENCE: Duration = Duration::from_secs(1);

/// A client that sends no byte for so long has gone, or means no good.
const IDLE: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(super) struct Unread {
    /// None once it was read to its end.
    body: Option<Body>,
    /// Since it was last waited for.
    idle: Option<Pin<Box<Sleep>>>,
}

/// Nothing came for too long.
#[derive(Debug, thiserror::Error)]
#[error("the client sent nothing for {} s", IDLE.as_secs())]
struct Idle;

impl Unread {
    pub(super) fn new(body: Body) -> Self {
        Self { body: Some(body), idle: None }
    }
}

impl HttpBody for Unread {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let polled = Pin::new(body).poll_frame(context);
        if polled.is_pending() {
            let idle = self.idle.get_or_insert_with(|| Box::pin(sleep(IDLE)));
            ready!(idle.as_mut().poll(context));
            self.body = None;
            return Poll::Ready(Some(Err(axum::Error::new(Idle))));
        }
        self.idle = None;
        if let Poll::Ready(None | Some(Err(_))) = polled {
            self.body = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(SizeHint::default, HttpBody::size_hint)
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        let Some(body) = self.body.take().filter(|it| !it.is_end_stream()) else { return };
        // Without a runtime there is no connection either.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(forget(body));
        }
    }
}

async fn forget(mut body: Body) {
    let rest = async {
        let mut n_bytes = 0;
        while let Some(Ok(frame)) = body.frame().await
            && n_bytes <= LIMIT_BYTES
        {
            n_bytes += frame.data_ref().map_or(0, Bytes::len);
        }
    };
    // Whoever is slower loses the connection.
    timeout(PATIENCE, rest).await.ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stops_coming_breaks_off_and_a_slow_one_arrives() {
        let slow = futures::stream::unfold(0, |n| async move {
            sleep(IDLE / 2).await;
            (n < 5).then(|| (Ok::<_, std::io::Error>(Bytes::from_static(b"a")), n + 1))
        });
        let slow = Unread::new(Body::from_stream(slow)).collect().await;
        assert_eq!(slow.expect("it arrives").to_bytes().len(), 5);
        let silent = futures::stream::pending::<Result<Bytes, std::io::Error>>();
        let silent = Unread::new(Body::from_stream(silent)).collect().await;
        assert_eq!(silent.expect_err("it breaks off").to_string(), Idle.to_string());
    }
}
