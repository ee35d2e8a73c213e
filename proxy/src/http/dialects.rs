//! What other clients ask for: editors, scripts, SDKs, each in its own dialect.
//!
//! Only the doors are here; what goes through them is an `exchange`.

use std::convert::Infallible;

use axum::{
    Extension, Router,
    extract::{FromRequestParts, Path, RawQuery, State},
    response::{IntoResponse, Json as Answer, Response},
    routing::{MethodRouter, get, post},
};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header, request::Parts};
use providers::{
    Dialect,
    chat::{Chat, Flavor},
    converse::Converse,
    failure,
    gemini::Gemini,
    messages::Messages,
    models::Listed,
    ollama::{self, Ollama},
    responses::Responses,
};
use serde_json::{Value, json};
use wire::RejectionCode;

use super::{
    Shared,
    auth::Client,
    body::JsonBytes,
    gate::RequestId,
    refusal::Refusal,
    stream::{ESTIMATED, respond},
};
use crate::{
    exchange::{Named, Request},
    now_secs,
    upstream::Beside,
};

const CHAT: &dyn Dialect = &Chat { flavor: Flavor::Compatible };

/// The doors, each with its dialect.
pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/v1/chat/completions", door(CHAT))
        .route("/v1/messages", door(&Messages))
        .route("/v1/messages/count_tokens", post(count_tokens))
        .route("/v1/responses", door(&Responses))
        .route("/v1/embeddings", post(embeddings))
        .route("/v1/models", get(models))
        .route("/v1beta/models/{*target}", post(gemini))
        .route("/v1/models/{*target}", get(model).post(gemini))
        .route("/model/{model}/converse", converse(false))
        .route("/model/{model}/converse-stream", converse(true))
        .route("/api/chat", door(&Ollama))
        .route("/api/tags", get(ollama_tags))
        .route("/api/version", get(ollama_version))
}

/// Returns the dialect that is spoken at a path, for errors.
pub(super) fn spoken_at(path: &str) -> Option<&'static dyn Dialect> {
    let begins = |prefix: &str| path.starts_with(prefix);
    match path {
        _ if is_anthropics(path) => Some(&Messages),
        "/v1/responses" => Some(&Responses),
        // Google's clients of today leave the `beta` out.
        _ if begins("/v1beta/") || is_googles(path) => Some(&Gemini),
        _ if begins("/v1/") => Some(CHAT),
        _ if begins("/model/") => Some(&Converse),
        _ if begins("/api/") => Some(&Ollama),
        _ => None,
    }
}

impl<S: Sync> FromRequestParts<S> for Beside {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let dialect = spoken_at(parts.uri.path()).unwrap_or(CHAT);
        Ok(Self::of(dialect, &parts.headers, parts.uri.query()))
    }
}

pub(super) fn is_anthropics(path: &str) -> bool {
    path == "/v1/messages" || path.starts_with("/v1/messages/")
}

fn is_googles(path: &str) -> bool {
    path.starts_with("/v1/models/") && path.ends_with("enerateContent")
}

/// A door whose dialect has everything in the body.
fn door(dialect: &'static dyn Dialect) -> MethodRouter<Shared> {
    post(
        async move |state: State<Shared>,
                    beside: Beside,
                    by: Client,
                    id: Extension<RequestId>,
                    body: JsonBytes| {
            answer(&state, dialect, None, beside, by, id, body).await
        },
    )
}

/// A door of Bedrock, which has the model in the path and another path for streams.
fn converse(stream: bool) -> MethodRouter<Shared> {
    post(
        async move |state: State<Shared>,
                    Path(model): Path<String>,
                    beside: Beside,
                    by: Client,
                    id: Extension<RequestId>,
                    body: JsonBytes| {
            answer(&state, &Converse, Some(Named { model, stream }), beside, by, id, body).await
        },
    )
}

