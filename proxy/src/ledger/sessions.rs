//! Questions to the ledger about sessions: how many there were, and what they come to together.
//!
//! A session is what a client names one. Its name is not kept, only a number made of it.

use sqlx::Row as _;

use super::{Filter, Ledger};
use crate::{
    accounts::Scope,
    store::{StoreError, count, int},
};

/// Sums of the sessions whose last answer ended within a time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sessions {
    pub sessions: u64,
    pub requests: u64,
    pub tokens: u64,
    pub cost_nano: u64,
    /// From the first request of each to the end of its last answer.
    pub lasted_ms: u64,
}

impl Ledger {
    /// Returns what the sessions of a time come to.
    pub async fn sessions(&self, filter: Filter) -> Result<Sessions, StoreError> {
        let (scope, owner) = filter.scope.map_or((0, 0), Scope::numbers);
        let to_ms = if filter.to_ms == 0 { u64::MAX } else { filter.to_ms };
        let row = sqlx::query(
            "SELECT COUNT(*), CAST(COALESCE(SUM(u.requests), 0) AS BIGINT),
             CAST(COALESCE(SUM(u.tokens), 0) AS BIGINT),
             CAST(COALESCE(SUM(u.cost_nano), 0) AS BIGINT),
             CAST(COALESCE(SUM(u.last_at - u.first_at), 0) AS BIGINT)
             FROM usage_sessions u LEFT JOIN client_keys k ON k.id = u.key_id
             WHERE u.last_at >= $1 AND u.last_at < $2 AND ($3 = 0
              OR ($3 = 1 AND k.organisation_id = $4) OR ($3 = 2 AND k.project_id = $4)
              OR ($3 = 3 AND k.person_id = $4) OR ($3 = 4 AND u.key_id = $4))",
        )
        .bind(int(filter.from_ms))
        .bind(int(to_ms))
        .bind(scope)
        .bind(owner)
        .fetch_one(self.shared.store.read())
        .await?;
        let sum = |column: usize| row.try_get(column).map_err(StoreError::from).and_then(count);
        Ok(Sessions {
            sessions: sum(0)?,
            requests: sum(1)?,
            tokens: sum(2)?,
            cost_nano: sum(3)?,
            lasted_ms: sum(4)?,
        })
    }
}
