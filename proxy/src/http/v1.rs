//! The OpenAI dialect for other clients: editors, scripts, SDKs.
//!
//! Only the translation is here; routing and sending are the app's.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Json as Answer, Response},
};
use http::StatusCode;
use providers::{
    failure,
    ingress::{self, Chunks},
};
use serde_json::{Value, json};
use wire::RejectionCode;

use super::{
    Shared,
    auth::Client,
    body::JsonBytes,
    gate::RequestId,
    refusal::Refusal,
    stream::{self, Form},
};

pub(super) async fn chat(
    State(state): State<Shared>,
    _: Client,
    Extension(RequestId(id)): Extension<RequestId>,
    JsonBytes(body): JsonBytes,
) -> Result<Response, Refusal> {
    let ask = ingress::read(&body).map_err(|err| {
        Refusal::new(StatusCode::BAD_REQUEST, RejectionCode::BadRequest, &err.to_string())
    })?;
    let model = ask.request.model.clone();
    tracing::info!(model, stream = ask.stream, "chat completion");
    let route = state.catalogue.route(&model)?;
    let name = format!("chatcmpl-{id}");
    if ask.stream {
        let chunks = Chunks::new(&name, &model, now_secs(), ask.usage);
        let asked = Box::pin(async move { state.upstream.reply(route, ask.request).await });
        return Ok(stream::respond(asked, Form::Events(Box::new(chunks)), id).await?);
    }
    let mut reply = state.upstream.reply(route, ask.request).await?;
    let mut answer = ingress::Answer::default();
    while let Some(events) = reply.next().await {
        for event in events {
            if let Some(end) = answer.add(event) {
                let body = answer.body(&name, &model, now_secs(), end?);
                return Ok(Answer(body).into_response());
            }
        }
    }
    Err(failure::plain(RejectionCode::CutOff, "The provider's answer broke off").into())
}

pub(super) async fn models(State(state): State<Shared>, _: Client) -> Answer<Value> {
    let models = state.catalogue.models(&state.upstream).await;
    let created = now_secs();
    let data: Vec<Value> = models
        .iter()
        .map(|it| {
            json!({ "id": it.id, "object": "model", "created": created, "owned_by": it.provider })
        })
        .collect();
    Answer(json!({ "object": "list", "data": data }))
}

fn now_secs() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| it.as_secs())
}
