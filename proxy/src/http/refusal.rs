//! A refusal on its way out.
//!
//! Whoever refuses says why; the gate writes it down once, with the request's id and in the form
//! that the asker reads: ours under `/app`, elsewhere that of the route's dialect.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use providers::failure;
use wire::{Rejection, RejectionCode};

use super::dialects;

#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    rejection: Rejection,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: RejectionCode, message: &str) -> Self {
        Self { status, rejection: failure::plain(code, message) }
    }
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        Self { status: status(rejection.code), rejection }
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
    match code {
        RejectionCode::NotPaired => StatusCode::UNAUTHORIZED,
        RejectionCode::NoProvider | RejectionCode::UnknownModel => StatusCode::NOT_FOUND,
        RejectionCode::Busy => StatusCode::TOO_MANY_REQUESTS,
        RejectionCode::PromptTooLong => StatusCode::PAYLOAD_TOO_LARGE,
        RejectionCode::BadRequest => StatusCode::BAD_REQUEST,
        // The key is ours to mend, not the asker's: their own was good.
        RejectionCode::BadKey
        | RejectionCode::Unreachable
        | RejectionCode::CutOff
        | RejectionCode::ProviderFailed => StatusCode::BAD_GATEWAY,
        RejectionCode::Broken => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

pub(super) async fn wrong_method() -> Refusal {
    Refusal::new(
        StatusCode::METHOD_NOT_ALLOWED,
        RejectionCode::BadRequest,
        "This address does not take this method",
    )
}

/// Gives a refusal its body. Other responses stay as they are.
pub(super) fn write(mut response: Response, path: &str, request_id: &str) -> Response {
    let Some(mut rejection) = response.extensions_mut().remove::<Rejection>() else {
        return response;
    };
    rejection.request_id = Some(request_id.to_owned());
    let body = match dialects::spoken_at(path) {
        Some(dialect) => dialect.write_error(&rejection),
        None => serde_json::to_vec(&rejection).unwrap_or_default(), // Texts always serialize.
    };
    tracing::info!(code = ?rejection.code, why = rejection.message, "refused");
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.remove(header::CONTENT_LENGTH);
    if let Some(secs) = rejection.retry_after_secs {
        headers.insert(header::RETRY_AFTER, secs.into());
    }
    *response.body_mut() = Body::from(body);
    response
}
