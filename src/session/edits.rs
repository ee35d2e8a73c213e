//! Changes of files and of what a project remembers: made in memory, made durable, told to whoever
//! shows them.

use link::{Panel, TabId};
use project::{Applied, Project, vfs::Edit};
use store::schema::{self, StateRecord, key};

use super::{
    Session,
    workspace::{NotDone, Workspace},
};
use crate::i18n::said;

impl Session {
    /// Applies the person's edits to a project's files as one durable step.
    pub(super) async fn edit_files(
        &self,
        workspace: &Workspace,
        edits: Vec<Edit>,
    ) -> Result<Applied, NotDone> {
        self.edit_files_as(workspace, |_| Ok(edits)).await
    }

    /// Like [`Session::edit_files`], for edits that depend on how the files are then.
    pub(super) async fn edit_files_as(
        &self,
        workspace: &Workspace,
        edits: impl FnOnce(&Project) -> Result<Vec<Edit>, NotDone>,
    ) -> Result<Applied, NotDone> {
        let mut writing = workspace.write().await;
        let edits = edits(&workspace.state.borrow().project);
        let edits = match edits {
            Ok(edits) => edits,
            Err(why) => {
                writing.cancel();
                return Err(why);
            }
        };
        let applied = workspace.state.borrow_mut().project.apply(edits);
        let applied = match applied {
            Ok(applied) => applied,
            Err(refusal) => {
                writing.cancel();
                return Err(NotDone::Refused(said::refusal(&refusal)));
            }
        };
        writing.applied(applied.clone());
        let before = workspace.state.borrow().record.clone();
        workspace.state.borrow_mut().note_edits(&applied.changes, self.now_ms());
        writing.batch.put(key::STATE, schema::encode(&workspace.state.borrow().record));
        self.touch(&workspace.id, &[Panel::Status]);
        let finished = writing.finish().await;
        if finished.is_err() {
            workspace.state.borrow_mut().record = before;
        }
        self.after_change(workspace, &applied);
        finished?;
        Ok(applied)
    }

    /// Tells everybody who shows files that some have changed.
    pub(super) fn after_change(&self, workspace: &Workspace, applied: &Applied) {
        workspace.state.borrow().forget_estimate();
        self.preview_changed(workspace, applied.changes.iter().map(|it| it.path.clone()));
        self.touch(
            &workspace.id,
            &[
                Panel::Files,
                Panel::Editor,
                Panel::Status,
                Panel::History,
                Panel::Preview,
                Panel::Chat,
                Panel::Changes,
            ],
        );
        let (session, id, now) = (self.clone(), workspace.id.clone(), self.now_ms());
        let n_files = workspace.state.borrow().project.n_files();
        self.spawn(async move {
            session
                .change_card(&id, |it| {
                    it.changed_at_ms = now;
                    it.n_files = u32::try_from(n_files).unwrap_or(u32::MAX);
                })
                .await;
        });
    }

    /// Changes what a project remembers and keeps it.
    pub(super) async fn change_state(&self, tab: &TabId, change: impl FnOnce(&mut StateRecord)) {
        if let Some(workspace) = self.workspace_of(tab) {
            self.change_record(&workspace, change).await;
        }
    }

    pub(super) async fn change_record(
        &self,
        workspace: &Workspace,
        change: impl FnOnce(&mut StateRecord),
    ) {
        let mut writing = workspace.write().await;
        let before = workspace.state.borrow().record.clone();
        change(&mut workspace.state.borrow_mut().record);
        workspace.state.borrow().forget_estimate();
        let bytes = schema::encode(&workspace.state.borrow().record);
        writing.batch.put(key::STATE, bytes);
        if writing.finish().await.is_err() {
            workspace.state.borrow_mut().record = before;
        }
        self.touch(
            &workspace.id,
            &[Panel::Chat, Panel::Changes, Panel::Settings, Panel::Status, Panel::History],
        );
    }
}
