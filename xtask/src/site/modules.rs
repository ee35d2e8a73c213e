//! The wasm modules: optimises them, divides them into what a page starts with and what comes later, and names them by
//! content.
//!
//! Every slow result is kept under `target/web-cache` by the hash of what went in. What the division gains is in
//! `docs/decisions/site.md`; how it is done in `xtask/js/split.mjs`.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
};

use super::{Profile, finish::files, make, names::digest, read, write};
use crate::{Outcome, places, run, stop, tools::Web};

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

/// The modules that a page starts with; of the compiler all is needed when any is.
const DIVIDED: [&str; 2] = ["easel", "core"];

/// Go before the script of a divided module, and of a traced one.
const LATER: &str = include_str!("../../js/later.js");
const SEEN: &str = include_str!("../../js/seen.js");

/// Stands in [`LATER`] for the name of the later part.
const LATER_MARK: &str = "LATER";

/// Where wasm-bindgen's script makes what the module imports, and where it starts it.
const IMPORTS: &str = "const imports = __wbg_get_imports();";
const START: &str = "wasm.__wbindgen_start();";

/// The modules of a site in the making.
#[derive(Debug, Clone, Copy)]
pub(super) struct Modules<'a> {
    pub(super) dir: &'a Path,
    pub(super) web: &'a Web,
    pub(super) profile: Profile,
}

/// What a browser loads of one module: the ending and the content of each file.
type Parts = Vec<(&'static str, Vec<u8>)>;

const FIRST: &str = "_bg.wasm";
const SECOND: &str = "_later.wasm";
/// What the functions are called that a traced module tells of.
const NAMES: &str = "_names.json";

impl Modules<'_> {
    /// Fills the cache for all modules at once: each takes half a minute of one core.
    pub(super) fn optimise(self) -> Outcome<()> {
        let files = files(self.dir)?;
        let modules = files.iter().filter_map(|it| it.strip_suffix(FIRST));
        thread::scope(|scope| {
            let runs: Vec<_> =
                modules.map(|it| scope.spawn(move || self.optimised(it).map(drop))).collect();
            runs.into_iter().try_for_each(|run| match run.join() {
                Ok(done) => done,
                Err(_) => stop("a thread that ran wasm-opt has panicked"),
            })
        })
    }

    /// Finishes one module, `OLD.js` with `OLD_bg.wasm`, and gives it the name that its content asks for; returns that.
    pub(super) fn place(self, old: &str, name: &str) -> Outcome<String> {
        let parts = self.parts(old, name)?;
        let glue = self.dir.join(format!("{old}.js"));
        let script = self.minified(&glue, &script(&read(&glue)?, &parts)?)?;
        let contents = parts.iter().map(|(_, bytes)| bytes.as_slice());
        let new = format!("{name}-{}", digest(contents.chain([script.as_bytes()])));
        let script = script
            .replace(&format!("{old}{FIRST}"), &format!("{new}{FIRST}"))
            .replace(LATER_MARK, &format!("{new}{SECOND}"));
        for path in [glue, self.wasm(old)] {
            if let Err(err) = fs::remove_file(&path) {
                return stop(format!("{} cannot be replaced: {err}", path.display()));
            }
        }
        write(&self.dir.join(format!("{new}.js")), &script)?;
        for (ending, bytes) in parts {
            let path = self.dir.join(format!("{new}{ending}"));
            if let Err(err) = fs::write(&path, bytes) {
                return stop(format!("{} cannot be written: {err}", path.display()));
            }
        }
        Ok(new)
    }

    fn parts(self, old: &str, name: &str) -> Outcome<Parts> {
        let whole = self.optimised(old)?;
        match self.profile {
            Profile::Web if is_divided(name) => self.divided(&whole, name),
            Profile::Traced if is_divided(name) => self.traced(&whole),
            Profile::Web | Profile::Traced | Profile::Dev => Ok(vec![(FIRST, bytes(&whole)?)]),
        }
    }

    fn divided(self, whole: &Path, name: &str) -> Outcome<Parts> {
        let [list, split, shared] =
            [&format!("web/first/{name}.txt"), "xtask/js/split.mjs", "xtask/js/modules.mjs"]
                .map(|it| places::root().join(it));
        let inputs = [&bytes(whole)?, &bytes(&list)?, &bytes(&split)?, &bytes(&shared)?];
        let key = digest(inputs.map(Vec::as_slice));
        let [first, later] = ["first", "later"].map(|it| cached(&format!("{key}-{it}.wasm")));
        if !first.exists() || !later.exists() {
            let unfinished = first.with_extension("part");
            run::run(self.web.program("node").arg(&split).args([
                whole,
                &list,
                &unfinished,
                &later,
            ]))?;
            keep(&unfinished, &first)?;
        }
        Ok(vec![(FIRST, bytes(&first)?), (SECOND, bytes(&later)?)])
    }

    fn traced(self, whole: &Path) -> Outcome<Parts> {
        let [traced, names] = ["traced.wasm", "names.json"].map(cached);
        let mut node = self.web.program("node");
        run::run(node.arg("xtask/js/trace.mjs").args([whole, &traced, &names]))?;
        Ok(vec![(FIRST, bytes(&traced)?), (NAMES, bytes(&names)?)])
    }

    /// Returns where the optimised module lies.
    fn optimised(self, old: &str) -> Outcome<PathBuf> {
        let wasm = self.wasm(old);
        if self.profile == Profile::Dev {
            return Ok(wasm);
        }
        let mut args = WASM_OPT.to_vec();
        // The division goes by the names of functions, and leaves them out.
        if is_divided(old) {
            args.push("--debuginfo");
        }
        let key = digest([bytes(&wasm)?.as_slice(), args.join(" ").as_bytes()]);
        let kept = cached(&format!("{key}.wasm"));
        if !kept.exists() {
            make(&places::cache())?;
            let unfinished = kept.with_extension("part");
            let mut wasm_opt = self.web.program("wasm-opt");
            run::run(wasm_opt.args(args).arg(&wasm).arg("-o").arg(&unfinished))?;
            keep(&unfinished, &kept)?;
        }
        Ok(kept)
    }

    fn wasm(self, old: &str) -> PathBuf {
        self.dir.join(format!("{old}{FIRST}"))
    }

    fn minified(self, path: &Path, script: &str) -> Outcome<String> {
        if self.profile == Profile::Dev {
            return Ok(script.to_owned());
        }
        write(path, script)?;
        let mut esbuild = self.web.program("esbuild");
        esbuild.arg(path).args(["--minify", "--format=esm", "--log-level=warning"]);
        match run::asked(&mut esbuild) {
            Some(script) => Ok(script),
            None => stop(format!("esbuild cannot read {}", path.display())),
        }
    }
}

