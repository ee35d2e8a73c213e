//! `[relays]` and `[mcp.NAME]` of `easel.toml`: what the proxy may fetch, and whose tools it reaches.
//!
//! Nothing is asked and nothing is started here.

use std::{collections::BTreeMap, time::Duration};

use http::HeaderName;
use serde::Deserialize;
use toml::Spanned;
use url::Url;

use super::{BadConfig, is_id, shown, source::Source};
use crate::{
    keys::Secret,
    outbound::{OwnHost, Pattern, Policy, is_login},
};

/// Where people keep repositories. A list in the file takes the place of this one.
pub const GIT_HOSTS: [&str; 24] = [
    "github.com",
    "gist.github.com",
    "gitlab.com",
    "codeberg.org",
    "bitbucket.org",
    "git.sr.ht",
    "gitea.com",
    "gitee.com",
    "dev.azure.com",
    "*.visualstudio.com",
    "huggingface.co",
    "*.googlesource.com",
    "git.kernel.org",
    "git.savannah.gnu.org",
    "salsa.debian.org",
    "gitlab.gnome.org",
    "gitlab.freedesktop.org",
    "invent.kde.org",
    "framagit.org",
    "notabug.org",
    "opendev.org",
    "pagure.io",
    "git.launchpad.net",
    "repo.or.cz",
];

/// Larger than most repositories, smaller than most disks.
const GIT_LIMIT_MB: u32 = 1024;

/// Starting again costs a client its session.
pub(super) const SERVER_IDLE_SECS: u32 = 900;

/// What the proxy fetches for the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relays {
    pub git: Policy,
    pub git_limit_bytes: u64,
    pub fetch: Policy,
    pub servers: BTreeMap<String, Server>,
}

