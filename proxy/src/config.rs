//! What the proxy was told: flags, then `easel.toml`, then the environment.
//!
//! It opens no port and creates no folder. A wrong value stops the start, with its place.

mod environment;
mod file;
mod flags;
mod guards;
mod limits;
mod litellm;
mod relays;
mod shown;
mod source;
mod stored;
mod telemetry;

use std::{
    ffi::OsString,
    fmt,
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
    time::Duration,
};

use providers::{
    prices::{Prices, Seller},
    vendor::Vendor,
};
use wire::ProviderKind;

use crate::{
    bill::Defaults, budget::Period, catalogue::Groups, filters::Filters, hook, keys::Secret,
    lanes::Rules, log, outbound::Bounds,
};

pub use self::relays::{GIT_HOSTS, Relays, Server};
pub use stored::Stored;
pub use telemetry::{Collector, Telemetry};

/// An origin is data: on another port, the browser has other projects.
pub const PORT: u16 = 9595;

pub const HELP: &str = "\
easel-proxy serves Easel and passes its requests on to model providers.

usage: easel-proxy [flags]

  --port PORT        listen there; another port is another Easel, with its own projects [9595]
  --host ADDRESS     listen on this address [127.0.0.1]
  --site FOLDER      the built site [site beside the program, or target/site]
  --data FOLDER      keys and the token [$EASEL_DATA, or easel in the folder for programs' data]
  --config FILE      configuration [easel.toml in the data folder]; a FILE.yaml is LiteLLM's
  --scripts FOLDER   more scripted models: each NAME.script is script/NAME
  --no-open          open no browser
  --import-litellm FILE
                     write easel.toml as LiteLLM's config.yaml means it, say what has no place
                     in it, and end
  --output FILE      write it there, and not to the terminal
  --new-client NAME  make a key with which another program may use /v1, show it once, and end
  --new-owner EMAIL  make the person with this address an owner of a shared installation, and end
  --check            ask the proxy that runs at this port whether it is ready, and end
  --help, --version

keys from the environment: ANTHROPIC_API_KEY, OPENAI_API_KEY, OPENAI_BASE_URL, GEMINI_API_KEY,
AZURE_OPENAI_API_KEY, AZURE_OPENAI_ENDPOINT, AWS_BEARER_TOKEN_BEDROCK or AWS_ACCESS_KEY_ID and
AWS_SECRET_ACCESS_KEY, AWS_REGION, GOOGLE_APPLICATION_CREDENTIALS, GOOGLE_CLOUD_PROJECT,
GOOGLE_CLOUD_LOCATION, OPENROUTER_API_KEY, OLLAMA_BASE_URL, OLLAMA_API_KEY

further variables: PORT; DATABASE_URL and LOCAL_MODE=false where several people share one Easel;
EASEL_LOG or OGCODE_LOG_LEVEL (error, warn, info, debug), EASEL_LOG_FORMAT or OGCODE_LOG_FORMAT
(json, text); PLANDEX_BASE_DIR (data is in easel in this folder, if EASEL_DATA says nothing);
OGCODE_MCP_ENABLED, OGCODE_MCP_COMMAND and OGCODE_MCP_ARGS (a program with tools, at /mcp/ogcode)

SIGHUP reads the configuration anew. Streams go on; what is wrong with it stands in the log.
";

/// What to do.
#[derive(Debug)]
pub enum Command {
    Serve(Box<Config>),
    NewClient {
        name: String,
        data: PathBuf,
        stored: Box<Stored>,
    },
    NewOwner {
        email: String,
        data: PathBuf,
        stored: Box<Stored>,
    },
    /// Write what LiteLLM's configuration comes to.
    Import {
        file: PathBuf,
        output: Option<PathBuf>,
    },
    /// Ask the one that runs at this port whether it is ready.
    Check {
        port: u16,
    },
    Help,
    Version,
}

#[derive(Debug)]
pub struct Config {
    pub host: IpAddr,
    pub port: u16,
    pub site: PathBuf,
    pub data: PathBuf,
    pub scripts: Option<PathBuf>,
    pub open: bool,
    /// Further hosts, with port, under which the app is reached.
    pub hosts: Vec<String>,
    /// Other sites whose pages may ask, for instance a hosted app.
    pub origins: Vec<String>,
    /// Hosts that may be asked at all.
    pub bounds: Bounds,
    /// Without a byte for so long, a provider's stream counts as broken.
    pub idle: Duration,
    pub endpoints: Vec<Endpoint>,
    /// Names of the person's own for models.
    pub groups: Groups,
    /// What they name, each with its place.
    pub mentions: Vec<Mention>,
    /// What is fetched for the app.
    pub relays: Relays,
    pub stored: Stored,
    pub telemetry: Telemetry,
    /// The person's own prices, before those of the table.
    pub prices: Prices,
    pub limits: Limits,
    pub filters: Filters,
    pub webhook: Option<hook::Settings>,
    pub tls: Option<Tls>,
    /// Keys of other programs, by the program's name.
    pub clients: Vec<(String, Secret)>,
    /// What all together may spend.
    pub budget: Option<Budget>,
    pub log: log::Form,
    /// What was read and means nothing here, with its place: for the log.
    pub notes: Vec<BadConfig>,
}

/// What one request may be, and how long it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub body_bytes: usize,
    /// Brackets within brackets of a body.
    pub depth: usize,
    /// From the request to the end of its reply.
    pub total: Option<Duration>,
    pub lanes: Rules,
}

