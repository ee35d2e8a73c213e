//! The best known models. Small on purpose: providers' own lists and reports lead where they exist.
//!
//! A new model is one line, from its vendor's public pages.

use crate::prices::Seller;

/// A model of the table.
#[derive(Debug, PartialEq, Eq)]
pub struct Known {
    pub id: &'static str,
    pub name: &'static str,
    pub context_tokens: u32,
    pub max_output_tokens: u32,
    /// Who made it, and sells it too.
    pub seller: Seller,
    pub images: bool,
}

/// Returns a model by its name; a date or `latest` after the name is not part of it.
pub(super) fn find(id: &str) -> Option<&'static Known> {
    TABLE.iter().find(|it| {
        id.strip_prefix(it.id).is_some_and(|rest| {
            rest.is_empty() || rest == "-latest" || rest.strip_prefix('-').is_some_and(is_date)
        })
    })
}

fn is_date(text: &str) -> bool {
    let digits: String = text.split('-').collect();
    digits.len() == 8 && digits.bytes().all(|it| it.is_ascii_digit())
}

const fn claude(id: &'static str, name: &'static str, max_output_tokens: u32) -> Known {
    let seller = Seller::Anthropic;
    Known { id, name, context_tokens: 200_000, max_output_tokens, seller, images: true }
}

const fn gpt(
    id: &'static str,
    name: &'static str,
    context_tokens: u32,
    max_output_tokens: u32,
) -> Known {
    let seller = Seller::Openai;
    Known { id, name, context_tokens, max_output_tokens, seller, images: true }
}

pub(super) const TABLE: &[Known] = &[
    claude("claude-opus-4-6", "Claude Opus 4.6", 128_000),
    claude("claude-sonnet-4-6", "Claude Sonnet 4.6", 64_000),
    claude("claude-opus-4-5", "Claude Opus 4.5", 64_000),
    claude("claude-sonnet-4-5", "Claude Sonnet 4.5", 64_000),
    claude("claude-haiku-4-5", "Claude Haiku 4.5", 64_000),
    claude("claude-opus-4-1", "Claude Opus 4.1", 32_000),
    claude("claude-opus-4", "Claude Opus 4", 32_000),
    claude("claude-sonnet-4", "Claude Sonnet 4", 64_000),
    claude("claude-3-7-sonnet", "Claude Sonnet 3.7", 64_000),
    claude("claude-3-5-haiku", "Claude Haiku 3.5", 8_192),
    gpt("gpt-5.2", "GPT-5.2", 400_000, 128_000),
    gpt("gpt-5.1", "GPT-5.1", 400_000, 128_000),
    gpt("gpt-5", "GPT-5", 400_000, 128_000),
    gpt("gpt-5-mini", "GPT-5 mini", 400_000, 128_000),
    gpt("gpt-5-nano", "GPT-5 nano", 400_000, 128_000),
    gpt("gpt-4.1", "GPT-4.1", 1_047_576, 32_768),
    gpt("gpt-4.1-mini", "GPT-4.1 mini", 1_047_576, 32_768),
    gpt("gpt-4.1-nano", "GPT-4.1 nano", 1_047_576, 32_768),
    gpt("gpt-4o", "GPT-4o", 128_000, 16_384),
    gpt("gpt-4o-mini", "GPT-4o mini", 128_000, 16_384),
    gpt("o3", "o3", 200_000, 100_000),
    gpt("o4-mini", "o4-mini", 200_000, 100_000),
];
