//! A refusal on its way out.
//!
//! Whoever refuses says why; the gate writes it down once, with the request's id and in the form
//! that the asker reads: ours under `/app`, elsewhere that of the route's dialect.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use providers::{converse, failure};
use wire::{Rejection, RejectionCode, Shortage, Unit};

use super::{
    dialects, relays,
    stream::{self, dollars},
};
use crate::{accounts::NotChanged, keys::BadStore, store::StoreError};

/// What a request can need at most, and what is left of the budget: dollars, or a number and its unit.
pub(super) const NEEDED: HeaderName = HeaderName::from_static("x-easel-needed");
pub(super) const AVAILABLE: HeaderName = HeaderName::from_static("x-easel-available");

/// Why, in one word that stays: of the dialects, only OpenAI's has a place for it.
pub(super) const CODE: HeaderName = HeaderName::from_static("x-easel-code");

#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    rejection: Rejection,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: RejectionCode, message: &str) -> Self {
        Self { status, rejection: failure::plain(code, message) }
    }

    pub(super) fn with_status(status: StatusCode, rejection: Rejection) -> Self {
        Self { status, rejection }
    }
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        Self { status: status(rejection.code), rejection }
    }
}

pub(super) fn bad(message: &str) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, RejectionCode::BadRequest, message)
}

pub(super) fn not_there(what: &str) -> Refusal {
    let message = format!("There is no such {what}");
    failure::plain(RejectionCode::NotThere, &message).into()
}

pub(super) fn conflict(message: &str) -> Refusal {
    Refusal::new(StatusCode::CONFLICT, RejectionCode::BadRequest, message)
}

/// The log says how it failed.
impl From<StoreError> for Refusal {
    fn from(err: StoreError) -> Self {
        tracing::error!(cause = %err, "the store failed");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            RejectionCode::Broken,
            "The proxy's database does not answer; nothing was changed",
        )
    }
}

impl From<BadStore> for Refusal {
    fn from(err: BadStore) -> Self {
        tracing::error!(cause = %err, "no random numbers");
        failure::plain(RejectionCode::Broken, "The proxy failed; see its log").into()
    }
}

impl From<NotChanged> for Refusal {
    fn from(err: NotChanged) -> Self {
        match err {
            NotChanged::Taken => conflict("There is one with this name already"),
            NotChanged::Unknown(what) => not_there(what),
            NotChanged::Bad(_) | NotChanged::Patterns(_) => bad(&format!("Not changed: {err}")),
            NotChanged::Secret(err) => err.into(),
            NotChanged::Store(err) => err.into(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self.rejection);
        response
    }
}

fn status(code: RejectionCode) -> StatusCode {
    StatusCode::from_u16(failure::status(code)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// An address of a door that leads nowhere.
pub(super) fn no_address() -> Refusal {
    let message =
        "There is nothing at this address; `GET /admin/api/openapi.json` names what there is";
    failure::plain(RejectionCode::NotThere, message).into()
}

pub(super) fn too_large(limit_bytes: usize) -> Refusal {
    let message = format!(
        "The request is larger than {} MB; send less, or have `body-mb` raised under `[limits]` in \
         easel.toml",
        limit_bytes >> 20
    );
    failure::plain(RejectionCode::TooLarge, &message).into()
}

pub(super) async fn wrong_method() -> Refusal {
    Refusal::new(
        StatusCode::METHOD_NOT_ALLOWED,
        RejectionCode::BadRequest,
        "This address does not take this method",
    )
}

fn amount(unit: Unit, amount: u64) -> String {
    match unit {
        Unit::Nano => dollars(amount),
        Unit::Tokens => format!("{amount} tokens"),
        Unit::Seconds => format!("{amount} seconds"),
        Unit::Messages => format!("{amount} messages"),
    }
}

/// Returns a code as our own bodies have it.
fn name(code: RejectionCode) -> Option<HeaderValue> {
    let name = serde_json::to_value(code).ok()?; // Words always serialize, and fit a header.
    HeaderValue::from_str(name.as_str()?).ok() // As above.
}

/// Gives a refusal its body. Other responses stay as they are.
pub(super) fn write(mut response: Response, path: &str, request_id: &str) -> Response {
    let Some(mut rejection) = response.extensions_mut().remove::<Rejection>() else {
        return response;
    };
    rejection.request_id = Some(request_id.to_owned());
    let ours = || serde_json::to_vec(&rejection).unwrap_or_default(); // Texts always serialize.
    let body = match dialects::spoken_at(path) {
        Some(dialect) => dialect.write_error(&rejection),
        None => relays::write_error(path, &rejection).unwrap_or_else(ours),
    };
    tracing::info!(code = ?rejection.code, why = rejection.message, "refused");
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.remove(header::CONTENT_LENGTH);
    if let Some(code) = name(rejection.code) {
        headers.insert(CODE, code);
    }
    if let Some(secs) = rejection.retry_after_secs {
        headers.insert(header::RETRY_AFTER, secs.into());
    }
    if let Some(pace) = rejection.pace {
        stream::limits(headers, pace.most, 0, pace.full_in_secs.into());
    }
    if let Some(Shortage { unit, needed, available }) = rejection.shortage {
        for (name, value) in [(NEEDED, needed), (AVAILABLE, available)] {
            if let Ok(value) = HeaderValue::from_str(&amount(unit, value)) {
                headers.insert(name, value);
            }
        }
    }
    if path.starts_with("/model/") {
        // Amazon's clients choose the error's class by it, and not by the status.
        let class = HeaderValue::from_static(converse::error_type(rejection.code));
        headers.insert(converse::ERROR_TYPE, class);
    }
    *response.body_mut() = Body::from(body);
    response
}
