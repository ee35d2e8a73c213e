//! A text with everything that it imports, for where it runs without a page.
//!
//! Nothing runs here, and what a module does with a page is found out when it runs.

use std::collections::BTreeMap;

use project::FilePath;
use serde::Serialize;

use crate::script::broken;
use crate::site::{ALONE, Site};
use crate::source::World;

/// Modules by address; they import each other by these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Program {
    pub entry: String,
    pub modules: BTreeMap<String, String>,
}

impl Site {
    /// Compiles a module that stands at `path`, whether or not a file does, and all that it imports.
    /// What is wrong with one of them is thrown when it runs.
    pub async fn program(&self, path: &FilePath, text: &str, world: World<'_>) -> Program {
        let version = crate::page::version(text.as_bytes());
        let (code, needs) = self.module(path, path.as_str(), &version, text, ALONE, world).await;
        let entry = format!("{ALONE}/{}", crate::address::encode(path.as_str()));
        let mut modules = BTreeMap::new();
        for (target, built) in self.graph(needs, ALONE, world).await {
            let Some(url) = target.url() else { continue };
            let code =
                String::from_utf8(built.body).unwrap_or_else(|_| broken(path, &not_text(&url)));
            modules.insert(format!("{ALONE}{url}"), code);
        }
        // Last: no file of the same name takes its place.
        modules.insert(entry.clone(), code);
        Program { entry, modules }
    }
}

fn not_text(url: &str) -> crate::Problem {
    crate::Problem { message: format!("`{url}` is not a module"), line: 1, column: 1 }
}
