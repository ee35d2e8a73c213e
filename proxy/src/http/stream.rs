//! A reply on its way to whoever asked: lines of JSON for the app, events for other clients.
//!
//! While a model thinks, something is sent now and then, so that nobody in between takes the
//! connection for dead. Whoever leaves drops the body, and with it the provider's connection.

use std::{convert::Infallible, future::Future, pin::Pin, time::Duration};

use axum::{
    body::{Body, Bytes},
    response::{IntoResponse, Response},
};
use futures::stream;
use http::{HeaderValue, header};
use providers::ingress::Chunks;
use tokio::time::timeout;
use wire::{ModelEvent, Rejection};

use crate::upstream::Reply;

/// An answer that takes longer begins before the provider has.
const PATIENCE: Duration = Duration::from_secs(5);

const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// A request that is on its way to the provider.
pub(super) type Asked = Pin<Box<dyn Future<Output = Result<Reply, Rejection>> + Send>>;

/// How events are written.
#[derive(Debug)]
pub(super) enum Form {
    Lines,
    Events(Box<Chunks>),
}

/// Answers with a stream; with a refusal, if it comes before the stream has begun.
pub(super) async fn respond(
    mut asked: Asked,
    form: Form,
    request_id: String,
) -> Result<Response, Rejection> {
    let stage = match timeout(PATIENCE, &mut asked).await {
        Ok(reply) => Stage::Replying(reply?),
        Err(_) => Stage::Asked(asked),
    };
    let media_type = match form {
        Form::Lines => "application/x-ndjson",
        Form::Events(_) => "text/event-stream",
    };
    let outgoing = Outgoing { stage, form, request_id };
    let body = Body::from_stream(stream::unfold(outgoing, |mut it| async {
        let bytes = it.next().await?;
        Some((Ok::<_, Infallible>(bytes), it))
    }));
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Relays in between must not collect it.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

struct Outgoing {
    stage: Stage,
    form: Form,
    request_id: String,
}

enum Stage {
    Asked(Asked),
    Replying(Reply),
}

impl Outgoing {
    async fn next(&mut self) -> Option<Bytes> {
        let events = match &mut self.stage {
            Stage::Asked(asked) => match timeout(KEEP_ALIVE, asked).await {
                Ok(Ok(reply)) => {
                    self.stage = Stage::Replying(reply);
                    return Some(self.form.keep_alive());
                }
                Ok(Err(rejection)) => {
                    self.stage = Stage::Replying(Reply::over());
                    vec![ModelEvent::Error(rejection)]
                }
                Err(_) => return Some(self.form.keep_alive()),
            },
            Stage::Replying(reply) => match timeout(KEEP_ALIVE, reply.next()).await {
                Ok(events) => events?,
                Err(_) => return Some(self.form.keep_alive()),
            },
        };
        let mut bytes = Vec::new();
        for mut event in events {
            if let ModelEvent::Error(rejection) = &mut event {
                rejection.request_id = Some(self.request_id.clone());
                tracing::info!(
                    request = self.request_id,
                    code = ?rejection.code,
                    why = rejection.message,
                    "reply ended early"
                );
            }
            self.form.write(&event, &mut bytes);
        }
        Some(bytes.into())
    }
}

impl Form {
    fn write(&mut self, event: &ModelEvent, bytes: &mut Vec<u8>) {
        match self {
            Self::Lines => {
                // Texts and numbers always serialize.
                bytes.extend(serde_json::to_vec(event).unwrap_or_default());
                bytes.push(b'\n');
            }
            Self::Events(chunks) => {
                for chunk in chunks.write(event) {
                    bytes.extend(b"data: ");
                    bytes.extend(chunk.as_bytes());
                    bytes.extend(b"\n\n");
                }
            }
        }
    }

    fn keep_alive(&self) -> Bytes {
        match self {
            Self::Lines => Bytes::from_static(b"\n"),
            Self::Events(_) => Bytes::from_static(b": ping\n\n"),
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use providers::{failure, script::Step};
    use tokio::time::{Instant, sleep};
    use wire::{RejectionCode, StopReason};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn while_a_model_thinks_something_is_sent() {
        let asked = after(0, Ok(()));
        check(asked, Form::Lines, "\n\n{\"type\":\"finish\",\"reason\":\"end_of_turn\"}\n").await;
        let chunks = Chunks::new("c", "m", 1, false);
        let body = read(respond(after(0, Ok(())), Form::Events(Box::new(chunks)), String::new()));
        let body = body.await.unwrap();
        assert!(body.starts_with(": ping\n\n: ping\n\ndata: {"), "{body}");
        assert!(body.ends_with("data: [DONE]\n\n"), "{body}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_provider_that_is_slow_to_begin_is_waited_for() {
        // Five seconds in silence, then lines at 15, 25 and with the beginning at 30.
        let asked = after(30, Ok(()));
        let expected = "\n\n\n\n\n{\"type\":\"finish\",\"reason\":\"end_of_turn\"}\n";
        check(asked, Form::Lines, expected).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_in_time_is_an_answer_and_a_late_one_an_event() {
        let busy = || Err(failure::plain(RejectionCode::Busy, "wait"));
        let began = Instant::now();
        let early = read(respond(after(4, busy()), Form::Lines, "r1".to_owned())).await;
        assert_eq!(early.unwrap_err().code, RejectionCode::Busy);
        assert_eq!(began.elapsed().as_secs(), 4);
        let expected =
            "{\"type\":\"error\",\"code\":\"busy\",\"message\":\"wait\",\"request_id\":\"r1\"}\n";
        check(after(6, busy()), Form::Lines, expected).await;
    }

    async fn check(asked: Asked, form: Form, expected: &str) {
        let body = read(respond(asked, form, "r1".to_owned())).await.unwrap();
        assert_eq!(body, expected);
    }

    async fn read(
        response: impl Future<Output = Result<Response, Rejection>>,
    ) -> Result<String, Rejection> {
        let body = response.await?.into_body().collect().await.unwrap().to_bytes();
        Ok(String::from_utf8(body.to_vec()).unwrap())
    }

    /// A reply that begins after so many seconds and ends after 25 more.
    fn after(secs: u64, begun: Result<(), Rejection>) -> Asked {
        let end = ModelEvent::Finish { reason: StopReason::EndOfTurn };
        Box::pin(async move {
            sleep(Duration::from_secs(secs)).await;
            begun?;
            Reply::scripted(vec![Step { wait: Duration::from_secs(25), event: end }])
        })
    }
}
