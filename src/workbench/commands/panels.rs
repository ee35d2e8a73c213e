//! Commands that move panels, tabs and the focus.

use leptos::prelude::*;
use link::preview::Stage;

use super::{Command, at_work};
use crate::{
    browser::dom,
    page::{Desk, arrange},
};

/// What F6 walks through.
const PARTS: &str = "[data-part]";

pub(super) const COMMANDS: &[Command] = &[
    Command {
        id: "save",
        title: |t| t.save,
        keys: &["Mod+S"],
        when: at_work,
        run: |desk| desk.save_asked.update(|it| *it += 1),
    },
    Command {
        id: "focus-chat",
        title: |t| t.focus_chat,
        keys: &["Ctrl+Alt+I", "Mod+L"],
        when: at_work,
        run: |desk| {
            desk.show("chat");
            soon("[data-part=chat] textarea");
        },
    },
    Command {
        id: "toggle-side",
        title: |t| t.toggle_side,
        keys: &["Mod+B"],
        when: at_work,
        run: |desk| {
            desk.layout.update(|it| {
                it.side = if it.side.is_empty() { "files".to_owned() } else { String::new() };
            });
        },
    },
    Command {
        id: "toggle-chat",
        title: |t| t.toggle_chat,
        keys: &["Mod+Alt+B"],
        when: at_work,
        run: |desk| desk.layout.update(|it| it.chat_open = !it.chat_open),
    },
    Command {
        id: "show-files",
        title: |t| t.show_files,
        keys: &["Mod+Shift+E"],
        when: at_work,
        run: |desk| {
            desk.show("files");
            soon("[data-part=files] [tabindex='0']");
        },
    },
    Command {
        id: "show-preview",
        title: |t| t.show_preview,
        keys: &["Alt+P"],
        when: at_work,
        run: |desk| desk.show("preview"),
    },
    Command {
        id: "show-changes",
        title: |t| t.show_changes,
        keys: &["Mod+Shift+G"],
        when: at_work,
        run: |desk| desk.show("changes"),
    },
    Command {
        id: "show-history",
        title: |t| t.show_history,
        keys: &["Alt+H"],
        when: at_work,
        run: |desk| desk.show("history"),
    },
    Command {
        id: "toggle-console",
        title: |t| t.toggle_console,
        keys: &["Mod+J"],
        when: at_work,
        run: |desk| {
            desk.show("preview");
            desk.layout.update(|it| it.console_open = !it.console_open);
        },
    },
    Command {
        id: "split",
        title: |t| t.split,
        keys: &["Mod+\\"],
        when: |desk| at_work(desk) && !desk.narrow.get(),
        run: |desk| {
            let column = desk.column.get_untracked();
            desk.layout.update(|it| arrange::split(it, column));
        },
    },
    Command {
        id: "close-tab",
        title: |t| t.close_tab,
        keys: &["Alt+W"],
        when: at_work,
        run: |desk| {
            if let Some(tab) = active_tab(desk) {
                desk.close_tab(&tab);
            }
        },
    },
    Command {
        id: "next-tab",
        title: |t| t.next_tab,
        keys: &["Alt+PageDown", "Mod+PageDown"],
        when: at_work,
        run: |desk| step(desk, 1),
    },
    Command {
        id: "previous-tab",
        title: |t| t.previous_tab,
        keys: &["Alt+PageUp", "Mod+PageUp"],
        when: at_work,
        run: |desk| step(desk, -1),
    },
    Command {
        id: "next-part",
        title: |t| t.next_part,
        keys: &["F6"],
        when: at_work,
        run: |_| dom::walk(PARTS, true),
    },
    Command {
        id: "previous-part",
        title: |t| t.previous_part,
        keys: &["Shift+F6"],
        when: at_work,
        run: |_| dom::walk(PARTS, false),
    },
    Command {
        id: "reload-preview",
        title: |t| t.reload_preview,
        keys: &["Alt+R"],
        when: at_work,
        run: |desk| preview(desk, link::preview::Wish::Reload),
    },
    Command {
        id: "stop-preview",
        title: |t| t.stop_preview,
        keys: &[],
        when: |desk| at_work(desk) && is_running(desk),
        run: |desk| preview(desk, link::preview::Wish::Stop),
    },
    Command {
        id: "start-preview",
        title: |t| t.start_preview,
        keys: &[],
        when: |desk| at_work(desk) && !is_running(desk),
        run: |desk| preview(desk, link::preview::Wish::Start),
    },
];

fn preview(desk: Desk, wish: link::preview::Wish) {
    desk.wish(link::Wish::Preview(wish));
}

fn is_running(desk: Desk) -> bool {
    desk.views.preview.with(|it| match it.stage {
        Stage::Starting | Stage::Running => true,
        Stage::Empty | Stage::Stopped | Stage::Failed => false,
    })
}

fn active_tab(desk: Desk) -> Option<String> {
    let column = desk.column.get_untracked();
    desk.layout.with_untracked(|it| {
        let column = it.columns.get(column).or_else(|| it.columns.first())?;
        column.tabs.get(column.active).cloned()
    })
}

fn step(desk: Desk, by: isize) {
    let column = desk.column.get_untracked();
    desk.layout.update(|it| {
        let at = column.min(it.columns.len().saturating_sub(1));
        let Some(column) = it.columns.get_mut(at) else { return };
        let n = column.tabs.len().max(1) as isize;
        column.active = (column.active as isize + by).rem_euclid(n) as usize;
    });
}

/// Focuses what is shown only after this.
fn soon(selector: &'static str) {
    dom::after(0, move || {
        dom::focus(selector);
    });
}
