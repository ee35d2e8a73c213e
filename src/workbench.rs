//! The panels and how they share the window.
//!
//! Components show views and run wishes; what they share is on the [`Desk`].

use leptos::prelude::*;

pub mod changes;
pub mod chat;
mod columns;
pub mod commands;
mod dialogs;
pub mod editor;
pub mod files;
mod frame;
mod fuzzy;
pub mod history;
mod home;
mod keeping;
mod narrow;
mod notify;
mod offline;
mod palette;
pub mod preview;
pub mod request;
mod settings;
mod status;
mod toasts;
mod top_bar;

use crate::{
    browser::dom,
    i18n::texts,
    page::{Desk, Views},
    ui::{Button, ButtonKind, Icon, Pictogram},
};

/// Everything. Expects a [`Desk`] and wishes in the context, see [`crate::page::provide`].
#[component]
pub fn Workbench(views: Views) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().shell;
    keeping::begin(desk);
    notify::begin(desk);
    // A project that is on its way has its panels already: they are filled when it comes.
    let at_work = Memo::new(move |_| desk.opening.get() || desk.at_work());
    let over = RwSignal::new(false);
    view! {
        <div
            class="app"
            aria-busy=move || desk.opening.get().then_some("true")
            on:dragover=move |ev| {
                if dom::carries_files(&ev) {
                    ev.prevent_default();
                    over.set(true);
                }
            }
            on:dragleave=move |ev| {
                if ev.related_target().is_none() {
                    over.set(false);
                }
            }
            on:drop=move |ev| {
                over.set(false);
                if dom::carries_files(&ev) && !ev.default_prevented() {
                    ev.prevent_default();
                    dom::dropped(&ev, move |it| home::take(desk, it));
                }
            }
        >
            <Stopped views />
            <Show when=move || at_work.get() fallback=|| view! { <home::Home /> }>
                <frame::Frame />
            </Show>
            <request::RequestDialog views />
            <settings::SettingsDialog />
            <dialogs::RenameDialog />
            <toasts::NoticesDialog />
            <palette::Palette />
            <toasts::Toasts />
            <offline::Offline />
            <Show when=move || over.get()>
                <p class="app__drop">{text.drop_here}</p>
            </Show>
        </div>
    }
}

/// One line over everything when there is no core to ask, or another build of it.
#[component]
fn Stopped(views: Views) -> impl IntoView {
    let text = &texts().shell;
    let line = move || match (views.broken.get(), views.outdated.get()) {
        (Some(why), _) => Some((text.broken)(&why)),
        (None, true) => Some(text.outdated.to_owned()),
        (None, false) => None,
    };
    view! {
        {move || line().map(|line| view! {
            <div class="app__stopped" role="alert">
                <Pictogram icon=Icon::Warning />
                <p>{line}</p>
                <Button
                    label=text.reload
                    kind=ButtonKind::Primary
                    on_press=move |()| dom::reload()
                />
            </div>
        })}
    }
}

/// The whole page in a browser that lacks what Easel needs.
pub fn too_old(missing: &[&str]) -> impl IntoView + use<> {
    let text = &texts().shell;
    let why = (text.too_old)(&missing.join(", "));
    view! {
        <main class="app__not-started">
            <h1>{text.too_old_title}</h1>
            <p>{why}</p>
        </main>
    }
}

#[cfg(test)]
mod tests;
