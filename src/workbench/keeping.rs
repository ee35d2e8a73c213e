//! What ties the desk to the browser and the core: layout kept and restored, theme, shortcuts.
//!
//! Everything here is an effect or a listener; nothing is computed that a component shows.

use std::collections::BTreeSet;

use leptos::prelude::*;
use link::{Wish, settings::Theme};

use super::commands::{self, keys::Press};
use crate::{
    browser::dom,
    i18n::texts,
    page::{Desk, Dialog, arrange},
};

const KEEP_AFTER_MS: i32 = 500;
const MINUTE_MS: i32 = 60_000;
const NARROW: &str = "(max-width: 720px)";

/// Runs for as long as the page lives. Effects do not run natively, and the listeners are added by
/// one of them, so that panels can be rendered without a browser.
pub(super) fn begin(desk: Desk) {
    Effect::new(move |_| listen(desk));
    look(desk);
    layout(desk);
    documents(desk);
    persist(desk);
}

fn listen(desk: Desk) {
    dom::on_media(NARROW, move |it| desk.narrow.set(it));
    dom::on_online(move |it| desk.online.set(it));
    desk.apple.set(dom::is_apple());
    desk.now_ms.set(dom::now_ms());
    dom::every(MINUTE_MS, move || desk.now_ms.set(dom::now_ms()));
    dom::on_keydown(move |ev| {
        let press = Press {
            key: ev.key(),
            code: ev.code(),
            control: ev.ctrl_key(),
            command: ev.meta_key(),
            alt: ev.alt_key(),
            shift: ev.shift_key(),
        };
        let apple = desk.apple.get_untracked();
        // Option is how letters like ø are typed.
        if apple && press.alt && !press.command && !press.control && dom::is_typing(&ev) {
            return;
        }
        let wanted = |it: &&commands::Command| {
            it.keys.iter().any(|it| commands::keys::matches(it, &press, apple))
        };
        let Some(command) = commands::all().find(wanted) else { return };
        // The browser's own meaning (print, save the page) is never wanted here.
        ev.prevent_default();
        ev.stop_propagation();
        let possible = untrack(|| (command.when)(desk));
        let palette = desk
            .dialog
            .with_untracked(|it| matches!(it, None | Some(Dialog::Palette | Dialog::Files)));
        if possible && palette && (!dom::is_modal() || desk.dialog.read_untracked().is_some()) {
            desk.dialog.set(None);
            (command.run)(desk);
        }
    });
}

fn look(desk: Desk) {
    let theme = Memo::new(move |_| desk.views.settings.with(|it| it.theme));
    Effect::new(move |_| {
        dom::set_theme(match theme.get() {
            Theme::System => "",
            Theme::Light => "light",
            Theme::Dark => "dark",
        });
    });
    let name =
        Memo::new(move |_| desk.at_work().then(|| desk.views.workbench.with(|it| it.name.clone())));
    let app = texts().shell.app;
    Effect::new(move |_| match name.get() {
        Some(name) if !name.is_empty() => dom::set_title(&format!("{name} – {app}")),
        Some(_) | None => dom::set_title(app),
    });
}

/// Asks the browser to keep what is stored, once there is something worth keeping.
fn persist(desk: Desk) {
    let wanted =
        Memo::new(move |_| desk.at_work() && desk.views.settings.with(|it| !it.storage.persisted));
    Effect::new(move |asked: Option<bool>| {
        let asked = asked.unwrap_or_default();
        if asked || !wanted.get() {
            return asked;
        }
        dom::persist(move |granted| {
            desk.wish(Wish::Settings(link::settings::Wish::Persisted { granted }));
        });
        true
    });
}

/// Takes the project's layout once, and hands it back a moment after each change.
fn layout(desk: Desk) {
    let taken = RwSignal::new(None::<String>);
    Effect::new(move |_| {
        desk.views.workbench.with(|view| {
            if taken.with_untracked(|it| it.as_ref() == Some(&view.project)) {
                return;
            }
            taken.set(None);
            if let Some(layout) = &view.layout {
                desk.layout.set(arrange::mend(layout.clone()));
                desk.column.set(0);
                taken.set(Some(view.project.clone()));
            }
        });
    });
    Effect::new(move |timer: Option<(dom::Timer, bool)>| {
        let (timer, began) = timer.unwrap_or_default();
        desk.layout.track();
        if taken.with_untracked(Option::is_none) {
            return (timer, false);
        }
        // The first time is the restored layout itself.
        if began {
            timer.put_off(KEEP_AFTER_MS, move || keep(desk, taken));
        }
        (timer, true)
    });
    let hiding = StoredValue::new_local(None);
    Effect::new(move |_| {
        hiding.set_value(Some(dom::before_hiding(move || keep(desk, taken))));
    });
}

/// Hands the layout back, unless another project has come and its own layout has not.
fn keep(desk: Desk, taken: RwSignal<Option<String>>) {
    let project = desk.views.workbench.with_untracked(|it| it.project.clone());
    if untrack(|| desk.at_work()) && taken.get_untracked() == Some(project) {
        let layout = Box::new(desk.layout.get_untracked());
        desk.wish(Wish::Workbench(link::workbench::Wish::Keep(layout)));
    }
}

/// Asks for the documents that tabs show, and closes tabs whose file went.
fn documents(desk: Desk) {
    let paths = Memo::new(move |_| desk.layout.with(link::workbench::Layout::open_files));
    let project = Memo::new(move |_| desk.views.home.with(|it| it.open.clone()));
    Effect::new(move |_| {
        let paths = paths.get();
        if project.read().is_some() {
            desk.wish(Wish::Editor(link::editor::Wish::Show { paths }));
        }
    });
    let files = Memo::new(move |_| {
        let names = |it: &link::files::View| {
            it.files.iter().map(|it| it.path.clone()).collect::<BTreeSet<_>>()
        };
        (project.get(), desk.views.files.with(names))
    });
    Effect::new(move |before: Option<(Option<String>, BTreeSet<String>)>| {
        let now = files.get();
        if let Some((project, files)) = before
            && project == now.0
        {
            let gone: BTreeSet<&String> = files.difference(&now.1).collect();
            let open = desk.layout.with_untracked(link::workbench::Layout::open_files);
            if open.iter().any(|it| gone.contains(it)) {
                desk.layout.update(|it| {
                    arrange::follow(it, |path| !gone.iter().any(|it| *it == path));
                });
            }
        }
        now
    });
}
