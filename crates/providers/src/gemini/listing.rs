//! Which models there are, in Google's own list.
//!
//! It judges no model: what is known beside the list is [`models`]'s.

use serde::Deserialize;

use crate::{
    dialect::BadStream,
    models::{self, Listed},
};

/// The path of the list. A page holds all of them.
pub const LIST_PATH: &str = "/models?pageSize=1000";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Answer {
    models: Vec<Entry>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Entry {
    name: String,
    display_name: Option<String>,
    input_token_limit: Option<u32>,
    output_token_limit: Option<u32>,
    supported_generation_methods: Option<Vec<String>>,
}

/// Reads the list; what has no conversation is left out.
pub fn read_list(body: &[u8]) -> Result<Vec<Listed>, BadStream> {
    let answer: Answer =
        serde_json::from_slice(body).map_err(|source| BadStream::unreadable(b"models", source))?;
    Ok(answer.models.into_iter().filter_map(listed).collect())
}

fn listed(entry: Entry) -> Option<Listed> {
    let id = entry.name.strip_prefix("models/").unwrap_or(&entry.name);
    let replies = |it: &Vec<String>| it.iter().any(|it| it == "generateContent");
    if id.is_empty()
        || !models::chats(id)
        || !entry.supported_generation_methods.as_ref().is_none_or(replies)
    {
        return None;
    }
    Some(Listed {
        context_tokens: entry.input_token_limit,
        max_output_tokens: entry.output_token_limit,
        // The list does not tell, but all of them see.
        images: id.starts_with("gemini-").then_some(true),
        name: entry.display_name,
        ..Listed::named(id)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn models_that_converse_are_listed() {
        let chat = ["generateContent", "countTokens"];
        let list = json!({ "models": [
            {
                "name": "models/gemini-2.5-pro", "displayName": "Gemini 2.5 Pro",
                "inputTokenLimit": 1_048_576, "outputTokenLimit": 65_536,
                "supportedGenerationMethods": chat, "thinking": true,
            },
            { "name": "models/gemma-3-1b-it", "supportedGenerationMethods": chat },
            { "name": "models/gemini-2.5-flash-image", "supportedGenerationMethods": chat },
            { "name": "models/gemini-2.5-pro-preview-tts", "supportedGenerationMethods": chat },
            { "name": "models/gemini-embedding-001", "supportedGenerationMethods": ["embedContent"] },
            { "name": "models/aqa", "supportedGenerationMethods": ["generateAnswer"] },
            {},
        ]});
        let pro = Listed {
            name: Some("Gemini 2.5 Pro".to_owned()),
            context_tokens: Some(1_048_576),
            max_output_tokens: Some(65_536),
            images: Some(true),
            ..Listed::named("gemini-2.5-pro")
        };
        let read = read_list(list.to_string().as_bytes()).unwrap();
        assert_eq!(read, [pro, Listed::named("gemma-3-1b-it")]);
        assert_eq!(read_list(b"{}").unwrap(), []);
        assert!(read_list(b"<html>").is_err());
    }
}
