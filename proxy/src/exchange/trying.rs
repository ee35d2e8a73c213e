//! From a request to the beginning of a reply: lane by lane, try by try.
//!
//! A try is repeated only until something of a reply has come: whatever comes later could be said
//! twice.

use std::collections::VecDeque;

use bytes::Bytes;
use providers::{Dialect, ask::Ask, dialect::About, failure, whole::Whole};
use tokio::time::{Instant, sleep};
use wire::{ModelEvent, Rejection, RejectionCode, Usage};

use super::{
    Used,
    complaint::refused,
    head::Head,
    outgoing::Flow,
    pass::{self, Passing},
    thoughts::{self, Naming},
};
use crate::{
    catalogue::Route,
    config::Endpoint,
    filters::Chosen,
    lanes::{self, Held, Lane, Lanes, Manner, Next, Place},
    store::signatures::Signatures,
    upstream::{Beside, Passed, Upstream},
};

/// What is asked for, in whichever form a lane wants it.
#[derive(Debug)]
pub(super) enum Wanted {
    /// A client's own bytes, and what they mean once a lane needs that.
    Client {
        sent: Box<Sent>,
        ask: Option<Box<Ask>>,
    },
    Ask(Box<Ask>),
}

/// What a client sent.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) dialect: &'static dyn Dialect,
    pub(super) body: Bytes,
    pub(super) head: Head,
    pub(super) beside: Beside,
}

/// A reply in one piece.
#[derive(Debug)]
pub(super) enum Complete {
    /// In the client's dialect.
    Passed(Bytes, Usage),
    Translated(Whole),
}

/// What came of trying, and which lane it is from.
#[derive(Debug)]
pub(super) struct Answered<T> {
    pub(super) route: Route,
    pub(super) it: T,
    /// On the lane, until the reply is over.
    pub(super) place: Place,
}

#[derive(Debug)]
pub(super) struct Trying<'a> {
    pub(super) upstream: &'a Upstream,
    pub(super) lanes: &'a Lanes,
    pub(super) wanted: Wanted,
    /// The request's.
    pub(super) id: &'a str,
    /// What a reply is held to whose client says nothing about it.
    pub(super) limit: Option<u32>,
    pub(super) signatures: &'a Signatures,
    /// The client brings back ids of calls, and may bring back nothing else of the thoughts.
    pub(super) forgets: bool,
    /// Of each lane.
    pub(super) retries: u32,
}

