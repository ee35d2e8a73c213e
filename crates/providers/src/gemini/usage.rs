//! What a reply cost, in classes that do not overlap, and back.
//!
//! Figures that make no sense are left out; they never stop a reply.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use wire::Usage;

/// Cumulative figures: each chunk brings newer ones, and many chunks bring none.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Counts {
    /// With what came from a cache.
    prompt_token_count: Option<u64>,
    cached_content_token_count: Option<u64>,
    /// What the vendor's own tools brought into the prompt, beside it.
    tool_use_prompt_token_count: Option<u64>,
    /// Without thoughts.
    candidates_token_count: Option<u64>,
    thoughts_token_count: Option<u64>,
    total_token_count: Option<u64>,
    prompt_tokens_details: Option<Vec<Detail>>,
    cache_tokens_details: Option<Vec<Detail>>,
    candidates_tokens_details: Option<Vec<Detail>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Detail {
    modality: Option<String>,
    token_count: Option<u64>,
}

impl Counts {
    pub(super) fn update(&mut self, newer: Self) {
        self.prompt_token_count = newer.prompt_token_count.or(self.prompt_token_count);
        self.cached_content_token_count =
            newer.cached_content_token_count.or(self.cached_content_token_count);
        self.tool_use_prompt_token_count =
            newer.tool_use_prompt_token_count.or(self.tool_use_prompt_token_count);
        self.candidates_token_count = newer.candidates_token_count.or(self.candidates_token_count);
        self.thoughts_token_count = newer.thoughts_token_count.or(self.thoughts_token_count);
        self.total_token_count = newer.total_token_count.or(self.total_token_count);
        update_list(&mut self.prompt_tokens_details, newer.prompt_tokens_details);
        update_list(&mut self.cache_tokens_details, newer.cache_tokens_details);
        update_list(&mut self.candidates_tokens_details, newer.candidates_tokens_details);
    }

    pub(super) fn usage(&self) -> Option<Usage> {
        self.prompt_token_count.or(self.candidates_token_count).or(self.thoughts_token_count)?;
        let prompt = self.prompt_token_count.unwrap_or(0);
        let cached = self.cached_content_token_count.unwrap_or(0).min(prompt);
        // What was heard before lies in the cache and is counted there.
        let heard = audio(self.prompt_tokens_details.as_ref())
            .saturating_sub(audio(self.cache_tokens_details.as_ref()))
            .min(prompt - cached);
        let tools = self.tool_use_prompt_token_count.unwrap_or(0);
        let thoughts = self.thoughts_token_count.unwrap_or(0);
        let output = self.output(prompt.saturating_add(tools), thoughts);
        let spoken = audio(self.candidates_tokens_details.as_ref()).min(output);
        Some(Usage {
            input_tokens: tokens((prompt - cached - heard).saturating_add(tools)),
            cache_read_tokens: tokens(cached),
            audio_input_tokens: tokens(heard),
            output_tokens: tokens(output - spoken),
            reasoning_tokens: tokens(thoughts),
            audio_output_tokens: tokens(spoken),
            ..Usage::default()
        })
    }

    /// Some servers count thoughts within the candidates, which only the sum tells.
    fn output(&self, input: u64, thoughts: u64) -> u64 {
        let candidates = self.candidates_token_count.unwrap_or(0);
        let within = self.total_token_count == Some(input.saturating_add(candidates));
        if within { candidates.saturating_sub(thoughts) } else { candidates }
    }
}

fn update_list(list: &mut Option<Vec<Detail>>, newer: Option<Vec<Detail>>) {
    if newer.is_some() {
        *list = newer;
    }
}

fn audio(details: Option<&Vec<Detail>>) -> u64 {
    let of = |it: &Detail| match it.modality.as_deref() {
        Some("AUDIO") => it.token_count.unwrap_or(0),
        Some(_) | None => 0,
    };
    details.map_or(0, |it| it.iter().map(of).fold(0, u64::saturating_add))
}

