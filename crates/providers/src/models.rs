//! What is known about models: how much they read and write, what they can, what they cost.
//!
//! A small table of the best known ones, and what the providers' own lists say. Prices are
//! integers of nano-dollars per token; a price that is not known is absent, never a guess.

mod table;

use serde_json::Value;
use wire::{Model, Usage};

use crate::BadStream;
pub use table::{Known, Price};

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
    pub price: Option<Price>,
    pub tools: Option<bool>,
    pub images: Option<bool>,
}

impl Listed {
    #[must_use]
    pub fn named(id: &str) -> Self {
        Self { id: id.to_owned(), ..Self::default() }
    }

    /// Returns the model as the app sees it.
    #[must_use]
    pub fn describe(&self, provider: &str) -> Model {
        let known = table::find(&self.id);
        let price = self.price.or(known.map(|it| it.price));
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
            input_price_nano: price.map(|it| it.input),
            output_price_nano: price.map(|it| it.output),
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

impl Price {
    /// Returns what a reply cost, in nano-dollars.
    #[must_use]
    pub fn cost(&self, usage: &Usage) -> u64 {
        let class = |tokens: u32, price: u64| u64::from(tokens).saturating_mul(price);
        class(usage.input_tokens, self.input)
            .saturating_add(class(usage.cache_read_tokens, self.cache_read))
            .saturating_add(class(usage.cache_write_tokens, self.cache_write))
            .saturating_add(class(usage.output_tokens, self.output))
            .saturating_add(class(usage.reasoning_tokens, self.output))
    }
}

/// Reads the answer of `GET /models`, in the forms of all the servers that were seen.
pub(crate) fn read_list(body: &[u8]) -> Result<Vec<Listed>, BadStream> {
    let answer: Value = serde_json::from_slice(body)
        .map_err(|source| BadStream::Unreadable { name: "models".to_owned(), source })?;
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
fn chats(id: &str) -> bool {
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

/// Reads dollars per token, written as decimal texts.
fn price(pricing: &Value) -> Option<Price> {
    let nano = |name: &str| nano_dollars(pricing[name].as_str()?);
    let input = nano("prompt")?;
    Some(Price {
        input,
        output: nano("completion")?,
        cache_read: nano("input_cache_read").unwrap_or(input),
        cache_write: nano("input_cache_write").unwrap_or(input),
    })
}

/// Returns a decimal number of dollars in nano-dollars; none if it is not a whole number of them.
fn nano_dollars(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > 9 {
        return None;
    }
    let digits = format!("{whole}{fraction:0<9}");
    digits.bytes().all(|it| it.is_ascii_digit()).then(|| digits.parse().ok())? // Too large.
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use serde_json::json;

    use super::*;

    #[test]
    fn money_is_counted_in_whole_nano_dollars() {
        for (text, expected) in [
            ("0.000003", Some(3_000)),
            ("0.00000015", Some(150)),
            ("0", Some(0)),
            ("1", Some(1_000_000_000)),
            ("0.0000000005", None),
            ("-1", None),
            ("1e-6", None),
            ("", Some(0)),
            ("99999999999999999999", None),
        ] {
            assert_eq!(nano_dollars(text), expected, "{text:?}");
        }
    }

    #[test]
    fn each_class_has_its_price() {
        let usage = Usage {
            input_tokens: 1_000,
            cache_read_tokens: 10_000,
            cache_write_tokens: 2_000,
            output_tokens: 300,
            reasoning_tokens: 200,
            ..Usage::default()
        };
        let sonnet = known("claude-sonnet-4-5-20250929").unwrap();
        // 3,000,000 + 3,000,000 + 7,500,000 + 7,500,000
        assert_eq!(sonnet.price.cost(&usage), 21_000_000);
        let dear = Price { input: u64::MAX, output: 1, cache_read: 1, cache_write: 1 };
        assert_eq!(dear.cost(&usage), u64::MAX);
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
                .map(|it| serde_json::to_string(&it.describe("p")).unwrap() + "\n")
                .collect();
        expect![[r#"
            {"id":"p/anthropic/claude-sonnet-4.5","provider":"p","name":"Anthropic: Claude Sonnet 4.5","context_tokens":1000000,"max_output_tokens":64000,"input_price_nano":3000,"output_price_nano":15000,"tools":true,"images":true,"scripted":false}
            {"id":"p/qwen3:8b","provider":"p","name":"qwen3:8b","context_tokens":65536,"max_output_tokens":8192,"tools":true,"images":false,"scripted":false}
            {"id":"p/claude-haiku-4-5","provider":"p","name":"Haiku","context_tokens":200000,"max_output_tokens":64000,"input_price_nano":1000,"output_price_nano":5000,"tools":true,"images":true,"scripted":false}
            {"id":"p/gpt-4o","provider":"p","name":"GPT-4o","context_tokens":128000,"max_output_tokens":16384,"input_price_nano":2500,"output_price_nano":10000,"tools":true,"images":true,"scripted":false}
            {"id":"p/bare","provider":"p","name":"bare","context_tokens":65536,"max_output_tokens":8192,"tools":true,"images":false,"scripted":false}
        "#]].assert_eq(&models.concat());
        assert!(read_list(b"<html>").is_err());
        assert_eq!(read_list(b"{}").unwrap(), []);
    }
}