impl Default for Limits {
    fn default() -> Self {
        // A request with pictures in it is this large.
        Self { body_bytes: 32 << 20, depth: 100, total: None, lanes: Rules::default() }
    }
}

/// Files with which the proxy speaks TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// An amount of money and the time for which it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    pub limit_nano: u64,
    pub period: Period,
}

impl Config {
    /// Returns what everybody may use who has no limits of their own.
    pub(crate) fn defaults(&self) -> Defaults {
        let everybody = self.budget.map(|it| (it.period, it.limit_nano));
        Defaults { everybody, ..self.stored.defaults }
    }

    /// Returns what holds when nobody says anything.
    #[must_use]
    pub fn at(data: &Path) -> Self {
        Self {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: PORT,
            site: PathBuf::from("target/site"),
            data: data.to_owned(),
            scripts: None,
            open: false,
            hosts: Vec::new(),
            origins: Vec::new(),
            bounds: Bounds::default(),
            idle: Duration::from_secs(file::IDLE_SECS),
            endpoints: Vec::new(),
            groups: Groups::new(),
            mentions: Vec::new(),
            prices: Prices::default(),
            limits: Limits::default(),
            filters: Filters::default(),
            webhook: None,
            tls: None,
            clients: Vec::new(),
            stored: Stored::default(),
            telemetry: Telemetry::default(),
            relays: Relays::default(),
            budget: None,
            log: log::Form::default(),
            notes: Vec::new(),
        }
    }
}

/// A name within a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    pub name: String,
    /// A lane, which is `provider/model`; else a fallback, which may be any name.
    pub lane: bool,
    /// The file and its line.
    pub place: String,
}

/// A provider as it is configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub id: String,
    pub kind: ProviderKind,
    pub base_url: String,
    pub key: Option<Secret>,
    pub models: Vec<String>,
}

impl Endpoint {
    /// Who it is to the `providers` crate.
    #[must_use]
    pub fn vendor(&self) -> Vendor<'_> {
        Vendor::new(self.kind, &self.base_url)
    }

    /// Whose price list holds there, if one is known.
    #[must_use]
    pub fn seller(&self) -> Option<Seller> {
        self.vendor().seller()
    }
}

pub use litellm::Imported;

