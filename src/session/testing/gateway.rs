//! A way to models that a test speaks for: it keeps what is saved, and says what it is told to.

use std::{
    cell::RefCell,
    collections::{BTreeMap, VecDeque},
};

use futures::{
    channel::mpsc,
    future::LocalBoxFuture,
    stream::{LocalBoxStream, StreamExt as _},
};
use wire::{
    Health, KeyState, Model, ModelEvent, ModelRequest, Provider, ProviderChange, Rejection,
    RejectionCode, TestReport,
};

use crate::session::ports::{Gateway, Purpose, Way};

#[derive(Default)]
pub(in crate::session) struct FakeGateway {
    pub(in crate::session) requests: RefCell<Vec<ModelRequest>>,
    /// What each request was for.
    pub(in crate::session) purposes: RefCell<Vec<Purpose>>,
    pub(in crate::session) replies: RefCell<VecDeque<mpsc::UnboundedSender<ModelEvent>>>,
    pub(in crate::session) rejection: RefCell<Option<Rejection>>,
    /// Providers that were saved, by their names.
    pub(in crate::session) kept: RefCell<BTreeMap<String, ProviderChange>>,
    offers: Vec<Model>,
}

impl FakeGateway {
    /// It has these models, each scripted or not, beside those of saved providers.
    pub(super) fn offering<const N: usize>(models: [(&str, bool); N]) -> Self {
        let offers = models.map(|(id, scripted)| model(id, scripted)).to_vec();
        Self { offers, ..Self::default() }
    }

    /// Whether the newest reply is still read.
    pub(in crate::session) fn is_read(&self) -> bool {
        self.replies.borrow().back().is_some_and(|it| !it.is_closed())
    }

    fn answer<T: 'static>(&self, value: T) -> LocalBoxFuture<'static, Result<T, Rejection>> {
        let rejection = self.rejection.borrow().clone();
        Box::pin(async move { rejection.map_or(Ok(value), Err) })
    }

    fn refuses(&self) -> bool {
        self.rejection.borrow().is_some()
    }
}

impl Way for FakeGateway {
    fn turn(
        &self,
        request: ModelRequest,
        purpose: &Purpose,
    ) -> LocalBoxFuture<'static, Result<LocalBoxStream<'static, ModelEvent>, Rejection>> {
        self.requests.borrow_mut().push(request);
        self.purposes.borrow_mut().push(purpose.clone());
        let (says, heard) = mpsc::unbounded();
        self.replies.borrow_mut().push_back(says);
        let rejection = self.rejection.borrow().clone();
        Box::pin(async move { rejection.map_or(Ok(heard.boxed_local()), Err) })
    }

    fn models(&self) -> LocalBoxFuture<'static, Result<Vec<Model>, Rejection>> {
        let mut models = self.offers.clone();
        for (id, change) in &*self.kept.borrow() {
            models.extend(change.models.iter().map(|it| model(&format!("{id}/{it}"), false)));
        }
        self.answer(models)
    }

    fn providers(&self) -> LocalBoxFuture<'static, Result<Vec<Provider>, Rejection>> {
        let provider = |(id, change): (&String, &ProviderChange)| Provider {
            id: id.clone(),
            kind: change.kind,
            base_url: change.base_url.clone(),
            key: if change.key.is_some() { KeyState::Saved } else { KeyState::NotNeeded },
            models: change.models.clone(),
        };
        self.answer(self.kept.borrow().iter().map(provider).collect())
    }

    fn save_provider(
        &self,
        id: &str,
        change: ProviderChange,
    ) -> LocalBoxFuture<'static, Result<(), Rejection>> {
        if !self.refuses() {
            self.kept.borrow_mut().insert(id.to_owned(), change);
        }
        self.answer(())
    }

    fn remove_provider(&self, id: &str) -> LocalBoxFuture<'static, Result<(), Rejection>> {
        if !self.refuses() {
            self.kept.borrow_mut().remove(id);
        }
        self.answer(())
    }

    fn test_provider(&self, _id: &str) -> LocalBoxFuture<'static, Result<TestReport, Rejection>> {
        self.answer(TestReport { failed: None, message: "It works".to_owned(), n_models: 2 })
    }
}

impl Gateway for FakeGateway {
    fn pair(&self, _origin: &str, _token: Option<&str>) {}

    fn health(&self) -> LocalBoxFuture<'static, Result<Health, Rejection>> {
        self.answer(Health {
            version: "1".to_owned(),
            preview_suffix: Some("preview.easel.localhost:9595".to_owned()),
        })
    }

    fn asset(&self, _path: &str) -> LocalBoxFuture<'static, Option<Vec<u8>>> {
        Box::pin(async { None })
    }
}

fn model(id: &str, scripted: bool) -> Model {
    Model {
        id: id.to_owned(),
        provider: id.split('/').next().unwrap_or_default().to_owned(),
        name: id.to_owned(),
        context_tokens: 128_000,
        max_output_tokens: 8_000,
        input_price_nano: Some(1_000),
        output_price_nano: Some(5_000),
        tools: true,
        images: false,
        scripted,
    }
}

pub(in crate::session) fn unreachable() -> Rejection {
    Rejection::new(RejectionCode::Unreachable, "The proxy cannot be reached")
}
