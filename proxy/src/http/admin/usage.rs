//! What was used: sums, sessions, the last requests, and all of them as CSV.
//!
//! Who is not the installation says of whom they want to know it; said nothing, it is themselves.

use axum::{body::Body, extract::State, response::Response};
use http::{HeaderValue, header};
use serde::{Deserialize, Serialize};

use super::{Caller, asked::Asked, bad, caps, not_allowed, shown};
use crate::{
    accounts::{Deed, Scope},
    http::{Shared, refusal::Refusal},
    ledger::{By, Filter, HOUR_MS, Line, Listed, Sums},
    money::Dollars,
    now_ms,
};

const MOST: u32 = 500;

/// Without a beginning, sums are of the last thirty days.
const UNSAID_MS: u64 = 30 * 24 * HOUR_MS;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    by: By,
    from_ms: Option<u64>,
    to_ms: Option<u64>,
    scope: Option<String>,
    id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Last {
    before: Option<i64>,
    most: Option<u32>,
    scope: Option<String>,
    id: Option<String>,
}

/// A part of time, and whose.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Span {
    from_ms: Option<u64>,
    to_ms: Option<u64>,
    scope: Option<String>,
    id: Option<String>,
}

#[derive(Debug, Serialize)]
struct Shown {
    /// A time, or the number of what it is for.
    of: i64,
    name: String,
    requests: u64,
    failed: u64,
    estimated: u64,
    unpriced: u64,
    tokens: Tokens,
    cost: Dollars,
    ms: u64,
    secs: u64,
}

/// What sessions come to together, so that averages of several answers can be made.
#[derive(Debug, Serialize)]
struct Together {
    sessions: u64,
    requests: u64,
    tokens: u64,
    cost: Dollars,
    lasted_ms: u64,
}

#[derive(Debug, Serialize)]
struct Tokens {
    input: u64,
    cache_read: u64,
    cache_write: u64,
    cache_write_long: u64,
    audio_input: u64,
    output: u64,
    reasoning: u64,
    audio_output: u64,
}

#[derive(Debug, Serialize)]
struct Request {
    number: i64,
    at_ms: u64,
    key: i64,
    key_name: String,
    model: String,
    status: u16,
    operation: &'static str,
    tokens: Tokens,
    /// None where no price is known.
    cost: Option<Dollars>,
    estimated: bool,
    ms: u32,
    request: String,
}

#[derive(Debug, Serialize)]
struct Requests {
    requests: Vec<Request>,
    /// Ask for those before it; none when these are all.
    next: Option<i64>,
}

