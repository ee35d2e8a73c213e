//! A text of configuration and the places in it.
//!
//! A text that was made from another file knows that file's lines.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use http::{HeaderName, HeaderValue};
use providers::endpoint;
use toml::Spanned;

use super::{BadConfig, shown};
use crate::{keys::Secret, outbound::Bounds};

pub(super) struct Source<'a> {
    pub(super) path: &'a Path,
    pub(super) text: &'a str,
    /// For each line, the line of the file that it was made from. Empty: they are the file's own.
    pub(super) lines: &'a [usize],
    pub(super) env: &'a dyn Fn(&str) -> Option<String>,
    /// Where what the text names may be.
    pub(super) bounds: Bounds,
}

impl Source<'_> {
    pub(super) fn bad(&self, at: usize, what: impl Into<String>) -> BadConfig {
        BadConfig { place: self.place(at), what: what.into() }
    }

    /// Returns the file and the line.
    pub(super) fn place(&self, at: usize) -> String {
        let line = self.text.get(..at).map_or(1, |it| it.matches('\n').count() + 1);
        let line = self.lines.get(line - 1).copied().unwrap_or(line);
        format!("{}, line {line}", self.path.display())
    }

    /// Describes a syntax error without the line's text, which may be the one with the key.
    pub(super) fn unreadable(&self, err: &toml::de::Error) -> BadConfig {
        let at = err.span().map_or(0, |it| it.start);
        self.bad(at, shown::message(err.message()))
    }

    /// A secret stands in the file, or in a variable that the file names with `field`.
    pub(super) fn secret(
        &self,
        value: Option<Secret>,
        field: &str,
        variable: Option<&Spanned<String>>,
    ) -> Result<Option<Secret>, BadConfig> {
        let Some(variable) = variable else { return Ok(value) };
        let value = self.variable(variable.span().start, field, variable.get_ref())?;
        Ok(Some(Secret::new(value)))
    }

    /// Returns the value of the variable that a field names, which must be there.
    pub(super) fn variable(&self, at: usize, field: &str, name: &str) -> Result<String, BadConfig> {
        (self.env)(name).filter(|it| !it.trim().is_empty()).ok_or_else(|| {
            self.bad(at, format!("the variable {} is not set", shown::variable(name, field)))
        })
    }

    /// Returns headers whose values are in variables, as `header-env` names them.
    pub(super) fn headers(
        &self,
        named: &BTreeMap<Spanned<String>, Spanned<String>>,
    ) -> Result<Vec<(HeaderName, Secret)>, BadConfig> {
        let field = "header-env";
        let mut headers = Vec::new();
        for (header, from) in named {
            let name = HeaderName::try_from(header.get_ref()).ok().filter(|it| !is_ours(it));
            let name = name.ok_or_else(|| {
                let shown = shown::value(header.get_ref(), field);
                self.bad(header.span().start, format!("{shown} is no header that can be set"))
            })?;
            let value = self.variable(from.span().start, field, from.get_ref())?;
            headers.push((name, self.sendable(from, value)?));
        }
        Ok(headers)
    }

    /// Returns what was in a variable, if a header can hold it.
    pub(super) fn sendable(
        &self,
        from: &Spanned<String>,
        value: String,
    ) -> Result<Secret, BadConfig> {
        if HeaderValue::from_str(&value).is_err() {
            let what = format!("the variable `{}` holds what no header can", from.get_ref());
            return Err(self.bad(from.span().start, what));
        }
        Ok(Secret::new(value))
    }

    /// Returns the address that a field holds; `of` says whose it is.
    pub(super) fn address(
        &self,
        field: &str,
        of: &str,
        value: &Spanned<String>,
    ) -> Result<String, BadConfig> {
        let address = endpoint::parse(value.get_ref()).map_err(|err| {
            let shown = shown::address(value.get_ref(), field);
            self.bad(value.span().start, format!("{shown} is no address of {of}: {err}"))
        })?;
        self.within(field, value)?;
        Ok(address)
    }

    /// Fails where an address is at a host that may not be asked.
    pub(super) fn within(&self, field: &str, value: &Spanned<String>) -> Result<(), BadConfig> {
        if self.bounds.admit(value.get_ref().trim()) {
            return Ok(());
        }
        let shown = shown::address(value.get_ref(), field);
        let what = format!("{shown} is at a host that `outbound-hosts` does not list");
        Err(self.bad(value.span().start, what))
    }

    /// Returns the file that a field names, which can be read.
    pub(super) fn file(&self, field: &str, value: &Spanned<PathBuf>) -> Result<PathBuf, BadConfig> {
        let path = self.path(value.get_ref());
        let opened = fs::File::open(&path).map(|_| path);
        opened.map_err(|err| self.unreadable_path(field, value, &err))
    }

    /// Returns the folder that a field names.
    pub(super) fn folder(
        &self,
        field: &str,
        value: &Spanned<PathBuf>,
    ) -> Result<PathBuf, BadConfig> {
        let path = self.path(value.get_ref());
        let listed = fs::read_dir(&path).map(|_| path);
        listed.map_err(|err| self.unreadable_path(field, value, &err))
    }

    /// Relative paths begin at the file.
    pub(super) fn path(&self, path: &Path) -> PathBuf {
        self.path.parent().unwrap_or(Path::new(".")).join(path)
    }

    pub(super) fn unreadable_path(
        &self,
        field: &str,
        value: &Spanned<PathBuf>,
        err: &io::Error,
    ) -> BadConfig {
        let shown = shown::value(&value.get_ref().to_string_lossy(), field);
        self.bad(value.span().start, format!("{shown} cannot be read: {err}"))
    }

    /// Returns a value as it was written: numbers lose nothing that way.
    pub(super) fn written<T>(&self, value: &Spanned<T>) -> String {
        let text = self.text.get(value.span()).unwrap_or_default();
        text.trim_matches(['"', '\'']).replace('_', "")
    }
}

/// What a connection or the protocol itself decides.
fn is_ours(name: &HeaderName) -> bool {
    use http::header::{
        CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TE, TRANSFER_ENCODING, UPGRADE,
    };
    [CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TE, TRANSFER_ENCODING, UPGRADE].contains(name)
        || name.as_str().starts_with("mcp-")
}
