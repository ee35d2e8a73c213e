//! Sets up what the builds and the tests need, says what it does, and skips what is there.
//!
//! Everything goes under `target/tools` and `node_modules`; only Debian packages go into the system.

mod debian;
mod node;
mod python;
mod rust;
mod web;

use std::{path::PathBuf, process::Command};

use crate::{Outcome, places, run, stop};

pub(crate) use debian::chromium;
pub(crate) use web::Web;

const TRUNK: &str = "0.21.14"; // 0.22 needs a newer compiler than we promise to build with.

/// Tells what is being done.
pub(crate) fn say(message: &str) {
    eprintln!("xtask: {message}");
}

/// Sets up everything that any command needs.
pub(crate) fn all() -> Outcome<()> {
    web()?;
    npm()?;
    python()?;
    browser()
}

/// Sets up the browser's builds and returns their environment.
pub(crate) fn web() -> Outcome<Web> {
    let rust = rust::ensure()?;
    ensure_installed(
        "trunk",
        TRUNK,
        &["--locked", "--no-default-features", "--features", "rustls"],
    )?;
    let bindgen = locked_version("wasm-bindgen")?;
    // Without --locked: its lock file may name releases that a registry's mirror does not have.
    ensure_installed("wasm-bindgen-cli", &bindgen, &[]).map_err(|stopped| {
        crate::Stop(format!(
            "{}\nIf the registry has no wasm-bindgen-cli {bindgen}, choose a version that it has: \
             `cargo update -p wasm-bindgen --precise VERSION`, then run this again.",
            stopped.0
        ))
    })?;
    Ok(Web::new(rust))
}

/// Sets up what comes from npm, as `package-lock.json` has it.
pub(crate) fn npm() -> Outcome<()> {
    node::ensure()
}

/// Sets up what comes from PyPI and returns the interpreter that has it.
pub(crate) fn python() -> Outcome<PathBuf> {
    python::ensure()
}

/// Sets up Chromium and its driver.
pub(crate) fn browser() -> Outcome<()> {
    debian::ensure_browser()
}

/// Returns the program that `cargo xtask` installed.
pub(crate) fn installed(name: &str) -> PathBuf {
    places::tools().join("bin").join(name)
}

fn ensure_installed(package: &str, version: &str, flags: &[&str]) -> Outcome<()> {
    let name = package.strip_suffix("-cli").unwrap_or(package);
    let there = run::asked(Command::new(installed(name)).arg("--version"));
    if there.is_some_and(|it| it.split_whitespace().any(|word| word == version)) {
        return Ok(());
    }
    say(&format!("installing {package} {version} under target/tools (some minutes, once)"));
    let mut cargo = run::program("cargo");
    cargo.args(["install", package, "--version", &format!("={version}"), "--force", "--root"]);
    cargo.arg(places::tools()).args(flags);
    cargo.env("CARGO_TARGET_DIR", places::tools().join("build")); // So that a broken-off build goes on.
    run::run(&mut cargo)
}

/// Returns the version that `Cargo.lock` has of a package.
fn locked_version(package: &str) -> Outcome<String> {
    let lock = std::fs::read_to_string(places::root().join("Cargo.lock")).unwrap_or_default();
    let found = lock.split_once(&format!("name = \"{package}\"\nversion = \""));
    match found.and_then(|(_, rest)| rest.split_once('"')) {
        Some((version, _)) => Ok(version.to_owned()),
        None => stop(format!("Cargo.lock has no `{package}`; run `cargo metadata` to write it")),
    }
}
