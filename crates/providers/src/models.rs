//! What is known about models: how much they read and write, and what they can.
//!
//! A small table of the best known ones, and what the providers' own lists say. What a model costs
//! is told by [`prices`].

mod table;

use serde_json::Value;
use wire::Model;

use crate::{
    dialect::BadStream,
    prices::{self, Price, Quote},
};
pub use table::Known;

/// For models that nobody describes.
const CONTEXT_TOKENS: u32 = 65_536;
const MAX_OUTPUT_TOKENS: u32 = 8_192;

/// A model as a provider's own list describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    /// The provider's own name of it.
    pub id: String,
    pub name: Option<String>,
    pub context_tokens: Option<u32>,
    pub max_output_tokens: Option<u32>,
    /// What the list says.
    pub price: Option<Price>,
    pub tools: Option<bool>,
    pub images: Option<bool>,
}

impl Listed {
    #[must_use]
    pub fn named(id: &str) -> Self {
        Self { id: id.to_owned(), ..Self::default() }
    }

    /// Returns what can be chosen: the names that the person gave and a list does not have, and the list.
    #[must_use]
    pub fn and_own(listed: Vec<Self>, own: &[String]) -> Vec<Self> {
        let unlisted = own.iter().filter(|own| listed.iter().all(|it| it.id != **own));
        let mut all: Vec<Self> = unlisted.map(|it| Self::named(it)).collect();
        all.extend(listed);
        all
    }

    /// Returns the model as the app sees it, with what it costs there; without a price, that of
    /// the provider's list stands.
    ///
    /// The app's prices are whole nano-dollars per token: what is less than one is rounded up, so
    /// that its estimates are too high rather than too low. What a reply cost is told exactly.
    #[must_use]
    pub fn describe(&self, provider: &str, price: Option<&Price>) -> Model {
        let known = table::find(&self.id);
        let rates = price.or(self.price.as_ref()).map(|it| it.base);
        let per_token = |rate: u64| rate.div_ceil(1_000_000);
        let name = self.name.as_deref().or(known.map(|it| it.name));
        Model {
            id: format!("{provider}/{}", self.id),
            provider: provider.to_owned(),
            name: name.unwrap_or(&self.id).to_owned(),
            context_tokens: self
                .context_tokens
                .or(known.map(|it| it.context_tokens))
                .unwrap_or(CONTEXT_TOKENS),
            max_output_tokens: self
                .max_output_tokens
                .or(known.map(|it| it.max_output_tokens))
                .unwrap_or(MAX_OUTPUT_TOKENS),
            input_price_nano: rates.map(|it| per_token(it.input)),
            output_price_nano: rates.map(|it| per_token(it.output)),
            tools: self.tools.unwrap_or(true),
            images: self.images.or(known.map(|it| it.images)).unwrap_or(false),
            scripted: false,
        }
    }
}

/// Returns what the table knows about a model, by the provider's own name of it.
#[must_use]
pub fn known(id: &str) -> Option<&'static Known> {
    table::find(id)
}

/// Returns the whole table.
#[must_use]
pub fn all() -> &'static [Known] {
    table::TABLE
}

/// Reads the answer of `GET /models`, in the forms of all the servers that were seen.
pub(crate) fn read_list(body: &[u8]) -> Result<Vec<Listed>, BadStream> {
    let answer: Value =
        serde_json::from_slice(body).map_err(|source| BadStream::unreadable(b"models", source))?;
    let list = answer.as_array().or_else(|| answer["data"].as_array());
    Ok(list.into_iter().flatten().filter_map(read_one).collect())
}

fn read_one(entry: &Value) -> Option<Listed> {
    let id = entry["id"].as_str().filter(|it| !it.is_empty() && chats(it))?;
    let number = |value: &Value| value.as_u64().and_then(|it| u32::try_from(it).ok());
    let among = |list: &Value, name: &str| list.as_array().map(|it| it.iter().any(|it| it == name));
    let context = ["context_length", "max_model_len", "max_input_tokens", "context_window"];
    Some(Listed {
        id: id.to_owned(),
        name: ["display_name", "name"].iter().find_map(|it| entry[*it].as_str()).map(Into::into),
        context_tokens: context
            .iter()
            .find_map(|it| number(&entry[*it]))
            .or_else(|| number(&entry["meta"]["n_ctx_train"])),
        max_output_tokens: number(&entry["top_provider"]["max_completion_tokens"])
            .or_else(|| number(&entry["max_tokens"])),
        price: price(&entry["pricing"]),
        tools: among(&entry["supported_parameters"], "tools"),
        images: among(&entry["architecture"]["input_modalities"], "image"),
    })
}

/// Lists name everything that a vendor sells; these have no conversation.
pub(crate) fn chats(id: &str) -> bool {
    let id = id.to_ascii_lowercase();
    ![
        "embed",
        "tts",
        "whisper",
        "dall-e",
        "-image",
        "realtime",
        "audio",
        "moderation",
        "transcribe",
        "davinci",
        "babbage",
        "sora",
        "rerank",
    ]
    .iter()
    .any(|it| id.contains(it))
}

