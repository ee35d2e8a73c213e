//! Which models an account may use: the lists of Bedrock's other address.
//!
//! Most models answer under the name of an inference profile only, so there are two lists.

use serde::Deserialize;

use crate::{
    dialect::BadStream,
    models::{self, Listed},
};

/// The path of the list of profiles, which spread requests over regions.
pub const INFERENCE_PROFILES: &str = "/inference-profiles?maxResults=1000";

/// The path of the list of models.
pub const FOUNDATION_MODELS: &str = "/foundation-models?byOutputModality=TEXT";

/// Returns where the lists are: beside the address that answers.
#[must_use]
pub fn list_address(base_url: &str) -> String {
    base_url.replacen("//bedrock-runtime", "//bedrock", 1)
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Answer {
    model_summaries: Vec<Summary>,
    inference_profile_summaries: Vec<Profile>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Summary {
    model_id: String,
    model_name: Option<String>,
    input_modalities: Vec<String>,
    output_modalities: Vec<String>,
    inference_types_supported: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Profile {
    inference_profile_id: String,
    inference_profile_name: Option<String>,
    status: String,
}

/// Reads either list.
pub fn read_list(body: &[u8]) -> Result<Vec<Listed>, BadStream> {
    let answer: Answer =
        serde_json::from_slice(body).map_err(|source| BadStream::unreadable(b"models", source))?;
    let models = answer.model_summaries.into_iter().filter(answers).map(|it| Listed {
        images: Some(it.input_modalities.iter().any(|it| it == "IMAGE")),
        ..listed(it.model_id, it.model_name)
    });
    let profiles = answer
        .inference_profile_summaries
        .into_iter()
        .filter(|it| it.status == "ACTIVE")
        .map(|it| listed(it.inference_profile_id, it.inference_profile_name));
    Ok(models.chain(profiles).filter(|it| !it.id.is_empty()).collect())
}

/// It talks, and under its own name.
fn answers(model: &Summary) -> bool {
    let has = |list: &[String], name: &str| list.iter().any(|it| it == name);
    has(&model.input_modalities, "TEXT")
        && has(&model.output_modalities, "TEXT")
        && has(&model.inference_types_supported, "ON_DEMAND")
}

/// A model reads and writes as much here as at its vendor's; its price may differ.
fn listed(id: String, name: Option<String>) -> Listed {
    let plain = id.rsplit_once("anthropic.").map_or("", |it| it.1);
    let plain = plain.rsplit_once("-v").map_or(plain, |it| it.0);
    let known = models::known(plain);
    Listed {
        name,
        context_tokens: known.map(|it| it.context_tokens),
        max_output_tokens: known.map(|it| it.max_output_tokens),
        images: known.map(|it| it.images),
        ..Listed::named(&id)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_lists_are_read() {
        let text = |id: &str, kind: &str| {
            json!({
                "modelId": id, "modelName": "N", "inputModalities": ["TEXT", "IMAGE"],
                "outputModalities": ["TEXT"], "inferenceTypesSupported": [kind],
            })
        };
        let models = json!({ "modelSummaries": [
            text("amazon.nova-lite-v1:0", "ON_DEMAND"),
            text("anthropic.claude-opus-4-6-v1", "INFERENCE_PROFILE"),
            { "modelId": "amazon.titan-embed-text-v2:0", "inputModalities": ["TEXT"],
              "outputModalities": ["EMBEDDING"], "inferenceTypesSupported": ["ON_DEMAND"] },
        ]});
        let profiles = json!({ "inferenceProfileSummaries": [
            { "inferenceProfileId": "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
              "inferenceProfileName": "US Sonnet", "status": "ACTIVE" },
        ]});
        let read = |list: serde_json::Value| read_list(list.to_string().as_bytes()).unwrap();
        let nova = Listed {
            name: Some("N".to_owned()),
            images: Some(true),
            ..Listed::named("amazon.nova-lite-v1:0")
        };
        assert_eq!(read(models), [nova]);
        let sonnet = Listed {
            name: Some("US Sonnet".to_owned()),
            context_tokens: Some(200_000),
            max_output_tokens: Some(64_000),
            images: Some(true),
            ..Listed::named("us.anthropic.claude-sonnet-4-5-20250929-v1:0")
        };
        assert_eq!(read(profiles), [sonnet]);
        assert!(read_list(b"<html>").is_err());
    }

    #[test]
    fn the_lists_have_an_address_of_their_own() {
        let runtime = "https://bedrock-runtime.eu-west-1.amazonaws.com";
        assert_eq!(list_address(runtime), "https://bedrock.eu-west-1.amazonaws.com");
    }
}
