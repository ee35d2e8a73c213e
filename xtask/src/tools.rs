//! Sets up what the builds and the tests need, says what it does, and skips what is there.
//!
//! What belongs to this checkout goes under `target/tools` and `node_modules`, programs that cargo builds into the
//! person's cache; only Debian packages go into the system.

mod debian;
mod gateways;
mod node;
mod python;
mod rust;
mod web;

use std::{path::PathBuf, process::Command};

use crate::{Outcome, places, run, site, stop};

pub(crate) use debian::chromium;
pub(crate) use gateways::Gateways;
pub(crate) use rust::{host, profdata};
pub(crate) use web::Web;

const TRUNK: &str = "0.21.14"; // 0.22 needs a newer compiler than we promise to build with.
const CARGO_FUZZ: &str = "0.13.2";

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
    let trunk = ensure_installed(
        "trunk",
        TRUNK,
        &["--locked", "--no-default-features", "--features", "rustls"],
    )?;
    let bindgen = locked_version("wasm-bindgen")?;
    // Without --locked: its lock file may name releases that a registry's mirror does not have.
    let bindgen = ensure_installed("wasm-bindgen-cli", &bindgen, &[]).map_err(|stopped| {
        crate::Stop(format!(
            "{}\nIf the registry has no wasm-bindgen-cli {bindgen}, choose a version that it has: \
             `cargo update -p wasm-bindgen --precise VERSION`, then run this again.",
            stopped.0
        ))
    })?;
    Ok(Web::new(rust, [trunk, bindgen]))
}

/// Sets up what comes from npm, as `package-lock.json` has it.
pub(crate) fn npm() -> Outcome<()> {
    node::ensure()
}

/// Sets up the fuzzer and returns its program.
pub(crate) fn cargo_fuzz() -> Outcome<PathBuf> {
    Ok(ensure_installed("cargo-fuzz", CARGO_FUZZ, &["--locked"])?.join("cargo-fuzz"))
}

/// Sets up what comes from PyPI and returns the interpreter that has it.
pub(crate) fn python() -> Outcome<PathBuf> {
    python::ensure()
}

/// Sets up the gateways that the proxy is measured beside.
pub(crate) fn gateways() -> Outcome<Gateways> {
    gateways::ensure()
}

/// Sets up what sends requests by a document, and returns the program.
pub(crate) fn schemathesis() -> Outcome<PathBuf> {
    python::ensure_schemathesis()
}

/// Sets up the databases that tests start.
pub(crate) fn servers() -> Outcome<()> {
    debian::ensure_servers()
}

/// Sets up Chromium and its driver.
pub(crate) fn browser() -> Outcome<()> {
    debian::ensure_browser()
}

/// Makes clippy the compiler of the workspace's own crates, as `cargo clippy` does, for a build that is also run.
///
/// `cargo clippy` would check the dependencies, most of the work, for itself alone.
pub(crate) fn linted(cargo: &mut Command) -> &mut Command {
    cargo.env("RUSTC_WORKSPACE_WRAPPER", "clippy-driver").env("CLIPPY_ARGS", "-Dwarnings")
}

/// Installs programs with cargo, and returns the folder that they are in.
fn ensure_installed(package: &str, version: &str, flags: &[&str]) -> Outcome<PathBuf> {
    let home = places::programs().join(format!("{package}-{version}"));
    let bin = home.join("bin");
    let name = package.strip_suffix("-cli").unwrap_or(package);
    if run::asked(Command::new(bin.join(name)).arg("--version")).is_some() {
        return Ok(bin);
    }
    say(&format!("installing {package} {version} into {} (some minutes, once)", home.display()));
    let build = home.join("build"); // Kept until it is done, so that a broken-off build goes on.
    let mut cargo = run::program("cargo");
    cargo.args(["install", package, "--version", &format!("={version}"), "--force", "--root"]);
    cargo.arg(&home).args(flags).env("CARGO_TARGET_DIR", &build);
    // They run for seconds: quick to build is worth more than quick to run.
    cargo.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1").env("CARGO_PROFILE_RELEASE_LTO", "off");
    cargo.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    run::run(&mut cargo)?;
    site::clear(&build)?;
    Ok(bin)
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
