//! The projects: making, opening, bringing in and giving out.

use std::rc::Rc;

use futures::FutureExt as _;
use link::{
    DownKind, Panel, Reveal, TabId,
    home::{ImportedFile, ProjectCard, Template, View, Wish},
    status::Level,
};
use project::{
    Project,
    archive::{self, File, Moment},
    vfs::Edit,
};
use store::schema::{self, ProjectRecord, key};

use super::{
    Session,
    files::parse,
    profile::Profile,
    workspace::{NotDone, Workspace},
};
use crate::{i18n::said, templates};

/// Where a new project's files come from.
enum Origin {
    Template(&'static templates::Template),
    Files { files: Vec<File>, from: String },
}

impl Session {
    pub(super) async fn home_wish(&self, tab: &TabId, wish: Wish) {
        // What is in a box is done seldom, and comes with the module's later part.
        match wish {
            Wish::Open { project } => self.open_project(tab, &project).await,
            Wish::Create { name, template, prompt, demo } => {
                self.create_project(tab, name, &template, prompt, demo).await;
            }
            Wish::Rename { project, name } => {
                let name = name.trim().to_owned();
                if !name.is_empty() {
                    self.change_card(&project, |it| it.name = name).await;
                }
            }
            Wish::Duplicate { project } => {
                self.duplicate_project(tab, &project).boxed_local().await;
            }
            Wish::Remove { project } => self.remove_project(&project).boxed_local().await,
            Wish::Restore { project } => self.restore_project(&project).boxed_local().await,
            Wish::ImportZip { name, bytes } => {
                self.import_zip(tab, &name, &bytes).boxed_local().await;
            }
            Wish::ImportFolder { name, files } => {
                self.import_folder(tab, name, files).boxed_local().await;
            }
            Wish::Export { project } => self.export_project(tab, &project).boxed_local().await,
            Wish::Visited { host } => self.visited_ahead(&host).await,
            Wish::Leave => self.leave(tab),
        }
        self.touch_all(Panel::Home);
    }

    /// Opens a project in a tab, from the store if no other tab has it open.
    pub(super) async fn open_project(&self, tab: &TabId, project: &str) {
        let known = self.profile(|it| it.projects.contains_key(project));
        if !known {
            self.notify_error("open", said::NO_SUCH_PROJECT, None);
            self.reveal(tab, Reveal::Home);
            return;
        }
        let workspace = match self.load_workspace(project).await {
            Ok(workspace) => workspace,
            Err(why) => {
                self.notify_error("open", &said::cannot_open(&why), None);
                self.reveal(tab, Reveal::Home);
                return;
            }
        };
        // The page will show these; it need not ask for them first.
        let documents = workspace.state.borrow().layout.as_ref().map(|it| it.open_files());
        let documents = documents.unwrap_or_default();
        self.with_tab(tab, |it| {
            it.project = Some(project.to_owned());
            it.documents = documents;
            it.shows_request = false;
            it.shown_commit = None;
        });
        self.touch_whole(tab);
        self.reveal(tab, Reveal::Project(project.to_owned()));
        let now = self.now_ms();
        self.change_card(project, |it| it.used_at_ms = now).await;
    }

    pub(super) async fn load_workspace(
        &self,
        project: &str,
    ) -> Result<Rc<Workspace>, store::StoreError> {
        if let Some(open) = self.0.workspaces.borrow().get(project) {
            return Ok(Rc::clone(open));
        }
        let store = self.0.ports.shelf.open(&schema::project_database(project)).await?;
        let epoch = self.profile(|it| it.epoch.clone());
        let (inner, id) = (Rc::downgrade(&self.0), project.to_owned());
        let rested = move || {
            if let Some(inner) = inner.upgrade() {
                Self(inner).touch(&id, &[Panel::Status]);
            }
        };
        let opened = Workspace::open(project, store, epoch, Box::new(rested)).await?;
        let workspace = Rc::new(opened);
        self.0.workspaces.borrow_mut().insert(project.to_owned(), Rc::clone(&workspace));
        self.mark_interrupted(&workspace).await;
        Ok(workspace)
    }

    async fn create_project(
        &self,
        tab: &TabId,
        name: Option<String>,
        template: &str,
        prompt: Option<String>,
        demo: bool,
    ) {
        // A page that was quicker than its first view does not know the templates yet.
        let known = templates::find(template).or(templates::all().first());
        let Some(template) = known else { return };
        let words = prompt.as_deref().map(agent::title::from_prompt).filter(|it| !it.is_empty());
        let first_words = words.filter(|_| name.is_none());
        let name = name.or_else(|| first_words.clone());
        let name = name.unwrap_or_else(|| template.name.to_owned());
        let Some(project) = self.make_project(name, Origin::Template(template)).await else {
            return;
        };
        self.open_project(tab, &project).await;
        if demo {
            self.choose_demo_model(tab).await;
        }
        if let Some(prompt) = prompt {
            self.send_first_prompt(tab, prompt, first_words).await;
        }
    }

