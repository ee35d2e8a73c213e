//! The bar over the workbench: which project, whether it is saved, and the way to everything else.
//! Style: `style/workbench/top_bar.css`.

use leptos::prelude::*;
use link::{home, status::Saved};

use super::commands;
use crate::{
    i18n::texts,
    page::{self, Desk, Section},
    ui::{Choice, Icon, IconButton, Menu, Pictogram},
};

/// Other projects in the menu; the rest is at the front door.
const MAX_RECENT: usize = 8;

#[component]
pub fn TopBar() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().shell;
    let keys = move |id: &'static str| commands::shown_keys(id, desk.apple.get());
    view! {
        <header class="top-bar" aria-label=text.top_bar data-part="top" tabindex="-1">
            <IconButton
                icon=Icon::Home
                label=text.all_projects
                on_press=move |()| desk.wish(link::Wish::Home(home::Wish::Leave))
            />
            <h1 class="unseen">{move || desk.views.workbench.with(|it| it.name.clone())}</h1>
            <ProjectMenu />
            <SavedState />
            <button
                type="button"
                class="top-bar__search"
                on:click=move |_| desk.dialog.set(Some(page::Dialog::Palette))
            >
                <Pictogram icon=Icon::Search />
                <span>{text.run_command}</span>
                <kbd>{move || keys("palette")}</kbd>
            </button>
            <Bell />
            <IconButton
                icon=Icon::Settings
                label=text.settings
                on_press=move |()| {
                    desk.dialog.set(Some(page::Dialog::Settings(Section::default())));
                }
            />
        </header>
    }
}

#[component]
fn ProjectMenu() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().shell;
    let name = Memo::new(move |_| desk.views.workbench.with(|it| it.name.clone()));
    let cards = Memo::new(move |_| {
        desk.views.home.with(|it| (it.open.clone().unwrap_or_default(), it.projects.clone()))
    });
    let wish = move |wish: home::Wish| desk.wish(link::Wish::Home(wish));
    let choices = Signal::derive(move || {
        let (open, cards) = cards.get();
        let own = cards.iter().find(|it| it.id == open).map(|it| it.name.clone());
        let others = cards.iter().filter(|it| it.id != open).take(MAX_RECENT).map(|card| {
            let project = card.id.clone();
            let open = move || wish(home::Wish::Open { project: project.clone() });
            Choice::new(card.name.clone(), open).icon(Icon::Folder)
        });
        let (rename, copy, export) = (open.clone(), open.clone(), open.clone());
        let own_name = own.unwrap_or_else(|| name.get());
        let rename = move || {
            let (project, name) = (rename.clone(), own_name.clone());
            desk.dialog.set(Some(page::Dialog::Rename { project, name }));
        };
        let copy = move || wish(home::Wish::Duplicate { project: copy.clone() });
        let export = move || wish(home::Wish::Export { project: export.clone() });
        let mut choices = vec![
            Choice::new(text.rename, rename).icon(Icon::Pencil),
            Choice::new(text.duplicate, copy).icon(Icon::Copy),
            Choice::new(text.export_zip, export).icon(Icon::Download),
            Choice::new(text.all_projects, move || wish(home::Wish::Leave)).icon(Icon::Home),
        ];
        choices.extend(others);
        choices
    });
    view! { <Menu label=text.project_menu text=name choices /> }
}

/// Whether everything is durable. A failure is also a notice; this says it where one looks.
#[component]
fn SavedState() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().shell;
    let saved = Memo::new(move |_| desk.views.status.with(|it| it.saved.clone()));
    let typing = Memo::new(move |_| desk.unsaved.with(|it| !it.is_empty()));
    let shown = move || match saved.get() {
        Saved::Saved if typing.get() => (Icon::Circle, text.saving.to_owned(), "saving"),
        Saved::Saved => (Icon::Check, text.saved.to_owned(), "saved"),
        Saved::Saving => (Icon::Circle, text.saving.to_owned(), "saving"),
        Saved::NotSaved { why } => (Icon::Warning, (text.not_saved)(&why), "failed"),
    };
    view! {
        <span class="top-bar__saved" data-status=move || shown().2>
            <Pictogram icon=Signal::derive(move || shown().0) />
            <span>{move || shown().1}</span>
        </span>
    }
}

#[component]
pub fn Bell() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().shell;
    let n = Memo::new(move |_| desk.views.status.with(|it| it.notices.len()));
    let label = Signal::derive(move || match n.get() {
        0 => text.notices.to_owned(),
        n => (text.n_notices)(n),
    });
    view! {
        <span class="top-bar__bell" data-some=move || (n.get() > 0).then_some("")>
            <IconButton
                icon=Icon::Bell
                label
                on_press=move |()| desk.dialog.set(Some(page::Dialog::Notices))
            />
        </span>
    }
}
