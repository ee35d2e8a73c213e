//! The environment: where data lies, and keys that other programs use too.
//!
//! Values of keys are taken as they are; nothing of them reaches a message.

use std::{fs, path::PathBuf};

use providers::endpoint;
use wire::ProviderKind;

use super::{BadConfig, Endpoint};
use crate::keys::Secret;

type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Returns the folder that systems keep for programs' data.
pub(super) fn data_folder(env: Env<'_>) -> Result<PathBuf, BadConfig> {
    let path = |name: &str| env(name).filter(|it| !it.is_empty()).map(PathBuf::from);
    if let Some(data) = path("EASEL_DATA") {
        return Ok(data);
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
            what: format!("`{text}` is no port: it is a number up to 65535"),
        }),
    }
}

/// Returns the database that several share. A person's own machine has other programs' addresses
/// in its environment, so it counts only where somebody says that this is no such machine.
pub(super) fn store(env: Env<'_>) -> Option<Secret> {
    let local = env("LOCAL_MODE").is_none_or(|it| !matches!(it.trim(), "false" | "0"));
    let shared = env("IS_CLOUD").is_some_and(|it| matches!(it.trim(), "true" | "1"));
    let address = env("DATABASE_URL").filter(|it| !it.trim().is_empty())?;
    (shared || !local).then(|| Secret::new(address))
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
                what: format!("`{address}` is no address of a provider: {err}"),
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
