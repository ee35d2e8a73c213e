//! Statements for many rows at a time, in a few fixed sizes so that they stay prepared.
//!
//! One row per statement would spend most of its time on the way to the database and back.

use std::{collections::BTreeMap, sync::LazyLock};

use sqlx::AnyConnection;

use crate::{
    ledger::row::{Row, tokens},
    store::{Kind, StoreError, int},
};

/// Rows per statement: as many of the first size as there are, then of the next.
const SIZES: [usize; 3] = [100, 10, 1];

/// A statement in each of the sizes.
type Sized = [String; SIZES.len()];

/// The statements of one kind of database.
#[derive(Debug)]
pub(super) struct Statements {
    rows: Sized,
    hours: Sized,
    spent: Sized,
    sessions: Sized,
}

static SQLITE: LazyLock<Statements> = LazyLock::new(|| Statements::new(Kind::Sqlite));
static POSTGRES: LazyLock<Statements> = LazyLock::new(|| Statements::new(Kind::Postgres));

/// Columns of `usage_hours` that are sums.
const SUMS: [&str; 15] = [
    "requests",
    "failed",
    "estimated",
    "unpriced",
    "input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_long_tokens",
    "audio_input_tokens",
    "output_tokens",
    "reasoning_tokens",
    "audio_output_tokens",
    "cost_nano",
    "ms",
    "secs",
];

impl Statements {
    pub(super) fn of(kind: Kind) -> &'static Self {
        match kind {
            Kind::Sqlite => &SQLITE,
            Kind::Postgres => &POSTGRES,
        }
    }

    fn new(kind: Kind) -> Self {
        let rows = "INSERT INTO requests (at, key_id, model_id, status, operation, input_tokens, \
            cache_read_tokens, cache_write_tokens, cache_write_long_tokens, audio_input_tokens, \
            output_tokens, reasoning_tokens, audio_output_tokens, cost_nano, ms, secs, estimated, \
            request)";
        let hours = format!(
            "INSERT INTO usage_hours (hour, key_id, model_id, operation, {})",
            SUMS.join(", ")
        );
        let added = SUMS.map(|it| format!("{it} = usage_hours.{it} + excluded.{it}"));
        let add_hours = format!(
            "ON CONFLICT (hour, key_id, model_id, operation) DO UPDATE SET {}",
            added.join(", ")
        );
        let spent = "INSERT INTO spent (key_id, cost_nano)";
        let add_spent =
            "ON CONFLICT (key_id) DO UPDATE SET cost_nano = spent.cost_nano + excluded.cost_nano";
        let sessions = "INSERT INTO usage_sessions (key_id, session, first_at, last_at, requests, tokens, cost_nano)";
        // Rows do not come in order.
        let add_sessions = "ON CONFLICT (key_id, session) DO UPDATE SET
            first_at = CASE WHEN excluded.first_at < usage_sessions.first_at
                THEN excluded.first_at ELSE usage_sessions.first_at END,
            last_at = CASE WHEN excluded.last_at > usage_sessions.last_at
                THEN excluded.last_at ELSE usage_sessions.last_at END,
            requests = usage_sessions.requests + excluded.requests,
            tokens = usage_sessions.tokens + excluded.tokens,
            cost_nano = usage_sessions.cost_nano + excluded.cost_nano";
        Self {
            rows: in_sizes(rows, 18, "", kind),
            hours: in_sizes(&hours, 4 + SUMS.len(), &add_hours, kind),
            spent: in_sizes(spent, 2, add_spent, kind),
            sessions: in_sizes(sessions, 7, add_sessions, kind),
        }
    }
}

fn in_sizes(insert: &str, n_columns: usize, then: &str, kind: Kind) -> Sized {
    SIZES.map(|n_rows| {
        let mut text = format!("{insert} VALUES ");
        for row in 0..n_rows {
            text.push_str(if row == 0 { "(" } else { ", (" });
            for column in 1..=n_columns {
                text.push_str(if column == 1 { "" } else { ", " });
                match kind {
                    // It looks for a parameter's name among all the others, once for each.
                    Kind::Sqlite => text.push('?'),
                    Kind::Postgres => text += &format!("${}", row * n_columns + column),
                }
            }
            text.push(')');
        }
        text.push(' ');
        text.push_str(then);
        text
    })
}

/// Cuts a list into parts of the statements' sizes, each with its statement.
fn parts<'a, T>(
    statements: &'static Sized,
    mut items: &'a [T],
) -> impl Iterator<Item = (&'static str, &'a [T])> {
    std::iter::from_fn(move || {
        let (size, text) = SIZES.iter().zip(statements).find(|(size, _)| items.len() >= **size)?;
        let (part, rest) = items.split_at(*size);
        items = rest;
        Some((text.as_str(), part))
    })
}

