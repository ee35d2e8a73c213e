//! Counters in a Redis that several processes share.
//!
//! Redis must be told to keep what it has: its append-only file on, and no eviction. While it does
//! not answer, everything is refused. What a killed process held comes back when its leases are
//! over. The connection is not encrypted: Redis belongs on this machine or in a private network.

mod deeds;
mod line;
mod script;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use ::redis::{FromRedisValue, IntoConnectionInfo as _, RedisError, ScriptInvocation};
use futures::future::{Either, FutureExt as _, ready};

use self::{
    deeds::{Deed, Deeds},
    line::Line,
    script::{Lease, Names},
};
use super::{
    Amounts, Bounds, Claim, Counters, Home, Place, Rate, RateLeft, Refused, Reservation, Scope,
    Soon, Spent, Unavailable,
    claim::{self, Account, Hold},
    period::micros,
    rate::too_fast,
};

/// Accounts that are restored in one run.
const N_RESTORED: usize = 200;

#[derive(Debug)]
pub struct Redis {
    shared: Arc<Shared>,
}

/// Why there are no counters in Redis. The address is without its password.
#[derive(Debug, thiserror::Error)]
pub enum NotConnected {
    #[error("the address of Redis is not one: {0}; it is like redis://127.0.0.1:6379/0")]
    Address(RedisError),
    #[error("Redis at {address} does not answer: {source}")]
    Silent { address: String, source: RedisError },
    #[error(
        "Redis at {address} throws away what it has when its memory is full ({policy}), and with it \
         what was spent; set its `maxmemory-policy` to `noeviction`"
    )]
    Forgetful { address: String, policy: String },
    #[error("no random numbers: {0}")]
    NoRandom(getrandom::Error),
}

struct Shared {
    line: Arc<Line>,
    names: Names,
    deeds: Deeds,
    bounds: Bounds,
    next_id: AtomicU64,
}

impl Redis {
    /// Whether an address can be one of Redis. Nothing is asked.
    pub(crate) fn is_address(text: &str) -> bool {
        text.into_connection_info().is_ok()
    }

    /// Connects to where others of the same name count with us.
    pub async fn connect(address: &str, name: &str, bounds: Bounds) -> Result<Self, NotConnected> {
        let line = Arc::new(Line::connect(address).await?);
        let instance = getrandom::u64().map_err(NotConnected::NoRandom)?;
        let names = Names { prefix: format!("{{{name}}}:"), instance: format!("{instance:016x}") };
        let deeds = Deeds::start(names.clone(), Arc::clone(&line));
        let shared = Shared { line, names, deeds, bounds, next_id: AtomicU64::new(0) };
        Ok(Self { shared: Arc::new(shared) })
    }
}

impl Counters for Redis {
    fn reserve<'a>(
        &'a self,
        claims: &'a [Claim],
        need: Amounts,
        now: SystemTime,
    ) -> Soon<'a, Result<Reservation, Refused>> {
        let holds = claim::holds(claims, need, now);
        later(async move {
            self.shared.is_up_to_date()?;
            let lease = self.shared.lease(now);
            // It exists before it is asked for, so that it is given back when this is dropped.
            let mut reservation = Reservation {
                id: self.shared.next_id(),
                expires_micros: lease.expires_micros,
                holds,
                home: Some(Arc::clone(&self.shared) as _),
            };
            let reserved = self.shared.reserve(reservation.id, &reservation.holds, lease).await;
            match reserved {
                Err(Refused::Unavailable(Unavailable::Away { .. })) | Ok(()) => {}
                Err(_) => reservation.disarm(), // Nothing was taken.
            }
            reserved.map(|()| reservation)
        })
    }

    fn renew<'a>(
        &'a self,
        reservation: &'a mut Reservation,
        now: SystemTime,
    ) -> Soon<'a, Result<(), Refused>> {
        later(async move {
            let lease = self.shared.lease(now);
            if !self.shared.renew(reservation.id, lease).await? {
                self.shared.reserve(reservation.id, &reservation.holds, lease).await?;
            }
            reservation.expires_micros = lease.expires_micros;
            Ok(())
        })
    }

    fn settle(
        &self,
        mut reservation: Reservation,
        actual: Amounts,
    ) -> Soon<'_, Result<(), Unavailable>> {
        reservation.disarm();
        if reservation.holds.is_empty() {
            return Either::Left(ready(Ok(())));
        }
        let holds = Arc::clone(&reservation.holds);
        let deed = Deed::Settle { id: reservation.id, holds, actual };
        later(self.shared.deeds.tell(deed))
    }

    fn take<'a>(
        &'a self,
        rates: &'a [(Scope, Rate)],
        now: SystemTime,
    ) -> Soon<'a, Result<Option<RateLeft>, Refused>> {
        later(async move {
            let call = self.shared.names.take(rates, micros(now));
            let (place, micros): (usize, Vec<u64>) = self.shared.ask(&call).await?;
            match place.checked_sub(1).and_then(|it| rates.get(it)) {
                Some((scope, rate)) => {
                    Err(too_fast(*scope, *rate, micros.first().copied().unwrap_or(0)))
                }
                None => {
                    let left = rates.iter().zip(micros).map(|((_, rate), it)| rate.left(it));
                    Ok(RateLeft::least(left))
                }
            }
        })
    }

    fn once(
        &self,
        name: u128,
        lasts: Duration,
        _now: SystemTime,
    ) -> Soon<'_, Result<bool, Unavailable>> {
        later(async move {
            let first: u8 = self.shared.ask(&self.shared.names.once(name, lasts)).await?;
            Ok(first == 1)
        })
    }

    fn enter(&self, scope: Scope, most: u32, now: SystemTime) -> Soon<'_, Result<Place, Refused>> {
        later(async move {
            self.shared.is_up_to_date()?;
            let home = Some(Arc::clone(&self.shared) as _);
            let mut place = Place { id: self.shared.next_id(), scope, most, home };
            let entered = self.shared.enter(&place, now).await;
            if matches!(entered, Err(Refused::TooMany { .. })) {
                place.home = None; // It never was inside.
            }
            entered.map(|()| place)
        })
    }

    fn stay<'a>(&'a self, place: &'a mut Place, now: SystemTime) -> Soon<'a, Result<(), Refused>> {
        later(self.shared.enter(place, now))
    }

    fn restore<'a>(
        &'a self,
        spent: &'a mut (dyn Iterator<Item = Spent> + Send),
    ) -> Soon<'a, Result<(), Unavailable>> {
        later(async move {
            let sums: Vec<(Account, u64)> = claim::sums(spent).into_iter().collect();
            for some in sums.chunks(N_RESTORED) {
                let _: u64 = self.shared.ask(&self.shared.names.restore(some)).await?;
            }
            Ok(())
        })
    }

    fn forget(&self, scope: Scope) -> Soon<'_, Result<(), Unavailable>> {
        later(async move {
            let _: u64 = self.shared.ask(&self.shared.names.forget(scope)).await?;
            Ok(())
        })
    }
}

