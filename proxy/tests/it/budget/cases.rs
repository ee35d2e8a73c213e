//! What all counters do alike.

use std::{
    num::NonZeroU32,
    time::{Duration, Instant},
};

use easel_proxy::budget::{
    Amounts, Claim, Counters, MOST, PERSON_RATE, PROJECT_RATE, Per, Period, Rate, SESSION_MESSAGES,
    SESSION_TOKENS, Scope, Spent, Unit,
};

use super::{LEASE, MINUTE, Memory, Refused, Server, nano, noon, redis, reserve, told, used};

const KEY: Scope = Scope::Key(1);
const PERSON: Scope = Scope::Person(1);
const PROJECT: Scope = Scope::Project(1);
const ORGANISATION: Scope = Scope::Organisation(1);
const SESSION: Scope = Scope::Session(1);

macro_rules! cases {
    ($($name:ident)*) => {
        mod in_memory {
            $(#[tokio::test]
            async fn $name() {
                super::$name(&super::Memory::default()).await;
            })*
        }
        mod in_redis {
            $(#[tokio::test]
            async fn $name() {
                let server = super::Server::start();
                super::$name(&super::redis(&server).await).await;
            })*
        }
    };
}

cases! {
    what_does_not_fit_is_refused_with_both_numbers
    a_refusal_on_one_account_takes_nothing_on_the_others
    the_first_claim_that_does_not_fit_is_named
    what_is_settled_counts_and_what_was_held_is_free_again
    what_costs_more_than_was_reserved_is_booked_all_the_same
    what_is_released_or_dropped_is_free_again
    one_account_claimed_twice_is_charged_once
    what_needs_nothing_is_let_through_and_booked
    tokens_messages_and_seconds_are_counted_like_money
    a_reservation_that_nobody_settles_lapses
    a_renewed_reservation_does_not_lapse
    what_lapsed_is_booked_when_it_is_settled_late
    what_lapsed_is_reserved_again_by_renewing_if_it_fits
    periods_refill_where_they_end
    a_cost_belongs_to_the_period_of_its_reservation
    the_largest_numbers_do_not_overflow
    the_hundred_and_first_in_an_hour_waits
    who_rested_long_has_no_more_than_one_burst
    a_minute_has_a_rate_of_its_own
    rates_are_taken_together_or_not_at_all
    no_more_are_inside_than_may_be
    what_the_ledger_has_is_restored
    a_scope_that_is_over_is_forgotten
}

async fn what_does_not_fit_is_refused_with_both_numbers(counters: &dyn Counters) {
    let claims = [nano(KEY, 1_000)];
    let held = reserve(counters, &claims, 700).await;
    let refused = counters.reserve(&claims, Amounts::nano(301), noon()).await;
    let Err(Refused::Exceeded(exceeded)) = refused else { panic!("{}", told(refused)) };
    assert_eq!((exceeded.scope, exceeded.unit), (KEY, Unit::Nano));
    assert_eq!((exceeded.needed, exceeded.available), (301, 300));
    assert_eq!(
        told(counters.reserve(&[nano(KEY, 600)], Amounts::nano(1), noon()).await),
        "this can need $0.000000001, and the key's budget has $0.00 left"
    );
    let rest = reserve(counters, &claims, 300).await;
    assert_eq!(used(counters, claims[0], noon()).await, 1_000);
    drop((held, rest));
}

async fn a_refusal_on_one_account_takes_nothing_on_the_others(counters: &dyn Counters) {
    let claims = [nano(KEY, 100), nano(PERSON, 100), nano(PROJECT, 9), nano(ORGANISATION, 100)];
    let refused = counters.reserve(&claims, Amounts::nano(10), noon()).await;
    assert!(matches!(refused, Err(Refused::Exceeded(it)) if it.scope == PROJECT));
    for claim in claims {
        assert_eq!(used(counters, claim, noon()).await, 0, "{:?}", claim.scope);
    }
}

async fn the_first_claim_that_does_not_fit_is_named(counters: &dyn Counters) {
    let claims = [nano(ORGANISATION, 100), nano(SESSION, 1), nano(KEY, 0)];
    let refused = counters.reserve(&claims, Amounts::nano(2), noon()).await;
    assert!(matches!(refused, Err(Refused::Exceeded(it)) if it.scope == SESSION));
}