pub(super) async fn sums(
    State(state): State<Shared>,
    caller: Caller,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, Refusal> {
    let Wanted { by, from_ms, to_ms, scope, id } = wanted;
    let filter = filter(&state, &caller, Span { from_ms, to_ms, scope, id })?;
    let lines = state.gateway.books.ledger().usage(filter, by).await?;
    Ok(shown(lines.into_iter().map(Shown::from).collect::<Vec<_>>()))
}

pub(super) async fn sessions(
    State(state): State<Shared>,
    caller: Caller,
    Asked(wanted): Asked<Span>,
) -> Result<Response, Refusal> {
    let filter = filter(&state, &caller, wanted)?;
    let it = state.gateway.books.ledger().sessions(filter).await?;
    Ok(shown(Together {
        sessions: it.sessions,
        requests: it.requests,
        tokens: it.tokens,
        cost: Dollars(it.cost_nano),
        lasted_ms: it.lasted_ms,
    }))
}

pub(super) async fn last(
    State(state): State<Shared>,
    caller: Caller,
    Asked(wanted): Asked<Last>,
) -> Result<Response, Refusal> {
    let Last { before, most, scope, id } = wanted;
    let scope = whose(&state, &caller, (scope, id), Deed::SeeAllUsage)?;
    let most = most.unwrap_or(50).clamp(1, MOST);
    let listed = state.gateway.books.ledger().last_of(scope, before, most).await?;
    let full = u32::try_from(listed.len()).is_ok_and(|it| it == most);
    let next = listed.last().filter(|_| full).map(|it| it.number);
    let requests = listed.into_iter().map(Request::from).collect();
    Ok(shown(Requests { requests, next }))
}

pub(super) async fn export(
    State(state): State<Shared>,
    caller: Caller,
    Asked(wanted): Asked<Span>,
) -> Result<Response, Refusal> {
    let Span { from_ms, to_ms, scope, id } = wanted;
    let scope = whose(&state, &caller, (scope, id), Deed::ExportLedger)?;
    let (from_ms, to_ms) = (from_ms.unwrap_or_default(), to_ms.unwrap_or(u64::MAX));
    let rows = state.gateway.books.ledger().export_of(scope, from_ms, to_ms);
    tracing::info!(by = caller.who().actor, "the ledger is exported");
    // A reader who gets less than all sees a broken transfer, never a shorter table.
    let mut response = Response::new(Body::from_stream(rows));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let name = HeaderValue::from_static("attachment; filename=\"easel-usage.csv\"");
    headers.insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
}

/// Returns of what somebody wants to see sums.
fn filter(state: &Shared, caller: &Caller, span: Span) -> Result<Filter, Refusal> {
    let scope = whose(state, caller, (span.scope, span.id), Deed::SeeAllUsage)?;
    let from_ms = span.from_ms.unwrap_or_else(|| now_ms().saturating_sub(UNSAID_MS));
    Ok(Filter { from_ms, to_ms: span.to_ms.unwrap_or_default(), scope })
}

/// Returns whose usage is shown; none is everybody's.
pub(super) fn whose(
    state: &Shared,
    caller: &Caller,
    asked: (Option<String>, Option<String>),
    deed: Deed,
) -> Result<Option<Scope>, Refusal> {
    let scope = match asked {
        (Some(scope), Some(id)) => Some(caps::named(&scope, &id)?),
        (None, None) => caller.person().map(Scope::Person),
        (Some(_), None) | (None, Some(_)) => {
            return Err(bad("`scope` and `id` belong together"));
        }
    };
    match scope {
        Some(scope) if !caller.may_see(&state.accounts.directory(), scope, deed) => {
            Err(if caller.is_installation() { super::not_there("scope") } else { not_allowed() })
        }
        Some(_) | None => Ok(scope),
    }
}

impl From<Line> for Shown {
    fn from(line: Line) -> Self {
        let Line { of, name, sums: it } = line;
        Self {
            of,
            name,
            requests: it.requests,
            failed: it.failed,
            estimated: it.estimated,
            unpriced: it.unpriced,
            tokens: (&it).into(),
            cost: Dollars(it.cost_nano),
            ms: it.ms,
            secs: it.secs,
        }
    }
}

impl From<&Sums> for Tokens {
    fn from(it: &Sums) -> Self {
        Self {
            input: it.input_tokens,
            cache_read: it.cache_read_tokens,
            cache_write: it.cache_write_tokens,
            cache_write_long: it.cache_write_long_tokens,
            audio_input: it.audio_input_tokens,
            output: it.output_tokens,
            reasoning: it.reasoning_tokens,
            audio_output: it.audio_output_tokens,
        }
    }
}

impl From<Listed> for Request {
    fn from(it: Listed) -> Self {
        let (row, used) = (it.row, it.row.usage);
        Self {
            number: it.number,
            at_ms: row.at_ms,
            key: row.key.0,
            key_name: it.key_name,
            model: it.model_name,
            status: row.status,
            operation: row.operation.name(),
            tokens: Tokens {
                input: used.input_tokens.into(),
                cache_read: used.cache_read_tokens.into(),
                cache_write: used.cache_write_tokens.into(),
                cache_write_long: used.cache_write_long_tokens.into(),
                audio_input: used.audio_input_tokens.into(),
                output: used.output_tokens.into(),
                reasoning: used.reasoning_tokens.into(),
                audio_output: used.audio_output_tokens.into(),
            },
            cost: used.cost_nano.map(Dollars),
            estimated: used.estimated,
            ms: row.ms,
            request: row.request.to_string(),
        }
    }
}
