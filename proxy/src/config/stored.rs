//! `[store]` and `[accounts]`: where data lies, who shares it, and what each may use by default.
//!
//! It opens nothing.

use std::num::NonZeroU32;

use serde::Deserialize;
use toml::Spanned;

use super::{BadConfig, source::Source};
use crate::{
    accounts::Post,
    bill::Defaults,
    keys::Secret,
    ledger::{HOUR_MS, Retention},
};

/// Where data lies, and for whom.
#[derive(Debug, Clone)]
pub struct Stored {
    /// A database that several instances share; else there is a file in the data folder.
    pub postgres: Option<Secret>,
    /// Counters that several instances share; else each counts for itself.
    pub redis: Option<Secret>,
    /// Several people use it and sign in.
    pub shared: bool,
    /// Requests come through a proxy of the owner's, whose `X-Forwarded-For` is true.
    pub behind_proxy: bool,
    pub post: Post,
    pub defaults: Defaults,
    pub retention: Retention,
}

impl Stored {
    /// What differs between two databases, or counters.
    pub(crate) fn place(&self) -> (&Option<Secret>, &Option<Secret>) {
        (&self.postgres, &self.redis)
    }
}

impl Default for Stored {
    /// For one person on one machine.
    fn default() -> Self {
        Self {
            postgres: None,
            redis: None,
            shared: false,
            behind_proxy: false,
            post: Post::Log,
            defaults: Defaults::default(),
            retention: Retention::default(),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Store {
    address: Option<Secret>,
    address_env: Option<Spanned<String>>,
    redis: Option<Secret>,
    redis_env: Option<Spanned<String>>,
    keep_days: Option<Spanned<u64>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Accounts {
    shared: bool,
    behind_proxy: bool,
    mail_server: Option<Spanned<Secret>>,
    mail_server_env: Option<Spanned<String>>,
    mail_from: Option<Spanned<String>>,
    person_per_hour: Option<Spanned<u32>>,
    project_per_hour: Option<Spanned<u32>>,
    session_messages: Option<u64>,
    session_tokens: Option<u64>,
}

/// A year of a ledger is the longest that anybody was seen to keep; ten are the most here.
const MOST_DAYS: u64 = 3660;

pub(super) fn read(
    source: &Source<'_>,
    store: Store,
    accounts: Accounts,
) -> Result<Stored, BadConfig> {
    let Store { address, address_env, redis, redis_env, keep_days } = store;
    let retention = match keep_days {
        None => Retention::default(),
        Some(days) if (1..=MOST_DAYS).contains(days.get_ref()) => {
            Retention { rows_ms: days.get_ref() * 24 * HOUR_MS }
        }
        Some(days) => {
            let what = format!("`{}` is not from 1 to {MOST_DAYS}", days.get_ref());
            return Err(source.bad(days.span().start, what));
        }
    };
    let shared = accounts.shared;
    let base = if shared { Defaults::SHARED } else { Defaults::default() };
    let rate = |own: Option<Spanned<u32>>, default: Option<NonZeroU32>| match own {
        None => Ok(default),
        Some(most) => match NonZeroU32::new(*most.get_ref()) {
            Some(most) => Ok(Some(most)),
            None => Err(source.bad(most.span().start, "`0` would let nothing through".to_owned())),
        },
    };
    let defaults = Defaults {
        person_per_hour: rate(accounts.person_per_hour, base.person_per_hour)?,
        project_per_hour: rate(accounts.project_per_hour, base.project_per_hour)?,
        session_messages: accounts.session_messages.or(base.session_messages),
        session_tokens: accounts.session_tokens.or(base.session_tokens),
        everybody: None,
    };
    let at = accounts.mail_server.as_ref().map(|it| it.span().start);
    let at = at.or_else(|| accounts.mail_server_env.as_ref().map(|it| it.span().start));
    let server = accounts.mail_server.map(Spanned::into_inner);
    let server = source.secret(server, accounts.mail_server_env.as_ref())?;
    let post = match (server, accounts.mail_from) {
        (None, _) => Post::Log,
        (Some(_), None) => {
            let what = "mail needs a sender; write `mail-from`".to_owned();
            return Err(source.bad(at.unwrap_or_default(), what));
        }
        (Some(server), Some(from)) => Post::mail(server.expose(), from.get_ref())
            .map_err(|err| source.bad(at.unwrap_or_default(), err.to_string()))?,
    };
    Ok(Stored {
        postgres: source.secret(address, address_env.as_ref())?,
        redis: source.secret(redis, redis_env.as_ref())?,
        shared,
        behind_proxy: accounts.behind_proxy,
        post,
        defaults,
        retention,
    })
}
