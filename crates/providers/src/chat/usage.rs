//! What a reply of chat completions cost, in classes that do not overlap.
//!
//! Figures that make no sense are left out; they never stop a reply.

use serde_json::Value;
use wire::Usage;

pub(super) fn read(counts: &Value) -> Option<Usage> {
    let prompt = counts["prompt_tokens"].as_u64()?;
    let completion = count(&counts["completion_tokens"]);
    let details = &counts["prompt_tokens_details"];
    let cached = count(&details["cached_tokens"])
        .max(count(&counts["prompt_cache_hit_tokens"])) // DeepSeek
        .min(prompt);
    let written = count(&details["cache_write_tokens"]).min(prompt - cached);
    let heard = count(&details["audio_tokens"]).min(prompt - cached - written);
    let reasoning = count(&counts["completion_tokens_details"]["reasoning_tokens"]);
    // OpenAI counts reasoning within the completion, xAI beside it.
    let sum = prompt.saturating_add(completion).saturating_add(reasoning);
    let beside =
        reasoning > completion || (reasoning > 0 && counts["total_tokens"].as_u64() == Some(sum));
    let output = if beside { completion } else { completion - reasoning };
    let spoken = count(&counts["completion_tokens_details"]["audio_tokens"]).min(output);
    Some(Usage {
        input_tokens: tokens(prompt - cached - written - heard),
        cache_read_tokens: tokens(cached),
        cache_write_tokens: tokens(written),
        cache_write_long_tokens: 0,
        audio_input_tokens: tokens(heard),
        output_tokens: tokens(output - spoken),
        reasoning_tokens: tokens(reasoning),
        audio_output_tokens: tokens(spoken),
        cost_nano: counts["cost"].as_f64().and_then(nano_dollars), // OpenRouter
        estimated: false,
    })
}

fn count(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

fn tokens(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn nano_dollars(dollars: f64) -> Option<u64> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates, and the range was checked"
    )]
    (dollars.is_finite() && dollars >= 0.0).then(|| (dollars * 1e9).round() as u64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn classes_do_not_overlap() {
        let openai = json!({
            "prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150,
            "prompt_tokens_details": { "cached_tokens": 80 },
            "completion_tokens_details": { "reasoning_tokens": 30 },
        });
        check(&openai, [20, 80, 0, 20, 30]);
        let xai = json!({
            "prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 180,
            "completion_tokens_details": { "reasoning_tokens": 30 },
        });
        check(&xai, [100, 0, 0, 50, 30]);
        check(&json!({ "prompt_tokens": 9, "prompt_cache_hit_tokens": 4 }), [5, 4, 0, 0, 0]);
    }

    #[test]
    fn nonsense_is_no_figure() {
        assert_eq!(read(&json!(null)), None);
        assert_eq!(read(&json!({ "prompt_tokens": -1 })), None);
        let huge = json!({
            "prompt_tokens": u64::MAX, "completion_tokens": u64::MAX, "cost": -1.0,
            "prompt_tokens_details": "?",
            "completion_tokens_details": { "reasoning_tokens": u64::MAX },
        });
        check(&huge, [u32::MAX, 0, 0, 0, u32::MAX]);
    }

    #[test]
    fn a_price_is_rounded_to_the_nano_dollar() {
        let usage = read(&json!({ "prompt_tokens": 1, "cost": 0.000_012_345_678_9 })).unwrap();
        assert_eq!(usage.cost_nano, Some(12_346));
    }

    #[track_caller]
    fn check(counts: &Value, expected: [u32; 5]) {
        let it = read(counts).unwrap();
        let classes = [
            it.input_tokens,
            it.cache_read_tokens,
            it.cache_write_tokens,
            it.output_tokens,
            it.reasoning_tokens,
        ];
        assert_eq!(classes, expected, "{counts}");
    }
}
