//! The environment: where data lies, what the log is like, and keys that other programs use too.
//!
//! Values of keys are taken as they are; nothing of them reaches a message. A variable that means
//! nothing here and something to the programs before Easel is told, not passed over.

use std::{fs, path::PathBuf, time::Duration};

use providers::endpoint;
use wire::ProviderKind;

use super::{
    BadConfig, Endpoint,
    relays::{SERVER_IDLE_SECS, Server},
    shown, stored,
};
use crate::{keys::Secret, log};

type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Returns the folder that systems keep for programs' data.
pub(super) fn data_folder(env: Env<'_>) -> Result<PathBuf, BadConfig> {
    let path = |name: &str| env(name).filter(|it| !it.is_empty()).map(PathBuf::from);
    if let Some(data) = path("EASEL_DATA") {
        return Ok(data);
    }
    // Other programs' folders, so a folder of its own in them.
    if let Some(data) = path("PLANDEX_BASE_DIR") {
        return Ok(data.join("easel"));
    }
    if let Some(data) = path("XDG_DATA_HOME").filter(|it| it.is_absolute()) {
        return Ok(data.join("easel"));
    }
    match path("HOME") {
        Some(home) => Ok(home.join(".local/share/easel")),
        None => Err(BadConfig {
            place: "HOME".to_owned(),
            what: "is not set, so there is no place for data; give one with --data".to_owned(),
        }),
    }
}

/// Returns the port that platforms give to a program.
pub(super) fn port(env: Env<'_>) -> Result<Option<u16>, BadConfig> {
    let Some(text) = env("PORT").filter(|it| !it.is_empty()) else { return Ok(None) };
    match text.parse() {
        Ok(port) => Ok(Some(port)),
        Err(_) => Err(BadConfig {
            place: "PORT".to_owned(),
            what: format!("{} is no port: it is a number up to 65535", shown::value(&text, "PORT")),
        }),
    }
}

/// Returns the database that several share. A person's own machine has other programs' addresses
/// in its environment, so it counts only where somebody says that this is no such machine.
pub(super) fn store(env: Env<'_>) -> Result<Option<Secret>, BadConfig> {
    let local = truth(env, "LOCAL_MODE")?.unwrap_or(true);
    let shared = truth(env, "IS_CLOUD")?.unwrap_or(false);
    let name = "DATABASE_URL";
    let address = env(name).filter(|it| !it.trim().is_empty() && (shared || !local));
    let Some(address) = address.map(Secret::new) else { return Ok(None) };
    match stored::database(address.expose()) {
        Ok(()) => Ok(Some(address)),
        Err(what) => Err(BadConfig { place: name.to_owned(), what }),
    }
}

/// Returns what the log is like.
pub(super) fn log(env: Env<'_>) -> Result<log::Form, BadConfig> {
    let usual = log::Form::default();
    let level =
        word(env, &["EASEL_LOG", "OGCODE_LOG_LEVEL"], "error, warn, info or debug", |it| {
            it.parse().ok() // Of what is wrong with it, the words above say more.
        })?;
    let text =
        word(env, &["EASEL_LOG_FORMAT", "OGCODE_LOG_FORMAT"], "json or text", |it| {
            match it.to_ascii_lowercase().as_str() {
                "json" => Some(false),
                "text" => Some(true),
                _ => None,
            }
        })?;
    Ok(log::Form { level: level.unwrap_or(usual.level), text: text.unwrap_or(usual.text) })
}

/// Returns the server of tools that Ogcode would start: by its own default `ogden mcp`.
pub(super) fn server(env: Env<'_>) -> Result<Option<(&'static str, Server)>, BadConfig> {
    if truth(env, "OGCODE_MCP_ENABLED")? != Some(true) {
        return Ok(None);
    }
    let words = |name: &str| env(name).filter(|it| !it.trim().is_empty());
    let command = words("OGCODE_MCP_COMMAND");
    let args = words("OGCODE_MCP_ARGS");
    let args = args.or_else(|| command.is_none().then(|| "mcp".to_owned())).unwrap_or_default();
    let program = Server::Program {
        command: command.map_or_else(|| "ogden".to_owned(), |it| it.trim().to_owned()),
        args: args.split_whitespace().map(str::to_owned).collect(),
        env: Vec::new(),
        idle: Duration::from_secs(SERVER_IDLE_SECS.into()),
    };
    Ok(Some(("ogcode", program)))
}

