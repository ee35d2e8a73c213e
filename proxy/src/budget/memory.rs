//! Counters in this process.
//!
//! Three locks, each held for less than a microsecond and never while something waits. What is
//! spent is gone with the process: the ledger restores it.

#![expect(clippy::disallowed_types, reason = "on each request's way, and never iterated over")]

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use foldhash::fast::RandomState;
use futures::future::{Either, ready};

use super::{
    Amounts, Bounds, Claim, Counters, Home, Place, Rate, RateLeft, Refused, Reservation, Scope,
    Soon, Spent, Unavailable, books::Books, bounded::Bounded, claim, period::micros, rate::Rates,
};

#[derive(Debug)]
pub struct Memory {
    shared: Arc<Shared>,
}

struct Shared {
    books: Mutex<Books>,
    rates: Mutex<Rates>,
    /// Until when each name counts as seen, in microseconds.
    seen: Mutex<Bounded<u128, u64>>,
    /// How many are in, where there is somebody.
    places: Mutex<HashMap<Scope, u32, RandomState>>,
    next_id: AtomicU64,
}

impl Memory {
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        let shared = Shared {
            books: Mutex::new(Books::new(bounds)),
            rates: Mutex::new(Rates::new(bounds)),
            seen: Mutex::new(Bounded::new("signed requests", bounds.n_seen)),
            places: Mutex::default(),
            next_id: AtomicU64::new(0),
        };
        Self { shared: Arc::new(shared) }
    }

    fn try_reserve(
        &self,
        claims: &[Claim],
        need: Amounts,
        now: SystemTime,
    ) -> Result<Reservation, Refused> {
        let holds = claim::holds(claims, need, now);
        let id = self.shared.next_id();
        let expires_micros = open(&self.shared.books).reserve(id, &holds, micros(now))?;
        let home: Arc<dyn Home> = Arc::clone(&self.shared) as _;
        Ok(Reservation { id, expires_micros, holds, home: Some(home) })
    }

    fn try_once(&self, name: u128, lasts: Duration, now_micros: u64) -> Result<bool, Unavailable> {
        let mut seen = open(&self.shared.seen);
        if seen.entries.get(&name).is_some_and(|it| *it > now_micros) {
            return Ok(false);
        }
        seen.make_room(1, now_micros, |_, until| *until > now_micros)?;
        let lasts = u64::try_from(lasts.as_micros()).unwrap_or(u64::MAX);
        seen.entries.insert(name, now_micros.saturating_add(lasts));
        Ok(true)
    }

    fn try_enter(&self, scope: Scope, most: u32) -> Result<Place, Refused> {
        let mut places = open(&self.shared.places);
        let n_inside = places.get(&scope).copied().unwrap_or(0);
        if n_inside >= most {
            return Err(Refused::TooMany { scope, most });
        }
        places.insert(scope, n_inside + 1);
        let home: Arc<dyn Home> = Arc::clone(&self.shared) as _;
        Ok(Place { id: self.shared.next_id(), scope, most, home: Some(home) })
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new(Bounds::default())
    }
}

impl Counters for Memory {
    fn reserve<'a>(
        &'a self,
        claims: &'a [Claim],
        need: Amounts,
        now: SystemTime,
    ) -> Soon<'a, Result<Reservation, Refused>> {
        at_once(self.try_reserve(claims, need, now))
    }

    fn renew<'a>(
        &'a self,
        reservation: &'a mut Reservation,
        now: SystemTime,
    ) -> Soon<'a, Result<(), Refused>> {
        let Reservation { id, expires_micros, ref holds, .. } = *reservation;
        let renewed = open(&self.shared.books).renew(id, expires_micros, holds, micros(now));
        at_once(renewed.map(|it| reservation.expires_micros = it))
    }

    fn settle(
        &self,
        mut reservation: Reservation,
        actual: Amounts,
    ) -> Soon<'_, Result<(), Unavailable>> {
        reservation.disarm();
        let Reservation { id, expires_micros, ref holds, .. } = reservation;
        open(&self.shared.books).settle(id, expires_micros, holds, &actual);
        at_once(Ok(()))
    }

    fn take<'a>(
        &'a self,
        rates: &'a [(Scope, Rate)],
        now: SystemTime,
    ) -> Soon<'a, Result<Option<RateLeft>, Refused>> {
        at_once(open(&self.shared.rates).take(rates, micros(now)))
    }

    fn once(
        &self,
        name: u128,
        lasts: Duration,
        now: SystemTime,
    ) -> Soon<'_, Result<bool, Unavailable>> {
        at_once(self.try_once(name, lasts, micros(now)))
    }

    fn enter(&self, scope: Scope, most: u32, _: SystemTime) -> Soon<'_, Result<Place, Refused>> {
        at_once(self.try_enter(scope, most))
    }

    /// Nothing to do: a place in memory ends with its owner, not before.
    fn stay<'a>(&'a self, _: &'a mut Place, _: SystemTime) -> Soon<'a, Result<(), Refused>> {
        at_once(Ok(()))
    }

    fn restore<'a>(
        &'a self,
        spent: &'a mut (dyn Iterator<Item = Spent> + Send),
    ) -> Soon<'a, Result<(), Unavailable>> {
        let sums = claim::sums(spent);
        let mut books = open(&self.shared.books);
        for (account, amount) in sums {
            books.restore(account, amount);
        }
        drop(books);
        at_once(Ok(()))
    }

    fn forget(&self, scope: Scope) -> Soon<'_, Result<(), Unavailable>> {
        open(&self.shared.books).forget(scope);
        at_once(Ok(()))
    }
}

impl Home for Shared {
    fn dropped(&self, reservation: &Reservation) {
        let Reservation { id, expires_micros, ref holds, .. } = *reservation;
        open(&self.books).settle(id, expires_micros, holds, &Amounts::default());
    }

    fn left(&self, place: &Place) {
        let mut places = open(&self.places);
        match places.get(&place.scope).copied() {
            Some(n_inside @ 2..) => drop(places.insert(place.scope, n_inside - 1)),
            Some(_) | None => drop(places.remove(&place.scope)),
        }
    }
}

impl Shared {
    fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Every reservation has it, and none wants to show all there is.
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

fn at_once<'a, T>(answer: T) -> Soon<'a, T> {
    Either::Left(ready(answer))
}

fn open<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is inside is whole between any two statements, also after a panic of somebody else.
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
