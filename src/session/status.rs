//! The status line and the notices: one entry per matter, updated in place.

use link::{
    Panel, TabId,
    status::{Level, Notice, Saved, Task, View, Wish},
};

use super::{Session, turns::CONFIGURED};
use crate::i18n::said;

/// More notices than this are not kept.
const N_NOTICES: usize = 50;
/// The tasks in the status line.
const TURN: &str = "turn";
const IMPORT: &str = "import";

impl Session {
    pub(super) async fn status_wish(&self, tab: &TabId, wish: Wish) {
        match wish {
            Wish::Dismiss { notice } => {
                self.0.profile.borrow_mut().notices.retain(|it| it.id != notice);
            }
            Wish::Act { notice } => {
                self.0.profile.borrow_mut().notices.retain(|it| it.id != notice);
                self.act_on(tab, &notice).await;
            }
            Wish::Cancel { task } => {
                if task == TURN
                    && let Some(workspace) = self.workspace_of(tab)
                {
                    self.say_to_turn(&workspace, agent::turn::Event::Cancelled);
                }
            }
            Wish::OfflineReady => self.0.profile.borrow_mut().offline_ready = true,
            Wish::Diagnose { page } => self.diagnose(tab, page),
            Wish::Report { text } => self.notify_error(&format!("report:{text}"), &text, None),
        }
        self.touch_all(Panel::Status);
    }

    /// A notice's button does what its group is about.
    async fn act_on(&self, tab: &TabId, notice: &str) {
        match notice {
            "removed" => {
                let newest = self.profile(|it| {
                    let removed = it.projects.values().filter(|it| it.removed_at_ms.is_some());
                    removed.max_by_key(|it| it.removed_at_ms).map(|it| it.id.clone())
                });
                if let Some(project) = newest {
                    self.restore_project(&project).await;
                }
            }
            "file-operation" => self.undo_file_operation(tab).await,
            "rewind" => self.undo_rewind(tab).await,
            id if id.starts_with(CONFIGURED) => self.undo_configured(id).await,
            "changes" => self.changes_wish(tab, link::changes::Wish::Apply).await,
            "export" => {
                let open = self.workspace_of(tab).map(|it| it.id.clone());
                if let Some(project) = open {
                    self.export_project(tab, &project).await;
                }
            }
            "provider" => self.settings_wish(tab, link::settings::Wish::RefreshModels).await,
            _ => {}
        }
    }

    /// Tells of an error. A notice of the same group is replaced and counted.
    pub(super) fn notify_error(&self, group: &str, text: &str, action: Option<String>) {
        self.notify(group, Level::Error, text, action);
    }

    pub(super) fn notify(&self, group: &str, level: Level, text: &str, action: Option<String>) {
        let mut profile = self.0.profile.borrow_mut();
        let before = profile.notices.iter().position(|it| it.id == group);
        let n = before.map_or(1, |at| profile.notices.remove(at).n + 1);
        let id = group.to_owned();
        profile
            .notices
            .insert(0, Notice { id, level, text: text.to_owned(), action, n, toast: true });
        profile.notices.truncate(N_NOTICES);
        drop(profile);
        self.touch_all(Panel::Status);
    }

    pub(super) fn dismiss(&self, group: &str) {
        self.0.profile.borrow_mut().notices.retain(|it| it.id != group);
        self.touch_all(Panel::Status);
    }

    pub(super) fn status_view(&self, tab: &TabId) -> View {
        let workspace = self.workspace_of(tab);
        let state = workspace.as_ref().map(|it| it.state.borrow());
        let saved = match &state {
            Some(state) => match (&state.not_saved, state.n_writing) {
                (Some(why), _) => Saved::NotSaved { why: why.clone() },
                (None, 0) => Saved::Saved,
                (None, _) => Saved::Saving,
            },
            None => Saved::Saved,
        };
        let spent = state.as_ref().map(|it| said::spent(&it.record.spent)).unwrap_or_default();
        let turn = state.as_ref().and_then(|it| it.turning.as_ref());
        // How many steps it will take is not known; the limit is no measure of it.
        let turn = turn.map(|it| Task {
            id: TURN.to_owned(),
            title: said::step(it.step, &it.doing),
            progress: None,
            can_cancel: true,
        });
        self.profile(|profile| View {
            saved,
            tasks: import(&profile.busy).into_iter().chain(turn).collect(),
            notices: profile.notices.clone(),
            spent,
            offline_ready: profile.offline_ready,
            proxy_reached: matches!(profile.proxy, link::settings::ProxyState::Connected { .. }),
        })
    }
}

/// What is being brought in, if anything is.
fn import(busy: &str) -> Option<Task> {
    (!busy.is_empty()).then(|| Task {
        id: IMPORT.to_owned(),
        title: busy.to_owned(),
        progress: None,
        can_cancel: false,
    })
}
