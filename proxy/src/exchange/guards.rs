//! What stands between a client and a model beside the way itself: filters, a time limit, and
//! somebody who is told how it ended.

use std::{pin::Pin, time::Duration};

use bytes::Bytes;
use providers::{ask::Ask, failure};
use serde_json::Value;
use tokio::time::Instant;
use wire::{ModelEvent, Rejection, RejectionCode, Usage};

use super::{
    Gateway,
    complaint::refused,
    trying::{Sent, Wanted},
};
use crate::{
    catalogue::Route,
    filters::{Chosen, Screen},
    hook::{About, Told},
};

/// The guards of one request and its reply.
#[derive(Debug)]
pub(super) struct Guards {
    requests: Chosen,
    replies: Chosen,
    limit: Option<Duration>,
    until: Option<Instant>,
    told: Option<Told>,
}

impl Gateway {
    /// Asks whoever may refuse, and returns the guards of a request.
    pub(super) async fn guards(
        &self,
        id: &str,
        model: &str,
        stream: bool,
        routes: &[Route],
        body: &[u8],
    ) -> Result<Guards, Rejection> {
        let mut told = None;
        if let Some(hook) = &self.hook {
            let (id, model) = (id.to_owned(), model.to_owned());
            let about = About { id, model, stream, n_bytes: body.len() };
            hook.before(&about, body).await?;
            told = hook.watch(about);
        }
        let (requests, replies) = self.filtered(model, routes);
        let until = self.total.map(|it| Instant::now() + it);
        Ok(Guards { requests, replies, limit: self.total, until, told })
    }

    fn filtered(&self, model: &str, routes: &[Route]) -> (Chosen, Chosen) {
        let mut full = Vec::new();
        if !self.filters.is_empty() {
            full.extend(routes.iter().filter_map(Route::lane).map(|it| it.to_string()));
        }
        let names: Vec<&str> = full.iter().map(String::as_str).chain([model]).collect();
        (self.filters.requests(&names), self.filters.replies(&names))
    }

    /// Returns a body whose texts may go to a model, where the whole request is JSON with texts in
    /// one field.
    pub(super) fn filtered_field(
        &self,
        body: Bytes,
        field: &str,
        model: &str,
        routes: &[Route],
    ) -> Result<Bytes, Rejection> {
        let (requests, _) = self.filtered(model, routes);
        if requests.is_empty() {
            return Ok(body);
        }
        let mut value: Value =
            serde_json::from_slice(&body).map_err(|err| refused(&err.into(), &body))?;
        let Some(texts) = value.get_mut(field) else { return Ok(body) };
        let changed = requests.value(texts)?;
        Ok(if changed { value.to_string().into() } else { body })
    }

    /// Whether a request could go on as it is. Refuses one that may not go on at all.
    pub(super) fn passes_filters(
        &self,
        body: &[u8],
        model: &str,
        routes: &[Route],
    ) -> Result<bool, Rejection> {
        let (requests, _) = self.filtered(model, routes);
        if requests.is_empty() {
            return Ok(true);
        }
        let mut value: Value =
            serde_json::from_slice(body).map_err(|err| refused(&err.into(), body))?;
        Ok(!requests.value(&mut value)?)
    }
}

impl Guards {
    /// Returns what is wanted: the client's own bytes where nothing is looked for in the reply and
    /// nothing was replaced in the request.
    pub(super) fn client(&self, sent: Sent) -> Result<Wanted, Rejection> {
        if self.requests.is_empty() && self.replies.is_empty() {
            return Ok(Wanted::Client { sent: Box::new(sent), ask: None });
        }
        let asked = sent.dialect.read_ask(&sent.body);
        let mut ask = asked.map_err(|err| refused(&err, &sent.body))?.ask;
        let changed = self.requests.ask(&mut ask)?;
        let ask = Box::new(ask);
        Ok(match changed || !self.replies.is_empty() {
            true => Wanted::Ask(ask),
            false => Wanted::Client { sent: Box::new(sent), ask: Some(ask) },
        })
    }

    pub(super) fn ask(&self, mut ask: Ask) -> Result<Wanted, Rejection> {
        self.requests.ask(&mut ask)?;
        Ok(Wanted::Ask(Box::new(ask)))
    }

    pub(super) fn replies(&self) -> &Chosen {
        &self.replies
    }

    /// Returns what looks at a streamed reply.
    pub(super) fn screen(&self) -> Option<Screen> {
        (!self.replies.is_empty()).then(|| Screen::new(self.replies.clone()))
    }

    pub(super) fn until(&self) -> Option<Instant> {
        self.until
    }

    pub(super) fn too_long(&self) -> Rejection {
        let secs = self.limit.unwrap_or_default().as_secs();
        let message = format!("The reply took longer than the {secs} s that this proxy allows");
        failure::plain(RejectionCode::CutOff, &message)
    }

    /// Waits for a reply in one piece, as long as there is time. By its place: by value, it would be there
    /// twice.
    pub(super) async fn whole<T>(
        &mut self,
        asked: Pin<&mut impl Future<Output = Result<T, Rejection>>>,
    ) -> Result<T, Rejection> {
        let answered = match self.until {
            None => asked.await,
            Some(until) => match tokio::time::timeout_at(until, asked).await {
                Ok(answered) => answered,
                Err(_) => Err(self.too_long()),
            },
        };
        match (&answered, &mut self.told) {
            (Ok(_), Some(told)) => told.finished(),
            (Err(rejection), Some(told)) => told.failed(rejection.code),
            (_, None) => {}
        }
        answered
    }

    /// Notes what an event says about the end.
    pub(super) fn note(&mut self, event: &ModelEvent) {
        let Some(told) = &mut self.told else { return };
        match event {
            ModelEvent::Usage(usage) => told.used(*usage),
            ModelEvent::Finish { .. } => told.finished(),
            ModelEvent::Error(rejection) => told.failed(rejection.code),
            ModelEvent::TextDelta { .. }
            | ModelEvent::Reasoning { .. }
            | ModelEvent::ReasoningEnd { .. }
            | ModelEvent::ToolCallStart { .. }
            | ModelEvent::ToolCallDelta { .. }
            | ModelEvent::ToolCallEnd { .. } => {}
        }
    }

    /// A reply that went through as it came has ended well.
    pub(super) fn passed(&mut self, usage: Usage) {
        self.used(usage);
        if let Some(told) = &mut self.told {
            told.finished();
        }
    }

    /// What the reply came to.
    pub(super) fn used(&mut self, usage: Usage) {
        if let Some(told) = &mut self.told {
            told.used(usage);
        }
    }

    /// It was refused before anything was said.
    pub(super) fn refused(&mut self, rejection: &Rejection) {
        if let Some(told) = &mut self.told {
            told.failed(rejection.code);
        }
    }

    #[cfg(test)]
    pub(super) fn none() -> Self {
        let none = crate::filters::Filters::default();
        let (requests, replies) = (none.requests(&[]), none.replies(&[]));
        Self { requests, replies, limit: None, until: None, told: None }
    }
}
