//! What only happens with a store outside: it goes away, hangs, comes back, or another process of
//! ours dies.

use std::{
    error::Error as _,
    time::{Duration, Instant},
};

use easel_proxy::budget::{Counters, NotConnected, PERSON_RATE, Redis, Unavailable};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::sleep,
};

use super::{
    Amounts, Bounds, LEASE, MINUTE, Refused, Scope, Server, nano, noon, redis, reserve, told, used,
};

const DURABLE: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];
const KEY: Scope = Scope::Key(1);

#[tokio::test]
async fn without_redis_nothing_is_let_through() {
    let mut server = Server::start();
    let redis = redis(&server).await;
    server.kill();
    let began = Instant::now();
    for _ in 0..20 {
        let reserved = redis.reserve(&[nano(KEY, 1_000)], Amounts::nano(1), noon()).await;
        let Err(Refused::Unavailable(unavailable)) = reserved else { panic!("let through") };
        assert_eq!(
            unavailable.to_string(),
            "budgets cannot be checked at the moment, so nothing is let through; try again shortly"
        );
        let entered = redis.enter(KEY, 5, noon()).await;
        assert!(matches!(entered, Err(Refused::Unavailable(_))));
        let taken = redis.take(&[(KEY, PERSON_RATE)], noon()).await;
        assert!(matches!(taken, Err(Refused::Unavailable(_))));
    }
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert!(redis.forget(KEY).await.is_err());
    server.start_again(&[]);
    until_let_through(&redis).await;
    redis.take(&[(KEY, PERSON_RATE)], noon()).await.unwrap();
    drop(redis.enter(KEY, 1, noon()).await.unwrap());
}

#[tokio::test]
async fn the_first_request_after_a_restart_is_let_through() {
    let mut server = Server::start();
    let redis = redis(&server).await;
    drop(redis.enter(KEY, 1, noon()).await.unwrap());
    sleep(Duration::from_millis(50)).await;
    server.kill();
    server.start_again(&[]);
    redis.take(&[(KEY, PERSON_RATE)], noon()).await.unwrap();
}

#[tokio::test]
async fn a_cost_that_redis_was_not_there_for_is_booked_before_anything_is_let_through() {
    let mut server = Server::start_with(&DURABLE);
    let redis = redis(&server).await;
    let claims = [nano(KEY, 1_000)];
    let first = reserve(&redis, &claims, 100).await;
    let second = reserve(&redis, &claims, 200).await;
    let third = reserve(&redis, &claims, 300).await;
    server.kill();
    let settled = redis.settle(first, Amounts::nano(950)).await;
    assert!(matches!(settled, Err(Unavailable::Away { .. })));
    assert!(redis.settle(second, Amounts::nano(7)).await.is_err());
    drop(third);
    server.start_again(&DURABLE);
    let began = Instant::now();
    loop {
        match redis.reserve(&claims, Amounts::nano(44), noon()).await {
            Err(Refused::Exceeded(it)) => break assert_eq!(it.available, 43),
            Err(Refused::Unavailable(_)) => sleep(Duration::from_millis(20)).await,
            Err(err) => panic!("{err}"),
            Ok(_) => panic!("let through before it was booked"),
        }
        assert!(began.elapsed() < Duration::from_secs(10));
    }
    assert_eq!(used(&redis, claims[0], noon()).await, 957);
}

#[tokio::test]
async fn a_redis_that_hangs_is_not_waited_for_and_books_once() {
    let server = Server::start();
    let redis = redis(&server).await;
    let claims = [nano(KEY, 1_000)];
    let mut held = reserve(&redis, &claims, 100).await;
    // Once lapsed and taken again, and with the scripts known to Redis: so it books when it wakes.
    let other = redis.reserve(&claims, Amounts::nano(1), noon() + LEASE).await.unwrap();
    redis.renew(&mut held, noon() + LEASE).await.unwrap();
    redis.settle(other, Amounts::nano(1)).await.unwrap();
    server.signal("STOP");
    let began = Instant::now();
    let (settled, reserved) = tokio::join!(
        redis.settle(held, Amounts::nano(30)),
        redis.reserve(&claims, Amounts::nano(500), noon())
    );
    assert!(settled.is_err() && reserved.is_err());
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    // What was asked meanwhile is answered now, with nobody to read it, and asked again.
    server.signal("CONT");
    until_let_through(&redis).await;
    assert_eq!(used(&redis, claims[0], noon()).await, 31);
}

#[tokio::test]
async fn a_connection_that_falls_silent_is_replaced() {
    let server = Server::start();
    let (address, silent) = relay(server.port().parse().unwrap()).await;
    let redis = Redis::connect(&address, "easel", Bounds::default()).await.unwrap();
    let claims = [nano(KEY, 100)];
    let held = reserve(&redis, &claims, 60).await;
    silent.send(()).unwrap();
    let settling = tokio::join!(
        redis.settle(held, Amounts::nano(50)),
        redis.take(&[(KEY, PERSON_RATE)], noon())
    );
    assert!(settling.0.is_err() && settling.1.is_err());
    until_let_through(&redis).await;
    assert_eq!(used(&redis, claims[0], noon()).await, 50);
}

/// Passes bytes on between us and Redis; told so, it keeps the connections that there are open and
/// passes nothing on any more.
async fn relay(port: u16) -> (String, watch::Sender<()>) {
    let (sender, receiver) = watch::channel(());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("redis://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let mut far = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            let mut silent = receiver.clone();
            silent.mark_unchanged();
            tokio::spawn(async move {
                tokio::select! {
                    _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                    _ = silent.changed() => std::future::pending().await,
                }
            });
        }
    });
    (address, sender)
}