async fn what_is_settled_counts_and_what_was_held_is_free_again(counters: &dyn Counters) {
    let claims = [nano(KEY, 100), nano(PROJECT, 1_000)];
    let held = reserve(counters, &claims, 90).await;
    counters.settle(held, Amounts::nano(20)).await.unwrap();
    assert_eq!(used(counters, claims[0], noon()).await, 20);
    let held = reserve(counters, &claims, 80).await;
    counters.settle(held, Amounts::nano(0)).await.unwrap();
    assert_eq!(used(counters, claims[0], noon()).await, 20);
    assert_eq!(used(counters, claims[1], noon()).await, 20);
}

async fn what_costs_more_than_was_reserved_is_booked_all_the_same(counters: &dyn Counters) {
    let claims = [nano(KEY, 100)];
    let held = reserve(counters, &claims, 10).await;
    counters.settle(held, Amounts::nano(250)).await.unwrap();
    assert_eq!(used(counters, claims[0], noon()).await, 250);
    let refused = counters.reserve(&claims, Amounts::nano(1), noon()).await;
    assert!(matches!(refused, Err(Refused::Exceeded(it)) if it.available == 0));
}

async fn what_is_released_or_dropped_is_free_again(counters: &dyn Counters) {
    let claims = [nano(KEY, 100), nano(SESSION, 100)];
    let held = reserve(counters, &claims, 100).await;
    counters.release(held).await.unwrap();
    let held = reserve(counters, &claims, 100).await;
    drop(held);
    let began = Instant::now();
    while used(counters, claims[1], noon()).await > 0 {
        assert!(began.elapsed() < Duration::from_secs(5), "what was dropped is still held");
    }
    drop(reserve(counters, &claims, 100).await);
}

async fn one_account_claimed_twice_is_charged_once(counters: &dyn Counters) {
    let claims = [nano(KEY, 100), nano(PROJECT, 100), nano(KEY, 50)];
    let held = reserve(counters, &claims, 40).await;
    let refused = counters.reserve(&claims, Amounts::nano(11), noon()).await;
    assert!(matches!(refused, Err(Refused::Exceeded(it)) if it.available == 10));
    counters.settle(held, Amounts::nano(30)).await.unwrap();
    assert_eq!(used(counters, claims[0], noon()).await, 30);
}

async fn what_needs_nothing_is_let_through_and_booked(counters: &dyn Counters) {
    let claims = [nano(KEY, 5)];
    for spent in [7, 14] {
        let held = reserve(counters, &claims, 0).await;
        counters.settle(held, Amounts::nano(7)).await.unwrap();
        assert_eq!(used(counters, claims[0], noon()).await, spent);
    }
    let held = reserve(counters, &[], 1_000).await;
    counters.settle(held, Amounts::nano(1_000)).await.unwrap();
}

async fn tokens_messages_and_seconds_are_counted_like_money(counters: &dyn Counters) {
    let claim = |unit, cap| Claim { scope: SESSION, unit, period: Period::Total, cap };
    let claims = [
        claim(Unit::Messages, SESSION_MESSAGES),
        claim(Unit::Tokens, SESSION_TOKENS),
        Claim { period: Period::Day, ..claim(Unit::Seconds, 3_600) },
        nano(SESSION, MOST),
    ];
    let need = Amounts { nano: 5, tokens: 1_500, seconds: 30, messages: 1 };
    for _ in 0..50 {
        let held = counters.reserve(&claims, need, noon()).await.unwrap();
        counters.settle(held, need).await.unwrap();
    }
    assert_eq!(
        told(counters.reserve(&claims, need, noon()).await),
        "this can need 1 message, and the session's budget has 0 messages left"
    );
    assert_eq!(
        told(counters.reserve(&claims[1..], Amounts { tokens: 25_001, ..need }, noon()).await),
        "this can need 25001 tokens, and the session's budget has 25000 tokens left"
    );
    assert_eq!(
        told(counters.reserve(&claims[1..], Amounts { seconds: 2_101, ..need }, noon()).await),
        "this can need 2101 seconds, and the session's budget for this day has 2100 seconds left"
    );
    assert_eq!(used(counters, claims[3], noon()).await, 250);
}

