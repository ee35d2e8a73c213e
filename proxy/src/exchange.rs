//! One client's request and its reply, whatever the dialects of both sides.
//!
//! Where client and provider speak the same, the client's own bytes go through and come back;
//! else both are translated. Each request has a `bill`. Who asks was found out before, in `http`.

mod complaint;
mod embeddings;
mod guards;
mod head;
mod ids;
mod outgoing;
mod pass;
mod thoughts;
mod trying;

use std::{
    pin::pin,
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use providers::{
    Dialect,
    ask::Ask,
    chat,
    dialect::{About, BadAsk, Encoder},
    frame::Framing,
    messages::Messages,
    reply::tokens,
    responses,
};
use wire::{Rejection, Usage};

use crate::{
    bill::{Asked, Asker, Bill, Books, Replies, UNSAID_OUTPUT_TOKENS},
    budget::RateLeft,
    catalogue::{Catalogue, Route},
    filters::Filters,
    hook::Hook,
    lanes::{Lanes, Manner},
    store::signatures::Signatures,
    upstream::{Beside, Upstream},
};
pub(crate) use complaint::refused;
pub use embeddings::Batches;
use outgoing::Account;
pub use outgoing::Outgoing;
use trying::{Answered, Sent, Tries, Trying, Wanted};

/// What every exchange needs.
#[derive(Debug)]
pub struct Gateway {
    pub catalogue: Catalogue,
    pub upstream: Upstream,
    pub lanes: Lanes,
    pub batches: Arc<Batches>,
    pub books: Arc<Books>,
    pub signatures: Signatures,
    pub filters: Filters,
    pub hook: Option<Hook>,
    /// From the request to the end of its reply.
    pub total: Option<Duration>,
}

/// What a client sent.
#[derive(Debug)]
pub struct Request {
    pub asker: Asker,
    pub dialect: &'static dyn Dialect,
    /// Model and streaming, where the dialect has them in the path.
    pub named: Option<Named>,
    pub body: Bytes,
    pub beside: Beside,
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
    Whole {
        body: Bytes,
        usage: Usage,
        rate_left: Option<RateLeft>,
    },
    Stream {
        media_type: &'static str,
        stream: Box<Outgoing>,
        rate_left: Option<RateLeft>,
    },
}

/// How a stream is written.
#[derive(Debug)]
struct Form {
    encoder: Box<dyn Encoder>,
    media_type: &'static str,
    /// See [`Trying::forgets`].
    forgets: bool,
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
        let Request { asker, dialect, named, body, beside, id, now_secs } = request;
        let head = head::read(&body, named).map_err(|err| refused(&err, &body))?;
        if head.background && dialect.mark() == responses::MARK {
            // It would go on, and cost, when its client has left; and nobody could fetch it here.
            return Err(refused(&BadAsk::Unsupported { field: "background" }, &body));
        }
        let stream = head.stream.unwrap_or_else(|| dialect.streams_unasked());
        tracing::info!(model = head.model, stream, dialect = dialect.mark(), "asked");
        let manner = if stream { Manner::Streamed } else { Manner::Whole };
        let routes = self.catalogue.routes(&head.model, &self.lanes, manner)?;
        let bill = self.bill(&asker, &head.model, &routes, &id, &body, head.replies).await?;
        let about = About {
            id,
            model: head.model.clone(),
            created_secs: now_secs,
            usage: head.wants_usage(),
        };
        let retries = self.retries(&head.model);
        let guarded = async {
            let guards = self.guards(&about.id, &head.model, stream, &routes, &body).await?;
            let wanted = guards.client(Sent { dialect, body, head, beside })?;
            Ok((guards, wanted))
        };
        let (bill, (mut guards, wanted)) = or_close(bill, guarded.await).await?;
        let forgets = dialect.mark() == chat::MARK;
        if stream {
            let media_type = dialect.framing().media_type();
            let encoder = dialect.encoder(about.clone());
            let form = Form { encoder, media_type, forgets };
            let account = Account { bill: Some(bill), guards };
            return self.stream(routes, wanted, retries, form, about.id, account).await;
        }
        let Self { upstream, lanes, signatures, .. } = &**self;
        let (id, limit) = (&*about.id, bill.limit);
        let trying = Trying { upstream, lanes, wanted, id, limit, retries, signatures, forgets };
        let filter = guards.replies().clone();
        let complete = pin!(async {
            let Answered { route, it, place } = trying.whole(routes).await?;
            Ok(Answered { route, it: it.filtered(&filter)?, place })
        });
        let (bill, answered) = or_close(bill, guards.whole(complete).await).await?;
        let rate_left = bill.rate_left;
        let (complete, usage) = close(bill, answered).await;
        guards.used(usage);
        Ok(Answer::Whole { body: complete.write(dialect, &about), usage, rate_left })
    }

    /// Answers the app, in its own form. `body` is what it sent.
    pub async fn turn(
        self: &Arc<Self>,
        asker: &Asker,
        ask: Ask,
        body: &Bytes,
        id: String,
    ) -> Result<Answer, Rejection> {
        let routes = self.catalogue.routes(&ask.model, &self.lanes, Manner::Streamed)?;
        let retries = self.retries(&ask.model);
        let replies = (1, ask.max_output_tokens);
        let bill = self.bill(asker, &ask.model, &routes, &id, body, replies).await?;
        let guarded = async {
            let guards = self.guards(&id, &ask.model, true, &routes, &[]).await?;
            let wanted = guards.ask(ask)?;
            Ok((guards, wanted))
        };
        let (bill, (guards, wanted)) = or_close(bill, guarded.await).await?;
        let media_type = Framing::Lines.media_type();
        let form = Form { encoder: Box::new(outgoing::Lines), media_type, forgets: false };
        let account = Account { bill: Some(bill), guards };
        self.stream(routes, wanted, retries, form, id, account).await
    }

    fn retries(&self, model: &str) -> u32 {
        self.catalogue.retries(model).unwrap_or(self.lanes.rules().retries)
    }

    /// Answers a request for embeddings.
    pub async fn embed(&self, asker: &Asker, body: Bytes, id: &str) -> Result<Answer, Rejection> {
        let head = head::read(&body, None).map_err(|err| refused(&err, &body))?;
        let routes = self.catalogue.routes(&head.model, &self.lanes, Manner::Whole)?;
        let body = self.filtered_field(body, "input", &head.model, &routes)?;
        let bill = self.bill(asker, &head.model, &routes, id, &body, (1, Some(0))).await?;
        let retries = self.retries(&head.model);
        let guards = self.guards(id, &head.model, false, &routes, &body).await;
        let (bill, mut guards) = or_close(bill, guards).await?;
        let asked = pin!(async {
            let mut tries = Tries::new(&self.lanes, routes, retries, Manner::Whole);
            while let Some(route) = tries.next() {
                let asked = self.batches.answer(&self.upstream, route.clone(), body.clone());
                match asked.await {
                    Ok(it) => return Ok(tries.succeeded(route, it)),
                    Err(rejection) => tries.failed(rejection).await?,
                }
            }
            Err(tries.give_up())
        });
        let (bill, answered) = or_close(bill, guards.whole(asked).await).await?;
        let rate_left = bill.rate_left;
        let (embedded, usage) = close(bill, answered).await;
        guards.used(usage);
        Ok(Answer::Whole { body: embedded.body, usage, rate_left })
    }

    /// Tells how many tokens a request of the Messages API has: the provider's own count where it
    /// gives one, else an estimate.
    pub async fn count(
        &self,
        asker: &Asker,
        body: Bytes,
        beside: &Beside,
    ) -> Result<Counted, Rejection> {
        let head = head::read(&body, None).map_err(|err| refused(&err, &body))?;
        self.books.admit(&asker.client, &head.model, SystemTime::now()).await?;
        let routes = self.catalogue.routes(&head.model, &self.lanes, Manner::Whole)?;
        // What may not go on as it is, is not counted elsewhere.
        let goes_on = self.passes_filters(&body, &head.model, &routes)?;
        for route in routes.iter().filter(|_| goes_on) {
            let Route::Endpoint { endpoint, model, .. } = route else { continue };
            let vendor = endpoint.vendor();
            let asked = head.rewritten(&body, model, &Messages, vendor, None);
            if let Some(counted) = self.upstream.count(endpoint, asked, beside).await {
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
        retries: u32,
        form: Form,
        request_id: String,
        account: Account,
    ) -> Result<Answer, Rejection> {
        let gateway = Arc::clone(self);
        let forgets = form.forgets;
        let id = request_id.clone();
        let rate_left = account.bill.as_ref().and_then(|it| it.rate_left);
        let limit = account.bill.as_ref().and_then(|it| it.limit);
        let asked = Box::pin(async move {
            let Self { upstream, lanes, signatures, .. } = &*gateway;
            let id = &id;
            Trying { upstream, lanes, wanted, id, limit, retries, signatures, forgets }
                .stream(routes)
                .await
        });
        let stream = Box::new(Outgoing::begin(asked, form.encoder, request_id, account).await?);
        Ok(Answer::Stream { media_type: form.media_type, stream, rate_left })
    }

    /// `replies` is how many are wanted, and how long each may be.
    async fn bill(
        &self,
        asker: &Asker,
        model: &str,
        routes: &[Route],
        request: &str,
        body: &Bytes,
        replies: (u32, Option<u32>),
    ) -> Result<Bill, Rejection> {
        let prices: Vec<_> = routes.iter().map(Route::price).collect();
        let lane = routes.first().map(Route::name).unwrap_or_default();
        let unsaid = routes.iter().filter_map(Route::writes).min();
        let unsaid = unsaid.unwrap_or(UNSAID_OUTPUT_TOKENS).min(UNSAID_OUTPUT_TOKENS);
        let replies = Replies { n: replies.0, most: replies.1, unsaid };
        let asked = Asked { model, lane: &lane, request, body, prices: &prices, replies };
        self.books.open(asker, asked).await
    }
}

/// An answer in one piece that tells what it used.
trait Used {
    fn usage(&self) -> Usage;
}

/// Closes the bill of an answer in one piece.
async fn close<T: Used>(mut bill: Bill, answered: Answered<T>) -> (T, Usage) {
    let Answered { route, it, place } = answered;
    bill.sold(&route.name(), route.price()).await;
    let usage = bill.close(Ok(()), it.usage()).await;
    place.used(&usage);
    (it, usage)
}

/// Goes on with a bill, or closes it where nothing can follow.
async fn or_close<T>(bill: Bill, it: Result<T, Rejection>) -> Result<(Bill, T), Rejection> {
    match it {
        Ok(it) => Ok((bill, it)),
        Err(rejection) => {
            bill.close(Err(rejection.code), Usage::default()).await;
            Err(rejection)
        }
    }
}
