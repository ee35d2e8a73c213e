//! The steps of the gate: what each runs, and what its failure means.

use std::{fs, path::Path, process::Command};

use super::count::Count;
use crate::{
    Outcome, browser_tests,
    openapi::{self, Effort},
    places, run,
    site::{self, Profile},
    start::{self, Servers},
    stop,
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
    Step {
        name: "clippy",
        what: "lints, natively, and the build of the tests",
        needs: &[],
        run: clippy,
    },
    Step { name: "native", what: "tests without a browser", needs: &[], run: native },
    Step { name: "tools", what: "what the browser's builds need", needs: &[], run: set_up },
    Step { name: "clippy-web", what: "lints, for the browser", needs: &["tools"], run: clippy_web },
    Step { name: "scripts", what: "JavaScript: syntax and tests", needs: &["tools"], run: scripts },
    Step { name: "wasm", what: "tests/web.rs in Chromium", needs: &["tools"], run: wasm },
    Step { name: "clients", what: "real clients against the gateway", needs: &[], run: clients },
    Step { name: "site", what: "the site", needs: &["tools"], run: build },
    Step { name: "e2e", what: "journeys in Chromium", needs: &["tools", "site"], run: journeys },
    Step { name: "openapi", what: "requests by the proxy's document", needs: &[], run: openapi },
];

pub(super) const SOAK: &[Step] = &[
    Step {
        name: "native",
        what: "ignored tests too, with EASEL_SOAK=1",
        needs: &[],
        run: soak_native,
    },
    Step { name: "e2e", what: "journeys with EASEL_SOAK=1", needs: &[], run: soak_journeys },
    Step { name: "openapi", what: "many more of them", needs: &[], run: soak_openapi },
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
    cargo.args(["test", "--no-run", "--workspace", "--all-targets"]);
    counted(tools::linted(&mut cargo))
}

fn native() -> Outcome<Count> {
    tools::servers()?;
    tools::npm()?;
    on_outside_data()?;
    let nextest = run::asked(run::program("cargo").args(["nextest", "--version"])).is_some();
    let mut cargo = run::program("cargo");
    if nextest {
        cargo.args(["nextest", "run", "--workspace", "--no-fail-fast", "--no-tests=pass"]);
    } else {
        cargo.args(["test", "--workspace", "--no-fail-fast"]);
    }
    counted(tools::linted(&mut cargo))
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

/// Clients from PyPI and npm, in processes of their own and in a page, side by side: most of their time is waiting.
fn clients() -> Outcome<Count> {
    tools::npm()?;
    tools::browser()?;
    let python = tools::python()?;
    let Servers { proxy, upstream } = start::build_for_tests()?;
    let Some(chromium) = tools::chromium() else {
        return stop("there is no Chromium: apt-get install chromium, or set EASEL_CHROMIUM");
    };
    let mut node = run::program("node");
    node.args(["--test", "--test-reporter=spec", "--test-concurrency=4"]);
    for script in ["canary", "python", "node", "page"] {
        node.arg(places::root().join(format!("tests/clients/{script}.mjs")));
    }
    node.env("EASEL_PROXY", proxy).env("EASEL_UPSTREAM", upstream);
    node.env("EASEL_PYTHON", python).env("EASEL_CHROMIUM", chromium);
    counted(&mut node)
}

fn build() -> Outcome<Count> {
    site::build(Profile::Web)?;
    Ok(Count::success())
}

fn journeys() -> Outcome<Count> {
    counted(&mut browser_tests::journeys(&start::build_for_tests()?)?)
}

fn openapi() -> Outcome<Count> {
    let said = openapi::check(Effort { examples: 10, secs: 60 })?;
    Ok(Count::of(&said.text, said.succeeded))
}

fn soak_openapi() -> Outcome<Count> {
    let said = openapi::check(Effort { examples: 500, secs: 900 })?;
    Ok(Count::of(&said.text, said.succeeded))
}

fn soak_native() -> Outcome<Count> {
    tools::servers()?;
    on_outside_data()?;
    let mut cargo = run::program("cargo");
    cargo.args(["test", "--workspace", "--release", "--no-fail-fast", "--", "--include-ignored"]);
    counted(cargo.env("EASEL_SOAK", "1"))
}

fn soak_journeys() -> Outcome<Count> {
    tools::all()?;
    build()?;
    let mut journeys = browser_tests::journeys(&start::build_for_tests()?)?;
    counted(journeys.env("EASEL_SOAK", "1").env("EASEL_KILLS", "200"))
}
