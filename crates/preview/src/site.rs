//! The site of one project: what it answers, and what it remembers from one answer to the next.
//!
//! It remembers compiled scripts and which paths were looked at, never files. All of it can be lost
//! at any time and only costs time.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use project::FilePath;

use crate::address::{self, Address, How, PACKS, is_script, media_type};
use crate::config::{self, Config};
use crate::mappings;
use crate::packs::Packs;
use crate::resolve::{Resolver, Target};
use crate::source::{Compiled, Problem, World};

/// Stands for the host in pages that stand alone; stack traces show it.
pub(crate) const ALONE: &str = "easel:";

const LIMIT_COMPILED: usize = 5_000;
const LIMIT_LOOKED_AT: usize = 50_000;

/// One preview host and the project that it shows.
#[derive(Debug)]
pub struct Site {
    /// `http://pv-xxxxxxxx.preview.easel.localhost:9595`
    pub(crate) origin: String,
    pub(crate) packs: Packs,
    /// The client's script, on one line.
    pub(crate) client: String,
    memory: RefCell<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    compiled: BTreeMap<String, Kept>,
    /// Modules of packs by address; there are few, and they never change.
    packs: BTreeMap<String, Rc<str>>,
    /// With the versions of the files that it was read from.
    config: (Vec<Option<String>>, Rc<Config>),
    /// The names of the last page's own import map.
    mapped: BTreeSet<String>,
    looked_at: BTreeSet<FilePath>,
    /// A page has been answered, so `looked_at` says what it depends on.
    visited: bool,
}

#[derive(Debug)]
struct Kept {
    version: String,
    jsx_import_source: String,
    outcome: Result<Rc<Compiled>, Problem>,
}

/// What a service worker asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Path and query.
    pub url: String,
    pub navigation: bool,
    /// The path of the page that asks.
    pub referrer: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub media_type: String,
    pub body: Vec<u8>,
    /// With a page: what it will ask for next.
    pub modules: Option<Vec<Module>>,
}

/// What a page will ask for, at this address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    pub url: String,
    /// Names the content.
    pub version: String,
    pub media_type: String,
    pub body: Vec<u8>,
}

/// What changed files mean for a page that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The page never looked at them.
    Nothing,
    /// Only sheets, by their paths on the site: they can be swapped in place.
    Styles(Vec<String>),
    Reload,
}

/// A place in a file of the project, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub path: String,
    pub line: u32,
    pub column: u32,
}

impl Answer {
    pub(crate) fn new(media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, media_type: media_type.to_owned(), body: body.into(), modules: None }
    }

    fn missing(text: String) -> Self {
        Self { status: 404, ..Self::new("text/plain; charset=utf-8", text) }
    }
}

impl Site {
    /// `origin` is the preview host's, without a slash at its end; `client` is the text of
    /// `preview/__easel/client.js`.
    pub fn new(origin: &str, packs: Packs, client: &str) -> Self {
        // On one line, so that no line of a page moves; the script is minified and has no comments.
        let client = client.trim().replace('\n', " ");
        Self { origin: origin.to_owned(), packs, client, memory: RefCell::default() }
    }

    /// Answers one request. Pages come with everything that they will ask for.
    pub async fn respond(&self, request: &Request, generation: u64, world: World<'_>) -> Answer {
        let (path, query) = address::split(&request.url);
        if path.starts_with(PACKS) {
            let pack = self.build(&Target::Pack(path.to_owned()), &self.origin, world).await;
            return pack.map_or_else(
                || Answer::missing(format!("{path} is in no pack")),
                |built| Answer::new(built.media_type, built.body),
            );
        }
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
        let wanted = address::join("", &address::decode(path));
        let page = request.navigation.then(|| page_for(&resolver, &wanted)).flatten();
        if let Some(page) = page {
            let folder = format!("{}/", wanted.trim_end_matches('/'));
            let is_folder = page.as_str().strip_suffix("index.html") == Some(&folder);
            if is_folder && !path.ends_with('/') {
                return redirect(path);
            }
            return self.page(&page, generation, world).await;
        }
        let found = match request.navigation {
            true => resolver
                .existing(&wanted)
                .or_else(|| resolver.existing(&format!("public/{wanted}"))),
            false => resolver.find(&wanted),
        };
        let Some(found) = found else { return Answer::missing(nothing_at(&wanted, request)) };
        let target = Target::File(Address { path: found, how: How::of_query(query) });
        match self.build(&target, &self.origin, world).await {
            Some(built) => Answer::new(built.media_type, built.body),
            None => Answer::missing(nothing_at(&wanted, request)),
        }
    }

