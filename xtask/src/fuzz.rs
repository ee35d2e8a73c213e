//! `cargo xtask soak fuzz [SECONDS]`: each target of `fuzz/` for three minutes, on a corpus that is kept.
//!
//! A target that finds something leaves the bytes under `fuzz/artifacts` and does not keep the others from running.

use std::{fs, path::PathBuf, process::ExitCode};

use crate::{Outcome, places, run, stop, tools, tools::say};

/// Three minutes, and a little more for starting.
const SECONDS: u32 = 185;

/// Each target, and where its first inputs lie.
const TARGETS: [(&str, &str); 10] = [
    ("frames", "crates/providers/tests/recordings/anthropic"),
    ("chat", "crates/providers/tests/recordings/openai"),
    ("messages", "crates/providers/tests/recordings/anthropic"),
    ("responses", "crates/providers/tests/recordings/responses"),
    ("gemini", "crates/providers/tests/recordings/gemini"),
    ("converse", "crates/providers/tests/recordings/converse"),
    ("ollama", "crates/providers/tests/recordings/ollama"),
    ("config", "fuzz/seeds/config"),
    ("litellm", "fuzz/seeds/litellm"),
    ("http", "fuzz/seeds/http"),
];

/// Runs every target.
pub(crate) fn fuzz(seconds: Option<&str>) -> Outcome<ExitCode> {
    let seconds = match seconds.map(str::parse) {
        None => SECONDS,
        Some(Ok(seconds)) => seconds,
        Some(Err(_)) => return stop("soak fuzz takes a number of seconds for each target"),
    };
    let cargo_fuzz = tools::cargo_fuzz()?;
    let mut rows = Vec::new();
    for (target, seeds) in TARGETS {
        say(&format!("fuzzing `{target}` for {seconds} s"));
        let corpus = places::target().join("keep/fuzz").join(target);
        if let Err(err) = fs::create_dir_all(&corpus) {
            return stop(format!("{} cannot be made: {err}", corpus.display()));
        }
        let mut command = run::program(&cargo_fuzz);
        // Nothing of ours is unsafe, so the sanitizer would find nothing and take half of the speed.
        command.args(["fuzz", "run", "--sanitizer", "none", "--fuzz-dir", "fuzz", target]);
        command.arg(&corpus).arg(places::root().join(seeds)).arg("--");
        command.args([&format!("-max_total_time={seconds}"), "-timeout=30", "-max_len=65536"]);
        command.args(["-print_final_stats=1", "-rss_limit_mb=4096"]);
        // The coverage that guides it is a flag of unstable compilers.
        command
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_TARGET_DIR", places::native_target().join("fuzz"));
        let said = run::tee(&mut command)?;
        let figure = |name: &str| {
            let line = said.text.lines().find_map(|it| it.strip_prefix(name));
            line.map_or("–", str::trim).to_owned()
        };
        let runs = figure("stat::number_of_executed_units:");
        rows.push((target, runs, entries(&corpus), said.succeeded));
    }
    println!("\n| target | executions | corpus | |\n|---|---:|---:|---|");
    for (target, runs, n_inputs, fine) in &rows {
        let found = if *fine { "" } else { "FOUND: see fuzz/artifacts, and above" };
        println!("| {target} | {runs} | {n_inputs} | {found} |");
    }
    let fine = rows.iter().all(|it| it.3);
    Ok(if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn entries(folder: &PathBuf) -> usize {
    fs::read_dir(folder).into_iter().flatten().count()
}
