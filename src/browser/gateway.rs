//! [`Gateway`] by fetch: the proxy's `/app/*` routes.
//!
//! It knows no provider and keeps no key: a key passes through [`Way::save_provider`] once.

use std::{cell::RefCell, rc::Rc};

use futures::{
    future::LocalBoxFuture,
    stream::{self, LocalBoxStream, StreamExt as _},
};
use gloo_net::http::{Method, RequestBuilder, Response};
use js_sys::Uint8Array;
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::JsFuture;
use web_sys::ReadableStreamDefaultReader;
use wire::{
    Health, Model, ModelEvent, ModelRequest, Provider, ProviderChange, Rejection, RejectionCode,
    TestReport,
};

use super::{leaving::Leaving, worker::field};
use crate::session::ports::{Gateway, Purpose, Way};

/// A longer line than this is not from our proxy.
const LINE_LIMIT_BYTES: usize = 64 << 20;

/// The proxy that this profile is paired with.
#[derive(Debug, Default)]
pub struct Proxy {
    pairing: Rc<RefCell<Pairing>>,
}

#[derive(Default, Clone)]
struct Pairing {
    /// Empty for the page's own origin.
    origin: String,
    token: Option<String>,
}

impl std::fmt::Debug for Pairing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pairing").field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl Proxy {
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let pairing = self.pairing.borrow();
        let request = RequestBuilder::new(&format!("{}{path}", pairing.origin)).method(method);
        match &pairing.token {
            Some(token) => request.header("authorization", &format!("Bearer {token}")),
            None => request,
        }
    }

    fn ask<T: DeserializeOwned + 'static>(
        &self,
        method: Method,
        path: &str,
    ) -> LocalBoxFuture<'static, Result<T, Rejection>> {
        let request = self.request(method, path).build();
        Box::pin(async move {
            let answer = request.map_err(|_cause| unreachable())?.send().await;
            read(accepted(answer).await?).await
        })
    }

    fn tell(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> LocalBoxFuture<'static, Result<(), Rejection>> {
        let request = self.request(method, path);
        let request = match body {
            Some(body) => request.json(body),
            None => request.build(),
        };
        Box::pin(async move {
            let answer = request.map_err(|_cause| unreachable())?.send().await;
            accepted(answer).await.map(|_| ())
        })
    }
}

impl Way for Proxy {
    fn turn(
        &self,
        request: ModelRequest,
        purpose: &Purpose,
    ) -> LocalBoxFuture<'static, Result<LocalBoxStream<'static, ModelEvent>, Rejection>> {
        let leaving = Leaving::default();
        let signal = leaving.signal();
        let mut ask = self.request(Method::POST, "/app/turn").abort_signal(signal.as_ref());
        for (name, value) in purpose.headers() {
            ask = ask.header(name, value);
        }
        let ask = ask.json(&request);
        Box::pin(async move {
            let answer = accepted(ask.map_err(|_cause| unreachable())?.send().await).await?;
            let body = answer.body().ok_or_else(cut_off)?;
            let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
            let lines = Lines { reader, pending: Vec::new(), over: false, _leaving: leaving };
            Ok(stream::unfold(lines, Lines::next).flat_map(stream::iter).boxed_local())
        })
    }

    fn models(&self) -> LocalBoxFuture<'static, Result<Vec<Model>, Rejection>> {
        self.ask(Method::GET, "/app/models")
    }

    fn providers(&self) -> LocalBoxFuture<'static, Result<Vec<Provider>, Rejection>> {
        self.ask(Method::GET, "/app/providers")
    }

    fn save_provider(
        &self,
        id: &str,
        change: ProviderChange,
    ) -> LocalBoxFuture<'static, Result<(), Rejection>> {
        self.tell(Method::PUT, &provider_path(id), Some(&change))
    }

    fn remove_provider(&self, id: &str) -> LocalBoxFuture<'static, Result<(), Rejection>> {
        self.tell(Method::DELETE, &provider_path(id), None::<&()>)
    }

    fn test_provider(&self, id: &str) -> LocalBoxFuture<'static, Result<TestReport, Rejection>> {
        self.ask(Method::POST, &format!("{}/test", provider_path(id)))
    }
}

impl Gateway for Proxy {
    fn pair(&self, origin: &str, token: Option<&str>) {
        let token = token.map(str::to_owned);
        *self.pairing.borrow_mut() = Pairing { origin: origin.to_owned(), token };
    }

    fn health(&self) -> LocalBoxFuture<'static, Result<Health, Rejection>> {
        self.ask(Method::GET, "/app/health")
    }

    fn asset(&self, path: &str) -> LocalBoxFuture<'static, Option<Vec<u8>>> {
        let request = RequestBuilder::new(path).build();
        Box::pin(async move {
            let answer = request.ok()?.send().await.ok()?;
            if !answer.ok() {
                return None;
            }
            answer.binary().await.ok()
        })
    }
}

fn provider_path(id: &str) -> String {
    format!("/app/providers/{}", String::from(js_sys::encode_uri_component(id)))
}

async fn accepted(answer: Result<Response, gloo_net::Error>) -> Result<Response, Rejection> {
    let answer = answer.map_err(|_cause| unreachable())?;
    if answer.ok() {
        return Ok(answer);
    }
    let status = answer.status();
    Err(read(answer).await.unwrap_or_else(|_| {
        Rejection::new(RejectionCode::Broken, &format!("The proxy answered with status {status}"))
    }))
}

async fn read<T: DeserializeOwned>(answer: Response) -> Result<T, Rejection> {
    let text = answer.text().await.map_err(|_cause| cut_off())?;
    shape::from_str(&text).map_err(|_cause| cut_off())
}

/// Newline-delimited JSON, as it arrives.
struct Lines {
    reader: ReadableStreamDefaultReader,
    pending: Vec<u8>,
    over: bool,
    _leaving: Leaving,
}

impl Lines {
    async fn next(mut self) -> Option<(Vec<ModelEvent>, Self)> {
        if self.over {
            return None;
        }
        let Ok(chunk) = JsFuture::from(self.reader.read()).await else {
            self.over = true;
            return Some((vec![ModelEvent::Error(cut_off())], self));
        };
        let done = field(&chunk, "done").is_truthy();
        if !done {
            self.pending.extend(Uint8Array::new(&field(&chunk, "value")).to_vec());
        }
        let events = self.whole_lines();
        let unreadable = events.iter().any(|it| matches!(it, ModelEvent::Error(_)));
        self.over = done || unreadable || self.pending.len() > LINE_LIMIT_BYTES;
        Some((events, self))
    }

    fn whole_lines(&mut self) -> Vec<ModelEvent> {
        let Some(end) = self.pending.iter().rposition(|it| *it == b'\n') else {
            return Vec::new();
        };
        let whole: Vec<u8> = self.pending.drain(..=end).collect();
        let lines = whole.split(|it| *it == b'\n').filter(|it| !it.is_empty());
        lines
            .map(|it| shape::from_slice(it).unwrap_or_else(|_| ModelEvent::Error(cut_off())))
            .collect()
    }
}

fn unreachable() -> Rejection {
    Rejection::new(RejectionCode::Unreachable, "The proxy cannot be reached")
}

fn cut_off() -> Rejection {
    Rejection::new(RejectionCode::CutOff, "The proxy's answer broke off")
}