    /// Says what changed files mean for the page that is open, if any.
    pub fn changed<'a>(&self, paths: impl IntoIterator<Item = &'a FilePath>) -> Change {
        let mut memory = self.memory.borrow_mut();
        let mut styles = Vec::new();
        for path in paths {
            if memory.visited && !memory.looked_at.contains(path) {
                continue;
            }
            let is_sheet =
                path.as_str().ends_with(".css") && !path.as_str().ends_with(".module.css");
            if !is_sheet || !memory.visited {
                // What the next page looks at is noted afresh.
                memory.looked_at.clear();
                memory.visited = false;
                return Change::Reload;
            }
            let served = path.as_str().strip_prefix("public/").unwrap_or(path.as_str());
            styles.push(format!("/{}", address::encode(served)));
        }
        if styles.is_empty() { Change::Nothing } else { Change::Styles(styles) }
    }

    /// Finds the file, line and column of a [`crate::protocol::Report::Error`], from its fields.
    pub fn place(
        &self,
        path: Option<&str>,
        url: Option<&str>,
        line: Option<u32>,
        column: Option<u32>,
    ) -> Option<Place> {
        let column = column.unwrap_or(1);
        match path {
            Some(path) => Some(Place { path: path.to_owned(), line: line.unwrap_or(1), column }),
            None => self.locate(url?, line?, column),
        }
    }

    /// Finds where a place in what was served is in the project.
    pub fn locate(&self, url: &str, line: u32, column: u32) -> Option<Place> {
        let path = self.path_of(url)?.strip_prefix('/')?;
        let path = address::decode(address::split(path).0);
        if path.starts_with(&PACKS[1..]) || path.starts_with("__easel") {
            return None;
        }
        let memory = self.memory.borrow();
        let mappings = memory
            .compiled
            .get(&path)
            .and_then(|kept| kept.outcome.as_ref().ok()?.mappings.as_deref());
        let (line, column) = match mappings {
            Some(mappings) => mappings::original(mappings, line, column)?,
            None => (line, column),
        };
        let path = if path.is_empty() { "index.html".to_owned() } else { path };
        Some(Place { path, line, column })
    }

    /// Rewrites every address in a stack trace to the file, line and column that a person knows.
    pub fn readable(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        let next = |text: &str| {
            let origins = [self.origin.as_str(), ALONE].into_iter().filter(|it| !it.is_empty());
            origins.filter_map(|origin| text.find(&format!("{origin}/"))).min()
        };
        while let Some(at) = next(rest) {
            out.push_str(&rest[..at]);
            let end = rest[at..]
                .find(|c: char| c.is_whitespace() || matches!(c, ')' | '(' | '"' | '\'' | '`'))
                .map_or(rest.len(), |end| at + end);
            out.push_str(&self.readable_place(&rest[at..end]));
            rest = &rest[end..];
        }
        out.push_str(rest);
        out
    }

    fn readable_place(&self, place: &str) -> String {
        let numbers = || {
            let (rest, column) = place.rsplit_once(':')?;
            let (url, line) = rest.rsplit_once(':')?;
            self.locate(url, line.parse().ok()?, column.parse().ok()?)
        };
        match numbers() {
            Some(Place { path, line, column }) => format!("{path}:{line}:{column}"),
            None => {
                let path = self.path_of(place).unwrap_or(place);
                let pack = path.strip_prefix(PACKS).and_then(|it| it.split('/').next());
                pack.unwrap_or(path).to_owned()
            }
        }
    }

    fn path_of<'a>(&self, url: &'a str) -> Option<&'a str> {
        let on_host = url.strip_prefix(&self.origin).filter(|_| !self.origin.is_empty());
        on_host.or_else(|| url.strip_prefix(ALONE)).or(Some(url).filter(|it| it.starts_with('/')))
    }

    /// Compiles a text, or remembers having done so.
    pub(crate) async fn compiled(
        &self,
        key: &str,
        version: &str,
        text: &str,
        jsx_import_source: &str,
        world: World<'_>,
    ) -> Result<Rc<Compiled>, Problem> {
        if let Some(kept) = self.memory.borrow().compiled.get(key)
            && kept.version == version
            && kept.jsx_import_source == jsx_import_source
        {
            return kept.outcome.clone();
        }
        let outcome = world.compile.transform(key, text, jsx_import_source).await.map(Rc::new);
        let kept = Kept {
            version: version.to_owned(),
            jsx_import_source: jsx_import_source.to_owned(),
            outcome: outcome.clone(),
        };
        let mut memory = self.memory.borrow_mut();
        if memory.compiled.len() >= LIMIT_COMPILED {
            memory.compiled.clear();
        }
        memory.compiled.insert(key.to_owned(), kept);
        outcome
    }

    /// Returns a pack's module, which is fetched once.
    pub(crate) async fn pack_code(&self, url: &str, world: World<'_>) -> Option<Rc<str>> {
        let kept = self.memory.borrow().packs.get(url).cloned();
        if kept.is_some() {
            return kept;
        }
        let body = world.assets.asset(&self.packs.asset(url)?).await?;
        let code: Rc<str> = String::from_utf8(body).ok()?.into();
        self.memory.borrow_mut().packs.insert(url.to_owned(), Rc::clone(&code));
        Some(code)
    }

    pub(crate) fn config(&self, world: World<'_>) -> Rc<Config> {
        let versions = config::files()
            .map(|path| {
                self.look_at(&path);
                world.source.version(&path)
            })
            .collect();
        let mut memory = self.memory.borrow_mut();
        if memory.config.0 != versions {
            memory.config = (versions, Rc::new(Config::read(world.source)));
        }
        memory.config.1.clone()
    }

    pub(crate) fn look_at(&self, path: &FilePath) {
        let looked_at = &mut self.memory.borrow_mut().looked_at;
        if looked_at.len() < LIMIT_LOOKED_AT {
            looked_at.insert(path.clone());
        }
    }

    pub(crate) fn visited(&self, mapped: BTreeSet<String>) {
        let mut memory = self.memory.borrow_mut();
        memory.visited = memory.looked_at.len() < LIMIT_LOOKED_AT;
        memory.mapped = mapped;
    }

    pub(crate) fn mapped(&self) -> BTreeSet<String> {
        self.memory.borrow().mapped.clone()
    }
}

