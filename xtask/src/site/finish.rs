//! Makes `target/site` of what Trunk wrote: optimises the wasm, names files by content, moves the inline script into a
//! file (the content security policy allows none), fills the service worker's list, and compresses.
//!
//! Every slow result is kept under `target/web-cache` by the hash of what went in.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
};

use super::{Profile, clear, make, names::digest, read, staged, write};
use crate::{
    Outcome, places, run, stop,
    tools::{Web, say},
};

/// The modules of the app, each `NAME.js` with `NAME_bg.wasm`.
const WORKERS: [&str; 2] = ["core", "compiler"];

/// What makes the least to download, see `docs/decisions/site.md`, and what the compiler emits and every browser of
/// the last years knows.
const WASM_OPT: [&str; 13] = [
    "-O2",
    "--always-inline-max-function-size=0",
    "--flexible-inline-max-function-size=0",
    "--one-caller-inline-max-function-size=0",
    "--low-memory-unused",
    "--reorder-functions-by-name",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// The figure that the proxy and the service worker know a build by, and the files of it.
struct Site<'a> {
    dir: PathBuf,
    web: &'a Web,
    profile: Profile,
}

pub(super) fn finish(web: &Web, profile: Profile) -> Outcome<()> {
    let site = Site { dir: places::target().join("site.new"), web, profile };
    clear(&site.dir)?;
    copy(&staged(), &site.dir)?;
    site.optimise()?;
    site.without_c_allocator()?;
    site.boot()?;
    for worker in WORKERS {
        site.worker(worker)?;
    }
    let build = site.build_id()?;
    site.mark(&build)?;
    site.precache(&build)?;
    site.compress()?;
    clear(&places::site())?;
    if let Err(err) = fs::rename(&site.dir, places::site()) {
        return stop(format!("{} cannot be moved into place: {err}", site.dir.display()));
    }
    say(&format!("built target/site, build {build}"));
    Ok(())
}

