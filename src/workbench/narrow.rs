//! What a narrow window has instead of panels side by side. Style: `style/workbench/narrow.css`.

use leptos::prelude::*;

use super::commands;
use crate::{
    i18n::texts,
    page::{Desk, arrange},
    ui::{Icon, Pictogram},
};

/// What More lists: everything without a place of its own.
const MORE: &[(&str, Icon)] = &[
    ("show-changes", Icon::Diff),
    ("show-history", Icon::History),
    ("quick-open", Icon::Search),
    ("palette", Icon::Command),
    ("show-request", Icon::List),
    ("export-project", Icon::Download),
    ("rename-project", Icon::Pencil),
    ("duplicate-project", Icon::Copy),
    ("notices", Icon::Bell),
    ("settings", Icon::Settings),
    ("home", Icon::Home),
];

#[component]
pub fn BottomBar() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().shell;
    let shown = Memo::new(move |_| desk.layout.with(|it| it.narrow.clone()));
    let choose = move |name: &'static str| match name {
        "code" => desk.layout.update(arrange::show_code),
        "more" => desk.layout.update(|it| "more".clone_into(&mut it.narrow)),
        panel => desk.show(panel),
    };
    let button = move |name: &'static str, label: &'static str, icon: Icon| {
        view! {
            <button
                type="button"
                class="bottom-bar__button"
                aria-current=move || (*shown.read() == name).then_some("page")
                on:click=move |_| choose(name)
            >
                <Pictogram icon />
                <span>{label}</span>
            </button>
        }
    };
    view! {
        <nav class="bottom-bar" aria-label=text.panels>
            {button("chat", text.chat, Icon::Message)}
            {button("preview", text.preview, Icon::Play)}
            {button("code", text.code, Icon::Code)}
            {button("files", text.files, Icon::Folder)}
            {button("more", text.more, Icon::Ellipsis)}
        </nav>
    }
}

#[component]
pub fn More() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().shell;
    let titles = &texts().commands;
    let lines = MORE.iter().filter_map(|(id, icon)| Some((commands::find(id)?, *icon)));
    let lines = lines.map(|(command, icon)| {
        view! {
            <li>
                <button
                    type="button"
                    class="more__line"
                    on:click=move |_| (command.run)(desk)
                >
                    <Pictogram icon />
                    <span>{(command.title)(titles)}</span>
                </button>
            </li>
        }
    });
    view! {
        <main class="more" aria-label=text.more tabindex="-1">
            <ul class="more__list">{lines.collect_view()}</ul>
        </main>
    }
}
