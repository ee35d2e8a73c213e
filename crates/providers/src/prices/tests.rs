//! Prices by hand: what the comparison with the oracle in `tests/it/prices.rs` cannot show, or
//! what should be seen without it.

use expect_test::expect;
use wire::Usage;

use super::*;

/// 2026-11-01, at noon.
const AT: u64 = 1_793_534_400;

#[test]
fn each_class_has_its_price() {
    let usage = Usage {
        input_tokens: 1_000,
        cache_read_tokens: 10_000,
        cache_write_tokens: 2_000,
        cache_write_long_tokens: 100,
        output_tokens: 300,
        reasoning_tokens: 200,
        ..Usage::default()
    };
    let sonnet = find(Seller::Anthropic, "claude-sonnet-4-5-20250929", AT).unwrap();
    // 3,000,000 + 3,000,000 + 7,500,000 + 600,000 + 7,500,000
    assert_eq!(sonnet.cost(&usage), 21_600_000);
}

#[test]
fn a_class_without_a_price_costs_what_the_wider_one_costs() {
    let quote = Quote { input: Some(1), output: Some(10), ..Quote::default() };
    let plain = Rates {
        input: 1,
        cache_read: 1,
        cache_write: 1,
        cache_write_long: 1,
        audio_input: 1,
        output: 10,
        reasoning: 10,
        audio_output: 10,
        request: 0,
    };
    assert_eq!(Rates::from(quote), plain);
    let cached = Quote { cache_write: Some(2), ..quote };
    assert_eq!(Rates::from(cached), Rates { cache_write: 2, cache_write_long: 2, ..plain });
}

#[test]
fn one_token_too_many_changes_the_price_of_all() {
    let sonnet = find(Seller::Anthropic, "claude-sonnet-4-5", AT).unwrap();
    let cost = |input_tokens, cache_read_tokens| {
        sonnet.cost(&Usage {
            input_tokens,
            cache_read_tokens,
            output_tokens: 10,
            ..Usage::default()
        })
    };
    assert_eq!(cost(200_000, 0), 600_000_000 + 150_000);
    assert_eq!(cost(200_001, 0), 1_200_006_000 + 225_000);
    assert_eq!(cost(1, 200_000), 6_000 + 120_000_000 + 225_000);
}

#[test]
fn a_sum_is_rounded_once_and_from_the_middle_to_the_even_side() {
    // $0.0375 per million tokens are 37.5 nano-dollars per token.
    let price = |dollars| Price::from(Quote { input: per_million(dollars), ..Quote::default() });
    let cost =
        |dollars, input_tokens| price(dollars).cost(&Usage { input_tokens, ..Usage::default() });
    let costs = [1, 2, 3, 5].map(|n| cost("0.0375", n));
    assert_eq!(costs, [38, 75, 112, 188]);
    assert_eq!([1, 4, 5, 6].map(|n| cost("0.0001", n)), [0, 0, 0, 1]);
    let halves =
        Quote { input: per_million("0.0005"), output: per_million("0.0005"), ..Quote::default() };
    let usage = Usage { input_tokens: 1, output_tokens: 1, ..Usage::default() };
    assert_eq!(Price::from(halves).cost(&usage), 1, "two halves are one");
}

#[test]
fn nothing_overflows() {
    let dear = Quote {
        input: Some(u64::MAX),
        output: Some(u64::MAX),
        request: Some(u64::MAX),
        ..Quote::default()
    };
    let usage = Usage { input_tokens: u32::MAX, output_tokens: u32::MAX, ..Usage::default() };
    assert_eq!(Price::from(dear).cost(&usage), u64::MAX);
    assert_eq!(Price::from(dear).most(u64::MAX, u64::MAX), u64::MAX);
    assert_eq!(Price::FREE.most(u64::MAX, u64::MAX), 0);
}

