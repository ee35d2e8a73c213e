//! The way in: hosts, origins, files, the app's routes and those of other clients.
//!
//! It decides who may ask and in which form the answer goes out. What is asked for is done in
//! `catalogue`, `keys` and `upstream`.

mod app;
mod auth;
mod body;
mod dialects;
mod gate;
mod hosts;
mod policy;
mod preview;
mod refusal;
mod site;
mod stream;

use std::{path::PathBuf, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{get, post, put},
};
use http::{HeaderName, Method, header};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

pub use hosts::Hosts;

use crate::{
    exchange::Gateway,
    keys::{Clients, Secret},
};

/// A request with pictures in it is this large; nothing is larger.
pub const BODY_LIMIT_BYTES: usize = 32 << 20;

/// Headers of ours that pages of other origins may read.
const EXPOSED: [HeaderName; 2] = [HeaderName::from_static("x-request-id"), header::RETRY_AFTER];

/// A browser asks again after so long.
const PREFLIGHT_AGE: Duration = Duration::from_secs(600);

/// Everything that a request may need.
#[derive(Debug)]
pub struct State {
    pub hosts: Hosts,
    pub token: Secret,
    pub clients: Clients,
    pub gateway: Arc<Gateway>,
    pub site: PathBuf,
}

type Shared = Arc<State>;

/// Returns the whole service.
pub fn router(state: State) -> Router {
    let state = Arc::new(state);
    let guarded = Router::new()
        .route("/app/health", get(app::health))
        .route("/app/turn", post(app::turn))
        .route("/app/models", get(app::models))
        .route("/app/providers", get(app::providers))
        .route("/app/providers/{id}", put(app::set_provider).delete(app::remove_provider))
        .route("/app/providers/{id}/test", post(app::test_provider))
        .merge(dialects::routes())
        .route("/healthz", get(app::alive))
        .fallback(site::serve)
        .method_not_allowed_fallback(refusal::wrong_method)
        .layer(DefaultBodyLimit::max(BODY_LIMIT_BYTES))
        .layer(cors(&state.hosts))
        .layer(middleware::from_fn_with_state(Arc::clone(&state), gate::pass));
    guarded.with_state(state)
}

/// For origins that the gate lets through; what they ask to send is allowed as they name it.
fn cors(hosts: &Hosts) -> CorsLayer {
    let hosts = hosts.clone();
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(move |origin, _| hosts.allows_origin(origin)))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(EXPOSED)
        .max_age(PREFLIGHT_AGE)
        .allow_private_network(true)
}
