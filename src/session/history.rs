//! Commits, and the way back: a rewind is a new commit, so it can be undone like any other.

use link::{
    Panel, TabId,
    changes::{FileDiff, FileStatus, FileSummary, Hunk, Line, LineKind},
    history::{Commit, CommitKind, Shown, View, Wish},
    status::Level,
};
use project::{
    Committed, NewCommit, Project, diff,
    git::{self, Oid, Signature},
};
use store::schema::{self, key};

use super::{
    Session,
    tabs::PAGE,
    workspace::{NotDone, Workspace},
};
use crate::i18n::said;

/// Where commits of the person's own work are (`Project::safety_commit`).
const SAFETY: &str = "refs/easel/safety/";
/// Marks a commit that a rewind made, in the first line's beginning.
const REWIND: &str = "Rewind to ";
const UNDO_REWIND: &str = "Undo the rewind";
/// The first line's beginning of a commit that was applied from a reply (ACT-5).
const ASSISTED: &str = "feat(ai): ";

impl Session {
    pub(super) async fn history_wish(&self, tab: &TabId, wish: Wish) {
        match wish {
            Wish::Show { commit } => {
                self.with_tab(tab, |it| it.shown_commit = Some(commit));
            }
            Wish::Hide => {
                self.with_tab(tab, |it| it.shown_commit = None);
            }
            Wish::Rewind { commit } => self.rewind(tab, &commit).await,
            Wish::UndoRewind => self.undo_rewind(tab).await,
            Wish::More => {
                self.with_tab(tab, |it| it.n_commits += PAGE);
            }
        }
        self.touch_tab(tab, Panel::History);
    }

    /// Commits everything that differs from the last commit.
    pub(super) async fn commit_all(
        &self,
        workspace: &Workspace,
        message: &str,
    ) -> Result<Committed, NotDone> {
        let mut writing = workspace.write().await;
        let new = self.new_commit(message);
        let committed = workspace.state.borrow_mut().project.commit(new);
        let Ok(committed) = committed else {
            writing.cancel();
            return Err(NotDone::Refused(said::NOTHING_TO_COMMIT.to_owned()));
        };
        writing.committed(committed.clone());
        writing.finish().await?;
        self.touch(&workspace.id, &[Panel::History, Panel::Files, Panel::Chat, Panel::Status]);
        Ok(committed)
    }

    pub(super) fn new_commit(&self, message: &str) -> NewCommit {
        let author = self.signature();
        let message = format!("{}\n", message.trim_end());
        NewCommit { message, committer: author.clone(), author, allow_empty: false }
    }

    fn signature(&self) -> Signature {
        let world = &self.0.ports.world;
        let or =
            |text: &str, default: &str| (if text.is_empty() { default } else { text }).to_owned();
        self.profile(|it| Signature {
            name: or(&it.settings.author_name, "Easel user"),
            email: or(&it.settings.author_email, "user@easel.invalid"),
            seconds: (world.now_ms() / 1_000) as i64,
            offset_minutes: world.offset_minutes(),
        })
    }

    /// Commits the person's own work beside the branch, before something else moves the files.
    pub(super) fn keep_own_work(&self, workspace: &Workspace) -> Option<Committed> {
        let name = self.new_id("safe");
        let signature = self.signature();
        let mut state = workspace.state.borrow_mut();
        state.project.safety_commit(&name, &format!("{}\n", said::OWN_WORK), &signature)
    }

    async fn rewind(&self, tab: &TabId, commit: &str) {
        let Some(workspace) = self.workspace_of(tab) else { return };
        let Some(target) = self.known_commit(&workspace, commit) else { return };
        let title = first_line(&target.message).to_owned();
        let message = format!("{REWIND}{title}\n\nCommit: {commit}\n");
        match self.restore(&workspace, target.id, &message).await {
            Ok(()) => {
                let text = said::rewound(&title);
                self.notify("rewind", Level::Info, &text, Some(said::UNDO.to_owned()));
            }
            Err(why) => self.notify_error("rewind", &why.text(), None),
        }
    }

    pub(super) async fn undo_rewind(&self, tab: &TabId) {
        let Some(workspace) = self.workspace_of(tab) else { return };
        let before = workspace.state.borrow().record.rewound_from.clone();
        let Some(before) = before.and_then(|it| self.known_commit(&workspace, &it)) else { return };
        match self.restore(&workspace, before.id, UNDO_REWIND).await {
            Ok(()) => self.dismiss("rewind"),
            Err(why) => self.notify_error("rewind", &why.text(), None),
        }
    }

    /// Makes a commit whose files equal another's. Work that no commit holds is committed first.
    async fn restore(
        &self,
        workspace: &Workspace,
        target: Oid,
        message: &str,
    ) -> Result<(), NotDone> {
        let mut writing = workspace.write().await;
        let kept = self.keep_own_work(workspace);
        let before = match &kept {
            Some(kept) => Some(kept.id),
            None => workspace.state.borrow().project.head(),
        };
        if let Some(kept) = kept {
            writing.committed(kept);
        }
        let mut new = self.new_commit(message);
        new.allow_empty = true;
        let restored = workspace.state.borrow_mut().project.restore(&target, new);
        let (committed, applied) = match restored {
            Ok(restored) => restored,
            Err(why) => {
                writing.cancel();
                return Err(NotDone::Refused(why.to_string()));
            }
        };
        writing.committed(committed);
        writing.applied(applied.clone());
        let record_before = workspace.state.borrow().record.clone();
        workspace.state.borrow_mut().note_edits(&applied.changes, self.now_ms());
        workspace.state.borrow_mut().record.rewound_from = before.map(|it| it.to_string());
        let record = schema::encode(&workspace.state.borrow().record);
        writing.batch.put(key::STATE, record);
        let finished = writing.finish().await;
        if finished.is_err() {
            workspace.state.borrow_mut().record = record_before;
        }
        self.after_change(workspace, &applied);
        Ok(finished?)
    }

