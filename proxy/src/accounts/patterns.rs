//! Which models a key may use: names with `*` for any text.

use serde::{Deserialize, Serialize};

/// Patterns of one key.
const MOST: usize = 64;
const MOST_BYTES: usize = 128;

/// A model is allowed if one of the patterns fits. Without a pattern, none is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Patterns(Vec<String>);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPatterns {
    #[error("{0} patterns; {MOST} is the most")]
    TooMany(usize),
    #[error("`{0}` is no pattern: 1 to {MOST_BYTES} characters of ASCII without blanks")]
    Bad(String),
}

impl Patterns {
    /// Allows every model.
    #[must_use]
    pub fn all() -> Self {
        Self(vec!["*".to_owned()])
    }

    pub fn new(patterns: Vec<String>) -> Result<Self, BadPatterns> {
        if patterns.len() > MOST {
            return Err(BadPatterns::TooMany(patterns.len()));
        }
        let bad = |it: &&String| {
            !(1..=MOST_BYTES).contains(&it.len()) || !it.bytes().all(|it| it.is_ascii_graphic())
        };
        match patterns.iter().find(bad) {
            Some(bad) => Err(BadPatterns::Bad(bad.chars().take(MOST_BYTES).collect())),
            None => Ok(Self(patterns)),
        }
    }

    #[must_use]
    pub fn allow(&self, model: &str) -> bool {
        self.0.iter().any(|it| fits(it.as_bytes(), model.as_bytes()))
    }
}

impl TryFrom<Vec<String>> for Patterns {
    type Error = BadPatterns;

    fn try_from(patterns: Vec<String>) -> Result<Self, BadPatterns> {
        Self::new(patterns)
    }
}

impl From<Patterns> for Vec<String> {
    fn from(patterns: Patterns) -> Self {
        patterns.0
    }
}

/// Each part between stars is taken where it first fits, which leaves most to those after it.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    let mut parts = pattern.split(|it| *it == b'*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match memchr::memmem::find(rest, part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, model, allowed) in [
            ("*", "anthropic/claude", true),
            ("*", "", true),
            ("openai/*", "openai/gpt-4o", true),
            ("openai/*", "openrouter/openai/gpt-4o", false),
            ("*/gpt-4*", "openai/gpt-4o", true),
            ("gpt-4", "gpt-4o", false),
            ("gpt-4", "gpt-4", true),
            ("a*a", "a", false),
            ("a*b*b", "ab", false),
            ("a*b*b", "axbyb", true),
            ("*b*c*", "abc", true),
            ("*-mini", "gpt-mini-mini", true),
        ] {
            let patterns = Patterns::new(vec![pattern.to_owned()]).unwrap();
            assert_eq!(patterns.allow(model), allowed, "{pattern} {model}");
        }
        assert!(!Patterns::new(Vec::new()).unwrap().allow("x"));
    }

    #[test]
    fn what_is_no_pattern_is_told() {
        for bad in ["", "a b", "é", &"x".repeat(129)] {
            assert!(matches!(Patterns::new(vec![bad.to_owned()]), Err(BadPatterns::Bad(_))));
        }
        let many = vec!["a".to_owned(); 65];
        assert_eq!(Patterns::new(many), Err(BadPatterns::TooMany(65)));
    }
}