#[test]
fn no_usage_within_its_limits_costs_more_than_was_reserved() {
    for (seller, model) in [
        (Seller::Anthropic, "claude-sonnet-4-5"),
        (Seller::Openai, "gpt-realtime"),
        (Seller::Google, "gemini-2.5-flash-lite"),
        (Seller::Perplexity, "sonar-deep-research"),
    ] {
        let price = find(seller, model, AT).unwrap();
        for n in [0, 1, 7, 199_999, 200_000, 200_001, 1_000_000] {
            let (input, output) = (u64::from(n), 1_001);
            let most = price.most(input, output);
            for class in 0..5 {
                let of = |it| if class == it { n } else { 0 };
                for thought in [0, 1, 2] {
                    let of_output = |it| if thought == it { 1_001 } else { 0 };
                    let usage = Usage {
                        input_tokens: of(0),
                        cache_read_tokens: of(1),
                        cache_write_tokens: of(2),
                        cache_write_long_tokens: of(3),
                        audio_input_tokens: of(4),
                        output_tokens: of_output(0),
                        reasoning_tokens: of_output(1),
                        audio_output_tokens: of_output(2),
                        ..Usage::default()
                    };
                    assert!(price.cost(&usage) <= most, "{model}: {usage:?}");
                }
            }
        }
    }
}

