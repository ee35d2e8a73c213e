//! Memory that is full: it makes room with what is over, and refuses before it forgets.

use std::{num::NonZeroU32, time::Duration};

use easel_proxy::budget::{
    Amounts, Bounds, Claim, Counters, Memory, Per, Period, Rate, Scope, Unavailable,
};

use super::{LEASE, MINUTE, Refused, Server, nano, noon, reserve, told, used};

#[tokio::test]
async fn full_of_budgets_it_refuses_others_and_forgets_nothing() {
    let counters = Memory::new(Bounds { n_accounts: 3, ..Bounds::default() });
    for id in 0..3 {
        let held = reserve(&counters, &[nano(Scope::Session(id), 9)], 5).await;
        counters.settle(held, Amounts::nano(5)).await.unwrap();
    }
    let refused = counters.reserve(&[nano(Scope::Key(1), 9)], Amounts::nano(1), noon()).await;
    assert_eq!(
        told(refused),
        "the gateway counts at most 3 budgets and cannot take more; ask whoever runs it"
    );
    for id in 0..3 {
        assert_eq!(used(&counters, nano(Scope::Session(id), 9), noon()).await, 5);
    }
    counters.forget(Scope::Session(1)).await.unwrap();
    drop(reserve(&counters, &[nano(Scope::Key(1), 9)], 1).await);
}

#[tokio::test]
async fn what_nobody_spends_anything_on_takes_no_room() {
    let counters = Memory::new(Bounds { n_accounts: 3, ..Bounds::default() });
    for id in 0..100 {
        let held = reserve(&counters, &[nano(Scope::Session(id), 9)], 5).await;
        counters.release(held).await.unwrap();
    }
}

#[tokio::test]
async fn periods_that_are_over_make_room_and_others_stay() {
    let bounds = Bounds { n_accounts: 2_000, ..Bounds::default() };
    let counters = Memory::new(bounds);
    let month = Claim { period: Period::Month, ..nano(Scope::Organisation(1), 1_000_000) };
    let mut spent = 0;
    for hour in 0..48 {
        let now = noon() + 60 * MINUTE * hour;
        for id in 0..700 {
            let claim = Claim { period: Period::Hour, ..nano(Scope::Key(id), 5) };
            let held = counters.reserve(&[claim, month], Amounts::nano(5), now).await;
            counters.settle(held.unwrap(), Amounts::nano(5)).await.unwrap();
            spent += 5;
        }
        let claim = Claim { period: Period::Hour, ..nano(Scope::Key(699), 5) };
        assert_eq!(used(&counters, claim, now).await, 5);
        assert_eq!(used(&counters, month, now).await, spent);
    }
}

#[tokio::test]
async fn full_of_reservations_it_refuses_until_one_is_gone() {
    let server = Server::start();
    let bounds = Bounds { n_reservations: 2, ..Bounds::default() };
    let redis =
        easel_proxy::budget::Redis::connect(&server.address(), "easel", bounds).await.unwrap();
    let memory = Memory::new(bounds);
    for counters in [&memory as &dyn Counters, &redis] {
        let claims = [nano(Scope::Key(1), 100)];
        let first = reserve(counters, &claims, 1).await;
        let second = reserve(counters, &claims, 1).await;
        let refused = counters.reserve(&claims, Amounts::nano(1), noon()).await;
        assert!(matches!(
            refused,
            Err(Refused::Unavailable(Unavailable::Full { what: "reservations", most: 2 }))
        ));
        counters.settle(first, Amounts::nano(1)).await.unwrap();
        let third = reserve(counters, &claims, 1).await;
        let lapsed = counters.reserve(&claims, Amounts::nano(1), noon() + LEASE).await.unwrap();
        drop((second, third, lapsed));
    }
}

#[tokio::test]
async fn full_of_rates_it_makes_room_with_those_at_rest() {
    let counters = Memory::new(Bounds { n_rates: 10, ..Bounds::default() });
    let rate = Rate { most: NonZeroU32::new(60).unwrap(), per: Per::Minute };
    for id in 0..10 {
        counters.take(&[(Scope::Session(id), rate)], noon()).await.unwrap();
    }
    let other = [(Scope::Session(10), rate)];
    let refused = counters.take(&other, noon() + Duration::from_millis(900)).await;
    assert!(matches!(refused, Err(Refused::Unavailable(Unavailable::Full { .. }))));
    counters.take(&[(Scope::Session(9), rate)], noon()).await.unwrap();
    counters.take(&other, noon() + Duration::from_secs(2)).await.unwrap();
}
