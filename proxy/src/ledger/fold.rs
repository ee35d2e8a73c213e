//! Folding the journal into the database: rows, hourly sums, sessions and what each key spent, in one
//! transaction with the number up to which all of it is done.
//!
//! That number makes it safe to try again whatever happened to the last try, so a start after a kill
//! is nothing special: it goes on here.

mod statements;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use sqlx::{AnyConnection, Row as _};
use tokio::time::{sleep, timeout};

use self::statements::{Hour, Session, Statements};
use super::{
    Shared,
    journal::Batch,
    row::{Record, Row},
};
use crate::store::{StoreError, Survive, count, int};

/// Records of one transaction.
const AT_ONCE: usize = 2000;

/// Rows come in a while after each other; waiting for some spares the disk, and the processor: a transaction is a dozen
/// turns between two threads.
const GATHER: Duration = Duration::from_millis(250);

/// After a failure; it doubles up to the second one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Folds as long as it is let.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut pause = FIRST_PAUSE;
    loop {
        match step(&shared).await {
            Ok(n_done) => {
                pause = FIRST_PAUSE;
                if n_done < AT_ONCE {
                    wait(&shared).await;
                }
            }
            Err(err) => {
                let waiting = shared.journal.n_waiting();
                tracing::error!(cause = %err, waiting, "the ledger waits for its database");
                *shared.trouble() = Some(err.to_string());
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// Waits for work, and then for some more of it unless somebody is in a hurry.
async fn wait(shared: &Shared) {
    if shared.journal.n_unsaved() > 0 {
        sleep(FIRST_PAUSE).await;
        return;
    }
    if shared.journal.n_waiting() == 0 {
        shared.work.notified().await;
    }
    // Either way it is time.
    timeout(GATHER, shared.hurry.notified()).await.ok();
}

/// Folds one batch and returns how many records it had.
pub(super) async fn step(shared: &Shared) -> Result<usize, StoreError> {
    if let Err(unsaved) = shared.journal.save_again() {
        tracing::error!(cause = %unsaved.0, n = shared.journal.n_unsaved(), "the journal has no room");
    }
    let batch = shared.journal.batch(AT_ONCE).map_err(|err| StoreError::Unavailable(err.into()))?;
    let released = shared.take_released();
    if batch.records.is_empty() && batch.n_damaged == 0 && released.is_empty() {
        return Ok(0);
    }
    if batch.n_damaged > 0 {
        tracing::error!(n = batch.n_damaged, "records of the journal cannot be read");
    }
    if let Err(err) = fold(shared, &batch, &released).await {
        shared.released(&released);
        return Err(err);
    }
    shared.journal.folded(&batch);
    shared.after_fold(&batch);
    Ok(batch.records.len().max(1))
}

async fn fold(shared: &Shared, batch: &Batch, released: &[i64]) -> Result<(), StoreError> {
    let mut write = shared.store.write(Survive::PowerLoss).await?;
    let on = write.on();
    let done = folded(on, batch.id).await?;
    // Some may be there already, if the answer to the last commit was lost.
    let records: Vec<&Record> = batch.records.iter().filter(|it| it.sequence > done).collect();
    if let Some(last) = records.iter().map(|it| it.sequence).max() {
        let rows: Vec<&Row> = records.iter().map(|it| &it.row).collect();
        let statements = Statements::of(shared.store.kind());
        statements.insert_rows(on, &rows).await?;
        statements.add_hours(on, &hours(&rows)).await?;
        statements.add_spent(on, &spent(&rows)).await?;
        statements.add_sessions(on, &sessions(&rows)).await?;
        for record in records.iter().filter(|it| it.claim != 0) {
            sqlx::query("UPDATE claims SET booked = $1 WHERE id = $2")
                .bind(&record.encode()[..])
                .bind(record.claim)
                .execute(&mut *on)
                .await?;
        }
        sqlx::query("UPDATE journals SET folded = $1, at = $2 WHERE id = $3")
            .bind(int(last))
            .bind(int(rows.iter().map(|it| it.at_ms).max().unwrap_or_default()))
            .bind(batch.id)
            .execute(&mut *on)
            .await?;
    }
    for claim in released {
        sqlx::query("DELETE FROM claims WHERE id = $1 AND booked IS NULL")
            .bind(claim)
            .execute(&mut *on)
            .await?;
    }
    write.commit().await
}

/// Returns the last number of a journal that is folded in, and keeps others from changing it.
async fn folded(on: &mut AnyConnection, journal: i64) -> Result<u64, StoreError> {
    let row = sqlx::query(
        "INSERT INTO journals (id, folded, at) VALUES ($1, 0, 0)
         ON CONFLICT (id) DO UPDATE SET folded = journals.folded RETURNING folded",
    )
    .bind(journal)
    .fetch_one(on)
    .await?;
    count(row.try_get(0)?)
}

/// Sums rows by hour, key, model and operation. Their order is the same in every instance, so that
/// two of them never wait for each other.
fn hours(rows: &[&Row]) -> BTreeMap<[i64; 4], Hour> {
    let mut hours = BTreeMap::<_, Hour>::new();
    for row in rows {
        let hour = int(row.at_ms / super::HOUR_MS);
        let place = [hour, row.key.0, row.model.0.into(), row.operation as i64];
        hours.entry(place).or_default().add(row);
    }
    hours
}

fn spent(rows: &[&Row]) -> BTreeMap<i64, u64> {
    let mut spent = BTreeMap::<_, u64>::new();
    for row in rows {
        let sum = spent.entry(row.key.0).or_default();
        *sum = sum.saturating_add(row.usage.cost_nano.unwrap_or_default());
    }
    spent
}

fn sessions(rows: &[&Row]) -> BTreeMap<(i64, u64), Session> {
    let mut sessions = BTreeMap::<_, Session>::new();
    for row in rows.iter().filter(|it| it.session != 0) {
        sessions.entry((row.key.0, row.session)).or_default().add(row);
    }
    sessions
}
