//! `easel.toml`, read strictly: an unknown name or a wrong value is told with its line.

use std::{
    collections::BTreeMap,
    fmt, fs,
    io::ErrorKind,
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use providers::{endpoint, prices::Prices};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};
use toml::Spanned;
use wire::ProviderKind;

use super::{
    BadConfig, Budget, Endpoint, Limits, Mention, Tls, guards, is_id, limits, litellm,
    relays::{self, Relays, RelaysToml, ServerToml, each},
    shown,
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
    outbound::{Bounds, Pattern},
};

/// A model may think for minutes without a byte.
pub(super) const IDLE_SECS: u64 = 300;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct Toml {
    host: Option<Spanned<String>>,
    port: Option<u16>,
    site: Option<Spanned<PathBuf>>,
    scripts: Option<Spanned<PathBuf>>,
    hosts: Vec<Spanned<String>>,
    origins: Vec<Spanned<String>>,
    outbound_hosts: Option<Vec<Spanned<String>>>,
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
    clients: BTreeMap<Spanned<String>, KeyRow>,
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
    lanes: Vec<Spanned<AnyLane>>,
    #[serde(default)]
    strategy: Strategy,
    #[serde(default)]
    fallbacks: Vec<Spanned<String>>,
    /// Of each lane.
    #[serde(default)]
    retries: Option<Spanned<u64>>,
}

/// Of a lane of which more is said than its name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LaneRow {
    model: String,
    #[serde(default = "one")]
    weight: u32,
    /// Requests that it bears in a minute.
    rpm: Option<u64>,
    /// Tokens that it bears in a minute.
    tpm: Option<u64>,
}

/// Either form, read by hand: serde's own way loses the place of what is wrong within.
#[derive(Debug)]
struct AnyLane(LaneRow);

impl<'de> Deserialize<'de> for AnyLane {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Forms;

        impl<'de> Visitor<'de> for Forms {
            type Value = AnyLane;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a lane (`provider/model`, or `{ model, weight, rpm, tpm }`)")
            }

            fn visit_str<E>(self, model: &str) -> Result<AnyLane, E> {
                let model = model.to_owned();
                Ok(AnyLane(LaneRow { model, weight: one(), rpm: None, tpm: None }))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<AnyLane, A::Error> {
                LaneRow::deserialize(MapAccessDeserializer::new(map)).map(AnyLane)
            }
        }

        from.deserialize_any(Forms)
    }
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
#[serde(untagged, expecting = "`key-env` is the name of a variable, or a list of names")]
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
    pub(super) bounds: Bounds,
    pub(super) idle: Duration,
    pub(super) endpoints: Vec<Endpoint>,
    pub(super) groups: Groups,
    pub(super) mentions: Vec<Mention>,
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
    let bounds = Bounds::default();
    if litellm::is_yaml(&path) {
        let imported = litellm::convert(&path, &text)?;
        let (toml, lines) = (&imported.toml, &*imported.lines);
        let mut file = parse(Source { path: &path, text: toml, lines, env, bounds })?;
        file.notes = imported.notes;
        return Ok(file);
    }
    parse(Source { path: &path, text: &text, lines: &[], env, bounds })
}

fn parse(mut source: Source<'_>) -> Result<File, BadConfig> {
    let toml: Toml = toml::from_str(source.text).map_err(|err| source.unreadable(&err))?;
    if let Some(hosts) = toml.outbound_hosts {
        source.bounds = Bounds::new(each(&source, "outbound-hosts", hosts, Pattern::parse)?);
    }
    let source = &source;
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
    let (groups, mentions) = groups(source, toml.models)?;
    Ok(File {
        host: toml.host.map(|it| listened(source, &it)).transpose()?,
        port: toml.port,
        site: toml.site.map(|it| source.folder("site", &it)).transpose()?,
        scripts: toml.scripts.map(|it| source.folder("scripts", &it)).transpose()?,
        hosts: each(source, "hosts", toml.hosts, host)?,
        origins: each(source, "origins", toml.origins, origin)?,
        bounds: source.bounds.clone(),
        idle,
        groups,
        mentions,
        stored: stored::read(source, toml.store, toml.accounts)?,
        telemetry: telemetry::read(source, &toml.telemetry)?,
        relays: relays::read(source, toml.relays, toml.mcp)?,
        endpoints,
        prices,
        limits,
        filters,
        webhook,
        tls: toml.tls.map(|it| guards::tls(source, &it)).transpose()?,
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
            "{} is no name for a provider: use small letters, digits, `-`, and not `script`",
            shown::value(id.get_ref(), "providers")
        );
        return Err(source.bad(id.span().start, what));
    }
    let key = key(source, &provider)?;
    let address = provider.base_url;
    let base_url = source.address("base-url", "a provider", &address)?;
    let kind = *provider.kind.get_ref();
    if kind == ProviderKind::Script {
        let what = "`script` is built in; give scripts with `scripts`".to_owned();
        return Err(source.bad(provider.kind.span().start, what));
    }
    Ok(Endpoint { id: id.get_ref().clone(), kind, base_url, key, models: provider.models })
}

