//! The log: one line of JSON per event, on the standard error.
//!
//! It has ids, times, names of models and codes of refusals; never a body, a key or a token. Who
//! logs must not put one in: there is no filter here that would find it.

use std::io;

use tracing::{Level, level_filters::LevelFilter};

/// Starts the log. `EASEL_LOG` takes `error`, `warn`, `info` (the default) or `debug`.
pub(crate) fn start() {
    let level = std::env::var("EASEL_LOG").ok().and_then(|it| it.parse::<Level>().ok());
    let log = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_target(false)
        .with_max_level(level.map_or(LevelFilter::INFO, LevelFilter::from_level))
        .with_writer(io::stderr);
    // In tests there is one already.
    log.try_init().ok();
}
