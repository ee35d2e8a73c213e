//! Bodies of requests: bounded, and JSON only where they say so; and JSON as an answer.
//!
//! A page of another site can send `text/plain` without asking first; so that is no JSON here.

use axum::{
    extract::{FromRequest, Request},
    response::{IntoResponse as _, Response},
};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::{Serialize, de::DeserializeOwned};
use wire::RejectionCode;

use super::{
    Shared, depth,
    refusal::{Refusal, too_large},
};
use crate::exchange::refused;

#[derive(Debug)]
pub(super) struct Json<T>(pub(super) T);

/// The bytes of a body that says that it is JSON.
#[derive(Debug)]
pub(super) struct JsonBytes(pub(super) Bytes);

impl<T: DeserializeOwned> FromRequest<Shared> for Json<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &Shared) -> Result<Self, Refusal> {
        let JsonBytes(bytes) = JsonBytes::from_request(request, state).await?;
        read(&bytes).map(Self)
    }
}

pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|err| refused(&err.into(), body).into())
}

impl FromRequest<Shared> for JsonBytes {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &Shared) -> Result<Self, Refusal> {
        if !is_json(request.headers()) {
            return Err(Refusal::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                RejectionCode::BadRequest,
                "The body must be sent as `application/json`",
            ));
        }
        match BytesMut::from_request(request, state).await.map(fitting) {
            Ok(bytes) if depth::exceeds(&bytes, state.limits.depth) => Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                RejectionCode::BadRequest,
                &format!(
                    "The request nests deeper than {} levels; make it flatter",
                    state.limits.depth
                ),
            )),
            Ok(bytes) => Ok(Self(bytes)),
            Err(err) if err.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Err(too_large(state.limits.body_bytes))
            }
            Err(_) => Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                RejectionCode::BadRequest,
                "The body broke off, or came too slowly",
            )),
        }
    }
}

/// A body is held until it is answered. A short one would hold the room into which the connection read
/// it, 8 KiB, so it is copied.
fn fitting(body: BytesMut) -> Bytes {
    if body.capacity() / 2 > body.len() { Bytes::copy_from_slice(&body) } else { body.freeze() }
}

/// An answer that nobody keeps.
pub(super) fn shown(it: impl Serialize) -> Response {
    let mut response = axum::Json(it).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let essence = value.unwrap_or_default().split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_body_leaves_the_room_that_it_came_in() {
        for (n_bytes, room) in [(100, 100), (5000, 8192)] {
            let mut read = BytesMut::with_capacity(8192);
            read.resize(n_bytes, b'x');
            let held = fitting(read);
            assert_eq!(held.len(), n_bytes);
            assert_eq!(held.try_into_mut().unwrap().capacity(), room);
        }
    }
}
