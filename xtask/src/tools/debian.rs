//! What comes from Debian's packages: Chromium, its driver, Python, the tests' databases, and the compiler where rustup
//! has no target to give.
//!
//! Installs only as root or through a `sudo` that does not ask; else it prints the command and stops.

use std::path::{Path, PathBuf};

use super::say;
use crate::{Outcome, run, stop};

const CHROMIUM: &[&str] = &[
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/// Returns the browser of the tests; `EASEL_CHROMIUM` names another one.
pub(crate) fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("EASEL_CHROMIUM").map(PathBuf::from);
    named.into_iter().chain(CHROMIUM.iter().map(PathBuf::from)).find(|it| it.is_file())
}

pub(super) fn ensure_browser() -> Outcome<()> {
    let mut missing = Vec::new();
    if chromium().is_none() {
        missing.extend(["chromium", "fonts-dejavu-core"]);
    }
    if run::which("chromedriver").is_none() {
        missing.push("chromium-driver");
    }
    install(&missing)
}

pub(super) fn ensure_rust() -> Outcome<()> {
    let wanted = [
        ("/usr/bin/rustc", "rustc-web"),
        ("/usr/bin/cargo", "cargo-web"),
        ("/usr/bin/cargo-clippy", "rust-web-clippy"),
        ("/usr/lib/rustlib/src/rust/library/std/Cargo.toml", "rust-web-src"),
        ("/usr/bin/rust-lld", "rust-web-llvm"),
        ("/usr/bin/lld-22", "lld-22"),
    ];
    let missing = wanted.iter().filter(|(file, _)| !Path::new(file).exists());
    install(&missing.map(|(_, package)| *package).collect::<Vec<_>>())
}

/// The servers that the proxy's tests start for themselves.
pub(super) fn ensure_servers() -> Outcome<()> {
    let mut missing = Vec::new();
    if run::which("redis-server").is_none() {
        missing.push("redis-server");
    }
    // Debian keeps its programs in a folder of each version.
    if run::which("initdb").is_none() && !Path::new("/usr/lib/postgresql").is_dir() {
        missing.push("postgresql");
    }
    install(&missing)
}

pub(super) fn ensure_python() -> Outcome<()> {
    install(&["python3", "python3-venv"])
}

/// Installs packages.
fn install(packages: &[&str]) -> Outcome<()> {
    if packages.is_empty() {
        return Ok(());
    }
    let names = packages.join(" ");
    let by_hand = format!("apt-get install --yes --no-install-recommends {names}");
    if run::which("apt-get").is_none() {
        return stop(format!(
            "missing: {names} (names of Debian packages). This system has no apt-get; install them in its own way."
        ));
    }
    let root = run::asked(run::program("id").arg("-u")).is_some_and(|it| it == "0");
    let sudo = !root && run::asked(run::program("sudo").args(["-n", "true"])).is_some();
    if !root && !sudo {
        return stop(format!(
            "missing: {names}. Run this, then the same command again:\n\n  sudo {by_hand}"
        ));
    }
    say(&format!("installing {names}"));
    let apt = |words: &str| {
        let mut command = run::program(if sudo { "sudo" } else { "apt-get" });
        command.args(sudo.then_some("apt-get")).args(words.split(' '));
        command.env("DEBIAN_FRONTEND", "noninteractive");
        run::run(&mut command)
    };
    let installing = format!("install --yes --quiet --no-install-recommends {names}");
    // The lists may be as old as the machine: fetch them only when the first try fails.
    apt(&installing).or_else(|_| apt("update --quiet").and_then(|()| apt(&installing)))
}
