//! A page of the project, with what a preview adds to it.
//!
//! Small modules travel inside the page, in its import map: a hundred of them cost one answer, where
//! a question each would cost a hundred times what a service worker costs. Stack traces still name
//! their files. The page's own lines stay where they are.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use project::FilePath;
use serde_json::{Map, Value, json};

use crate::address::{self, Address, How};
use crate::config::Config;
use crate::graph::Built;
use crate::html::{self, Tag};
use crate::resolve::{Resolver, Target};
use crate::script::data_url;
use crate::site::{Answer, Module, Site};
use crate::source::{Import, World};

const LIMIT_INLINE_BYTES: usize = 64 * 1024;
const LIMIT_INLINE_TOTAL: usize = 3 * 1024 * 1024;

/// How modules reach the page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Way<'a> {
    pub(crate) origin: &'a str,
    pub(crate) generation: u64,
    /// Nobody answers later: everything is in the page.
    pub(crate) alone: bool,
}

/// A page in the making.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) html: String,
    pub(crate) modules: Vec<Module>,
}

impl Site {
    pub(crate) async fn page(&self, path: &FilePath, generation: u64, world: World<'_>) -> Answer {
        let way = Way { origin: &self.origin, generation, alone: false };
        let bytes = world.source.read(path).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let page = self.compose(path, &text, way, world).await;
        let mut answer = Answer::new("text/html; charset=utf-8", page.html);
        answer.modules = Some(page.modules);
        answer
    }

    pub(crate) async fn compose(
        &self,
        path: &FilePath,
        text: &str,
        way: Way<'_>,
        world: World<'_>,
    ) -> Page {
        self.look_at(path);
        let tags = html::tags(text);
        let own_map = own_import_map(text, &tags);
        self.visited(own_map.keys().cloned().collect());

        let mut parts: Vec<(Range<usize>, String)> = Vec::new();
        let mut roots = Vec::new();
        let mut entries = Vec::new();
        for (n, tag) in tags.iter().enumerate() {
            if tag.is_script_of_type("importmap", text) {
                // It is merged into ours; its lines stay.
                let lines = text[tag.open.start..tag.end].matches('\n').count();
                parts.push((tag.open.start..tag.end, "\n".repeat(lines)));
            } else if tag.is_script_of_type("module", text) {
                match tag.attribute("src", text) {
                    Some(src) => {
                        let Some(target) = self.entry(path, src, world) else { continue };
                        roots.push(target.clone());
                        entries.push((tag, target));
                    }
                    None => {
                        let inside = &text[tag.text.clone()];
                        let key = format!("{path}#{n}");
                        let name = version(inside.as_bytes());
                        let (code, needs) =
                            self.module(path, &key, &name, inside, way.origin, world).await;
                        roots.extend(needs);
                        parts.push((tag.text.clone(), code.replace("</script", "<\\/script")));
                    }
                }
            } else if !way.alone && is_sheet(tag, text) {
                let sheet =
                    tag.attribute("href", text).and_then(|href| self.linked(path, href, world));
                roots.extend(sheet.map(|path| Target::File(Address { path, how: How::Itself })));
            }
        }

        let graph = self.graph(roots, way.origin, world).await;
        let (inline, modules) = share(graph, &entries, text, way);
        for (tag, target) in entries {
            let url = target.url().map(|url| format!("{}{url}", way.origin));
            if let Some(url) = url.filter(|url| inline.contains_key(url)) {
                let lines = "\n".repeat(text[tag.open.start..tag.end].matches('\n').count());
                let import = html::script_json(&json!(url).to_string());
                let script = format!("<script type=\"module\">import {import}{lines}</script>");
                parts.push((tag.open.start..tag.end, script));
            }
        }
        let map = self.import_map(own_map, inline, way);
        let head = html::head(text, &tags);
        parts.push((head..head, self.head(&map, way)));
        parts.sort_by_key(|(range, _)| (range.start, range.end));
        Page { html: html::replace(text, &parts), modules }
    }

    fn head(&self, map: &Value, way: Way<'_>) -> String {
        let generation = way.generation;
        let client = if self.client.is_empty() {
            format!("<script src=\"/__easel/client.js\" data-generation=\"{generation}\"></script>")
        } else {
            format!("<script data-generation=\"{generation}\">{}</script>", self.client)
        };
        let map = html::script_json(&map.to_string());
        format!("{client}<script type=\"importmap\">{map}</script>")
    }

