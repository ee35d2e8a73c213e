//! How the panels stand beside each other: rail, side bar, chat, main area. Style:
//! `style/workbench/frame.css`.
//!
//! One arrangement for all widths: a narrow window shows one part of it and the bottom bar chooses.

use leptos::prelude::*;

use super::{
    chat::ChatPanel,
    columns::Columns,
    commands,
    files::FilesPanel,
    narrow::{BottomBar, More},
    status::StatusLine,
    top_bar::TopBar,
};
use crate::{
    browser::dom,
    i18n::texts,
    page::Desk,
    ui::{Along, Badge, Icon, IconButton, Splitter, Tone},
};

#[component]
pub fn Frame() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().shell;
    let narrow =
        Memo::new(move |_| desk.narrow.get().then(|| desk.layout.with(|it| it.narrow.clone())));
    // A part is seen if the narrow window shows it, or the wide one has it open.
    let seen = move |names: &'static [&'static str], wide: bool| match narrow.read().as_ref() {
        Some(shown) => names.contains(&shown.as_str()),
        None => wide,
    };
    let side_open = Memo::new(move |_| desk.layout.with(|it| !it.side.is_empty()));
    let chat_open = Memo::new(move |_| desk.layout.with(|it| it.chat_open));
    let side_width = Memo::new(move |_| desk.layout.with(|it| it.side_width));
    let chat_width = Memo::new(move |_| desk.layout.with(|it| it.chat_width));
    let files = move || seen(&["files"], side_open.get());
    let chat = move || seen(&["chat"], chat_open.get());
    // What a narrow window shows is its main part, whatever it is.
    let only = move |name: &'static str| {
        move || narrow.read().as_deref().filter(|it| *it == name).map(|_| "main")
    };
    let set_side = move |it: f64| desk.layout.update(|layout| layout.side_width = it);
    let set_chat = move |it: f64| desk.layout.update(|layout| layout.chat_width = it);
    view! {
        <div class="frame" data-narrow=move || narrow.get()>
            <a
                class="skip"
                href="#main"
                on:click=move |ev| {
                    // Without a step in the history, which Back would have to undo.
                    ev.prevent_default();
                    dom::focus("[role=main], main:not([hidden])");
                }
            >
                {text.skip}
            </a>
            <TopBar />
            <div class="frame__body">
                <Rail />
                <aside
                    class="frame__side"
                    aria-label=text.files
                    role=only("files")
                    data-part="files"
                    tabindex="-1"
                    style:--width=move || format!("{}px", side_width.get())
                    hidden=move || !files()
                >
                    <FilesPanel views=desk.views />
                    <Show when=move || !desk.narrow.get()>
                        <Splitter
                            label=text.side_width
                            along=Along::Inline
                            value=side_width
                            least=140.0
                            most=600.0
                            on_change=set_side
                        />
                    </Show>
                </aside>
                <div
                    class="frame__chat"
                    role=only("chat")
                    data-part="chat"
                    tabindex="-1"
                    style:--width=move || format!("{}px", chat_width.get())
                    hidden=move || !chat()
                >
                    <ChatPanel views=desk.views />
                </div>
                <main
                    class="frame__main"
                    id="main"
                    aria-label=text.main_area
                    data-part="main"
                    tabindex="-1"
                    hidden=move || !seen(&["preview", "code"], true)
                >
                    <Show when=move || chat() && !desk.narrow.get()>
                        <Splitter
                            label=text.chat_width
                            along=Along::Inline
                            value=chat_width
                            least=240.0
                            most=1200.0
                            on_change=set_chat
                        />
                    </Show>
                    <Columns />
                </main>
                <Show when=move || seen(&["more"], false)>
                    <More />
                </Show>
            </div>
            <StatusLine />
            <Show when=move || desk.narrow.get()>
                <BottomBar />
            </Show>
        </div>
    }
}

/// The buttons at the edge that show and hide panels.
#[component]
fn Rail() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().shell;
    let keys = move |id: &'static str| commands::shown_keys(id, desk.apple.get_untracked());
    let run = move |id: &'static str| {
        move |()| {
            if let Some(it) = commands::find(id) {
                (it.run)(desk);
            }
        }
    };
    let has = move |tab: &'static str| {
        Signal::derive(move || {
            desk.layout.with(|it| {
                it.columns.iter().any(|it| it.tabs.get(it.active).is_some_and(|it| it == tab))
            })
        })
    };
    let side = Signal::derive(move || desk.layout.with(|it| !it.side.is_empty()));
    let chat = Signal::derive(move || desk.layout.with(|it| it.chat_open));
    let n_changes = Memo::new(move |_| desk.views.changes.with(|it| it.files.len()));
    view! {
        <nav class="rail" aria-label=text.panels data-part="rail" tabindex="-1">
            <IconButton
                icon=Icon::Folder
                label=text.files
                pressed=side
                keys=keys("toggle-side")
                on_press=run("toggle-side")
            />
            <IconButton
                icon=Icon::Message
                label=text.chat
                pressed=chat
                keys=keys("toggle-chat")
                on_press=run("toggle-chat")
            />
            <hr class="rail__line" />
            <IconButton
                icon=Icon::Play
                label=text.preview
                pressed=has("preview")
                keys=keys("show-preview")
                on_press=run("show-preview")
            />
            <span class="rail__counted">
                <IconButton
                    icon=Icon::Diff
                    label=text.changes
                    pressed=has("changes")
                    keys=keys("show-changes")
                    on_press=run("show-changes")
                />
                <Show when=move || n_changes.get() != 0>
                    <Badge text=Signal::derive(move || n_changes.get().to_string()) tone=Tone::Accent />
                </Show>
            </span>
            <IconButton
                icon=Icon::History
                label=text.history
                pressed=has("history")
                keys=keys("show-history")
                on_press=run("show-history")
            />
        </nav>
    }
}
