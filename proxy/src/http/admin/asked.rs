//! What a request of the administration says: numbers in paths, queries and small bodies, all of
//! them read strictly.

use axum::{
    body::to_bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
};
use http::{StatusCode, request::Parts};
use serde::de::DeserializeOwned;
use wire::RejectionCode;

use super::{bad, not_there};
use crate::http::{
    Shared,
    body::{is_json, read},
    refusal::Refusal,
};

/// No wish of an administrator is larger.
const MOST_BYTES: usize = 64 << 10;

/// The number in a path.
#[derive(Debug)]
pub(super) struct Id(pub(super) i64);

/// What stands behind the `?`.
#[derive(Debug)]
pub(super) struct Asked<T>(pub(super) T);

/// A JSON body.
#[derive(Debug)]
pub(in crate::http) struct Small<T>(pub(in crate::http) T);

impl FromRequestParts<Shared> for Id {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &Shared) -> Result<Self, Refusal> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        let number = text.ok().and_then(|it| number(&it));
        number.map(Self).ok_or_else(|| not_there("number"))
    }
}

/// Reads a number of the database.
pub(super) fn number(text: &str) -> Option<i64> {
    text.parse().ok().filter(|it| *it > 0)
}

impl<T: DeserializeOwned> FromRequestParts<Shared> for Asked<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Refusal> {
        match Query::<T>::try_from_uri(&parts.uri) {
            Ok(Query(it)) => Ok(Self(it)),
            Err(err) => Err(bad(&format!("The address is wrong: {}", err.body_text()))),
        }
    }
}

impl<T: DeserializeOwned> FromRequest<Shared> for Small<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &Shared) -> Result<Self, Refusal> {
        if !is_json(request.headers()) {
            return Err(Refusal::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                RejectionCode::BadRequest,
                "The body must be sent as `application/json`",
            ));
        }
        match to_bytes(request.into_body(), MOST_BYTES).await {
            Ok(bytes) => read(&bytes).map(Self),
            Err(_) => Err(Refusal::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                RejectionCode::BadRequest,
                "The body broke off, or is larger than 64 KB",
            )),
        }
    }
}
