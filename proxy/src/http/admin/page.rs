//! The page for people who look after the installation: a few files that are part of the program.
//!
//! It asks the JSON API for everything, with a token that the person enters; nothing secret is in it.

use axum::{
    Router,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderValue, header};

use crate::http::{Shared, policy, site::missing};

/// Name, type and text of each file.
const FILES: &[(&str, &str, &str)] = &[
    ("tokens.css", "text/css; charset=utf-8", include_str!("../../../../style/tokens.css")),
    ("admin.css", "text/css; charset=utf-8", include_str!("../../../admin/admin.css")),
    ("admin.js", SCRIPT, include_str!("../../../admin/admin.js")),
    ("ask.js", SCRIPT, include_str!("../../../admin/ask.js")),
    ("parts.js", SCRIPT, include_str!("../../../admin/parts.js")),
    ("plot.js", SCRIPT, include_str!("../../../admin/plot.js")),
    ("views.js", SCRIPT, include_str!("../../../admin/views.js")),
];

const SCRIPT: &str = "text/javascript; charset=utf-8";

const PAGE: &str = include_str!("../../../admin/index.html");

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/admin", get(page)).route("/admin/{file}", get(file))
}

async fn page(State(_): State<Shared>) -> Response {
    with_type(PAGE, "text/html; charset=utf-8")
}

async fn file(Path(name): Path<String>) -> Response {
    match FILES.iter().find(|it| it.0 == name) {
        Some((_, media_type, text)) => with_type(text, media_type),
        None => missing(),
    }
}

fn with_type(text: &'static str, media_type: &'static str) -> Response {
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    policy::admin(headers);
    response
}