/// Makes wasm-bindgen's script one that runs in a browser, and that knows of the module's parts.
fn script(glue: &str, parts: &Parts) -> Outcome<String> {
    let has = |ending| parts.iter().any(|(it, _)| *it == ending);
    let glue = without_c_allocator(glue);
    let before = if has(SECOND) {
        LATER
    } else if has(NAMES) {
        SEEN
    } else {
        return Ok(glue);
    };
    if !glue.contains(IMPORTS) || !glue.contains(START) {
        return stop(
            "wasm-bindgen has changed: where does its script make the imports, and start?",
        );
    }
    let glue = glue
        .replace(IMPORTS, "const imports = withLater(__wbg_get_imports());")
        .replace(START, &format!("{START} started();"));
    Ok(format!("{before}{glue}"))
}

/// `gix-zlib` asks for `zlib-rs` with its C allocator, which leaves an import of `malloc` and `free` from a module
/// "env" that no browser has. The Rust allocator goes first there, so neither is ever called.
fn without_c_allocator(glue: &str) -> String {
    let lines = glue.lines().map(|line| {
        let imported =
            line.strip_prefix("import * as ").and_then(|it| it.split_once(" from \"env\""));
        match imported {
            Some((import, _)) => format!("const {import} = {{ malloc: () => 0, free() {{}} }};\n"),
            None => format!("{line}\n"),
        }
    });
    lines.collect()
}

/// By the name of a module, or of its files.
fn is_divided(name: &str) -> bool {
    let module = name.split_once('-').map_or(name, |(module, _)| module);
    DIVIDED.contains(&module)
}

fn cached(name: &str) -> PathBuf {
    places::cache().join(name)
}

fn keep(unfinished: &Path, kept: &Path) -> Outcome<()> {
    fs::rename(unfinished, kept)
        .or_else(|err| stop(format!("{} cannot be kept: {err}", kept.display())))
}

fn bytes(path: &Path) -> Outcome<Vec<u8>> {
    fs::read(path).or_else(|err| stop(format!("{} cannot be read: {err}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::{FIRST, IMPORTS, SECOND, START, script, without_c_allocator};

    #[test]
    fn the_c_allocator_is_not_asked_for() {
        let glue = "import * as import1 from \"env\"\nlet wasm;\n";
        assert_eq!(
            without_c_allocator(glue),
            "const import1 = { malloc: () => 0, free() {} };\nlet wasm;\n"
        );
    }

    #[test]
    fn only_a_divided_module_looks_for_its_later_part() {
        let glue = format!("{IMPORTS}\n{START}\n");
        let whole = vec![(FIRST, Vec::new())];
        assert_eq!(script(&glue, &whole).expect("nothing is missing"), glue);
        let divided = vec![(FIRST, Vec::new()), (SECOND, Vec::new())];
        let script = |it: &str| script(it, &divided);
        let found = script(&glue).expect("both places are there");
        assert!(found.contains("withLater(__wbg") && found.contains("start(); started();"));
        assert!(script("another script\n").is_err(), "a part that is never brought");
    }
}
