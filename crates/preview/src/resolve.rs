//! Where an import leads.
//!
//! Relative imports lead as bundlers have it: endings may be left out, a folder means its index,
//! `.js` may be `.ts`. Other names are packs, what the page's own import map says, or an error that
//! says what there is. Nothing is downloaded.

use std::collections::BTreeSet;

use project::FilePath;

use crate::address::{self, Address, How, is_script};
use crate::config::Config;
use crate::packs::Packs;
use crate::source::{Import, Source};

const ENDINGS: [&str; 8] = ["tsx", "ts", "jsx", "js", "mts", "mjs", "json", "css"];
const NODE: [&str; 24] = [
    "assert",
    "buffer",
    "child_process",
    "cluster",
    "crypto",
    "dns",
    "events",
    "fs",
    "http",
    "http2",
    "https",
    "module",
    "net",
    "os",
    "path",
    "process",
    "querystring",
    "readline",
    "stream",
    "tls",
    "url",
    "util",
    "vm",
    "zlib",
];

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    File(Address),
    /// The address of a pack's module.
    Pack(String),
    /// Not ours: another site, or a name that the page's import map has.
    Outside,
}

/// What imports are looked up in.
#[derive(Clone, Copy)]
pub(crate) struct Resolver<'a> {
    pub(crate) source: &'a dyn Source,
    pub(crate) packs: &'a Packs,
    pub(crate) config: &'a Config,
    /// The names of the page's own import map.
    pub(crate) mapped: &'a BTreeSet<String>,
    /// Notes each path that was looked for.
    pub(crate) looked_at: &'a dyn Fn(&FilePath),
}

impl Resolver<'_> {
    pub(crate) fn resolve(&self, import: &Import, importer: &FilePath) -> Result<Target, String> {
        let specifier = import.specifier.as_str();
        if self.is_mapped(specifier) || has_scheme(specifier) || specifier.starts_with("//") {
            return self.outside(specifier);
        }
        if specifier.starts_with(['.', '/']) {
            return self.file(specifier, address::folder(importer), import);
        }
        if let Some(url) = self.packs.url(specifier) {
            return Ok(Target::Pack(url.to_owned()));
        }
        let aliased = self.config.aliases.iter().find_map(|(prefix, folder)| {
            Some((specifier.strip_prefix(prefix.as_str())?, folder.as_str()))
        });
        match (aliased, specifier.strip_prefix("@/")) {
            (Some((rest, folder)), _) => self.file(&format!("./{rest}"), folder, import),
            (None, Some(rest)) => self.file(&format!("./{rest}"), "src", import),
            (None, None) => Err(self.unknown(specifier)),
        }
    }

    /// Finds the file that an address means, with or without its ending.
    pub(crate) fn find(&self, path: &str) -> Option<FilePath> {
        self.candidates(path).into_iter().find_map(|path| self.existing(&path))
    }

    pub(crate) fn existing(&self, path: &str) -> Option<FilePath> {
        let path = FilePath::parse(path).ok()?;
        (self.looked_at)(&path);
        self.source.exists(&path).then_some(path)
    }

    fn candidates(&self, path: &str) -> Vec<String> {
        let mut all = vec![path.to_owned(), format!("public/{path}")];
        if let Some((stem, ending)) = path.rsplit_once('.') {
            let meant: &[&str] = match ending {
                "js" => &["ts", "tsx", "jsx"],
                "jsx" => &["tsx"],
                "mjs" => &["mts"],
                _ => &[],
            };
            all.extend(meant.iter().map(|ending| format!("{stem}.{ending}")));
        }
        all.extend(ENDINGS.iter().map(|ending| format!("{path}.{ending}")));
        let slash = if path.is_empty() { "" } else { "/" };
        all.extend(ENDINGS[..6].iter().map(|ending| format!("{path}{slash}index.{ending}")));
        all
    }

    fn file(&self, specifier: &str, folder: &str, import: &Import) -> Result<Target, String> {
        let (path, query) = address::split(specifier);
        let path = address::join(folder, &address::decode(path));
        if path.starts_with("__packs/") {
            return Ok(Target::Pack(format!("/{path}")));
        }
        let found = self.find(&path).ok_or_else(|| {
            format!("`{specifier}` leads to `{path}`, and there is no such file in the project")
        })?;
        let how = match How::of_query(query) {
            How::Itself if is_script(found.as_str()) || import.typed => How::Itself,
            How::Itself => How::Import,
            asked @ (How::Import | How::Raw | How::Url) => asked,
        };
        if matches!(found.extension(), Some("scss" | "sass" | "less" | "styl" | "vue" | "svelte"))
            && how == How::Import
        {
            return Err(format!(
                "`{found}` needs a compiler that Easel does not have; write CSS, or TSX"
            ));
        }
        Ok(Target::File(Address { path: found, how }))
    }

    fn is_mapped(&self, specifier: &str) -> bool {
        self.mapped.contains(specifier)
            || self
                .mapped
                .iter()
                .any(|key| key.ends_with('/') && specifier.starts_with(key.as_str()))
    }

    fn outside(&self, specifier: &str) -> Result<Target, String> {
        match specifier.strip_prefix("node:") {
            Some(name) if !self.is_mapped(specifier) => Err(node(name)),
            _ => Ok(Target::Outside),
        }
    }

    fn unknown(&self, specifier: &str) -> String {
        let name = specifier.split('/').next().unwrap_or(specifier);
        if NODE.contains(&name) {
            return node(specifier);
        }
        format!(
            "the package `{specifier}` is not here; packages that can be imported: {}. \
             A file of the project is imported with `./`",
            self.packs.names()
        )
    }
}

fn node(name: &str) -> String {
    format!(
        "`{name}` is a part of Node, and a preview runs in the browser, where it does not exist"
    )
}

fn has_scheme(specifier: &str) -> bool {
    let Some((scheme, _)) = specifier.split_once(':') else { return false };
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}
