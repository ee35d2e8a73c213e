//! `cargo xtask prices`: writes the table of models' prices anew, from the package that `tools::python` names.
//!
//! The package brings its facts as Python, so a script reads them; the tests of `providers` compare the two.

use std::fs;

use crate::{Outcome, places, run, stop, tools};

const TABLE: &str = "crates/providers/src/prices/table.txt";

/// Writes the table.
pub(crate) fn prices() -> Outcome<()> {
    let mut python = run::program(tools::python()?);
    let Some(table) = run::asked(python.arg("xtask/py/prices.py")) else {
        return stop(
            "the table cannot be made; this says why: target/tools/python/bin/python xtask/py/prices.py",
        );
    };
    let path = places::root().join(TABLE);
    match fs::write(&path, table + "\n") {
        Ok(()) => tools::say(&format!("wrote {TABLE}; `git diff` shows what changed")),
        Err(err) => return stop(format!("{} cannot be written: {err}", path.display())),
    }
    Ok(())
}
