//! The file tree's wishes and view.

use link::{
    Panel, Reveal, TabId,
    files::{File, Mark, View, Wish},
    status::Level,
};
use project::{Mark as Status, path::FilePath, vfs::Edit};

use super::{
    Session,
    workspace::{NotDone, Workspace},
};
use crate::i18n::said;

impl Session {
    pub(super) async fn files_wish(&self, tab: &TabId, wish: Wish) {
        let Some(workspace) = self.workspace_of(tab) else { return };
        let done = match wish {
            Wish::Create { path } => self.create_file(tab, &workspace, &path).await,
            Wish::Move { from, to } => self.move_files(&workspace, &from, &to).await,
            Wish::Remove { path } => self.remove_files(&workspace, &path).await,
            Wish::Upload { path, bytes } => self.upload(&workspace, &path, bytes).await,
            Wish::Undo => {
                self.undo_file_operation(tab).await;
                Ok(())
            }
            Wish::Commit { message } => self.commit_all(&workspace, &message).await.map(|_| ()),
        };
        if let Err(why) = done {
            self.notify_error("files", &why.text(), None);
        }
    }

    async fn create_file(
        &self,
        tab: &TabId,
        workspace: &Workspace,
        path: &str,
    ) -> Result<(), NotDone> {
        let path = parse(path)?;
        if workspace.state.borrow().project.entry(&path).is_some() {
            return Err(NotDone::Refused(said::exists(&path)));
        }
        let edits = vec![Edit::Write { path: path.clone(), bytes: Vec::new() }];
        self.edit_files(workspace, edits).await?;
        self.reveal(tab, Reveal::Line { path: path.to_string(), line: 1 });
        Ok(())
    }

    async fn upload(
        &self,
        workspace: &Workspace,
        path: &str,
        bytes: Vec<u8>,
    ) -> Result<(), NotDone> {
        let edits = vec![Edit::Write { path: parse(path)?, bytes }];
        self.operate(workspace, said::added(path), edits).await
    }

    async fn move_files(&self, workspace: &Workspace, from: &str, to: &str) -> Result<(), NotDone> {
        let (source, target) = (parse(from)?, parse(to)?);
        let edits = workspace.state.borrow().project.moves_of_folder(&source, &target);
        let edits = edits.map_err(|it| NotDone::Refused(said::refusal(&it)))?;
        self.operate(workspace, said::moved(from, to), edits).await
    }

    async fn remove_files(&self, workspace: &Workspace, path: &str) -> Result<(), NotDone> {
        let parsed = parse(path)?;
        let edits: Vec<Edit> = {
            let state = workspace.state.borrow();
            let file = state.project.entry(&parsed).map(|_| parsed.clone());
            let inside = state.project.entries_below(&parsed).map(|(path, _)| path.clone());
            file.into_iter().chain(inside).map(|path| Edit::Remove { path }).collect()
        };
        self.operate(workspace, said::removed_file(path), edits).await?;
        let action = Some(said::UNDO.to_owned());
        self.notify("file-operation", Level::Info, &said::removed_file(path), action);
        Ok(())
    }

    /// Carries out a file operation that can be undone.
    async fn operate(
        &self,
        workspace: &Workspace,
        what: String,
        edits: Vec<Edit>,
    ) -> Result<(), NotDone> {
        let applied = self.edit_files(workspace, edits).await?;
        workspace.state.borrow_mut().undo = Some((what, applied.inverse));
        self.touch(&workspace.id, &[Panel::Files]);
        Ok(())
    }

    pub(super) async fn undo_file_operation(&self, tab: &TabId) {
        let Some(workspace) = self.workspace_of(tab) else { return };
        let Some((what, inverse)) = workspace.state.borrow_mut().undo.take() else { return };
        match self.edit_files(&workspace, inverse.clone()).await {
            Ok(_) => self.dismiss("file-operation"),
            Err(why) => {
                workspace.state.borrow_mut().undo = Some((what, inverse));
                self.notify_error("files", &why.text(), None);
            }
        }
    }

    pub(super) fn files_view(&self, tab: &TabId) -> View {
        let Some(workspace) = self.workspace_of(tab) else { return View::default() };
        let state = workspace.state.borrow();
        let marks: std::collections::BTreeMap<_, _> = state.project.status().into_iter().collect();
        let mark = |path: &FilePath| match marks.get(path) {
            Some(Status::Added) => Mark::Added,
            Some(Status::Modified) => Mark::Modified,
            Some(Status::Removed) | None => Mark::Same,
        };
        let files = state.project.entries().map(|(path, entry)| File {
            path: path.to_string(),
            size_bytes: entry.size_bytes,
            mark: mark(path),
        });
        let undo = state.undo.as_ref().map(|(what, _)| what.clone()).unwrap_or_default();
        View { files: files.collect(), undo }
    }
}

pub(super) fn parse(path: &str) -> Result<FilePath, NotDone> {
    FilePath::parse(path).map_err(|_bad| NotDone::Refused(said::bad_path(path)))
}
