//! Pending changes: kept until they are decided, applied as one commit, or dropped.

use agent::{
    actions::{self, ActionRecord, FileEdit, Proposal, Proposed, Staging},
    chat::{Message, Role},
    files::Files,
    id::{ActionId, MessageId},
    tools::ToolCall,
};
use link::{
    Panel, TabId,
    changes::{View, Wish},
    chat::{ChangeCard, ChangeState},
};
use project::{
    Project,
    diff::FileDiff,
    merge::{self, Labels},
    path::FilePath,
    vfs::Edit,
};
use serde::{Deserialize, Serialize};
use store::{
    Batch, Store, StoreError,
    schema::{self, key},
};

use super::{
    Session,
    files::parse,
    history::{file_diff, summary},
    workspace::{NotDone, State, Workspace},
};
use crate::i18n::said;

/// A proposal without its contents, which are records of their own.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct PendingRecord {
    action: ActionId,
    changes: Vec<PendingChange>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct PendingChange {
    path: FilePath,
    from: Option<FilePath>,
    base_version: Option<String>,
    /// The content is under the same number; without one the file is removed.
    has_content: bool,
    accepted: bool,
}

impl Session {
    pub(super) async fn changes_wish(&self, tab: &TabId, wish: Wish) {
        let Some(workspace) = self.workspace_of(tab) else { return };
        let done = match wish {
            Wish::SetAccepted { path, accepted } => {
                self.set_accepted(&workspace, &path, accepted).await
            }
            Wish::Apply => self.apply_pending(&workspace).await,
            Wish::RejectAll => self.reject_pending(&workspace).await,
            Wish::SetPreviewed { on } => {
                self.change_record(&workspace, |it| it.preview_pending = on).await;
                let paths = pending_paths(&workspace.state.borrow());
                self.preview_changed(&workspace, paths.into_iter());
                Ok(())
            }
        };
        if let Err(why) = done {
            self.notify_error("changes", &said::not_applied(&why.text()), None);
        }
        self.touch(&workspace.id, &[Panel::Changes, Panel::Chat, Panel::Preview]);
    }

    async fn set_accepted(
        &self,
        workspace: &Workspace,
        path: &str,
        accepted: bool,
    ) -> Result<(), NotDone> {
        let path = parse(path)?;
        let mut writing = workspace.write().await;
        let before = workspace.state.borrow().pending.clone();
        let Some(mut proposal) = before.clone() else {
            writing.cancel();
            return Ok(());
        };
        proposal.set_accepted(&path, accepted);
        writing.batch.put(key::PENDING, schema::encode(&pending_record(&proposal)));
        workspace.state.borrow_mut().pending = Some(proposal);
        let finished = writing.finish().await;
        if finished.is_err() {
            workspace.state.borrow_mut().pending = before;
        }
        Ok(finished?)
    }

    /// Applies what is accepted as one commit, after a commit of the person's own work.
    pub(super) async fn apply_pending(&self, workspace: &Workspace) -> Result<(), NotDone> {
        let mut writing = workspace.write().await;
        let Some((proposal, mut record)) = pending_with_record(&workspace.state.borrow()) else {
            writing.cancel();
            return Ok(());
        };
        let checked = {
            let state = workspace.state.borrow();
            actions::check(&proposal, &ProjectFiles(&state.project), &merged)
        };
        let conflicts: Vec<String> = checked.conflicts().map(|it| it.path.to_string()).collect();
        if !conflicts.is_empty() {
            writing.cancel();
            return Err(NotDone::Refused(said::conflict_left(&conflicts)));
        }
        if proposal.accepted().next().is_none() {
            writing.cancel();
            return self.reject_pending(workspace).await;
        }
        let own = self.keep_own_work(workspace);
        let head = workspace.state.borrow().project.head();
        record.before = own.as_ref().map(|it| it.id).or(head).map(|it| it.to_string());
        if let Some(own) = own {
            writing.committed(own);
        }
        record.changes = proposal.summary();
        let edits = checked.edits.into_iter().map(edit).collect();
        let applied = workspace.state.borrow_mut().project.apply(edits);
        let applied = match applied {
            Ok(applied) => applied,
            Err(refusal) => {
                writing.cancel();
                return Err(NotDone::Refused(said::refusal(&refusal)));
            }
        };
        writing.applied(applied.clone());
        let mut new = self.new_commit(&actions::commit_message(&record));
        new.allow_empty = true;
        let committed = workspace.state.borrow_mut().project.commit(new);
        if let Ok(committed) = committed {
            record.after = Some(committed.id.to_string());
            writing.committed(committed);
        }
        go(&mut record, &[actions::State::Running, actions::State::Done]);
        writing.batch.put(key::action(record.id.as_str()), schema::encode(&record));
        forget(&mut writing.batch, &proposal);
        writing.finish().await?;
        {
            let mut state = workspace.state.borrow_mut();
            state.pending = None;
            state.actions.insert(record.id.to_string(), record);
        }
        self.after_change(workspace, &applied);
        Ok(())
    }

