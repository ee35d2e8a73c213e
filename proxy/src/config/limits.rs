//! `[limits]`, `[[prices]]` and `[budget]`: numbers, each within its bounds.

use std::time::Duration;

use providers::prices::{Above, Day, Own, Price, Quote, Rates, per_million};
use serde::Deserialize;
use toml::Spanned;

use super::{BadConfig, Budget, Limits, file::IDLE_SECS, source::Source};
use crate::{budget::Period, lanes::Rules};

/// Deeper bodies are refused by the reader of JSON itself.
const MOST_DEPTH: u64 = 120;

const MOST_BODY_MB: u64 = 1_024;

/// A week: longer is never.
const MOST_SECS: u64 = 7 * 86_400;

const MOST_RETRIES: u64 = 10;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Section {
    body_mb: Option<Spanned<u64>>,
    depth: Option<Spanned<u64>>,
    total_timeout_secs: Option<Spanned<u64>>,
    idle_timeout_secs: Option<Spanned<u64>>,
    retries: Option<Spanned<u64>>,
    failures: Option<Spanned<u64>>,
    rest_secs: Option<Spanned<u64>>,
}

/// Returns the limits, and the patience with silence.
pub(super) fn read(
    source: &Source<'_>,
    section: &Section,
    idle_secs: Option<&Spanned<u64>>,
) -> Result<(Limits, Duration), BadConfig> {
    let number = |value: Option<&Spanned<u64>>, usual: u64, most: u64| {
        within(source, value, 1, most).map(|it| it.unwrap_or(usual))
    };
    let usual = Limits::default();
    let (rules, mb) = (usual.lanes, 1 << 20);
    let body_mb = number(section.body_mb.as_ref(), (usual.body_bytes / mb) as u64, MOST_BODY_MB)?;
    let depth = number(section.depth.as_ref(), usual.depth as u64, MOST_DEPTH)?;
    let total = within(source, section.total_timeout_secs.as_ref(), 1, MOST_SECS)?;
    let idle = within(source, section.idle_timeout_secs.as_ref().or(idle_secs), 1, MOST_SECS)?;
    let limits = Limits {
        body_bytes: usize::try_from(body_mb).map_or(usual.body_bytes, |it| it * mb),
        depth: usize::try_from(depth).unwrap_or(usual.depth),
        total: total.map(Duration::from_secs),
        lanes: Rules {
            retries: retries(source, section.retries.as_ref())?.unwrap_or(rules.retries),
            failures: small(number(section.failures.as_ref(), rules.failures.into(), 1_000)?),
            rest: Duration::from_secs(number(
                section.rest_secs.as_ref(),
                rules.rest.as_secs(),
                MOST_SECS,
            )?),
        },
    };
    Ok((limits, Duration::from_secs(idle.unwrap_or(IDLE_SECS))))
}

pub(super) fn retries(
    source: &Source<'_>,
    value: Option<&Spanned<u64>>,
) -> Result<Option<u32>, BadConfig> {
    Ok(within(source, value, 0, MOST_RETRIES)?.map(small))
}

fn small(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn within(
    source: &Source<'_>,
    value: Option<&Spanned<u64>>,
    least: u64,
    most: u64,
) -> Result<Option<u64>, BadConfig> {
    let Some(value) = value else { return Ok(None) };
    let n = *value.get_ref();
    if (least..=most).contains(&n) {
        return Ok(Some(n));
    }
    let what = format!("`{n}` is out of bounds: it goes from {least} to {most}");
    Err(source.bad(value.span().start, what))
}

/// Dollars per million tokens of each class.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PriceRow {
    #[serde(default)]
    provider: Option<String>,
    model: String,
    #[serde(default)]
    effective_from: Option<Spanned<toml::Value>>,
    #[serde(default)]
    above: Vec<AboveRow>,
    input: Dollars,
    #[serde(default)]
    cache_read: Dollars,
    #[serde(default)]
    cache_write: Dollars,
    #[serde(default)]
    cache_write_long: Dollars,
    #[serde(default)]
    audio_input: Dollars,
    output: Dollars,
    #[serde(default)]
    reasoning: Dollars,
    #[serde(default)]
    audio_output: Dollars,
    /// Per request, not per million of them.
    #[serde(default)]
    request: Dollars,
}

/// What a request costs, as a whole, whose input is more than so many tokens.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct AboveRow {
    tokens: u64,
    input: Dollars,
    #[serde(default)]
    cache_read: Dollars,
    #[serde(default)]
    cache_write: Dollars,
    output: Dollars,
}

type Dollars = Option<Spanned<toml::Value>>;

pub(super) fn price(source: &Source<'_>, row: &PriceRow) -> Result<Own, BadConfig> {
    let rates = |it: &Dollars| dollars(source, it);
    let base = Quote {
        input: rates(&row.input)?,
        cache_read: rates(&row.cache_read)?,
        cache_write: rates(&row.cache_write)?,
        cache_write_long: rates(&row.cache_write_long)?,
        audio_input: rates(&row.audio_input)?,
        output: rates(&row.output)?,
        reasoning: rates(&row.reasoning)?,
        audio_output: rates(&row.audio_output)?,
        request: rates(&row.request)?.map(|it| it.saturating_mul(1_000_000)),
    };
    let mut above = Vec::new();
    for it in &row.above {
        let quote = Quote {
            input: rates(&it.input)?,
            cache_read: rates(&it.cache_read)?,
            cache_write: rates(&it.cache_write)?,
            output: rates(&it.output)?,
            request: base.request,
            ..Quote::default()
        };
        above.push(Above { tokens: it.tokens, rates: Rates::from(quote) });
    }
    let effective_from = match &row.effective_from {
        None => None,
        Some(day) => Some(Day::parse(&source.written(day)).ok_or_else(|| {
            let what = format!("`{}` is no day: write it as 2026-12-31", source.written(day));
            source.bad(day.span().start, what)
        })?),
    };
    Ok(Own {
        provider: row.provider.clone().unwrap_or_else(|| "*".to_owned()),
        model: row.model.clone(),
        effective_from,
        price: Price { base: base.into(), above },
    })
}

fn dollars(source: &Source<'_>, value: &Dollars) -> Result<Option<u64>, BadConfig> {
    let Some(value) = value else { return Ok(None) };
    amount(source, value).map(Some)
}

/// Nano-dollars.
fn amount(source: &Source<'_>, value: &Spanned<toml::Value>) -> Result<u64, BadConfig> {
    let written = source.written(value);
    per_million(&written).ok_or_else(|| {
        let what = format!("`{written}` is no amount of dollars: write it as 0.25");
        source.bad(value.span().start, what)
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct BudgetRow {
    dollars: Spanned<toml::Value>,
    #[serde(default)]
    period: Option<Spanned<String>>,
}

pub(super) fn budget(source: &Source<'_>, row: &BudgetRow) -> Result<Budget, BadConfig> {
    let period = match &row.period {
        None => Period::Total,
        Some(it) => match it.get_ref().as_str() {
            "total" => Period::Total,
            "month" => Period::Month,
            "day" => Period::Day,
            "hour" => Period::Hour,
            other => {
                let what = format!("`{other}` is no period: total, month, day or hour");
                return Err(source.bad(it.span().start, what));
            }
        },
    };
    Ok(Budget { limit_nano: amount(source, &row.dollars)?, period })
}
