//! What goes along with a message: files and notes, the model, and what it will cost.

use leptos::prelude::*;
use link::chat::{ContextItem, ContextKind, View, Wish};

use super::{note::NoteButton, typing::Typing};
use crate::{
    i18n::{chat::short, texts},
    page::{Desk, Dialog, Section},
    ui::{Button, ButtonKind, Icon, IconButton, Pictogram, Switch},
};

/// The attached files and notes.
#[component]
pub fn Context(chat: RwSignal<View>) -> impl IntoView {
    let items = Memo::new(move |_| chat.with(|it| it.composer.context.clone()));
    view! {
        <Show when=move || !items.read().is_empty()>
            <ul class="composer__context" aria-label=texts().chat.context>
                <For each=move || items.get() key=|it| (it.id.clone(), it.tokens) let:item>
                    <Chip item />
                </For>
            </ul>
        </Show>
    }
    .into_any()
}

#[component]
fn Chip(item: ContextItem) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().chat;
    let ContextItem { id, kind, name, tokens } = item;
    let icon = match kind {
        ContextKind::File => Icon::File,
        ContextKind::Note => Icon::Pencil,
    };
    let remove = move |()| {
        desk.wish(link::Wish::Chat(Wish::RemoveContext { item: id.clone() }));
    };
    view! {
        <li class="chip" title=(text.tokens)(tokens)>
            <Pictogram icon />
            <bdi class="chip__name">{name.clone()}</bdi>
            <span class="chip__tokens" aria-hidden="true">{short(tokens)}</span>
            <IconButton icon=Icon::Close label=(text.remove_context)(&name) on_press=remove />
        </li>
    }
    .into_any()
}

/// The line below the text area.
#[component]
pub fn Bar(typing: Typing, chat: RwSignal<View>) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().chat;
    let auto_apply = Memo::new(move |_| chat.with(|it| it.composer.auto_apply));
    view! {
        <div class="composer__bar">
            <IconButton
                icon=Icon::Paperclip
                label=text.add_file
                keys="@"
                on_press=move |()| typing.mention_file()
            />
            <NoteButton />
            <ModelPicker chat />
            <Switch
                label=text.auto_apply
                title=text.auto_apply_about
                on=auto_apply
                on_change=move |on| desk.wish(link::Wish::Chat(Wish::SetAutoApply { on }))
            />
            <EstimateButton chat />
        </div>
    }
    .into_any()
}

/// Models by provider; without any, the way to set one up.
#[component]
fn ModelPicker(chat: RwSignal<View>) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().chat;
    let models = Memo::new(move |_| chat.with(|it| it.composer.models.clone()));
    let model = Memo::new(move |_| chat.with(|it| it.composer.model.clone()));
    let set_up = move |()| desk.dialog.set(Some(Dialog::Settings(Section::Models)));
    view! {
        <Show
            when=move || !models.read().is_empty()
            fallback=move || view! { <Button label=text.no_model icon=Icon::Bot on_press=set_up /> }
        >
            <select
                class="composer__model"
                aria-label=text.model
                prop:value=model
                on:change:target=move |ev| {
                    let model = ev.target().value();
                    desk.wish(link::Wish::Chat(Wish::SetModel { model }));
                }
            >
                {move || {
                    let chosen = model.get();
                    let models = models.get();
                    let mut providers: Vec<&str> =
                        models.iter().map(|it| it.provider.as_str()).collect();
                    providers.dedup();
                    let groups = providers.into_iter().map(|provider| {
                        let own = models.iter().filter(|it| it.provider == provider);
                        let own = own.map(|it| {
                            let selected = it.id == chosen;
                            view! { <option value=it.id.clone() selected=selected>{it.name.clone()}</option> }
                        }).collect_view();
                        view! { <optgroup label=provider.to_owned()>{own}</optgroup> }
                    }).collect_view();
                    let unknown = !models.iter().any(|it| it.id == chosen);
                    let none = unknown
                        .then(|| view! { <option value=chosen selected=true>{text.no_model}</option> });
                    (none, groups)
                }}
            </select>
        </Show>
    }
    .into_any()
}

/// Tokens and money of what would be sent, which opens the sections; and how long it may take.
#[component]
fn EstimateButton(chat: RwSignal<View>) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().chat;
    let label = Memo::new(move |_| {
        chat.with(|it| {
            let estimate = &it.composer.estimate;
            let cost = estimate.cost.trim_start_matches(['≈', ' ']);
            (text.estimate)(&(text.tokens)(estimate.tokens), cost)
        })
    });
    let takes = Memo::new(move |_| {
        chat.with(|it| (it.composer.estimate.takes.clone(), it.composer.estimate.measured))
    });
    let takes_about = move || if takes.read().1 { text.takes_measured } else { text.takes_guessed };
    let n_left_out = Memo::new(move |_| chat.with(|it| it.composer.estimate.left_out.len()));
    view! {
        <span class="composer__estimate">
            <Button
                label
                kind=ButtonKind::Quiet
                title=text.estimate_about
                on_press=move |()| desk.wish(link::Wish::Chat(Wish::ShowRequest))
            />
            <span
                class="composer__takes"
                title=takes_about
                hidden=move || takes.read().0.is_empty()
            >
                {move || takes.get().0}
            </span>
            <Show when=move || n_left_out.get() != 0>
                <span class="composer__left-out">{move || (text.left_out)(n_left_out.get())}</span>
            </Show>
        </span>
    }
    .into_any()
}
