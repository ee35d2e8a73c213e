//! What a model's name tells: its path, how it is told to think, and what its generation takes.
//!
//! Names that tell no generation are taken for old ones, which take less; names that follow the
//! newest are new.

use serde_json::{Value, json};

use crate::ask::{Effort, Thinking};

/// The least that the large models think.
const PRO_LEAST: u32 = 128;

/// Returns the path at which a model replies, to be put behind the address of the API: for
/// Vertex AI, that one ends in `/publishers/google`.
#[must_use]
pub fn path(model: &str, stream: bool) -> String {
    let method = if stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
    let (collection, name) = match model.split_once('/') {
        Some((collection @ ("models" | "tunedModels"), name)) => (collection, name),
        Some(_) | None => ("models", model),
    };
    format!("/{collection}/{}:{method}", escaped(name))
}

/// A name comes from a client, and must not become another path.
fn escaped(name: &str) -> String {
    let mut path = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            path.push(byte.into());
        } else {
            path.push_str(&format!("%{byte:02X}"));
        }
    }
    path
}

/// From its third generation on, Gemini has levels of thought, wants signatures and ids back, and
/// sees pictures in the results of calls.
pub(super) fn is_recent(model: &str) -> bool {
    let Some((_, name)) = model.rsplit_once("gemini-") else { return false };
    let digits = name.bytes().take_while(u8::is_ascii_digit).count();
    match name[..digits].parse::<u32>() {
        Ok(generation) => generation >= 3,
        Err(_) => name.ends_with("-latest"),
    }
}

/// Returns how long the model is told to think; none where it does as usual.
pub(super) fn thinking(model: &str, thinking: Thinking) -> Option<Value> {
    if is_recent(model) {
        let level = match thinking {
            Thinking::Usual => return None,
            // These models cannot stop thinking.
            Thinking::Off | Thinking::Budget(0) => {
                return Some(json!({ "thinkingLevel": least(model) }));
            }
            Thinking::Effort(Effort::Minimal) => least(model),
            Thinking::Effort(effort) => level(effort),
            Thinking::Budget(tokens) => level(Effort::from_budget(tokens)),
        };
        return Some(json!({ "thinkingLevel": level, "includeThoughts": true }));
    }
    let (least, most) = budgets(model);
    let tokens = match thinking {
        Thinking::Usual => return None,
        // Others than these do not think unless they are told, and one of these cannot stop.
        Thinking::Off | Thinking::Budget(0) => {
            let off = if least == PRO_LEAST { least } else { 0 };
            return model.contains("gemini-2.5").then(|| json!({ "thinkingBudget": off }));
        }
        Thinking::Effort(effort) => effort.budget_tokens(),
        Thinking::Budget(tokens) => tokens,
    };
    Some(json!({ "thinkingBudget": tokens.clamp(least, most), "includeThoughts": true }))
}

/// The lowest level that all models of a kind know.
fn least(model: &str) -> &'static str {
    if model.contains("flash-lite") { "MINIMAL" } else { "LOW" }
}

fn level(effort: Effort) -> &'static str {
    match effort {
        Effort::Minimal => "MINIMAL",
        Effort::Low => "LOW",
        Effort::Medium => "MEDIUM",
        Effort::High => "HIGH",
    }
}

/// The budgets that a model takes: another would be refused.
fn budgets(model: &str) -> (u32, u32) {
    if model.contains("-pro") {
        (PRO_LEAST, 32_768)
    } else if model.contains("-lite") {
        (512, 24_576)
    } else {
        (1, 24_576)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_has_a_path() {
        for (model, expected) in [
            ("gemini-2.5-pro", "/models/gemini-2.5-pro:generateContent"),
            ("models/gemini-2.5-pro", "/models/gemini-2.5-pro:generateContent"),
            ("tunedModels/mine", "/tunedModels/mine:generateContent"),
            ("../x?y", "/models/..%2Fx%3Fy:generateContent"),
            ("é:z", "/models/%C3%A9%3Az:generateContent"),
        ] {
            assert_eq!(path(model, false), expected);
        }
        assert_eq!(path("m", true), "/models/m:streamGenerateContent?alt=sse");
    }

    #[test]
    fn names_tell_the_generation() {
        for recent in ["gemini-3-flash", "models/gemini-3.1-pro-preview", "gemini-flash-latest"] {
            assert!(is_recent(recent), "{recent}");
        }
        for old in ["gemini-2.5-pro", "gemini-1.5-flash-latest", "gemini-pro", "gemma-3", ""] {
            assert!(!is_recent(old), "{old}");
        }
    }

    #[test]
    fn each_generation_is_told_in_its_own_way() {
        let check = |model: &str, how: Thinking, expected: &str| {
            let told = thinking(model, how).unwrap_or_default();
            assert_eq!(told.to_string(), expected, "{model} {how:?}");
        };
        check("gemini-3-flash", Thinking::Usual, "null");
        check("gemini-3-flash", Thinking::Off, r#"{"thinkingLevel":"LOW"}"#);
        check("gemini-3.5-flash-lite", Thinking::Budget(0), r#"{"thinkingLevel":"MINIMAL"}"#);
        let medium = r#"{"thinkingLevel":"MEDIUM","includeThoughts":true}"#;
        check("gemini-3-flash", Thinking::Budget(5_000), medium);
        check("gemini-2.5-flash", Thinking::Off, r#"{"thinkingBudget":0}"#);
        check("gemini-2.5-pro", Thinking::Off, r#"{"thinkingBudget":128}"#);
        check("gemini-2.5-flash-lite", Thinking::Off, r#"{"thinkingBudget":0}"#);
        let lite = r#"{"thinkingBudget":512,"includeThoughts":true}"#;
        check("gemini-2.5-flash-lite", Thinking::Budget(1), lite);
        check("gemini-2.0-flash", Thinking::Off, "null");
        let most = r#"{"thinkingBudget":24576,"includeThoughts":true}"#;
        check("gemini-2.5-flash", Thinking::Budget(31_999), most);
        let low = r#"{"thinkingBudget":1024,"includeThoughts":true}"#;
        check("gemini-2.5-pro", Thinking::Effort(Effort::Low), low);
    }
}
