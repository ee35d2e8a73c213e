//! Headers that tell the browser what pages may do.
//!
//! The app may run its own scripts and nothing else, talk to its own origin, and show previews; one
//! worker of it may ask providers. A preview may do what pages do, but only the app may frame it.

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{self, CONTENT_SECURITY_POLICY},
};

use wire::reach;

use super::Hosts;

/// The script of the worker that asks providers without this proxy.
const CALLER: &str = "/caller_loader.js";

const AGENT_CLUSTER: HeaderName = HeaderName::from_static("origin-agent-cluster");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS: HeaderName = HeaderName::from_static("permissions-policy");

/// What neither the app nor a preview needs.
const NOT_PERMITTED: &str =
    "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), hid=(), midi=()";

const ALWAYS: [(HeaderName, HeaderValue); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    // A loop in one origin must not stall the other; without it, they share a process.
    (AGENT_CLUSTER, HeaderValue::from_static("?1")),
    (PERMISSIONS, HeaderValue::from_static(NOT_PERMITTED)),
];

/// For every answer.
pub(super) fn harden(headers: &mut HeaderMap) {
    // With the two below; growing step by step takes longer than all of it.
    headers.reserve(ALWAYS.len() + 2);
    for (name, value) in ALWAYS {
        headers.insert(name, value);
    }
    if !headers.contains_key(RESOURCE_POLICY) {
        headers.insert(RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    }
    if !headers.contains_key(CONTENT_SECURITY_POLICY) {
        // An answer that is no page loads nothing, should a browser take it for one.
        set_policy(headers, "default-src 'none'; frame-ancestors 'none'");
    }
}

/// For hosts that are reached by TLS, and from then on by nothing else.
pub(super) fn remember(headers: &mut HeaderMap) {
    headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
}

/// For the app's pages, scripts and workers. Style elements are `CodeMirror`'s.
pub(super) fn app(headers: &mut HeaderMap, hosts: &Hosts, path: &str) {
    if path == CALLER {
        return caller(headers);
    }
    set_policy(
        headers,
        &format!(
            "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; \
             style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
             media-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; \
             worker-src 'self' blob:; frame-src 'self' {}://*.{}; manifest-src 'self'; \
             object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            hosts.scheme(),
            hosts.preview_suffix()
        ),
    );
}

/// For the one worker that goes out: it loads its own module, and asks where a browser may ask. A
/// worker has the policy of its own script, not that of the page.
fn caller(headers: &mut HeaderMap) {
    let loopback = reach::LOOPBACK.map(|it| format!("{it}:*")).join(" ");
    let vendors = reach::VENDORS.join(" ");
    set_policy(
        headers,
        &format!(
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; \
             connect-src 'self' {vendors} {loopback}"
        ),
    );
}

/// For the administration's page: its own files, and nothing inline.
pub(super) fn admin(headers: &mut HeaderMap) {
    set_policy(
        headers,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
}

/// For what a preview host serves: the project's own pages decide what they load.
pub(super) fn preview(headers: &mut HeaderMap, hosts: &Hosts) {
    set_policy(headers, &format!("frame-ancestors {}", hosts.app_origins()));
}

/// For the document that holds a whole project, on the app's own host: it gets an origin that
/// nobody has, even when it is opened by itself.
pub(super) fn document(headers: &mut HeaderMap) {
    set_policy(headers, "sandbox allow-scripts allow-forms allow-modals; frame-ancestors 'self'");
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
}

fn set_policy(headers: &mut HeaderMap, policy: &str) {
    if let Ok(policy) = HeaderValue::from_str(policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
}
