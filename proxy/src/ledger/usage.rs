//! Questions to the ledger: sums over time, by key or by model; what each scope has spent; the last
//! requests.
//!
//! Sums come from the hourly ones, so that they cost the same however many requests there were.

use std::collections::BTreeMap;

use serde::Deserialize;
use sqlx::{Row as _, any::AnyRow};
use wire::Usage;

use super::{
    HOUR_MS, Ledger,
    row::{ModelId, Operation, RequestId, Row},
};
use crate::{
    accounts::{KeyId, OrganisationId, PersonId, ProjectId, Scope},
    budget::Period,
    store::{StoreError, count, int},
};

/// Sums of `usage_hours`, for something that has a name, over some more table, in an order.
macro_rules! sums {
    ($of:literal, $name:literal, $from:literal, $order:literal) => {
        concat!(
            "SELECT CAST(",
            $of,
            " AS BIGINT), ",
            $name,
            ", CAST(SUM(u.requests) AS BIGINT), CAST(SUM(u.failed) AS BIGINT),
             CAST(SUM(u.estimated) AS BIGINT), CAST(SUM(u.unpriced) AS BIGINT),
             CAST(SUM(u.input_tokens) AS BIGINT), CAST(SUM(u.cache_read_tokens) AS BIGINT),
             CAST(SUM(u.cache_write_tokens) AS BIGINT),
             CAST(SUM(u.cache_write_long_tokens) AS BIGINT),
             CAST(SUM(u.audio_input_tokens) AS BIGINT), CAST(SUM(u.output_tokens) AS BIGINT),
             CAST(SUM(u.reasoning_tokens) AS BIGINT), CAST(SUM(u.audio_output_tokens) AS BIGINT),
             CAST(SUM(u.cost_nano) AS BIGINT), CAST(SUM(u.ms) AS BIGINT),
             CAST(SUM(u.secs) AS BIGINT)
             FROM usage_hours u LEFT JOIN client_keys k ON k.id = u.key_id ",
            $from,
            " WHERE u.hour >= $1 AND u.hour < $2 AND ($3 = 0
              OR ($3 = 1 AND k.organisation_id = $4) OR ($3 = 2 AND k.project_id = $4)
              OR ($3 = 3 AND k.person_id = $4) OR ($3 = 4 AND u.key_id = $4))
             GROUP BY 1, 2 ORDER BY ",
            $order,
            " LIMIT $5"
        )
    };
}

/// What [`Listed::read`] reads.
macro_rules! listed {
    ($rest:literal) => {
        concat!(
            "SELECT r.id, r.at, r.key_id, r.model_id, r.status, r.operation, r.input_tokens,
             r.cache_read_tokens, r.cache_write_tokens, r.cache_write_long_tokens,
             r.audio_input_tokens, r.output_tokens, r.reasoning_tokens, r.audio_output_tokens,
             r.cost_nano, r.ms, r.estimated, r.request, k.name, m.name, k.organisation_id,
             k.project_id, k.person_id
             FROM requests r LEFT JOIN client_keys k ON k.id = r.key_id
             LEFT JOIN models m ON m.id = r.model_id ",
            $rest
        )
    };
}

pub(super) use listed;

/// Lines of one answer.
const MOST_LINES: i64 = 10_000;

/// Which requests count. What is not said does not matter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filter {
    /// From this hour on.
    pub from_ms: u64,
    /// Up to this hour, without it; 0 is no end.
    pub to_ms: u64,
    pub scope: Option<Scope>,
}

/// What sums are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    Hour,
    Day,
    Key,
    Model,
    Operation,
    Person,
    Project,
}

/// Sums of one hour, day, key, model, operation, person or project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Milliseconds since 1970 for a time; else the number of what it is for, 0 for none.
    pub of: i64,
    /// Its name, if it has one.
    pub name: String,
    pub sums: Sums,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    pub requests: u64,
    pub failed: u64,
    /// Requests whose tokens were counted here, not by the provider.
    pub estimated: u64,
    /// Requests whose price is unknown; their cost is not in the sum.
    pub unpriced: u64,
    pub input_tokens: u64,
    pub cache_read_tokens: u64,
    pub cache_write_tokens: u64,
    pub cache_write_long_tokens: u64,
    pub audio_input_tokens: u64,
    pub output_tokens: u64,
    pub reasoning_tokens: u64,
    pub audio_output_tokens: u64,
    pub cost_nano: u64,
    pub ms: u64,
    pub secs: u64,
}

