//! What a preview host serves: the boot page, and Easel's own files for previews.
//!
//! The project's files never come from here; the host's service worker has them from the app.
//! Nothing that can ask, spend or tell is on these hosts.

use axum::response::Response;
use http::{HeaderValue, Method, header, request::Parts};

use super::{
    Shared,
    gate::wants_page,
    policy, relays,
    site::{found, missing},
};

const OURS: &str = "/__easel/";
const SERVICE_WORKER: &str = "/__easel_sw.js";
const BOOT: &str = "/boot.html";

pub(super) async fn serve(state: &Shared, request: &Parts) -> Response {
    let folder = state.site.join("preview");
    let path = request.uri.path();
    let headers = &request.headers;
    let reads = matches!(request.method, Method::GET | Method::HEAD);
    let mut response = if !reads {
        missing()
    } else if path.starts_with(OURS) || path == SERVICE_WORKER {
        found(&folder, path, headers).await.unwrap_or_else(missing)
    } else if wants_page(headers) && !is_reserved(path) {
        found(&folder, BOOT, headers).await.unwrap_or_else(missing)
    } else {
        missing()
    };
    policy::preview(response.headers_mut(), &state.hosts);
    let answer = response.headers_mut();
    if path == SERVICE_WORKER {
        answer.insert("service-worker-allowed", HeaderValue::from_static("/"));
    }
    // These names stay when their contents change.
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// The app's own addresses answer nothing here, not even with a page.
fn is_reserved(path: &str) -> bool {
    let begins = ["/app/", "/v1/", "/admin", "/auth/"].iter().any(|it| path.starts_with(it));
    begins || relays::is_relay(path)
}
