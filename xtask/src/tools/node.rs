//! What comes from npm: esbuild, binaryen, Playwright, axe and the editor's packages, exactly as locked.
//!
//! Downloads no browser: the tests use the system's.

use std::{fs, process::Command};

use super::say;
use crate::{Outcome, places, run, stop};

const OLDEST_NODE: u32 = 20;

pub(super) fn ensure() -> Outcome<()> {
    let version = run::asked(Command::new("node").arg("--version")).unwrap_or_default();
    let major = version.trim_start_matches('v').split('.').next().and_then(|it| it.parse().ok());
    if major.is_none_or(|it: u32| it < OLDEST_NODE) || run::which("npm").is_none() {
        return stop(format!(
            "Node {OLDEST_NODE} or newer with npm is needed, found `{version}`. On Debian:\n\n  \
             apt-get install --yes nodejs npm\n\nor see https://nodejs.org/en/download"
        ));
    }
    let modules = places::root().join("node_modules");
    let stamp = modules.join(".easel-lock");
    let lock = fs::read_to_string(places::root().join("package-lock.json")).unwrap_or_default();
    if fs::read_to_string(&stamp).is_ok_and(|it| it == lock) {
        return Ok(());
    }
    say("installing the locked npm packages (npm ci)");
    let mut npm = run::program("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]);
    npm.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    run::run(&mut npm)?;
    fs::write(&stamp, lock)
        .or_else(|err| stop(format!("{} cannot be written: {err}", stamp.display())))
}
