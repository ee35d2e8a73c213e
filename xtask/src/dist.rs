//! `cargo xtask dist`: what one copies to another machine.

use std::fs;

use crate::{
    Outcome, places, shipped,
    site::{self, Profile},
    stop,
    tools::say,
};

/// Writes `target/dist/site` and `target/dist/easel-proxy`.
pub(crate) fn dist() -> Outcome<()> {
    site::build(Profile::Web)?;
    let proxy = shipped::proxy()?;
    let out = places::target().join("dist");
    site::clear(&out)?;
    site::copy(&places::site(), &out.join("site"))?;
    for file in ["README.md", "LICENSE-MIT", "LICENSE-APACHE"] {
        if let Err(err) = fs::copy(places::root().join(file), out.join(file)) {
            return stop(format!("{file} cannot be copied: {err}"));
        }
    }
    match fs::copy(proxy, out.join("easel-proxy")) {
        Ok(_) => say("target/dist is ready: `./easel-proxy --site site` there serves it"),
        Err(err) => return stop(format!("easel-proxy cannot be copied: {err}")),
    }
    Ok(())
}
