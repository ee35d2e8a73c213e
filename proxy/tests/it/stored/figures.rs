//! What the ledger and the keys cost on this machine. `cargo test --release figures -- --ignored
//! --nocapture` prints it; it judges nothing but the size of a row.

use std::{fs, hint::black_box, time::Instant};

use easel_proxy::{
    accounts::{Accounts, KeyId, NewKey, Patterns},
    ledger::{Ledger, ModelId, Operation, RequestId, Row},
};
use wire::Usage;

use super::place::{ANN, NOW_MS, Place, book, local, row};

const N_ROWS: u64 = 200_000;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "prints figures"]
async fn rows_per_second_and_bytes_per_row() {
    for place in Place::both().await {
        let ledger = place.ledger().await;
        let models = models(&ledger).await;
        let file = || fs::metadata(place.data().join("easel.db")).map_or(0, |it| it.len());
        let empty = file();
        let began = Instant::now();
        let mut booking = std::time::Duration::ZERO;
        for number in 0..N_ROWS {
            let row = likely(number, &models);
            let place = ledger.admit().await.unwrap();
            let each = Instant::now();
            place.book(row, None).unwrap();
            booking += each.elapsed();
        }
        let booked = began.elapsed();
        ledger.flush().await;
        let folded = began.elapsed();
        ledger.close().await;
        println!("{:?}", place.location);
        println!("  {:.2} µs for booking a row", booking.as_secs_f64() * 1e6 / N_ROWS as f64);
        println!("  {:.0} rows/s in the journal", N_ROWS as f64 / booked.as_secs_f64());
        println!("  {:.0} rows/s durable in the database", N_ROWS as f64 / folded.as_secs_f64());
        if empty > 0 {
            let mut connection = super::audit::by_hand(&place).await;
            for text in ["PRAGMA wal_checkpoint(TRUNCATE)"] {
                sqlx::Executor::execute(&mut connection, text).await.unwrap();
            }
            let per_row = (file() - empty) as f64 / N_ROWS as f64;
            println!("  {per_row:.1} bytes per row in SQLite, with its index and sums");
            assert!(per_row <= 100.0);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "prints figures"]
async fn a_start_with_a_full_journal() {
    let place = Place::sqlite();
    let ledger = place.ledger().await;
    let model = ledger.model("m").await.unwrap();
    let mut other = super::audit::by_hand(&place).await;
    sqlx::Executor::execute(&mut other, "BEGIN IMMEDIATE").await.unwrap();
    for number in 0..100_000 {
        book(&ledger, row(KeyId(1), model, number)).await;
    }
    drop(ledger);
    drop(other);
    let began = Instant::now();
    let ledger = place.ledger().await;
    println!("{:?} for a start with {} rows to fold in", began.elapsed(), 100_000);
    ledger.close().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "prints figures"]
async fn looking_up_a_key() {
    let place = Place::sqlite();
    let accounts = place.accounts().await;
    let client = local(&accounts).await;
    let mut secret = None;
    for number in 0..3 {
        let name = format!("key {number}");
        let new = NewKey {
            name: &name,
            organisation: client.organisation,
            project: client.project,
            person: client.person,
            models: Patterns::all(),
            expires_at_ms: None,
        };
        secret = Some(accounts.make_key(new, ANN, NOW_MS).await.unwrap().1);
    }
    let secret = secret.unwrap();
    time_lookups(&accounts, secret.expose(), 4);
    let mut connection = super::audit::by_hand(&place).await;
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
        INSERT INTO client_keys (name, prefix, digest, organisation_id, models, made_at)
        SELECT 'k' || i, '', randomblob(32), 1, '[\"*\"]', 0 FROM n";
    sqlx::Executor::execute(&mut connection, many).await.unwrap();
    let began = Instant::now();
    drop(accounts);
    let accounts = place.accounts().await;
    println!("{:?} for reading 10,000 keys", began.elapsed());
    time_lookups(&accounts, secret.expose(), 10_004);
}

fn time_lookups(accounts: &Accounts, key: &str, n_keys: usize) {
    const N: u32 = 200_000;
    let began = Instant::now();
    for _ in 0..N {
        black_box(accounts.find(black_box(key), NOW_MS)).unwrap();
    }
    println!("{:?} for looking up one of {n_keys} keys", began.elapsed() / N);
}

async fn models(ledger: &Ledger) -> Vec<ModelId> {
    let mut models = Vec::new();
    for number in 0..12 {
        models.push(ledger.model(&format!("vendor/model-{number}")).await.unwrap());
    }
    models
}

/// Rows as a team of fifty makes them: most of them cached prompts, some errors.
fn likely(number: u64, models: &[ModelId]) -> Row {
    let random = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    let small = |shift: u32, most: u64| u32::try_from((random >> shift) % most).unwrap();
    // A dozen messages each, all of one key.
    let session = 1 + number / 12;
    Row {
        at_ms: NOW_MS + number * 40,
        key: KeyId((session.wrapping_mul(0x9e37_79b9) % 50).cast_signed()),
        model: models[small(5, 12) as usize],
        status: if small(7, 40) == 0 { 429 } else { 200 },
        operation: Operation::ALL[small(9, 9) as usize],
        usage: Usage {
            input_tokens: small(11, 6000),
            cache_read_tokens: if small(2, 3) > 0 { small(13, 90_000) } else { 0 },
            cache_write_tokens: if small(4, 4) == 0 { small(15, 8000) } else { 0 },
            output_tokens: small(17, 3000),
            reasoning_tokens: if small(6, 3) == 0 { small(19, 4000) } else { 0 },
            cost_nano: Some(u64::from(small(1, 400_000_000))),
            ..Usage::default()
        },
        ms: small(8, 60_000),
        session,
        request: RequestId(random.rotate_left(20).wrapping_mul(number | 1).to_be_bytes()),
    }
}
