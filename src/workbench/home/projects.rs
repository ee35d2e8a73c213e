//! The projects there are, the last used one first.

use leptos::prelude::*;
use link::home::{ProjectCard, Wish};

use crate::{
    i18n::{self, texts},
    page::{self, Desk},
    ui::{Choice, Empty, Icon, Menu, Pictogram},
};

#[component]
pub fn Recent() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().home;
    let loaded = Memo::new(move |_| desk.views.home.with(|it| it.loaded));
    let none = Memo::new(move |_| desk.views.home.with(|it| it.projects.is_empty()));
    let ids = Memo::new(move |_| {
        desk.views.home.with(|it| it.projects.iter().map(|it| it.id.clone()).collect::<Vec<_>>())
    });
    view! {
        <section class="home__recent" aria-labelledby="recent">
            <h2 class="home__heading" id="recent">{text.recent}</h2>
            {move || match (loaded.get(), none.get()) {
                (false, _) => view! { <p class="home__hint" role="status">{text.loading}</p> }.into_any(),
                (true, true) => view! { <Empty icon=Icon::Folder title=text.none /> }.into_any(),
                (true, false) => view! {
                    <ul class="home__projects">
                        <For each=move || ids.get() key=String::clone let:id>
                            <Card id />
                        </For>
                    </ul>
                }.into_any(),
            }}
        </section>
    }
}

#[component]
fn Card(id: String) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().home;
    let shell = &texts().shell;
    let id = StoredValue::new(id);
    let card = Memo::new(move |before: Option<&Option<ProjectCard>>| {
        let found = desk
            .views
            .home
            .with(|it| it.projects.iter().find(|it| id.with_value(|id| it.id == *id)).cloned());
        found.or_else(|| before.cloned().flatten())
    });
    let name =
        Signal::derive(move || card.read().as_ref().map(|it| it.name.clone()).unwrap_or_default());
    let about = move || {
        let Some(card) = card.get() else { return String::new() };
        let ago = i18n::ago(desk.now_ms.get(), card.used_at_ms);
        format!("{ago} · {}", (text.n_files)(card.n_files))
    };
    let wish = move |wish: fn(String) -> Wish| desk.wish(link::Wish::Home(wish(id.get_value())));
    let open = move || wish(|project| Wish::Open { project });
    let rename = move || {
        let (project, name) = (id.get_value(), name.get_untracked());
        desk.dialog.set(Some(page::Dialog::Rename { project, name }));
    };
    let choices = Signal::stored(vec![
        Choice::new(text.open, open).icon(Icon::FolderOpen),
        Choice::new(shell.rename, rename).icon(Icon::Pencil),
        Choice::new(shell.duplicate, move || wish(|project| Wish::Duplicate { project }))
            .icon(Icon::Copy),
        Choice::new(shell.export_zip, move || wish(|project| Wish::Export { project }))
            .icon(Icon::Download),
        Choice::new(text.remove, move || wish(|project| Wish::Remove { project }))
            .icon(Icon::Trash)
            .danger(),
    ]);
    view! {
        <li class="project">
            <button type="button" class="project__open" on:click=move |_| open()>
                <Pictogram icon=Icon::Folder />
                <span class="project__name"><bdi>{name}</bdi></span>
                <span class="project__about">{about}</span>
            </button>
            <Menu
                label=Signal::derive(move || (text.project_actions)(&name.read()))
                choices
            />
        </li>
    }
}