    /// Makes a project with its first commit. Returns its id; nothing is left of it when it fails.
    async fn make_project(&self, name: String, origin: Origin) -> Option<String> {
        let id = self.new_id("prj");
        let now = self.now_ms();
        let record = ProjectRecord {
            id: id.clone(),
            name,
            created_at_ms: now,
            used_at_ms: now,
            n_files: 0,
            preview_label: self.take_preview_label().await,
            removed_at_ms: None,
            exported_at_ms: None,
            changed_at_ms: now,
        };
        let made = match self.load_workspace(&id).await {
            Ok(workspace) => self.fill(&workspace, origin).await,
            Err(why) => Err(NotDone::NotKept(why)),
        };
        if let Err(why) = made {
            self.forget(&id).await;
            self.notify_error("create", &said::not_created(&why.text()), None);
            return None;
        }
        if self.keep(key::project(&id), Some(&record)).await.is_err() {
            self.forget(&id).await;
            return None;
        }
        self.0.profile.borrow_mut().projects.insert(id.clone(), record);
        Some(id)
    }

    async fn fill(&self, workspace: &Workspace, origin: Origin) -> Result<(), NotDone> {
        let message = match origin {
            Origin::Template(template) => {
                let edits = template.files.iter().map(|(path, text)| {
                    let path = parse(path)?;
                    Ok(Edit::Write { path, bytes: text.as_bytes().to_vec() })
                });
                let edits = edits.collect::<Result<_, NotDone>>()?;
                self.edit_files(workspace, edits).await?;
                said::started_from(template.name)
            }
            Origin::Files { files, from } => {
                let imported = Project::import(files);
                for note in &imported.notes {
                    self.notify("import", Level::Warning, &note.to_string(), None);
                }
                let mut writing = workspace.write().await;
                workspace.state.borrow_mut().project = imported.project;
                if let Err(why) = writing.whole() {
                    writing.cancel();
                    return Err(NotDone::Refused(why.to_string()));
                }
                writing.finish().await?;
                said::imported_from(&from)
            }
        };
        let offered = |it: &Profile, id: &str| it.models.iter().any(|model| model.id == id);
        let model =
            self.profile(|it| Some(&it.settings.model).filter(|id| offered(it, id)).cloned());
        self.change_record(workspace, |it| {
            // Nothing of what a project begins with is news to a model.
            it.edited.clear();
            it.model = model.unwrap_or_default();
        })
        .await;
        if workspace.state.borrow().project.head().is_none() {
            self.commit_all(workspace, &message).await?;
        }
        Ok(())
    }

    async fn duplicate_project(&self, tab: &TabId, project: &str) {
        let Some(name) = self.profile(|it| it.projects.get(project).map(|it| it.name.clone()))
        else {
            return;
        };
        let Ok(workspace) = self.load_workspace(project).await else { return };
        let files = workspace.state.borrow().project.export_git();
        let files = match files {
            Ok(files) => files,
            Err(why) => {
                self.notify_error("export", &said::not_exported(&why.to_string()), None);
                return;
            }
        };
        let origin = Origin::Files { files, from: name.clone() };
        if let Some(copy) = self.make_project(said::copy_of(&name), origin).await {
            self.open_project(tab, &copy).await;
        }
    }

    /// Puts a project away. The one that was put away before is thrown away now.
    async fn remove_project(&self, project: &str) {
        let older: Vec<String> = self.profile(|it| {
            let removed = it.projects.values().filter(|it| it.removed_at_ms.is_some());
            removed.map(|it| it.id.clone()).collect()
        });
        for id in older {
            if self.keep(key::project(&id), None::<&ProjectRecord>).await.is_ok() {
                self.0.profile.borrow_mut().projects.remove(&id);
                self.forget(&id).await;
            }
        }
        let open = self.0.workspaces.borrow().get(project).cloned();
        if let Some(open) = open {
            self.say_to_turn(&open, agent::turn::Event::Cancelled);
        }
        let now = self.now_ms();
        self.change_card(project, |it| it.removed_at_ms = Some(now)).await;
        let tabs: Vec<TabId> = {
            let tabs = self.0.tabs.borrow();
            let showing = tabs.iter().filter(|(_, it)| it.project.as_deref() == Some(project));
            showing.map(|(id, _)| id.clone()).collect()
        };
        for tab in tabs {
            self.leave(&tab);
        }
        let name = self.profile(|it| it.projects.get(project).map(|it| it.name.clone()));
        let text = said::removed(&name.unwrap_or_default());
        self.notify("removed", Level::Info, &text, Some(said::UNDO.to_owned()));
    }

