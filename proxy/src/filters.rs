//! What may not pass: words, patterns and personal data, in what is asked and in what is answered.
//!
//! Without I/O. Texts go through a [`Sieve`](sieve), in one piece or as they stream: a match that
//! is spread over several pieces is found, and no more is held back than what could still become
//! one. What lies in pictures, in files and under a vendor's seal is not looked at.

mod ask;
mod finder;
mod json;
mod kinds;
mod screen;
mod sieve;

use std::{fmt, sync::Arc};

use providers::failure;
use wire::{Rejection, RejectionCode};

pub use finder::BadPattern;
use finder::Finder;
pub use kinds::Kind;
pub use screen::Screen;
use sieve::Sieve;

/// All rules that are configured.
#[derive(Debug, Clone, Default)]
pub struct Filters {
    rules: Vec<Arc<Rule>>,
}

/// What to look for, where, and what to do then.
#[derive(Debug)]
pub struct Rule {
    name: String,
    on: On,
    /// Of models; `*` is any text.
    models: Vec<String>,
    finders: Vec<Finder>,
    action: Action,
}

/// Which way a text goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    Requests,
    Replies,
    Both,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The request is refused, or the reply ends in an error.
    Block,
    /// What was found is replaced.
    Mask,
    /// The log says that something was found, and not what.
    Log,
}

/// A rule as it is configured.
#[derive(Debug, Clone)]
pub struct Sketch {
    pub name: String,
    pub on: On,
    /// None: all.
    pub models: Vec<String>,
    pub keywords: Vec<String>,
    pub pattern: Option<String>,
    pub kinds: Vec<Kind>,
    pub action: Action,
    /// Stands where something was; else a word for what it was.
    pub mask: Option<String>,
}

impl Rule {
    pub fn new(sketch: Sketch) -> Result<Self, BadPattern> {
        let Sketch { name, on, models, keywords, pattern, kinds, action, mask } = sketch;
        let own = mask.clone().unwrap_or_else(|| format!("[{name}]"));
        let mut finders = Vec::new();
        if !keywords.is_empty() {
            finders.push(Finder::keywords(&keywords, &own)?);
        }
        if let Some(pattern) = &pattern {
            finders.push(Finder::pattern(pattern, &own)?);
        }
        for kind in kinds {
            let mask = mask.clone().unwrap_or_else(|| format!("[{}]", kind.word()));
            finders.push(Finder::kind(kind, &mask)?);
        }
        Ok(Self { name, on, models, finders, action })
    }

    fn is_for(&self, names: &[&str]) -> bool {
        self.models.is_empty()
            || names.iter().any(|name| self.models.iter().any(|it| fits(it, name)))
    }
}

/// `*` is any text.
fn fits(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(first) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return left.ends_with(part);
        }
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    true
}

impl Filters {
    #[must_use]
    pub fn new(rules: Vec<Rule>) -> Self {
        Self { rules: rules.into_iter().map(Arc::new).collect() }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Returns what holds for what is asked of a model, by all names that it goes by.
    #[must_use]
    pub fn requests(&self, names: &[&str]) -> Chosen {
        self.chosen(names, On::Requests)
    }

    /// Returns what holds for what a model answers.
    #[must_use]
    pub fn replies(&self, names: &[&str]) -> Chosen {
        self.chosen(names, On::Replies)
    }

    fn chosen(&self, names: &[&str], on: On) -> Chosen {
        let meant = |it: &&Arc<Rule>| (it.on == on || it.on == On::Both) && it.is_for(names);
        Chosen { rules: self.rules.iter().filter(meant).cloned().collect(), on }
    }
}

/// The rules for one request, or for its reply.
#[derive(Debug, Clone)]
pub struct Chosen {
    rules: Vec<Arc<Rule>>,
    on: On,
}

impl Chosen {
    /// Nothing is looked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Looks at a text as a whole. Returns what may pass, if that is another text.
    pub fn text(&self, text: &str) -> Result<Option<String>, Blocked> {
        let mut sieve = Sieve::new(self);
        let passed = sieve.push(text, true)?;
        Ok(sieve.masked().then_some(passed))
    }
}

/// A rule that something may not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocked {
    rule: String,
    on: On,
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.on {
            On::Requests | On::Both => "The request holds",
            On::Replies => "The reply held",
        };
        write!(
            f,
            "{what} something that the filter `{}` of this proxy does not let pass",
            self.rule
        )
    }
}

impl From<Blocked> for Rejection {
    fn from(it: Blocked) -> Self {
        failure::plain(RejectionCode::Filtered, &it.to_string())
    }
}

#[cfg(test)]
mod tests;
