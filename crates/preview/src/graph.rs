//! One module, and all that a page needs.
//!
//! It does not decide how modules travel.

use std::collections::BTreeSet;

use futures::future::join_all;
use project::FilePath;
use serde_json::json;

use crate::address::{self, Address, How, is_script, media_type};
use crate::css;
use crate::resolve::{Resolver, Target};
use crate::script::{self, broken, data_url, splice, style_module};
use crate::site::Site;
use crate::source::{Import, World};

const LIMIT_MODULES: usize = 5_000;
const SCRIPT: &str = "text/javascript; charset=utf-8";
/// The sheets that sheets import, inside a page that has everything in itself.
const LIMIT_NESTED: u32 = 8;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Built {
    pub(crate) media_type: &'static str,
    pub(crate) body: Vec<u8>,
    pub(crate) needs: Vec<Target>,
}

impl Target {
    /// Returns the path and query on the site.
    pub(crate) fn url(&self) -> Option<String> {
        match self {
            Self::File(address) => Some(address.url()),
            Self::Pack(url) => Some(url.clone()),
            Self::Outside => None,
        }
    }
}

impl Site {
    /// Builds these and everything that they need, in the order in which it is found.
    pub(crate) async fn graph(
        &self,
        roots: Vec<Target>,
        origin: &str,
        world: World<'_>,
    ) -> Vec<(Target, Built)> {
        let mut seen: BTreeSet<Target> = BTreeSet::new();
        let mut graph = Vec::new();
        let mut wanted = roots;
        while !wanted.is_empty() && graph.len() < LIMIT_MODULES {
            wanted.retain(|target| seen.insert(target.clone()));
            let built = join_all(wanted.iter().map(|it| self.build(it, origin, world))).await;
            let found = wanted.drain(..).zip(built).filter_map(|(it, built)| Some((it, built?)));
            let found: Vec<(Target, Built)> = found.collect();
            wanted = found.iter().flat_map(|(_, built)| built.needs.clone()).collect();
            graph.extend(found);
        }
        graph
    }

    /// Builds what is at one address; `None` where there is nothing of ours.
    pub(crate) async fn build(
        &self,
        target: &Target,
        origin: &str,
        world: World<'_>,
    ) -> Option<Built> {
        match target {
            Target::Outside => None,
            Target::Pack(url) => self.pack(url, origin, world).await,
            Target::File(address) => self.file(address, origin, world).await,
        }
    }

    async fn pack(&self, url: &str, origin: &str, world: World<'_>) -> Option<Built> {
        let mut code = self.pack_code(url, world).await?.to_string();
        let needs = self.packs.needs(url);
        for need in needs {
            // What `packs.mjs` writes: neighbours import each other by `./name`.
            let name = need.rsplit('/').next().unwrap_or(need);
            code = code
                .replace(&format!("\"./{name}\""), &json!(format!("{origin}{need}")).to_string());
        }
        let needs = needs.iter().cloned().map(Target::Pack).collect();
        Some(Built { media_type: SCRIPT, body: code.into_bytes(), needs })
    }

    async fn file(&self, address: &Address, origin: &str, world: World<'_>) -> Option<Built> {
        let Address { path, how } = address;
        self.look_at(path);
        let plain = |media_type, body| Some(Built { media_type, body, needs: Vec::new() });
        let module = |code: String| plain(SCRIPT, code.into_bytes());
        let served = path.as_str();
        let text = || Some(String::from_utf8_lossy(&world.source.read(path)?).into_owned());
        match how {
            How::Raw => module(format!("export default {};", json!(text()?))),
            How::Url => module(self.url_module(path, origin, world)?),
            How::Import if served.ends_with(".css") => {
                module(self.sheet_module(address, &text()?, origin, world))
            }
            How::Import if served.ends_with(".json") => module(json_module(path, &text()?)),
            How::Import if is_script(served) => self.script(path, origin, world).await,
            How::Import => module(self.url_module(path, origin, world)?),
            How::Itself if is_script(served) && !served.ends_with(".d.ts") => {
                self.script(path, origin, world).await
            }
            How::Itself => plain(media_type(served), world.source.read(path)?),
        }
    }

