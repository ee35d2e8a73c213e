//! The project's files as a list that fits.
//!
//! A large project is shown to a depth at which it fits, with the number of files below.

use std::collections::BTreeMap;

use project::path::FilePath;

use crate::prompt::untrusted::clean;

const DEEPEST: usize = 12;

/// Returns the tree as lines, folders that were not opened with their number of files.
pub(super) fn list(paths: &[FilePath], limit_lines: usize) -> String {
    let at = |depth: usize| -> BTreeMap<String, usize> {
        let mut lines = BTreeMap::new();
        for path in paths {
            *lines.entry(line(path.as_str(), depth)).or_default() += 1;
        }
        lines
    };
    let mut depth = DEEPEST;
    let mut lines = at(depth);
    while lines.len() > limit_lines && depth > 1 {
        depth -= 1;
        lines = at(depth);
    }
    let n_lines = lines.len();
    let mut text = String::new();
    for (name, n_files) in lines.into_iter().take(limit_lines) {
        text += &clean(&name);
        if name.ends_with('/') {
            text += &format!(" ({n_files} file{})", if n_files == 1 { "" } else { "s" });
        }
        text.push('\n');
    }
    if n_lines > limit_lines {
        text += &format!("({} more)\n", n_lines - limit_lines);
    }
    text
}

/// A path cut at a depth; installed packages are never opened.
fn line(path: &str, depth: usize) -> String {
    let parts: Vec<&str> = path.split('/').collect();
    let packages = parts.iter().position(|part| *part == "node_modules");
    let depth = packages.map_or(depth, |at| depth.min(at + 1));
    if parts.len() <= depth {
        return path.to_owned();
    }
    format!("{}/", parts[..depth].join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_project_is_shown_less_deep() {
        let names = ["a/b/c/d.ts", "a/b/e.ts", "a/f.ts", "g.ts", "node_modules/x/y.js"];
        let paths: Vec<FilePath> =
            names.iter().map(|name| FilePath::parse(name).unwrap()).collect();
        assert_eq!(
            list(&paths, 100),
            "a/b/c/d.ts\na/b/e.ts\na/f.ts\ng.ts\nnode_modules/ (1 file)\n"
        );
        assert_eq!(list(&paths, 4), "a/b/ (2 files)\na/f.ts\ng.ts\nnode_modules/ (1 file)\n");
        assert_eq!(list(&paths, 3), "a/ (3 files)\ng.ts\nnode_modules/ (1 file)\n");
        assert_eq!(list(&paths, 1), "a/ (3 files)\n(2 more)\n");
    }
}