#[test]
fn names_as_sellers_write_them() {
    let found: Vec<String> = [
        (Seller::Anthropic, "claude-sonnet-4-5-20250929"),
        (Seller::Anthropic, "CLAUDE-3-5-haiku-latest"),
        (Seller::Anthropic, "claude-opus-4-99"),
        (Seller::Google, "claude-sonnet-4-5@20250929"),
        (Seller::Google, "gemini-2.5-pro-preview-tts"),
        (Seller::Bedrock, "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        (Seller::Bedrock, "global.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        (
            Seller::Bedrock,
            "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        ),
        (Seller::OpenRouter, "anthropic/claude-sonnet-4.5"),
        (Seller::OpenRouter, "google/gemma-3-27b-it:free"),
        (Seller::Openai, "gpt-5.2-20251211"),
        (Seller::Openai, "gpt-4o-mini-2024-07-18"),
        (Seller::Openai, "gpt-4o-2024-08-06"),
        (Seller::Openai, "whisper-1"),
        (Seller::Azure, "gpt-4.1"),
        (Seller::Azure, "our-deployment"),
        (Seller::Ollama, "whatever:8b"),
        (Seller::Groq, ""),
    ]
    .into_iter()
    .map(|(seller, name)| {
        let price = find(seller, name, AT).map(|it| (it.base.input, it.base.output));
        format!("{} {name}: {price:?}\n", seller.name())
    })
    .collect();
    expect![[r#"
        anthropic claude-sonnet-4-5-20250929: Some((3000000000, 15000000000))
        anthropic CLAUDE-3-5-haiku-latest: Some((800000000, 4000000000))
        anthropic claude-opus-4-99: None
        google claude-sonnet-4-5@20250929: Some((3000000000, 15000000000))
        google gemini-2.5-pro-preview-tts: Some((1000000000, 20000000000))
        aws us.anthropic.claude-sonnet-4-5-20250929-v1:0: Some((3300000000, 16500000000))
        aws global.anthropic.claude-sonnet-4-5-20250929-v1:0: Some((3000000000, 15000000000))
        aws arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0: Some((3300000000, 16500000000))
        openrouter anthropic/claude-sonnet-4.5: Some((3000000000, 15000000000))
        openrouter google/gemma-3-27b-it:free: Some((0, 0))
        openai gpt-5.2-20251211: Some((1750000000, 14000000000))
        openai gpt-4o-mini-2024-07-18: Some((150000000, 600000000))
        openai gpt-4o-2024-08-06: Some((2500000000, 10000000000))
        openai whisper-1: None
        azure gpt-4.1: Some((2000000000, 8000000000))
        azure our-deployment: None
        ollama whatever:8b: Some((0, 0))
        groq : None
    "#]].assert_eq(&found.concat());
    assert_eq!(find(Seller::Anthropic, &"claude-sonnet-4-5".repeat(100), AT), None);
}

#[test]
fn a_price_holds_from_its_day_on_and_between_its_hours() {
    let input =
        |seller, model, at_secs| find(seller, model, at_secs).unwrap().base.input / 1_000_000;
    let day = 1_796_083_200; // 2026-12-01
    assert_eq!(input(Seller::Google, "gemini-4-argon", day - 1), 2_000);
    assert_eq!(input(Seller::Google, "gemini-4-argon", day), 4_000);
    let at = |hour: u64, minute: u64| day + hour * 3_600 + minute * 60;
    let flash = |at_secs| input(Seller::Deepseek, "deepseek-flash", at_secs);
    let asked = [at(0, 59), at(1, 0), at(3, 59), at(4, 0), at(6, 0), at(9, 59), at(10, 0)];
    assert_eq!(asked.map(flash), [150, 300, 300, 150, 300, 300, 150]);
}

#[test]
fn a_persons_own_price_wins() {
    let price = |input| Price::from(Quote { input: Some(input), ..Quote::default() });
    let own = |provider: &str, model: &str, from: Option<&str>, input| Own {
        provider: provider.to_owned(),
        model: model.to_owned(),
        effective_from: from.map(|it| Day::parse(it).unwrap()),
        price: price(input),
    };
    let prices = Prices::new(vec![
        own("*", "gpt-*", None, 1),
        own("work", "gpt-*", None, 2),
        own("work", "GPT-4o", None, 3),
        own("work", "gpt-4o", Some("2026-10-01"), 4),
        own("work", "gpt-4o", Some("2026-12-01"), 5),
        own("work", "gpt-4.1", None, 6),
        own("work", "gpt-4.1", None, 7),
    ]);
    for (provider, model, at_secs, expected) in [
        ("home", "gpt-4o", AT, 1),
        ("work", "gpt-5", AT, 2),
        ("work", "gpt-4o", 0, 3),
        ("work", "Gpt-4o", AT, 4),
        ("work", "gpt-4o", AT * 2, 5),
        ("work", "gpt-4.1", AT, 7),
    ] {
        let found = prices.find(provider, Some(Seller::Openai), model, at_secs);
        assert_eq!(found, Some(price(expected)), "{provider}/{model} at {at_secs}");
    }
    let o3 = prices.find("work", Some(Seller::Openai), "o3", AT);
    assert_eq!(o3, find(Seller::Openai, "o3", AT));
    assert_eq!(prices.find("work", None, "o3", AT), None);
}

#[test]
fn who_sells_at_an_address() {
    for (address, expected) in [
        ("https://api.openai.com/v1", Some(Seller::Openai)),
        ("https://API.anthropic.com", Some(Seller::Anthropic)),
        ("https://me.openai.azure.com/openai", Some(Seller::Azure)),
        ("https://eu-west1-aiplatform.googleapis.com/v1", Some(Seller::Google)),
        ("https://bedrock-runtime.us-east-1.amazonaws.com", Some(Seller::Bedrock)),
        ("https://openrouter.ai:443/api/v1", Some(Seller::OpenRouter)),
        ("http://localhost:11434", Some(Seller::Ollama)),
        ("http://localhost:8080", None),
        ("https://api.openai.com.example.org", None),
        ("api.openai.com", None),
    ] {
        assert_eq!(Seller::at(address), expected, "{address}");
    }
    for (n, seller) in Seller::all().enumerate() {
        assert_eq!(Seller::named(seller.name()), Some(seller));
        assert_eq!(seller as usize, n);
    }
    assert_eq!(Seller::named("Vertex_AI"), Some(Seller::Google));
    assert_eq!(Seller::named("mine"), None);
}

#[test]
fn every_line_of_the_table_is_read() {
    for seller in Seller::all().filter(|it| *it != Seller::Ollama) {
        assert_eq!(table::unreadable(seller), Vec::<&str>::new(), "{seller:?}");
    }
}

#[test]
fn the_table_stays_small() {
    let size = std::fs::metadata(concat!(env!("CARGO_MANIFEST_DIR"), "/src/prices/table.txt"));
    assert!(size.unwrap().len() < 90_000, "it may be linked into what a browser loads");
}
