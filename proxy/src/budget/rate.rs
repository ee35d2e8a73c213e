//! How often somebody may ask, by a bucket that empties evenly.
//!
//! The algorithm (GCRA) is governor's; here it gets its time from outside, and several rates are
//! taken together or not at all. A burst of as many as are allowed is allowed.

use std::{cell::Cell, num::NonZeroU32, time::Duration};

use governor::{
    Quota, RateLimiter,
    clock::Clock,
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::{NotKeyed, StateStore},
};

use super::{Bounds, Refused, Scope, bounded::Bounded};

/// So many requests in a minute or an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rate {
    pub most: NonZeroU32,
    pub per: Per,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Per {
    Minute,
    Hour,
}

impl Rate {
    /// Returns after how many microseconds there is room for one more; never nothing.
    pub(super) fn refill_micros(self) -> u64 {
        let micros: u64 = match self.per {
            Per::Minute => 60_000_000,
            Per::Hour => 3_600_000_000,
        };
        micros.div_ceil(u64::from(self.most.get()))
    }

    /// Returns what is left of it when the bucket is empty after so long.
    pub(super) fn left(self, empty_in_micros: u64) -> RateLeft {
        let n_taken = empty_in_micros.div_ceil(self.refill_micros());
        let n_taken = u32::try_from(n_taken).unwrap_or(u32::MAX);
        let left = self.most.get().saturating_sub(n_taken);
        RateLeft { most: self.most, left, full_in: Duration::from_micros(empty_in_micros) }
    }

    fn quota(self) -> Quota {
        let refill = Duration::from_micros(self.refill_micros());
        let quota = Quota::with_period(refill).unwrap_or(Quota::per_hour(NonZeroU32::MIN));
        quota.allow_burst(self.most)
    }
}

/// What somebody may still ask at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLeft {
    pub most: NonZeroU32,
    pub left: u32,
    /// Until it is all there again.
    pub full_in: Duration,
}

impl RateLeft {
    /// Of several rates, the one that ends first.
    pub(super) fn least(of: impl Iterator<Item = Self>) -> Option<Self> {
        of.min_by_key(|it| it.left)
    }
}

pub(super) fn too_fast(scope: Scope, rate: Rate, wait_micros: u64) -> Refused {
    // There is room for one when all but one are still taken.
    let others = u64::from(rate.most.get() - 1).saturating_mul(rate.refill_micros());
    let left = RateLeft {
        most: rate.most,
        left: 0,
        full_in: Duration::from_micros(wait_micros.saturating_add(others)),
    };
    Refused::TooFast { scope, wait_secs: wait_micros.div_ceil(1_000_000).max(1), left }
}

/// The rates in memory that are not at rest.
#[derive(Debug)]
pub(super) struct Rates {
    /// When each bucket is empty again, since 1970. At rest, that is in the past.
    empty_at: Bounded<(Scope, Rate), Nanos>,
}

impl Rates {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self { empty_at: Bounded::new("rates", bounds.n_rates) }
    }

    pub(super) fn take(
        &mut self,
        rates: &[(Scope, Rate)],
        now_micros: u64,
    ) -> Result<Option<RateLeft>, Refused> {
        let now = Duration::from_micros(now_micros);
        let is_busy = |_: &_, empty_at: &Nanos| *empty_at > now.into();
        if self.empty_at.is_short_of(rates.len()) {
            let n_new = rates.iter().filter(|it| !self.empty_at.entries.contains_key(*it)).count();
            self.empty_at.make_room(n_new, now_micros, is_busy)?;
        }
        let mut taken = Vec::with_capacity(rates.len());
        for rate in rates {
            taken.push(decide(rate.1, self.empty_at.entries.get(rate).copied(), now).map_err(
                |wait| {
                    too_fast(rate.0, rate.1, u64::try_from(wait.as_micros()).unwrap_or(u64::MAX))
                },
            )?);
        }
        let left = rates.iter().zip(&taken).map(|((_, rate), empty_at)| {
            let empty_in = Duration::from(*empty_at).saturating_sub(now);
            rate.left(u64::try_from(empty_in.as_micros()).unwrap_or(u64::MAX))
        });
        let left = RateLeft::least(left);
        self.empty_at.entries.extend(rates.iter().copied().zip(taken));
        Ok(left)
    }
}

/// Returns when the bucket will be empty with one more in it, or how long that one must wait.
fn decide(rate: Rate, empty_at: Option<Nanos>, now: Duration) -> Result<Nanos, Duration> {
    let limiter: RateLimiter<NotKeyed, Bucket, Hand, NoOpMiddleware<Duration>> =
        RateLimiter::new(rate.quota(), Bucket(Cell::new(empty_at)), Hand(Cell::default()));
    limiter.clock().0.set(now);
    limiter.check().map_err(|it| it.wait_time_from(now))?;
    Ok(limiter.into_state_store().0.get().unwrap_or(now.into()))
}

struct Bucket(Cell<Option<Nanos>>);

impl StateStore for Bucket {
    type Key = NotKeyed;

    fn measure_and_replace<T, F, E>(&self, _: &NotKeyed, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let (answer, empty_at) = decide(self.0.get())?;
        self.0.set(Some(empty_at));
        Ok(answer)
    }
}

/// A clock that somebody sets; it starts in 1970, from where governor counts.
struct Hand(Cell<Duration>);

impl Clock for Hand {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.get()
    }
}