    async fn script(&self, path: &FilePath, origin: &str, world: World<'_>) -> Option<Built> {
        let version = world.source.version(path)?;
        let bytes = world.source.read(path)?;
        let text = String::from_utf8_lossy(&bytes);
        let (code, needs) = self.module(path, path.as_str(), &version, &text, origin, world).await;
        Some(Built { media_type: SCRIPT, body: code.into_bytes(), needs })
    }

    /// Compiles a text that stands in a file and points its imports somewhere.
    pub(crate) async fn module(
        &self,
        path: &FilePath,
        key: &str,
        version: &str,
        text: &str,
        origin: &str,
        world: World<'_>,
    ) -> (String, Vec<Target>) {
        let config = self.config(world);
        let mapped = self.mapped();
        let looked_at = |path: &FilePath| self.look_at(path);
        let resolver = Resolver {
            source: world.source,
            packs: &self.packs,
            config: &config,
            mapped: &mapped,
            looked_at: &looked_at,
        };
        let url = format!("{origin}/{}", address::encode(path.as_str()));
        let jsx = config.jsx_import_source(text).to_owned();
        let spliced = match self.compiled(key, version, text, &jsx, world).await {
            Err(problem) => Err(problem),
            Ok(compiled) => splice(
                &compiled,
                &url,
                &config.env,
                |import: &Import| resolver.resolve(import, path),
                |target| Some(format!("{origin}{}", target.url()?)),
            ),
        };
        match spliced {
            Ok(script::Spliced { code, needs }) => (code, needs),
            Err(problem) => (broken(path, &problem), Vec::new()),
        }
    }

    fn sheet_module(&self, address: &Address, css: &str, origin: &str, world: World<'_>) -> String {
        let path = &address.path;
        let css = self.sheet(path, css, origin, world, 0);
        let url = format!("/{}", address::encode(path.as_str()));
        if !path.as_str().ends_with(".module.css") {
            return style_module(&url, &css, None);
        }
        let (css, names) = css::scoped(&css, &crate::page::version(path.as_str().as_bytes())[..6]);
        style_module(&url, &css, Some(&json!(names)))
    }

    /// Points the addresses in a sheet somewhere from where they are read: the page.
    pub(crate) fn sheet(
        &self,
        path: &FilePath,
        css: &str,
        origin: &str,
        world: World<'_>,
        depth: u32,
    ) -> String {
        css::with_addresses(css, |relative| {
            let (name, _) = address::split(relative);
            let joined = address::join(address::folder(path), &address::decode(name));
            if origin.starts_with("http") {
                return Some(format!("{origin}/{}", address::encode(&joined)));
            }
            let found = self.on_site(&joined, world)?;
            let body = world.source.read(&found)?;
            if !found.as_str().ends_with(".css") || depth >= LIMIT_NESTED {
                return Some(data_url(media_type(found.as_str()), &body));
            }
            let inner = String::from_utf8_lossy(&body);
            let inner = self.sheet(&found, &inner, origin, world, depth + 1);
            Some(data_url("text/css; charset=utf-8", inner.as_bytes()))
        })
    }

    /// Returns the file that is served at this path.
    pub(crate) fn on_site(&self, path: &str, world: World<'_>) -> Option<FilePath> {
        [path.to_owned(), format!("public/{path}")].into_iter().find_map(|path| {
            let path = FilePath::parse(&path).ok()?;
            self.look_at(&path);
            world.source.exists(&path).then_some(path)
        })
    }

    fn url_module(&self, path: &FilePath, origin: &str, world: World<'_>) -> Option<String> {
        let served = path.as_str().strip_prefix("public/").unwrap_or(path.as_str());
        let url = match origin.starts_with("http") {
            true => format!("/{}", address::encode(served)),
            false => data_url(media_type(served), &world.source.read(path)?),
        };
        Some(format!("export default {};", json!(url)))
    }
}

fn json_module(path: &FilePath, text: &str) -> String {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(_) => format!("export default {};", text.trim_start_matches('\u{feff}')),
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            let at = |n: usize| u32::try_from(n).unwrap_or(1).max(1);
            let problem = crate::Problem {
                message: "this is not JSON".to_owned(),
                line: at(line),
                column: at(column),
            };
            broken(path, &problem)
        }
    }
}