    pub(super) async fn reject_pending(&self, workspace: &Workspace) -> Result<(), NotDone> {
        let mut writing = workspace.write().await;
        let Some((proposal, mut record)) = pending_with_record(&workspace.state.borrow()) else {
            writing.cancel();
            return Ok(());
        };
        go(&mut record, &[actions::State::Failed, actions::State::RolledBack]);
        writing.batch.put(key::action(record.id.as_str()), schema::encode(&record));
        forget(&mut writing.batch, &proposal);
        writing.finish().await?;
        {
            let mut state = workspace.state.borrow_mut();
            state.pending = None;
            state.actions.insert(record.id.to_string(), record);
        }
        self.preview_changed(workspace, proposal.changes.iter().map(|it| it.path.clone()));
        Ok(())
    }

    /// Stages a code block of a reply as the content of a file.
    pub(super) async fn stage_block(&self, workspace: &Workspace, text: String, path: &str) {
        let staged = self.try_stage_block(workspace, text, path).await;
        if let Err(why) = staged {
            self.notify_error("changes", &said::not_applied(&why.text()), None);
        }
        self.touch(&workspace.id, &[Panel::Changes, Panel::Chat, Panel::Preview]);
    }

    async fn try_stage_block(
        &self,
        workspace: &Workspace,
        text: String,
        path: &str,
    ) -> Result<(), NotDone> {
        let path = parse(path)?;
        let mut writing = workspace.write().await;
        let before = workspace.state.borrow().pending.clone();
        let action = ActionId::new(self.new_id("act"));
        let proposal = {
            let state = workspace.state.borrow();
            let mut staging = match &before {
                Some(pending) => Staging::resume(action, pending),
                None => Staging::new(action),
            };
            let call = ToolCall::Write { path, content: text };
            let staged = staging.stage(&call, &ProjectFiles(&state.project));
            staged.map(|_| staging.proposal())
        };
        let proposal = match proposal {
            Ok(proposal) => proposal,
            Err(refusal) => {
                writing.cancel();
                return Err(NotDone::Refused(refusal));
            }
        };
        let (model, message) = {
            let state = workspace.state.borrow();
            let replies = state.conversation.messages().iter().rev();
            let reply = replies.filter(|it| !it.model.is_empty()).next();
            reply.map(|it| (it.model.clone(), it.id.clone())).unwrap_or_default()
        };
        self.put_proposal(workspace, &proposal, (model, message), &mut writing.batch);
        let finished = writing.finish().await;
        if finished.is_err() {
            workspace.state.borrow_mut().pending = before;
        }
        Ok(finished?)
    }

    /// Replaces the pending proposal by a new one, in memory and in the batch.
    pub(super) fn put_proposal(
        &self,
        workspace: &Workspace,
        proposal: &Proposal,
        (model, message): (String, MessageId),
        batch: &mut Batch,
    ) {
        let mut state = workspace.state.borrow_mut();
        if let Some(older) = state.pending.take() {
            forget(batch, &older);
            if let Some(record) = state.actions.get_mut(older.action.as_str()) {
                go(record, &[actions::State::Failed, actions::State::RolledBack]);
                batch.put(key::action(record.id.as_str()), schema::encode(record));
            }
        }
        let prompt = state.conversation.messages().iter().rev();
        let prompt = prompt.filter(|it| it.role == Role::User).map(Message::text).next();
        let mut record = ActionRecord {
            v: ActionRecord::VERSION,
            id: proposal.action.clone(),
            message,
            prompt: prompt.unwrap_or_default(),
            model,
            temperature: None,
            at_ms: self.now_ms(),
            changes: proposal.summary(),
            state: actions::State::Proposed,
            before: None,
            after: None,
            error: String::new(),
        };
        go(&mut record, &[actions::State::Validated]);
        batch.put(key::action(record.id.as_str()), schema::encode(&record));
        put_pending(batch, proposal);
        state.actions.insert(record.id.to_string(), record);
        state.pending = Some(proposal.clone());
    }

    pub(super) fn changes_view(&self, tab: &TabId) -> View {
        let Some(workspace) = self.workspace_of(tab) else { return View::default() };
        let state = workspace.state.borrow();
        let Some(proposal) = &state.pending else { return View::default() };
        let checked = actions::check(proposal, &ProjectFiles(&state.project), &merged);
        let conflicts: Vec<&FilePath> = checked.conflicts().map(|it| &it.path).collect();
        View {
            action: proposal.action.to_string(),
            files: proposal
                .changes
                .iter()
                .map(|change| {
                    let mut file = file_diff(&diff_of(change), change.accepted);
                    file.conflict = conflicts.contains(&&change.path);
                    file
                })
                .collect(),
            previewed: state.record.preview_pending,
        }
    }
}

