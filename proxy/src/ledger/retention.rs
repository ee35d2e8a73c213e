//! How long rows are kept, and their removal in small steps.
//!
//! Hourly sums and what each key spent stay for ever: they are small, and budgets need them.

use super::{HOUR_MS, Ledger, claims};
use crate::store::{StoreError, Survive, int};

/// Rows per statement, so that no statement holds requests up.
const AT_ONCE: i64 = 2000;

/// What may be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    pub rows_ms: u64,
}

impl Default for Retention {
    fn default() -> Self {
        Self { rows_ms: 90 * 24 * HOUR_MS }
    }
}

impl Ledger {
    /// Removes what is old, and returns how many rows went. It is to be called every hour or so.
    pub async fn tidy(&self, retention: Retention, now_ms: u64) -> Result<u64, StoreError> {
        let rows = "DELETE FROM requests WHERE id IN
            (SELECT id FROM requests WHERE at < $1 ORDER BY at LIMIT $2)";
        let claims = "DELETE FROM claims WHERE id IN
            (SELECT id FROM claims WHERE at < $1 ORDER BY at LIMIT $2)";
        // A process that is gone so long left nothing to fold.
        let journals = "DELETE FROM journals WHERE id IN
            (SELECT id FROM journals WHERE at < $1 LIMIT $2)";
        let sessions = "DELETE FROM usage_sessions WHERE (key_id, session) IN
            (SELECT key_id, session FROM usage_sessions WHERE last_at < $1 ORDER BY last_at LIMIT $2)";
        self.remove(sessions, now_ms.saturating_sub(retention.rows_ms)).await?;
        let n_rows = self.remove(rows, now_ms.saturating_sub(retention.rows_ms)).await?;
        self.remove(claims, now_ms.saturating_sub(claims::TTL_MS)).await?;
        self.remove(journals, now_ms.saturating_sub(Retention::default().rows_ms)).await?;
        Ok(n_rows)
    }

    async fn remove(&self, text: &'static str, before_ms: u64) -> Result<u64, StoreError> {
        let mut n_removed = 0;
        loop {
            let mut write = self.shared.store.write(Survive::ProcessEnd).await?;
            let done =
                sqlx::query(text).bind(int(before_ms)).bind(AT_ONCE).execute(write.on()).await?;
            write.commit().await?;
            n_removed += done.rows_affected();
            if done.rows_affected() == 0 {
                return Ok(n_removed);
            }
        }
    }
}