/// What a scope has spent in nano-dollars, in each period that is not over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    pub total: u64,
    pub month: u64,
    pub day: u64,
    pub hour: u64,
}

/// A request with its number in the ledger and the names that it refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub number: i64,
    pub key_name: String,
    pub model_name: String,
    /// Whose it is: the organisation's, the project's and the person's number, as far as there are
    /// any.
    pub owners: [Option<i64>; 3],
    pub row: Row,
}

impl Ledger {
    /// Returns sums, times in order and others by what they cost.
    pub async fn usage(&self, filter: Filter, by: By) -> Result<Vec<Line>, StoreError> {
        let text = match by {
            By::Hour => sums!("u.hour * 3600000", "CAST('' AS TEXT)", "", "1"),
            By::Day => sums!("u.hour / 24 * 86400000", "CAST('' AS TEXT)", "", "1"),
            By::Operation => sums!("u.operation", "CAST('' AS TEXT)", "", "15 DESC, 1"),
            By::Key => sums!("u.key_id", "COALESCE(k.name, '')", "", "15 DESC, 1"),
            By::Model => sums!(
                "u.model_id",
                "COALESCE(n.name, '')",
                "LEFT JOIN models n ON n.id = u.model_id",
                "15 DESC, 1"
            ),
            By::Person => sums!(
                "COALESCE(k.person_id, 0)",
                "COALESCE(n.name, '')",
                "LEFT JOIN people n ON n.id = k.person_id",
                "15 DESC, 1"
            ),
            By::Project => sums!(
                "COALESCE(k.project_id, 0)",
                "COALESCE(n.name, '')",
                "LEFT JOIN projects n ON n.id = k.project_id",
                "15 DESC, 1"
            ),
        };
        let (scope, owner) = filter.scope.map_or((0, 0), Scope::numbers);
        let to_ms = if filter.to_ms == 0 { u64::MAX } else { filter.to_ms };
        let rows = sqlx::query(text)
            .bind(int(filter.from_ms / HOUR_MS))
            .bind(int(to_ms.div_ceil(HOUR_MS)))
            .bind(scope)
            .bind(owner)
            .bind(MOST_LINES)
            .fetch_all(self.shared.store.read())
            .await?;
        rows.iter().map(|it| Line::read(it, by)).collect()
    }

    /// Returns what every key, person, project and organisation has spent, to begin budgets with.
    pub async fn spent(&self, now_ms: u64) -> Result<BTreeMap<Scope, Spent>, StoreError> {
        let since = |it: Period| int(it.start_ms(now_ms) / HOUR_MS);
        let rows = sqlx::query(
            "SELECT k.id, k.person_id, k.project_id, k.organisation_id, s.cost_nano,
             CAST(COALESCE(u.month_nano, 0) AS BIGINT), CAST(COALESCE(u.day_nano, 0) AS BIGINT),
             CAST(COALESCE(u.hour_nano, 0) AS BIGINT)
             FROM spent s JOIN client_keys k ON k.id = s.key_id LEFT JOIN (
                 SELECT key_id, SUM(cost_nano) AS month_nano,
                 SUM(CASE WHEN hour >= $2 THEN cost_nano ELSE 0 END) AS day_nano,
                 SUM(CASE WHEN hour >= $3 THEN cost_nano ELSE 0 END) AS hour_nano
                 FROM usage_hours WHERE hour >= $1 GROUP BY key_id
             ) u ON u.key_id = s.key_id",
        )
        .bind(since(Period::Month))
        .bind(since(Period::Day))
        .bind(since(Period::Hour))
        .fetch_all(self.shared.store.read())
        .await?;
        let mut spent = BTreeMap::<_, Spent>::new();
        for row in &rows {
            let sum = Spent {
                total: count(row.try_get(4)?)?,
                month: count(row.try_get(5)?)?,
                day: count(row.try_get(6)?)?,
                hour: count(row.try_get(7)?)?,
            };
            let person = row.try_get::<Option<i64>, _>(1)?.map(|it| Scope::Person(PersonId(it)));
            let project = row.try_get::<Option<i64>, _>(2)?.map(|it| Scope::Project(ProjectId(it)));
            let key = Scope::Key(KeyId(row.try_get(0)?));
            let organisation = Scope::Organisation(OrganisationId(row.try_get(3)?));
            for scope in [Some(key), person, project, Some(organisation)].into_iter().flatten() {
                spent.entry(scope).or_default().add(sum);
            }
        }
        Ok(spent)
    }

