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

/// Builds it and returns the program.
pub(crate) fn proxy() -> Outcome<PathBuf> {
    let notes = notes()?;
    say("building the proxy as it is shipped");
    // What is seldom called is no neighbour of what often is, and the list of addresses that a start has to
    // mend is a tenth as long (glibc 2.36 or newer).
    let linker = "-Clink-arg=-Wl,-z,keep-text-section-prefix,-z,pack-relative-relocs";
    built("shipped", &format!("-Cprofile-use={} {linker}", notes.display()))
}

/// Builds what asks it and plays its provider.
pub(crate) fn load() -> Outcome<PathBuf> {
    run::run(run::program("cargo").args(["build", "--release", "--package", "load"]))?;
    Ok(places::native_target().join("release/load"))
}

/// Returns what the proxy did while it was asked, in the compiler's form.
fn notes() -> Outcome<PathBuf> {
    let merge = tools::profdata()?;
    let home = places::target().join("training");
    let raw = home.join("raw");
    say("building the proxy that takes notes");
    let program = built("training", &format!("-Cprofile-generate={}", raw.display()))?;
    let notes = home.join(format!("{}.profdata", digest_of(&program)?));
    if notes.exists() {
        return Ok(notes);
    }
    site::clear(&raw)?;
    say("asking it, to see what it does");
    let mut node = run::program("node");
    node.arg("tests/bench/_training.mjs").env("EASEL_PROXY", program).env("EASEL_LOAD", load()?);
    run::run(&mut node)?;
    // Whole: what was never called is told by a count of zero.
    run::run(Command::new(merge).args(["merge", "-o"]).arg(&notes).arg(&raw))?;
    Ok(notes)
}

/// Builds in a folder of its own, so that no other build has these flags or loses its own. The program alone: with what
/// its tests need, its dependencies would be others, and have other names in the notes.
fn built(folder: &str, flags: &str) -> Outcome<PathBuf> {
    let host = tools::host()?;
    let target = places::target().join(folder);
    let mut cargo = run::program("cargo");
    cargo.args(["build", "--package", "easel-proxy", "--bin", "easel-proxy"]);
    // With a target's name, the flags are not those of build scripts and macros.
    cargo.args(["--profile", "shipped", "--target", &host]).arg("--target-dir").arg(&target);
    run::run(cargo.env("RUSTFLAGS", flags))?;
    Ok(target.join(host).join("shipped/easel-proxy"))
}

fn digest_of(program: &Path) -> Outcome<String> {
    match fs::read(program) {
        Ok(bytes) => Ok(names::digest([bytes.as_slice()])),
        Err(err) => stop(format!("{} cannot be read: {err}", program.display())),
    }
}
