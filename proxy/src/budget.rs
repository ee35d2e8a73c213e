//! Budgets and limits: what may still be spent, how often one may ask, and how much at once.
//!
//! [`Counters`] is the port. [`Memory`] counts in this process, [`Redis`] for several that share
//! one; both pass the same tests. What it costs in the end is the ledger's to know: counters are
//! filled from it, and it never reads them. Nobody's name, role or price is known here.
//!
//! A request reserves what it can cost at most on every budget above it, and settles what it did
//! cost. Who does neither loses the reservation when its lease is over.

mod books;
mod bounded;
mod claim;
mod memory;
mod period;
mod rate;
mod redis;

use std::{
    fmt,
    num::NonZeroU32,
    sync::Arc,
    time::{Duration, SystemTime},
};

use futures::future::{BoxFuture, Either, Ready};

pub use self::redis::{NotConnected, Redis};
pub use claim::{Amounts, Claim, Exceeded, MOST, Scope, Spent, Unit};
use claim::{Hold, Owner};
pub use memory::Memory;
pub use period::Period;
pub use rate::{Per, Rate, RateLeft};

/// How often a person may ask, unless somebody says otherwise.
pub const PERSON_RATE: Rate =
    Rate { most: NonZeroU32::new(100).expect("not zero"), per: Per::Hour };
pub const PROJECT_RATE: Rate =
    Rate { most: NonZeroU32::new(200).expect("not zero"), per: Per::Hour };
pub const SESSION_MESSAGES: u64 = 50;
pub const SESSION_TOKENS: u64 = 100_000;

/// An answer that is there at once in memory, and boxed only when it must be waited for.
pub type Soon<'a, T> = Either<Ready<T>, BoxFuture<'a, T>>;

/// Counts money, tokens, requests and whoever is under way.
///
/// Implementations are interchangeable. They act when a function is called or when its future is
/// first polled, as they like; what they have begun they finish or undo also when the future is
/// dropped. Times come from the caller, and those of several processes should agree to the second.
pub trait Counters: fmt::Debug + Send + Sync {
    /// Takes what is needed on every claim's account, or nothing on any.
    ///
    /// Of each claim's unit the same is needed. A claim of which nothing is needed never refuses,
    /// but what is settled is booked on it.
    fn reserve<'a>(
        &'a self,
        claims: &'a [Claim],
        need: Amounts,
        now: SystemTime,
    ) -> Soon<'a, Result<Reservation, Refused>>;

    /// Begins the lease anew. What has lapsed is reserved again, if it still fits.
    fn renew<'a>(
        &'a self,
        reservation: &'a mut Reservation,
        now: SystemTime,
    ) -> Soon<'a, Result<(), Refused>>;

    /// Books what it really cost, be it more than was reserved, in the period of the reservation.
    ///
    /// When the store is away, what is to be booked is kept, and nothing is reserved before it is
    /// booked; [`Unavailable`] only says that this is so.
    fn settle(
        &self,
        reservation: Reservation,
        actual: Amounts,
    ) -> Soon<'_, Result<(), Unavailable>>;

    /// Books nothing. Dropping a reservation does the same, without an answer.
    fn release(&self, reservation: Reservation) -> Soon<'_, Result<(), Unavailable>> {
        self.settle(reservation, Amounts::default())
    }

    /// Counts one request on every rate, or on none. Returns what is left of the rate that ends first.
    fn take<'a>(
        &'a self,
        rates: &'a [(Scope, Rate)],
        now: SystemTime,
    ) -> Soon<'a, Result<Option<RateLeft>, Refused>>;

    /// Enters where at most so many may be at once.
    fn enter(&self, scope: Scope, most: u32, now: SystemTime) -> Soon<'_, Result<Place, Refused>>;

    /// Begins the lease of a place anew. Who has lost it meanwhile enters again, if there is room.
    fn stay<'a>(&'a self, place: &'a mut Place, now: SystemTime) -> Soon<'a, Result<(), Refused>>;

    /// Notes that something was seen, for so long. Returns whether it is the first time.
    fn once(
        &self,
        name: u128,
        lasts: Duration,
        now: SystemTime,
    ) -> Soon<'_, Result<bool, Unavailable>>;

    /// Raises what is spent to what the ledger has. Several rows of one account are added up.
    fn restore<'a>(
        &'a self,
        spent: &'a mut (dyn Iterator<Item = Spent> + Send),
    ) -> Soon<'a, Result<(), Unavailable>>;

    /// Forgets the totals of a scope that nobody will come with again, as a session that is over.
    /// What belongs to a month, a day or an hour goes by itself.
    fn forget(&self, scope: Scope) -> Soon<'_, Result<(), Unavailable>>;
}

/// Limits on what counters keep.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// How long a reservation or a place lasts without being renewed.
    pub lease: Duration,
    pub n_reservations: usize,
    /// Sums of money and other units; in memory only, as Redis has a limit of its own.
    pub n_accounts: usize,
    /// Rates that are not at rest; in memory only.
    pub n_rates: usize,
    /// Names that were seen, in memory.
    pub n_seen: usize,
}

/// Why a request is not let through, named by what helps.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// A higher budget, or the next period.
    #[error(transparent)]
    Exceeded(#[from] Exceeded),
    #[error("{} requests come too fast; try again in {wait_secs} s", Owner(*scope))]
    TooFast { scope: Scope, wait_secs: u64, left: RateLeft },
    /// One of the others must end.
    #[error("{} limit of {most} requests at once is reached; try again when one is done", Owner(*scope))]
    TooMany { scope: Scope, most: u32 },
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Nothing can be counted, so nothing is let through.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// The cause is for the log: it can name addresses.
    #[error(
        "budgets cannot be checked at the moment, so nothing is let through; try again shortly"
    )]
    Away { source: Option<Box<dyn std::error::Error + Send + Sync>> },
    #[error("the gateway counts at most {most} {what} and cannot take more; ask whoever runs it")]
    Full { what: &'static str, most: usize },
}

/// What a request may spend. Dropped, it is given back.
#[derive(Debug)]
#[must_use = "dropping it gives it back"]
pub struct Reservation {
    id: u64,
    expires_micros: u64,
    holds: Arc<[Hold]>,
    /// Whoever must hear of it; nobody any more once it is settled.
    home: Option<Arc<dyn Home>>,
}

/// One of the places that a scope has. Dropped, it is free.
#[derive(Debug)]
#[must_use = "dropping it leaves it"]
pub struct Place {
    id: u64,
    scope: Scope,
    most: u32,
    home: Option<Arc<dyn Home>>,
}

/// Hears of what is dropped.
trait Home: fmt::Debug + Send + Sync {
    fn dropped(&self, reservation: &Reservation);
    fn left(&self, place: &Place);
}

impl Reservation {
    /// Takes it out of its owner's hands without giving anything back.
    fn disarm(&mut self) {
        self.home = None;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if let Some(home) = self.home.take() {
            home.dropped(self);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(home) = self.home.take() {
            home.left(self);
        }
    }
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(15 * 60),
            n_reservations: 100_000,
            n_accounts: 1_000_000,
            n_rates: 200_000,
            n_seen: 500_000,
        }
    }
}

impl Bounds {
    fn expires_micros(&self, now_micros: u64) -> u64 {
        let lease = u64::try_from(self.lease.as_micros()).unwrap_or(u64::MAX);
        now_micros.saturating_add(lease)
    }
}
