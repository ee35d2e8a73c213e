//! The tests that need a browser: `tests/web.rs` through wasm-bindgen's runner, and the journeys through Playwright.

use std::{path::Path, process::Command, process::ExitCode};

use crate::{
    Outcome, places, run,
    site::{self, Profile},
    start::{self, Servers},
    stop, tools,
};

/// Returns the command that runs the tests of `tests/web.rs` in Chromium.
pub(crate) fn wasm() -> Outcome<Command> {
    tools::browser()?;
    let web = tools::web()?;
    let Some(driver) = run::which("chromedriver") else {
        return stop("there is no chromedriver on PATH: apt-get install chromium-driver");
    };
    let mut cargo = web.cargo("test");
    cargo.args(["--profile", Profile::Dev.cargo_name(), "--test", "web"]);
    cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", web.find("wasm-bindgen-test-runner"));
    tools::linted(cargo.env("CHROMEDRIVER", driver).env("WASM_BINDGEN_TEST_TIMEOUT", "300"));
    Ok(cargo)
}

/// Whether there are such tests.
pub(crate) fn has_wasm_tests() -> bool {
    places::root().join("tests/web.rs").exists()
}

/// `cargo xtask test-web`.
pub(crate) fn wasm_by_hand(args: &[&str]) -> Outcome<()> {
    if !has_wasm_tests() {
        return stop("there is no tests/web.rs");
    }
    let mut command = wasm()?;
    if !args.is_empty() {
        command.arg("--").args(args);
    }
    run::run(&mut command)
}

/// Returns the command that runs the journeys against a built site.
pub(crate) fn journeys(servers: &Servers) -> Outcome<Command> {
    let mut playwright = run::program(places::root().join("node_modules/.bin/playwright"));
    playwright.args(["test", "--config", "tests/e2e/playwright.config.mjs"]);
    playwright.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    with_app(&mut playwright, Profile::Web, &servers.proxy)?;
    playwright.env("EASEL_UPSTREAM", &servers.upstream);
    Ok(playwright)
}

/// Tells a script under `tests` where the parts are that it starts: the proxy, the site, the browser.
pub(crate) fn with_app(script: &mut Command, profile: Profile, proxy: &Path) -> Outcome<()> {
    let Some(chromium) = tools::chromium() else {
        return stop("there is no Chromium: apt-get install chromium, or set EASEL_CHROMIUM");
    };
    script.env("EASEL_PROXY", proxy).env("EASEL_SITE", profile.site());
    script.env("EASEL_CHROMIUM", chromium);
    Ok(())
}

/// `cargo xtask e2e`.
pub(crate) fn journeys_by_hand(args: &[&str]) -> Outcome<ExitCode> {
    tools::browser()?;
    site::build(Profile::Web)?;
    run::run(journeys(&start::build_for_tests()?)?.args(args))?;
    Ok(ExitCode::SUCCESS)
}
