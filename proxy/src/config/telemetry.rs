//! `[telemetry]`: who sees the proxy's figures, and where traces go.
//!
//! It sends nothing.

use providers::endpoint;
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
    let otlp = toml.otlp.map(|it| {
        endpoint::parse(it.get_ref()).map_err(|err| {
            let what = format!("`{}` is no address of a collector: {err}", it.get_ref());
            source.bad(it.span().start, what)
        })
    });
    Ok(Telemetry { open_metrics: toml.open_metrics, otlp: otlp.transpose()? })
}
