//! A request as it goes out: what a provider's module made, what the client said beside it, and last
//! the key.

use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, header};
use http_body_util::Full;
use providers::{
    failure,
    vendor::{Auth, Method, UpstreamRequest},
};
use wire::{Rejection, RejectionCode};

use super::{Beside, aws};
use crate::{config::Endpoint, keys::Secret};

pub(super) fn build(
    endpoint: &Endpoint,
    mut request: UpstreamRequest,
    beside: &Beside,
    token: Option<&Secret>,
) -> Result<Request<Full<Bytes>>, Rejection> {
    let bad = |what: &str| {
        let message = format!("`{}` cannot be asked: {what}", endpoint.id);
        failure::plain(RejectionCode::BadRequest, &message)
    };
    if let Some(query) = beside.query {
        request.address = format!("{}?{query}", request.address);
    }
    let method = match request.method {
        Method::Get => http::Method::GET,
        Method::Post => http::Method::POST,
    };
    let mut builder = Request::builder()
        .method(method)
        .uri(request.address)
        .header(header::USER_AGENT, concat!("easel/", env!("CARGO_PKG_VERSION")))
        .header(header::ACCEPT, "application/json, text/event-stream");
    if request.method == Method::Post {
        builder = builder.header(header::CONTENT_TYPE, "application/json");
    }
    for (name, value) in request.headers {
        builder = builder.header(name, value);
    }
    let mut built = builder
        .body(Full::new(request.body.clone()))
        .ok()
        .ok_or_else(|| bad("its address cannot be used"))?;
    beside.put(built.headers_mut());
    let key = token.or(endpoint.key.as_ref()).filter(|it| !it.is_empty());
    let Some(key) = key else { return Ok(built) };
    let (name, value) = match endpoint.vendor().auth() {
        Auth::Bearer | Auth::Google => (header::AUTHORIZATION, format!("Bearer {}", key.expose())),
        Auth::Header(name) => (HeaderName::from_static(name), key.expose().to_owned()),
        Auth::Aws => {
            let region = aws::region(&endpoint.base_url);
            let now = SystemTime::now();
            aws::authorize(&mut built, &request.body, key, region, now).map_err(bad)?;
            return Ok(built);
        }
    };
    let mut value = HeaderValue::from_str(&value)
        .ok()
        .ok_or_else(|| bad("its key holds characters that no key has"))?;
    value.set_sensitive(true);
    built.headers_mut().insert(name, value);
    Ok(built)
}