    /// The page's own names win; packs are known by name for what is only named when it runs.
    fn import_map(
        &self,
        own: Map<String, Value>,
        inline: BTreeMap<String, String>,
        way: Way<'_>,
    ) -> Value {
        let mut imports = Map::new();
        for (name, url) in self.packs.imports() {
            let absolute = format!("{}{url}", way.origin);
            let to = inline.get(&absolute).unwrap_or(&absolute);
            // In a page that stands alone an address of ours leads nowhere.
            if !way.alone || to.starts_with("data:") {
                imports.insert(name.clone(), json!(to));
            }
        }
        imports.extend(inline.into_iter().map(|(url, data)| (url, Value::String(data))));
        imports.extend(own);
        json!({ "imports": imports })
    }

    /// Finds the file of a page's script; `None` for those of other sites and for none.
    fn entry(&self, page: &FilePath, src: &str, world: World<'_>) -> Option<Target> {
        let (config, mapped) = (Config::default(), BTreeSet::new());
        let looked_at = |path: &FilePath| self.look_at(path);
        let resolver = Resolver {
            source: world.source,
            packs: &self.packs,
            config: &config,
            mapped: &mapped,
            looked_at: &looked_at,
        };
        let src = html::unescape(src);
        let specifier = if src.starts_with(['.', '/']) { src } else { format!("./{src}") };
        if specifier.starts_with("//") || specifier.contains("://") {
            return None;
        }
        let import = Import { specifier, dynamic: false, typed: true, line: 1, column: 1 };
        resolver.resolve(&import, page).ok().filter(|target| *target != Target::Outside)
    }

    /// Returns the file that an address in a page means.
    pub(crate) fn linked(&self, page: &FilePath, href: &str, world: World<'_>) -> Option<FilePath> {
        let href = html::unescape(href);
        if href.starts_with("//") || href.contains("://") || href.starts_with("data:") {
            return None;
        }
        let (name, _) = address::split(&href);
        self.on_site(&address::join(address::folder(page), &address::decode(name)), world)
    }
}

pub(crate) fn is_sheet(tag: &Tag, text: &str) -> bool {
    let sheet = |rel: &str| rel.split_whitespace().any(|it| it.eq_ignore_ascii_case("stylesheet"));
    tag.name == "link" && tag.attribute("rel", text).is_some_and(sheet)
}

/// Returns the imports of the page's own map; one that is not JSON maps nothing, as in browsers.
fn own_import_map(text: &str, tags: &[Tag]) -> Map<String, Value> {
    tags.iter()
        .filter(|tag| tag.is_script_of_type("importmap", text))
        .filter_map(|tag| serde_json::from_str::<Value>(&text[tag.text.clone()]).ok())
        .filter_map(|map| map.get("imports")?.as_object().cloned())
        .flatten()
        .collect()
}

/// Divides a graph: what travels inside the page (address → data), and what is sent beside it.
fn share(
    graph: Vec<(Target, Built)>,
    entries: &[(&Tag, Target)],
    text: &str,
    way: Way<'_>,
) -> (BTreeMap<String, String>, Vec<Module>) {
    // A script element with more to it than its source stays, so its module keeps its address.
    let stays = |tag: &Tag| {
        let plain = ["type", "src", "defer", "async", "crossorigin"];
        !tag.attributes.iter().all(|it| plain.contains(&it.name.as_str()))
            || !text[tag.text.clone()].trim().is_empty()
    };
    let fixed: BTreeSet<&Target> =
        entries.iter().filter(|(tag, _)| stays(tag) && !way.alone).map(|(_, it)| it).collect();
    let (mut inline, mut modules, mut total) = (BTreeMap::new(), Vec::new(), 0);
    for (target, built) in graph {
        let Some(url) = target.url() else { continue };
        let is_script = built.media_type.starts_with("text/javascript");
        let small = built.body.len() <= LIMIT_INLINE_BYTES && total < LIMIT_INLINE_TOTAL;
        if is_script && (way.alone || small) && !fixed.contains(&target) {
            total += built.body.len();
            let address = format!("{}{url}", way.origin);
            let mut body = built.body;
            body.extend_from_slice(format!("\n//# sourceURL={address}").as_bytes());
            inline.insert(address, data_url(built.media_type, &body));
        } else {
            let version = version(&built.body);
            let media_type = built.media_type.to_owned();
            modules.push(Module { url, version, media_type, body: built.body });
        }
    }
    (inline, modules)
}

/// Names a content, for comparing within one session (FNV-1a, with the length).
pub(crate) fn version(body: &[u8]) -> String {
    let hash = body.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}-{}", body.len())
}
