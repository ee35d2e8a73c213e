//! One request to a provider: what its module made, the key added last.
//!
//! It follows no redirect, so a key goes to the address that it was entered for and nowhere else; it
//! sends no cookie, keeps nothing and tries nothing twice.

use gloo_net::http::{Method, RequestBuilder, Response};
use providers::{
    endpoint, failure,
    models::Listed,
    vendor::{self, Auth, UpstreamRequest, Vendor},
};
use wasm_bindgen::JsCast as _;
use web_sys::{
    AbortSignal, DedicatedWorkerGlobalScope, ReferrerPolicy, RequestCache, RequestCredentials,
    RequestMode, RequestRedirect, ResponseType,
};
use wire::{Rejection, RejectionCode, reach};

use super::vault::About;

/// The way to a provider, with its key. No form shows it.
pub(super) struct Line {
    pub(super) id: String,
    pub(super) about: About,
    pub(super) key: Option<String>,
}

impl Line {
    pub(super) fn vendor(&self) -> Vendor<'_> {
        Vendor::new(self.about.kind, &self.about.base_url)
    }

    /// Asks which models there are.
    pub(super) async fn list(&self) -> Result<Vec<Listed>, Rejection> {
        let vendor = self.vendor();
        let answer = self.send(vendor.list(), None).await?;
        let body = answer.binary().await.ok().ok_or_else(failure::unreadable)?;
        vendor.read_list(&body).ok().ok_or_else(failure::unreadable)
    }

    /// Sends one request and returns its answer, if it is a good one.
    pub(super) async fn send(
        &self,
        request: UpstreamRequest,
        signal: Option<&AbortSignal>,
    ) -> Result<Response, Rejection> {
        let answer = self.build(request, signal)?.send().await;
        let answer = answer.ok().ok_or_else(|| self.unreachable())?;
        if answer.type_() == ResponseType::Opaqueredirect {
            let message = format!("`{}` has moved; enter its new address", self.id);
            return Err(failure::plain(RejectionCode::BadRequest, &message));
        }
        if answer.ok() { Ok(answer) } else { Err(self.refused(answer.status(), answer).await) }
    }

    /// Reads why a provider says no.
    pub(super) async fn refused(&self, status: u16, answer: Response) -> Rejection {
        let retry_after = answer.headers().get("retry-after");
        // Without a body the status has to do.
        let body = answer.binary().await.unwrap_or_default();
        let mut rejection = failure::from_answer(status, retry_after.as_deref(), &body);
        self.scrub(&mut rejection);
        rejection
    }

    /// Takes the key out of a provider's words.
    pub(super) fn scrub(&self, rejection: &mut Rejection) {
        if let Some(key) = &self.key {
            failure::scrub(rejection, key);
        }
    }

    fn build(
        &self,
        request: UpstreamRequest,
        signal: Option<&AbortSignal>,
    ) -> Result<gloo_net::http::Request, Rejection> {
        let bad = || {
            let message = format!("`{}` cannot be asked: its address cannot be used", self.id);
            failure::plain(RejectionCode::BadRequest, &message)
        };
        // The policy of this worker says the same.
        if !reach::allows(&request.address) {
            return Err(bad());
        }
        let method = match request.method {
            vendor::Method::Get => Method::GET,
            vendor::Method::Post => Method::POST,
        };
        let mut builder = RequestBuilder::new(&request.address)
            .method(method)
            .mode(RequestMode::Cors)
            .credentials(RequestCredentials::Omit)
            .cache(RequestCache::NoStore)
            .redirect(RequestRedirect::Manual)
            .referrer_policy(ReferrerPolicy::NoReferrer)
            .abort_signal(signal);
        for (name, value) in request.headers.into_iter().chain(self.vendor().page_header()) {
            builder = builder.header(name, value);
        }
        if let Some(key) = &self.key {
            builder = match self.vendor().auth() {
                Auth::Header(name) => builder.header(name, key),
                Auth::Bearer | Auth::Google | Auth::Aws => {
                    builder.header("authorization", &format!("Bearer {key}"))
                }
            };
        }
        if request.method == vendor::Method::Get {
            return builder.build().ok().ok_or_else(bad);
        }
        let body = String::from_utf8(request.body.to_vec()).ok().ok_or_else(bad)?;
        builder.header("content-type", "application/json").body(body).ok().ok_or_else(bad)
    }

    /// A script is not told whether nothing answers or the answer is kept from it.
    fn unreachable(&self) -> Rejection {
        let (id, origin) = (&self.id, endpoint::origin(&self.about.base_url));
        let message = if reach::is_loopback(origin) {
            format!(
                "`{id}` does not answer, or does not let this page ask. See that it runs at \
                 {origin} and allows {} (Ollama: OLLAMA_ORIGINS; LM Studio: CORS in its settings)",
                own_origin()
            )
        } else {
            format!(
                "`{id}` does not answer, or does not let this page ask. See that the network is \
                 there; if it is, keep the key at the proxy"
            )
        };
        failure::plain(RejectionCode::Unreachable, &message)
    }
}

fn own_origin() -> String {
    let scope = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>();
    scope.map(|it| it.location().origin()).unwrap_or_default()
}
