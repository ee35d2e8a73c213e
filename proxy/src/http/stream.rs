//! An answer of an exchange as an answer of HTTP.
//!
//! Whoever leaves drops the body, and with it the provider's connection.

use std::convert::Infallible;

use axum::{
    body::{Body, Bytes},
    response::{IntoResponse, Response},
};
use futures::stream;
use http::{HeaderValue, header};

use crate::exchange::Answer;

pub(super) fn respond(answer: Answer) -> Response {
    match answer {
        Answer::Whole(body) => with_type(Body::from(body), "application/json"),
        Answer::Stream { media_type, stream } => {
            let body = Body::from_stream(stream::unfold(stream, |mut it| async {
                let bytes: Bytes = it.next().await?;
                Some((Ok::<_, Infallible>(bytes), it))
            }));
            let mut response = with_type(body, media_type);
            // Relays in between must not collect it.
            response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
            response
        }
    }
}

fn with_type(body: Body, media_type: &'static str) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
