//! The running project: what its preview host gets, and what it says.
//!
//! A preview's service worker asks through a port, and [`::preview::Site`] answers from the files as
//! they are, or as they would be with the pending changes. What comes back (console, errors, dialogs)
//! was written by the project's code or could have been: it is shown, bounded, and never obeyed.

use std::rc::Rc;

use ::preview::{
    Answer, Assets, Change, Packs, Request, Site, Source, Visitor,
    protocol::{DialogKind, FromWorker, ToWorker},
};
use futures::future::LocalBoxFuture;
use link::{
    Panel, TabId,
    preview::{self as view, Dialog, Line, Stage, View, Wish},
};
use project::path::FilePath;

mod reports;

use reports::bounded;

use super::{
    Session,
    ports::Gateway,
    workspace::{State, Workspace},
};

/// Hosts visited ahead, for projects that are made without a network.
const N_LABELS_AHEAD: usize = 3;
/// Ports that are kept open. A service worker that is stopped and restarted brings a new one.
const N_PORTS: usize = 16;
/// The console keeps this many lines, and this much of each.
const N_LINES: usize = 500;
const LINE_LIMIT_BYTES: usize = 8 << 10;
/// Lines of code around an error that go into "Fix this".
const N_LINES_AROUND: u32 = 5;

/// The preview of an open project.
#[derive(Default)]
pub(super) struct Running {
    site: Option<Rc<Site>>,
    generation: u64,
    styles_only: bool,
    changed_at_ms: u64,
    /// None until a page has painted since this core runs: the files may not change for long.
    painted_generation: Option<u64>,
    painted_after_ms: Option<u32>,
    path: String,
    stopped: bool,
    console: Vec<Line>,
    next_line: u64,
    /// The newest last.
    ports: Vec<(String, Visitor)>,
    dialog: Option<(String, u32, Dialog)>,
    /// The host cannot be used; the self-contained document is shown.
    refused: bool,
    document: Option<String>,
}

impl Session {
    pub(super) fn preview_wish(&self, tab: &TabId, wish: Wish) {
        let Some(workspace) = self.workspace_of(tab) else { return };
        match wish {
            Wish::Reload => {
                // The host is tried again.
                self.with_preview(&workspace, |it| it.refused = false);
                self.reload_preview(&workspace, None);
            }
            Wish::Stop => self.with_preview(&workspace, |it| {
                it.stopped = true;
                it.ports.clear();
                it.dialog = None;
            }),
            Wish::Start => {
                self.with_preview(&workspace, |it| it.stopped = false);
                self.reload_preview(&workspace, None);
            }
            Wish::Said(report) => self.document_said(&workspace, report),
            Wish::Clear => self.with_preview(&workspace, |it| it.console.clear()),
            Wish::FixThis { line } => self.fix_this(tab, &workspace, line),
            Wish::AnswerDialog { dialog, answer } => {
                self.answer_dialog(&workspace, dialog, answer);
            }
            Wish::HostRefused { .. } => {
                self.with_preview(&workspace, |it| it.refused = true);
                self.make_document(&workspace);
            }
        }
        self.touch(&workspace.id, &[Panel::Preview]);
    }

    fn with_preview<T>(&self, workspace: &Workspace, change: impl FnOnce(&mut Running) -> T) -> T {
        change(&mut workspace.state.borrow_mut().preview)
    }

    /// A service worker is at the other end of a port.
    pub fn preview_connected(&self, host: &str, port: &str) {
        let Some(workspace) = self.workspace_at(host) else { return };
        self.with_preview(&workspace, |it| {
            it.ports.retain(|(name, _)| name != port);
            it.ports.push((port.to_owned(), Visitor::default()));
            let too_many = it.ports.len().saturating_sub(N_PORTS);
            it.ports.drain(..too_many);
            // Whoever has a port has a host that answers.
            it.refused = false;
            it.document = None;
        });
        self.0.ports.world.tell_preview(port, ToWorker::Hello { dialogs: true });
    }

    /// A service worker has said something.
    pub fn preview_said(&self, host: &str, port: &str, said: FromWorker) {
        let Some(workspace) = self.workspace_at(host) else { return };
        match said {
            FromWorker::Ask { id, url, navigation, referrer } => {
                let (session, port) = (self.clone(), port.to_owned());
                let request = Request { url, navigation, referrer };
                self.spawn(async move {
                    session.answer_preview(&workspace, &port, id, request).await;
                });
            }
            FromWorker::Report { client, report } => {
                self.page_said(&workspace, port, client, report);
            }
            FromWorker::Dialog { id, kind, text, value } => {
                let dialog = Dialog {
                    id: u64::from(id),
                    kind: match kind {
                        DialogKind::Alert => view::DialogKind::Alert,
                        DialogKind::Confirm => view::DialogKind::Confirm,
                        DialogKind::Prompt => view::DialogKind::Prompt,
                    },
                    text: bounded(text),
                    value: bounded(value.unwrap_or_default()),
                };
                self.with_preview(&workspace, |it| it.dialog = Some((port.to_owned(), id, dialog)));
                self.touch(&workspace.id, &[Panel::Preview]);
            }
        }
    }

