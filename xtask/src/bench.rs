//! `cargo xtask bench NAME`: runs `tests/bench/NAME.mjs`, which prints a Markdown table and writes
//! `target/bench/NAME.json`.
//!
//! Judges nothing: a bench that ran is a success, whatever it found.

use std::{fs, process::Command};

use crate::{
    Outcome, browser_tests, places, run, shipped,
    site::{self, Profile},
    start, stop, tools,
};

/// Runs one bench on the real build.
pub(crate) fn bench(name: &str) -> Outcome<()> {
    let script = format!("tests/bench/{name}.mjs");
    if !places::root().join(&script).exists() {
        return stop(format!("there is no bench `{name}`; there are: {}", names().join(", ")));
    }
    let results = places::target().join("bench");
    site::make(&results)?;
    let mut node = run::program("node");
    node.arg(&script).env("EASEL_BENCH_OUT", results.join(format!("{name}.json")));
    if name == "proxy" {
        with_gateways(&mut node)?;
    } else {
        tools::browser()?;
        site::build(Profile::Web)?;
        browser_tests::with_app(&mut node, Profile::Web, &start::build_proxy()?)?;
    }
    run::run(&mut node)
}

/// Tells a bench where the gateways are, and what it measures them with.
fn with_gateways(node: &mut Command) -> Outcome<()> {
    let gateways = tools::gateways()?;
    node.env("EASEL_LOAD", shipped::load()?).env("EASEL_PROXY", shipped::proxy()?);
    node.env("EASEL_LITELLM", gateways.litellm).env("EASEL_PORTKEY", gateways.portkey);
    Ok(())
}

fn names() -> Vec<String> {
    let entries = fs::read_dir(places::root().join("tests/bench")).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|it| it.file_name().to_str()?.strip_suffix(".mjs").map(str::to_owned))
        .filter(|it| !it.starts_with('_'))
        .collect();
    names.sort();
    names
}
