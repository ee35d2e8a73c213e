//! What a permitted call does: changes are staged beside the files, scripts run in the sandbox,
//! settings are set.
//!
//! Whether a call may run was decided before. What is set here can be undone from its notice.

use std::rc::Rc;

use agent::{
    context::secrets::secrets,
    files::Files,
    permission::holds_secrets,
    tools::{Setting, Theme, ToolCall},
};
use futures::{channel::mpsc, future::Either, future::select, stream::StreamExt as _};
use link::{Panel, status::Level};
use preview::{Site, Source};
use project::path::FilePath;

use super::{Event, Run};
use crate::{
    i18n::said,
    session::{
        Session,
        changes::ProjectFiles,
        preview::OwnAssets,
        profile::Configured,
        workspace::{State, Workspace},
    },
};

/// How the notices of settings begin that a model has set.
pub(in crate::session) const CONFIGURED: &str = "configured:";
/// Where a script stands, so that its imports are relative to the project's root.
const SCRIPT: &str = "easel-script.ts";

impl Session {
    /// Returns what the model hears. None when the person stopped the turn meanwhile.
    pub(super) async fn run_tool(
        &self,
        run: &mut Run,
        tool: &ToolCall,
    ) -> Option<Result<String, String>> {
        self.with_turning(&run.workspace, |it| {
            it.doing = tool.title();
            it.permission = None;
        });
        self.touch(&run.workspace.id, &[Panel::Chat, Panel::Status]);
        let outcome = if let ToolCall::Run { code } = tool {
            self.run_script(run, code).await?
        } else if let ToolCall::Configure(setting) = tool
            && setting.file().is_none()
        {
            self.configure(&run.workspace, setting).await
        } else {
            self.stage(&run.workspace, tool)
        };
        Some(outcome.map(without_secrets).map_err(without_secrets))
    }

    /// Runs a call on the files with the staged changes over them.
    fn stage(&self, workspace: &Workspace, tool: &ToolCall) -> Result<String, String> {
        let mut state = workspace.state.borrow_mut();
        let State { turning, project, .. } = &mut *state;
        let Some(turning) = turning else { return Err(String::new()) };
        turning.staging.stage(tool, &ProjectFiles(project))
    }

    async fn run_script(&self, run: &mut Run, code: &str) -> Option<Result<String, String>> {
        let (session, workspace) = (self.clone(), Rc::clone(&run.workspace));
        let running = Box::pin(async move { session.try_out(&workspace, code).await });
        unless_stopped(&mut run.heard, running).await
    }

    async fn try_out(&self, workspace: &Workspace, code: &str) -> Result<String, String> {
        // A site of its own: what a script looks at must not make a preview load again.
        let site = Site::new("", self.packs().await, "");
        let files = ScriptFiles(workspace);
        let assets = OwnAssets(&*self.0.ports.gateway);
        let world =
            preview::World { source: &files, compile: &*self.0.ports.compiler, assets: &assets };
        let Ok(path) = FilePath::parse(SCRIPT) else { return Err(String::new()) };
        let program = site.program(&path, code, world).await;
        let ran = self.0.ports.sandbox.run(program).await;
        match ran.error {
            None if ran.output.is_empty() => Ok(said::NOTHING_PRINTED.to_owned()),
            None => Ok(ran.output),
            Some(error) => {
                let error = site.readable(&error);
                let printed = Some(ran.output).filter(|it| !it.is_empty());
                Err(printed.into_iter().chain([error]).collect::<Vec<_>>().join("\n"))
            }
        }
    }

    async fn configure(&self, workspace: &Workspace, to: &Setting) -> Result<String, String> {
        let project = workspace.id.clone();
        let mut before = self.set(&project, to).await.ok_or(said::NOT_SET)?;
        let notice = format!("{CONFIGURED}{project}:{}", to.name());
        let mut profile = self.0.profile.borrow_mut();
        // What the model itself has set before is not what the person had.
        if let Some(known) = profile.configured.remove(&notice)
            && known.set == before
        {
            before = known.before;
        }
        let name = profile.projects.get(&project).map(|it| it.name.clone()).unwrap_or_default();
        let set = to.clone();
        profile.configured.insert(notice.clone(), Configured { project, before, set });
        drop(profile);
        let undo = Some(said::UNDO.to_owned());
        self.notify(&notice, Level::Info, &said::configured(to, &name), undo);
        Ok(format!("`{}` is set", to.name()))
    }

