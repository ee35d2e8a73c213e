//! The environment: where data lies, and keys that other programs use too.
//!
//! Values of keys are taken as they are; nothing of them reaches a message.

use std::path::PathBuf;

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
