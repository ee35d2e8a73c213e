//! `[[filters]]`, `[webhook]` and `[tls]`.

use std::{path::PathBuf, time::Duration};

use serde::Deserialize;
use toml::Spanned;

use super::{BadConfig, Tls, shown, source::Source};
use crate::{
    filters::{Action, Kind, On, Rule, Sketch},
    hook,
    keys::Secret,
};

/// Each is a pass over every text.
pub(super) const FILTERS_LIMIT: usize = 100;

const MOST_WAIT_MS: u64 = 30_000;
const USUAL_WAIT_MS: u64 = 1_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct FilterRow {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    on: Option<OnWord>,
    #[serde(default)]
    models: Vec<String>,
    #[serde(default)]
    keywords: Vec<String>,
    #[serde(default)]
    pattern: Option<Spanned<String>>,
    #[serde(default)]
    kinds: Vec<Spanned<String>>,
    action: ActionWord,
    #[serde(default)]
    mask: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum OnWord {
    Requests,
    Replies,
    Both,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ActionWord {
    Block,
    Mask,
    Log,
}

pub(super) fn filter(
    source: &Source<'_>,
    n: usize,
    row: &Spanned<FilterRow>,
) -> Result<Rule, BadConfig> {
    let (start, row) = (row.span().start, row.get_ref());
    if n >= FILTERS_LIMIT {
        return Err(source.bad(start, format!("there are more than {FILTERS_LIMIT} filters")));
    }
    if row.keywords.is_empty() && row.pattern.is_none() && row.kinds.is_empty() {
        let what = "a filter needs `keywords`, a `pattern` or `kinds`";
        return Err(source.bad(start, what));
    }
    let mut kinds = Vec::new();
    for word in &row.kinds {
        let kind = Kind::from_word(word.get_ref()).ok_or_else(|| {
            let known: Vec<_> = Kind::ALL.into_iter().map(Kind::word).collect();
            let what = format!("`{}` is no kind: {}", word.get_ref(), known.join(", "));
            source.bad(word.span().start, what)
        })?;
        kinds.push(kind);
    }
    let sketch = Sketch {
        name: row.name.clone().unwrap_or_else(|| format!("filter-{}", n + 1)),
        on: match row.on {
            Some(OnWord::Requests) => On::Requests,
            Some(OnWord::Replies) => On::Replies,
            Some(OnWord::Both) | None => On::Both,
        },
        models: row.models.clone(),
        keywords: row.keywords.clone(),
        pattern: row.pattern.as_ref().map(|it| it.get_ref().clone()),
        kinds,
        action: match row.action {
            ActionWord::Block => Action::Block,
            ActionWord::Mask => Action::Mask,
            ActionWord::Log => Action::Log,
        },
        mask: row.mask.clone(),
    };
    Rule::new(sketch).map_err(|err| match &row.pattern {
        Some(pattern) => source.bad(pattern.span().start, format!("`{}` {err}", pattern.get_ref())),
        None => source.bad(start, format!("the keywords: {err}")),
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WebhookRow {
    url: Spanned<String>,
    #[serde(default)]
    secret: Option<Secret>,
    #[serde(default)]
    secret_env: Option<Spanned<String>>,
    events: Vec<Spanned<String>>,
    #[serde(default)]
    timeout_ms: Option<Spanned<u64>>,
    /// When it does not answer, requests are refused.
    #[serde(default)]
    fail_closed: bool,
    /// What was asked is told, too.
    #[serde(default)]
    prompts: bool,
}

pub(super) fn webhook(source: &Source<'_>, row: WebhookRow) -> Result<hook::Settings, BadConfig> {
    let at = row.url.span().start;
    source.address("url", "a webhook", &row.url)?;
    let address = row.url.get_ref().parse().map_err(|err: http::uri::InvalidUri| {
        let shown = shown::address(row.url.get_ref(), "url");
        source.bad(at, format!("{shown} is no address of a webhook: {err}"))
    })?;
    let (mut before, mut after) = (false, false);
    for event in &row.events {
        match event.get_ref().as_str() {
            "before" => before = true,
            "after" => after = true,
            other => {
                let what = format!("`{other}` is no event: before, after");
                return Err(source.bad(event.span().start, what));
            }
        }
    }
    let wait_ms = match &row.timeout_ms {
        None => USUAL_WAIT_MS,
        Some(it) if (1..=MOST_WAIT_MS).contains(it.get_ref()) => *it.get_ref(),
        Some(it) => {
            let what =
                format!("`{}` is out of bounds: it goes from 1 to {MOST_WAIT_MS}", it.get_ref());
            return Err(source.bad(it.span().start, what));
        }
    };
    let Some(secret) = source.secret(row.secret, "secret-env", row.secret_env.as_ref())? else {
        let what = "a webhook needs `secret-env`: with it, calls are signed";
        return Err(source.bad(at, what));
    };
    Ok(hook::Settings {
        address,
        secret,
        before,
        after,
        wait: Duration::from_millis(wait_ms),
        fail_closed: row.fail_closed,
        prompts: row.prompts,
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct TlsRow {
    certificate: Spanned<PathBuf>,
    key: Spanned<PathBuf>,
}

/// What the files hold is read at the start.
pub(super) fn tls(source: &Source<'_>, row: &TlsRow) -> Result<Tls, BadConfig> {
    Ok(Tls {
        certificate: source.file("certificate", &row.certificate)?,
        key: source.file("key", &row.key)?,
    })
}
