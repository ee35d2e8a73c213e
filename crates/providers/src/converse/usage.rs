//! What a reply cost, in this API's classes and in ours.
//!
//! `inputTokens` is what no cache had anything to do with. Figures that make no sense are left
//! out; they never stop a reply.

use serde_json::{Map, Value, json};
use wire::Usage;

pub(super) fn read(counts: &Value) -> Option<Usage> {
    let count = |name: &str| counts[name].as_u64();
    count("inputTokens").or(count("outputTokens"))?;
    let details = counts["cacheDetails"].as_array().map_or(&[][..], Vec::as_slice);
    let by_details = |long: bool| -> u64 {
        let fits = |it: &&Value| (it["ttl"] == "1h") == long;
        let tokens = details.iter().filter(fits).filter_map(|it| it["inputTokens"].as_u64());
        tokens.fold(0, u64::saturating_add)
    };
    let written = count("cacheWriteInputTokens")
        .unwrap_or_else(|| by_details(true).saturating_add(by_details(false)));
    let long = by_details(true).min(written);
    Some(Usage {
        input_tokens: tokens(count("inputTokens").unwrap_or(0)),
        cache_read_tokens: tokens(count("cacheReadInputTokens").unwrap_or(0)),
        cache_write_tokens: tokens(written - long),
        cache_write_long_tokens: tokens(long),
        output_tokens: tokens(count("outputTokens").unwrap_or(0)),
        ..Usage::default()
    })
}

fn tokens(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

pub(super) fn write(usage: &Usage) -> Value {
    let (short, long) = (usage.cache_write_tokens, usage.cache_write_long_tokens);
    let output = usage.all_output_tokens();
    let mut counts = Map::new();
    let mut add = |name: &str, value: Value| drop(counts.insert(name.to_owned(), value));
    let plain = u64::from(usage.input_tokens) + u64::from(usage.audio_input_tokens);
    add("inputTokens", plain.into());
    add("outputTokens", output.into());
    add("totalTokens", (usage.all_input_tokens() + output).into());
    add("cacheReadInputTokens", usage.cache_read_tokens.into());
    add("cacheWriteInputTokens", (u64::from(short) + u64::from(long)).into());
    let details: Vec<Value> = [("1h", long), ("5m", short)]
        .into_iter()
        .filter(|it| it.1 > 0)
        .map(|(ttl, tokens)| json!({ "ttl": ttl, "inputTokens": tokens }))
        .collect();
    if !details.is_empty() {
        add("cacheDetails", details.into());
    }
    counts.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_do_not_overlap() {
        check(
            &json!({
                "inputTokens": 5, "outputTokens": 7, "totalTokens": 62,
                "cacheReadInputTokens": 20, "cacheWriteInputTokens": 30,
                "cacheDetails": [{ "ttl": "1h", "inputTokens": 10 }, { "ttl": "5m", "inputTokens": 20 }],
            }),
            [5, 20, 20, 10, 7],
        );
        check(&json!({ "inputTokens": 5, "cacheWriteInputTokens": 3 }), [5, 0, 3, 0, 0]);
        let only_details =
            json!({ "inputTokens": 1, "cacheDetails": [{ "ttl": "1h", "inputTokens": 9 }] });
        check(&only_details, [1, 0, 0, 9, 0]);
    }

    #[test]
    fn nonsense_is_no_figure() {
        assert_eq!(read(&json!(null)), None);
        assert_eq!(read(&json!({ "inputTokens": -1 })), None);
        check(
            &json!({
                "inputTokens": u64::MAX, "outputTokens": 1.5, "cacheReadInputTokens": "?",
                "cacheWriteInputTokens": 4, "cacheDetails": [7, { "ttl": "1h", "inputTokens": 9 }],
            }),
            [u32::MAX, 0, 0, 4, 0],
        );
    }

    #[track_caller]
    fn check(counts: &Value, expected: [u32; 5]) {
        let it = read(counts).unwrap();
        let classes = [
            it.input_tokens,
            it.cache_read_tokens,
            it.cache_write_tokens,
            it.cache_write_long_tokens,
            it.output_tokens,
        ];
        assert_eq!(classes, expected, "{counts}");
    }
}