/// Says of each variable that is set and means nothing here why that is so.
pub(super) fn notes(env: Env<'_>) -> Vec<BadConfig> {
    let set = |it: &&(&str, &str)| env(it.0).is_some_and(|it| !it.trim().is_empty());
    let note = |&(name, why): &(&str, &str)| BadConfig {
        place: name.to_owned(),
        what: format!("has no place here: {why}"),
    };
    NOWHERE.iter().filter(set).map(note).collect()
}

/// Variables of the programs before Easel, and what there is instead.
pub(super) const NOWHERE: [(&str, &str); 11] = [
    ("OGCODE_AGENTIC_MEMORY_MODE", NO_MEMORY),
    ("OGCODE_EMBED_PROVIDER", NO_MEMORY),
    ("OGCODE_EMBED_MODEL", NO_MEMORY),
    ("GOENV", "there is one mode"),
    ("PLANDEX_ENV", "there is one mode"),
    ("PLANDEX_API_HOST", "the app is served by this proxy and asks no other"),
    ("DB_PASSWORD", NO_PARTS),
    ("POSTGRES_USER", NO_PARTS),
    ("POSTGRES_PASSWORD", NO_PARTS),
    ("POSTGRES_DB", NO_PARTS),
    ("LITELLM_MASTER_KEY", "a key of one's own is `[clients.NAME]` with `key-env` in easel.toml"),
];

const NO_MEMORY: &str = "what a project remembers is in its MEMORY.md, without embeddings";
const NO_PARTS: &str = "a database is named by its whole address, in `[store]` or DATABASE_URL";

/// Returns the first of several variables that is set, if it is one of the words.
fn word<T>(
    env: Env<'_>,
    names: &[&str],
    words: &str,
    read: fn(&str) -> Option<T>,
) -> Result<Option<T>, BadConfig> {
    for name in names {
        let Some(text) = env(name).filter(|it| !it.trim().is_empty()) else { continue };
        return read(text.trim()).map(Some).ok_or_else(|| BadConfig {
            place: (*name).to_owned(),
            what: format!("{} is not one of {words}", shown::value(&text, name)),
        });
    }
    Ok(None)
}

fn truth(env: Env<'_>, name: &str) -> Result<Option<bool>, BadConfig> {
    word(env, &[name], "true or false", |it| match it.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    })
}

/// Returns the providers that the environment names, in the order in which they are asked.
pub(super) fn endpoints(env: Env<'_>) -> Result<Vec<Endpoint>, BadConfig> {
    let mut endpoints = Vec::new();
    let value = |name: &str| env(name).map(|it| it.trim().to_owned()).filter(|it| !it.is_empty());
    for source in SOURCES {
        let key = value(source.key);
        let address = source.address.and_then(value);
        // A key makes no provider of one whose address is needed, and an address alone is enough.
        if address.is_none() && (key.is_none() || source.default.is_empty()) {
            continue;
        }
        let base_url = match address {
            Some(address) => endpoint::parse(&address).map_err(|err| BadConfig {
                place: source.address.unwrap_or_default().to_owned(),
                what: {
                    let shown = shown::address(&address, source.address.unwrap_or_default());
                    format!("{shown} is no address of a provider: {err}")
                },
            })?,
            None => source.default.to_owned(),
        };
        endpoints.push(endpoint(source.id, source.kind, base_url, key));
    }
    endpoints.extend(bedrock(&value));
    endpoints.extend(vertex(&value));
    Ok(endpoints)
}

