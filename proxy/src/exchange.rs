//! One client's request and its reply, whatever the dialects of both sides.
//!
//! Where client and provider speak the same, the client's own bytes go through and come back;
//! else both are translated. Who may ask was judged before, in `http`.

mod embeddings;
mod head;
mod outgoing;
mod pass;
mod trying;

use std::sync::Arc;

use bytes::Bytes;
use providers::{
    Dialect,
    ask::Ask,
    dialect::{About, Encoder},
    failure,
    frame::Framing,
    messages::Messages,
    reply::tokens,
};
use wire::Rejection;

use crate::{
    catalogue::{Catalogue, Route},
    lanes::Lanes,
    upstream::Upstream,
};
pub use embeddings::Batches;
pub use outgoing::Outgoing;
pub(crate) use trying::refused;
use trying::{Trying, Wanted};

/// What every exchange needs.
#[derive(Debug)]
pub struct Gateway {
    pub catalogue: Catalogue,
    pub upstream: Upstream,
    pub lanes: Lanes,
    pub batches: Arc<Batches>,
}

/// What a client sent.
#[derive(Debug)]
pub struct Request {
    pub dialect: &'static dyn Dialect,
    /// Model and streaming, where the dialect has them in the path.
    pub named: Option<Named>,
    pub body: Bytes,
    /// Finds the log's lines, and names the reply.
    pub id: String,
    pub now_secs: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub model: String,
    pub stream: bool,
}

/// What the client gets.
#[derive(Debug)]
pub enum Answer {
    /// In one piece.
    Whole(Bytes),
    Stream {
        media_type: &'static str,
        stream: Box<Outgoing>,
    },
}

/// An answer of `count_tokens`.
#[derive(Debug)]
pub struct Counted {
    pub body: Bytes,
    /// By the bytes, not by the provider.
    pub estimated: bool,
}

impl Gateway {
    /// Answers a client in its own dialect.
    pub async fn answer(self: &Arc<Self>, request: Request) -> Result<Answer, Rejection> {
        let Request { dialect, named, body, id, now_secs } = request;
        let head = head::read(&body, named).map_err(|err| refused(&err))?;
        let stream = head.stream.unwrap_or_else(|| dialect.streams_unasked());
        tracing::info!(model = head.model, stream, dialect = dialect.mark(), "asked");
        let routes = self.catalogue.routes(&head.model, &self.lanes)?;
        let about = About {
            id,
            model: head.model.clone(),
            created_secs: now_secs,
            usage: head.wants_usage(),
        };
        let wanted = Wanted::Client { dialect, body, head, ask: None };
        if stream {
            let encoder = dialect.encoder(about.clone());
            return self
                .stream(routes, wanted, encoder, dialect.framing().media_type(), about.id)
                .await;
        }
        let trying = Trying { upstream: &self.upstream, lanes: &self.lanes, wanted, id: &about.id };
        Ok(Answer::Whole(trying.whole(routes).await?.write(dialect, &about)))
    }

    /// Answers the app, in its own form.
    pub async fn turn(self: &Arc<Self>, ask: Ask, id: String) -> Result<Answer, Rejection> {
        let routes = self.catalogue.routes(&ask.model, &self.lanes)?;
        let lines = Box::new(outgoing::Lines);
        let wanted = Wanted::Ask(Box::new(ask));
        self.stream(routes, wanted, lines, Framing::Lines.media_type(), id).await
    }

    /// Answers a request for embeddings.
    pub async fn embed(&self, body: Bytes) -> Result<Bytes, Rejection> {
        let head = head::read(&body, None).map_err(|err| refused(&err))?;
        let routes = self.catalogue.routes(&head.model, &self.lanes)?;
        let mut last = None;
        for route in routes {
            match self.batches.answer(&self.upstream, route, body.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(rejection) => last = Some(rejection),
            }
        }
        Err(last.unwrap_or_else(failure::unreadable))
    }

    /// Tells how many tokens a request of the Messages API has: the provider's own count where it
    /// gives one, else an estimate.
    pub async fn count(&self, body: Bytes) -> Result<Counted, Rejection> {
        let head = head::read(&body, None).map_err(|err| refused(&err))?;
        for route in self.catalogue.routes(&head.model, &self.lanes)? {
            let Route::Endpoint { endpoint, model } = &route else { continue };
            let asked = head.rewritten(&body, model, &Messages);
            if let Some(counted) = self.upstream.count(endpoint, asked).await {
                return Ok(Counted { body: counted?, estimated: false });
            }
        }
        let input_tokens = tokens(body.len());
        let body = serde_json::json!({ "input_tokens": input_tokens }).to_string();
        Ok(Counted { body: body.into(), estimated: true })
    }

    async fn stream(
        self: &Arc<Self>,
        routes: Vec<Route>,
        wanted: Wanted,
        encoder: Box<dyn Encoder>,
        media_type: &'static str,
        request_id: String,
    ) -> Result<Answer, Rejection> {
        let gateway = Arc::clone(self);
        let id = request_id.clone();
        let asked = Box::pin(async move {
            let Self { upstream, lanes, .. } = &*gateway;
            Trying { upstream, lanes, wanted, id: &id }.stream(routes).await
        });
        let stream = Box::new(Outgoing::begin(asked, encoder, request_id).await?);
        Ok(Answer::Stream { media_type, stream })
    }
}
