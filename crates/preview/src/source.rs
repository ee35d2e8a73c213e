//! What a site asks of others: files, a compiler and the packs.
//!
//! The compiler's answers have the shapes of the crate `compile`, which is not linked here; a test
//! compares them.

use std::fmt;

use futures::future::LocalBoxFuture;
use project::FilePath;
use serde::{Deserialize, Serialize};

/// The files of the project, as they are at the moment of asking.
pub trait Source {
    /// Names the content of a file: another content has another name. `None` where there is no file.
    fn version(&self, path: &FilePath) -> Option<String>;
    fn read(&self, path: &FilePath) -> Option<Vec<u8>>;

    fn exists(&self, path: &FilePath) -> bool {
        self.version(path).is_some()
    }
}

/// Turns a script into one that browsers run; the compiler's worker, or the compiler itself.
pub trait Compile {
    fn transform<'a>(
        &'a self,
        path: &'a str,
        text: &'a str,
        jsx_import_source: &'a str,
    ) -> LocalBoxFuture<'a, Result<Compiled, Problem>>;
}

/// The static files of the app's own origin.
pub trait Assets {
    /// Returns the file at `/packs/…`.
    fn asset<'a>(&'a self, path: &'a str) -> LocalBoxFuture<'a, Option<Vec<u8>>>;
}

/// Everything that a site asks of others.
#[derive(Clone, Copy)]
pub struct World<'a> {
    pub source: &'a dyn Source,
    pub compile: &'a dyn Compile,
    pub assets: &'a dyn Assets,
}

impl fmt::Debug for World<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("World")
    }
}

/// A module that the browser can run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compiled {
    pub code: String,
    /// The `mappings` of a source map with one source; `None` when the code is the text as it was.
    pub mappings: Option<String>,
    /// In the order of the code, and never one inside another.
    pub marks: Vec<Mark>,
}

/// A place in the code that depends on where the module is loaded from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    pub start: u32,
    pub end: u32,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// A specifier with its quotes.
    Import(Import),
    /// Between these two is the argument of an `import(…)` that is only known when it runs.
    ComputedFrom,
    ComputedTo,
    /// `import.meta`
    Meta,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    pub specifier: String,
    /// It may fail without the module failing.
    pub dynamic: bool,
    /// It says of what type the file is, so it must stay that file.
    pub typed: bool,
    pub line: u32,
    pub column: u32,
}

/// Why a text is not a module, and where, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message} ({line}:{column})")]
pub struct Problem {
    pub message: String,
    pub line: u32,
    pub column: u32,
}
