//! A text of configuration and the places in it.
//!
//! A text that was made from another file knows that file's lines.

use std::path::Path;

use super::BadConfig;
use crate::keys::Secret;
use toml::Spanned;

pub(super) struct Source<'a> {
    pub(super) path: &'a Path,
    pub(super) text: &'a str,
    /// For each line, the line of the file that it was made from. Empty: they are the file's own.
    pub(super) lines: &'a [usize],
    pub(super) env: &'a dyn Fn(&str) -> Option<String>,
}

impl Source<'_> {
    pub(super) fn bad(&self, at: usize, what: impl Into<String>) -> BadConfig {
        let line = self.text.get(..at).map_or(1, |it| it.matches('\n').count() + 1);
        let line = self.lines.get(line - 1).copied().unwrap_or(line);
        BadConfig { place: format!("{}, line {line}", self.path.display()), what: what.into() }
    }

    /// Describes a syntax error without the line's text, which may be the one with the key.
    pub(super) fn unreadable(&self, err: &toml::de::Error) -> BadConfig {
        let at = err.span().map_or(0, |it| it.start);
        self.bad(at, err.message().to_owned())
    }

    /// A secret stands in the file, or in a variable that the file names.
    pub(super) fn secret(
        &self,
        value: Option<Secret>,
        variable: Option<&Spanned<String>>,
    ) -> Result<Option<Secret>, BadConfig> {
        let Some(variable) = variable else { return Ok(value) };
        let value = self.variable(variable.span().start, variable.get_ref())?;
        Ok(Some(Secret::new(value)))
    }

    /// Returns a variable's value, which must be there.
    pub(super) fn variable(&self, at: usize, name: &str) -> Result<String, BadConfig> {
        (self.env)(name)
            .filter(|it| !it.trim().is_empty())
            .ok_or_else(|| self.bad(at, format!("the variable `{name}` is not set")))
    }

    /// Returns a value as it was written: numbers lose nothing that way.
    pub(super) fn written<T>(&self, value: &Spanned<T>) -> String {
        let text = self.text.get(value.span()).unwrap_or_default();
        text.trim_matches(['"', '\'']).replace('_', "")
    }
}
