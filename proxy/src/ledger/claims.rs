//! Requests that name themselves, so that a client can ask again without paying again.
//!
//! The first one with a name claims it. A later one with the same name and the same body within a
//! day gets the first one's row; the reply itself is not kept. A claim that ends without a row is
//! free again.

use std::{
    collections::BTreeMap,
    sync::{Arc, MutexGuard, PoisonError},
};

use sha2::{Digest as _, Sha256};
use sqlx::{AnyConnection, Row as _};

use super::{
    Ledger, Shared,
    journal::Batch,
    row::{Record, Row, SIZE},
};
use crate::{
    accounts::KeyId,
    store::{StoreError, Survive, count, int},
};

/// How long a name stands for the first request that had it.
pub(super) const TTL_MS: u64 = 24 * super::HOUR_MS;

/// A claim of an instance that is gone for good is free after so long.
const STALE_MS: u64 = super::HOUR_MS;

/// How a request names itself.
#[derive(Debug, Clone, Copy)]
pub struct Idempotency<'a> {
    pub key: KeyId,
    /// The client's own text.
    pub name: &'a str,
    /// The SHA-256 of the body.
    pub body: [u8; 32],
}

/// What a request is that names itself.
#[derive(Debug)]
pub enum Begun {
    /// Nobody had this name: go on, and book the row with the claim.
    First(Claim),
    /// The first one has not ended yet.
    Running,
    /// The first one ended like this.
    Again(Box<Row>),
    /// The first one had another body.
    Differs,
}

/// A name that is taken by a request under way. Dropped without a row, it is free again.
#[derive(Debug)]
pub struct Claim {
    shared: Arc<Shared>,
    id: i64,
    settled: bool,
}

/// Claims between memory and database.
#[derive(Debug, Default)]
pub(super) struct Open {
    /// Rows that are booked and not folded in.
    settled: BTreeMap<i64, Row>,
    /// Claims that ended without one.
    released: Vec<i64>,
}

impl Ledger {
    /// Claims a name for a request that is about to begin.
    pub async fn begin(&self, it: Idempotency<'_>, now_ms: u64) -> Result<Begun, StoreError> {
        let name: [u8; 32] = Sha256::digest(it.name.as_bytes()).into();
        loop {
            let mut write = self.shared.store.write(Survive::ProcessEnd).await?;
            let inserted = sqlx::query(
                "INSERT INTO claims (key_id, name, body, at, journal_id) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (key_id, name) DO NOTHING RETURNING id",
            )
            .bind(it.key.0)
            .bind(&name[..])
            .bind(&it.body[..])
            .bind(int(now_ms))
            .bind(self.shared.journal.id)
            .fetch_optional(write.on())
            .await?;
            if let Some(row) = inserted {
                let id = row.try_get(0)?;
                write.commit().await?;
                let shared = Arc::clone(&self.shared);
                return Ok(Begun::First(Claim { shared, id, settled: false }));
            }
            let found =
                sqlx::query("SELECT id, body, at FROM claims WHERE key_id = $1 AND name = $2")
                    .bind(it.key.0)
                    .bind(&name[..])
                    .fetch_optional(write.on())
                    .await?;
            let Some(found) = found else {
                continue; // It was released in between.
            };
            let id: i64 = found.try_get(0)?;
            let booked = self.booked(write.on(), id).await?;
            let since_ms = now_ms.saturating_sub(count(found.try_get(2)?)?);
            if since_ms >= if booked.is_some() { TTL_MS } else { STALE_MS } {
                sqlx::query("DELETE FROM claims WHERE id = $1")
                    .bind(id)
                    .execute(write.on())
                    .await?;
                write.commit().await?;
                continue;
            }
            if found.try_get::<Vec<u8>, _>(1)? != it.body {
                return Ok(Begun::Differs);
            }
            return Ok(booked.map_or(Begun::Running, |it| Begun::Again(Box::new(it))));
        }
    }

    /// Returns the row of a claim. Memory is asked first: a row that is not there any more is in the
    /// database.
    async fn booked(&self, on: &mut AnyConnection, id: i64) -> Result<Option<Row>, StoreError> {
        if let Some(row) = self.shared.claims().settled.get(&id) {
            return Ok(Some(*row));
        }
        let found = sqlx::query("SELECT booked FROM claims WHERE id = $1")
            .bind(id)
            .fetch_optional(on)
            .await?;
        let Some(found) = found else { return Ok(None) };
        found.try_get::<Option<Vec<u8>>, _>(0)?.map(|it| read(&it)).transpose()
    }
}

fn read(bytes: &[u8]) -> Result<Row, StoreError> {
    let bytes: Option<&[u8; SIZE]> = bytes.try_into().ok(); // Another length is nonsense too.
    let record = bytes.and_then(Record::decode);
    record.map(|it| it.row).ok_or(StoreError::Nonsense("a claim's row"))
}

impl Claim {
    /// Returns its number, for the row that settles it.
    pub(super) fn settle(mut self, row: &Row) -> i64 {
        self.settled = true;
        self.shared.claims().settled.insert(self.id, *row);
        self.id
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.settled {
            self.shared.released(&[self.id]);
            self.shared.work.notify_one();
        }
    }
}

impl Shared {
    fn claims(&self) -> MutexGuard<'_, Open> {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes claims that are to be removed.
    pub(super) fn released(&self, claims: &[i64]) {
        self.claims().released.extend_from_slice(claims);
    }

    pub(super) fn take_released(&self) -> Vec<i64> {
        std::mem::take(&mut self.claims().released)
    }

    /// Frees what earlier processes of this instance had claimed and never settled.
    pub(super) async fn abandon_claims(&self) -> Result<(), StoreError> {
        if self.journal.earlier.is_empty() {
            return Ok(());
        }
        let mut write = self.store.write(Survive::ProcessEnd).await?;
        for journal in &self.journal.earlier {
            sqlx::query("DELETE FROM claims WHERE journal_id = $1 AND booked IS NULL")
                .bind(journal)
                .execute(write.on())
                .await?;
        }
        write.commit().await
    }

    /// Forgets what the database holds by now, and gives its room back.
    pub(super) fn after_fold(&self, batch: &Batch) {
        {
            let mut claims = self.claims();
            for record in batch.records.iter().filter(|it| it.claim != 0) {
                claims.settled.remove(&record.claim);
            }
        }
        *self.trouble() = None;
        self.room.add_permits(batch.records.len());
        if let Some(last) = batch.records.last() {
            self.tell(last.sequence);
        }
    }
}
