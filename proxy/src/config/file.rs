//! `easel.toml`, read strictly: an unknown name or a wrong value is told with its line.

use std::{
    collections::BTreeMap,
    fs,
    io::ErrorKind,
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use providers::endpoint;
use serde::Deserialize;
use toml::Spanned;
use wire::ProviderKind;

use super::{BadConfig, Endpoint, is_id};
use crate::{
    catalogue::{Group, Groups, Weighted},
    keys::Secret,
};

/// A model may think for minutes without a byte.
const IDLE_SECS: u64 = 300;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct Toml {
    host: Option<IpAddr>,
    port: Option<u16>,
    site: Option<PathBuf>,
    scripts: Option<PathBuf>,
    hosts: Vec<Spanned<String>>,
    origins: Vec<Spanned<String>>,
    idle_timeout_secs: Option<Spanned<u64>>,
    providers: BTreeMap<Spanned<String>, Provider>,
    models: BTreeMap<Spanned<String>, Model>,
}

/// A name of the person's own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Model {
    lanes: Vec<Lane>,
    #[serde(default)]
    fallbacks: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Lane {
    Plain(String),
    Weighted { model: String, weight: u32 },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Provider {
    kind: Spanned<ProviderKind>,
    base_url: Spanned<String>,
    #[serde(default)]
    key: Option<Secret>,
    /// The variable that holds the key.
    #[serde(default)]
    key_env: Option<Spanned<String>>,
    #[serde(default)]
    models: Vec<String>,
}

/// What the file says, checked.
#[derive(Debug)]
pub(super) struct File {
    pub(super) host: Option<IpAddr>,
    pub(super) port: Option<u16>,
    pub(super) site: Option<PathBuf>,
    pub(super) scripts: Option<PathBuf>,
    pub(super) hosts: Vec<String>,
    pub(super) origins: Vec<String>,
    pub(super) idle: Duration,
    pub(super) endpoints: Vec<Endpoint>,
    pub(super) groups: Groups,
}

/// Reads the named file, or the data folder's if there is one.
pub(super) fn read(
    named: Option<&Path>,
    data: &Path,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<File, BadConfig> {
    let path = named.map_or_else(|| data.join("easel.toml"), Path::to_owned);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(err) if err.kind() == ErrorKind::NotFound && named.is_none() => String::new(),
        Err(err) => {
            let what = format!("cannot be read: {err}");
            return Err(BadConfig { place: path.display().to_string(), what });
        }
    };
    parse(&Source { path: &path, text: &text }, env)
}

struct Source<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Source<'_> {
    fn bad(&self, at: usize, what: String) -> BadConfig {
        let line = self.text.get(..at).map_or(1, |it| it.matches('\n').count() + 1);
        BadConfig { place: format!("{}, line {line}", self.path.display()), what }
    }

    /// Describes a syntax error without the line's text, which may be the one with the key.
    fn unreadable(&self, err: &toml::de::Error) -> BadConfig {
        let at = err.span().map_or(0, |it| it.start);
        self.bad(at, err.message().to_owned())
    }
}

fn parse(source: &Source<'_>, env: &dyn Fn(&str) -> Option<String>) -> Result<File, BadConfig> {
    let toml: Toml = toml::from_str(source.text).map_err(|err| source.unreadable(&err))?;
    let base = source.path.parent().unwrap_or(Path::new("."));
    let mut endpoints = Vec::new();
    for (id, provider) in toml.providers {
        endpoints.push(endpoint(source, &id, provider, env)?);
    }
    let idle_secs = match &toml.idle_timeout_secs {
        Some(secs) if *secs.get_ref() == 0 => {
            return Err(source.bad(secs.span().start, "`0` would end every stream".to_owned()));
        }
        Some(secs) => *secs.get_ref(),
        None => IDLE_SECS,
    };
    Ok(File {
        host: toml.host,
        port: toml.port,
        site: toml.site.map(|it| base.join(it)),
        scripts: toml.scripts.map(|it| base.join(it)),
        hosts: each(source, toml.hosts, host)?,
        origins: each(source, toml.origins, origin)?,
        idle: Duration::from_secs(idle_secs),
        groups: groups(source, toml.models)?,
        endpoints,
    })
}

fn endpoint(
    source: &Source<'_>,
    id: &Spanned<String>,
    provider: Provider,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Endpoint, BadConfig> {
    if !is_id(id.get_ref()) {
        let what = format!(
            "`{}` is no name for a provider: use small letters, digits, `-`, and not `script`",
            id.get_ref()
        );
        return Err(source.bad(id.span().start, what));
    }
    let address = provider.base_url;
    let base_url = endpoint::parse(address.get_ref()).map_err(|err| {
        let what = format!("`{}` is no address of a provider: {err}", address.get_ref());
        source.bad(address.span().start, what)
    })?;
    let key = match &provider.key_env {
        Some(variable) => Some(Secret::new(env(variable.get_ref()).ok_or_else(|| {
            let what = format!("the variable `{}` is not set", variable.get_ref());
            source.bad(variable.span().start, what)
        })?)),
        None => provider.key,
    };
    let kind = *provider.kind.get_ref();
    if kind == ProviderKind::Script {
        let what = "`script` is built in; give scripts with `scripts`".to_owned();
        return Err(source.bad(provider.kind.span().start, what));
    }
    Ok(Endpoint { id: id.get_ref().clone(), kind, base_url, key, models: provider.models })
}

fn groups(
    source: &Source<'_>,
    models: BTreeMap<Spanned<String>, Model>,
) -> Result<Groups, BadConfig> {
    let mut groups = Groups::new();
    for (name, model) in models {
        let mut lanes = Vec::new();
        for lane in model.lanes {
            let (model, weight) = match lane {
                Lane::Plain(model) => (model, 1),
                Lane::Weighted { model, weight } => (model, weight),
            };
            if !model.contains('/') {
                let what = format!("`{model}` is no lane: write it as `provider/model`");
                return Err(source.bad(name.span().start, what));
            }
            lanes.push(Weighted { model, weight });
        }
        if lanes.iter().all(|it| it.weight == 0) && model.fallbacks.is_empty() {
            let what = format!("`{}` has no lane", name.get_ref());
            return Err(source.bad(name.span().start, what));
        }
        groups.insert(name.into_inner(), Group { lanes, fallbacks: model.fallbacks });
    }
    Ok(groups)
}

fn each(
    source: &Source<'_>,
    values: Vec<Spanned<String>>,
    read: fn(&str) -> Result<String, &'static str>,
) -> Result<Vec<String>, BadConfig> {
    let one = |value: Spanned<String>| {
        read(value.get_ref())
            .map_err(|what| source.bad(value.span().start, format!("`{}` {what}", value.get_ref())))
    };
    values.into_iter().map(one).collect()
}

fn host(text: &str) -> Result<String, &'static str> {
    let fine = |it: char| it.is_ascii_alphanumeric() || matches!(it, '.' | '-' | ':' | '[' | ']');
    if text.is_empty() || !text.chars().all(fine) {
        return Err("is no host: write it as in `easel.example.org` or `box.local:9595`");
    }
    Ok(text.to_ascii_lowercase())
}

fn origin(text: &str) -> Result<String, &'static str> {
    match endpoint::parse(text) {
        Ok(address) if endpoint::origin(&address) == address => Ok(address),
        Ok(_) | Err(_) => Err("is no origin: write it as in `https://easel.example.org`"),
    }
}
