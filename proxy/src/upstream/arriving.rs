//! A provider's stream, given as it comes: everything that is there at once.
//!
//! A connection tells one chunk at a time, and each that went on by itself would be a packet, which costs several times what reading
//! it does. So it is asked until it has no more; what is there is never kept back for what may come. It reads no event.

use std::{
    future::poll_fn,
    mem,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Incoming};
use tokio::time::timeout;

/// As much as a record of TLS holds.
const MOST_BYTES: usize = 16 << 10;

const DRAIN: Duration = Duration::from_secs(1);

/// A body on its way in. Dropping it closes the connection that it comes by.
#[derive(Debug)]
pub(crate) struct Arriving<B: Body = Incoming> {
    body: B,
    /// What came and was not given yet.
    held: Bytes,
    /// The connection had its turn since the last chunk.
    had_turn: bool,
    /// Told after what came before it.
    end: Option<Result<(), B::Error>>,
}

impl<B: Body<Data = Bytes> + Unpin> Arriving<B> {
    pub(crate) fn new(body: B) -> Self {
        Self { body, held: Bytes::new(), had_turn: false, end: None }
    }

    /// Waits for bytes; none after the end. May be dropped while it waits, and called again.
    pub(crate) async fn next(&mut self) -> Option<Result<Bytes, B::Error>> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, B::Error>>> {
        while self.end.is_none() && self.held.len() < MOST_BYTES {
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    // Trailers nobody reads.
                    if let Ok(chunk) = frame.into_data() {
                        self.hold(chunk);
                    }
                }
                Poll::Ready(Some(Err(err))) => self.end = Some(Err(err)),
                Poll::Ready(None) => self.end = Some(Ok(())),
                Poll::Pending if self.held.is_empty() => return Poll::Pending,
                Poll::Pending if self.had_turn => break,
                Poll::Pending => {
                    // The connection is a task of its own, and it was just told that there is room.
                    self.had_turn = true;
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
            }
        }
        if !self.held.is_empty() {
            return Poll::Ready(Some(Ok(mem::take(&mut self.held))));
        }
        match self.end.replace(Ok(())) {
            Some(Err(err)) => Poll::Ready(Some(Err(err))),
            Some(Ok(())) | None => Poll::Ready(None),
        }
    }

    fn hold(&mut self, chunk: Bytes) {
        self.had_turn = false;
        if self.held.is_empty() {
            self.held = chunk; // Most often there is one, which needs no copy.
            return;
        }
        let mut all = BytesMut::from(mem::take(&mut self.held));
        all.extend_from_slice(&chunk);
        self.held = all.freeze();
    }

    /// Reads what follows the ending, so that the connection can be used again.
    pub(crate) async fn drain(mut self) {
        let rest = async { while let Some(Ok(_)) = self.next().await {} };
        // A provider that goes on talking loses its connection.
        timeout(DRAIN, rest).await.ok();
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::VecDeque, io};

    use hyper::body::Frame;

    use super::*;

    /// A connection's side of a body: after each chunk it needs a turn to have the next one, if there is one by then.
    struct Turns(VecDeque<Option<Result<&'static str, io::ErrorKind>>>);

    impl Body for Turns {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
            match self.0.pop_front() {
                None => Poll::Ready(None),
                Some(None) => Poll::Pending,
                Some(Some(Ok(chunk))) => Poll::Ready(Some(Ok(Frame::data(Bytes::from(chunk))))),
                Some(Some(Err(kind))) => Poll::Ready(Some(Err(kind.into()))),
            }
        }
    }

    /// What comes, with `~` for each time that it is not asked again by itself.
    fn given(steps: &[Option<Result<&'static str, io::ErrorKind>>]) -> Vec<String> {
        let mut arriving = Arriving::new(Turns(steps.iter().copied().collect()));
        let woken = std::sync::Arc::new(Woken::default());
        let waker = woken.clone().into();
        let mut cx = Context::from_waker(&waker);
        let mut given = Vec::new();
        loop {
            match arriving.poll_next(&mut cx) {
                Poll::Ready(None) => return given,
                Poll::Ready(Some(Ok(bytes))) => {
                    given.push(String::from_utf8(bytes.to_vec()).unwrap());
                }
                Poll::Ready(Some(Err(err))) => given.push(err.kind().to_string()),
                Poll::Pending if woken.0.swap(false, std::sync::atomic::Ordering::Relaxed) => {}
                Poll::Pending => given.push("~".to_owned()),
            }
        }
    }

    #[derive(Default)]
    struct Woken(std::sync::atomic::AtomicBool);

    impl std::task::Wake for Woken {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    }

    #[test]
    fn what_is_there_comes_at_once_and_nothing_is_kept_back() {
        let (turn, chunk) = (None, |it| Some(Ok(it)));
        // Three that are there, each after a turn; then nothing for a while; then one more.
        let steps = [
            chunk("a"),
            turn,
            chunk("b"),
            turn,
            chunk("c"),
            turn,
            turn, // It is given here.
            turn,
            chunk("d"),
            turn,
            turn,
        ];
        assert_eq!(given(&steps), ["abc", "~", "d"]);
    }

    #[test]
    fn a_break_is_told_after_what_came_before_it() {
        let steps = [Some(Ok("a")), None, Some(Err(io::ErrorKind::ConnectionReset))];
        assert_eq!(given(&steps), ["a", "connection reset"]);
        assert_eq!(given(&[None, Some(Ok("a"))]), ["~", "a"]);
    }

    #[test]
    fn what_never_pauses_comes_in_parts() {
        let long: &'static str = "x".repeat(MOST_BYTES).leak();
        let steps = [Some(Ok("a")), Some(Ok(long)), Some(Ok("b"))];
        let given = given(&steps);
        assert_eq!(given.iter().map(String::len).collect::<Vec<_>>(), [MOST_BYTES + 1, 1]);
    }
}
