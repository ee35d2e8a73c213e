//! Makes a site of what Trunk wrote: moves the inline script into a file (the content security policy allows none),
//! fills the service worker's list, and compresses. The wasm is the business of [`super::modules`].

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Profile, clear, make, modules::Modules, names::digest, read, staged, write};
use crate::{
    Outcome, places, run, stop,
    tools::{Web, say},
};

/// The modules that run in workers, each `NAME.js` with `NAME_bg.wasm`.
const WORKERS: [&str; 3] = ["core", "compiler", "caller"];

/// Starts the page. The core's worker starts while the page's module is still on its way, and its module is compiled
/// while the worker starts; what the worker says meanwhile waits for `browser/port.rs`. The page draws when the worker
/// has got its module, for it is the page's thread that starts workers and lets the first messages through; but it does
/// not wait long for that. Meanwhile the editor comes, which an open project most likely shows.
///
/// A file that was kept may be damaged: a browser finds that when it reads it, and drops it. So what cannot start starts
/// anew, once, and takes it from the network; after that, people are told.
const BOOT: &str = "\
const worker = new Worker(\"/core_loader.js\", { type: \"module\", name: \"easel\" });
const started = (self.easelWorker = { worker, early: [] });
const running = new Promise((done) => {
  worker.onmessage = ({ data }) => (data === \"running\" ? done() : started.early.push(data));
  worker.onerror = ({ message }) => {
    worker.terminate();
    done((started.failed = message ?? \"\"));
  };
});
if (new URLSearchParams(location.search).has(\"project\")) import(\"/editor.js\").catch(() => {});
const page = WebAssembly.compileStreaming(fetch(\"/PAGE_bg.wasm\"));
const core = WebAssembly.compileStreaming(fetch(\"/CORE_bg.wasm\")).catch(() => undefined);
core.then((easelCore) => worker.postMessage({ easelCore }));
try {
  const [{ default: init }, module] = await Promise.all([import(\"./PAGE.js\"), page]);
  if (document.querySelector(\"link[rel=stylesheet]\")?.sheet === null) throw new Error(\"no style sheet\");
  await Promise.race([running, new Promise((done) => setTimeout(done, 200))]);
  await init({ module_or_path: module });
} catch (why) {
  console.error(why);
  if (performance.getEntriesByType(\"navigation\")[0]?.type === \"reload\") {
    document.body.innerHTML =
      '<main class=\"app__not-started\" role=\"alert\"><h1>Easel could not start</h1>' +
      \"<p>A part of it did not come. Your projects are as they were. Check the network, then reload this page.</p></main>\";
  } else location.reload();
}
";

/// Starts the core with the module that [`BOOT`] sends, or that it loads itself: without a start script, and where the
/// page could not. What the page says before it listens waits for `browser/worker.rs`.
const CORE_START: &str = "\
const early = (self.easelEarly = []);
const compiled = new Promise((done) => {
  onmessage = ({ data }) => (data && \"easelCore\" in data ? done(data.easelCore) : early.push(data));
});
compiled.then(() => postMessage(\"running\"));
const { default: init } = await import(SCRIPT);
await init({ module_or_path: self.name === \"easel\" ? await compiled : undefined });";

/// Starts a worker that nobody waits for.
const START: &str = "\
const { default: init } = await import(SCRIPT);
await init();";

/// Stands in the loaders for what tells them which build they are.
const BUILD_MARK: &str = "/*BUILD*/";

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
    site.modules().optimise()?;
    site.worker("compiler", START)?;
    site.worker("caller", START)?;
    let core = site.worker("core", CORE_START)?;
    site.boot(&core)?;
    let build = site.build_id()?;
    site.mark(&build)?;
    site.precache(&build)?;
    site.compress()?;
    let place = profile.site();
    clear(&place)?;
    if let Err(err) = fs::rename(&site.dir, &place) {
        return stop(format!("{} cannot be moved into place: {err}", site.dir.display()));
    }
    let name = place.file_name().unwrap_or_default().to_string_lossy().into_owned();
    say(&format!("built target/{name}, build {build}"));
    Ok(())
}

impl Site<'_> {
    fn modules(&self) -> Modules<'_> {
        Modules { dir: &self.dir, web: self.web, profile: self.profile }
    }

    /// Gives the page's module its names, and its start a file.
    fn boot(&self, core: &str) -> Outcome<()> {
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
        let new = self.modules().place(&old, "easel")?;
        let script = BOOT.replace("PAGE", &new).replace("CORE", core);
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

    /// Gives a worker's module its names, and returns the one that its files share. Its loader keeps its name: the page
    /// must know it.
    fn worker(&self, name: &str, start: &str) -> Outcome<String> {
        let new = self.modules().place(name, name)?;
        let start = start.replace("SCRIPT", &format!("\"./{new}.js\""));
        let loader = format!("{BUILD_MARK}{start}\n");
        write(&self.dir.join(format!("{name}_loader.js")), &loader)?;
        Ok(new)
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
            let told = format!("self.easelBuild = \"{build}\";\n");
            write(&loader, &read(&loader)?.replace(BUILD_MARK, &told))?;
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
