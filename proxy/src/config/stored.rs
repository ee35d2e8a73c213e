//! `[store]` and `[accounts]`: where data lies, who shares it, and what each may use by default.
//!
//! It opens nothing.

use std::num::NonZeroU32;

use serde::Deserialize;
use toml::Spanned;

use super::{BadConfig, shown, source::Source};
use crate::{
    accounts::Post,
    bill::Defaults,
    budget::Redis,
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
    address: Option<Spanned<Secret>>,
    address_env: Option<Spanned<String>>,
    redis: Option<Spanned<Secret>>,
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
    let server = source.secret(server, "mail-server-env", accounts.mail_server_env.as_ref())?;
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
        postgres: place(source, ("address", address), ("address-env", address_env), database)?,
        redis: place(source, ("redis", redis), ("redis-env", redis_env), counters)?,
        shared,
        behind_proxy: accounts.behind_proxy,
        post,
        defaults,
        retention,
    })
}

/// Returns the address of a server that stands in the file or in a variable that the file names.
fn place(
    source: &Source<'_>,
    (field, given): (&str, Option<Spanned<Secret>>),
    (field_env, variable): (&str, Option<Spanned<String>>),
    check: fn(&str) -> Result<(), String>,
) -> Result<Option<Secret>, BadConfig> {
    let (at, holder) = match (&variable, &given) {
        (Some(it), _) => {
            let name = shown::variable(it.get_ref(), field_env);
            (it.span().start, format!("the variable {name}"))
        }
        (None, Some(it)) => (it.span().start, format!("`{field}`")),
        (None, None) => return Ok(None),
    };
    let address = source.secret(given.map(Spanned::into_inner), field_env, variable.as_ref())?;
    if let Some(address) = &address {
        check(address.expose()).map_err(|what| source.bad(at, format!("{holder} {what}")))?;
    }
    Ok(address)
}

/// Says what is wrong with the address of a database, which may hold a password.
pub(super) fn database(address: &str) -> Result<(), String> {
    match address.split_once("://") {
        Some(("postgres" | "postgresql", rest)) if !rest.is_empty() => Ok(()),
        found => {
            let begins = begins(found.map(|it| it.0));
            Err(format!(
                "{begins}; a database's address is like postgres://user:password@host/name"
            ))
        }
    }
}

fn counters(address: &str) -> Result<(), String> {
    if Redis::is_address(address) {
        return Ok(());
    }
    let begins = begins(address.split_once("://").map(|it| it.0));
    Err(format!("{begins}; an address of Redis is like redis://127.0.0.1:6379/0"))
}

fn begins(scheme: Option<&str>) -> String {
    let known = scheme.filter(|it| it.bytes().all(|it| it.is_ascii_lowercase() || it == b'+'));
    match known.filter(|it| it.len() <= 12) {
        Some(scheme) => format!("begins with `{scheme}://`"),
        None => "holds no address".to_owned(),
    }
}