    fn known_commit(&self, workspace: &Workspace, id: &str) -> Option<git::Commit> {
        let id: Oid = id.parse().ok()?;
        workspace.state.borrow().project.commit_of(&id)
    }

    pub(super) fn history_view(&self, tab: &TabId) -> View {
        let Some(workspace) = self.workspace_of(tab) else { return View::default() };
        let asked = self.with_tab(tab, |it| (it.n_commits, it.shown_commit.clone()));
        let (n_commits, shown) = asked.unwrap_or((PAGE, None));
        let shown = shown.and_then(|it| self.known_commit(&workspace, &it));
        let state = workspace.state.borrow();
        let project = &state.project;
        let head = project.head();
        let log = head.map(|it| project.log(it, n_commits + 1)).unwrap_or_default();
        let mut log = with_own_work(project, log);
        let has_more = log.len() > n_commits;
        log.truncate(n_commits);
        let uncommitted = !project.status().is_empty();
        let head_commit = head.and_then(|it| project.commit_of(&it));
        let head_tree = head_commit.as_ref().map(|it| it.tree);
        View {
            branch: project.branch().to_owned(),
            commits: log
                .iter()
                .map(|it| commit_view(it, !uncommitted && Some(it.tree) == head_tree))
                .collect(),
            has_more,
            shown: shown.map(|it| Shown {
                commit: it.id.to_string(),
                message: it.message.clone(),
                files: project
                    .changes_between(it.parents.first().copied(), Some(it.id))
                    // History that is missing shows no files; the commit itself is there.
                    .unwrap_or_default()
                    .iter()
                    .map(|it| file_diff(it, true))
                    .collect(),
            }),
            can_undo: state.record.rewound_from.is_some()
                && head_commit.is_some_and(|it| it.message.starts_with(REWIND)),
            uncommitted,
        }
    }
}

/// Puts the commits of the person's own work beside the branch among those of the branch, where
/// they belong in time, so that one can go back to them as well.
fn with_own_work(project: &Project, mut log: Vec<git::Commit>) -> Vec<git::Commit> {
    let kept = project.refs().filter(|(name, _)| name.starts_with(SAFETY));
    for commit in kept.filter_map(|(_, id)| project.commit_of(&id)) {
        let parent = |it: &git::Commit| commit.parents.contains(&it.id);
        if let Some(at) = log.iter().position(parent) {
            log.insert(at, commit);
        }
    }
    log
}

fn commit_view(commit: &git::Commit, current: bool) -> Commit {
    let title = first_line(&commit.message);
    Commit {
        id: commit.id.to_string(),
        title: title.to_owned(),
        author: commit.author.name.clone(),
        at_ms: u64::try_from(commit.author.seconds).unwrap_or_default() * 1_000,
        kind: kind_of(title),
        current,
    }
}

fn kind_of(title: &str) -> CommitKind {
    if title.starts_with(ASSISTED) {
        CommitKind::Assisted
    } else if title.starts_with(REWIND) || title == UNDO_REWIND {
        CommitKind::Rewind
    } else if title == said::OWN_WORK {
        CommitKind::Safety
    } else {
        CommitKind::Own
    }
}

fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or_default()
}

/// Turns a difference into what the review shows.
pub(super) fn file_diff(file: &diff::FileDiff, accepted: bool) -> FileDiff {
    let note = match (file.binary, file.too_large) {
        (true, _) => said::BINARY,
        (_, true) => said::LARGE_DIFF,
        (false, false) => "",
    };
    FileDiff {
        summary: summary(file),
        accepted,
        hunks: file.hunks.iter().map(hunk).collect(),
        note: note.to_owned(),
        conflict: false,
    }
}

pub(super) fn summary(file: &diff::FileDiff) -> FileSummary {
    FileSummary {
        path: file.path.to_string(),
        from: file.from.as_ref().map(ToString::to_string),
        status: match file.status {
            diff::Status::Added => FileStatus::Added,
            diff::Status::Modified => FileStatus::Modified,
            diff::Status::Removed => FileStatus::Removed,
            diff::Status::Moved => FileStatus::Moved,
        },
        n_added: file.n_added,
        n_removed: file.n_removed,
    }
}

fn hunk(hunk: &diff::Hunk) -> Hunk {
    Hunk {
        old_start: hunk.old_start,
        new_start: hunk.new_start,
        lines: hunk.lines.iter().map(line).collect(),
    }
}

fn line(line: &diff::Line) -> Line {
    Line {
        kind: match line.kind {
            diff::LineKind::Same => LineKind::Same,
            diff::LineKind::Added => LineKind::Added,
            diff::LineKind::Removed => LineKind::Removed,
        },
        text: line.text.clone(),
    }
}