/// A number of the narrow columns. Two thousand million tokens in one request are a mistake anyway.
fn small(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

/// Sums of an hour.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Hour {
    requests: u64,
    failed: u64,
    estimated: u64,
    unpriced: u64,
    tokens: [u64; 8],
    cost_nano: u64,
    ms: u64,
    secs: u64,
}

impl Hour {
    pub(super) fn add(&mut self, row: &Row) {
        self.requests += 1;
        self.failed += u64::from(row.status >= 400);
        self.estimated += u64::from(row.usage.estimated);
        self.unpriced += u64::from(row.usage.cost_nano.is_none());
        for (sum, n_tokens) in self.tokens.iter_mut().zip(tokens(&row.usage)) {
            *sum += u64::from(n_tokens);
        }
        let cost_nano = row.usage.cost_nano.unwrap_or_default();
        self.cost_nano = self.cost_nano.saturating_add(cost_nano);
        self.ms += u64::from(row.ms);
        self.secs += u64::from(row.secs());
    }
}

/// Sums of a session.
#[derive(Debug, Clone, Copy)]
pub(super) struct Session {
    first_ms: u64,
    /// When its last answer ended.
    last_ms: u64,
    requests: u64,
    tokens: u64,
    cost_nano: u64,
}

impl Default for Session {
    fn default() -> Self {
        Self { first_ms: u64::MAX, last_ms: 0, requests: 0, tokens: 0, cost_nano: 0 }
    }
}

impl Session {
    pub(super) fn add(&mut self, row: &Row) {
        self.first_ms = self.first_ms.min(row.at_ms);
        self.last_ms = self.last_ms.max(row.at_ms + u64::from(row.ms));
        self.requests += 1;
        self.tokens += tokens(&row.usage).into_iter().map(u64::from).sum::<u64>();
        let cost_nano = row.usage.cost_nano.unwrap_or_default();
        self.cost_nano = self.cost_nano.saturating_add(cost_nano);
    }
}

impl Statements {
    pub(super) async fn insert_rows(
        &'static self,
        on: &mut AnyConnection,
        rows: &[&Row],
    ) -> Result<(), StoreError> {
        for (text, part) in parts(&self.rows, rows) {
            let mut query = sqlx::query(text);
            for row in part {
                query = query
                    .bind(int(row.at_ms))
                    .bind(row.key.0)
                    .bind(small(row.model.0))
                    .bind(i16::try_from(row.status).unwrap_or(i16::MAX))
                    .bind(row.operation as i16);
                for n_tokens in tokens(&row.usage) {
                    query = query.bind(small(n_tokens));
                }
                query = query
                    .bind(row.usage.cost_nano.map(int))
                    .bind(small(row.ms))
                    .bind(small(row.secs()))
                    .bind(i16::from(row.usage.estimated))
                    .bind(i64::from_be_bytes(row.request.0));
            }
            query.execute(&mut *on).await?;
        }
        Ok(())
    }

    pub(super) async fn add_hours(
        &'static self,
        on: &mut AnyConnection,
        hours: &BTreeMap<[i64; 4], Hour>,
    ) -> Result<(), StoreError> {
        let hours: Vec<_> = hours.iter().collect();
        for (text, part) in parts(&self.hours, &hours) {
            let mut query = sqlx::query(text);
            for (place, hour) in part {
                for number in *place {
                    query = query.bind(*number);
                }
                for sum in [hour.requests, hour.failed, hour.estimated, hour.unpriced] {
                    query = query.bind(int(sum));
                }
                for sum in hour.tokens.into_iter().chain([hour.cost_nano, hour.ms, hour.secs]) {
                    query = query.bind(int(sum));
                }
            }
            query.execute(&mut *on).await?;
        }
        Ok(())
    }

    pub(super) async fn add_spent(
        &'static self,
        on: &mut AnyConnection,
        spent: &BTreeMap<i64, u64>,
    ) -> Result<(), StoreError> {
        let spent: Vec<_> = spent.iter().collect();
        for (text, part) in parts(&self.spent, &spent) {
            let mut query = sqlx::query(text);
            for (key, cost_nano) in part {
                query = query.bind(**key).bind(int(**cost_nano));
            }
            query.execute(&mut *on).await?;
        }
        Ok(())
    }

    pub(super) async fn add_sessions(
        &'static self,
        on: &mut AnyConnection,
        sessions: &BTreeMap<(i64, u64), Session>,
    ) -> Result<(), StoreError> {
        let sessions: Vec<_> = sessions.iter().collect();
        for (text, part) in parts(&self.sessions, &sessions) {
            let mut query = sqlx::query(text);
            for ((key, session), sums) in part {
                query = query
                    .bind(*key)
                    .bind(session.cast_signed())
                    .bind(int(sums.first_ms))
                    .bind(int(sums.last_ms))
                    .bind(int(sums.requests))
                    .bind(int(sums.tokens))
                    .bind(int(sums.cost_nano));
            }
            query.execute(&mut *on).await?;
        }
        Ok(())
    }
}