/// A server of tools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Server {
    At {
        url: Url,
        headers: Vec<(HeaderName, Secret)>,
    },
    /// One process for each session.
    Program {
        command: String,
        args: Vec<String>,
        env: Vec<(String, Secret)>,
        /// Without a client for so long, it is ended.
        idle: Duration,
    },
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct RelaysToml {
    git_hosts: Option<Vec<Spanned<String>>>,
    fetch_hosts: Option<Vec<Spanned<String>>>,
    private_hosts: Vec<Spanned<String>>,
    git_limit_mb: Option<Spanned<u32>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ServerToml {
    url: Option<Spanned<String>>,
    /// Variables that hold the values of headers.
    #[serde(default)]
    header_env: BTreeMap<Spanned<String>, Spanned<String>>,
    /// The variable that holds a bearer token.
    key_env: Option<Spanned<String>>,
    command: Option<Spanned<String>>,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    env: BTreeMap<String, Secret>,
    /// Variables that the program gets from the proxy's own environment.
    #[serde(default)]
    env_pass: Vec<Spanned<String>>,
    idle_secs: Option<u32>,
}

impl Default for Relays {
    fn default() -> Self {
        let list = |hosts: &[&str]| hosts.iter().flat_map(|it| Pattern::parse(it)).collect();
        Self {
            git: Policy { hosts: list(&GIT_HOSTS), ..Policy::default() },
            git_limit_bytes: u64::from(GIT_LIMIT_MB) << 20,
            fetch: Policy { hosts: list(&["*"]), ..Policy::default() },
            servers: BTreeMap::new(),
        }
    }
}

pub(super) fn read(
    source: &Source<'_>,
    relays: RelaysToml,
    servers: BTreeMap<Spanned<String>, ServerToml>,
) -> Result<Relays, BadConfig> {
    let mut read = Relays::default();
    if let Some(hosts) = relays.git_hosts {
        read.git.hosts = each(source, "git-hosts", hosts, Pattern::parse)?;
    }
    if let Some(hosts) = relays.fetch_hosts {
        read.fetch.hosts = each(source, "fetch-hosts", hosts, Pattern::parse)?;
    }
    let private = each(source, "private-hosts", relays.private_hosts, OwnHost::parse)?;
    read.git.private.clone_from(&private);
    read.fetch.private = private;
    read.git.bounds = source.bounds.clone();
    read.fetch.bounds = source.bounds.clone();
    if let Some(limit_mb) = relays.git_limit_mb {
        if *limit_mb.get_ref() == 0 {
            let what = "`0` would let no repository through".to_owned();
            return Err(source.bad(limit_mb.span().start, what));
        }
        read.git_limit_bytes = u64::from(*limit_mb.get_ref()) << 20;
    }
    for (name, toml) in servers {
        let server = server(source, &name, toml)?;
        read.servers.insert(name.into_inner(), server);
    }
    Ok(read)
}

fn server(
    source: &Source<'_>,
    name: &Spanned<String>,
    toml: ServerToml,
) -> Result<Server, BadConfig> {
    let bad = |what: &str| {
        let name_of = shown::value(name.get_ref(), "mcp");
        source.bad(name.span().start, format!("{name_of} {what}"))
    };
    if !is_id(name.get_ref()) {
        return Err(bad("is no name for a server: use small letters, digits and `-`"));
    }
    let variable = |field: &str, name: &Spanned<String>| {
        source.variable(name.span().start, field, name.get_ref())
    };
    match (toml.url, toml.command) {
        (Some(url), None) => {
            if !(toml.args.is_empty() && toml.env.is_empty() && toml.env_pass.is_empty())
                || toml.idle_secs.is_some()
            {
                return Err(bad(
                    "has a `url`; `args`, `env`, `env-pass` and `idle-secs` are for a `command`",
                ));
            }
            let address =
                address(url.get_ref()).map_err(|what| source.bad(url.span().start, what))?;
            source.within("url", &url)?;
            let mut headers = source.headers(&toml.header_env)?;
            if let Some(from) = &toml.key_env {
                let value = format!("Bearer {}", variable("key-env", from)?.trim());
                headers.push((http::header::AUTHORIZATION, source.sendable(from, value)?));
            }
            Ok(Server::At { url: address, headers })
        }
        (None, Some(command)) => {
            if !toml.header_env.is_empty() || toml.key_env.is_some() {
                return Err(bad("has a `command`; `header-env` and `key-env` are for a `url`"));
            }
            if command.get_ref().trim().is_empty() {
                return Err(source.bad(command.span().start, "there is no command".to_owned()));
            }
            let mut values: BTreeMap<String, Secret> = toml.env;
            for from in toml.env_pass {
                let value = Secret::new(variable("env-pass", &from)?);
                values.insert(from.into_inner(), value);
            }
            let plain = |it: &&String| it.is_empty() || it.contains(['=', '\0']);
            if values.keys().any(|it| plain(&it)) {
                return Err(bad("sets a variable whose name is empty or holds `=`"));
            }
            let env = values.into_iter().collect();
            let idle = Duration::from_secs(toml.idle_secs.unwrap_or(SERVER_IDLE_SECS).into());
            Ok(Server::Program { command: command.into_inner(), args: toml.args, env, idle })
        }
        (Some(_), Some(_)) | (None, None) => Err(bad("needs either a `url` or a `command`")),
    }
}

fn address(text: &str) -> Result<Url, String> {
    let parsed = Url::parse(text).ok();
    let parsed = parsed.filter(|it| matches!(it.scheme(), "http" | "https") && it.has_host());
    match parsed {
        // What it holds is not repeated.
        Some(url) if is_login(&url) => {
            Err("this address holds a name or a password; give them with `header-env`".to_owned())
        }
        Some(url) => Ok(url),
        None => Err(format!(
            "{} is no address of a server: it must begin with http:// or https://",
            shown::address(text, "url")
        )),
    }
}

pub(super) fn each<T>(
    source: &Source<'_>,
    field: &str,
    values: Vec<Spanned<String>>,
    read: fn(&str) -> Result<T, &'static str>,
) -> Result<Vec<T>, BadConfig> {
    let one = |value: Spanned<String>| {
        read(value.get_ref()).map_err(|what| {
            let shown = shown::address(value.get_ref(), field);
            source.bad(value.span().start, format!("{shown} {what}"))
        })
    };
    values.into_iter().map(one).collect()
}
