//! The app's routes, in the types of `wire`.
//!
//! Keys go in here and never come out.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Path, State},
    response::{Json as Answer, Response},
};
use http::StatusCode;
use providers::{ask::Ask, endpoint, failure};
use wire::{Health, Hop, Model, ModelRequest, Provider, ProviderChange, RejectionCode, TestReport};

use super::{
    Shared,
    admin::Caller,
    auth::{Client, Paired},
    body::{Json, JsonBytes, read, shown},
    gate::RequestId,
    refusal::Refusal,
    stream::respond,
};
use crate::{
    catalogue::{NotSaved, SCRIPT},
    serve::NotReloaded,
    trial,
};

pub(super) async fn alive() -> &'static str {
    "ok\n"
}

pub(super) async fn health(State(state): State<Shared>) -> Response {
    let health = Health {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        preview_suffix: Some(state.hosts.preview_suffix().to_owned()),
    };
    shown(health)
}

pub(super) async fn turn(
    State(state): State<Shared>,
    _: Paired,
    Client(mut asker): Client,
    Extension(RequestId(id)): Extension<RequestId>,
    JsonBytes(body): JsonBytes,
) -> Result<Response, Refusal> {
    let ask: ModelRequest = read(&body)?;
    asker.limited = false;
    tracing::info!(model = ask.model, messages = ask.messages.len(), "turn");
    Ok(respond(&state, state.gateway.turn(&asker, Ask::from(&ask), &body, id).await?))
}

pub(super) async fn models(State(state): State<Shared>, _: Paired) -> Answer<Vec<Model>> {
    Answer(state.gateway.catalogue.models(&state.gateway.upstream).await)
}

pub(super) async fn providers(State(state): State<Shared>, _: Paired) -> Answer<Vec<Provider>> {
    Answer(state.gateway.catalogue.providers())
}

pub(super) async fn set_provider(
    State(state): State<Shared>,
    _: Paired,
    caller: Caller,
    Path(id): Path<String>,
    Json(change): Json<ProviderChange>,
) -> Result<Answer<Vec<Provider>>, Refusal> {
    let subject = id.clone();
    let key = match &change.key {
        None => "the key as it was",
        Some(key) if key.is_empty() => "without a key",
        Some(_) => "with a new key",
    };
    let detail = format!("{} {key}", endpoint::origin(&change.base_url));
    on_disk(&state, move |state| match state.gateway.upstream.may_ask(&change.base_url) {
        true => state.gateway.catalogue.set(&id, change),
        false => Err(NotSaved::Outside),
    })
    .await?;
    caller.did(&state, "provider.set", &subject, &detail).await;
    Ok(Answer(state.gateway.catalogue.providers()))
}

pub(super) async fn remove_provider(
    State(state): State<Shared>,
    _: Paired,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Answer<Vec<Provider>>, Refusal> {
    let was_there = on_disk(&state, {
        let id = id.clone();
        move |state| state.gateway.catalogue.remove(&id)
    })
    .await?;
    if !was_there && state.gateway.catalogue.endpoint(&id).is_some() {
        return Err(Refusal::new(
            StatusCode::CONFLICT,
            RejectionCode::BadRequest,
            "This provider comes from the environment or from easel.toml; remove it there",
        ));
    }
    if was_there {
        caller.did(&state, "provider.remove", &id, "").await;
    }
    Ok(Answer(state.gateway.catalogue.providers()))
}

/// What became of reading the configuration anew.
#[derive(Debug, serde::Serialize)]
pub(super) struct Reloaded {
    /// What changes with the next start only.
    needs_start: Vec<&'static str>,
    notes: Vec<String>,
}

pub(super) async fn reload(
    State(state): State<Shared>,
    _: Paired,
    caller: Caller,
) -> Result<Answer<Reloaded>, Refusal> {
    Ok(Answer(reread(&state, &caller).await?))
}

/// Reads the configuration anew for somebody.
pub(super) async fn reread(state: &Shared, caller: &Caller) -> Result<Reloaded, Refusal> {
    let Some(live) = state.live.upgrade() else {
        return Err(failure::plain(RejectionCode::Broken, "The proxy is ending").into());
    };
    match live.reload_by(caller.who()).await {
        Ok(done) => Ok(Reloaded {
            needs_start: done.needs_start,
            notes: done.notes.iter().map(ToString::to_string).collect(),
        }),
        Err(err) => {
            let code = match err {
                NotReloaded::Panicked => RejectionCode::Broken,
                NotReloaded::Config(_) | NotReloaded::Unusable(_) | NotReloaded::Fixed => {
                    RejectionCode::BadRequest
                }
            };
            Err(failure::plain(code, &format!("Nothing was changed: {err}")).into())
        }
    }
}

pub(super) async fn test_provider(
    State(state): State<Shared>,
    _: Paired,
    Path(id): Path<String>,
) -> Result<Answer<TestReport>, Refusal> {
    Ok(Answer(tested(&state, &id).await))
}

/// Tries a provider, and tells how far it came.
pub(super) async fn tested(state: &super::State, id: &str) -> TestReport {
    if id == SCRIPT {
        let n_models =
            state.gateway.catalogue.providers().iter().filter(|it| it.id == SCRIPT).count();
        let message = "Works. These replies are recorded, not made by a model".to_owned();
        let n_models = u32::try_from(n_models).unwrap_or(u32::MAX);
        return TestReport { failed: None, message, n_models };
    }
    let Some(endpoint) = state.gateway.catalogue.endpoint(id) else {
        return TestReport {
            failed: Some(Hop::Proxy),
            message: "The proxy knows no provider of this name; save it first".to_owned(),
            n_models: 0,
        };
    };
    trial::run(&state.gateway.catalogue, &state.gateway.upstream, &endpoint).await
}

/// Saving waits for the disk, which must not stop other requests.
async fn on_disk<T: Send + 'static>(
    state: &Shared,
    job: impl FnOnce(&super::State) -> Result<T, NotSaved> + Send + 'static,
) -> Result<T, Refusal> {
    let state = Arc::clone(state);
    let done = tokio::task::spawn_blocking(move || job(&state)).await;
    match done {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(NotSaved::Store(err))) => {
            tracing::error!(cause = %err, "settings not saved");
            let message = "The proxy could not write to its data folder; nothing was changed";
            Err(failure::plain(RejectionCode::Broken, message).into())
        }
        Ok(Err(err)) => {
            Err(failure::plain(RejectionCode::BadRequest, &format!("Not saved: {err}")).into())
        }
        Err(err) => {
            tracing::error!(cause = %err, "saving panicked");
            Err(failure::plain(RejectionCode::Broken, "The proxy failed; see its log").into())
        }
    }
}