    /// The open project that a preview host belongs to.
    fn workspace_at(&self, host: &str) -> Option<Rc<Workspace>> {
        let label = host.split('.').next()?;
        let project = self.profile(|it| {
            it.projects.values().find(|it| it.preview_label == label).map(|it| it.id.clone())
        })?;
        self.0.workspaces.borrow().get(&project).cloned()
    }

    async fn answer_preview(
        &self,
        workspace: &Rc<Workspace>,
        port: &str,
        id: u32,
        request: Request,
    ) {
        let site = self.site(workspace).await;
        let generation = workspace.state.borrow().preview.generation;
        let files = WorkspaceFiles(workspace);
        let assets = OwnAssets(&*self.0.ports.gateway);
        let world =
            ::preview::World { source: &files, compile: &*self.0.ports.compiler, assets: &assets };
        let answer: Answer = site.respond(&request, generation, world).await;
        let message = self.with_preview(workspace, |it| {
            let visitor = it.ports.iter_mut().find(|(name, _)| name == port);
            visitor.map(|(_, it)| it.answer(id, generation, answer))
        });
        if let Some(message) = message {
            self.0.ports.world.tell_preview(port, message);
        }
    }

    /// The project's site; made when it is first asked for.
    async fn site(&self, workspace: &Workspace) -> Rc<Site> {
        if let Some(site) = &workspace.state.borrow().preview.site {
            return Rc::clone(site);
        }
        let packs = self.packs().await;
        let client =
            self.0.ports.gateway.asset("/preview/__easel/client.js").await.unwrap_or_default();
        let client = String::from_utf8_lossy(&client).into_owned();
        let origin = format!("{}//{}", self.0.ports.world.protocol(), self.preview_host(workspace));
        let site = Rc::new(Site::new(&origin, packs, &client));
        self.with_preview(workspace, |it| it.site = Some(Rc::clone(&site)));
        site
    }

    /// Without the list nothing but the project's own files can be imported, and modules say so.
    pub(super) async fn packs(&self) -> Packs {
        let packs = self.0.ports.gateway.asset("/packs/packs.json").await;
        packs.and_then(|it| Packs::parse(&it).ok()).unwrap_or_default()
    }

    fn preview_host(&self, workspace: &Workspace) -> String {
        self.profile(|it| {
            let project = it.projects.get(&workspace.id);
            project.map(|project| it.host_of(&project.preview_label)).unwrap_or_default()
        })
    }

    /// Files have changed: pages that show them follow.
    pub(super) fn preview_changed(
        &self,
        workspace: &Workspace,
        paths: impl Iterator<Item = FilePath>,
    ) {
        let paths: Vec<FilePath> = paths.collect();
        let site = workspace.state.borrow().preview.site.clone();
        let change = site.map_or(Change::Reload, |it| it.changed(&paths));
        match change {
            Change::Nothing => {}
            Change::Styles(styles) => self.reload_preview(workspace, Some(styles)),
            Change::Reload => self.reload_preview(workspace, None),
        }
    }

    fn reload_preview(&self, workspace: &Workspace, styles: Option<Vec<String>>) {
        let now = self.now_ms();
        let (generation, ports, refused) = self.with_preview(workspace, |it| {
            it.generation += 1;
            it.styles_only = styles.is_some();
            it.changed_at_ms = now;
            let ports: Vec<String> = it.ports.iter().map(|(name, _)| name.clone()).collect();
            (it.generation, ports, it.refused)
        });
        for port in ports {
            let styles = styles.clone();
            self.0.ports.world.tell_preview(&port, ToWorker::Changed { generation, styles });
        }
        if refused {
            self.make_document(workspace);
        }
        self.touch(&workspace.id, &[Panel::Preview]);
    }

    /// Makes the document that needs no host of its own.
    fn make_document(&self, workspace: &Workspace) {
        let (session, id) = (self.clone(), workspace.id.clone());
        self.spawn(async move {
            let workspace = session.0.workspaces.borrow().get(&id).cloned();
            let Some(workspace) = workspace else { return };
            let site = session.site(&workspace).await;
            let generation = workspace.state.borrow().preview.generation;
            let files = WorkspaceFiles(&workspace);
            let assets = OwnAssets(&*session.0.ports.gateway);
            let compile = &*session.0.ports.compiler;
            let world = ::preview::World { source: &files, compile, assets: &assets };
            let Ok(entry) = FilePath::parse("index.html") else { return };
            let document = site.document(&entry, generation, world).await;
            session.with_preview(&workspace, |it| it.document = document);
            session.touch(&id, &[Panel::Preview]);
        });
    }