async fn a_reservation_that_nobody_settles_lapses(counters: &dyn Counters) {
    let claims = [nano(KEY, 100)];
    let held = reserve(counters, &claims, 100).await;
    std::mem::forget(held);
    let before = noon() + LEASE - Duration::from_micros(1);
    assert_eq!(used(counters, claims[0], before).await, 100);
    assert_eq!(used(counters, claims[0], noon() + LEASE).await, 0);
}

async fn a_renewed_reservation_does_not_lapse(counters: &dyn Counters) {
    let claims = [nano(KEY, 100)];
    let mut held = reserve(counters, &claims, 100).await;
    for n in 1..5 {
        counters.renew(&mut held, noon() + 10 * MINUTE * n).await.unwrap();
    }
    assert_eq!(used(counters, claims[0], noon() + 50 * MINUTE).await, 100);
    counters.settle(held, Amounts::nano(60)).await.unwrap();
    assert_eq!(used(counters, claims[0], noon() + 50 * MINUTE).await, 60);
}

async fn what_lapsed_is_booked_when_it_is_settled_late(counters: &dyn Counters) {
    let claims = [nano(KEY, 100), nano(PROJECT, 50)];
    let held = reserve(counters, &claims, 50).await;
    let other = counters.reserve(&claims, Amounts::nano(50), noon() + LEASE).await.unwrap();
    counters.settle(held, Amounts::nano(45)).await.unwrap();
    assert_eq!(used(counters, claims[0], noon() + LEASE).await, 95);
    counters.settle(other, Amounts::nano(1)).await.unwrap();
    assert_eq!(used(counters, claims[1], noon() + LEASE).await, 46);
}

async fn what_lapsed_is_reserved_again_by_renewing_if_it_fits(counters: &dyn Counters) {
    let claims = [nano(KEY, 100)];
    let mut held = reserve(counters, &claims, 60).await;
    let other = counters.reserve(&claims, Amounts::nano(60), noon() + LEASE).await.unwrap();
    let refused = counters.renew(&mut held, noon() + LEASE).await;
    assert!(matches!(refused, Err(Refused::Exceeded(it)) if it.available == 40));
    counters.release(other).await.unwrap();
    counters.renew(&mut held, noon() + LEASE).await.unwrap();
    assert_eq!(used(counters, claims[0], noon() + LEASE).await, 60);
    counters.settle(held, Amounts::nano(61)).await.unwrap();
    assert_eq!(used(counters, claims[0], noon() + LEASE).await, 61);
}

async fn periods_refill_where_they_end(counters: &dyn Counters) {
    let claim = |period| Claim { period, ..nano(KEY, 10) };
    let day = Duration::from_secs(24 * 60 * 60);
    for (period, end) in [
        (Period::Hour, noon() + 60 * MINUTE),
        (Period::Day, noon() + day / 2),
        (Period::Month, noon() + day / 2 + 16 * day),
    ] {
        let held = reserve(counters, &[claim(period)], 10).await;
        counters.settle(held, Amounts::nano(10)).await.unwrap();
        let before = end - Duration::from_nanos(1);
        assert_eq!(period.end(noon()), Some(end));
        assert_eq!(used(counters, claim(period), before).await, 10, "{period:?}");
        assert_eq!(used(counters, claim(period), end).await, 0, "{period:?}");
        // Those whose clock is behind still see what was spent.
        assert_eq!(used(counters, claim(period), before).await, 10, "{period:?}");
    }
}

async fn a_cost_belongs_to_the_period_of_its_reservation(counters: &dyn Counters) {
    let claim = Claim { period: Period::Hour, ..nano(KEY, 10) };
    let next = noon() + 60 * MINUTE;
    let before = next - MINUTE;
    let held = counters.reserve(&[claim], Amounts::nano(8), before).await.unwrap();
    assert_eq!(used(counters, claim, next).await, 0);
    counters.settle(held, Amounts::nano(9)).await.unwrap();
    assert_eq!(used(counters, claim, next).await, 0);
    assert_eq!(used(counters, claim, before).await, 9);
}

