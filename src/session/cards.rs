//! The cards of changes in the conversation: which files, and what became of them.
//!
//! What may happen to changes is in `changes`.

use agent::{
    actions::{ActionRecord, Changed, Proposed},
    chat::Decision,
    id::ActionId,
};
use link::{
    changes::{FileStatus, FileSummary},
    chat::{ChangeCard, ChangeState},
};
use project::diff::{FileDiff, Status};

use super::{history::summary, workspace::State};

/// What a card in the conversation says about an action.
pub(super) fn change_card(state: &State, action: &ActionId, decision: Decision) -> ChangeCard {
    let pending = state.pending.as_ref().filter(|it| it.action == *action);
    let decided = match (pending.is_some(), decision) {
        (true, _) => ChangeState::Pending,
        (false, Decision::Pending) => ChangeState::Superseded,
        (false, Decision::Applied | Decision::AppliedInPart) => ChangeState::Applied,
        (false, Decision::Rejected) => ChangeState::Rejected,
        (false, Decision::Refused) => ChangeState::Refused,
    };
    let known = (action.to_string(), pending.is_some());
    let mut summaries = state.summaries.borrow_mut();
    let files = summaries.entry(known).or_insert_with(|| match pending {
        Some(proposal) => proposal.changes.iter().map(|it| summary(&diff_of(it))).collect(),
        None => {
            state.actions.get(action.as_str()).map(|it| recorded(state, it)).unwrap_or_default()
        }
    });
    ChangeCard { action: action.to_string(), files: files.clone(), state: decided }
}

/// The files of a decided action: as its commit has them, or as they were proposed.
fn recorded(state: &State, record: &ActionRecord) -> Vec<FileSummary> {
    let id = |it: &Option<String>| it.as_ref().and_then(|it| it.parse().ok());
    if let (Some(before), Some(after)) = (id(&record.before), id(&record.after)) {
        // The commit is there; only a damaged store has lost what it names.
        let diffs = state.project.changes_between(Some(before), Some(after)).unwrap_or_default();
        return diffs.iter().map(summary).collect();
    }
    let proposed = record.changes.iter().map(|it| {
        let (path, status) = match it {
            Changed::Created(path) => (path, FileStatus::Added),
            Changed::Modified(path) => (path, FileStatus::Modified),
            Changed::Deleted(path) => (path, FileStatus::Removed),
        };
        FileSummary { path: path.to_string(), from: None, status, n_added: 0, n_removed: 0 }
    });
    proposed.collect()
}

pub(super) fn diff_of(change: &Proposed) -> FileDiff {
    let before = change.base.as_deref();
    let mut diff = FileDiff::between(&change.path, before, change.after.as_deref());
    if let Some(from) = &change.from {
        if diff.hunks.is_empty() {
            return FileDiff::moved(from.clone(), change.path.clone());
        }
        diff.from = Some(from.clone());
        diff.status = Status::Moved;
    }
    diff
}