    /// Takes back what a model has set, unless the person has changed it since.
    pub(in crate::session) async fn undo_configured(&self, notice: &str) {
        let known = self.profile(|it| {
            it.configured
                .get(notice)
                .map(|it| (it.project.clone(), it.before.clone(), it.set.clone()))
        });
        let Some((project, before, set)) = known else { return };
        if self.setting(&project, &set).as_ref() != Some(&set) {
            self.notify(notice, Level::Info, said::CHANGED_SINCE, None);
        } else if self.set(&project, &before).await.is_none() {
            let again = Some(said::TRY_AGAIN.to_owned());
            self.notify_error(notice, said::NOT_UNDONE, again);
            return;
        }
        self.0.profile.borrow_mut().configured.remove(notice);
    }

    /// Returns what it was before. None when it could not be kept; the reason has been told.
    async fn set(&self, project: &str, to: &Setting) -> Option<Setting> {
        let before = self.setting(project, to)?;
        match to {
            Setting::Theme(theme) => {
                let name = if *theme == Theme::System { "" } else { theme.name() };
                self.change_settings(|it| name.clone_into(&mut it.theme)).await;
            }
            Setting::ProjectName(name) => {
                self.change_card(project, |it| it.name.clone_from(name)).await;
            }
            Setting::ProjectInstructions(text) => {
                let workspace = self.load_workspace(project).await.ok()?;
                self.change_record(&workspace, |it| it.instructions.clone_from(text)).await;
            }
            Setting::Variable { .. } => return None,
        }
        (self.setting(project, to).as_ref() == Some(to)).then_some(before)
    }

    /// Returns a setting of this kind as it is now.
    fn setting(&self, project: &str, kind: &Setting) -> Option<Setting> {
        match kind {
            Setting::Theme(_) => {
                let name = self.profile(|it| it.settings.theme.clone());
                let themes = [Theme::Light, Theme::Dark];
                let theme = themes.into_iter().find(|it| it.name() == name);
                Some(Setting::Theme(theme.unwrap_or(Theme::System)))
            }
            Setting::ProjectName(_) => {
                let name = self.profile(|it| it.projects.get(project).map(|it| it.name.clone()));
                name.map(Setting::ProjectName)
            }
            Setting::ProjectInstructions(_) => {
                let workspace = self.0.workspaces.borrow().get(project).cloned()?;
                let text = workspace.state.borrow().record.instructions.clone();
                Some(Setting::ProjectInstructions(text))
            }
            Setting::Variable { .. } => None,
        }
    }
}

/// Waits for something, unless the person stops the turn first.
pub(super) async fn unless_stopped<T>(
    heard: &mut mpsc::UnboundedReceiver<Event>,
    mut what: impl Future<Output = T> + Unpin,
) -> Option<T> {
    loop {
        match select(&mut what, heard.next()).await {
            Either::Left((outcome, _)) => return Some(outcome),
            Either::Right((Some(Event::Cancelled) | None, _)) => return None,
            // An answer to a question that is over.
            Either::Right((Some(_), _)) => {}
        }
    }
}

/// Leaves out lines that hold likely secrets: what a tool reads is sent without a question.
fn without_secrets(output: String) -> String {
    let found = secrets(&output);
    if found.is_empty() {
        return output;
    }
    let lines = output.lines().zip(1..).map(|(line, number)| {
        let secret = found.iter().find(|it| it.line == number);
        secret.map_or_else(|| line.to_owned(), |it| said::left_out_secret(it.looks_like))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// What a script can import: the files with the staged changes over them, without those that hold
/// secrets, because what it prints is sent.
struct ScriptFiles<'a>(&'a Workspace);

impl ScriptFiles<'_> {
    fn with<T>(&self, path: &FilePath, look: impl Fn(&dyn Files) -> T) -> Option<T> {
        if holds_secrets(path) {
            return None;
        }
        let state = self.0.state.borrow();
        let files = ProjectFiles(&state.project);
        Some(match &state.turning {
            Some(turning) => look(&turning.staging.over(&files)),
            None => look(&files),
        })
    }
}

impl Source for ScriptFiles<'_> {
    fn version(&self, path: &FilePath) -> Option<String> {
        self.with(path, |files| files.version(path)).flatten()
    }

    fn read(&self, path: &FilePath) -> Option<Vec<u8>> {
        self.with(path, |files| files.read(path)).flatten()
    }
}