/// A value that stops the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadConfig {
    /// A file with its line, a flag, or a variable.
    pub place: String,
    pub what: String,
}

impl fmt::Display for BadConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

impl std::error::Error for BadConfig {}

/// Reads everything. `env` answers with a variable's value.
pub fn read(
    args: impl IntoIterator<Item = OsString>,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Command, BadConfig> {
    let flags = match flags::read(args)? {
        flags::Asked::Help => return Ok(Command::Help),
        flags::Asked::Version => return Ok(Command::Version),
        flags::Asked::Run(flags) => *flags,
    };
    let data = match flags.data {
        Some(data) => data,
        None => environment::data_folder(env)?,
    };
    if let Some(file) = flags.import {
        return Ok(Command::Import { file, output: flags.output });
    }
    let file = file::read(flags.config.as_deref(), &data, env)?;
    if let Some(name) = flags.new_client {
        return Ok(Command::NewClient { name, data, stored: Box::new(file.stored) });
    }
    if let Some(email) = flags.new_owner {
        return Ok(Command::NewOwner { email, data, stored: Box::new(file.stored) });
    }
    let port = flags.port.or(file.port).or(environment::port(env)?).unwrap_or(PORT);
    if flags.check {
        return Ok(Command::Check { port });
    }
    let mut endpoints = environment::endpoints(env)?;
    for endpoint in file.endpoints {
        endpoints.retain(|it| it.id != endpoint.id);
        endpoints.push(endpoint);
    }
    let mut relays = file.relays;
    if let Some((name, server)) = environment::server(env)? {
        relays.servers.entry(name.to_owned()).or_insert(server);
    }
    let store = environment::store(env)?;
    let mut notes = file.notes;
    notes.extend(environment::notes(env));
    let outside = endpoints.iter().filter(|it| !file.bounds.admit(&it.base_url));
    notes.extend(outside.map(|it| BadConfig {
        place: "the environment".to_owned(),
        what: format!("`{}` is at a host that `outbound-hosts` does not list", it.id),
    }));
    Ok(Command::Serve(Box::new(Config {
        host: flags.host.or(file.host).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        port,
        site: flags.site.or(file.site).unwrap_or_else(site),
        scripts: flags.scripts.or(file.scripts),
        open: flags.open,
        hosts: file.hosts,
        origins: file.origins,
        bounds: file.bounds,
        idle: file.idle,
        endpoints,
        groups: file.groups,
        mentions: file.mentions,
        stored: Stored { postgres: file.stored.postgres.or(store), ..file.stored },
        prices: file.prices,
        limits: file.limits,
        filters: file.filters,
        webhook: file.webhook,
        tls: file.tls,
        clients: file.clients,
        budget: file.budget,
        log: environment::log(env)?,
        notes,
        telemetry: file.telemetry,
        relays,
        data,
    })))
}

/// Reads a `config.yaml` of LiteLLM.
pub fn import(path: &Path) -> Result<Imported, BadConfig> {
    litellm::read(path)
}

/// The same of a text; `path` is how it is called in what is said about it.
pub fn import_text(path: &Path, text: &str) -> Result<Imported, BadConfig> {
    litellm::convert(path, text)
}

/// The site of a distribution, or the one that was just built.
fn site() -> PathBuf {
    let beside = std::env::current_exe().ok().and_then(|it| Some(it.parent()?.join("site")));
    beside.filter(|it| it.is_dir()).unwrap_or_else(|| PathBuf::from("target/site"))
}

/// Returns a provider's id if it is one: it stands in paths and before the model's name.
#[must_use]
pub fn is_id(text: &str) -> bool {
    let lower = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit();
    text.len() <= 40
        && text.as_bytes().first().copied().is_some_and(lower)
        && text.bytes().all(|it| lower(it) || matches!(it, b'-' | b'_' | b'.'))
        && text != "script"
}

#[cfg(test)]
mod tests;
