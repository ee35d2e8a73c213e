//! Builds the site that the proxy serves: three wasm modules through cargo and Trunk, scripts and styles through
//! esbuild, then [`finish`] makes `target/site` of it.
//!
//! Starts nothing and opens nothing; `trunk serve` works on what the last `cargo xtask site --dev` prepared.

mod finish;
mod modules;
pub(crate) mod names;
mod styles;

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    Outcome, places, run, stop,
    tools::{self, Web, say},
};

pub(crate) use finish::copy;

/// How the wasm modules are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Small: what is shipped, tested and measured.
    Web,
    /// Quick to build again.
    Dev,
    /// As shipped, but in one piece, and it notes which functions are called: what a page starts with is found by it.
    Traced,
}

impl Profile {
    pub(crate) fn cargo_name(self) -> &'static str {
        match self {
            Self::Web | Self::Traced => "web",
            Self::Dev => "web-dev",
        }
    }

    /// Returns where the site is built.
    pub(crate) fn site(self) -> PathBuf {
        match self {
            Self::Web | Self::Dev => places::site(),
            Self::Traced => places::target().join("site-traced"),
        }
    }
}

/// Builds the site of a profile.
pub(crate) fn build(profile: Profile) -> Outcome<()> {
    let web = tools::web()?;
    tools::npm()?;
    say(&format!("building the app for the browser (profile {})", profile.cargo_name()));
    run::run(web.cargo("build").args(["--bins", "--profile", profile.cargo_name()]))?;
    let _alone = alone()?;
    let inputs = inputs(profile)?;
    let stamp = profile.site().with_extension("inputs");
    if profile.site().exists() && fs::read_to_string(&stamp).is_ok_and(|it| it == inputs) {
        say(&format!("{} is what it would be", profile.site().display()));
        return Ok(());
    }
    scripts(&web)?;
    styles::bundle(&web)?;
    trunk(&web, profile)?;
    finish::finish(&web, profile)?;
    write(&stamp, &inputs)
}

/// Waits for other builds of the site, which write to the same places.
fn alone() -> Outcome<fs::File> {
    let path = places::target().join("site.lock");
    let locked = fs::File::create(&path).and_then(|file| file.lock().map(|()| file));
    locked.or_else(|err| stop(format!("{} cannot be locked: {err}", path.display())))
}

/// Returns a hash of everything that a site is made of, once cargo has built its part.
fn inputs(profile: Profile) -> Outcome<String> {
    let root = places::root();
    let built = places::web_target().join("wasm32-unknown-unknown").join(profile.cargo_name());
    let mut paths: Vec<_> = ["easel", "core", "compiler", "caller"]
        .map(|it| built.join(it).with_extension("wasm"))
        .into();
    paths.extend(["index.html", "Trunk.toml", "package-lock.json"].map(|it| root.join(it)));
    for folder in ["style", "web", "xtask"] {
        let folder = root.join(folder);
        paths.extend(finish::files(&folder)?.into_iter().map(|it| folder.join(it)));
    }
    let mut parts = vec![profile.cargo_name().as_bytes().to_vec()];
    for path in paths {
        parts.push(path.to_string_lossy().into_owned().into_bytes());
        match fs::read(&path) {
            Ok(bytes) => parts.push(bytes),
            Err(err) => return stop(format!("{} cannot be read: {err}", path.display())),
        }
    }
    Ok(names::digest(parts.iter().map(Vec::as_slice)))
}

/// Checks the app for the browser.
pub(crate) fn check(args: &[&str]) -> Outcome<()> {
    run::run(tools::web()?.cargo("check").args(args))
}

/// Lints the app for the browser, and builds what its tests there need.
pub(crate) fn clippy() -> Outcome<()> {
    let mut cargo = tools::web()?.cargo("build");
    cargo.args(["--profile", Profile::Dev.cargo_name(), "--lib", "--bins"]);
    if places::root().join("tests/web.rs").exists() {
        cargo.args(["--test", "web"]);
    }
    run::run(tools::linted(&mut cargo))
}

/// Where `web/build.mjs` writes the ES modules that Trunk copies.
fn scripts(web: &Web) -> Outcome<()> {
    let out = places::target().join("web-js");
    make(&out)?;
    if !places::root().join("web/build.mjs").exists() {
        return Ok(());
    }
    run::run(web.program("node").arg("web/build.mjs").arg(&out))
}

fn trunk(web: &Web, profile: Profile) -> Outcome<()> {
    // Trunk copies all snippets that it finds there, those of earlier builds too.
    clear(&places::web_target().join("wasm-bindgen"))?;
    let dist = staged();
    let mut trunk = web.program("trunk");
    trunk.args([
        "build",
        "--cargo-profile",
        profile.cargo_name(),
        "--no-sri",
        "--skip-version-check",
    ]);
    trunk.args(["--offline", "--dist"]).arg(&dist).env_remove("NO_COLOR");
    run::run(trunk.env("RUST_LOG", "warn"))
}

/// What Trunk wrote.
fn staged() -> PathBuf {
    places::target().join("trunk")
}

/// Makes a folder.
pub(crate) fn make(dir: &Path) -> Outcome<()> {
    fs::create_dir_all(dir).or_else(|err| stop(format!("{} cannot be made: {err}", dir.display())))
}

/// Removes a folder with what is in it, if it is there.
pub(crate) fn clear(dir: &Path) -> Outcome<()> {
    if !dir.exists() {
        return Ok(());
    }
    fs::remove_dir_all(dir)
        .or_else(|err| stop(format!("{} cannot be removed: {err}", dir.display())))
}

fn read(path: &Path) -> Outcome<String> {
    fs::read_to_string(path)
        .or_else(|err| stop(format!("{} cannot be read: {err}", path.display())))
}

fn write(path: &Path, text: &str) -> Outcome<()> {
    if let Some(dir) = path.parent() {
        make(dir)?;
    }
    fs::write(path, text)
        .or_else(|err| stop(format!("{} cannot be written: {err}", path.display())))
}
