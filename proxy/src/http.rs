//! The way in: hosts, origins, files, the app's routes and those of other clients.
//!
//! It decides who may ask and in which form the answer goes out. What is asked for is done in
//! `catalogue`, `keys` and `upstream`.

mod admin;
mod app;
mod auth;
mod body;
mod depth;
mod dialects;
mod gate;
mod hosts;
mod policy;
mod preview;
mod refusal;
mod relays;
mod sign_in;
mod signed;
mod site;
mod stream;
mod unread;
mod watch;

use std::{
    path::PathBuf,
    sync::{Arc, Weak},
    time::Duration,
};

use axum::{
    Router,
    extract::Request,
    response::Response,
    routing::{get, post, put},
};
use http::{HeaderName, Method, header};
use tower_http::cors::{AllowHeaders, AllowOrigin, Cors};

use gate::Behind;
pub use hosts::Hosts;
pub use watch::Watch;

use crate::{
    accounts::{Accounts, KeyId, Post},
    config::Limits,
    exchange::Gateway,
    keys::Secret,
    relay::{self, Relays},
    serve::Live,
    store::audit::Audit,
};

/// Headers of ours that pages of other origins may read.
const EXPOSED: [HeaderName; 12] = [
    gate::ID,
    gate::ANTHROPICS_ID,
    refusal::CODE,
    header::RETRY_AFTER,
    stream::COST,
    refusal::NEEDED,
    refusal::AVAILABLE,
    stream::ESTIMATED,
    stream::LIMIT,
    stream::REMAINING,
    stream::RESET,
    relay::SESSION,
];

/// A browser asks again after so long.
const PREFLIGHT_AGE: Duration = Duration::from_secs(600);

/// Everything that a request may need.
#[derive(Debug)]
pub struct State {
    pub hosts: Hosts,
    /// The app's own, of this installation.
    pub token: Secret,
    /// Whom what the app asks for is booked on.
    pub local: KeyId,
    pub accounts: Arc<Accounts>,
    pub gateway: Arc<Gateway>,
    pub relays: Arc<Relays>,
    pub site: PathBuf,
    pub limits: Limits,
    /// What this state is a part of, for reading the configuration anew.
    pub live: Weak<Live>,
    pub operations: Operations,
}

/// What those who look after the installation need.
#[derive(Debug)]
pub struct Operations {
    pub audit: Audit,
    /// How PINs reach people.
    pub post: Post,
    /// Several people use it and sign in.
    pub shared: bool,
    /// Requests come through a proxy of the owner's, which says for whom.
    pub behind_proxy: bool,
    /// Figures are for everybody.
    pub open_metrics: bool,
    pub watch: Arc<Watch>,
}

type Shared = Arc<State>;

/// The whole service: the gate, and the routes behind it.
#[derive(Debug)]
pub struct Doors {
    state: Shared,
    behind: Cors<Behind>,
}

impl Doors {
    #[must_use]
    pub fn new(state: State) -> Self {
        let state = Arc::new(state);
        let routes = routes(Arc::clone(&state));
        let behind = cors(&state.hosts, Behind { state: Arc::clone(&state), routes });
        Self { state, behind }
    }

    pub async fn answer(&self, request: Request) -> Response {
        gate::pass(&self.state, request, self.behind.clone()).await
    }
}

fn routes(state: Shared) -> Router {
    Router::new()
        .route("/app/health", get(app::health))
        .route("/app/turn", post(app::turn))
        .route("/app/models", get(app::models))
        .route("/app/providers", get(app::providers))
        .route("/app/providers/{id}", put(app::set_provider).delete(app::remove_provider))
        .route("/app/providers/{id}/test", post(app::test_provider))
        .route("/app/reload", post(app::reload))
        .merge(dialects::routes())
        .merge(admin::routes())
        .merge(sign_in::routes())
        .merge(watch::routes())
        .merge(relays::routes(&state))
        .route("/healthz", get(app::alive))
        .fallback(site::serve)
        .method_not_allowed_fallback(refusal::wrong_method)
        .with_state(state)
}

/// For origins that the gate lets through; what they ask to send is allowed as they name it.
fn cors(hosts: &Hosts, behind: Behind) -> Cors<Behind> {
    let hosts = hosts.clone();
    Cors::new(behind)
        .allow_origin(AllowOrigin::predicate(move |origin, _| hosts.allows_origin(origin)))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(EXPOSED)
        .max_age(PREFLIGHT_AGE)
        .allow_private_network(true)
}