/// Finds the page for a navigation: a page's file, a folder's index, or the one page of an app that
/// routes by itself.
fn page_for(resolver: &Resolver<'_>, wanted: &str) -> Option<FilePath> {
    let is_page = |path: &FilePath| media_type(path.as_str()).starts_with("text/html");
    let slash = if wanted.is_empty() { "" } else { "/" };
    let direct =
        [wanted.to_owned(), format!("{wanted}.html"), format!("{wanted}{slash}index.html")];
    let inside_public = direct.iter().map(|path| format!("public/{path}")).collect::<Vec<_>>();
    let found = direct.iter().chain(&inside_public).find_map(|path| resolver.existing(path));
    if let Some(found) = found {
        return Some(found).filter(is_page);
    }
    let name = wanted.rsplit('/').next().unwrap_or_default();
    let routed = !name.contains('.') && !is_script(name);
    let app = || resolver.existing("index.html").or_else(|| resolver.existing("public/index.html"));
    routed.then(app).flatten()
}

fn redirect(path: &str) -> Answer {
    let to = serde_json::json!(format!("{path}/")).to_string();
    let script = format!(
        "<!doctype html><script>location.replace({})</script>",
        crate::html::script_json(&to)
    );
    Answer::new("text/html; charset=utf-8", script)
}

fn nothing_at(wanted: &str, request: &Request) -> String {
    let name = if wanted.is_empty() { "index.html" } else { wanted };
    let by = match &request.referrer {
        Some(referrer) if !request.navigation => format!(" ({referrer} asks for it)"),
        _ => String::new(),
    };
    format!("`{name}` is not in the project{by}.")
}
