//! Signed thoughts of models, put aside for clients that do not bring them back.
//!
//! A vendor wants its own block again, byte for byte; a client may only keep a call's id. The id
//! then ends in a handle, and the block lies here for a day. It is a cache: what is gone is a request
//! without thoughts, not a lost one.

use std::{
    borrow::Cow,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use sha2::{Digest as _, Sha256};
use sqlx::Row as _;

use super::{Store, StoreError, Survive, int};
use crate::keys::secret::hex;

/// Bytes of one payload: what a model thinks in its longest reply, several times.
pub const MOST_BYTES: usize = 4 << 20;

/// Bytes of one row. A longer payload lies in several, so that a number of rows is a number of bytes.
const ROW_BYTES: usize = 64 * 1024;

/// Begins the row that names the rows of a long payload. No JSON begins so.
const ROWS: &str = "rows ";

/// How long a payload is kept.
const TTL_MS: u64 = 24 * 3600 * 1000;

/// Payloads at a time, unless said otherwise.
pub const MOST: u64 = 20_000;

/// Rows per statement, so that no statement holds others up for long.
const AT_ONCE: i64 = 500;

/// Names a payload: the first 8 bytes of its SHA-256, as 16 hexadecimal digits. So the same thoughts
/// are kept once, and only who has seen them can name them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Handle(String);

impl Handle {
    #[must_use]
    pub fn of(payload: &str) -> Self {
        Self(hex(&Sha256::digest(payload.as_bytes())[..8]))
    }

    /// Reads a handle that a client brought.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let right = text.len() == 16 && text.bytes().all(|it| it.is_ascii_hexdigit());
        right.then(|| Self(text.to_ascii_lowercase()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum NotKept {
    #[error(
        "a signed thought of {n_bytes} bytes is too large to be kept; {MOST_BYTES} is the limit"
    )]
    TooLarge { n_bytes: usize },
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Debug, Clone)]
pub struct Signatures {
    store: Store,
    most: u64,
    /// Rows, roughly: other instances add some too. It is counted anew when it seems too many.
    n_rows: Arc<AtomicU64>,
}

impl Signatures {
    /// Opens the cache for so many payloads.
    pub async fn open(store: Store, most: u64) -> Result<Self, StoreError> {
        let it = Self { store, most, n_rows: Arc::default() };
        it.count().await?;
        Ok(it)
    }

    /// Puts a payload aside, which is JSON, and returns its handle.
    pub async fn keep(&self, payload: &str, now_ms: u64) -> Result<Handle, NotKept> {
        if payload.len() > MOST_BYTES {
            return Err(NotKept::TooLarge { n_bytes: payload.len() });
        }
        let mut rows = in_rows(payload);
        if rows.len() > 1 {
            let handles: Vec<String> = rows.iter().map(|it| Handle::of(it).0).collect();
            rows.push(format!("{ROWS}{}", handles.join(" ")).into());
        }
        let handle = Handle::of(rows.last().map_or("", |it| it));
        let mut write = self.store.write(Survive::ProcessEnd).await?;
        for row in &rows {
            sqlx::query(
                "INSERT INTO signatures (handle, payload, expires_at) VALUES ($1, $2, $3)
                 ON CONFLICT (handle) DO UPDATE SET expires_at = excluded.expires_at",
            )
            .bind(Handle::of(row).as_str())
            .bind(row.as_ref())
            .bind(int(now_ms + TTL_MS))
            .execute(write.on())
            .await
            .map_err(StoreError::from)?;
        }
        write.commit().await?;
        let n_rows = rows.len() as u64;
        if self.n_rows.fetch_add(n_rows, Ordering::Relaxed) + n_rows > self.most {
            self.make_room(now_ms).await?;
        }
        Ok(handle)
    }

    /// Returns what was put aside; none if it, or a part of it, is gone.
    pub async fn find(&self, handle: &Handle, now_ms: u64) -> Result<Option<String>, StoreError> {
        let row = self.row(handle, now_ms).await?;
        let Some(handles) = row.as_ref().and_then(|it| it.strip_prefix(ROWS)) else {
            return Ok(row);
        };
        let mut payload = String::new();
        for handle in handles.split(' ') {
            let Some(handle) = Handle::read(handle) else { return Ok(None) };
            let Some(part) = self.row(&handle, now_ms).await? else { return Ok(None) };
            payload += &part;
        }
        Ok(Some(payload))
    }

    async fn row(&self, handle: &Handle, now_ms: u64) -> Result<Option<String>, StoreError> {
        let row =
            sqlx::query("SELECT payload FROM signatures WHERE handle = $1 AND expires_at > $2")
                .bind(handle.as_str())
                .bind(int(now_ms))
                .fetch_optional(self.store.read())
                .await?;
        row.map(|it| Ok(it.try_get(0)?)).transpose()
    }

    /// Removes what has had its time.
    pub async fn tidy(&self, now_ms: u64) -> Result<(), StoreError> {
        loop {
            let mut write = self.store.write(Survive::ProcessEnd).await?;
            let removed = sqlx::query(
                "DELETE FROM signatures WHERE id IN
                 (SELECT id FROM signatures WHERE expires_at <= $1 LIMIT $2)",
            )
            .bind(int(now_ms))
            .bind(AT_ONCE)
            .execute(write.on())
            .await?;
            write.commit().await?;
            if removed.rows_affected() == 0 {
                break;
            }
        }
        self.count().await?;
        Ok(())
    }

    /// Removes the oldest until there is room for a tenth more.
    async fn make_room(&self, now_ms: u64) -> Result<(), StoreError> {
        self.tidy(now_ms).await?;
        let wanted = self.most - self.most / 10;
        while self.n_rows.load(Ordering::Relaxed) > wanted {
            let excess = self.n_rows.load(Ordering::Relaxed).saturating_sub(wanted);
            let mut write = self.store.write(Survive::ProcessEnd).await?;
            sqlx::query(
                "DELETE FROM signatures WHERE id IN
                 (SELECT id FROM signatures ORDER BY expires_at, id LIMIT $1)",
            )
            .bind(int(excess).min(AT_ONCE))
            .execute(write.on())
            .await?;
            write.commit().await?;
            self.count().await?;
        }
        Ok(())
    }

    async fn count(&self) -> Result<u64, StoreError> {
        let row =
            sqlx::query("SELECT COUNT(*) FROM signatures").fetch_one(self.store.read()).await?;
        let n_rows = u64::try_from(row.try_get::<i64, _>(0)?).unwrap_or_default();
        self.n_rows.store(n_rows, Ordering::Relaxed);
        Ok(n_rows)
    }
}

/// Cuts a payload into what rows hold.
fn in_rows(mut payload: &str) -> Vec<Cow<'_, str>> {
    let mut rows = Vec::new();
    while payload.len() > ROW_BYTES {
        let (row, rest) = payload.split_at(payload.floor_char_boundary(ROW_BYTES));
        rows.push(row.into());
        payload = rest;
    }
    rows.push(payload.into());
    rows
}
