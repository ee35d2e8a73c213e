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