/// What a card in the conversation says about an action.
pub(super) fn change_card(state: &State, action: &ActionId) -> ChangeCard {
    let pending = state.pending.as_ref().filter(|it| it.action == *action);
    let record = state.actions.get(action.as_str());
    let files = match (pending, record) {
        (Some(proposal), _) => proposal.changes.iter().map(|it| summary(&diff_of(it))).collect(),
        (None, Some(record)) => recorded_files(state, record),
        (None, None) => Vec::new(),
    };
    let decided = match record.map(|it| it.state) {
        Some(actions::State::Done) => ChangeState::Applied,
        Some(actions::State::RolledBack) => ChangeState::Rejected,
        Some(actions::State::Failed) | None => ChangeState::Refused,
        Some(
            actions::State::Proposed
            | actions::State::Validated
            | actions::State::AwaitingPermission
            | actions::State::Running,
        ) => ChangeState::Rejected,
    };
    let state = if pending.is_some() { ChangeState::Pending } else { decided };
    ChangeCard { action: action.to_string(), files, state }
}

/// The files of a decided action, as its commit has them.
fn recorded_files(state: &State, record: &ActionRecord) -> Vec<link::changes::FileSummary> {
    let id = |it: &Option<String>| it.as_ref().and_then(|it| it.parse().ok());
    let (Some(before), Some(after)) = (id(&record.before), id(&record.after)) else {
        return Vec::new();
    };
    let diffs = state.project.changes_between(Some(before), Some(after));
    // Counts for show only: the commit is there, or it is not.
    diffs.unwrap_or_default().iter().map(summary).collect()
}

/// Writes a proposal and what belongs to it into a batch.
fn put_pending(batch: &mut Batch, proposal: &Proposal) {
    batch.put(key::PENDING, schema::encode(&pending_record(proposal)));
    for (number, change) in proposal.changes.iter().enumerate() {
        if let Some(content) = &change.after {
            batch.put(key::pending_content(number), content.clone());
        }
    }
}

/// Takes a decided proposal out of the store.
fn forget(batch: &mut Batch, proposal: &Proposal) {
    batch.remove(key::PENDING);
    for number in 0..proposal.changes.len() {
        batch.remove(key::pending_content(number));
    }
}

/// Reads the proposal that waits for a decision.
pub(super) async fn load_pending(
    store: &dyn Store,
    project: &Project,
) -> Result<Option<Proposal>, StoreError> {
    let Some(bytes) = store.get(key::PENDING).await? else { return Ok(None) };
    let record: PendingRecord = schema::decode(&bytes)?;
    let mut changes = Vec::new();
    for (number, change) in record.changes.into_iter().enumerate() {
        let after = match change.has_content {
            true => store.get(&key::pending_content(number)).await?,
            false => None,
        };
        let base = change.base_version.as_ref().and_then(|it| project.blob(&it.parse().ok()?));
        changes.push(Proposed {
            path: change.path,
            from: change.from,
            base_version: change.base_version,
            base,
            after,
            accepted: change.accepted,
        });
    }
    Ok(Some(Proposal { action: record.action, changes }))
}

fn pending_record(proposal: &Proposal) -> PendingRecord {
    let changes = proposal.changes.iter().map(|it| PendingChange {
        path: it.path.clone(),
        from: it.from.clone(),
        base_version: it.base_version.clone(),
        has_content: it.after.is_some(),
        accepted: it.accepted,
    });
    PendingRecord { action: proposal.action.clone(), changes: changes.collect() }
}

fn pending_with_record(state: &State) -> Option<(Proposal, ActionRecord)> {
    let proposal = state.pending.clone()?;
    let record = state.actions.get(proposal.action.as_str())?.clone();
    Some((proposal, record))
}

fn pending_paths(state: &State) -> Vec<FilePath> {
    let changes = state.pending.iter().flat_map(|it| &it.changes);
    changes.map(|it| it.path.clone()).collect()
}

fn diff_of(change: &Proposed) -> FileDiff {
    let before = change.base.as_deref();
    let mut diff = FileDiff::between(&change.path, before, change.after.as_deref());
    if let Some(from) = &change.from {
        if diff.hunks.is_empty() {
            return FileDiff::moved(from.clone(), change.path.clone());
        }
        diff.from = Some(from.clone());
        diff.status = project::diff::Status::Moved;
    }
    diff
}

/// Advances an action; a step that it cannot take is left out.
fn go(record: &mut ActionRecord, steps: &[actions::State]) {
    for step in steps {
        // The record says how far it came; a step back changes nothing.
        record.advance(*step).ok();
    }
}

fn edit(edit: FileEdit) -> Edit {
    match edit {
        FileEdit::Remove { path } => Edit::Remove { path },
        FileEdit::Write { path, content } => Edit::Write { path, bytes: content },
    }
}

/// Three-way merge of one text; nothing when both changed the same lines.
fn merged(base: &str, ours: &str, theirs: &str) -> Option<String> {
    let merged = merge::merge(base, ours, theirs, Labels::default());
    (merged.n_conflicts == 0).then_some(merged.text)
}

/// The worktree as the agent sees it.
pub(super) struct ProjectFiles<'a>(pub(super) &'a Project);

impl Files for ProjectFiles<'_> {
    fn read(&self, path: &FilePath) -> Option<Vec<u8>> {
        self.0.read(path)
    }

    fn paths(&self) -> Vec<FilePath> {
        self.0.entries().map(|(path, _)| path.clone()).collect()
    }

    fn version(&self, path: &FilePath) -> Option<String> {
        self.0.entry(path).map(|it| it.oid.to_string())
    }
}