/// Reads dollars per token, written as decimal texts; a class without a price, or with a negative
/// one, is left out.
fn price(pricing: &Value) -> Option<Price> {
    let rate = |name: &str| prices::per_token(pricing[name].as_str()?);
    let quote = Quote {
        input: Some(rate("prompt")?),
        output: Some(rate("completion")?),
        cache_read: rate("input_cache_read"),
        cache_write: rate("input_cache_write"),
        request: rate("request"),
        ..Quote::default()
    };
    Some(quote.into())
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use serde_json::json;

    use super::*;
    use crate::prices::Rates;

    #[test]
    fn a_list_s_prices_are_exact() {
        let model = json!({ "id": "a", "pricing": {
            "prompt": "0.0000000375", "completion": "0.00000015", "request": "0.005",
            "input_cache_read": "", "input_cache_write": "-1",
        }});
        let price = read_one(&model).unwrap().price.unwrap();
        let expected = Rates {
            request: 5_000_000_000_000,
            ..Quote { input: Some(37_500_000), output: Some(150_000_000), ..Quote::default() }
                .into()
        };
        assert_eq!(price.base, expected);
        let described = read_one(&model).unwrap().describe("p", None);
        assert_eq!(
            (described.input_price_nano, described.output_price_nano),
            (Some(38), Some(150))
        );
        let auto = json!({ "id": "a", "pricing": { "prompt": "-1", "completion": "-1" } });
        assert_eq!(read_one(&auto).unwrap().price, None);
    }

    #[test]
    fn every_known_model_has_a_price() {
        for known in all() {
            let price = prices::find(known.seller, known.id, 1_798_761_600);
            assert!(price.is_some_and(|it| it.base.output > it.base.input), "{}", known.id);
        }
    }

    #[test]
    fn a_dated_name_is_the_same_model_and_another_number_is_not() {
        assert_eq!(known("gpt-4o-2024-08-06").unwrap().name, "GPT-4o");
        assert_eq!(known("gpt-4o-mini").unwrap().name, "GPT-4o mini");
        assert_eq!(known("claude-opus-4-5").unwrap().name, "Claude Opus 4.5");
        assert!(known("claude-opus-4-99").is_none());
        assert!(known("gpt-4o-audio-preview").is_none());
    }

    #[test]
    fn lists_of_several_servers() {
        let openrouter = json!({ "data": [{
            "id": "anthropic/claude-sonnet-4.5", "name": "Anthropic: Claude Sonnet 4.5",
            "context_length": 1_000_000, "top_provider": { "max_completion_tokens": 64_000 },
            "pricing": { "prompt": "0.000003", "completion": "0.000015", "input_cache_read": "0.0000003" },
            "supported_parameters": ["tools"], "architecture": { "input_modalities": ["text", "image"] },
        }]});
        let ollama = json!({ "object": "list", "data": [{ "id": "qwen3:8b", "object": "model" }] });
        let anthropic = json!({ "data": [{ "id": "claude-haiku-4-5", "display_name": "Haiku" }] });
        let openai =
            json!({ "data": [{ "id": "gpt-4o" }, { "id": "text-embedding-3-small" }, {}, 7] });
        let models: Vec<String> =
            [openrouter, ollama, anthropic, openai, json!([{ "id": "bare" }])]
                .iter()
                .flat_map(|it| read_list(it.to_string().as_bytes()).unwrap())
                .map(|it| serde_json::to_string(&it.describe("p", None)).unwrap() + "\n")
                .collect();
        expect![[r#"
            {"id":"p/anthropic/claude-sonnet-4.5","provider":"p","name":"Anthropic: Claude Sonnet 4.5","context_tokens":1000000,"max_output_tokens":64000,"input_price_nano":3000,"output_price_nano":15000,"tools":true,"images":true,"scripted":false}
            {"id":"p/qwen3:8b","provider":"p","name":"qwen3:8b","context_tokens":65536,"max_output_tokens":8192,"tools":true,"images":false,"scripted":false}
            {"id":"p/claude-haiku-4-5","provider":"p","name":"Haiku","context_tokens":200000,"max_output_tokens":64000,"tools":true,"images":true,"scripted":false}
            {"id":"p/gpt-4o","provider":"p","name":"GPT-4o","context_tokens":128000,"max_output_tokens":16384,"tools":true,"images":true,"scripted":false}
            {"id":"p/bare","provider":"p","name":"bare","context_tokens":65536,"max_output_tokens":8192,"tools":true,"images":false,"scripted":false}
        "#]].assert_eq(&models.concat());
        assert!(read_list(b"<html>").is_err());
        assert_eq!(read_list(b"{}").unwrap(), []);
    }
}
