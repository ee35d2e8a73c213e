//! The administration, as JSON under `/admin/api`, and the page that uses it.
//!
//! Who may do what is judged here, with `accounts::may`; what is done is done by `accounts`,
//! `ledger` and `catalogue`, and leaves an entry in the audit log. Times are milliseconds since 1970,
//! money is dollars as text with up to nine decimals, so that no client rounds it.

mod asked;
mod audit;
mod caller;
mod caps;
mod diagnostics;
mod keys;
mod page;
mod people;
mod places;
mod providers;
mod running;
mod usage;

use ::providers::failure;
use axum::{
    Router,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use wire::RejectionCode;

use super::{
    Shared,
    body::shown,
    refusal::{Refusal, bad, conflict, not_there},
};

pub(super) use asked::Small;
pub(super) use caller::{Caller, address, agent};

/// What the API is, for programs that read such documents.
const DOCUMENT: &str = include_str!("../../openapi.json");

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/admin/api/me", get(places::me))
        .route("/admin/api/health", get(running::health))
        .route("/admin/api/diagnostics", get(diagnostics::bundle))
        .route("/admin/api/running", get(running::running))
        .route("/admin/api/lanes", get(running::lanes))
        .route("/admin/api/keys", get(keys::list).post(keys::make))
        .route("/admin/api/keys/{id}", get(keys::show).put(keys::change).delete(keys::revoke))
        .route("/admin/api/caps/{scope}/{id}", get(caps::show).put(caps::set))
        .route("/admin/api/organisations", get(places::organisations).post(places::make))
        .route("/admin/api/organisations/{id}", axum::routing::delete(places::end))
        .route("/admin/api/projects", get(places::projects).post(places::make_project))
        .route("/admin/api/projects/{id}", axum::routing::delete(places::end_project))
        .route("/admin/api/people", get(people::list).post(people::make))
        .route("/admin/api/people/{id}", axum::routing::delete(people::end))
        .route("/admin/api/members", get(people::members).put(people::appoint))
        .route("/admin/api/usage", get(usage::sums))
        .route("/admin/api/sessions", get(usage::sessions))
        .route("/admin/api/requests", get(usage::last))
        .route("/admin/api/export.csv", get(usage::export))
        .route("/admin/api/providers", get(providers::list))
        .route("/admin/api/providers/{id}/test", post(providers::test))
        .route("/admin/api/reload", post(running::reload))
        .route("/admin/api/audit", get(audit::list))
        .route("/admin/api/audit/verify", get(audit::verify))
        .route("/admin/api/openapi.json", get(document))
        .merge(page::routes())
}

async fn document() -> Response {
    let mut response = DOCUMENT.into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// What was made has a number.
#[derive(Debug, Serialize)]
struct Made {
    id: i64,
}

fn made(id: i64) -> Response {
    let mut response = shown(Made { id });
    *response.status_mut() = StatusCode::CREATED;
    response
}

fn done() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

fn not_allowed() -> Refusal {
    failure::plain(RejectionCode::NotAllowed, "Your role does not allow this; ask an owner").into()
}
