//! What the proxy was told: flags, then `easel.toml`, then the environment.
//!
//! It opens no port and creates no folder. A wrong value stops the start, with its place.

mod environment;
mod file;
mod flags;

use std::{
    ffi::OsString,
    fmt,
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    time::Duration,
};

use providers::{
    prices::{self, Price, Seller},
    vendor::Vendor,
};
use wire::ProviderKind;

use crate::{catalogue::Groups, keys::Secret, now_secs};

/// An origin is data: on another port, the browser has other projects.
pub const PORT: u16 = 9595;

pub const HELP: &str = "\
easel-proxy serves Easel and passes its requests on to model providers.

usage: easel-proxy [flags]

  --port PORT        listen there; another port is another Easel, with its own projects [9595]
  --host ADDRESS     listen on this address [127.0.0.1]
  --site FOLDER      the built site [site beside the program, or target/site]
  --data FOLDER      keys and the token [$EASEL_DATA, or easel in the folder for programs' data]
  --config FILE      configuration [easel.toml in the data folder]
  --scripts FOLDER   more scripted models: each NAME.script is script/NAME
  --no-open          open no browser
  --new-client NAME  make a key with which another program may use /v1, show it once, and end
  --help, --version

keys from the environment: ANTHROPIC_API_KEY, OPENAI_API_KEY, OPENAI_BASE_URL, GEMINI_API_KEY,
AZURE_OPENAI_API_KEY, AZURE_OPENAI_ENDPOINT, AWS_BEARER_TOKEN_BEDROCK or AWS_ACCESS_KEY_ID and
AWS_SECRET_ACCESS_KEY, AWS_REGION, OPENROUTER_API_KEY, OLLAMA_BASE_URL, OLLAMA_API_KEY
";

/// What to do.
#[derive(Debug)]
pub enum Command {
    Serve(Box<Config>),
    NewClient { name: String, data: PathBuf },
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
    /// Without a byte for so long, a provider's stream counts as broken.
    pub idle: Duration,
    pub endpoints: Vec<Endpoint>,
    /// Names of the person's own for models.
    pub groups: Groups,
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

    /// What a model costs there now, if that is known.
    #[must_use]
    pub fn price(&self, model: &str) -> Option<Price> {
        let seller = match self.kind {
            ProviderKind::Gemini | ProviderKind::Vertex => Some(Seller::Google),
            ProviderKind::Bedrock => Some(Seller::Bedrock),
            ProviderKind::Azure => Some(Seller::Azure),
            ProviderKind::Script
            | ProviderKind::OpenaiCompatible
            | ProviderKind::Anthropic
            | ProviderKind::OpenaiResponses
            | ProviderKind::Ollama => Seller::at(&self.base_url),
        };
        prices::find(seller?, model, now_secs())
    }
}

/// A value that stops the start.
#[derive(Debug, PartialEq, Eq)]
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
    if let Some(name) = flags.new_client {
        return Ok(Command::NewClient { name, data });
    }
    let file = file::read(flags.config.as_deref(), &data, env)?;
    let mut endpoints = environment::endpoints(env)?;
    for endpoint in file.endpoints {
        endpoints.retain(|it| it.id != endpoint.id);
        endpoints.push(endpoint);
    }
    Ok(Command::Serve(Box::new(Config {
        host: flags.host.or(file.host).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        port: flags.port.or(file.port).unwrap_or(PORT),
        site: flags.site.or(file.site).unwrap_or_else(site),
        scripts: flags.scripts.or(file.scripts),
        open: flags.open,
        hosts: file.hosts,
        origins: file.origins,
        idle: file.idle,
        endpoints,
        groups: file.groups,
        data,
    })))
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