impl Site<'_> {
    /// `gix-zlib` asks for `zlib-rs` with its C allocator, which leaves an import of `malloc` and `free` from a module
    /// "env" that no browser has. The Rust allocator goes first there, so neither is ever called.
    fn without_c_allocator(&self) -> Outcome<()> {
        for name in files(&self.dir)?.into_iter().filter(|it| it.ends_with(".js")) {
            let path = self.dir.join(&name);
            let script = read(&path)?;
            if !script.contains("from \"env\"") {
                continue;
            }
            let lines = script.lines().map(|line| {
                let imported =
                    line.strip_prefix("import * as ").and_then(|it| it.split_once(" from \"env\""));
                match imported {
                    Some((import, _)) => {
                        format!("const {import} = {{ malloc: () => 0, free() {{}} }};\n")
                    }
                    None => format!("{line}\n"),
                }
            });
            write(&path, &lines.collect::<String>())?;
        }
        Ok(())
    }

    /// Gives the page's module its names, and its start a file.
    fn boot(&self) -> Outcome<()> {
        let index = self.dir.join("index.html");
        let html = read(&index)?;
        let start = "<script type=\"module\">";
        let Some((before, (_, after))) = html
            .split_once(start)
            .and_then(|(before, rest)| Some((before, rest.split_once("</script>")?)))
        else {
            return stop("index.html has no start script after Trunk; did its template change?");
        };
        let Some(old) = self.page_module()? else {
            return stop(
                "Trunk wrote no `easel-….js`; is `data-bin=\"easel\"` still in index.html?",
            );
        };
        let new = self.module(&old, "easel")?;
        // The worker starts while the page's module is still on its way; what it says meanwhile
        // waits for `browser/port.rs`.
        let script = format!(
            "const worker = new Worker(\"/core_loader.js\", {{ type: \"module\" }});\n\
             self.easelWorker = {{ worker, early: [] }};\n\
             worker.onmessage = ({{ data }}) => self.easelWorker.early.push(data);\n\
             const {{ default: init }} = await import(\"./{new}.js\");\n\
             await init({{ module_or_path: \"/{new}_bg.wasm\" }});\n"
        );
        let boot = format!("boot-{}.js", digest([script.as_bytes()]));
        write(&self.dir.join(&boot), &script)?;
        let html = format!("{before}<script type=\"module\" src=\"/{boot}\"></script>{after}");
        write(&index, &html.replace(&old, &new))
    }

    /// Returns the base name that Trunk gave the page's module.
    fn page_module(&self) -> Outcome<Option<String>> {
        Ok(files(&self.dir)?.into_iter().find_map(|it| {
            it.strip_suffix("_bg.wasm").filter(|it| it.starts_with("easel-")).map(str::to_owned)
        }))
    }

    /// Gives a worker's module its names. Its loader keeps its name: the page must know it.
    fn worker(&self, name: &str) -> Outcome<()> {
        let new = self.module(name, name)?;
        let loader = format!("import init from \"./{new}.js\";\nawait init();\n");
        write(&self.dir.join(format!("{name}_loader.js")), &loader)
    }

    /// Optimises and renames one module; returns its new base name.
    fn module(&self, old: &str, name: &str) -> Outcome<String> {
        let wasm = self.optimised(&self.dir.join(format!("{old}_bg.wasm")))?;
        let glue = self.dir.join(format!("{old}.js"));
        let script = self.minified(&glue)?;
        let new = format!("{name}-{}", digest([script.as_bytes(), &wasm]));
        write(
            &self.dir.join(format!("{new}.js")),
            &script.replace(&format!("{name}_bg.wasm"), &format!("{new}_bg.wasm")),
        )?;
        let placed = fs::write(self.dir.join(format!("{new}_bg.wasm")), wasm)
            .and_then(|()| fs::remove_file(&glue))
            .and_then(|()| fs::remove_file(self.dir.join(format!("{old}_bg.wasm"))));
        match placed {
            Ok(()) => Ok(new),
            Err(err) => stop(format!("{new} cannot be put in place: {err}")),
        }
    }

    /// Fills the cache for all modules at once: each takes half a minute of one core.
    fn optimise(&self) -> Outcome<()> {
        let modules = files(&self.dir)?.into_iter().filter(|it| it.ends_with("_bg.wasm"));
        thread::scope(|scope| {
            let runs: Vec<_> =
                modules.map(|it| scope.spawn(move || self.optimised(&self.dir.join(it)))).collect();
            runs.into_iter().try_for_each(|run| match run.join() {
                Ok(done) => done.map(drop),
                Err(_) => stop("a thread that ran wasm-opt has panicked"),
            })
        })
    }

    fn optimised(&self, path: &Path) -> Outcome<Vec<u8>> {
        let bytes = |path: &Path| {
            fs::read(path).or_else(|err| stop(format!("{} cannot be read: {err}", path.display())))
        };
        let before = bytes(path)?;
        if self.profile == Profile::Dev {
            return Ok(before);
        }
        let key = digest([before.as_slice(), WASM_OPT.join(" ").as_bytes()]);
        let kept = places::cache().join(format!("{key}.wasm"));
        if !kept.exists() {
            make(&places::cache())?;
            let unfinished = kept.with_extension("part");
            run::run(
                self.web.program("wasm-opt").args(WASM_OPT).arg(path).arg("-o").arg(&unfinished),
            )?;
            if let Err(err) = fs::rename(&unfinished, &kept) {
                return stop(format!("{} cannot be kept: {err}", kept.display()));
            }
        }
        bytes(&kept)
    }

    fn minified(&self, path: &Path) -> Outcome<String> {
        if self.profile == Profile::Dev {
            return read(path);
        }
        let mut esbuild = self.web.program("esbuild");
        esbuild.arg(path).args(["--minify", "--format=esm", "--log-level=warning"]);
        match run::asked(&mut esbuild) {
            Some(script) => Ok(script),
            None => stop(format!("esbuild cannot read {}", path.display())),
        }
    }

    /// A build is what its files are.
    fn build_id(&self) -> Outcome<String> {
        let mut parts = Vec::new();
        for file in files(&self.dir)? {
            parts.push(fs::read(self.dir.join(&file)).unwrap_or_default());
            parts.push(file.into_bytes());
        }
        Ok(digest(parts.iter().map(Vec::as_slice)))
    }

    /// Tells the page and the workers which build they are.
    fn mark(&self, build: &str) -> Outcome<()> {
        let index = self.dir.join("index.html");
        write(&index, &read(&index)?.replace("%BUILD%", build))?;
        for worker in WORKERS {
            let loader = self.dir.join(format!("{worker}_loader.js"));
            let script = read(&loader)?;
            write(
                &loader,
                &script
                    .replace("await init", &format!("self.easelBuild = \"{build}\";\nawait init")),
            )?;
        }
        Ok(())
    }

    /// Writes the list of what the app needs offline, by itself and into the service worker.
    fn precache(&self, build: &str) -> Outcome<()> {
        let worker = places::root().join("web/sw.js");
        let listed: Vec<String> = files(&self.dir)?
            .into_iter()
            .filter(|it| is_needed_offline(it))
            .map(|it| if it == "index.html" { "\"/\"".to_owned() } else { format!("\"/{it}\"") })
            .collect();
        let list = format!("[{}]", listed.join(","));
        write(
            &self.dir.join("precache.json"),
            &format!("{{\"build\":\"{build}\",\"files\":{list}}}\n"),
        )?;
        if !worker.exists() {
            return Ok(());
        }
        let script = filled(&read(&worker)?, "/*PRECACHE*/", "[]", &list);
        let script = filled(&script, "/*BUILD*/", "\"\"", &format!("\"{build}\""));
        write(&self.dir.join("sw.js"), &script)
    }

    fn compress(&self) -> Outcome<()> {
        let quality = if self.profile == Profile::Dev { "4" } else { "11" };
        let mut node = self.web.program("node");
        node.arg("xtask/js/compress.mjs").arg(quality).arg(places::cache()).arg(&self.dir);
        run::run(&mut node)
    }
}

