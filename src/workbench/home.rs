//! The front door: say what to make, choose what to start from, go on with what there is. Style:
//! `style/workbench/home.css`.

use leptos::prelude::*;
use link::home::Wish;

use crate::{
    browser::dom,
    i18n::texts,
    page::{self, Desk, Section},
    ui::{Button, ButtonKind, Icon, IconButton, Pictogram},
};

mod composer;
mod import;
mod projects;

pub use composer::ModelSelect;
pub use import::take;

#[component]
pub fn Home() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().home;
    let shell = &texts().shell;
    let busy = Memo::new(move |_| desk.views.home.with(|it| it.busy.clone()));
    view! {
        <div class="home">
            <header class="home__bar">
                <span class="home__name">{shell.app}</span>
                <super::top_bar::Bell />
                <IconButton
                    icon=Icon::Settings
                    label=shell.settings
                    on_press=move |()| {
                        desk.dialog.set(Some(page::Dialog::Settings(Section::default())));
                    }
                />
            </header>
            <main class="home__main" id="main">
                <h1 class="home__title">{text.title}</h1>
                <composer::Composer />
                <Others />
                <p class="home__busy" role="status">
                    {move || (!busy.read().is_empty()).then(|| view! {
                        <Pictogram icon=Icon::Loader />
                        <span>{busy}</span>
                    })}
                </p>
                <projects::Recent />
            </main>
        </div>
    }
}

/// Ways to begin without a prompt.
#[component]
fn Others() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().home;
    let demo = move |()| {
        let template = desk.views.home.with_untracked(composer::first_template);
        desk.wish(link::Wish::Home(Wish::Create {
            name: Some(text.demo_name.to_owned()),
            template,
            prompt: Some(text.demo_prompt.to_owned()),
            demo: true,
        }));
    };
    view! {
        <section class="home__others" aria-label=text.import>
            <Button
                label=text.open_folder
                icon=Icon::FolderOpen
                on_press=move |()| dom::click("[data-pick=folder]")
            />
            <Button
                label=text.open_zip
                icon=Icon::Zip
                on_press=move |()| dom::click("[data-pick=zip]")
            />
            <input
                hidden
                type="file"
                data-pick="folder"
                prop:webkitdirectory=true
                on:change:target=move |ev| {
                    dom::picked(ev.target().files(), move |it| take(desk, it));
                    ev.target().set_value("");
                }
            />
            <input
                hidden
                type="file"
                accept=".zip,application/zip"
                data-pick="zip"
                on:change:target=move |ev| {
                    dom::picked(ev.target().files(), move |it| take(desk, it));
                    ev.target().set_value("");
                }
            />
            <span class="home__demo">
                <Button
                    label=text.demo
                    icon=Icon::Play
                    kind=ButtonKind::Quiet
                    on_press=demo
                />
                <span class="home__hint">{text.demo_about}</span>
            </span>
        </section>
    }
}

#[cfg(test)]
mod tests;