    /// A label for a new project's preview host, from those that were visited ahead if there is one.
    pub(super) async fn take_preview_label(&self) -> String {
        let visited = self.profile(|it| it.settings.preview_labels.first().cloned());
        if let Some(label) = visited {
            self.change_settings(|it| it.preview_labels.retain(|it| *it != label)).await;
            return label;
        }
        self.new_preview_label()
    }

    /// Names a host for the page to visit while there is a network, unless enough are there.
    pub(super) fn visit_ahead(&self) {
        let enough = self.profile(|it| {
            !it.visiting.is_empty() || it.settings.preview_labels.len() >= N_LABELS_AHEAD
        });
        if !enough {
            let label = self.new_preview_label();
            self.0.profile.borrow_mut().visiting = label;
            self.touch_all(Panel::Home);
        }
    }

    /// A host answers without a network from now on.
    pub(super) async fn visited_ahead(&self, host: &str) {
        let visited = self.profile(|it| {
            Some(it.visiting.clone()).filter(|label| !label.is_empty() && it.host_of(label) == host)
        });
        let Some(label) = visited else { return };
        self.change_settings(|it| it.preview_labels.push(label)).await;
        self.0.profile.borrow_mut().visiting.clear();
        self.visit_ahead();
    }

    fn new_preview_label(&self) -> String {
        const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
        let mut random = self.0.ports.world.random();
        let mut label = String::from("pv-");
        for _ in 0..8 {
            label.push(char::from(LETTERS[(random % 36) as usize]));
            random /= 36;
        }
        label
    }

    pub(super) fn preview_view(&self, tab: &TabId) -> View {
        let Some(workspace) = self.workspace_of(tab) else { return View::default() };
        let host = self.preview_host(&workspace);
        let state = workspace.state.borrow();
        let running = &state.preview;
        let has_page = state.project.entries().any(|(path, _)| path.name().ends_with(".html"));
        let stage = match (has_page, running.stopped, running.painted_generation) {
            (false, ..) => Stage::Empty,
            (true, true, _) => Stage::Stopped,
            (true, false, None) => Stage::Starting,
            (true, false, Some(_)) => Stage::Running,
        };
        View {
            host: if running.refused { String::new() } else { host },
            path: if running.path.is_empty() { "/".to_owned() } else { running.path.clone() },
            generation: running.generation,
            styles_only: running.styles_only,
            stage,
            console: running.console.clone(),
            document: running.document.clone().filter(|_| running.refused),
            painted_after_ms: running.painted_after_ms,
            painted_generation: running.painted_generation.unwrap_or_default(),
            dialog: running.dialog.as_ref().map(|it| it.2.clone()),
        }
    }
}

/// A project's files as its preview sees them.
struct WorkspaceFiles<'a>(&'a Workspace);

impl Source for WorkspaceFiles<'_> {
    fn version(&self, path: &FilePath) -> Option<String> {
        let state = self.0.state.borrow();
        match state.pending_content(path) {
            Some(pending) => pending.map(|it| project::git::Oid::of_blob(it).to_string()),
            None => state.project.entry(path).map(|it| it.oid.to_string()),
        }
    }

    fn read(&self, path: &FilePath) -> Option<Vec<u8>> {
        let state = self.0.state.borrow();
        match state.pending_content(path) {
            Some(pending) => pending.map(<[u8]>::to_vec),
            None => state.project.read(path),
        }
    }
}

impl State {
    /// What a pending change makes of a file, when the preview shows pending changes: its content,
    /// or that it is gone.
    fn pending_content(&self, path: &FilePath) -> Option<Option<&[u8]>> {
        if !self.record.preview_pending {
            return None;
        }
        let changes = &self.pending.as_ref()?.changes;
        changes.iter().filter(|it| it.accepted).find_map(|it| {
            if it.path == *path {
                return Some(it.after.as_deref());
            }
            (it.from.as_ref() == Some(path)).then_some(None)
        })
    }
}

/// The app's own static files.
pub(super) struct OwnAssets<'a>(pub(super) &'a dyn Gateway);

impl Assets for OwnAssets<'_> {
    fn asset<'a>(&'a self, path: &'a str) -> LocalBoxFuture<'a, Option<Vec<u8>>> {
        self.0.asset(path)
    }
}
