//! A request's bill: opened before the request goes out, closed when it is over, however it ends.
//!
//! It brings together who asks (`accounts`), what they may use (`budget`), and what they did use
//! (`ledger`). A request that may not go out costs nothing; one that went out is always booked, also
//! when nobody waits for its end. What a provider charges is known to `providers::prices`.

mod closing;
mod live;
mod need;
mod refusals;
mod watched;

use std::{
    num::NonZeroU32,
    sync::{Arc, PoisonError, RwLock},
    time::{Instant, SystemTime},
};

use providers::{failure::plain, prices::Price};
use sha2::{Digest as _, Sha256};
use wire::{Rejection, RejectionCode, Usage};

use crate::{
    accounts::{self, Client},
    budget::{self, Claim, Counters, Per, Period, Rate, RateLeft, Unit},
    ledger::{self, Begun, Idempotency, Ledger, ModelId, Operation, Row},
    ms,
    store::StoreError,
    telemetry::{Meter, Parent, Traces},
};
pub use closing::Bill;
use closing::Open;
pub use live::Running;
use live::{Entry, Live};
use need::Need;
pub use need::{Replies, UNSAID_OUTPUT_TOKENS};
use refusals::{refused, unavailable, unpriced, wait};

/// Whoever leaves before the end has this status in the ledger, as in the logs of other proxies.
const LEFT: u16 = 499;

/// All organisations together; their own numbers begin at 1.
const EVERYBODY: budget::Scope = budget::Scope::Organisation(0);

/// Bytes of a name that a client gives a request or a session.
pub const MOST_NAME: usize = 255;

/// Who asks, and for what.
#[derive(Debug, Clone)]
pub struct Asker {
    pub client: Arc<Client>,
    pub operation: Operation,
    /// The session that it is part of, as the client names it.
    pub session: Option<String>,
    /// It is held to the limits of a session. The app is not: a project is one session without end.
    pub limited: bool,
    /// With the same name, the same request is paid for once.
    pub idempotency: Option<String>,
    /// The client's span that it is part of.
    pub parent: Option<Parent>,
}

impl Asker {
    /// Somebody who asks without saying what for.
    #[must_use]
    pub fn new(client: Arc<Client>) -> Self {
        let operation = Operation::Chat;
        Self { client, operation, session: None, limited: true, idempotency: None, parent: None }
    }
}

/// What is asked for, as far as money is concerned.
#[derive(Debug)]
pub struct Asked<'a> {
    /// As the client names it.
    pub model: &'a str,
    /// The way that is tried first, as `provider/model`.
    pub lane: &'a str,
    /// Finds the log's lines: sixteen hexadecimal digits.
    pub request: &'a str,
    pub body: &'a [u8],
    /// Of each way that may answer.
    pub prices: &'a [Option<Price>],
    pub replies: Replies,
}

/// Limits of whoever has none of their own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Defaults {
    pub person_per_hour: Option<NonZeroU32>,
    pub project_per_hour: Option<NonZeroU32>,
    pub session_messages: Option<u64>,
    pub session_tokens: Option<u64>,
    /// What all together may spend, in nano-dollars.
    pub everybody: Option<(Period, u64)>,
}

impl Defaults {
    /// What several people who share an installation get.
    pub const SHARED: Self = Self {
        person_per_hour: Some(budget::PERSON_RATE.most),
        project_per_hour: Some(budget::PROJECT_RATE.most),
        session_messages: Some(budget::SESSION_MESSAGES),
        session_tokens: Some(budget::SESSION_TOKENS),
        everybody: None,
    };
}

/// All that bills are opened and closed with.
#[derive(Debug)]
pub struct Books {
    ledger: Ledger,
    counters: Arc<dyn Counters>,
    defaults: RwLock<Defaults>,
    live: Live,
    meter: Meter,
    traces: Option<Traces>,
}

impl Books {
    #[must_use]
    pub fn new(ledger: Ledger, counters: Arc<dyn Counters>, defaults: Defaults) -> Self {
        let (live, meter) = (Live::default(), Meter::default());
        let defaults = RwLock::new(defaults);
        Self { ledger, counters, defaults, live, meter, traces: None }
    }

