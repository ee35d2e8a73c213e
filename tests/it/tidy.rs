//! The rules of the repository that a machine can check: who may know whom, how files begin and how long they are,
//! where colours, platforms and texts may stand.
//!
//! Judges no style that rustfmt or clippy judges.

mod files;
mod locks;
mod pages;
mod sheets;

use files::{files, read, root};

/// Which crate may depend on which of ours. An arrow that is not here does not pass.
const ARROWS: &[(&str, &[&str])] = &[
    ("agent", &["project", "shape", "wire"]),
    ("compile", &[]),
    ("crc32fast", &[]),
    ("link", &[]),
    ("preview", &["project", "shape"]),
    ("project", &["crc32fast"]),
    ("providers", &["crc32fast", "wire"]),
    ("shape", &[]),
    ("store", &["agent", "project", "shape", "wire"]),
    ("wire", &[]),
];

/// Crates of the browser: only the app may have them.
const BROWSER: &[&str] = &["gloo", "indexed_db", "js-sys", "leptos", "wasm-bindgen", "web-sys"];

/// Files that may be longer than a head holds, each with its reason.
const LONG: &[(&str, &str)] = &[];

#[test]
fn crates_know_only_what_they_may() {
    for (krate, may_know) in ARROWS {
        let manifest = read(&format!("crates/{krate}/Cargo.toml"));
        let knows = dependencies(&manifest);
        for (other, _) in ARROWS {
            let depends = knows.iter().any(|it| it == other);
            assert!(!depends || may_know.contains(other), "`{krate}` must not know `{other}`");
        }
        for name in BROWSER {
            let depends = knows.iter().any(|it| it.starts_with(name));
            assert!(!depends, "`{krate}` must not know the browser ({name})");
        }
    }
}

#[test]
fn the_proxy_knows_only_what_goes_over_the_wire() {
    for name in dependencies(&read("proxy/Cargo.toml")) {
        let ours = ARROWS.iter().any(|(krate, _)| *krate == name) || name == "easel";
        assert!(
            !ours || ["wire", "providers"].contains(&&*name),
            "the proxy must not know `{name}`"
        );
    }
}

#[test]
fn every_crate_has_its_arrows() {
    for manifest in files(&["toml"]) {
        let Some(krate) =
            manifest.strip_prefix("crates/").and_then(|it| it.strip_suffix("/Cargo.toml"))
        else {
            continue;
        };
        let named = ARROWS.iter().any(|(name, _)| *name == krate);
        assert!(named, "say in {} what `{krate}` may know", file!());
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for path in files(&["rs"]) {
        assert!(read(&path).starts_with("//! "), "{path} does not start with `//! `");
    }
    // What is under `templates/` becomes somebody's own project.
    for path in files(&["js", "mjs", "css"]).iter().filter(|it| !it.starts_with("templates/")) {
        let text = read(path);
        let text =
            text.strip_prefix("#!").and_then(|it| it.split_once('\n')).map_or(&*text, |it| it.1);
        let says = ["// ", "/* ", "/** ", "/*\n"].iter().any(|it| text.starts_with(it));
        assert!(says, "{path} does not start with a comment that says what it is for");
    }
}

#[test]
fn files_fit_in_a_head() {
    for path in files(&["rs"]) {
        if path.ends_with("tests.rs")
            || path.contains("/tests/")
            || LONG.iter().any(|it| it.0 == path)
        {
            continue;
        }
        let text = read(&path);
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let n_lines = code.lines().count();
        assert!(n_lines <= 400, "{path} has {n_lines} lines without its tests; 400 is the limit");
    }
}

#[test]
fn modules_lie_beside_their_folders() {
    for path in files(&["rs"]) {
        assert!(!path.ends_with("mod.rs"), "{path}: write `foo.rs` beside `foo/`");
    }
}

#[test]
fn only_the_browser_folder_is_platform_specific() {
    let marks = [concat!("cfg(", "target_"), concat!("cfg!(", "target_")];
    for path in files(&["rs"])
        .into_iter()
        .filter(|it| !it.starts_with("src/browser") && it != "tests/web.rs")
    {
        let text = read(&path);
        for mark in marks {
            assert!(
                !text.contains(mark),
                "{path} has a `{mark}…)`; at run time there is `std::env::consts`"
            );
        }
    }
}

#[test]
fn no_file_names_the_machine_it_was_written_on() {
    let home = std::env::var("HOME").unwrap_or_default();
    let home =
        Some(home).filter(|it| ["/home/", "/root", "/Users/"].iter().any(|at| it.starts_with(at)));
    // A checkout right below `/` may be called like one of our own addresses.
    let here = Some(root()).filter(|it| it.components().count() > 2);
    let here = here.map(|it| it.display().to_string());
    let places: Vec<_> = [home, here].into_iter().flatten().map(|it| format!("{it}/")).collect();
    for path in files(&["rs", "js", "mjs", "css", "html", "md", "toml", "json", "yml", "sh", "run"])
    {
        let text = read(&path);
        for place in &places {
            assert!(!text.contains(place), "{path} names {place}, which only this machine has");
        }
    }
}

/// Returns the names under `[dependencies]` and under the dependencies of single targets.
fn dependencies(manifest: &str) -> Vec<String> {
    let mut inside = false;
    let mut names = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line == "[dependencies]"
                || line.starts_with("[target.") && line.ends_with(".dependencies]");
        } else if inside && !line.starts_with([' ', '#', ']', '}']) {
            let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
            names.extend((!name.is_empty()).then(|| name.to_owned()));
        }
    }
    names
}
