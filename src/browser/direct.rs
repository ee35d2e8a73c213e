//! The core's way to providers without the proxy: the caller, a worker of its own.
//!
//! The worker's own side is `calling`. Here nothing is known of providers and nothing is kept: a key
//! passes through [`Way::save_provider`] once.

use futures::{
    future::LocalBoxFuture,
    stream::{self, LocalBoxStream, StreamExt as _},
};
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::JsValue;
use wire::{
    Model, ModelEvent, ModelRequest, Provider, ProviderChange, Rejection, RejectionCode, TestReport,
};

use super::hired::{Answers, Hired};
use crate::session::ports::{Purpose, Way};

const SCRIPT: &str = "/caller_loader.js";

/// The caller, running or not.
pub struct Caller(Hired);

impl Default for Caller {
    fn default() -> Self {
        Self(Hired::new(SCRIPT))
    }
}

impl std::fmt::Debug for Caller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Caller")
    }
}

impl Caller {
    fn say(&self, verb: &str, id: &str, body: &impl Serialize) -> Answers {
        // What goes over the wire has text keys and no failing serializers.
        let body = serde_json::to_string(body).unwrap_or_default();
        self.0.ask(&[verb.into(), id.into(), body.into()])
    }

    fn ask<T: DeserializeOwned + 'static>(
        &self,
        verb: &str,
        id: &str,
        body: &impl Serialize,
    ) -> LocalBoxFuture<'static, Result<T, Rejection>> {
        let mut answers = self.say(verb, id, body);
        Box::pin(async move { read(answers.next().await) })
    }
}

impl Way for Caller {
    fn turn(
        &self,
        request: ModelRequest,
        _purpose: &Purpose,
    ) -> LocalBoxFuture<'static, Result<LocalBoxStream<'static, ModelEvent>, Rejection>> {
        let mut answers = self.say("turn", "", &request);
        Box::pin(async move {
            read::<()>(answers.next().await)?;
            let events = stream::unfold(answers, |mut answers| async {
                let text = answers.next().await?.as_string()?;
                let events: Vec<ModelEvent> = shape::from_str(&text).ok()?;
                Some((stream::iter(events), answers))
            });
            Ok(events.flatten().boxed_local())
        })
    }

    fn models(&self) -> LocalBoxFuture<'static, Result<Vec<Model>, Rejection>> {
        self.ask("models", "", &())
    }

    fn providers(&self) -> LocalBoxFuture<'static, Result<Vec<Provider>, Rejection>> {
        self.ask("providers", "", &())
    }

    fn save_provider(
        &self,
        id: &str,
        change: ProviderChange,
    ) -> LocalBoxFuture<'static, Result<(), Rejection>> {
        self.ask("save", id, &change)
    }

    fn remove_provider(&self, id: &str) -> LocalBoxFuture<'static, Result<(), Rejection>> {
        self.ask("remove", id, &())
    }

    fn test_provider(&self, id: &str) -> LocalBoxFuture<'static, Result<TestReport, Rejection>> {
        self.ask("test", id, &())
    }
}

fn read<T: DeserializeOwned>(answer: Option<JsValue>) -> Result<T, Rejection> {
    let text = answer.and_then(|it| it.as_string()).ok_or_else(gone)?;
    shape::from_str(&text).unwrap_or_else(|_| Err(gone()))
}

fn gone() -> Rejection {
    Rejection::new(
        RejectionCode::Broken,
        "The part of Easel that asks providers could not be loaded, or gave up",
    )
}
