//! What a reply of the Responses API cost, in classes that do not overlap.
//!
//! Figures that make no sense are left out; they never stop a reply.

use serde_json::{Value, json};
use wire::Usage;

pub(super) fn read(counts: &Value) -> Option<Usage> {
    let input = counts["input_tokens"].as_u64()?;
    let output = count(&counts["output_tokens"]);
    let details = &counts["input_tokens_details"];
    let cached = count(&details["cached_tokens"]).min(input);
    let written = count(&details["cache_write_tokens"]).min(input - cached);
    let heard = count(&details["audio_tokens"]).min(input - cached - written);
    let details = &counts["output_tokens_details"];
    let reasoning = count(&details["reasoning_tokens"]);
    // OpenAI counts reasoning within the output, some compatible servers beside it.
    let sum = input.saturating_add(output).saturating_add(reasoning);
    let beside =
        reasoning > output || (reasoning > 0 && counts["total_tokens"].as_u64() == Some(sum));
    let visible = if beside { output } else { output - reasoning };
    let spoken = count(&details["audio_tokens"]).min(visible);
    Some(Usage {
        input_tokens: tokens(input - cached - written - heard),
        cache_read_tokens: tokens(cached),
        cache_write_tokens: tokens(written),
        audio_input_tokens: tokens(heard),
        output_tokens: tokens(visible - spoken),
        reasoning_tokens: tokens(reasoning),
        audio_output_tokens: tokens(spoken),
        ..Usage::default()
    })
}

/// This dialect counts cached tokens within the input, and reasoning within the output.
pub(super) fn write(usage: &Usage) -> Value {
    let input = usage.all_input_tokens();
    let output = usage.all_output_tokens();
    json!({
        "input_tokens": input,
        "input_tokens_details": {
            "cached_tokens": usage.cache_read_tokens,
            "cache_write_tokens":
                u64::from(usage.cache_write_tokens) + u64::from(usage.cache_write_long_tokens),
            "audio_tokens": usage.audio_input_tokens,
        },
        "output_tokens": output,
        "output_tokens_details": {
            "reasoning_tokens": usage.reasoning_tokens,
            "audio_tokens": usage.audio_output_tokens,
        },
        "total_tokens": input + output,
    })
}

fn count(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

fn tokens(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_do_not_overlap() {
        let openai = json!({
            "input_tokens": 100, "output_tokens": 50, "total_tokens": 150,
            "input_tokens_details": { "cached_tokens": 80, "cache_write_tokens": 5 },
            "output_tokens_details": { "reasoning_tokens": 30 },
        });
        check(&openai, [15, 80, 5, 20, 30]);
        let beside = json!({
            "input_tokens": 100, "output_tokens": 50, "total_tokens": 180,
            "output_tokens_details": { "reasoning_tokens": 30 },
        });
        check(&beside, [100, 0, 0, 50, 30]);
        check(&json!({ "input_tokens": 9 }), [9, 0, 0, 0, 0]);
    }

    #[test]
    fn nonsense_is_no_figure() {
        assert_eq!(read(&json!(null)), None);
        assert_eq!(read(&json!({ "input_tokens": -1 })), None);
        let huge = json!({
            "input_tokens": u64::MAX, "output_tokens": u64::MAX, "input_tokens_details": "?",
            "output_tokens_details": { "reasoning_tokens": u64::MAX },
        });
        check(&huge, [u32::MAX, 0, 0, 0, u32::MAX]);
    }

    #[test]
    fn what_is_written_reads_the_same() {
        let usage = Usage {
            input_tokens: 1,
            cache_read_tokens: 2,
            cache_write_tokens: 4,
            audio_input_tokens: 8,
            output_tokens: 16,
            reasoning_tokens: 32,
            audio_output_tokens: 64,
            ..Usage::default()
        };
        assert_eq!(read(&write(&usage)), Some(usage));
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
