//! The proxy as it is shipped: built once to note what it does while it is asked, and once more, laid out by these notes.
//!
//! What a request needs then lies together and is fast, and the rest is small and stays out of memory. Takes a quarter of
//! an hour; `start` and the tests do without it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    Outcome, places, run,
    site::{self, names},
    stop, tools,
    tools::say,
};

/// What is built.
#[derive(Debug)]
pub(crate) struct Shipped {
    pub(crate) proxy: PathBuf,
    /// What asks it, and plays its provider.
    pub(crate) load: PathBuf,
}

/// Builds the proxy and what measures it.
pub(crate) fn build() -> Outcome<Shipped> {
    let notes = notes()?;
    say("building the proxy as it is shipped");
    // What is seldom called is then no neighbour of what often is.
    let apart = "-Clink-arg=-Wl,-z,keep-text-section-prefix";
    built("shipped", &format!("-Cprofile-use={} {apart}", notes.display()))
}

/// Returns what the proxy did while it was asked, in the compiler's form.
fn notes() -> Outcome<PathBuf> {
    let merge = tools::profdata()?;
    let home = places::target().join("training");
    let raw = home.join("raw");
    say("building the proxy that takes notes");
    let Shipped { proxy, load } =
        built("training", &format!("-Cprofile-generate={}", raw.display()))?;
    let notes = home.join(format!("{}.profdata", digest_of(&proxy)?));
    if notes.exists() {
        return Ok(notes);
    }
    site::clear(&raw)?;
    say("asking it, to see what it does");
    let mut node = run::program("node");
    node.arg("tests/bench/_training.mjs").env("EASEL_PROXY", proxy).env("EASEL_LOAD", load);
    run::run(&mut node)?;
    run::run(Command::new(merge).args(["merge", "--sparse", "-o"]).arg(&notes).arg(&raw))?;
    Ok(notes)
}

/// Builds both in a folder of their own, so that no other build has these flags or loses its own.
fn built(folder: &str, flags: &str) -> Outcome<Shipped> {
    let host = tools::host()?;
    let target = places::target().join(folder);
    let mut cargo = run::program("cargo");
    cargo.args(["build", "--package", "easel-proxy", "--bin", "easel-proxy", "--example", "load"]);
    // With a target's name, the flags are not those of build scripts and macros.
    cargo.args(["--profile", "shipped", "--target", &host]).arg("--target-dir").arg(&target);
    run::run(cargo.env("RUSTFLAGS", flags))?;
    let out = target.join(host).join("shipped");
    Ok(Shipped { proxy: out.join("easel-proxy"), load: out.join("examples/load") })
}

fn digest_of(program: &Path) -> Outcome<String> {
    match fs::read(program) {
        Ok(bytes) => Ok(names::digest([bytes.as_slice()])),
        Err(err) => stop(format!("{} cannot be read: {err}", program.display())),
    }
}
