//! `cargo xtask test`: the one gate. Its steps in order, each with its time, and one plain line at the end.
//!
//! A step that fails does not hide the ones after it; only steps that need its result are left out, and then they count
//! as failed.

mod count;
mod steps;

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use crate::{Outcome, Stop, stop, tools::say};
use count::Count;
use steps::{STEPS, Step};

/// What became of a step.
struct Ended {
    step: &'static Step,
    count: Count,
    took: Duration,
    /// Empty when it passed.
    why: String,
}

/// Runs every step.
pub(crate) fn all() -> Outcome<ExitCode> {
    let mut ended: Vec<Ended> = Vec::new();
    for step in STEPS {
        let missing = step
            .needs
            .iter()
            .find(|name| ended.iter().any(|it| it.step.name == **name && !it.why.is_empty()));
        ended.push(match missing {
            Some(name) => Ended {
                step,
                count: Count::failure(),
                took: Duration::ZERO,
                why: format!("not run, because `{name}` failed"),
            },
            None => run(step),
        });
    }
    Ok(summary(&ended))
}

/// Runs one step, after those that it needs.
pub(crate) fn only(name: &str) -> Outcome<ExitCode> {
    let Some(step) = STEPS.iter().find(|it| it.name == name) else {
        let names: Vec<_> = STEPS.iter().map(|it| it.name).collect();
        return stop(format!("there is no step `{name}`; there are: {}", names.join(", ")));
    };
    let mut ended = Vec::new();
    for name in step.needs {
        let needed = STEPS.iter().find(|it| it.name == *name).map(run);
        if let Some(needed) = needed.filter(|it| !it.why.is_empty()) {
            return Ok(summary(&[needed]));
        }
    }
    ended.push(run(step));
    Ok(summary(&ended))
}

/// The long runs in full.
pub(crate) fn soak() -> Outcome<ExitCode> {
    Ok(summary(&steps::SOAK.iter().map(run).collect::<Vec<_>>()))
}

fn run(step: &'static Step) -> Ended {
    println!("\n── {} ── {}", step.name, step.what);
    let started = Instant::now();
    let (count, why) = match (step.run)() {
        Ok(count) if count.failed == 0 => (count, String::new()),
        Ok(count) => (count, "see above".to_owned()),
        Err(Stop(why)) => (Count::failure(), why),
    };
    let took = started.elapsed();
    if !why.is_empty() {
        say(&format!(
            "`{}` failed: {why}\n  only this step: cargo xtask test --only {}",
            step.name, step.name
        ));
    }
    Ended { step, count, took, why }
}

fn summary(ended: &[Ended]) -> ExitCode {
    println!("\n| step | seconds | passed | failed | |\n|---|---:|---:|---:|---|");
    let mut sum = Count::default();
    for Ended { step, count, took, why } in ended {
        let why = why.lines().next().unwrap_or_default();
        let secs = took.as_secs();
        println!("| {} | {secs} | {} | {} | {why} |", step.name, count.passed, count.failed);
        sum = sum.and(*count);
    }
    if std::env::var_os("EASEL_FIXTURES").is_none_or(|it| it.is_empty()) {
        println!("\nEASEL_FIXTURES is not set: the tests on outside data were not run.");
    }
    println!("\n{} passed, {} failed", sum.passed, sum.failed);
    if sum.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
