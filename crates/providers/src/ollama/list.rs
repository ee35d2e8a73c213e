//! The list of models and the server's version, for clients and from providers.
//!
//! What only a store of model files has (sizes, digests, families) is filled with what clients
//! bear; it says nothing.

use serde::Serialize;
use serde_json::Value;

use super::time::rfc3339;
use crate::{
    dialect::{BadStream, to_json},
    models::Listed,
};

/// Some clients talk to no server that is older than what they need.
const VERSION: &str = "0.13.0";

/// Characters of a digest, of which clients show the first twelve without looking.
const DIGEST_LENGTH: usize = 64;

/// Reads the answer of `GET /api/tags`.
pub fn read_list(body: &[u8]) -> Result<Vec<Listed>, BadStream> {
    let answer: Value =
        serde_json::from_slice(body).map_err(|source| BadStream::unreadable(b"models", source))?;
    Ok(answer["models"].as_array().into_iter().flatten().filter_map(read_one).collect())
}

fn read_one(entry: &Value) -> Option<Listed> {
    let text = |name: &str| entry[name].as_str().filter(|it| !it.is_empty());
    let id = text("model").or(text("name"))?;
    // Newer servers say what a model can; of older ones, its parts tell.
    let says = entry["capabilities"].as_array();
    let can = |what: &str| says.map(|it| it.iter().any(|it| it == what));
    let has_part = |part: fn(&str) -> bool| {
        let families = entry["details"]["families"].as_array().into_iter().flatten();
        let mut all = families.chain([&entry["details"]["family"]]);
        all.any(|it| it.as_str().is_some_and(part))
    };
    let embeds = id.contains("embed") || has_part(|it| it.ends_with("bert"));
    if !can("completion").unwrap_or(!embeds) {
        return None;
    }
    let sees = has_part(|it| matches!(it, "clip" | "mllama"));
    let context = entry["details"]["context_length"].as_u64();
    Some(Listed {
        name: text("name").filter(|it| *it != id).map(str::to_owned),
        context_tokens: context.and_then(|it| u32::try_from(it).ok()), // None is so large.
        tools: can("tools"),
        images: can("vision").or(sees.then_some(true)),
        ..Listed::named(id)
    })
}

#[derive(Debug, Serialize)]
struct Tags<'a> {
    models: Vec<Tag<'a>>,
}

#[derive(Debug, Serialize)]
struct Tag<'a> {
    name: &'a str,
    model: &'a str,
    modified_at: &'a str,
    size: u64,
    digest: String,
    details: Details,
    capabilities: Vec<&'static str>,
}

#[derive(Debug, Default, Serialize)]
struct Details {
    parent_model: &'static str,
    format: &'static str,
    family: &'static str,
    families: [&'static str; 0],
    parameter_size: &'static str,
    quantization_level: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    context_length: Option<u32>,
}

/// Writes the answer of `GET /api/tags`. Ids stand in both fields for names, because clients ask
/// with either.
#[must_use]
pub fn write_list(models: &[Listed], modified_secs: u64) -> Vec<u8> {
    let modified_at = rfc3339(modified_secs);
    let tag = |it| write_one(it, &modified_at);
    to_json(&Tags { models: models.iter().map(tag).collect() })
}

fn write_one<'a>(model: &'a Listed, modified_at: &'a str) -> Tag<'a> {
    let sum = crc32fast::hash(model.id.as_bytes());
    let mut capabilities = vec!["completion"];
    if model.tools != Some(false) {
        capabilities.push("tools");
    }
    if model.images == Some(true) {
        capabilities.push("vision");
    }
    Tag {
        name: &model.id,
        model: &model.id,
        modified_at,
        size: 0,
        digest: format!("{sum:08x}{:0>width$}", "", width = DIGEST_LENGTH - 8),
        details: Details { context_length: model.context_tokens, ..Details::default() },
        capabilities,
    }
}

#[derive(Debug, Serialize)]
struct Version {
    version: &'static str,
}

/// Writes the answer of `GET /api/version`.
#[must_use]
pub fn write_version() -> Vec<u8> {
    to_json(&Version { version: VERSION })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use serde_json::json;

    use super::*;

    #[test]
    fn models_of_old_and_new_servers_are_read() {
        let old = json!({ "models": [
            { "name": "llama3.2:3b", "modified_at": "2024-10-03T23:34:03.409490317-07:00", "size": 2_019_393_189_u64,
              "digest": "a80c", "details": { "format": "gguf", "family": "llama", "families": null, "parameter_size": "3.2B" } },
            { "name": "llava:7b", "model": "llava:7b", "details": { "family": "llama", "families": ["llama", "clip"] } },
            { "name": "bge-m3:latest", "model": "bge-m3:latest", "details": { "family": "bert", "families": ["bert"] } },
            { "name": "nomic-embed-text:latest", "details": { "family": "nomic-bert" } },
            { "name": "" }, 7,
        ]});
        let new = json!({ "models": [
            { "name": "Qwen", "model": "qwen3-vl:8b", "details": { "context_length": 262_144 }, "capabilities": ["completion", "vision", "tools", "thinking"] },
            { "name": "deepseek-r1:8b", "model": "deepseek-r1:8b", "capabilities": ["completion", "thinking"] },
            { "name": "qwen3-embedding:4b", "model": "qwen3-embedding:4b", "capabilities": ["embedding"] },
        ]});
        let lines: Vec<String> = [old, new, json!({ "models": null }), json!({})]
            .iter()
            .flat_map(|it| read_list(it.to_string().as_bytes()).unwrap())
            .map(|it| {
                let Listed { id, name, context_tokens, tools, images, .. } = it;
                format!("{id} {name:?} {context_tokens:?} tools {tools:?} images {images:?}\n")
            })
            .collect();
        expect![[r#"
            llama3.2:3b None None tools None images None
            llava:7b None None tools None images Some(true)
            qwen3-vl:8b Some("Qwen") Some(262144) tools Some(true) images Some(true)
            deepseek-r1:8b None None tools Some(false) images Some(false)
        "#]]
        .assert_eq(&lines.concat());
        assert!(read_list(b"<html>").is_err());
    }

    #[test]
    fn a_list_for_clients_reads_the_same() {
        let models = [
            Listed {
                context_tokens: Some(200_000),
                tools: Some(true),
                images: Some(true),
                ..Listed::named("anthropic/claude-haiku-4-5")
            },
            Listed { tools: Some(false), images: Some(false), ..Listed::named("local/tiny") },
        ];
        let written = write_list(&models, 7);
        expect![[r#"{"models":[{"name":"anthropic/claude-haiku-4-5","model":"anthropic/claude-haiku-4-5","modified_at":"1970-01-01T00:00:07Z","size":0,"digest":"53bee41b00000000000000000000000000000000000000000000000000000000","details":{"parent_model":"","format":"","family":"","families":[],"parameter_size":"","quantization_level":"","context_length":200000},"capabilities":["completion","tools","vision"]},{"name":"local/tiny","model":"local/tiny","modified_at":"1970-01-01T00:00:07Z","size":0,"digest":"95751dd500000000000000000000000000000000000000000000000000000000","details":{"parent_model":"","format":"","family":"","families":[],"parameter_size":"","quantization_level":""},"capabilities":["completion"]}]}"#]].assert_eq(&String::from_utf8(written.clone()).unwrap());
        assert_eq!(read_list(&written).unwrap(), models);
        assert_eq!(write_list(&[], 0), br#"{"models":[]}"#);
    }

    #[test]
    fn the_version_is_one_that_clients_accept() {
        assert_eq!(write_version(), br#"{"version":"0.13.0"}"#);
    }
}
