//! What comes from PyPI: packages that tests compare with, and clients that ask the gateway, in an environment of their
//! own.
//!
//! Nothing of it is shipped, and nothing is installed into the system's Python.

use std::{fs, path::PathBuf, process::Command};

use super::{debian, say};
use crate::{Outcome, places, run, stop};

/// `crates/providers/src/prices/table.txt` is made from the first one: `cargo xtask prices`. The others are the clients
/// of `tests/clients`; LiteLLM needs `mcp` and does not say so.
const PACKAGES: &[&str] = &[
    "genai-prices==0.2.3",
    "anthropic==2.12.0",
    "boto3==1.44.5",
    "google-genai==3.4.0",
    "langchain-openai==1.7.3",
    "litellm==1.106.2",
    "mcp==2.3.0",
    "ollama==0.6.3",
    "openai==2.54.0",
];

/// Sends a server what its OpenAPI document allows and forbids.
const SCHEMATHESIS: &[&str] = &["schemathesis==4.32.5"];

/// Returns the interpreter that has what tests compare with.
pub(super) fn ensure() -> Outcome<PathBuf> {
    environment("python", PACKAGES)
}

/// Returns the program, which has an environment of its own because few steps need it.
pub(super) fn ensure_schemathesis() -> Outcome<PathBuf> {
    Ok(environment("schemathesis", SCHEMATHESIS)?.with_file_name("schemathesis"))
}

/// Returns the interpreter of an environment that has these packages.
pub(super) fn environment(name: &str, packages: &[&str]) -> Outcome<PathBuf> {
    let home = places::tools().join(name);
    let python = home.join("bin/python");
    let (stamp, wanted) = (home.join(".easel-packages"), packages.join("\n"));
    if python.exists() && fs::read_to_string(&stamp).is_ok_and(|it| it == wanted) {
        return Ok(python);
    }
    // Debian splits what makes environments from the interpreter.
    let whole = ["-c", "import ensurepip, venv"];
    if run::asked(Command::new("python3").args(whole)).is_none() {
        debian::ensure_python()?;
    }
    say(&format!("installing {} under target/tools/{name}", packages.join(", ")));
    run::run(run::program("python3").args(["-m", "venv"]).arg(&home))?;
    let mut pip = run::program(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(packages);
    run::run(&mut pip)?;
    match fs::write(&stamp, wanted) {
        Ok(()) => Ok(python),
        Err(err) => stop(format!("{} cannot be written: {err}", stamp.display())),
    }
}