impl Trying<'_> {
    /// Waits until a streamed reply begins.
    pub(super) async fn stream(mut self, routes: Vec<Route>) -> Result<Answered<Flow>, Rejection> {
        let mut tries = Tries::new(self.lanes, routes, self.retries, Manner::Streamed);
        while let Some(route) = tries.next() {
            match self.begin(&route).await {
                Ok(it) => return Ok(tries.succeeded(route, it)),
                Err(rejection) => tries.failed(rejection).await?,
            }
        }
        Err(tries.give_up())
    }

    /// Waits for a reply in one piece.
    pub(super) async fn whole(
        mut self,
        routes: Vec<Route>,
    ) -> Result<Answered<Complete>, Rejection> {
        let mut tries = Tries::new(self.lanes, routes, self.retries, Manner::Whole);
        while let Some(route) = tries.next() {
            match self.complete(&route).await {
                Ok(it) => return Ok(tries.succeeded(route, it)),
                Err(rejection) => tries.failed(rejection).await?,
            }
        }
        Err(tries.give_up())
    }

    async fn begin(&mut self, route: &Route) -> Result<Flow, Rejection> {
        if let Some((endpoint, passed)) = self.passes(route) {
            let dialect = passed.dialect;
            let answer = self.upstream.pass(endpoint, passed, true).await?;
            let answer = self.upstream.streaming(endpoint, answer).await?;
            let strips = self.unasked_usage();
            let idle = self.upstream.idle();
            let passing = Passing::begin(answer.into_body(), dialect, strips, idle).await?;
            return Ok(Flow::Passed(Box::new(passing)));
        }
        let (upstream, id) = (self.upstream, self.id);
        let mut reply = upstream.reply(route, self.ask().await?, id).await?;
        let mut first = reply.next().await.unwrap_or_default();
        if let Some(ModelEvent::Error(rejection)) = first.first() {
            return Err(rejection.clone());
        }
        let mut naming = self.naming().map(Box::new);
        if let Some(naming) = &mut naming {
            naming.name(&mut first).await;
        }
        Ok(Flow::Translated { first, reply: Box::new(reply), naming })
    }

    async fn complete(&mut self, route: &Route) -> Result<Complete, Rejection> {
        if let Some((endpoint, passed)) = self.passes(route) {
            let dialect = passed.dialect;
            let answer = self.upstream.pass(endpoint, passed, false).await?;
            let (body, usage) = pass::whole(self.upstream, endpoint, dialect, answer).await?;
            return Ok(Complete::Passed(body, usage));
        }
        let (upstream, id) = (self.upstream, self.id);
        let mut whole = upstream.whole(route, self.ask().await?, id).await?;
        if let Some(Err(rejection)) = whole.end {
            return Err(rejection);
        }
        if let Some(mut naming) = self.naming() {
            naming.name_whole(&mut whole).await;
        }
        Ok(Complete::Translated(whole))
    }

    /// Returns what goes through as it is, when client and provider speak the same dialect.
    fn passes<'r>(&'r self, route: &'r Route) -> Option<(&'r Endpoint, Passed<'r>)> {
        let Wanted::Client { sent, .. } = &self.wanted else { return None };
        let Route::Endpoint { endpoint, model, .. } = route else { return None };
        let vendor = endpoint.vendor();
        let dialect = vendor.dialect_for(sent.dialect.mark());
        if dialect.mark() != sent.dialect.mark() {
            return None;
        }
        let body = sent.head.rewritten(&sent.body, model, dialect, vendor, self.limit);
        Some((endpoint, Passed { dialect, model, body, beside: &sent.beside }))
    }

    fn unasked_usage(&self) -> bool {
        match &self.wanted {
            Wanted::Client { sent, .. } => sent.head.lacks_usage(sent.dialect),
            Wanted::Ask(_) => false,
        }
    }

    fn naming(&self) -> Option<Naming> {
        self.forgets.then(|| Naming::new(self.signatures))
    }

    /// Reads a client's request, once, with the thoughts that it had.
    async fn ask(&mut self) -> Result<&mut Ask, Rejection> {
        let ask = match &mut self.wanted {
            Wanted::Ask(ask) => ask,
            Wanted::Client { ask: Some(ask), .. } => ask,
            Wanted::Client { sent, ask } => {
                let asked = sent.dialect.read_ask(&sent.body);
                let asked = asked.map_err(|err| refused(&err, &sent.body))?;
                ask.insert(Box::new(asked.ask))
            }
        };
        ask.max_output_tokens = ask.max_output_tokens.or(self.limit);
        // Whichever client it is: a conversation may have begun with another. Once more finds
        // nothing more.
        thoughts::recall(self.signatures, ask).await;
        Ok(ask)
    }
}

/// The tries of one request.
#[derive(Debug)]
pub(super) struct Tries<'a> {
    lanes: &'a Lanes,
    /// The first is the one that is tried.
    routes: VecDeque<Route>,
    /// On its lane.
    place: Place,
    /// Of the first.
    n_tries: u32,
    retries: u32,
    manner: Manner,
    last: Option<Rejection>,
}

impl<'a> Tries<'a> {
    /// `retries` are those of each lane.
    pub(super) fn new(lanes: &'a Lanes, routes: Vec<Route>, retries: u32, manner: Manner) -> Self {
        let (place, last) = (Place::default(), None);
        Self { lanes, routes: routes.into(), place, n_tries: 0, retries, manner, last }
    }

