//! A client's body as it comes.
//!
//! Google's servers take both spellings of every name, and one thing where a list belongs; so both
//! are taken here.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::{Value, value::RawValue};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body {
    #[serde(deserialize_with = "many")]
    pub(super) contents: Vec<Content>,
    #[serde(default, alias = "system_instruction")]
    pub(super) system_instruction: Option<Content>,
    #[serde(default, deserialize_with = "many")]
    pub(super) tools: Vec<BTreeMap<String, Box<RawValue>>>,
    #[serde(default, alias = "tool_config")]
    pub(super) tool_config: Option<ToolConfig>,
    #[serde(default, alias = "generation_config")]
    pub(super) generation_config: Option<GenerationConfig>,
    #[serde(default, alias = "cached_content")]
    pub(super) cached_content: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Content {
    #[serde(default)]
    pub(super) role: Option<String>,
    #[serde(default, deserialize_with = "many")]
    pub(super) parts: Vec<Part>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Part {
    pub(super) text: Option<String>,
    pub(super) thought: Option<bool>,
    #[serde(alias = "thought_signature")]
    pub(super) thought_signature: Option<String>,
    #[serde(alias = "inline_data")]
    pub(super) inline_data: Option<InlineData>,
    #[serde(alias = "file_data")]
    pub(super) file_data: Option<FileData>,
    #[serde(alias = "function_call")]
    pub(super) function_call: Option<FunctionCall>,
    #[serde(alias = "function_response")]
    pub(super) function_response: Option<FunctionResponse>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InlineData {
    #[serde(alias = "mime_type")]
    pub(super) mime_type: String,
    pub(super) data: String,
    #[serde(default, alias = "display_name")]
    pub(super) display_name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FileData {
    #[serde(default, alias = "mime_type")]
    pub(super) mime_type: Option<String>,
    #[serde(alias = "file_uri")]
    pub(super) file_uri: String,
    #[serde(default, alias = "display_name")]
    pub(super) display_name: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct FunctionCall {
    #[serde(default)]
    pub(super) id: Option<String>,
    pub(super) name: String,
    #[serde(default)]
    pub(super) args: Option<Box<RawValue>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct FunctionResponse {
    #[serde(default)]
    pub(super) id: Option<String>,
    pub(super) name: String,
    #[serde(default)]
    pub(super) response: Value,
    #[serde(default, deserialize_with = "many")]
    pub(super) parts: Vec<Part>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Declaration {
    pub(super) name: String,
    #[serde(default)]
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) parameters: Option<Box<RawValue>>,
    #[serde(default, alias = "parameters_json_schema")]
    pub(super) parameters_json_schema: Option<Box<RawValue>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ToolConfig {
    #[serde(alias = "function_calling_config")]
    pub(super) function_calling_config: Option<CallingConfig>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct CallingConfig {
    pub(super) mode: Option<String>,
    #[serde(alias = "allowed_function_names", deserialize_with = "many")]
    pub(super) allowed_function_names: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct GenerationConfig {
    #[serde(alias = "max_output_tokens")]
    pub(super) max_output_tokens: Option<u32>,
    pub(super) temperature: Option<f64>,
    #[serde(alias = "top_p")]
    pub(super) top_p: Option<f64>,
    /// Some clients write `40.0`.
    #[serde(alias = "top_k")]
    pub(super) top_k: Option<f64>,
    pub(super) seed: Option<i64>,
    #[serde(alias = "frequency_penalty")]
    pub(super) frequency_penalty: Option<f64>,
    #[serde(alias = "presence_penalty")]
    pub(super) presence_penalty: Option<f64>,
    #[serde(alias = "stop_sequences", deserialize_with = "many")]
    pub(super) stop_sequences: Vec<String>,
    #[serde(alias = "response_mime_type")]
    pub(super) response_mime_type: Option<String>,
    #[serde(alias = "response_schema")]
    pub(super) response_schema: Option<Box<RawValue>>,
    #[serde(alias = "response_json_schema", alias = "_responseJsonSchema")]
    pub(super) response_json_schema: Option<Box<RawValue>>,
    #[serde(alias = "response_format")]
    pub(super) response_format: Option<Value>,
    #[serde(alias = "thinking_config")]
    pub(super) thinking_config: Option<ThinkingConfig>,
    #[serde(alias = "candidate_count")]
    pub(super) candidate_count: Option<u32>,
    #[serde(alias = "response_logprobs")]
    pub(super) response_logprobs: Option<bool>,
    #[serde(alias = "response_modalities", deserialize_with = "many")]
    pub(super) response_modalities: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ThinkingConfig {
    #[serde(alias = "thinking_budget")]
    pub(super) thinking_budget: Option<i64>,
    #[serde(alias = "thinking_level")]
    pub(super) thinking_level: Option<String>,
    #[serde(alias = "include_thoughts")]
    pub(super) include_thoughts: Option<bool>,
}

/// What a tool that is described by functions holds.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Declarations {
    #[serde(deserialize_with = "many")]
    pub(super) list: Vec<Declaration>,
}

/// Reads a list, one thing alone, or nothing.
fn many<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    struct Many<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Many<T> {
        type Value = Vec<T>;

        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("a list")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            Ok(vec![T::deserialize(MapAccessDeserializer::new(map))?])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut found = Vec::new();
            while let Some(it) = list.next_element()? {
                found.push(it);
            }
            Ok(found)
        }
    }

    from.deserialize_any(Many(PhantomData))
}