async fn the_largest_numbers_do_not_overflow(counters: &dyn Counters) {
    let claims = [nano(KEY, u64::MAX), nano(PROJECT, 1 << 61)];
    let some = reserve(counters, &claims, (1 << 61) - 3).await;
    let refused = counters.reserve(&claims, Amounts::nano(4), noon()).await;
    assert!(matches!(refused, Err(Refused::Exceeded(it)) if it.available == 3));
    let rest = reserve(counters, &claims, 3).await;
    assert_eq!(used(counters, claims[1], noon()).await, 1 << 61);
    counters.settle(some, Amounts::nano(u64::MAX)).await.unwrap();
    let refused = counters.reserve(&claims[..1], Amounts::nano(1), noon()).await;
    assert!(matches!(refused, Err(Refused::Exceeded(it)) if it.available == 0));
    counters.settle(rest, Amounts::nano(u64::MAX)).await.unwrap();
    assert_eq!(used(counters, claims[0], noon()).await, MOST);
    let refused = counters.reserve(&claims, Amounts::nano(u64::MAX), noon()).await;
    assert!(matches!(refused, Err(Refused::Exceeded(it)) if it.needed == MOST));

    let exact = nano(PERSON, MOST);
    for (need, spent) in [(MOST - 2, MOST - 2), (1, MOST - 1), (1, MOST)] {
        let held = reserve(counters, &[exact], need).await;
        counters.settle(held, Amounts::nano(need)).await.unwrap();
        assert_eq!(used(counters, exact, noon()).await, spent);
    }
}

async fn the_hundred_and_first_in_an_hour_waits(counters: &dyn Counters) {
    let rates = [(PERSON, PERSON_RATE)];
    for _ in 0..100 {
        counters.take(&rates, noon()).await.unwrap();
    }
    let refused = counters.take(&rates, noon()).await;
    assert!(
        matches!(refused, Err(Refused::TooFast { scope: PERSON, wait_secs: 36, .. })),
        "{}",
        told(refused)
    );
    assert_eq!(
        told(counters.take(&rates, noon() + Duration::from_millis(34_100)).await),
        "the person's requests come too fast; try again in 2 s"
    );
    let later = noon() + Duration::from_secs(36);
    counters.take(&rates, later).await.unwrap();
    assert!(counters.take(&rates, later).await.is_err());
    counters.take(&[(Scope::Person(2), PERSON_RATE)], later).await.unwrap();
}

async fn who_rested_long_has_no_more_than_one_burst(counters: &dyn Counters) {
    let rates = [(KEY, Rate { most: NonZeroU32::new(3).unwrap(), per: Per::Hour })];
    counters.take(&rates, noon()).await.unwrap();
    for _ in 0..3 {
        counters.take(&rates, noon() + 600 * MINUTE).await.unwrap();
    }
    let refused = counters.take(&rates, noon() + 600 * MINUTE).await;
    assert!(matches!(refused, Err(Refused::TooFast { wait_secs: 1_200, .. })), "{}", told(refused));
}

async fn a_minute_has_a_rate_of_its_own(counters: &dyn Counters) {
    let rate = |most, per| (KEY, Rate { most: NonZeroU32::new(most).unwrap(), per });
    let rates = [rate(7, Per::Minute), rate(10, Per::Hour)];
    for _ in 0..7 {
        counters.take(&rates, noon()).await.unwrap();
    }
    let refused = counters.take(&rates, noon()).await;
    assert!(matches!(refused, Err(Refused::TooFast { wait_secs: 9, .. })), "{}", told(refused));
    for _ in 0..3 {
        counters.take(&rates, noon() + MINUTE).await.unwrap();
    }
    let refused = counters.take(&rates, noon() + MINUTE).await;
    assert!(matches!(refused, Err(Refused::TooFast { wait_secs: 300, .. })), "{}", told(refused));
}