/// A preview host keeps its own files; the app needs only the document for where there is no such host.
fn is_needed_offline(file: &str) -> bool {
    let preview = file.starts_with("preview/") && !file.starts_with("preview/document.");
    !preview && file != "sw.js" && !file.ends_with(".txt") && !file.ends_with(".map")
}

/// Replaces a mark, and the empty value that lets the template stand as a script, by a value.
fn filled(template: &str, mark: &str, empty: &str, value: &str) -> String {
    template.replace(&format!("{mark} {empty}"), value).replace(mark, value)
}

/// Returns all files below a folder, as sorted paths with `/`.
pub(super) fn files(dir: &Path) -> Outcome<Vec<String>> {
    let mut found = Vec::new();
    if let Err(err) = walk(dir, "", &mut found) {
        return stop(format!("{} cannot be listed: {err}", dir.display()));
    }
    found.sort();
    Ok(found)
}

fn walk(dir: &Path, prefix: &str, found: &mut Vec<String>) -> std::io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), &format!("{name}/"), found)?;
        } else {
            found.push(name);
        }
    }
    Ok(())
}

/// Copies a folder with what is in it.
pub(crate) fn copy(from: &Path, to: &Path) -> Outcome<()> {
    for file in files(from)? {
        let target = to.join(&file);
        make(target.parent().unwrap_or(to))?;
        if let Err(err) = fs::copy(from.join(&file), &target) {
            return stop(format!("{} cannot be copied: {err}", target.display()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{filled, is_needed_offline};

    #[test]
    fn a_template_is_a_script_before_and_after() {
        let template = "const FILES = /*PRECACHE*/ [];";
        assert_eq!(filled(template, "/*PRECACHE*/", "[]", "[\"/\"]"), "const FILES = [\"/\"];");
        assert_eq!(filled("f(/*PRECACHE*/)", "/*PRECACHE*/", "[]", "[1]"), "f([1])");
    }
    #[test]
    fn the_app_keeps_what_it_loads_itself() {
        for file in ["index.html", "core_loader.js", "editor/css.js", "preview/document.html"] {
            assert!(is_needed_offline(file), "{file}");
        }
        for file in
            ["sw.js", "preview/boot.html", "preview/__easel/client.js", "editor/LICENSES.txt"]
        {
            assert!(!is_needed_offline(file), "{file}");
        }
    }
}
