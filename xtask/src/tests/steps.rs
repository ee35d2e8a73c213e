//! The steps of the gate: what each runs, and what its failure means.

use std::{fs, path::Path, process::Command};

use super::count::Count;
use crate::{
    Outcome, browser_tests, places, run,
    site::{self, Profile},
    start,
    tools::{self, say},
};

/// One step.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    /// Steps without whose success this one cannot run.
    pub(super) needs: &'static [&'static str],
    pub(super) run: fn() -> Outcome<Count>,
}

pub(super) const STEPS: &[Step] = &[
    Step { name: "format", what: "rustfmt", needs: &[], run: format },
    Step { name: "clippy", what: "lints, natively", needs: &[], run: clippy },
    Step { name: "native", what: "tests without a browser", needs: &[], run: native },
    Step { name: "tools", what: "what the browser's builds need", needs: &[], run: set_up },
    Step { name: "clippy-web", what: "lints, for the browser", needs: &["tools"], run: clippy_web },
    Step { name: "scripts", what: "JavaScript: syntax and tests", needs: &["tools"], run: scripts },
    Step { name: "wasm", what: "tests/web.rs in Chromium", needs: &["tools"], run: wasm },
    Step { name: "site", what: "the site and the proxy", needs: &["tools"], run: build },
    Step { name: "e2e", what: "journeys in Chromium", needs: &["tools", "site"], run: journeys },
];

pub(super) const SOAK: &[Step] = &[
    Step {
        name: "native",
        what: "ignored tests too, with EASEL_SOAK=1",
        needs: &[],
        run: soak_native,
    },
    Step { name: "e2e", what: "journeys with EASEL_SOAK=1", needs: &[], run: soak_journeys },
];

fn counted(command: &mut Command) -> Outcome<Count> {
    let said = run::tee(command)?;
    Ok(Count::of(&said.text, said.succeeded))
}

fn format() -> Outcome<Count> {
    counted(run::program("cargo").args(["fmt", "--all", "--check"]))
}

fn clippy() -> Outcome<Count> {
    let mut cargo = run::program("cargo");
    cargo.args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]);
    counted(&mut cargo)
}

fn native() -> Outcome<Count> {
    on_outside_data()?;
    let nextest = run::asked(run::program("cargo").args(["nextest", "--version"])).is_some();
    let mut cargo = run::program("cargo");
    if nextest {
        cargo.args(["nextest", "run", "--workspace", "--no-fail-fast", "--no-tests=pass"]);
    } else {
        cargo.args(["test", "--workspace", "--no-fail-fast"]);
    }
    counted(&mut cargo)
}

/// Sets up what the tests on outside data compare with.
fn on_outside_data() -> Outcome<()> {
    if std::env::var_os("EASEL_FIXTURES").is_some_and(|it| !it.is_empty()) {
        tools::python()?;
    }
    Ok(())
}

fn set_up() -> Outcome<Count> {
    tools::all()?;
    Ok(Count::success())
}

fn clippy_web() -> Outcome<Count> {
    site::clippy()?;
    Ok(Count::success())
}

/// Reads every script, and runs the tests beside them.
fn scripts() -> Outcome<Count> {
    let mut found = Vec::new();
    for dir in ["web", "tests", "xtask/js"] {
        gather(&places::root().join(dir), &mut found);
    }
    found.sort();
    for script in &found {
        run::run(run::program("node").arg("--check").arg(script))?;
    }
    let (tests, _): (Vec<_>, Vec<_>) = found.iter().partition(|it| it.ends_with(".test.mjs"));
    if tests.is_empty() {
        return Ok(Count::success());
    }
    counted(run::program("node").args(["--test", "--test-reporter=spec"]).args(tests))
}

fn gather(dir: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            gather(&path, found);
        } else if path.extension().is_some_and(|it| it == "js" || it == "mjs") {
            found.push(path.to_string_lossy().into_owned());
        }
    }
}

fn wasm() -> Outcome<Count> {
    if !browser_tests::has_wasm_tests() {
        say("there is no tests/web.rs");
        return Ok(Count::default());
    }
    counted(&mut browser_tests::wasm()?)
}

fn build() -> Outcome<Count> {
    site::build(Profile::Web)?;
    start::build_proxy()?;
    Ok(Count::success())
}

fn journeys() -> Outcome<Count> {
    counted(&mut browser_tests::journeys(&start::build_proxy()?)?)
}

fn soak_native() -> Outcome<Count> {
    on_outside_data()?;
    let mut cargo = run::program("cargo");
    cargo.args(["test", "--workspace", "--release", "--no-fail-fast", "--", "--include-ignored"]);
    counted(cargo.env("EASEL_SOAK", "1"))
}

fn soak_journeys() -> Outcome<Count> {
    tools::all()?;
    build()?;
    let mut journeys = browser_tests::journeys(&start::build_proxy()?)?;
    counted(journeys.env("EASEL_SOAK", "1").env("EASEL_KILLS", "200"))
}
