//! Databases that do not answer and disks that are full: explicit errors, and nothing is lost.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use easel_proxy::{
    accounts::KeyId,
    ledger::{By, Filter, Idempotency, Ledger, Refused},
    store::{Location, Store},
};
use sqlx::Executor as _;

use super::{
    audit::by_hand,
    place::{NOW_MS, Place, book, open_ledger, row},
    postgres::Postgres,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_down_gets_its_rows_when_it_is_back() {
    let server = Postgres::start().await;
    let folder = tempfile::tempdir().unwrap();
    let location = Location::Postgres(server.database().await);
    let ledger = open_ledger(Store::open(&location).await.unwrap(), folder.path()).await;
    let model = ledger.model("m").await.unwrap();
    let book_to = async |ledger: &Ledger, from, to| {
        for number in from..to {
            book(ledger, row(KeyId(1), model, number)).await;
        }
    };
    book_to(&ledger, 0, 100).await;
    server.stop();
    book_to(&ledger, 100, 2000).await;
    until(|| ledger.health().trouble.is_some()).await;
    assert!(ledger.health().waiting >= 1900);
    let named = Idempotency { key: KeyId(1), name: "x", body: [0; 32] };
    assert!(ledger.begin(named, NOW_MS).await.is_err());
    assert!(ledger.model("new").await.is_err());
    server.run().await;
    ledger.flush().await;
    assert_eq!(ledger.health().trouble, None);
    assert_eq!(n_requests(&ledger).await, 2000);

    // An end and a start while it is down lose nothing either.
    server.stop();
    book_to(&ledger, 2000, 3000).await;
    ledger.close().await;
    assert!(Store::open(&location).await.unwrap_err().passes());
    server.run().await;
    let ledger = open_ledger(Store::open(&location).await.unwrap(), folder.path()).await;
    assert_eq!(n_requests(&ledger).await, 3000);
    ledger.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_wait_too_long_stop_new_requests_until_they_are_folded_in() {
    let place = Place::sqlite();
    let ledger = place.ledger().await;
    let model = ledger.model("m").await.unwrap();
    let mut other = by_hand(&place).await;
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    let mut places = Vec::new();
    for _ in 0..10 {
        places.push(ledger.admit().await.unwrap());
    }
    let mut number = 0;
    let refused = loop {
        match ledger.admit().await {
            Ok(place) => place.book(row(KeyId(1), model, number), None).unwrap(),
            Err(refused) => break refused,
        }
        number += 1;
    };
    assert_eq!(number, 199_990);
    assert_eq!(refused, Refused::Behind { waiting: 199_990 });
    // Who was admitted has room.
    for place in places {
        place.book(row(KeyId(1), model, number), None).unwrap();
        number += 1;
    }
    assert!(ledger.admit().await.is_err());
    other.execute("ROLLBACK").await.unwrap();
    ledger.flush().await;
    assert_eq!(n_requests(&ledger).await, 200_000);
    assert_eq!(ledger.health().room, 200_000);
    ledger.close().await;
}

/// It runs itself under a limit on the size of files.
#[test]
fn a_full_disk_is_told_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let program = std::env::current_exe().unwrap();
    let done = Command::new("sh")
        // Writing too much is an error then, not a signal.
        .args(["-c", r#"trap "" XFSZ; ulimit -S -f 2000; exec "$@""#, "sh"])
        .arg(program)
        .args(["--exact", "stored::outage::under_a_limit", "--ignored", "--nocapture"])
        .env("EASEL_TEST_FOLDER", folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}{}", String::from_utf8_lossy(&done.stderr));
    assert!(said.contains("1 passed"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test above"]
async fn under_a_limit() {
    let Some(folder) = std::env::var_os("EASEL_TEST_FOLDER") else { return };
    let place = Place::at(folder.as_ref());
    let store = place.store().await;
    let ledger = open_ledger(store, folder.as_ref()).await;
    let model = ledger.model("m").await.unwrap();
    let mut other = by_hand(&place).await;
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    let last = ledger.admit().await.unwrap();
    let mut number = 0;
    loop {
        let booked = ledger.admit().await.unwrap().book(row(KeyId(1), model, number), None);
        number += 1;
        if let Err(err) = booked {
            assert!(err.to_string().starts_with("the row is not safe yet"), "{err}");
            break;
        }
    }
    assert!(number > 5000, "{number}");
    assert_eq!(ledger.admit().await.unwrap_err(), Refused::DiskFull);
    assert!(last.book(row(KeyId(1), model, number), None).is_err());
    assert_eq!(ledger.health().unsaved, 2);

    // Somebody makes room.
    let id = std::process::id().to_string();
    let lifted = Command::new("prlimit").args(["--fsize=unlimited", "--pid", &id]).status();
    assert!(lifted.unwrap().success());
    other.execute("ROLLBACK").await.unwrap();
    ledger.flush().await;
    assert_eq!(ledger.health().unsaved, 0);
    book(&ledger, row(KeyId(1), model, number + 1)).await;
    ledger.flush().await;
    assert_eq!(n_requests(&ledger).await, number + 2);
    ledger.close().await;
}

async fn n_requests(ledger: &Ledger) -> u64 {
    let lines = ledger.usage(Filter::default(), By::Model).await.unwrap();
    lines.iter().map(|it| it.sums.requests).sum()
}

async fn until(mut so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < Duration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