    /// Returns what to try next.
    pub(super) fn next(&mut self) -> Option<Route> {
        loop {
            let route = self.routes.front()?.clone();
            if let Some(lane) = route.lane() {
                match self.lanes.admit(&lane, Instant::now()) {
                    Ok(place) => self.place = place,
                    Err(held) => {
                        self.last.get_or_insert_with(|| held_back(&lane.provider, held));
                        self.leave();
                        continue;
                    }
                }
            }
            self.n_tries += 1;
            return Some(route);
        }
    }

    fn leave(&mut self) {
        self.routes.pop_front();
        self.n_tries = 0;
    }

    fn lane(&self) -> Option<Lane> {
        self.routes.front()?.lane()
    }

    pub(super) fn succeeded<T>(&mut self, route: Route, it: T) -> Answered<T> {
        let place = std::mem::take(&mut self.place);
        if let Some(lane) = self.lane() {
            self.lanes.succeeded(&lane, &place, self.manner, Instant::now());
        }
        Answered { route, it, place }
    }

    /// Waits until it is time for the next try. Fails when there is no use in one.
    pub(super) async fn failed(&mut self, rejection: Rejection) -> Result<(), Rejection> {
        // Whoever pauses is on no lane.
        self.place = Place::default();
        let Some(lane) = self.lane() else { return Err(rejection) }; // A script fails as it is written.
        self.lanes.failed(&lane, &rejection, Instant::now());
        match lanes::next(&rejection, self.n_tries, self.retries, chance()) {
            Next::Again(pause) => {
                tracing::info!(provider = lane.provider, n_tries = self.n_tries, "trying again");
                self.last = Some(rejection);
                sleep(pause).await;
            }
            Next::Elsewhere => {
                self.last = Some(rejection);
                self.leave();
            }
            Next::GiveUp => return Err(rejection),
        }
        Ok(())
    }

    pub(super) fn give_up(self) -> Rejection {
        self.last.unwrap_or_else(|| {
            failure::plain(RejectionCode::NoProvider, "No provider answers for this model")
        })
    }
}

fn held_back(provider: &str, held: Held) -> Rejection {
    let (code, message, wait) = match held {
        Held::Rests(wait) => {
            let what = "failed several times in a row and is left alone for a while";
            (RejectionCode::ProviderFailed, what, wait)
        }
        Held::Full(wait) => {
            let what = "had as much as it may have in a minute";
            (RejectionCode::Busy, what, wait)
        }
    };
    let mut rejection = failure::plain(code, &format!("`{provider}` {message}"));
    rejection.retry_after_secs = Some(u32::try_from(wait.as_secs() + 1).unwrap_or(u32::MAX));
    rejection
}

/// Without random numbers all clients pause equally long, which is no error.
fn chance() -> f64 {
    let mut bytes = [0; 2];
    getrandom::fill(&mut bytes).ok();
    f64::from(u16::from_le_bytes(bytes)) / f64::from(u16::MAX)
}

impl Used for Complete {
    fn usage(&self) -> Usage {
        match self {
            Self::Passed(_, usage) => *usage,
            Self::Translated(whole) => whole.usage.unwrap_or_default(),
        }
    }
}

impl Complete {
    /// Returns what may pass. What was passed as it came was not to be looked at.
    pub(super) fn filtered(mut self, filter: &Chosen) -> Result<Self, Rejection> {
        if let Self::Translated(whole) = &mut self
            && !filter.is_empty()
        {
            filter.whole(whole)?;
        }
        Ok(self)
    }

    /// Returns it as the client reads it.
    pub(super) fn write(self, dialect: &dyn Dialect, about: &About) -> Bytes {
        match self {
            Self::Passed(body, _) => body,
            Self::Translated(whole) => dialect.write_whole(&whole, about).into(),
        }
    }
}
