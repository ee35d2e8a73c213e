//! Bundles `style/` into one sheet. The sheets find their layer by where they lie, so that there is no list to keep.
//!
//! Decides nothing about looks.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{make, read, write};
use crate::{Outcome, places, run, tools::Web};

const LAYERS: [&str; 4] = ["tokens", "base", "ui", "workbench"];

/// Writes `target/web-css/easel.css`.
pub(super) fn bundle(web: &Web) -> Outcome<()> {
    let out = places::target().join("web-css");
    make(&out)?;
    let entry = out.join("entry.css");
    write(&entry, &entry_of(&places::root().join("style"))?)?;
    let mut esbuild = web.program("esbuild");
    esbuild.arg(&entry).args(["--bundle", "--minify", "--log-level=warning"]);
    esbuild.args(["--external:*.svg", "--external:*.woff2"]);
    run::run(esbuild.arg(format!("--outfile={}", out.join("easel.css").display())))
}

fn entry_of(style: &Path) -> Outcome<String> {
    let mut entry = format!("@layer {};\n", LAYERS.join(", "));
    for layer in LAYERS {
        let alone = style.join(layer).with_extension("css");
        for sheet in
            [alone].into_iter().filter(|it| it.exists()).chain(sheets_in(&style.join(layer)))
        {
            let says_itself = read(&sheet)?.contains("@layer");
            let layer = if says_itself { String::new() } else { format!(" layer({layer})") };
            entry += &format!("@import \"{}\"{layer};\n", sheet.display());
        }
    }
    Ok(entry)
}

fn sheets_in(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut found: Vec<_> = entries
        .map(|it| it.path())
        .filter(|it| it.extension().is_some_and(|it| it == "css"))
        .collect();
    found.sort();
    found
}