async fn rates_are_taken_together_or_not_at_all(counters: &dyn Counters) {
    let project = (PROJECT, PROJECT_RATE);
    for _ in 0..200 {
        counters.take(&[project], noon()).await.unwrap();
    }
    for _ in 0..150 {
        let refused = counters.take(&[(PERSON, PERSON_RATE), project], noon()).await;
        assert!(matches!(refused, Err(Refused::TooFast { scope: PROJECT, wait_secs: 18, .. })));
    }
    for _ in 0..100 {
        counters.take(&[(PERSON, PERSON_RATE)], noon()).await.unwrap();
    }
    counters.take(&[], noon()).await.unwrap();
}

async fn no_more_are_inside_than_may_be(counters: &dyn Counters) {
    let mut first = counters.enter(KEY, 2, noon()).await.unwrap();
    let second = counters.enter(KEY, 2, noon()).await.unwrap();
    let refused = counters.enter(KEY, 2, noon()).await;
    assert_eq!(
        told(refused),
        "the key's limit of 2 requests at once is reached; try again when one is done"
    );
    assert!(counters.enter(KEY, 0, noon()).await.is_err());
    let other = counters.enter(Scope::Key(2), 1, noon()).await.unwrap();
    let third = counters.enter(KEY, 3, noon()).await.unwrap();
    counters.stay(&mut first, noon() + 10 * MINUTE).await.unwrap();
    drop((second, third));
    let began = Instant::now();
    let again = loop {
        if let Ok(place) = counters.enter(KEY, 2, noon()).await {
            break place;
        }
        assert!(began.elapsed() < Duration::from_secs(5), "who left is still inside");
    };
    assert!(counters.enter(KEY, 2, noon()).await.is_err());
    drop((first, other, again));
}

async fn what_the_ledger_has_is_restored(counters: &dyn Counters) {
    let hour = Claim { period: Period::Hour, ..nano(KEY, 100) };
    let spent = |claim: Claim, start, amount| Spent {
        scope: claim.scope,
        unit: claim.unit,
        period: claim.period,
        start,
        amount,
    };
    let total = nano(PROJECT, 1_000);
    let rows = [
        spent(hour, noon() + MINUTE, 30),
        spent(total, noon(), 400),
        spent(hour, noon(), 12),
        spent(hour, noon() - MINUTE, 99),
        spent(nano(PERSON, 0), noon(), 0),
    ];
    counters.restore(&mut rows.into_iter()).await.unwrap();
    assert_eq!(used(counters, hour, noon() + 2 * MINUTE).await, 42);
    assert_eq!(used(counters, hour, noon() - 2 * MINUTE).await, 99);
    assert_eq!(used(counters, total, noon()).await, 400);
    // The ledger may be behind; what is spent and held already stays.
    let held = reserve(counters, &[total], 100).await;
    counters.restore(&mut [spent(total, noon(), 350)].into_iter()).await.unwrap();
    assert_eq!(used(counters, total, noon()).await, 500);
    counters.restore(&mut [spent(total, noon(), 450)].into_iter()).await.unwrap();
    assert_eq!(used(counters, total, noon()).await, 550);
    counters.settle(held, Amounts::nano(5)).await.unwrap();
    assert_eq!(used(counters, total, noon()).await, 455);
    let many = (0..450).map(|id| spent(nano(Scope::Session(id), 0), noon(), id + 1));
    counters.restore(&mut many.into_iter()).await.unwrap();
    assert_eq!(used(counters, nano(Scope::Session(449), 0), noon()).await, 450);
}

async fn a_scope_that_is_over_is_forgotten(counters: &dyn Counters) {
    let claims = [nano(SESSION, 100), nano(PROJECT, 100)];
    let held = reserve(counters, &claims, 40).await;
    counters.settle(held, Amounts::nano(40)).await.unwrap();
    let held = reserve(counters, &claims, 10).await;
    counters.forget(SESSION).await.unwrap();
    assert_eq!(used(counters, claims[0], noon()).await, 10);
    assert_eq!(used(counters, claims[1], noon()).await, 50);
    counters.settle(held, Amounts::nano(9)).await.unwrap();
    assert_eq!(used(counters, claims[0], noon()).await, 9);
    counters.forget(SESSION).await.unwrap();
    counters.forget(Scope::Key(77)).await.unwrap();
    assert_eq!(used(counters, claims[0], noon()).await, 0);
}
