//! One bundle that says how this installation is, to go along with a report of something that is wrong.
//!
//! It has what is needed to find the cause, and neither a key, a name of a person, a text, nor the
//! path of an address: those stay here.

use axum::{extract::State, response::Response};
use http::{HeaderValue, header};
use serde::Serialize;
use wire::{KeyState, ProviderKind};

use super::{Caller, running, shown};
use crate::{
    http::{Shared, refusal::Refusal, watch},
    now_ms,
};

/// Requests that failed, the last ones.
const FAILURES: u32 = 25;

/// Requests that are looked at for them.
const LOOKED_AT: u32 = 500;

#[derive(Debug, Serialize)]
struct Bundle {
    made_at_ms: u64,
    system: String,
    health: running::Health,
    shared: bool,
    behind_proxy: bool,
    database: String,
    providers: Vec<Asked>,
    lanes: Vec<running::LaneNow>,
    tool_servers_running: usize,
    /// What `/metrics` says, line by line.
    figures: Vec<String>,
    failures: Vec<Failure>,
}

#[derive(Debug, Serialize)]
struct Asked {
    id: String,
    kind: ProviderKind,
    /// Scheme, host and port.
    origin: Option<String>,
    key: KeyState,
    n_models: usize,
}

/// A request that failed; the log has more under its id.
#[derive(Debug, Serialize)]
struct Failure {
    at_ms: u64,
    request: String,
    model: String,
    status: u16,
    ms: u32,
}

pub(super) async fn bundle(
    State(state): State<Shared>,
    caller: Caller,
) -> Result<Response, Refusal> {
    caller.only_installation()?;
    let last = state.gateway.books.ledger().last_of(None, None, LOOKED_AT).await?;
    let failures = last.into_iter().filter(|it| it.row.status >= 400).map(|it| Failure {
        at_ms: it.row.at_ms,
        request: it.row.request.to_string(),
        model: it.model_name,
        status: it.row.status,
        ms: it.row.ms,
    });
    let providers = state.gateway.catalogue.providers().into_iter().map(|it| Asked {
        id: it.id,
        kind: it.kind,
        // A name, a password and a path may be secrets.
        origin: url::Url::parse(&it.base_url).ok().map(|it| it.origin().ascii_serialization()),
        key: it.key,
        n_models: it.models.len(),
    });
    let mut response = shown(Bundle {
        made_at_ms: now_ms(),
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        health: running::found(&state, true).await,
        shared: state.operations.shared,
        behind_proxy: state.operations.behind_proxy,
        database: state.operations.watch.database(),
        providers: providers.collect(),
        lanes: running::lanes_now(&state),
        tool_servers_running: state.relays.mcp.n_running(),
        figures: watch::figures(&state).await.lines().map(str::to_owned).collect(),
        failures: failures.take(FAILURES as usize).collect(),
    });
    let name = HeaderValue::from_static("attachment; filename=\"easel-proxy-diagnostics.json\"");
    response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
}