fn endpoint(id: &str, kind: ProviderKind, base_url: String, key: Option<String>) -> Endpoint {
    Endpoint { id: id.to_owned(), kind, base_url, key: key.map(Secret::new), models: Vec::new() }
}

/// Amazon's keys come as one of Bedrock's own or as a pair, and the region makes the address.
fn bedrock(value: &dyn Fn(&str) -> Option<String>) -> Option<Endpoint> {
    let pair = || {
        let (access, secret) = (value("AWS_ACCESS_KEY_ID")?, value("AWS_SECRET_ACCESS_KEY")?);
        let session = value("AWS_SESSION_TOKEN").map(|it| format!(":{it}")).unwrap_or_default();
        Some(format!("{access}:{secret}{session}"))
    };
    let key = value("AWS_BEARER_TOKEN_BEDROCK").or_else(pair)?;
    let region = value("AWS_REGION").or_else(|| value("AWS_DEFAULT_REGION"));
    let region = region.unwrap_or_else(|| "us-east-1".to_owned());
    let fine = region.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-');
    let base_url = format!("https://bedrock-runtime.{region}.amazonaws.com");
    fine.then(|| endpoint("bedrock", ProviderKind::Bedrock, base_url, Some(key)))
}

/// Google's programs find an account by its file; which project and place is in further variables.
/// All of them are other programs' too, so what cannot be used is no fault.
fn vertex(value: &dyn Fn(&str) -> Option<String>) -> Option<Endpoint> {
    let key = fs::read_to_string(value("GOOGLE_APPLICATION_CREDENTIALS")?).ok()?;
    let account: serde_json::Value = serde_json::from_str(&key).ok()?;
    let own = || account["project_id"].as_str().map(str::to_owned);
    let project = value("GOOGLE_CLOUD_PROJECT").or_else(own)?;
    let location = value("GOOGLE_CLOUD_LOCATION").unwrap_or_else(|| "global".to_owned());
    let fine = |it: &str| it.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-');
    let base_url = vertex_address(&project, &location);
    (account["private_key"].is_string() && fine(&project) && fine(&location))
        .then(|| endpoint("vertex", ProviderKind::Vertex, base_url, Some(key)))
}

/// Where a project's models are in a place.
pub(super) fn vertex_address(project: &str, location: &str) -> String {
    let host = match location {
        "global" => "aiplatform.googleapis.com".to_owned(),
        _ => format!("{location}-aiplatform.googleapis.com"),
    };
    format!("https://{host}/v1/projects/{project}/locations/{location}/publishers/google")
}

struct Source {
    id: &'static str,
    kind: ProviderKind,
    key: &'static str,
    address: Option<&'static str>,
    /// Empty where there is none.
    default: &'static str,
}

const SOURCES: [Source; 6] = [
    Source {
        id: "anthropic",
        kind: ProviderKind::Anthropic,
        key: "ANTHROPIC_API_KEY",
        address: None,
        default: "https://api.anthropic.com",
    },
    Source {
        id: "openai",
        kind: ProviderKind::OpenaiCompatible,
        key: "OPENAI_API_KEY",
        address: Some("OPENAI_BASE_URL"),
        default: "https://api.openai.com/v1",
    },
    Source {
        id: "gemini",
        kind: ProviderKind::Gemini,
        key: "GEMINI_API_KEY",
        address: None,
        default: "https://generativelanguage.googleapis.com",
    },
    Source {
        id: "azure",
        kind: ProviderKind::Azure,
        key: "AZURE_OPENAI_API_KEY",
        address: Some("AZURE_OPENAI_ENDPOINT"),
        default: "",
    },
    Source {
        id: "openrouter",
        kind: ProviderKind::OpenaiCompatible,
        key: "OPENROUTER_API_KEY",
        address: None,
        default: "https://openrouter.ai/api/v1",
    },
    Source {
        id: "ollama",
        kind: ProviderKind::OpenaiCompatible,
        key: "OLLAMA_API_KEY",
        address: Some("OLLAMA_BASE_URL"),
        default: "https://ollama.com/v1",
    },
];