async fn count_tokens(
    State(state): State<Shared>,
    beside: Beside,
    Client(asker): Client,
    JsonBytes(body): JsonBytes,
) -> Result<Response, Refusal> {
    let counted = state.gateway.count(&asker, body, &beside).await?;
    let mut response = json_body(counted.body);
    if counted.estimated {
        response.headers_mut().insert(ESTIMATED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

async fn embeddings(
    State(state): State<Shared>,
    Client(asker): Client,
    Extension(RequestId(id)): Extension<RequestId>,
    JsonBytes(body): JsonBytes,
) -> Result<Response, Refusal> {
    Ok(respond(&state, state.gateway.embed(&asker, body, &id).await?))
}

/// `MODEL:generateContent` or `MODEL:streamGenerateContent`.
async fn gemini(
    state: State<Shared>,
    Path(target): Path<String>,
    RawQuery(query): RawQuery,
    beside: Beside,
    by: Client,
    id: Extension<RequestId>,
    body: JsonBytes,
) -> Result<Response, Refusal> {
    let (model, stream) = match target.rsplit_once(':') {
        Some((model, "generateContent")) => (model, false),
        Some((model, "streamGenerateContent")) => (model, true),
        Some(_) | None => return Err(no_such_method()),
    };
    if stream && !query.is_some_and(|it| it.split('&').any(|it| it == "alt=sse")) {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            RejectionCode::BadRequest,
            "Streams are sent as events only; add `alt=sse` to the address",
        ));
    }
    let named = Named { model: model.to_owned(), stream };
    answer(&state, &Gemini, Some(named), beside, by, id, body).await
}

async fn answer(
    State(state): &State<Shared>,
    dialect: &'static dyn Dialect,
    named: Option<Named>,
    beside: Beside,
    Client(asker): Client,
    Extension(RequestId(id)): Extension<RequestId>,
    JsonBytes(body): JsonBytes,
) -> Result<Response, Refusal> {
    let request = Request { asker, dialect, named, body, beside, id, now_secs: now_secs() };
    Ok(respond(state, state.gateway.answer(request).await?))
}

async fn models(State(state): State<Shared>, by: Client) -> Answer<Value> {
    Answer(json!({ "object": "list", "data": listed(&state, &by).await }))
}

async fn model(
    State(state): State<Shared>,
    Path(id): Path<String>,
    by: Client,
) -> Result<Answer<Value>, Refusal> {
    let found = listed(&state, &by).await.into_iter().find(|it| it["id"] == *id);
    found.map(Answer).ok_or_else(|| {
        let message = "There is no such model for this key; `GET /v1/models` lists what there is";
        failure::plain(RejectionCode::UnknownModel, message).into()
    })
}

/// Returns the models that somebody may use, as OpenAI describes them.
async fn listed(state: &super::State, Client(asker): &Client) -> Vec<Value> {
    let models = state.gateway.catalogue.models(&state.gateway.upstream).await;
    let created = now_secs();
    let own = state.gateway.catalogue.names().map(|it| (it, "easel"));
    own.chain(models.iter().map(|it| (&*it.id, &*it.provider)))
        .filter(|it| asker.client.models.allow(it.0))
        .map(|(id, owner)| {
            json!({ "id": id, "object": "model", "created": created, "owned_by": owner })
        })
        .collect()
}

async fn ollama_tags(State(state): State<Shared>, Client(asker): Client) -> Response {
    let models = state.gateway.catalogue.models(&state.gateway.upstream).await;
    let listed: Vec<Listed> = models
        .iter()
        .filter(|it| asker.client.models.allow(&it.id))
        .map(|it| Listed {
            context_tokens: Some(it.context_tokens),
            tools: Some(it.tools),
            images: Some(it.images),
            ..Listed::named(&it.id)
        })
        .collect();
    json_body(ollama::write_list(&listed, now_secs()))
}

async fn ollama_version(_: Client) -> Response {
    json_body(ollama::write_version())
}

fn json_body(body: impl Into<Bytes>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body.into()).into_response()
}

fn no_such_method() -> Refusal {
    failure::plain(
        RejectionCode::NotThere,
        "This address has no such method; there are `generateContent` and `streamGenerateContent`",
    )
    .into()
}
