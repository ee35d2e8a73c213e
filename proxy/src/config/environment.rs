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
        endpoints.push(Endpoint {
            id: source.id.to_owned(),
            kind: source.kind,
            base_url,
            key: key.map(Secret::new),
            models: Vec::new(),
        });
    }
    Ok(endpoints)
}

struct Source {
    id: &'static str,
    kind: ProviderKind,
    key: &'static str,
    address: Option<&'static str>,
    /// Empty where there is none.
    default: &'static str,
}

const SOURCES: [Source; 4] = [
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
