//! `cargo xtask start`: one command from a fresh clone to the open app.

use std::{os::unix::process::CommandExt, path::PathBuf, process::Command};

use crate::{
    Outcome, places, run,
    site::{self, Profile},
    stop,
    tools::{linted, say},
};

/// Builds what changed and becomes the proxy, so that Ctrl-C ends everything.
pub(crate) fn start(args: &[&str]) -> Outcome<()> {
    let (own, proxy_args) = match args.iter().position(|it| *it == "--") {
        Some(at) => (&args[..at], &args[at + 1..]),
        None => (args, &[][..]),
    };
    let profile = match own {
        [] => Profile::Web,
        ["--dev"] => Profile::Dev,
        _ => return stop("start takes `--dev`, and after `--` flags for the proxy"),
    };
    site::build(profile)?;
    let mut proxy = Command::new(build_proxy()?);
    proxy.current_dir(places::root()).arg("--site").arg(places::site()).args(proxy_args);
    say("starting easel-proxy, which prints the address of the app; Ctrl-C ends it");
    let err = proxy.exec();
    stop(format!("easel-proxy could not be started: {err}"))
}

/// What tests start: the proxy and the recorded provider.
#[derive(Debug)]
pub(crate) struct Servers {
    pub(crate) proxy: PathBuf,
    pub(crate) upstream: PathBuf,
}

/// Builds both as the native tests have them.
pub(crate) fn build_for_tests() -> Outcome<Servers> {
    let mut cargo = run::program("cargo");
    // Of the whole workspace, or the features of some dependencies would be others, and all above them built again.
    cargo.args(["build", "--workspace", "--bin", "easel-proxy"]);
    run::run(linted(cargo.args(["--example", "recorded-upstream"])))?;
    let built = places::native_target().join("debug");
    Ok(Servers {
        proxy: built.join("easel-proxy"),
        upstream: built.join("examples/recorded-upstream"),
    })
}

/// Builds the proxy and returns its program.
pub(crate) fn build_proxy() -> Outcome<PathBuf> {
    say("building the proxy");
    run::run(run::program("cargo").args(["build", "--release", "--package", "easel-proxy"]))?;
    Ok(places::native_target().join("release/easel-proxy"))
}
