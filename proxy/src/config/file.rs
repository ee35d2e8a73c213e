//! `easel.toml`, read strictly: an unknown name or a wrong value is told with its line.

use std::{
    collections::BTreeMap,
    fs,
    io::ErrorKind,
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use providers::{endpoint, prices::Prices};
use serde::Deserialize;
use toml::Spanned;
use wire::ProviderKind;

use super::{
    BadConfig, Budget, Endpoint, Limits, Tls, guards, is_id, limits, litellm,
    relays::{self, Relays, RelaysToml, ServerToml, each},
    source::Source,
    stored::{self, Stored},
    telemetry::{self, Telemetry},
};
use crate::{
    catalogue::{Group, Groups},
    filters::Filters,
    hook,
    keys::Secret,
    lanes::{Lane, LaneLimits, Strategy, Weighted},
};

/// A model may think for minutes without a byte.
pub(super) const IDLE_SECS: u64 = 300;

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
    relays: RelaysToml,
    mcp: BTreeMap<Spanned<String>, ServerToml>,
    store: stored::Store,
    accounts: stored::Accounts,
    telemetry: telemetry::Toml,
    prices: Vec<limits::PriceRow>,
    limits: limits::Section,
    filters: Vec<Spanned<guards::FilterRow>>,
    webhook: Option<guards::WebhookRow>,
    tls: Option<guards::TlsRow>,
    clients: BTreeMap<String, KeyRow>,
    budget: Option<limits::BudgetRow>,
}

/// A key that a program may use at `/v1`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct KeyRow {
    #[serde(default)]
    key: Option<Secret>,
    #[serde(default)]
    key_env: Option<Spanned<String>>,
}

/// A name of the person's own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Model {
    lanes: Vec<Spanned<LaneRow>>,
    #[serde(default)]
    strategy: Strategy,
    #[serde(default)]
    fallbacks: Vec<String>,
    /// Of each lane.
    #[serde(default)]
    retries: Option<Spanned<u64>>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a lane is `provider/model`, or `{ model, weight, rpm, tpm }`")]
