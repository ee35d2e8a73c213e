//! `cargo xtask profile`: finds out what a page starts with. `tests/profile.mjs` uses a build that notes which functions
//! are called, and writes their names to `web/first`; the next build of the site divides the modules by them.

use crate::{
    Outcome, browser_tests, places, run,
    site::{self, Profile},
    start, tools,
};

/// Writes `web/first/*.txt` anew.
pub(crate) fn profile() -> Outcome<()> {
    tools::browser()?;
    site::build(Profile::Traced)?;
    let mut node = run::program("node");
    node.arg("tests/profile.mjs").arg(places::root().join("web/first"));
    browser_tests::with_app(&mut node, Profile::Traced, &start::build_for_tests()?.proxy)?;
    run::run(&mut node)
}
