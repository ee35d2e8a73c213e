//! Bodies of requests: bounded, and JSON only where they say so.
//!
//! A page of another site can send `text/plain` without asking first; so that is no JSON here.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
};
use http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use wire::RejectionCode;

use super::{BODY_LIMIT_BYTES, Shared, refusal::Refusal};
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
        serde_json::from_slice(&bytes).map(Self).map_err(|err| refused(&err.into()).into())
    }
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
        match Bytes::from_request(request, state).await {
            Ok(bytes) => Ok(Self(bytes)),
            Err(err) if err.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(Refusal::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                RejectionCode::PromptTooLong,
                &format!("The request is larger than {} MB", BODY_LIMIT_BYTES >> 20),
            )),
            Err(_) => Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                RejectionCode::BadRequest,
                "The body broke off",
            )),
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let essence = value.unwrap_or_default().split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}