fn key(source: &Source<'_>, provider: &Provider) -> Result<Option<Secret>, BadConfig> {
    if let Some(names) = &provider.key_env {
        let variable = |name: &str| source.variable(names.span().start, "key-env", name);
        let parts = match names.get_ref() {
            Variables::One(name) => vec![variable(name)?],
            Variables::Several(names) => {
                names.iter().map(|it| variable(it)).collect::<Result<_, _>>()?
            }
        };
        let parts: Vec<_> = parts.iter().map(|it| it.trim()).collect();
        return Ok(Some(Secret::new(parts.join(":"))));
    }
    let read = |path: &Path| fs::read_to_string(source.path(path)).map(Secret::new);
    match (&provider.key_file, &provider.key_file_env) {
        (Some(file), _) => match read(file.get_ref()) {
            Ok(key) => Ok(Some(key)),
            Err(err) => Err(source.unreadable_path("key-file", file, &err)),
        },
        (None, Some(name)) => {
            let (at, field) = (name.span().start, "key-file-env");
            let path = source.variable(at, field, name.get_ref())?;
            read(Path::new(&path)).map(Some).map_err(|err| {
                // Some put the key itself there.
                let name = shown::variable(name.get_ref(), field);
                source.bad(at, format!("the file of the variable {name} cannot be read: {err}"))
            })
        }
        (None, None) => Ok(provider.key.clone()),
    }
}

fn groups(
    source: &Source<'_>,
    models: BTreeMap<Spanned<String>, Model>,
) -> Result<(Groups, Vec<Mention>), BadConfig> {
    let (mut groups, mut mentions) = (Groups::new(), Vec::new());
    let mut mention = |name: String, lane: bool, at: usize| {
        mentions.push(Mention { name, lane, place: source.place(at) });
    };
    for (name, model) in models {
        let mut lanes = Vec::new();
        for row in model.lanes {
            let at = row.span().start;
            let weighted = lane(source, row)?;
            mention(weighted.lane.to_string(), true, at);
            lanes.push(weighted);
        }
        if lanes.iter().all(|it| it.weight == 0) && model.fallbacks.is_empty() {
            let what = format!("`{}` has no lane", name.get_ref());
            return Err(source.bad(name.span().start, what));
        }
        let retries = limits::retries(source, model.retries.as_ref())?;
        let mut fallbacks = Vec::new();
        for it in model.fallbacks {
            mention(it.get_ref().clone(), false, it.span().start);
            fallbacks.push(it.into_inner());
        }
        let strategy = model.strategy;
        groups.insert(name.into_inner(), Group { lanes, strategy, fallbacks, retries });
    }
    Ok((groups, mentions))
}

fn lane(source: &Source<'_>, row: Spanned<AnyLane>) -> Result<Weighted, BadConfig> {
    let at = row.span().start;
    let LaneRow { model, weight, rpm, tpm } = row.into_inner().0;
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
    rows: BTreeMap<Spanned<String>, KeyRow>,
) -> Result<Vec<(String, Secret)>, BadConfig> {
    let mut clients = Vec::new();
    for (name, row) in rows {
        let key = source.secret(row.key, "key-env", row.key_env.as_ref())?;
        let Some(key) = key.filter(|it| !it.is_empty()) else {
            let shown = shown::value(name.get_ref(), "clients");
            let what = format!("{shown} has no key: write `key-env`, or `key`");
            return Err(source.bad(name.span().start, what));
        };
        clients.push((name.into_inner(), key));
    }
    Ok(clients)
}

fn listened(source: &Source<'_>, address: &Spanned<String>) -> Result<IpAddr, BadConfig> {
    if let Ok(address) = address.get_ref().parse() {
        return Ok(address);
    }
    let shown = shown::value(address.get_ref(), "host");
    let what = format!("{shown} is no address to listen on: write it as 127.0.0.1 or 0.0.0.0");
    Err(source.bad(address.span().start, what))
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
