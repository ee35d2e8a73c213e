//! The gateways that the bench `proxy` measures beside ours, each in a folder of its own under
//! `target/tools`. Nothing of them is shipped.

use std::{fs, path::PathBuf};

use super::{node, python, say};
use crate::{Outcome, places, run, stop};

const LITELLM: &[&str] = &["litellm[proxy]==1.106.2"];

/// This version streams only with an older server than the one it asks for.
const PORTKEY: &str = r#"{
  "private": true,
  "dependencies": { "@portkey-ai/gateway": "1.15.2" },
  "overrides": { "@hono/node-server": "1.13.5" }
}
"#;

#[derive(Debug)]
pub(crate) struct Gateways {
    /// The folder with the program `litellm`.
    pub(crate) litellm: PathBuf,
    /// The folder whose `node_modules` has Portkey.
    pub(crate) portkey: PathBuf,
}

pub(super) fn ensure() -> Outcome<Gateways> {
    let python = python::environment("litellm", LITELLM)?;
    let litellm = python.parent().map(PathBuf::from).unwrap_or_default();
    let portkey = places::tools().join("portkey");
    let package = portkey.join("package.json");
    if fs::read_to_string(&package).is_ok_and(|it| it == PORTKEY) {
        return Ok(Gateways { litellm, portkey });
    }
    node::ensure()?;
    say("installing @portkey-ai/gateway under target/tools/portkey");
    let written = fs::create_dir_all(&portkey).and_then(|()| fs::write(&package, PORTKEY));
    if let Err(err) = written {
        return stop(format!("{} cannot be written: {err}", package.display()));
    }
    let mut npm = run::program("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts"]).current_dir(&portkey);
    if let Err(stopped) = run::run(&mut npm) {
        // The next run tries again.
        fs::remove_file(&package).ok();
        return Err(stopped);
    }
    Ok(Gateways { litellm, portkey })
}
