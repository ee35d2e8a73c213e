//! Pending changes: kept until they are decided, applied as one commit, or dropped.

use agent::{
    actions::{self, ActionRecord, FileEdit, Proposal, Staging},
    chat::{Decision, Message, Part, Role},
    files::Files,
    id::{ActionId, MessageId},
    tools::ToolCall,
};
use link::{
    Panel, TabId,
    changes::{View, Wish},
};
use project::{
    Project,
    merge::{self, Labels},
    path::FilePath,
    vfs::Edit,
};
use store::{
    Batch, StoreError,
    schema::{self, key},
};

use super::{
    Session,
    cards::diff_of,
    files::parse,
    history::file_diff,
    pending,
    workspace::{NotDone, State, Workspace, Writing},
};
use crate::i18n::said;

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
            let again = Some(said::TRY_AGAIN.to_owned());
            self.notify_error("changes", &said::not_applied(&why.text()), again);
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
        pending::put_decisions(&mut writing.batch, &proposal);
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
        let whole = proposal.changes.iter().all(|it| it.accepted);
        let decision = if whole { Decision::Applied } else { Decision::AppliedInPart };
        close(workspace, writing, &proposal, record, decision).await?;
        self.after_change(workspace, &applied);
        Ok(())
    }

    pub(super) async fn reject_pending(&self, workspace: &Workspace) -> Result<(), NotDone> {
        let writing = workspace.write().await;
        let Some((proposal, mut record)) = pending_with_record(&workspace.state.borrow()) else {
            writing.cancel();
            return Ok(());
        };
        go(&mut record, &[actions::State::Failed, actions::State::RolledBack]);
        close(workspace, writing, &proposal, record, Decision::Rejected).await?;
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
        let reply = {
            let state = workspace.state.borrow();
            let mut replies = state.conversation.messages().iter().rev();
            replies.find(|it| it.role == Role::Assistant).cloned()
        };
        let Some(reply) = reply else {
            writing.cancel();
            return Ok(());
        };
        let before = workspace.state.borrow().pending.clone();
        let action = ActionId::new(self.new_id("act"));
        let proposal = {
            let state = workspace.state.borrow();
            let mut staging = match &before {
                Some(pending) => Staging::resume(action.clone(), pending),
                None => Staging::new(action.clone()),
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
        self.put_proposal(workspace, &proposal, &reply.id, &mut writing.batch);
        let finished = writing.finish().await;
        if finished.is_err() {
            let mut state = workspace.state.borrow_mut();
            state.pending = before;
            state.actions.remove(action.as_str());
            if let Some(message) = state.conversation.get_mut(&reply.id) {
                *message = reply;
            }
        }
        Ok(finished?)
    }

    /// Replaces the pending proposal by a new one that a reply makes, in memory and in the batch.
    pub(super) fn put_proposal(
        &self,
        workspace: &Workspace,
        proposal: &Proposal,
        reply: &MessageId,
        batch: &mut Batch,
    ) {
        let mut state = workspace.state.borrow_mut();
        if let Some(older) = state.pending.take() {
            pending::forget(batch, &older);
            if let Some(record) = state.actions.get_mut(older.action.as_str()) {
                go(record, &[actions::State::Failed, actions::State::RolledBack]);
                batch.put(key::action(record.id.as_str()), schema::encode(record));
            }
        }
        let mut model = String::new();
        if let Some(message) = state.conversation.get_mut(reply) {
            let action = proposal.action.clone();
            message.parts.push(Part::Changes { action, state: Decision::Pending });
            batch.put(key::message(reply.as_str()), agent::chat::record::encode(message));
            model.clone_from(&message.model);
        }
        let prompts = state.conversation.messages().iter().rev();
        let prompt = prompts.filter(|it| it.role == Role::User).map(Message::text).next();
        let mut record = ActionRecord {
            v: ActionRecord::VERSION,
            id: proposal.action.clone(),
            message: reply.clone(),
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
        pending::put(batch, proposal);
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

/// Ends a proposal: its record, its reply and the pending contents go into the batch together.
async fn close(
    workspace: &Workspace,
    mut writing: Writing<'_>,
    proposal: &Proposal,
    record: ActionRecord,
    decision: Decision,
) -> Result<(), StoreError> {
    let reply = workspace.state.borrow().conversation.get(&record.message).cloned();
    let reply = reply.map(|mut reply| {
        for part in &mut reply.parts {
            if let Part::Changes { action, state } = part
                && *action == record.id
            {
                *state = decision;
            }
        }
        reply
    });
    if let Some(reply) = &reply {
        writing.batch.put(key::message(reply.id.as_str()), agent::chat::record::encode(reply));
    }
    writing.batch.put(key::action(record.id.as_str()), schema::encode(&record));
    pending::forget(&mut writing.batch, proposal);
    writing.finish().await?;
    let mut state = workspace.state.borrow_mut();
    state.pending = None;
    if let Some(reply) = reply
        && let Some(message) = state.conversation.get_mut(&reply.id)
    {
        *message = reply;
    }
    state.actions.insert(record.id.to_string(), record);
    Ok(())
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
