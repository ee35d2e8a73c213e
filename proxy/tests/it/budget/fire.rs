//! Everybody at once. No cap is ever passed, and nothing that fits is refused.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use easel_proxy::budget::{Amounts, Claim, Counters, PERSON_RATE, Scope};
use futures::future::join_all;

use super::{Refused, Server, memory, nano, noon, redis, used};

const N: usize = 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn in_memory() {
    let memory = memory();
    check(&[Arc::clone(&memory), memory]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn in_two_processes_with_one_redis() {
    let server = Server::start();
    let instances: [Arc<dyn Counters>; 2] =
        [Arc::new(redis(&server).await), Arc::new(redis(&server).await)];
    check(&instances).await;
}

async fn check(instances: &[Arc<dyn Counters>; 2]) {
    a_thousand_reservations_stop_at_the_cap(instances).await;
    a_thousand_that_settle_release_and_drop_stay_below_the_cap(instances).await;
    a_thousand_that_ask_are_a_hundred_in_an_hour(instances).await;
    a_thousand_that_enter_are_no_more_than_may_be(instances).await;
}

async fn a_thousand_reservations_stop_at_the_cap(instances: &[Arc<dyn Counters>; 2]) {
    let claims = [
        nano(Scope::Key(1), 1_000_000),
        nano(Scope::Person(1), 5_000),
        nano(Scope::Project(1), 3_337), // 476 of 7, and 5 left
        nano(Scope::Organisation(1), 4_000),
    ];
    let answers = at_once(instances, move |counters, _| async move {
        counters.reserve(&claims, Amounts::nano(7), noon()).await
    })
    .await;
    let held: Vec<_> = answers.into_iter().filter_map(Result::ok).collect();
    assert_eq!(held.len(), 476);
    for claim in claims {
        assert_eq!(used(&*instances[0], claim, noon()).await, 476 * 7, "{:?}", claim.scope);
    }
    drop(held);
    for claim in claims {
        until_used(&*instances[1], claim, 0).await;
    }
}

async fn a_thousand_that_settle_release_and_drop_stay_below_the_cap(
    instances: &[Arc<dyn Counters>; 2],
) {
    const CAP: u64 = 2_000;
    let claims = [nano(Scope::Key(2), u64::MAX), nano(Scope::Organisation(2), CAP)];
    // What is certainly held or spent at a time; the counters may know of more, never of less.
    let outstanding = Arc::new(AtomicU64::new(0));
    let booked = Arc::new(AtomicU64::new(0));
    at_once(instances, |counters, n| {
        let (outstanding, booked) = (Arc::clone(&outstanding), Arc::clone(&booked));
        async move {
            let need = 10 + n as u64 % 7;
            let reservation = match counters.reserve(&claims, Amounts::nano(need), noon()).await {
                Ok(reservation) => reservation,
                Err(Refused::Exceeded(it)) => {
                    assert!(it.available < need);
                    return;
                }
                Err(err) => panic!("{err}"),
            };
            let now = outstanding.fetch_add(need, Ordering::SeqCst) + need;
            assert!(now <= CAP, "{now}");
            tokio::task::yield_now().await;
            let cost = match n % 3 {
                0 => need - n as u64 % 4,
                _ => 0,
            };
            outstanding.fetch_sub(need - cost, Ordering::SeqCst);
            match n % 3 {
                0 => {
                    booked.fetch_add(cost, Ordering::SeqCst);
                    counters.settle(reservation, Amounts::nano(cost)).await.unwrap();
                }
                1 => counters.release(reservation).await.unwrap(),
                _ => drop(reservation),
            }
        }
    })
    .await;
    let booked = booked.load(Ordering::SeqCst);
    assert!(booked > 0 && booked <= CAP, "{booked}");
    for claim in claims {
        until_used(&*instances[0], claim, booked).await;
    }
}

async fn a_thousand_that_ask_are_a_hundred_in_an_hour(instances: &[Arc<dyn Counters>; 2]) {
    let answers = at_once(instances, |counters, _| async move {
        counters.take(&[(Scope::Person(3), PERSON_RATE)], noon()).await
    })
    .await;
    assert_eq!(answers.iter().filter(|it| it.is_ok()).count(), 100);
}

async fn a_thousand_that_enter_are_no_more_than_may_be(instances: &[Arc<dyn Counters>; 2]) {
    let answers =
        at_once(
            instances,
            |counters, _| async move { counters.enter(Scope::Key(4), 17, noon()).await },
        )
        .await;
    assert_eq!(answers.iter().filter(|it| it.is_ok()).count(), 17);
}

/// What is dropped is given back soon, but not at once in Redis.
async fn until_used(counters: &dyn Counters, claim: Claim, amount: u64) {
    let began = Instant::now();
    loop {
        let now = used(counters, claim, noon()).await;
        if now == amount {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(5), "{:?} has {now}", claim.scope);
    }
}

/// Runs it on many tasks, alternately on both instances.
async fn at_once<T, F>(
    instances: &[Arc<dyn Counters>; 2],
    each: impl Fn(Arc<dyn Counters>, usize) -> F,
) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let tasks = (0..N).map(|n| tokio::spawn(each(Arc::clone(&instances[n % 2]), n)));
    join_all(tasks).await.into_iter().map(Result::unwrap).collect()
}