fn tokens(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Writes the figures for a client.
pub(super) fn write(usage: &Usage) -> Value {
    let prompt = usage.all_input_tokens();
    let candidates = u64::from(usage.output_tokens) + u64::from(usage.audio_output_tokens);
    let mut counts = Map::new();
    let mut put = |name: &str, value: Value| counts.insert(name.to_owned(), value);
    put("promptTokenCount", prompt.into());
    if usage.cache_read_tokens > 0 {
        put("cachedContentTokenCount", usage.cache_read_tokens.into());
    }
    put("candidatesTokenCount", candidates.into());
    if usage.reasoning_tokens > 0 {
        put("thoughtsTokenCount", usage.reasoning_tokens.into());
    }
    put("totalTokenCount", (prompt + usage.all_output_tokens()).into());
    for (name, all, audio) in [
        ("promptTokensDetails", prompt, usage.audio_input_tokens),
        ("candidatesTokensDetails", candidates, usage.audio_output_tokens),
    ] {
        if audio > 0 {
            let text = all - u64::from(audio);
            let detail = |modality: &str, n: u64| json!({ "modality": modality, "tokenCount": n });
            put(name, json!([detail("TEXT", text), detail("AUDIO", audio.into())]));
        }
    }
    counts.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_do_not_overlap() {
        let thinking = json!({
            "promptTokenCount": 100, "cachedContentTokenCount": 80, "candidatesTokenCount": 50,
            "thoughtsTokenCount": 30, "toolUsePromptTokenCount": 7, "totalTokenCount": 187,
        });
        check(&thinking, [27, 80, 0, 50, 30, 0]);
        let within = json!({
            "promptTokenCount": 100, "candidatesTokenCount": 50, "thoughtsTokenCount": 30,
            "totalTokenCount": 150,
        });
        check(&within, [100, 0, 0, 20, 30, 0]);
        let audio = json!({
            "promptTokenCount": 100, "cachedContentTokenCount": 60, "candidatesTokenCount": 50,
            "promptTokensDetails": [
                { "modality": "TEXT", "tokenCount": 50 }, { "modality": "AUDIO", "tokenCount": 50 },
            ],
            "cacheTokensDetails": [{ "modality": "AUDIO", "tokenCount": 40 }],
            "candidatesTokensDetails": [{ "modality": "AUDIO", "tokenCount": 45 }],
        });
        check(&audio, [30, 60, 10, 5, 0, 45]);
    }

    #[test]
    fn figures_that_a_chunk_does_not_repeat_stay() {
        let mut counts: Counts = serde_json::from_value(json!({
            "promptTokenCount": 9, "candidatesTokenCount": 1, "thoughtsTokenCount": 4,
        }))
        .unwrap();
        counts.update(serde_json::from_value(json!({ "candidatesTokenCount": 5 })).unwrap());
        let usage = counts.usage().unwrap();
        assert_eq!([usage.input_tokens, usage.output_tokens, usage.reasoning_tokens], [9, 5, 4]);
        assert_eq!(Counts::default().usage(), None);
    }

    #[test]
    fn what_was_written_reads_the_same() {
        let usage = Usage {
            input_tokens: 1,
            cache_read_tokens: 2,
            audio_input_tokens: 3,
            output_tokens: 4,
            reasoning_tokens: 5,
            audio_output_tokens: 6,
            ..Usage::default()
        };
        for usage in [usage, Usage::default()] {
            let counts: Counts = serde_json::from_value(write(&usage)).unwrap();
            assert_eq!(counts.usage(), Some(usage));
        }
    }

    #[track_caller]
    fn check(counts: &Value, expected: [u32; 6]) {
        let it = serde_json::from_value::<Counts>(counts.clone()).unwrap().usage().unwrap();
        let classes = [
            it.input_tokens,
            it.cache_read_tokens,
            it.audio_input_tokens,
            it.output_tokens,
            it.reasoning_tokens,
            it.audio_output_tokens,
        ];
        assert_eq!(classes, expected, "{counts}");
    }
}
