//! The gateway between the app and the model providers.
//!
//! It adds the one thing that a browser must not hold, the provider's keys, and takes away the one
//! thing that the app must not care about, which provider answers. It also serves the app and the
//! previews, each from its own origin. A request passes `http` → `exchange` → `catalogue` → `upstream`, and its
//! answer comes back the same way.

pub mod catalogue;
pub mod config;
pub mod exchange;
pub mod http;
pub mod keys;
pub mod lanes;
mod log;
mod port;
mod serve;
mod trial;
pub mod upstream;

use std::{
    ffi::OsString,
    io::{self, Write as _},
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

use config::Command;
pub use serve::{Bound, bind};

/// Does what the arguments say, and returns when it is done.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let command = match config::read(args, &|name| std::env::var(name).ok()) {
        Ok(command) => command,
        Err(err) => return stopped(&err),
    };
    let done = match command {
        Command::Help => say(config::HELP),
        Command::Version => say(concat!("easel-proxy ", env!("CARGO_PKG_VERSION"), "\n")),
        Command::NewClient { name, data } => match new_client(&name, &data) {
            Ok(text) => say(&text),
            Err(err) => return stopped(&err),
        },
        Command::Serve(config) => {
            log::start();
            match serve::run(*config) {
                Ok(()) => return ExitCode::SUCCESS,
                Err(err) => return stopped(&err),
            }
        }
    };
    if done.is_err() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn new_client(name: &str, data: &std::path::Path) -> Result<String, keys::BadStore> {
    let key = keys::Clients::read(data)?.add(name)?;
    Ok(format!(
        "{}\nThis key for `{name}` is shown only now. It works at /v1 after the proxy's next start.\n",
        key.expose()
    ))
}

/// Seconds since 1970; a clock before that is no clock.
fn now_secs() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| it.as_secs())
}

/// Writes for the person at the terminal; the log goes elsewhere.
fn say(text: &str) -> io::Result<()> {
    io::stdout().write_all(text.as_bytes())
}

fn stopped(err: &dyn std::error::Error) -> ExitCode {
    // If even this cannot be written, the exit code says it.
    io::stderr().write_all(format!("easel-proxy: {err}\n").as_bytes()).ok();
    ExitCode::FAILURE
}
