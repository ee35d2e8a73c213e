//! What a project's own settings say about how it is built.
//!
//! Only what a preview needs is read from `package.json`, `tsconfig.json` and `.env`; nothing is
//! installed and no script of theirs is run.

use project::{FilePath, dotenv};
use serde_json::Value;

use crate::source::Source;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Config {
    jsx_import_source: Option<String>,
    /// The package that the project depends on for its components.
    framework: Option<&'static str>,
    /// `@/` → `src/`, from `compilerOptions.paths`; the longest first.
    pub(crate) aliases: Vec<(String, String)>,
    /// `import.meta.env`, as JSON.
    pub(crate) env: String,
}

const COMPILER: [&str; 2] = ["tsconfig.json", "jsconfig.json"];
const PACKAGE: &str = "package.json";
/// As Vite reads them: a later one wins.
const VARIABLES: [&str; 4] = [".env", ".env.local", ".env.development", ".env.development.local"];

/// Only variables with this beginning get into pages, as with Vite: the others may be secrets.
const PUBLIC: &str = "VITE_";

/// The files that [`Config::read`] reads.
pub(crate) fn files() -> impl Iterator<Item = FilePath> {
    let names = COMPILER.into_iter().chain([PACKAGE]).chain(VARIABLES);
    names.filter_map(|name| FilePath::parse(name).ok())
}

impl Config {
    pub(crate) fn read(source: &dyn Source) -> Self {
        let options = COMPILER
            .iter()
            .find_map(|name| json(source, name)?.get("compilerOptions").cloned())
            .unwrap_or_default();
        let package = json(source, PACKAGE).unwrap_or_default();
        let depends = |name: &str| {
            ["dependencies", "devDependencies", "peerDependencies"]
                .iter()
                .any(|kind| package[*kind].get(name).is_some())
        };
        let framework = ["preact", "react"].into_iter().find(|name| depends(name));
        let jsx_import_source = options["jsxImportSource"].as_str().map(str::to_owned);
        Self { jsx_import_source, framework, aliases: aliases(&options), env: env(source) }
    }

    /// Returns where a file's JSX imports its runtime from, unless a pragma says otherwise.
    pub(crate) fn jsx_import_source(&self, text: &str) -> &str {
        if let Some(source) = &self.jsx_import_source {
            return source;
        }
        let imports_preact = text.contains("'preact") || text.contains("\"preact");
        match (imports_preact, self.framework) {
            (true, _) => "preact",
            (false, Some(framework)) => framework,
            (false, None) => "react",
        }
    }
}

fn env(source: &dyn Source) -> String {
    let mut env = serde_json::json!({
        "MODE": "development", "DEV": true, "PROD": false, "SSR": false, "BASE_URL": "/",
    });
    for name in VARIABLES {
        let bytes = FilePath::parse(name).ok().and_then(|it| source.read(&it)).unwrap_or_default();
        let variables = dotenv::variables(&String::from_utf8_lossy(&bytes));
        for (name, value) in variables.into_iter().filter(|it| it.0.starts_with(PUBLIC)) {
            env[name] = value.into();
        }
    }
    env.to_string()
}

fn aliases(options: &Value) -> Vec<(String, String)> {
    let base = options["baseUrl"].as_str().unwrap_or_default();
    let mut aliases: Vec<(String, String)> = options["paths"]
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(pattern, targets)| {
            let target = targets.as_array()?.first()?.as_str()?.strip_suffix('*')?;
            Some((pattern.strip_suffix('*')?.to_owned(), crate::address::join(base, target)))
        })
        .collect();
    aliases.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
    aliases
}

fn json(source: &dyn Source, name: &str) -> Option<Value> {
    let bytes = source.read(&FilePath::parse(name).ok()?)?;
    // A file that cannot be read says nothing; the person sees what is wrong with it in the editor.
    serde_json::from_str(&plain(&String::from_utf8_lossy(&bytes))).ok()
}

/// Takes comments and trailing commas out of JSON, as `tsconfig.json` has them.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        if next == '"' {
            let end = string_end(rest);
            out.push_str(&rest[..end]);
            rest = &rest[end..];
        } else if let Some(comment) = rest.strip_prefix("//") {
            rest = &comment[comment.find('\n').unwrap_or(comment.len())..];
        } else if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/").map_or("", |(_, after)| after);
        } else {
            if matches!(next, '}' | ']') {
                let kept = out.trim_end();
                let kept = kept.strip_suffix(',').unwrap_or(kept).len();
                out.truncate(kept);
            }
            out.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    out
}

fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}
