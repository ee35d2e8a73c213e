//! How things are at this moment: requests under way, lanes, ledger and store.

use std::{collections::BTreeMap, time::Duration};

use axum::{extract::State, response::Response};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{Caller, asked::Asked, shown, usage::whose};
use crate::{
    accounts::Deed,
    http::{Shared, app, refusal::Refusal},
    now_ms,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    scope: Option<String>,
    id: Option<String>,
}

#[derive(Debug, Serialize)]
struct Running {
    request: String,
    key: i64,
    client: String,
    lane: String,
    at_ms: u64,
    ms: u64,
}

/// A lane that rests or is counted.
#[derive(Debug, Default, Serialize)]
pub(super) struct LaneNow {
    lane: String,
    /// Until it is tried again; 0 when nothing keeps it.
    rests_ms: u64,
    /// Requests under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    running: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minute_requests: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minute_tokens: Option<u64>,
    /// Until the first of a streamed reply, lately.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_ms: Option<u64>,
}

#[derive(Debug, Serialize)]
pub(super) struct Health {
    version: &'static str,
    up_ms: u64,
    /// Whether requests can be taken; else what keeps them out.
    ready: bool,
    trouble: Vec<&'static str>,
    ledger: Ledger,
}

#[derive(Debug, Serialize)]
struct Ledger {
    /// Rows that the database does not hold yet.
    waiting: u64,
    /// Rows that are in memory only.
    unsaved: usize,
    room: usize,
    /// Why the database did not take the last rows; for the installation only.
    trouble: Option<String>,
}

pub(super) async fn running(
    State(state): State<Shared>,
    caller: Caller,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, Refusal> {
    let scope = whose(&state, &caller, (wanted.scope, wanted.id), Deed::SeeAllUsage)?;
    let directory = state.accounts.directory();
    let now_ms = now_ms();
    let in_scope = |key| match scope {
        None => true,
        Some(scope) => {
            directory.clients.get(&key).is_some_and(|it| it.scopes.iter().any(|it| it.0 == scope))
        }
    };
    let running = state.gateway.books.running().into_iter().filter(|it| in_scope(it.key));
    let running = running.map(|it| Running {
        request: it.request.to_string(),
        key: it.key.0,
        client: it.client,
        lane: it.lane,
        at_ms: it.at_ms,
        ms: now_ms.saturating_sub(it.at_ms),
    });
    Ok(shown(running.collect::<Vec<_>>()))
}

pub(super) async fn lanes(
    State(state): State<Shared>,
    caller: Caller,
) -> Result<Response, Refusal> {
    caller.must_somewhere(&state.accounts.directory(), Deed::TestProviders)?;
    Ok(shown(lanes_now(&state)))
}

/// Returns lanes that rest, and all that are counted.
pub(super) fn lanes_now(state: &Shared) -> Vec<LaneNow> {
    let now = Instant::now();
    let millis = |it: Duration| u64::try_from(it.as_millis()).unwrap_or(u64::MAX);
    let mut lanes: BTreeMap<String, LaneNow> = BTreeMap::new();
    for (lane, rests) in state.gateway.lanes.resting(now) {
        lanes.entry(lane.to_string()).or_default().rests_ms = millis(rests);
    }
    for (lane, seen) in state.gateway.lanes.seen(now) {
        let it = lanes.entry(lane.to_string()).or_default();
        it.running = Some(seen.running);
        it.minute_requests = Some(seen.minute_requests);
        it.minute_tokens = Some(seen.minute_tokens);
        it.first_ms = seen.first.map(millis);
    }
    lanes.into_iter().map(|(lane, it)| LaneNow { lane, ..it }).collect()
}

/// Reads the configuration anew.
pub(super) async fn reload(
    State(state): State<Shared>,
    caller: Caller,
) -> Result<Response, Refusal> {
    caller.only_installation()?;
    Ok(shown(app::reread(&state, &caller).await?))
}

pub(super) async fn health(State(state): State<Shared>, caller: Caller) -> Response {
    shown(found(&state, caller.is_installation()).await)
}

/// Returns how it is; why the database does not take rows is for the installation.
pub(super) async fn found(state: &Shared, installation: bool) -> Health {
    let ledger = state.gateway.books.ledger().health();
    let trouble = state.operations.watch.trouble(state).await;
    Health {
        version: env!("CARGO_PKG_VERSION"),
        up_ms: state.operations.watch.up_ms(),
        ready: trouble.is_empty(),
        trouble,
        ledger: Ledger {
            waiting: ledger.waiting,
            unsaved: ledger.unsaved,
            room: ledger.room,
            trouble: ledger.trouble.filter(|_| installation),
        },
    }
}