    /// Returns requests before a number, or the last ones; the newest first.
    pub async fn last(&self, before: Option<i64>, most: u32) -> Result<Vec<Listed>, StoreError> {
        self.last_of(None, before, most).await
    }

    /// Returns those that count for something.
    pub async fn last_of(
        &self,
        scope: Option<Scope>,
        before: Option<i64>,
        most: u32,
    ) -> Result<Vec<Listed>, StoreError> {
        let (scope, owner) = scope.map_or((0, 0), Scope::numbers);
        let text = listed!(
            "WHERE r.id < $1 AND ($3 = 0
              OR ($3 = 1 AND k.organisation_id = $4) OR ($3 = 2 AND k.project_id = $4)
              OR ($3 = 3 AND k.person_id = $4) OR ($3 = 4 AND r.key_id = $4))
             ORDER BY r.id DESC LIMIT $2"
        );
        let rows = sqlx::query(text)
            .bind(before.unwrap_or(i64::MAX))
            .bind(i64::from(most))
            .bind(scope)
            .bind(owner)
            .fetch_all(self.shared.store.read())
            .await?;
        rows.iter().map(Listed::read).collect()
    }
}

impl Line {
    fn read(row: &AnyRow, by: By) -> Result<Self, StoreError> {
        let of: i64 = row.try_get(0)?;
        let mut name: String = row.try_get(1)?;
        if by == By::Operation {
            let operation = u64::try_from(of).ok().and_then(Operation::numbered);
            name = operation.map_or("", Operation::name).to_owned(); // Of a later version.
        }
        let mut column = 2;
        let mut next = || {
            let value = row.try_get(column).map_err(StoreError::from).and_then(count);
            column += 1;
            value
        };
        let sums = Sums {
            requests: next()?,
            failed: next()?,
            estimated: next()?,
            unpriced: next()?,
            input_tokens: next()?,
            cache_read_tokens: next()?,
            cache_write_tokens: next()?,
            cache_write_long_tokens: next()?,
            audio_input_tokens: next()?,
            output_tokens: next()?,
            reasoning_tokens: next()?,
            audio_output_tokens: next()?,
            cost_nano: next()?,
            ms: next()?,
            secs: next()?,
        };
        Ok(Self { of, name, sums })
    }
}

impl Spent {
    fn add(&mut self, other: Self) {
        self.total = self.total.saturating_add(other.total);
        self.month = self.month.saturating_add(other.month);
        self.day = self.day.saturating_add(other.day);
        self.hour = self.hour.saturating_add(other.hour);
    }

    /// Returns what was spent in a period.
    #[must_use]
    pub fn in_period(&self, period: Period) -> u64 {
        match period {
            Period::Total => self.total,
            Period::Month => self.month,
            Period::Day => self.day,
            Period::Hour => self.hour,
        }
    }
}

impl Listed {
    pub(super) fn read(row: &AnyRow) -> Result<Self, StoreError> {
        let number = |column: usize| row.try_get(column).map_err(StoreError::from).and_then(count);
        let small = |column: usize| {
            let value = u32::try_from(number(column)?).ok();
            value.ok_or(StoreError::Nonsense("a number that is too large"))
        };
        let operation = Operation::numbered(number(5)?);
        let cost: Option<i64> = row.try_get(14)?;
        let usage = Usage {
            input_tokens: small(6)?,
            cache_read_tokens: small(7)?,
            cache_write_tokens: small(8)?,
            cache_write_long_tokens: small(9)?,
            audio_input_tokens: small(10)?,
            output_tokens: small(11)?,
            reasoning_tokens: small(12)?,
            audio_output_tokens: small(13)?,
            cost_nano: cost.map(count).transpose()?,
            estimated: number(16)? != 0,
        };
        let ledger_row = Row {
            at_ms: number(1)?,
            key: KeyId(row.try_get(2)?),
            model: ModelId(small(3)?),
            status: u16::try_from(small(4)?).unwrap_or(u16::MAX),
            operation: operation.ok_or(StoreError::Nonsense("an operation without a name"))?,
            usage,
            ms: small(15)?,
            request: RequestId(row.try_get::<i64, _>(17)?.to_be_bytes()),
            session: 0,
        };
        let name = |column: usize| -> Result<String, StoreError> {
            Ok(row.try_get::<Option<String>, _>(column)?.unwrap_or_default())
        };
        Ok(Self {
            number: row.try_get(0)?,
            key_name: name(18)?,
            model_name: name(19)?,
            owners: [row.try_get(20)?, row.try_get(21)?, row.try_get(22)?],
            row: ledger_row,
        })
    }
}
