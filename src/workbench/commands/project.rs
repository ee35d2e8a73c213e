//! Commands on the open project, its chat and its changes.

use leptos::prelude::*;
use link::{
    Wish,
    chat::{ExportFormat, Status},
};

use super::{Command, at_work};
use crate::page::{Desk, Dialog};

pub(super) const COMMANDS: &[Command] = &[
    Command {
        id: "stop-reply",
        title: |t| t.stop_reply,
        keys: &["Mod+Shift+Backspace"],
        when: |desk| at_work(desk) && is_working(desk),
        run: |desk| chat(desk, link::chat::Wish::Stop),
    },
    Command {
        id: "apply",
        title: |t| t.apply,
        keys: &["Mod+Shift+Enter"],
        when: |desk| at_work(desk) && is_pending(desk),
        run: |desk| desk.wish(Wish::Changes(link::changes::Wish::Apply)),
    },
    Command {
        id: "reject",
        title: |t| t.reject,
        keys: &[],
        when: |desk| at_work(desk) && is_pending(desk),
        run: |desk| desk.wish(Wish::Changes(link::changes::Wish::RejectAll)),
    },
    Command {
        id: "undo-rewind",
        title: |t| t.undo_rewind,
        keys: &[],
        when: |desk| at_work(desk) && desk.views.history.with(|it| it.can_undo),
        run: |desk| desk.wish(Wish::History(link::history::Wish::UndoRewind)),
    },
    Command {
        id: "undo-files",
        title: |t| t.undo_files,
        keys: &[],
        when: |desk| at_work(desk) && desk.views.files.with(|it| !it.undo.is_empty()),
        run: |desk| desk.wish(Wish::Files(link::files::Wish::Undo)),
    },
    Command {
        id: "auto-apply-on",
        title: |t| t.auto_apply_on,
        keys: &[],
        when: |desk| at_work(desk) && !applies_itself(desk),
        run: |desk| chat(desk, link::chat::Wish::SetAutoApply { on: true }),
    },
    Command {
        id: "auto-apply-off",
        title: |t| t.auto_apply_off,
        keys: &[],
        when: |desk| at_work(desk) && applies_itself(desk),
        run: |desk| chat(desk, link::chat::Wish::SetAutoApply { on: false }),
    },
    Command {
        id: "show-request",
        title: |t| t.show_request,
        keys: &[],
        when: at_work,
        run: |desk| chat(desk, link::chat::Wish::ShowRequest),
    },
    Command {
        id: "export-chat",
        title: |t| t.export_chat,
        keys: &[],
        when: at_work,
        run: |desk| chat(desk, link::chat::Wish::Export { format: ExportFormat::Markdown }),
    },
    Command {
        id: "export-chat-json",
        title: |t| t.export_chat_json,
        keys: &[],
        when: at_work,
        run: |desk| chat(desk, link::chat::Wish::Export { format: ExportFormat::Json }),
    },
    Command {
        id: "export-project",
        title: |t| t.export_project,
        keys: &[],
        when: at_work,
        run: |desk| with_project(desk, |project| link::home::Wish::Export { project }),
    },
    Command {
        id: "rename-project",
        title: |t| t.rename_project,
        keys: &[],
        when: at_work,
        run: |desk| {
            let view = desk.views.home.read_untracked();
            let Some(open) = &view.open else { return };
            let Some(card) = view.projects.iter().find(|it| it.id == *open) else { return };
            let (project, name) = (card.id.clone(), card.name.clone());
            super::open(desk, Dialog::Rename { project, name });
        },
    },
    Command {
        id: "duplicate-project",
        title: |t| t.duplicate_project,
        keys: &[],
        when: at_work,
        run: |desk| with_project(desk, |project| link::home::Wish::Duplicate { project }),
    },
    Command {
        id: "home",
        title: |t| t.home,
        keys: &[],
        when: at_work,
        run: |desk| desk.wish(Wish::Home(link::home::Wish::Leave)),
    },
];

fn chat(desk: Desk, wish: link::chat::Wish) {
    desk.wish(Wish::Chat(wish));
}

fn is_working(desk: Desk) -> bool {
    desk.views.chat.with(|it| it.status != Status::Ready)
}

fn is_pending(desk: Desk) -> bool {
    desk.views.changes.with(|it| !it.action.is_empty())
}

fn applies_itself(desk: Desk) -> bool {
    desk.views.chat.with(|it| it.composer.auto_apply)
}

fn with_project(desk: Desk, wish: fn(String) -> link::home::Wish) {
    if let Some(project) = desk.views.home.with_untracked(|it| it.open.clone()) {
        desk.wish(Wish::Home(wish(project)));
    }
}
