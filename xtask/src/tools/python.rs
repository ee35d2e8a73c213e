//! What comes from PyPI: packages that tests compare with, in an environment of their own.
//!
//! Nothing of it is shipped, and nothing is installed into the system's Python.

use std::{fs, path::PathBuf, process::Command};

use super::{debian, say};
use crate::{Outcome, places, run, stop};

/// `crates/providers/src/prices/table.txt` is made from the first one: `cargo xtask prices`.
const PACKAGES: &[&str] = &["genai-prices==0.2.3"];

/// Returns the interpreter that has the packages.
pub(super) fn ensure() -> Outcome<PathBuf> {
    let home = places::tools().join("python");
    let python = home.join("bin/python");
    let (stamp, wanted) = (home.join(".easel-packages"), PACKAGES.join("\n"));
    if python.exists() && fs::read_to_string(&stamp).is_ok_and(|it| it == wanted) {
        return Ok(python);
    }
    // Debian splits what makes environments from the interpreter.
    let whole = ["-c", "import ensurepip, venv"];
    if run::asked(Command::new("python3").args(whole)).is_none() {
        debian::ensure_python()?;
    }
    say(&format!("installing {} under target/tools/python", PACKAGES.join(", ")));
    run::run(run::program("python3").args(["-m", "venv"]).arg(&home))?;
    let mut pip = run::program(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(PACKAGES);
    run::run(&mut pip)?;
    match fs::write(&stamp, wanted) {
        Ok(()) => Ok(python),
        Err(err) => stop(format!("{} cannot be written: {err}", stamp.display())),
    }
}
