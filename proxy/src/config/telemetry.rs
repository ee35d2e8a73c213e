//! `[telemetry]`: who sees the proxy's figures, and where traces go.
//!
//! It sends nothing.

use serde::Deserialize;
use toml::Spanned;

use super::{BadConfig, source::Source};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Telemetry {
    /// `/metrics` is for everybody, not only for who has the token.
    pub open_metrics: bool,
    /// Where traces are sent, by OTLP over HTTP; else there are none.
    pub otlp: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Toml {
    open_metrics: bool,
    otlp: Option<Spanned<String>>,
}

pub(super) fn read(source: &Source<'_>, toml: Toml) -> Result<Telemetry, BadConfig> {
    let otlp = toml.otlp.map(|it| source.address("otlp", "a collector", &it));
    Ok(Telemetry { open_metrics: toml.open_metrics, otlp: otlp.transpose()? })
}