    /// Changes what holds from the next request on.
    pub fn set_defaults(&self, defaults: Defaults) {
        *self.defaults.write().unwrap_or_else(PoisonError::into_inner) = defaults;
    }

    fn defaults(&self) -> Defaults {
        *self.defaults.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells somebody of each request.
    #[must_use]
    pub(crate) fn traced(mut self, traces: Option<Traces>) -> Self {
        self.traces = traces;
        self
    }

    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Returns the requests that run at this moment, the oldest first.
    #[must_use]
    pub fn running(&self) -> Vec<Running> {
        self.live.all()
    }

    /// Brings the counters up to what the ledger has: at the start, and when a cap is new.
    pub async fn restore(&self) -> Result<(), StoreError> {
        let now = SystemTime::now();
        let spent = self.ledger.spent(ms(now)).await?;
        let everybody = spent.iter().filter_map(|(scope, spent)| match scope {
            accounts::Scope::Organisation(_) => Some((EVERYBODY, spent)),
            accounts::Scope::Project(_) | accounts::Scope::Person(_) | accounts::Scope::Key(_) => {
                None
            }
        });
        let each = spent.iter().map(|(scope, spent)| (counted(*scope), spent));
        let mut sums = each.chain(everybody).flat_map(|(scope, spent)| {
            Period::ALL.into_iter().map(move |period| budget::Spent {
                scope,
                unit: Unit::Nano,
                period,
                start: now,
                amount: spent.in_period(period),
            })
        });
        if let Err(err) = self.counters.restore(&mut sums).await {
            // Nothing is let through as long as they are away.
            tracing::warn!(cause = %err, "the counters have not what was spent");
        }
        Ok(())
    }

    /// Takes what a request may need, or says why it may not go out.
    pub async fn open(
        self: &Arc<Self>,
        asker: &Asker,
        asked: Asked<'_>,
    ) -> Result<Bill, Rejection> {
        let client = &*asker.client;
        let now = SystemTime::now();
        let rate_left = self.admit(client, asked.model, now).await?;
        let (now_ms, defaults) = (ms(now), self.defaults());
        let mut places = Vec::new();
        for (scope, caps) in &client.scopes {
            if let Some(most) = caps.parallel {
                let place = self.counters.enter(counted(*scope), most, now).await;
                places.push(place.map_err(|err| refused(&err))?);
            }
        }
        let session = asker.session.as_ref().map(|name| need::session(client.key, name));
        let claims = claims(client, session.filter(|_| asker.limited), defaults);
        let capped = claims.iter().any(|it| it.unit == Unit::Nano);
        let need = Need::new(asked.body, asked.replies, asked.prices, capped);
        if capped && !need.priced {
            return Err(unpriced(asked.lane));
        }
        let reservation = match claims.is_empty() {
            true => None,
            false => {
                let reserved = self.counters.reserve(&claims, need.amounts, now).await;
                Some(reserved.map_err(|err| refused(&err))?)
            }
        };
        let room = self.ledger.admit().await.map_err(|err| {
            tracing::error!(cause = %err, "no room in the ledger");
            wait(&format!("This cannot be booked at the moment: {err}"), 2)
        })?;
        let claim = match &asker.idempotency {
            // In a box: each request would hold the room for it.
            Some(name) => Some(Box::pin(self.claim(client, name, asked.body, now_ms)).await?),
            None => None,
        };
        let model = self.model(asked.lane).await?;
        let row = Row {
            at_ms: now_ms,
            key: client.key,
            model,
            status: LEFT,
            operation: asker.operation,
            usage: Usage::default(),
            ms: 0,
            request: need::request_id(asked.request),
            session: session.unwrap_or_default(),
        };
        let live = self.live.enter(Entry {
            key: client.key,
            client: asker.client.name.clone(),
            lane: asked.lane.to_owned(),
            request: row.request,
            at_ms: row.at_ms,
        });
        let began = Instant::now();
        let open = Open {
            row,
            began,
            renewed: began,
            first_ms: None,
            price: need.price,
            input_tokens: need.input_tokens,
            reservation,
            places,
            room,
            claim,
            live,
            parent: asker.parent,
        };
        let limit = asked.replies.most.is_none() && capped;
        let limit = limit.then_some(asked.replies.unsaid);
        Ok(Bill { books: Arc::clone(self), rate_left, limit, open: Some(Box::new(open)) })
    }

    /// Says whether somebody may ask for a model now, and what is left of their rates. That is all
    /// for a request that costs nothing.
    pub async fn admit(
        &self,
        client: &Client,
        model: &str,
        now: SystemTime,
    ) -> Result<Option<RateLeft>, Rejection> {
        if !client.models.allow(model) {
            let message = format!(
                "This key may not use `{}`; `GET /v1/models` lists what it may",
                need::shown(model)
            );
            return Err(plain(RejectionCode::NotAllowed, &message));
        }
        let rates = rates(client, self.defaults())?;
        match rates.is_empty() {
            true => Ok(None),
            false => self.counters.take(&rates, now).await.map_err(|err| refused(&err)),
        }
    }

    async fn model(&self, lane: &str) -> Result<ModelId, Rejection> {
        self.ledger.model(lane).await.map_err(|err| unavailable(&err))
    }

    async fn claim(
        &self,
        client: &Client,
        name: &str,
        body: &[u8],
        now_ms: u64,
    ) -> Result<ledger::Claim, Rejection> {
        let named = Idempotency { key: client.key, name, body: Sha256::digest(body).into() };
        let begun = self.ledger.begin(named, now_ms).await.map_err(|err| unavailable(&err))?;
        let message = match begun {
            Begun::First(claim) => return Ok(claim),
            Begun::Running => "A request with this idempotency key is still running".to_owned(),
            Begun::Differs => {
                "This idempotency key was used for another request; use a new one".to_owned()
            }
            Begun::Again(row) => format!(
                "A request with this idempotency key was answered before, as {}, and is not paid for \
                 twice; its reply is not kept",
                row.request
            ),
        };
        Err(plain(RejectionCode::Repeated, &message))
    }
}

/// Of two rates of one scope both hold.
fn rates(client: &Client, defaults: Defaults) -> Result<Vec<(budget::Scope, Rate)>, Rejection> {
    let mut rates = Vec::new();
    for (scope, caps) in &client.scopes {
        let default = match scope {
            accounts::Scope::Person(_) => defaults.person_per_hour,
            accounts::Scope::Project(_) => defaults.project_per_hour,
            accounts::Scope::Organisation(_) | accounts::Scope::Key(_) => None,
        };
        let per_hour = caps.per_hour.or(default.map(NonZeroU32::get));
        for (most, per) in [(caps.per_minute, Per::Minute), (per_hour, Per::Hour)] {
            let Some(most) = most else { continue };
            let none = || plain(RejectionCode::NotAllowed, "This key is set to no requests at all");
            let most = NonZeroU32::new(most).ok_or_else(none)?;
            rates.push((counted(*scope), Rate { most, per }));
        }
    }
    Ok(rates)
}

fn claims(client: &Client, session: Option<u64>, defaults: Defaults) -> Vec<Claim> {
    let everybody = defaults.everybody.map(|(period, cap)| {
        let (scope, unit) = (EVERYBODY, Unit::Nano);
        Claim { scope, unit, period, cap }
    });
    let mut claims = Vec::from_iter(everybody);
    for (scope, caps) in &client.scopes {
        claims.extend(caps.budgets.iter().map(|(period, cap)| Claim {
            scope: counted(*scope),
            unit: Unit::Nano,
            period: *period,
            cap: *cap,
        }));
    }
    if let Some(session) = session {
        let scope = budget::Scope::Session(session);
        let caps =
            [(Unit::Messages, defaults.session_messages), (Unit::Tokens, defaults.session_tokens)];
        claims.extend(caps.into_iter().filter_map(|(unit, cap)| {
            Some(Claim { scope, unit, period: Period::Total, cap: cap? })
        }));
    }
    claims
}

/// A scope as the counters know it.
fn counted(scope: accounts::Scope) -> budget::Scope {
    let number = |id: i64| u64::try_from(id).unwrap_or_default();
    match scope {
        accounts::Scope::Organisation(id) => budget::Scope::Organisation(number(id.0)),
        accounts::Scope::Project(id) => budget::Scope::Project(number(id.0)),
        accounts::Scope::Person(id) => budget::Scope::Person(number(id.0)),
        accounts::Scope::Key(id) => budget::Scope::Key(number(id.0)),
    }
}
