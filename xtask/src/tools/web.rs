//! The environment in which cargo, Trunk and the test runner build for the browser.
//!
//! Sets nothing up; see [`super::web`].

use std::{ffi::OsString, path::PathBuf, process::Command};

use super::rust::Rust;
use crate::{places, run};

/// The environment of the browser's builds.
#[derive(Debug)]
pub(crate) struct Web {
    vars: Vec<(&'static str, OsString)>,
}

impl Web {
    pub(super) fn new(rust: Rust, programs: [PathBuf; 2]) -> Self {
        let mut path = Vec::from(programs);
        path.push(places::root().join("node_modules/.bin"));
        let mut vars = vec![("CARGO_TARGET_DIR", places::web_target().into_os_string())];
        // Leptos then hides the types of views: a fifth of the page's size.
        let mut flags = OsString::from("--cfg erase_components");
        if let Rust::Debian { bin, sysroot, linker } = rust {
            flags.push(" --sysroot=");
            flags.push(sysroot);
            vars.push(("RUSTC", bin.join("rustc").into_os_string()));
            vars.push(("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker.into_os_string()));
            path.insert(0, bin);
        }
        // As a target's variable, so that build scripts and macros are built as ever.
        vars.push(("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", flags));
        let inherited = std::env::var_os("PATH").unwrap_or_default();
        path.extend(std::env::split_paths(&inherited));
        if let Ok(path) = std::env::join_paths(path) {
            vars.push(("PATH", path));
        }
        Self { vars }
    }

    /// Returns a command in this environment.
    pub(crate) fn program(&self, name: &str) -> Command {
        let mut command = run::program(self.find(name));
        command.envs(self.vars.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Returns where a program is; its name alone when it is nowhere.
    pub(crate) fn find(&self, name: &str) -> PathBuf {
        let path = self.vars.iter().find(|(name, _)| *name == "PATH").map(|(_, value)| value);
        let found = path.and_then(|it| {
            std::env::split_paths(it).map(|dir| dir.join(name)).find(|it| it.is_file())
        });
        found.unwrap_or_else(|| PathBuf::from(name))
    }

    /// Returns cargo in this environment, for the browser's target.
    pub(crate) fn cargo(&self, subcommand: &str) -> Command {
        let mut command = self.program("cargo");
        command.args([subcommand, "--target", "wasm32-unknown-unknown", "--package", "easel"]);
        command
    }

    /// Returns `export` lines for a shell.
    pub(crate) fn as_shell(&self) -> String {
        let quoted = |value: &OsString| value.to_string_lossy().replace('\'', r"'\''");
        self.vars
            .iter()
            .map(|(name, value)| format!("export {name}='{}'\n", quoted(value)))
            .collect()
    }
}