    pub(super) async fn restore_project(&self, project: &str) {
        self.change_card(project, |it| it.removed_at_ms = None).await;
        self.dismiss("removed");
    }

    /// Closes a project's database and throws it away.
    async fn forget(&self, project: &str) {
        self.0.workspaces.borrow_mut().remove(project);
        let database = schema::project_database(project);
        // What stays behind is only room: nothing refers to it any more.
        self.0.ports.shelf.remove(&database).await.ok();
    }

    async fn import_zip(&self, tab: &TabId, name: &str, bytes: &[u8]) {
        match archive::read_zip(bytes, archive::Limits::default()) {
            Ok(unpacked) => {
                for it in &unpacked.left_out {
                    self.notify("import", Level::Warning, &it.to_string(), None);
                }
                let name = name.trim_end_matches(".zip").to_owned();
                self.import(tab, name, unpacked.files).await;
            }
            Err(why) => self.notify_error("import", &said::not_imported(&why.to_string()), None),
        }
    }

    async fn import_folder(&self, tab: &TabId, name: String, files: Vec<ImportedFile>) {
        let file = |it: ImportedFile| File { path: it.path, bytes: it.bytes, executable: None };
        let files = files.into_iter().map(file).collect();
        self.import(tab, name, files).await;
    }

    async fn import(&self, tab: &TabId, name: String, files: Vec<File>) {
        self.set_busy(said::bringing_in(files.len()));
        let origin = Origin::Files { files, from: name.clone() };
        let made = self.make_project(name, origin).await;
        self.set_busy(String::new());
        if let Some(project) = made {
            self.open_project(tab, &project).await;
        }
    }

    fn set_busy(&self, what: String) {
        self.0.profile.borrow_mut().busy = what;
        self.touch_all(Panel::Home);
        self.touch_all(Panel::Status);
    }

    pub(super) async fn export_project(&self, tab: &TabId, project: &str) {
        let Ok(workspace) = self.load_workspace(project).await else { return };
        let name = self.profile(|it| it.projects.get(project).map(|it| it.name.clone()));
        let name = name.unwrap_or_default();
        let files = workspace.state.borrow().project.export_git();
        let now = self.now_ms();
        match files {
            Ok(files) => {
                let bytes = archive::write_zip(&files, moment(now));
                let name = said::file_name(&name, "zip");
                let media_type = "application/zip".to_owned();
                self.send(tab, DownKind::Download { name, media_type, bytes });
                self.change_card(project, |it| it.exported_at_ms = Some(now)).await;
            }
            Err(why) => {
                let again = Some(said::TRY_AGAIN.to_owned());
                self.notify_error("export", &said::not_exported(&why.to_string()), again);
            }
        }
    }

    fn leave(&self, tab: &TabId) {
        self.with_tab(tab, |it| {
            it.project = None;
            it.documents = Vec::new();
        });
        self.touch_whole(tab);
        self.reveal(tab, Reveal::Home);
    }

    pub(super) fn home_view(&self, tab: &TabId) -> View {
        let open = self.with_tab(tab, |it| it.project.clone()).flatten();
        self.profile(|profile| {
            let (mut projects, removed): (Vec<_>, Vec<_>) =
                profile.projects.values().partition(|it| it.removed_at_ms.is_none());
            projects.sort_by_key(|it| std::cmp::Reverse(it.used_at_ms));
            View {
                projects: projects.into_iter().map(card).collect(),
                templates: templates::all().iter().map(template).collect(),
                open,
                removed: removed.into_iter().max_by_key(|it| it.removed_at_ms).map(card),
                busy: profile.busy.clone(),
                visit: profile.host_of(&profile.visiting),
                loaded: profile.loaded,
            }
        })
    }
}

/// A moment of the clock as an archive has it.
fn moment(at_ms: u64) -> Moment {
    let text = agent::iso::utc(at_ms);
    // `2026-11-21T03:04:05Z`, as the function above documents.
    let number = |from: usize, to: usize| text.get(from..to).and_then(|it| it.parse().ok());
    let small = |from: usize| number(from, from + 2).unwrap_or_default() as u8;
    Moment {
        year: number(0, 4).unwrap_or(1980),
        month: small(5),
        day: small(8),
        hour: small(11),
        minute: small(14),
        second: small(17),
    }
}

fn card(record: &ProjectRecord) -> ProjectCard {
    ProjectCard {
        id: record.id.clone(),
        name: record.name.clone(),
        used_at_ms: record.used_at_ms,
        n_files: record.n_files,
    }
}

fn template(template: &templates::Template) -> Template {
    Template {
        id: template.id.to_owned(),
        name: template.name.to_owned(),
        about: template.about.to_owned(),
    }
}