#[tokio::test]
async fn who_stops_waiting_for_a_reservation_holds_nothing() {
    let server = Server::start();
    let redis = redis(&server).await;
    let claims = [nano(KEY, 1_000)];
    for micros in 0..100 {
        let patience = Duration::from_micros(micros * 10);
        let reserving = redis.reserve(&claims, Amounts::nano(1), noon());
        drop(tokio::time::timeout(patience, reserving).await);
        let entering = redis.enter(KEY, 100, noon());
        drop(tokio::time::timeout(patience, entering).await);
    }
    let began = Instant::now();
    while used(&redis, claims[0], noon()).await > 0 {
        assert!(began.elapsed() < Duration::from_secs(5));
    }
    until_inside(&redis, 1).await;
}

#[tokio::test]
async fn what_a_killed_process_held_comes_back_when_its_leases_are_over() {
    let server = Server::start();
    let (killed, other) = (redis(&server).await, redis(&server).await);
    let claims = [nano(KEY, 100), nano(Scope::Project(1), 100)];
    std::mem::forget(reserve(&killed, &claims, 100).await);
    std::mem::forget(killed.enter(KEY, 1, noon()).await.unwrap());
    let mut stays = killed.enter(Scope::Key(2), 1, noon()).await.unwrap();

    let early = noon() + LEASE - MINUTE;
    killed.stay(&mut stays, early).await.unwrap();
    assert!(other.reserve(&claims, Amounts::nano(1), early).await.is_err());
    assert!(other.enter(KEY, 1, early).await.is_err());

    let late = noon() + LEASE;
    assert!(other.enter(Scope::Key(2), 1, late).await.is_err());
    let place = other.enter(KEY, 1, late).await.unwrap();
    let held = other.reserve(&claims, Amounts::nano(100), late).await.unwrap();
    other.settle(held, Amounts::nano(100)).await.unwrap();
    drop((place, stays));
}

#[tokio::test]
async fn a_place_that_was_lost_is_taken_again_only_if_there_is_room() {
    let server = Server::start();
    let (slow, other) = (redis(&server).await, redis(&server).await);
    let mut place = slow.enter(KEY, 1, noon()).await.unwrap();
    let late = noon() + LEASE;
    let taken = other.enter(KEY, 1, late).await.unwrap();
    let refused = slow.stay(&mut place, late).await;
    assert!(matches!(refused, Err(Refused::TooMany { most: 1, .. })));
    drop(taken);
    let began = Instant::now();
    while slow.stay(&mut place, late).await.is_err() {
        assert!(began.elapsed() < Duration::from_secs(5));
    }
    assert!(other.enter(KEY, 1, late).await.is_err());
}

#[tokio::test]
async fn many_that_lapse_at_once_are_all_given_back_at_once() {
    let server = Server::start();
    let redis = redis(&server).await;
    let claims = [nano(KEY, 1_200)];
    for _ in 0..1_200 {
        std::mem::forget(reserve(&redis, &claims, 1).await);
    }
    let held = redis.reserve(&claims, Amounts::nano(1_200), noon() + LEASE).await.unwrap();
    drop(held);
}

#[tokio::test]
async fn others_on_the_same_redis_are_not_counted() {
    let server = Server::start();
    let ours = redis(&server).await;
    let others = Redis::connect(&server.address(), "another", Bounds::default()).await.unwrap();
    let claims = [nano(KEY, 10)];
    let (one, two) = (reserve(&ours, &claims, 10).await, reserve(&others, &claims, 10).await);
    ours.settle(one, Amounts::nano(10)).await.unwrap();
    others.settle(two, Amounts::nano(3)).await.unwrap();
    assert_eq!(used(&others, claims[0], noon()).await, 3);
}

#[tokio::test]
async fn a_redis_that_cannot_count_is_refused_at_the_start() {
    let forgetful =
        Server::start_with(&["--maxmemory", "50mb", "--maxmemory-policy", "allkeys-lru"]);
    let connected = Redis::connect(&forgetful.address(), "easel", Bounds::default()).await;
    let said = connected.unwrap_err().to_string();
    assert!(said.contains("(allkeys-lru)") && said.contains("`noeviction`"), "{said}");

    let mut gone = Server::start();
    let address = gone.address().replace("redis://", "redis://:s3cret@");
    gone.kill();
    let connected = Redis::connect(&address, "easel", Bounds::default()).await;
    let err = connected.unwrap_err();
    let said = err.to_string();
    assert!(matches!(err, NotConnected::Silent { .. }));
    assert!(said.contains(&gone.port()) && !said.contains("s3cret"), "{said}");

    let connected = Redis::connect("localhost", "easel", Bounds::default()).await;
    assert!(matches!(connected, Err(NotConnected::Address(_))));
}

#[tokio::test]
async fn what_people_read_names_no_address_and_the_log_has_the_cause() {
    let mut server = Server::start();
    let redis = redis(&server).await;
    server.kill();
    let taken = redis.take(&[(KEY, PERSON_RATE)], noon()).await;
    let Err(Refused::Unavailable(unavailable)) = taken else { panic!("{}", told(taken)) };
    assert!(!unavailable.to_string().contains(&server.port()));
    assert!(unavailable.source().is_some());
}

async fn until_let_through(redis: &Redis) {
    let began = Instant::now();
    while let Err(err) = redis.reserve(&[nano(Scope::Key(9), 9)], Amounts::nano(1), noon()).await {
        assert!(
            matches!(err, Refused::Unavailable(_)) && began.elapsed() < Duration::from_secs(10)
        );
        sleep(Duration::from_millis(20)).await;
    }
}

async fn until_inside(redis: &Redis, most: u32) {
    let began = Instant::now();
    while redis.enter(KEY, most, noon()).await.is_err() {
        assert!(began.elapsed() < Duration::from_secs(5), "somebody is still inside");
    }
}
