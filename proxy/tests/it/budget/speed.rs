//! How long counting takes. Run it with
//! `cargo test --release -p easel-proxy --test it -- --ignored --nocapture budget::speed`.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use easel_proxy::budget::{
    Amounts, Claim, Counters, PERSON_RATE, PROJECT_RATE, Period, Scope, Unit,
};
use futures::future::join_all;

use super::{Server, memory, nano, noon, redis};

fn claims(id: u64) -> [Claim; 4] {
    let month = |scope| Claim { period: Period::Month, ..nano(scope, u64::MAX) };
    [
        month(Scope::Key(id)),
        month(Scope::Person(id / 2)),
        month(Scope::Project(id / 8)),
        month(Scope::Organisation(1)),
    ]
}

#[tokio::test]
#[ignore = "prints figures"]
async fn in_memory() {
    const N: u64 = 2_000_000;
    let counters = memory();
    for (n_keys, n_live) in [(1, 0), (10_000, 0), (10_000, 512)] {
        let mut live = Vec::new();
        for id in 0..n_live {
            live.push(counters.reserve(&claims(id), Amounts::nano(5), noon()).await.unwrap());
        }
        let mut laps = Laps::default();
        for n in 0..N {
            laps.count(n);
            let held = counters.reserve(&claims(n % n_keys), Amounts::nano(900), noon()).await;
            counters.settle(held.unwrap(), Amounts::nano(700)).await.unwrap();
        }
        laps.tell(&format!("reserve + settle, 4 scopes, {n_keys} keys, {n_live} live"));
    }
    let limits = [claims(1).as_slice(), &session(1)].concat();
    let mut laps = Laps::default();
    for n in 0..N {
        laps.count(n);
        let need = Amounts { nano: 9, tokens: 9, seconds: 0, messages: 1 };
        let held = counters.reserve(&limits, need, noon()).await.unwrap();
        counters.settle(held, need).await.unwrap();
    }
    laps.tell("reserve + settle, 4 scopes and a session's tokens and messages");
    let mut laps = Laps::default();
    for n in 0..N {
        laps.count(n);
        let now = noon() + Duration::from_secs(n * 60);
        let rates = [(Scope::Person(n % 1_000), PERSON_RATE), (Scope::Project(1), PROJECT_RATE)];
        counters.take(&rates, now).await.unwrap();
    }
    laps.tell("take, 2 rates");
    let mut laps = Laps::default();
    for n in 0..N {
        laps.count(n);
        drop(counters.enter(Scope::Key(n % 1_000), 5, noon()).await.unwrap());
    }
    laps.tell("enter + leave");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints figures"]
async fn in_memory_on_two_threads() {
    const N: u64 = 1_000_000;
    let counters = memory();
    let tasks = (0..2).map(|_| {
        let counters = Arc::clone(&counters);
        tokio::spawn(async move {
            let mut laps = Laps::default();
            for n in 0..N {
                laps.count(n);
                let claims = claims(n % 10_000);
                let held = counters.reserve(&claims, Amounts::nano(900), noon()).await;
                counters.settle(held.unwrap(), Amounts::nano(700)).await.unwrap();
            }
            laps.tell("reserve + settle, 4 scopes, one of two threads");
        })
    });
    join_all(tasks).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints figures"]
async fn in_redis() {
    let server = Server::start();
    let counters: Arc<dyn Counters> = Arc::new(redis(&server).await);
    for n_tasks in [1, 64] {
        let n_each = 20_000 / n_tasks;
        let began = Instant::now();
        let tasks = (0..n_tasks).map(|task| {
            let counters = Arc::clone(&counters);
            tokio::spawn(async move {
                for n in 0..n_each {
                    let claims = claims(task * n_each + n);
                    let held = counters.reserve(&claims, Amounts::nano(900), noon()).await;
                    counters.settle(held.unwrap(), Amounts::nano(700)).await.unwrap();
                }
            })
        });
        join_all(tasks).await;
        let each = began.elapsed().as_micros() / u128::from(n_each * n_tasks);
        println!("reserve + settle in Redis, 4 scopes, {n_tasks} tasks: {each} us");
    }
}

fn session(id: u64) -> [Claim; 2] {
    let claim = nano(Scope::Session(id), u64::MAX);
    [Claim { unit: Unit::Tokens, ..claim }, Claim { unit: Unit::Messages, ..claim }]
}

/// Times thousands, of which most are not disturbed by whatever else runs.
#[derive(Default)]
struct Laps {
    began: Option<Instant>,
    times: Vec<u128>,
}

impl Laps {
    fn count(&mut self, n: u64) {
        if n.is_multiple_of(1_000) {
            let now = Instant::now();
            self.times.extend(self.began.map(|it| (now - it).as_nanos() / 1_000));
            self.began = Some(now);
        }
    }

    fn tell(mut self, what: &str) {
        self.times.sort_unstable();
        let median = self.times[self.times.len() / 2];
        println!("{what}: {median} ns in the median, {} at best", self.times[0]);
    }
}
