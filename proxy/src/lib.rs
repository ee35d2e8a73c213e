//! The gateway between the app and the model providers.
//!
//! It adds the one thing that a browser must not hold, the provider's keys, and takes away the one
//! thing that the app must not care about, which provider answers. It also serves the app and the
//! previews, each from its own origin. A request passes `http` → `exchange` → `catalogue` → `upstream`, and its
//! answer comes back the same way.

pub mod accounts;
pub mod bill;
pub mod budget;
pub mod catalogue;
mod check;
pub mod config;
pub mod exchange;
pub mod filters;
pub mod hook;
pub mod http;
pub mod keys;
pub mod lanes;
pub mod ledger;
pub mod log;
mod money;
pub mod outbound;
mod port;
pub mod relay;
mod serve;
pub mod store;
pub mod telemetry;
mod trial;
pub mod upstream;

use std::{
    ffi::OsString,
    io::{self, Write as _},
    path::Path,
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

use config::Command;
pub use serve::{Bound, Live, NotReloaded, Reloaded, Reread, bind, bind_with};

/// Does what the arguments say, and returns when it is done.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let env = |name: &str| std::env::var(name).ok();
    let command = match config::read(args.clone(), &env) {
        Ok(command) => command,
        Err(err) => return stopped(&err),
    };
    let done = match command {
        Command::Help => say(config::HELP),
        Command::Version => say(concat!("easel-proxy ", env!("CARGO_PKG_VERSION"), "\n")),
        Command::NewClient { name, data, stored } => match new_client(&name, &data, &stored) {
            Ok(text) => say(&text),
            Err(err) => return stopped(&err),
        },
        Command::Import { file, output } => match import(&file, output.as_deref()) {
            Ok(()) => return ExitCode::SUCCESS,
            Err(err) => return stopped(&*err),
        },
        Command::Check { port } => match check::ready(port) {
            Ok(true) => say("ready\n"),
            Ok(false) => return stopped(&io::Error::other("the proxy is not ready")),
            Err(err) => return stopped(&err),
        },
        Command::NewOwner { email, data, stored } => match new_owner(&email, &data, &stored) {
            Ok(text) => say(&text),
            Err(err) => return stopped(&err),
        },
        Command::Serve(config) => {
            log::start(config.log);
            let reread = move || match config::read(args.clone(), &env)? {
                Command::Serve(config) => Ok(*config),
                // The arguments are those of the start, which served.
                Command::NewClient { .. }
                | Command::NewOwner { .. }
                | Command::Import { .. }
                | Command::Check { .. }
                | Command::Help
                | Command::Version => Err(config::BadConfig {
                    place: "command line".to_owned(),
                    what: "asks for something else".to_owned(),
                }),
            };
            match serve::run(*config, Box::new(reread)) {
                Ok(()) => return ExitCode::SUCCESS,
                Err(err) => return stopped(&err),
            }
        }
    };
    if done.is_err() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn new_client(
    name: &str,
    data: &Path,
    stored: &config::Stored,
) -> Result<String, serve::NotStarted> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let made = runtime.block_on(serve::new_client(stored, data, name))?;
    let mut text = format!(
        "{}\nThis key for `{name}` is shown only now. It works at /v1 from now on.\n",
        made.key.expose()
    );
    if let Some(signing) = made.signing {
        text += &format!(
            "A program that signs its requests does it with this, and sends no key: {}\n",
            signing.expose()
        );
    }
    Ok(text)
}

/// Writes what another program's configuration comes to, and says what is lost.
fn import(file: &Path, output: Option<&Path>) -> Result<(), Box<dyn std::error::Error>> {
    let imported = config::import(file)?;
    match output {
        // It may hold keys.
        Some(path) => keys::file::replace(&std::path::absolute(path)?, &imported.toml)?,
        None => say(&imported.toml)?,
    }
    let mut report = String::new();
    for note in &imported.notes {
        report += &format!("{note}\n");
    }
    report += &match imported.notes.len() {
        0 => "Everything has its place.\n".to_owned(),
        1 => "1 thing is to be looked at.\n".to_owned(),
        n => format!("{n} things are to be looked at.\n"),
    };
    Ok(io::stderr().write_all(report.as_bytes())?)
}

fn new_owner(
    email: &str,
    data: &std::path::Path,
    stored: &config::Stored,
) -> Result<String, serve::NotStarted> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let organisation = runtime.block_on(serve::new_owner(stored, data, email))?;
    let mut text =
        format!("{email} owns `{organisation}` and can sign in with a PIN that is sent there.\n");
    if !stored.shared {
        text += "Nobody signs in yet: write `shared = true` under `[accounts]` in easel.toml.\n";
    }
    Ok(text)
}

/// Seconds since 1970; a clock before that is no clock.
fn now_secs() -> u64 {
    now_ms() / 1000
}

/// Milliseconds since 1970.
fn now_ms() -> u64 {
    ms(SystemTime::now())
}

/// A time in milliseconds since 1970.
fn ms(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
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
