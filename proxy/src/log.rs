//! The log: one line of JSON per event, on the standard error.
//!
//! It has ids, times, names of models and codes of refusals; never a body, a key or a token. Who
//! logs must not put one in: there is no filter here that would find it.

use std::io;

use tracing::{Level, level_filters::LevelFilter};

/// Starts the log. `EASEL_LOG` takes `error`, `warn`, `info` (the default) or `debug`,
/// `EASEL_LOG_FORMAT` takes `json` (the default) or `text`.
pub(crate) fn start(env: &dyn Fn(&str) -> Option<String>) {
    let level = first(env, ["EASEL_LOG", "OGCODE_LOG_LEVEL"]);
    let level = level.and_then(|it| it.parse::<Level>().ok()); // Another word is the default.
    let log = tracing_subscriber::fmt()
        .with_target(false)
        .with_max_level(level.map_or(LevelFilter::INFO, LevelFilter::from_level))
        .with_writer(io::stderr);
    // In tests there is one already.
    match first(env, ["EASEL_LOG_FORMAT", "OGCODE_LOG_FORMAT"]).as_deref() {
        Some("text") => log.with_ansi(false).try_init().ok(),
        Some(_) | None => log
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .try_init()
            .ok(),
    };
}

fn first(env: &dyn Fn(&str) -> Option<String>, names: [&str; 2]) -> Option<String> {
    names.into_iter().find_map(|it| env(it).filter(|it| !it.is_empty()))
}
