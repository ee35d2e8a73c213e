//! Finds one thing in a text, and says from where on the end of a text could still become it.

use std::{
    fmt,
    ops::Range,
    sync::{Mutex, PoisonError},
};

use regex_automata::{Anchored, Input, hybrid::dfa, meta, nfa::thompson, util::syntax};
use regex_syntax::hir::{Hir, HirKind};

use super::kinds::{Check, Kind};

/// What a pattern may come to.
const PROGRAM_LIMIT_BYTES: usize = 1 << 20;
const CACHE_LIMIT_BYTES: usize = 1 << 20;

/// Longer patterns are lists, for which there are keywords.
const PATTERN_LIMIT: usize = 2_000;
const KEYWORDS_LIMIT: usize = 2_000;

/// How deep a pattern may nest.
const NEST_LIMIT: u32 = 50;

pub(super) struct Finder {
    pub(super) mask: String,
    regex: meta::Regex,
    /// The same without its looks to the sides: it goes on wherever the other could.
    ahead: dfa::DFA,
    cache: Mutex<dfa::Cache>,
    check: Check,
}

/// Why there is no such filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPattern {
    #[error("is no pattern: {0}")]
    Syntax(String),
    #[error("is longer than {PATTERN_LIMIT} characters")]
    Long,
    #[error("comes to more than {} KB", PROGRAM_LIMIT_BYTES >> 10)]
    Large,
    #[error("would find nothing at all, which is everywhere")]
    Empty,
    #[error("are more than {KEYWORDS_LIMIT}")]
    Many,
}

impl fmt::Debug for Finder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finder").field("mask", &self.mask).finish_non_exhaustive()
    }
}

impl Finder {
    /// Whole words and phrases, however they are spelled in capitals and blanks.
    pub(super) fn keywords(words: &[String], mask: &str) -> Result<Self, BadPattern> {
        if words.len() > KEYWORDS_LIMIT {
            return Err(BadPattern::Many);
        }
        let word = |it: &String| {
            let phrase: Vec<String> = it.split_whitespace().map(escaped).collect();
            let phrase = phrase.join(r"\s{1,8}");
            let edge = |it: Option<char>| {
                if it.is_some_and(|it| it.is_alphanumeric() || it == '_') { r"\b" } else { "" }
            };
            let text = it.trim();
            format!("{}{phrase}{}", edge(text.chars().next()), edge(text.chars().next_back()))
        };
        if words.iter().any(|it| it.trim().is_empty()) {
            return Err(BadPattern::Empty);
        }
        let words: Vec<String> = words.iter().map(word).collect();
        Self::new(&format!("(?i:{})", words.join("|")), mask, whole)
    }

    pub(super) fn pattern(pattern: &str, mask: &str) -> Result<Self, BadPattern> {
        if pattern.chars().count() > PATTERN_LIMIT {
            return Err(BadPattern::Long);
        }
        Self::new(pattern, mask, whole)
    }

    pub(super) fn kind(kind: Kind, mask: &str) -> Result<Self, BadPattern> {
        Self::new(kind.pattern(), mask, kind.check())
    }

    fn new(pattern: &str, mask: &str, check: Check) -> Result<Self, BadPattern> {
        let config = syntax::Config::new().nest_limit(NEST_LIMIT);
        let hir = syntax::parse_with(pattern, &config)
            .map_err(|err| BadPattern::Syntax(last_line(&err.to_string())))?;
        if hir.properties().minimum_len().is_none_or(|it| it == 0) {
            return Err(BadPattern::Empty);
        }
        let regex = meta::Builder::new()
            .configure(
                meta::Config::new()
                    .nfa_size_limit(Some(PROGRAM_LIMIT_BYTES))
                    .hybrid_cache_capacity(CACHE_LIMIT_BYTES),
            )
            .build_from_hir(&hir)
            .map_err(large_regex)?;
        let nfa = thompson::Compiler::new()
            .configure(thompson::Config::new().nfa_size_limit(Some(PROGRAM_LIMIT_BYTES)))
            .build_from_hir(&blind(hir))
            .map_err(|_err| BadPattern::Large)?;
        let config =
            dfa::Config::new().cache_capacity(CACHE_LIMIT_BYTES).skip_cache_capacity_check(true);
        let ahead = dfa::Builder::new()
            .configure(config)
            .build_from_nfa(nfa)
            .map_err(|_err| BadPattern::Large)?;
        let cache = Mutex::new(ahead.create_cache());
        Ok(Self { mask: mask.to_owned(), regex, ahead, cache, check })
    }

    /// Returns the first match that begins at `from` or later.
    pub(super) fn find(&self, text: &str, mut from: usize) -> Option<Range<usize>> {
        loop {
            let found = self.regex.find(Input::new(text).range(from..))?;
            if let Some(length) = (self.check)(&text[found.range()]) {
                return Some(found.start()..found.start() + length);
            }
            // What does not hold from here may hold from a later place.
            from = found.start() + text[found.start()..].chars().next().map_or(1, char::len_utf8);
        }
    }

    /// Returns where the first match begins, from `from` on, that what comes next could make.
    pub(super) fn open(&self, text: &str, from: usize) -> Option<usize> {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let starts = text[from..].char_indices().map(|it| from + it.0);
        starts.into_iter().find(|it| self.goes_on(&mut cache, &text.as_bytes()[*it..]))
    }

    fn goes_on(&self, cache: &mut dfa::Cache, bytes: &[u8]) -> bool {
        let input = Input::new(bytes).anchored(Anchored::Yes);
        // What cannot be told may go on.
        let Ok(mut state) = self.ahead.start_state_forward(cache, &input) else { return true };
        for byte in bytes {
            let Ok(next) = self.ahead.next_state(cache, state, *byte) else { return true };
            if next.is_dead() {
                return false;
            }
            if next.is_quit() {
                return true;
            }
            state = next;
        }
        // A match is told one byte late: what was found may have ended before the last one.
        let open = |byte: u8| match self.ahead.next_state(cache, state, byte) {
            Ok(next) => !next.is_dead(),
            Err(_) => true,
        };
        !state.is_match() || {
            let bytes: Vec<u8> = self
                .ahead
                .byte_classes()
                .representatives(0..=255)
                .filter_map(|it| it.as_u8())
                .collect();
            bytes.into_iter().any(open)
        }
    }
}

fn whole(text: &str) -> Option<usize> {
    Some(text.len())
}

fn large_regex(err: meta::BuildError) -> BadPattern {
    match err.size_limit() {
        Some(_) => BadPattern::Large,
        None => BadPattern::Syntax(last_line(&err.to_string())),
    }
}

/// The parser draws the pattern above what is wrong with it.
fn last_line(text: &str) -> String {
    let line = text.lines().last().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}

fn escaped(word: &str) -> String {
    let mut escaped = String::with_capacity(word.len() + 4);
    for letter in word.chars() {
        if regex_syntax::is_meta_character(letter) {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

/// Takes the looks out of a pattern: what remains finds all of it and more.
fn blind(hir: Hir) -> Hir {
    match hir.into_kind() {
        HirKind::Look(_) | HirKind::Empty => Hir::empty(),
        HirKind::Literal(it) => Hir::literal(it.0),
        HirKind::Class(it) => Hir::class(it),
        HirKind::Repetition(mut it) => {
            *it.sub = blind(*it.sub);
            Hir::repetition(it)
        }
        HirKind::Capture(mut it) => {
            *it.sub = blind(*it.sub);
            Hir::capture(it)
        }
        HirKind::Concat(parts) => Hir::concat(parts.into_iter().map(blind).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.into_iter().map(blind).collect()),
    }
}
