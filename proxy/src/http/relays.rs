//! The app's doors to what it cannot reach by itself; what goes through them is a `relay`.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, FromRequest as _, Path, Query, Request, State},
    middleware::{self, Next},
    response::{Json as Answer, Response},
    routing::{MethodRouter, get},
};
use http::{Method, StatusCode, Uri};
use wire::{FetchRequest, FetchedPage, McpServer, Rejection, RejectionCode};

use super::{
    Shared,
    auth::Paired,
    body::{self, Json, shown},
    refusal::Refusal,
};
use crate::{
    relay::{AskedOfServer, MESSAGE_LIMIT_BYTES, Refused},
    telemetry::Relay,
};

/// Where the app's own token is not the only thing that a request may carry.
const SERVERS: &str = "/mcp/";

pub(super) fn routes(state: &Shared) -> Router<Shared> {
    let count = middleware::from_fn_with_state(Arc::clone(state), counted);
    Router::new()
        .route("/git/{*target}", get(git).post(git))
        .route("/fetch", get(fetch_get).post(fetch_post))
        .route("/mcp/{name}", servers_door())
        .route_layer(count)
        .route("/app/mcp", get(servers))
}

/// Counts what goes through, refusals too.
async fn counted(State(state): State<Shared>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let relay = match path {
        "/fetch" => Relay::Fetch,
        _ if path.starts_with(SERVERS) => Relay::Mcp,
        _ => Relay::Git,
    };
    let carried = &state.relays.carried;
    let request = request.map(|it| Body::new(carried.sent(relay, it)));
    let response = next.run(request).await;
    let status = response.status();
    response.map(|it| Body::new(carried.received(relay, status, it)))
}

fn servers_door() -> MethodRouter<Shared> {
    let limit = DefaultBodyLimit::max(MESSAGE_LIMIT_BYTES);
    get(mcp).post(mcp).delete(mcp).layer(limit)
}

/// Whether a path is one of these.
pub(super) fn is_relay(path: &str) -> bool {
    path == "/fetch" || path.starts_with("/git/") || path.starts_with(SERVERS)
}

/// Returns a refusal in the form that clients of servers of tools read, if the path is one of theirs.
pub(super) fn write_error(path: &str, rejection: &Rejection) -> Option<Vec<u8>> {
    if !path.starts_with(SERVERS) {
        return None;
    }
    let error = serde_json::json!({
        "jsonrpc": "2.0",
        "id": null,
        "error": { "code": -32000, "message": rejection.message, "data": rejection },
    });
    Some(error.to_string().into_bytes())
}

async fn git(
    State(state): State<Shared>,
    _: Paired,
    request: Request,
) -> Result<Response, Refusal> {
    Ok(state.relays.git.relay(request).await?)
}

async fn fetch_get(
    state: State<Shared>,
    paired: Paired,
    address: Uri,
) -> Result<Response, Refusal> {
    let Ok(Query(asked)) = Query::try_from_uri(&address) else {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            RejectionCode::BadRequest,
            "Name the page with `url`",
        ));
    };
    fetch_post(state, paired, Json(asked)).await
}

async fn fetch_post(
    State(state): State<Shared>,
    _: Paired,
    Json(asked): Json<FetchRequest>,
) -> Result<Response, Refusal> {
    let page: FetchedPage = state.relays.fetch.page(&asked.url).await?;
    Ok(shown(page))
}

async fn mcp(
    State(state): State<Shared>,
    Path(name): Path<String>,
    _: Paired,
    request: Request<Body>,
) -> Result<Response, Refusal> {
    let (method, headers) = (request.method().clone(), request.headers().clone());
    let body = if method == Method::POST {
        body::JsonBytes::from_request(request, &state).await?.0
    } else {
        Bytes::new()
    };
    Ok(state.relays.mcp.relay(&name, AskedOfServer { method, headers, body }).await?)
}

async fn servers(State(state): State<Shared>, _: Paired) -> Answer<Vec<McpServer>> {
    Answer(state.relays.mcp.list())
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        Self::with_status(refused.status, refused.rejection)
    }
}
