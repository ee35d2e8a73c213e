//! Settings: one dialog with sections. Style: `style/workbench/settings.css`.
//!
//! Every change is a wish at once; there is no Save for the whole.

use leptos::prelude::*;

use crate::{
    i18n::{self, texts},
    page::{self, Desk, Section},
    ui::{self, DialogSize, Icon, Pictogram},
};

mod appearance;
mod endpoint;
mod instructions;
mod models;
mod permissions;
mod proxy;
mod shortcuts;
mod storage;
mod you;

const SECTIONS: [Section; 8] = [
    Section::Models,
    Section::You,
    Section::Instructions,
    Section::Permissions,
    Section::Appearance,
    Section::Storage,
    Section::Proxy,
    Section::Shortcuts,
];

#[component]
pub fn SettingsDialog() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().settings;
    let section = Memo::new(move |_| {
        desk.dialog.with(|it| match it {
            Some(page::Dialog::Settings(section)) => Some(*section),
            Some(
                page::Dialog::Palette
                | page::Dialog::Files
                | page::Dialog::Notices
                | page::Dialog::Rename { .. },
            )
            | None => None,
        })
    });
    view! {
        <ui::Dialog
            open=Signal::derive(move || section.get().is_some())
            title=text.title
            on_close=move |()| desk.dialog.set(None)
            close_label=texts().shell.close
            size=DialogSize::Large
        >
            <div class="settings">
                <nav class="settings__nav" aria-label=text.sections>
                    {SECTIONS.map(|it| view! { <Link section=it shown=section /> }).collect_view()}
                </nav>
                <div class="settings__body" tabindex="0">
                    {move || section.get().map(shown)}
                </div>
            </div>
        </ui::Dialog>
    }
}

#[component]
fn Link(section: Section, shown: Memo<Option<Section>>) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let (name, icon) = describe(section, &texts().settings);
    view! {
        <button
            type="button"
            class="settings__link"
            aria-current=move || (shown.get() == Some(section)).then_some("page")
            on:click=move |_| desk.dialog.set(Some(page::Dialog::Settings(section)))
        >
            <Pictogram icon />
            <span>{name}</span>
        </button>
    }
}

fn describe(section: Section, text: &i18n::settings::Texts) -> (&'static str, Icon) {
    match section {
        Section::Models => (text.models, Icon::Bot),
        Section::You => (text.you, Icon::User),
        Section::Instructions => (text.instructions, Icon::List),
        Section::Permissions => (text.permissions, Icon::Shield),
        Section::Appearance => (text.appearance, Icon::Sun),
        Section::Storage => (text.storage, Icon::Save),
        Section::Proxy => (text.proxy, Icon::Key),
        Section::Shortcuts => (text.shortcuts, Icon::Command),
    }
}

fn shown(section: Section) -> impl IntoView {
    let (name, _) = describe(section, &texts().settings);
    let body = match section {
        Section::Models => view! { <models::Models /> }.into_any(),
        Section::You => view! { <you::You /> }.into_any(),
        Section::Instructions => view! { <instructions::Instructions /> }.into_any(),
        Section::Permissions => view! { <permissions::Permissions /> }.into_any(),
        Section::Appearance => view! { <appearance::Appearance /> }.into_any(),
        Section::Storage => view! { <storage::Storage /> }.into_any(),
        Section::Proxy => view! { <proxy::Proxy /> }.into_any(),
        Section::Shortcuts => view! { <shortcuts::Shortcuts /> }.into_any(),
    };
    view! {
        <section class="settings__section" aria-label=name>
            <h3 class="settings__heading">{name}</h3>
            {body}
        </section>
    }
}

#[cfg(test)]
mod tests;
