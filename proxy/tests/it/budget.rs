//! Budgets and limits, counted in memory and in a real Redis: one suite that both pass, sequences
//! against a naive model, everybody at once, and what happens when Redis is away.

mod cases;
mod fire;
mod limits;
mod model;
mod outage;
pub mod server;
mod speed;

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use easel_proxy::budget::{
    Amounts, Bounds, Claim, Counters, MOST, Memory, Period, Redis, Refused, Reservation, Scope,
    Unit,
};
pub use server::Server;

const MINUTE: Duration = Duration::from_secs(60);
const LEASE: Duration = Duration::from_secs(15 * 60);

/// 15 January 2100, 12:00. Redis forgets old periods by its own clock, so tests lie ahead of it.
fn noon() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(4_103_697_600)
}

fn nano(scope: Scope, cap: u64) -> Claim {
    Claim { scope, unit: Unit::Nano, period: Period::Total, cap }
}

/// Counters that a test has for itself, with the server behind them.
async fn redis(server: &Server) -> Redis {
    Redis::connect(&server.address(), "easel", Bounds::default()).await.unwrap()
}

fn memory() -> Arc<dyn Counters> {
    Arc::new(Memory::default())
}

async fn reserve(counters: &dyn Counters, claims: &[Claim], need: u64) -> Reservation {
    counters.reserve(claims, Amounts::nano(need), noon()).await.unwrap()
}

/// Returns what is spent and held where a claim counts.
async fn used(counters: &dyn Counters, claim: Claim, now: SystemTime) -> u64 {
    let claim = Claim { cap: MOST, ..claim };
    let all = Amounts { nano: MOST, tokens: MOST, seconds: MOST, messages: MOST };
    match counters.reserve(&[claim], all, now).await {
        Ok(reservation) => {
            counters.release(reservation).await.unwrap();
            0
        }
        Err(Refused::Exceeded(it)) => MOST - it.available,
        Err(err) => panic!("{err}"),
    }
}

fn told<T>(answer: Result<T, Refused>) -> String {
    answer.err().map_or_else(|| "let through".to_owned(), |it| it.to_string())
}
