//! A process that is killed under load: every row that it acknowledged is in the ledger, once.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Read as _, Write as _},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use easel_proxy::{
    accounts::KeyId,
    ledger::{Begun, By, Filter, Idempotency, Ledger},
    store::{Location, Store},
};
use futures::TryStreamExt as _;

use super::place::{NOW_MS, Place, open_ledger, row};

/// `EASEL_SEED` makes other delays.
const SEED: u64 = 20_270_115;

/// Numbers of one child's rows.
const MANY: u64 = 1_000_000;

#[tokio::test(flavor = "multi_thread")]
async fn ten_kills_lose_no_acknowledged_row() {
    check(&Place::sqlite(), 10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_lose_no_acknowledged_row_on_postgres() {
    check(&Place::postgres().await, 3).await;
}

async fn check(place: &Place, n_kills: u64) {
    let mut random = seed();
    let mut acknowledged = BTreeSet::new();
    for kill in 0..n_kills {
        let delay = Duration::from_micros(next(&mut random) >> 33 & 0x3_ffff);
        let before = acknowledged.len();
        acknowledged.extend(killed_after(delay, kill, place).await);
        assert!(acknowledged.len() > before, "nothing was booked before kill {kill}");
    }
    let ledger = open_ledger(place.store().await, &place.data()).await;
    let mut times = BTreeMap::<u64, u32>::new();
    let mut export = std::pin::pin!(ledger.export(0, u64::MAX));
    let mut text = Vec::new();
    while let Some(part) = export.try_next().await.unwrap() {
        text.extend_from_slice(&part);
    }
    for line in String::from_utf8(text).unwrap().lines().skip(1) {
        let id = line.rsplit_once(',').unwrap().1;
        *times.entry(u64::from_str_radix(id, 16).unwrap()).or_default() += 1;
    }
    let lost: Vec<_> = acknowledged.iter().filter(|it| !times.contains_key(it)).collect();
    assert!(lost.is_empty(), "{} of {} lost: {lost:?}", lost.len(), acknowledged.len());
    let doubled: Vec<_> = times.iter().filter(|it| *it.1 > 1).collect();
    assert!(doubled.is_empty(), "{doubled:?}");
    // Sums say the same as rows.
    let sums = ledger.usage(Filter::default(), By::Key).await.unwrap();
    let n_rows = times.len() as u64;
    assert_eq!(sums.iter().map(|it| it.sums.requests).sum::<u64>(), n_rows);
    assert_eq!(sums.iter().map(|it| it.sums.cost_nano).sum::<u64>(), n_rows * 1_000_000);
    // Names of requests that were acknowledged are paid; no other one is stuck.
    for number in times.keys().filter(|it| *it % 100 == 0) {
        let begun = begin(&ledger, *number).await;
        let Begun::Again(row) = begun else { panic!("{number}: {begun:?}") };
        assert_eq!(u64::from_be_bytes(row.request.0), *number);
    }
    let unknown = begin(&ledger, (n_kills + 1) * MANY).await;
    assert!(matches!(unknown, Begun::First(_)));
    println!("{n_rows} rows, {} of them acknowledged, {n_kills} kills", acknowledged.len());
    ledger.close().await;
}

pub fn seed() -> u64 {
    let seed = std::env::var("EASEL_SEED").ok().and_then(|it| it.parse().ok()).unwrap_or(SEED);
    println!("EASEL_SEED={seed}");
    seed
}

/// Any generator does; this one needs no crate.
pub fn next(random: &mut u64) -> u64 {
    *random =
        random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *random
}

async fn begin(ledger: &Ledger, number: u64) -> Begun {
    let name = number.to_string();
    ledger.begin(Idempotency { key: KeyId(1), name: &name, body: [1; 32] }, NOW_MS).await.unwrap()
}

/// Runs a child, kills it, and returns what it acknowledged.
async fn killed_after(delay: Duration, kill: u64, place: &Place) -> BTreeSet<u64> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "stored::kills::child", "--ignored", "--nocapture"]);
    command.env("EASEL_TEST_FOLDER", place.data()).env("EASEL_TEST_KILL", kill.to_string());
    if let Location::Postgres(url) = &place.location {
        command.env("EASEL_TEST_POSTGRES", url);
    }
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut output = child.stdout.take().unwrap();
    let (tell, told) = tokio::sync::oneshot::channel();
    let reader = std::thread::spawn(move || {
        // It is killed some time after it said something.
        let mut text = vec![0];
        while text.last() != Some(&b'|') {
            assert_eq!(output.read(text.last_mut().map(std::slice::from_mut).unwrap()).unwrap(), 1);
        }
        tell.send(()).unwrap();
        text.clear();
        output.read_to_end(&mut text).unwrap();
        String::from_utf8(text).unwrap()
    });
    tokio::time::timeout(Duration::from_secs(60), told).await.unwrap().unwrap();
    tokio::time::sleep(delay).await;
    child.kill().unwrap();
    child.wait().unwrap();
    let text = reader.join().unwrap();
    // What was not written to its end was not said.
    let said = text.rsplit_once('\n').unwrap_or_default().0;
    said.lines().map(|it| it.parse().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run and killed by the tests above"]
async fn child() {
    let Some(folder) = std::env::var_os("EASEL_TEST_FOLDER") else { return };
    let kill: u64 = std::env::var("EASEL_TEST_KILL").unwrap().parse().unwrap();
    let location = match std::env::var("EASEL_TEST_POSTGRES") {
        Ok(url) => Location::Postgres(url),
        Err(_) => Location::Folder(folder.clone().into()),
    };
    let store = Store::open(&location).await.unwrap();
    let ledger = Arc::new(Ledger::open(store, folder.as_ref()).await.unwrap());
    let model = ledger.model("m").await.unwrap();
    let next = Arc::new(AtomicU64::new(kill * MANY));
    say("|");
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..8 {
        let (ledger, next) = (Arc::clone(&ledger), Arc::clone(&next));
        tasks.spawn(async move {
            loop {
                let place = ledger.admit().await.unwrap();
                let number = next.fetch_add(1, Ordering::Relaxed);
                let claim = match number % 100 {
                    0 => match begin(&ledger, number).await {
                        Begun::First(claim) => Some(claim),
                        Begun::Running | Begun::Again(_) | Begun::Differs => panic!("{number}"),
                    },
                    _ => None,
                };
                place.book(row(KeyId(task), model, number), claim).unwrap();
                say(&format!("{number}\n"));
            }
        });
    }
    tasks.join_all().await;
}

/// One write: a line is said or not.
fn say(text: &str) {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).unwrap();
    out.flush().unwrap();
}
