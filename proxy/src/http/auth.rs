//! Who asks: the app with the token, or somebody with a key or a session of their own.
//!
//! Handlers take one of these as an argument; a route without one is for everybody.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::{HeaderName, StatusCode, header, request::Parts};
use providers::failure;
use wire::RejectionCode;

use super::{Shared, State, refusal::Refusal};
use crate::{
    accounts::{self, Denied, NotChanged, ProjectId, SESSION_PREFIX, Visitor},
    bill::{Asker, MOST_NAME},
    ledger::Operation,
    now_ms,
    telemetry::Parent,
};

const KEY_HEADERS: [&str; 3] = ["x-api-key", "x-goog-api-key", "api-key"];

/// What the request is for, by the names of the ledger.
const OPERATION: HeaderName = HeaderName::from_static("x-easel-operation");
/// The session that it is part of; its limits are counted by this name.
const SESSION: HeaderName = HeaderName::from_static("x-easel-session");
/// In which project somebody works who signed in.
const PROJECT: HeaderName = HeaderName::from_static("x-easel-project");
const TRACE: HeaderName = HeaderName::from_static("traceparent");
const IDEMPOTENCY: HeaderName = HeaderName::from_static("idempotency-key");

/// The app, or somebody whom its owner gave the token.
#[derive(Debug)]
pub(super) struct Paired;

/// Whoever signed the request; `signed` has seen to it.
#[derive(Debug, Clone)]
pub(super) struct Signer(pub(super) Arc<accounts::Client>);

/// Somebody who may use `/v1`.
#[derive(Debug)]
pub(super) struct Client(pub(super) Asker);

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
        let signer = parts.extensions.get::<Signer>().map(|it| Arc::clone(&it.0));
        let client = match (signer, key(parts)) {
            (Some(client), _) => client,
            (None, None) => return Err(denied(&Denied::Unknown)),
            (None, Some(key)) if state.token.matches(key) => local(state)?,
            (None, Some(token)) if token.starts_with(SESSION_PREFIX) || token.contains('.') => {
                let visitor = state.accounts.visitor(token, now_ms());
                let visitor = visitor.map_err(|err| denied(&err))?;
                seat(state, visitor, text(parts, &PROJECT)?).await?
            }
            (None, Some(key)) => state.accounts.find(key, now_ms()).map_err(|err| denied(&err))?,
        };
        let mut asker = Asker::new(client);
        if let Some(name) = text(parts, &OPERATION)? {
            asker.operation = Operation::named(name).ok_or_else(|| bad(&OPERATION))?;
        }
        asker.parent = parts.headers.get(&TRACE).and_then(|it| Parent::read(it.to_str().ok()?));
        asker.session = text(parts, &SESSION)?.map(str::to_owned);
        asker.idempotency = text(parts, &IDEMPOTENCY)?.map(str::to_owned);
        Ok(Self(asker))
    }
}

/// Returns whom the app's own requests are booked on. What has changed about them counts at once.
fn local(state: &State) -> Result<Arc<accounts::Client>, Refusal> {
    state.accounts.client(state.local).ok_or_else(|| denied(&Denied::Unknown))
}

/// Returns whom the requests of somebody are booked on who signed in.
async fn seat(
    state: &State,
    visitor: Visitor,
    project: Option<&str>,
) -> Result<Arc<accounts::Client>, Refusal> {
    let project = match project {
        Some(id) => Some(ProjectId(id.parse().ok().ok_or_else(|| bad(&PROJECT))?)), // No number.
        None => None,
    };
    let directory = state.accounts.directory();
    let place =
        directory.place(visitor.person, project).ok_or_else(|| denied(&Denied::Orphaned))?;
    let now_ms = now_ms();
    let key = state.accounts.seat(visitor.person, place.0, place.1, now_ms).await;
    let key = key.map_err(|err| not_seated(&err))?;
    let client = state.accounts.client(key).ok_or_else(|| denied(&Denied::Unknown))?;
    client.may_ask(now_ms).map_err(|err| denied(&err))?;
    Ok(client)
}

fn not_seated(err: &NotChanged) -> Refusal {
    tracing::error!(cause = %err, "no seat");
    failure::plain(RejectionCode::Broken, "The proxy's database does not answer").into()
}

fn denied(why: &Denied) -> Refusal {
    let message = match why {
        Denied::Unknown => {
            "The key is missing or unknown; `easel-proxy --new-client NAME` makes one"
        }
        Denied::Revoked => "The key was revoked; ask whoever runs this proxy for another one",
        Denied::Expired => "The key or the session has expired; get a new one",
        Denied::Orphaned => "Whoever the key was for is not there any more",
    };
    Refusal::new(StatusCode::UNAUTHORIZED, RejectionCode::NotPaired, message)
}

/// Returns a header of ours, unless it is empty.
fn text<'a>(parts: &'a Parts, name: &HeaderName) -> Result<Option<&'a str>, Refusal> {
    let Some(value) = parts.headers.get(name) else { return Ok(None) };
    let text = value.to_str().ok().filter(|it| it.len() <= MOST_NAME); // No text: as below.
    text.map(|it| Some(it).filter(|it| !it.is_empty())).ok_or_else(|| bad(name))
}

fn bad(name: &HeaderName) -> Refusal {
    let message = format!("The header `{name}` has a value that it cannot have");
    failure::plain(RejectionCode::BadRequest, &message).into()
}

/// Clients of each dialect have a place of their own for a key.
fn key(parts: &Parts) -> Option<&str> {
    bearer(parts).or_else(|| {
        let own = KEY_HEADERS.into_iter().find_map(|it| parts.headers.get(it))?;
        own.to_str().ok() // Bytes that are no text are no key.
    })
}

pub(super) fn bearer(parts: &Parts) -> Option<&str> {
    let value = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
