//! `[telemetry]`: who sees the proxy's figures, and where traces go.
//!
//! It sends nothing.

use std::collections::BTreeMap;

use http::HeaderName;
use serde::Deserialize;
use toml::Spanned;

use super::{BadConfig, source::Source};
use crate::keys::Secret;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Telemetry {
    /// `/metrics` is for everybody, not only for who has the token.
    pub open_metrics: bool,
    /// Where traces are sent; else there are none.
    pub collector: Option<Collector>,
}

/// Takes traces by OTLP over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collector {
    pub address: String,
    /// What it wants to see, for instance a key.
    pub headers: Vec<(HeaderName, Secret)>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Toml {
    open_metrics: bool,
    otlp: Option<Spanned<String>>,
    /// Variables that hold the values of headers for the collector.
    header_env: BTreeMap<Spanned<String>, Spanned<String>>,
}

pub(super) fn read(source: &Source<'_>, toml: &Toml) -> Result<Telemetry, BadConfig> {
    let headers = source.headers(&toml.header_env)?;
    let collector = match (&toml.otlp, toml.header_env.keys().next()) {
        (Some(it), _) => {
            Some(Collector { address: source.address("otlp", "a collector", it)?, headers })
        }
        (None, None) => None,
        (None, Some(first)) => {
            let what = "`header-env` is for a collector: write its address as `otlp`";
            return Err(source.bad(first.span().start, what));
        }
    };
    Ok(Telemetry { open_metrics: toml.open_metrics, collector })
}
