//! The compiler for the browser: rustup's target where it can be fetched, else Debian's compiler and a standard
//! library built once from its sources.
//!
//! Never touches the native toolchain, and writes nothing outside `target/tools` except through rustup and apt.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use super::{debian, say};
use crate::{Outcome, places, run, stop};

const TARGET: &str = "wasm32-unknown-unknown";

/// Where the browser's builds get their compiler and standard library from.
#[derive(Debug)]
pub(crate) enum Rust {
    /// The compiler on PATH has the target.
    OnPath,
    Debian {
        /// A folder with Debian's cargo, rustc and clippy alone.
        bin: PathBuf,
        /// Holds the browser's standard library.
        sysroot: PathBuf,
        linker: PathBuf,
    },
}

/// Finds or sets up the compiler. `EASEL_WASM_RUST=debian` skips rustup.
pub(crate) fn ensure() -> Outcome<Rust> {
    let debian_wanted = std::env::var("EASEL_WASM_RUST").is_ok_and(|it| it == "debian");
    if !debian_wanted {
        if has_std("rustc") {
            return Ok(Rust::OnPath);
        }
        if !debian_is_ready() && rustup_adds_it() {
            return Ok(Rust::OnPath);
        }
    }
    from_debian()
}

/// Returns the name of this machine's own target.
pub(crate) fn host() -> Outcome<String> {
    let said = run::asked(run::program("rustc").arg("-vV")).unwrap_or_default();
    match said.lines().find_map(|it| it.strip_prefix("host: ")) {
        Some(host) => Ok(host.to_owned()),
        None => stop("`rustc -vV` does not say which machine this is"),
    }
}

/// Finds or sets up what brings a program's notes into the compiler's form.
pub(crate) fn profdata() -> Outcome<PathBuf> {
    let found = || {
        let root = run::asked(run::program("rustc").args(["--print", "sysroot"]))?;
        let tools = Path::new(&root).join("lib/rustlib").join(host().ok()?).join("bin");
        Some(tools.join("llvm-profdata")).filter(|it| it.is_file())
    };
    if let Some(there) = found() {
        return Ok(there);
    }
    say("asking rustup for llvm-tools");
    let mut rustup = run::program("rustup");
    rustup.args(["component", "add", "llvm-tools"]).env("RUSTUP_MAX_RETRIES", "1");
    run::while_it_moves(&mut rustup, Duration::from_secs(20), || 0);
    let missing =
        "llvm-profdata is missing, which belongs to the compiler: rustup component add llvm-tools";
    found().map_or_else(|| stop(missing), Ok)
}

fn has_std(rustc: &str) -> bool {
    let dir =
        run::asked(run::program(rustc).args(["--print", "target-libdir", "--target", TARGET]));
    dir.is_some_and(|dir| holds_std(Path::new(&dir)))
}

fn holds_std(lib: &Path) -> bool {
    let entries = fs::read_dir(lib).into_iter().flatten().flatten();
    entries.map(|it| it.file_name()).any(|it| {
        let name = it.to_string_lossy();
        name.starts_with("libstd-") && name.ends_with(".rlib")
    })
}

fn rustup_adds_it() -> bool {
    if run::which("rustup").is_none() {
        return false;
    }
    say(&format!("asking rustup for {TARGET}"));
    let downloads = run::asked(Command::new("rustup").args(["show", "home"]))
        .map(|home| Path::new(&home).join("downloads"));
    let added = run::while_it_moves(
        run::program("rustup").args(["target", "add", TARGET]).env("RUSTUP_MAX_RETRIES", "1"),
        Duration::from_secs(20),
        || downloads.as_deref().map_or(0, size_of),
    );
    if !added {
        say("rustup did not deliver it (is its server reachable?)");
    }
    added && has_std("rustc")
}

fn size_of(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.filter_map(|it| it.metadata().ok()).map(|it| it.len()).sum()
}

fn sysroot() -> PathBuf {
    places::tools().join("wasm-sysroot")
}

/// Marks a finished build, and names the compiler that it was built with.
fn stamp() -> PathBuf {
    sysroot().join("built-with")
}

fn debian_version() -> Option<String> {
    run::asked(Command::new("/usr/bin/rustc").arg("--version"))
}

fn debian_is_ready() -> bool {
    debian_version().is_some_and(|it| fs::read_to_string(stamp()).is_ok_and(|built| built == it))
}

fn from_debian() -> Outcome<Rust> {
    debian::ensure_rust()?;
    let bin = places::tools().join("debian-rust");
    link_programs(&bin)?;
    let rust = Rust::Debian { bin, sysroot: sysroot(), linker: "/usr/bin/rust-lld".into() };
    if debian_is_ready() {
        return Ok(rust);
    }
    let Some(version) = debian_version() else {
        return stop("/usr/bin/rustc does not answer although its package is installed");
    };
    build_std()?;
    match fs::write(stamp(), version) {
        Ok(()) => Ok(rust),
        Err(err) => stop(format!("{} cannot be written: {err}", stamp().display())),
    }
}

/// Gives Debian's programs a folder of their own, to stand before rustup's on PATH.
fn link_programs(bin: &Path) -> Outcome<()> {
    let linked = fs::create_dir_all(bin).and_then(|()| {
        for name in ["cargo", "rustc", "rustdoc", "cargo-clippy", "clippy-driver"] {
            let (from, to) = (Path::new("/usr/bin").join(name), bin.join(name));
            if from.exists() && !to.exists() {
                std::os::unix::fs::symlink(from, to)?;
            }
        }
        Ok(())
    });
    linked.or_else(|err| stop(format!("{} cannot be filled: {err}", bin.display())))
}

fn build_std() -> Outcome<()> {
    say(&format!(
        "building the standard library for {TARGET} with Debian's compiler (a minute, once)"
    ));
    let work = places::tools().join("wasm-std");
    let lib = sysroot().join("lib/rustlib").join(TARGET).join("lib");
    let prepared = fs::create_dir_all(&lib)
        .and_then(|()| fs::create_dir_all(work.join("src")))
        .and_then(|()| fs::write(work.join("src/lib.rs"), ""))
        .and_then(|()| {
            let manifest = "[package]\nname = \"empty\"\nedition = \"2024\"\n\n[workspace]\n";
            fs::write(work.join("Cargo.toml"), manifest)
        });
    if let Err(err) = prepared {
        return stop(format!("{} cannot be prepared: {err}", work.display()));
    }
    let mut cargo = Command::new("/usr/bin/cargo");
    cargo.current_dir(&work).args(["build", "--release", "--target", TARGET]);
    cargo.arg("-Zbuild-std=std,panic_abort,panic_unwind,proc_macro");
    cargo.env("RUSTC", "/usr/bin/rustc").env("RUSTC_BOOTSTRAP", "1");
    cargo.env("RUSTFLAGS", "-Cembed-bitcode=yes"); // Without it the app's link-time optimisation fails.
    cargo.env("CARGO_TARGET_DIR", work.join("target"));
    run::run(&mut cargo)?;
    let built = work.join("target").join(TARGET).join("release/deps");
    let copied = fs::read_dir(&built).and_then(|entries| {
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let text = name.to_string_lossy();
            let library = text.ends_with(".rlib") || text.ends_with(".rmeta");
            if library && !text.starts_with("libempty-") {
                fs::copy(entry.path(), lib.join(&name))?;
            }
        }
        Ok(())
    });
    match copied {
        Ok(()) if holds_std(&lib) => Ok(()),
        Ok(()) => stop(format!("{} holds no libstd after the build", built.display())),
        Err(err) => stop(format!("{} cannot be copied: {err}", built.display())),
    }
}
