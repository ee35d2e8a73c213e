//! Who asks: the app with the token, or another client with a key of its own.
//!
//! Handlers take one of these as an argument; a route without one is for everybody.

use axum::extract::FromRequestParts;
use http::{StatusCode, header, request::Parts};
use wire::RejectionCode;

use super::{Shared, refusal::Refusal};

const KEY_HEADERS: [&str; 3] = ["x-api-key", "x-goog-api-key", "api-key"];

/// The app, or somebody whom its owner gave the token.
#[derive(Debug)]
pub(super) struct Paired;

/// Somebody who may use `/v1`.
#[derive(Debug)]
pub(super) struct Client;

impl FromRequestParts<Shared> for Paired {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &Shared) -> Result<Self, Refusal> {
        match bearer(parts) {
            Some(token) if state.token.matches(token) => Ok(Self),
            Some(_) | None => Err(Refusal::new(
                StatusCode::UNAUTHORIZED,
                RejectionCode::NotPaired,
                "This page is not paired with the proxy; open the address that the proxy printed",
            )),
        }
    }
}

impl FromRequestParts<Shared> for Client {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &Shared) -> Result<Self, Refusal> {
        match key(parts) {
            Some(key) if state.token.matches(key) => Ok(Self),
            Some(key) if let Some(client) = state.clients.find(key) => {
                tracing::info!(client, "client known by its key");
                Ok(Self)
            }
            Some(_) | None => Err(Refusal::new(
                StatusCode::UNAUTHORIZED,
                RejectionCode::NotPaired,
                "The key is missing or unknown; `easel-proxy --new-client NAME` makes one",
            )),
        }
    }
}

/// Clients of each dialect have a place of their own for a key.
fn key(parts: &Parts) -> Option<&str> {
    bearer(parts).or_else(|| {
        let own = KEY_HEADERS.into_iter().find_map(|it| parts.headers.get(it))?;
        own.to_str().ok() // Bytes that are no text are no key.
    })
}

fn bearer(parts: &Parts) -> Option<&str> {
    let value = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
