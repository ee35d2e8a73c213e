//! Where things lie in the repository and under `target/`.
//!
//! Creates nothing: who writes somewhere makes the folder.

use std::path::{Path, PathBuf};

/// The repository.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

pub(crate) fn target() -> PathBuf {
    root().join("target")
}

/// Cargo's own target folder, for native builds.
pub(crate) fn native_target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(target, PathBuf::from)
}

/// What `cargo xtask` installs for this repository.
pub(crate) fn tools() -> PathBuf {
    target().join("tools")
}

/// Programs that cargo installs, each with its version: with the person's other caches, so that another checkout, or this
/// one after `cargo clean`, has them at once. `EASEL_PROGRAMS` names another place.
pub(crate) fn programs() -> PathBuf {
    let given = |name| std::env::var_os(name).filter(|it| !it.is_empty()).map(PathBuf::from);
    given("EASEL_PROGRAMS")
        .or_else(|| Some(given("XDG_CACHE_HOME")?.join("easel")))
        .or_else(|| Some(given("HOME")?.join(".cache/easel")))
        .unwrap_or_else(tools)
}

/// Cargo's target folder for the browser's builds; apart, so that they never wait for native ones.
pub(crate) fn web_target() -> PathBuf {
    target().join("web")
}

/// The finished site, which the proxy serves.
pub(crate) fn site() -> PathBuf {
    target().join("site")
}

/// Results of slow steps, by the hash of what went in.
pub(crate) fn cache() -> PathBuf {
    target().join("web-cache")
}