enum LaneRow {
    Plain(String),
    Weighted(WeightedRow),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WeightedRow {
    model: String,
    #[serde(default = "one")]
    weight: u32,
    /// Requests that it bears in a minute.
    rpm: Option<u64>,
    /// Tokens that it bears in a minute.
    tpm: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Provider {
    kind: Spanned<ProviderKind>,
    base_url: Spanned<String>,
    #[serde(default)]
    key: Option<Secret>,
    /// The variable that holds the key; of several, the values with colons between them.
    #[serde(default)]
    key_env: Option<Spanned<Variables>>,
    /// A file that holds the key, or the variable with its name.
    #[serde(default)]
    key_file: Option<Spanned<PathBuf>>,
    #[serde(default)]
    key_file_env: Option<Spanned<String>>,
    #[serde(default)]
    models: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Variables {
    One(String),
    Several(Vec<String>),
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
    pub(super) relays: Relays,
    pub(super) stored: Stored,
    pub(super) prices: Prices,
    pub(super) limits: Limits,
    pub(super) filters: Filters,
    pub(super) webhook: Option<hook::Settings>,
    pub(super) tls: Option<Tls>,
    pub(super) clients: Vec<(String, Secret)>,
    pub(super) budget: Option<Budget>,
    pub(super) notes: Vec<BadConfig>,
    pub(super) telemetry: Telemetry,
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
    if litellm::is_yaml(&path) {
        let imported = litellm::convert(&path, &text)?;
        let (toml, lines) = (&imported.toml, &*imported.lines);
        let mut file = parse(&Source { path: &path, text: toml, lines, env })?;
        file.notes = imported.notes;
        return Ok(file);
    }
    parse(&Source { path: &path, text: &text, lines: &[], env })
}

fn parse(source: &Source<'_>) -> Result<File, BadConfig> {
    let toml: Toml = toml::from_str(source.text).map_err(|err| source.unreadable(&err))?;
    let base = source.path.parent().unwrap_or(Path::new("."));
    let mut endpoints = Vec::new();
    for (id, provider) in toml.providers {
        endpoints.push(endpoint(source, &id, provider)?);
    }
    let (limits, idle) = limits::read(source, &toml.limits, toml.idle_timeout_secs.as_ref())?;
    let prices = toml.prices.iter().map(|it| limits::price(source, it));
    let prices = Prices::new(prices.collect::<Result<_, _>>()?);
    let filters = toml.filters.iter().enumerate();
    let filters = filters.map(|(n, it)| guards::filter(source, n, it));
    let filters = Filters::new(filters.collect::<Result<_, _>>()?);
    let webhook = toml.webhook.map(|it| guards::webhook(source, it)).transpose()?;
    Ok(File {
        host: toml.host,
        port: toml.port,
        site: toml.site.map(|it| base.join(it)),
        scripts: toml.scripts.map(|it| base.join(it)),
        hosts: each(source, toml.hosts, host)?,
        origins: each(source, toml.origins, origin)?,
        idle,
        groups: groups(source, toml.models)?,
        stored: stored::read(source, toml.store, toml.accounts)?,
        telemetry: telemetry::read(source, toml.telemetry)?,
        relays: relays::read(source, toml.relays, toml.mcp)?,
        endpoints,
        prices,
        limits,
        filters,
        webhook,
        tls: toml.tls.map(|it| guards::tls(base, &it)),
        clients: clients(source, toml.clients)?,
        budget: toml.budget.map(|it| limits::budget(source, &it)).transpose()?,
        notes: Vec::new(),
    })
}

fn endpoint(
    source: &Source<'_>,
    id: &Spanned<String>,
    provider: Provider,
) -> Result<Endpoint, BadConfig> {
    if !is_id(id.get_ref()) {
        let what = format!(
            "`{}` is no name for a provider: use small letters, digits, `-`, and not `script`",
            id.get_ref()
        );
        return Err(source.bad(id.span().start, what));
    }
    let key = key(source, &provider)?;
    let address = provider.base_url;
    let base_url = endpoint::parse(address.get_ref()).map_err(|err| {
        let what = format!("`{}` is no address of a provider: {err}", address.get_ref());
        source.bad(address.span().start, what)
    })?;
    let kind = *provider.kind.get_ref();
    if kind == ProviderKind::Script {
        let what = "`script` is built in; give scripts with `scripts`".to_owned();
        return Err(source.bad(provider.kind.span().start, what));
    }
    Ok(Endpoint { id: id.get_ref().clone(), kind, base_url, key, models: provider.models })
}

fn key(source: &Source<'_>, provider: &Provider) -> Result<Option<Secret>, BadConfig> {
    let variable = |at: usize, name: &str| source.variable(at, name);
    if let Some(names) = &provider.key_env {
        let at = names.span().start;
        let parts = match names.get_ref() {
            Variables::One(name) => vec![variable(at, name)?],
            Variables::Several(names) => {
                names.iter().map(|it| variable(at, it)).collect::<Result<_, _>>()?
            }
        };
        let parts: Vec<_> = parts.iter().map(|it| it.trim()).collect();
        return Ok(Some(Secret::new(parts.join(":"))));
    }
    let (at, path) = match (&provider.key_file, &provider.key_file_env) {
        (Some(path), _) => (path.span().start, path.get_ref().clone()),
        (None, Some(name)) => {
            let at = name.span().start;
            (at, variable(at, name.get_ref())?.into())
        }
        (None, None) => return Ok(provider.key.clone()),
    };
    let path = source.path.parent().unwrap_or(Path::new(".")).join(path);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(Secret::new(text))),
        Err(err) => Err(source.bad(at, format!("`{}` cannot be read: {err}", path.display()))),
    }
}

fn groups(
    source: &Source<'_>,
    models: BTreeMap<Spanned<String>, Model>,
) -> Result<Groups, BadConfig> {
    let mut groups = Groups::new();
    for (name, model) in models {
        let lanes = model.lanes.into_iter().map(|it| lane(source, it));
        let lanes: Vec<Weighted> = lanes.collect::<Result<_, _>>()?;
        if lanes.iter().all(|it| it.weight == 0) && model.fallbacks.is_empty() {
            let what = format!("`{}` has no lane", name.get_ref());
            return Err(source.bad(name.span().start, what));
        }
        let retries = limits::retries(source, model.retries.as_ref())?;
        let Model { strategy, fallbacks, .. } = model;
        groups.insert(name.into_inner(), Group { lanes, strategy, fallbacks, retries });
    }
    Ok(groups)
}

fn lane(source: &Source<'_>, row: Spanned<LaneRow>) -> Result<Weighted, BadConfig> {
    let at = row.span().start;
    let WeightedRow { model, weight, rpm, tpm } = match row.into_inner() {
        LaneRow::Plain(model) => WeightedRow { model, weight: 1, rpm: None, tpm: None },
        LaneRow::Weighted(row) => row,
    };
    let Some(lane) = Lane::parse(&model) else {
        let what = format!("`{model}` is no lane: write it as `provider/model`");
        return Err(source.bad(at, what));
    };
    if rpm == Some(0) || tpm == Some(0) {
        let what = format!("`{model}` would never be asked: `rpm` and `tpm` are more than 0");
        return Err(source.bad(at, what));
    }
    Ok(Weighted { lane, weight, limits: LaneLimits { requests: rpm, tokens: tpm } })
}

fn one() -> u32 {
    1
}

fn clients(
    source: &Source<'_>,
    rows: BTreeMap<String, KeyRow>,
) -> Result<Vec<(String, Secret)>, BadConfig> {
    let mut clients = Vec::new();
    for (name, row) in rows {
        let key = source.secret(row.key, row.key_env.as_ref())?;
        clients.extend(key.filter(|it| !it.is_empty()).map(|it| (name, it)));
    }
    Ok(clients)
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
