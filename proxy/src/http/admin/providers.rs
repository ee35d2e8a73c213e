//! Providers, for who looks after the installation: which there are, and whether they answer.
//!
//! They are changed in Settings or in easel.toml, not here.

use axum::{
    extract::{Path, State},
    response::Response,
};
use serde::Serialize;
use wire::{KeyState, ProviderKind};

use super::{Caller, shown};
use crate::{
    accounts::Deed,
    http::{Shared, app, refusal::Refusal},
};

#[derive(Debug, Serialize)]
struct Shown {
    id: String,
    kind: ProviderKind,
    /// For the installation only: it may be an internal address.
    base_url: Option<String>,
    key: KeyState,
    models: Vec<String>,
}

pub(super) async fn list(State(state): State<Shared>, caller: Caller) -> Result<Response, Refusal> {
    caller.must_somewhere(&state.accounts.directory(), Deed::TestProviders)?;
    let providers = state.gateway.catalogue.providers().into_iter().map(|it| Shown {
        id: it.id,
        kind: it.kind,
        base_url: caller.is_installation().then_some(it.base_url),
        key: it.key,
        models: it.models,
    });
    Ok(shown(providers.collect::<Vec<_>>()))
}

pub(super) async fn test(
    State(state): State<Shared>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    caller.must_somewhere(&state.accounts.directory(), Deed::TestProviders)?;
    Ok(shown(app::tested(&state, &id).await))
}
