//! Bodies of requests that are answered before they were read: the rest is read and forgotten.
//!
//! Else the server would close the connection behind its answer, and a client that sends its next
//! request at that moment would get none. A rest that is long or slow is not waited for.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, Bytes, HttpBody};
use http_body_util::BodyExt as _;
use hyper::body::{Frame, SizeHint};
use tokio::{runtime::Handle, time::timeout};

const LIMIT_BYTES: usize = 2 << 20;

const PATIENCE: Duration = Duration::from_secs(1);

/// None once it was read to its end.
#[derive(Debug)]
pub(super) struct Unread(Option<Body>);

impl Unread {
    pub(super) fn new(body: Body) -> Self {
        Self(Some(body))
    }
}

impl HttpBody for Unread {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Some(body) = &mut self.0 else { return Poll::Ready(None) };
        let polled = Pin::new(body).poll_frame(context);
        if let Poll::Ready(None | Some(Err(_))) = polled {
            self.0 = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.0.as_ref().map_or_else(SizeHint::default, HttpBody::size_hint)
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        let Some(body) = self.0.take().filter(|it| !it.is_end_stream()) else { return };
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