impl Home for Shared {
    fn dropped(&self, reservation: &Reservation) {
        if reservation.holds.is_empty() {
            return;
        }
        let holds = Arc::clone(&reservation.holds);
        let deed = Deed::Settle { id: reservation.id, holds, actual: Amounts::default() };
        drop(self.deeds.tell(deed)); // It is told; only the answer is not waited for.
    }

    fn left(&self, place: &Place) {
        drop(self.deeds.tell(Deed::Leave { id: place.id, scope: place.scope }));
    }
}

impl Shared {
    /// Refuses while something is still to be booked. So nothing gathers while Redis is away.
    fn is_up_to_date(&self) -> Result<(), Unavailable> {
        if self.deeds.are_behind() { Err(Unavailable::Away { source: None }) } else { Ok(()) }
    }

    async fn reserve(&self, id: u64, holds: &[Hold], lease: Lease) -> Result<(), Refused> {
        if holds.is_empty() {
            return Ok(());
        }
        let n_most = self.bounds.n_reservations;
        let call = self.names.reserve(id, holds, lease, n_most);
        loop {
            let (answer, place, used): (u8, usize, u64) = self.ask(&call).await?;
            match answer {
                0 => return Ok(()),
                1 => {
                    let hold = holds.get(place.wrapping_sub(1));
                    let hold = hold.ok_or(Unavailable::Away { source: None })?;
                    return Err(hold.exceeded(used).into());
                }
                2 => return Err(Unavailable::Full { what: "reservations", most: n_most }.into()),
                _ => {} // So many lapsed at once that it was more than one run's work.
            }
        }
    }

    /// Returns whether there was something to renew.
    async fn renew(&self, id: u64, lease: Lease) -> Result<bool, Unavailable> {
        let call = self.names.renew(id, lease);
        loop {
            let answer: u8 = self.ask(&call).await?;
            match answer {
                0 => return Ok(true),
                1 => return Ok(false),
                _ => {}
            }
        }
    }

    async fn enter(&self, place: &Place, now: SystemTime) -> Result<(), Refused> {
        let Place { id, scope, most, .. } = *place;
        let call = self.names.enter(id, scope, most, self.lease(now));
        let inside: u8 = self.ask(&call).await?;
        if inside == 0 { Err(Refused::TooMany { scope, most }) } else { Ok(()) }
    }

    async fn ask<T: FromRedisValue>(&self, call: &ScriptInvocation<'_>) -> Result<T, Unavailable> {
        self.line.ask(call).await.map_err(|err| Unavailable::Away { source: Some(err.into()) })
    }

    fn lease(&self, now: SystemTime) -> Lease {
        let now_micros = micros(now);
        Lease { now_micros, expires_micros: self.bounds.expires_micros(now_micros) }
    }

    fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Without the line, which knows the password.
        f.debug_struct("Shared").field("names", &self.names).finish_non_exhaustive()
    }
}

fn later<'a, T>(answer: impl Future<Output = T> + Send + 'a) -> Soon<'a, T> {
    Either::Right(answer.boxed())
}
