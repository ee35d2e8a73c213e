//! Where messages are written, and what goes along with them.
//!
//! The text being typed is this tab's (`typing`); the core keeps a copy of it and counts what would
//! be sent. A message leaves the text area when the conversation shows it, so that nothing is lost
//! when the core has to ask for something first.

use leptos::prelude::*;
use link::chat::{Status, View};

use super::{
    context::{Bar, Context},
    mention::offered,
    secrets::SecretsDialog,
    typing::Typing,
};
use crate::{
    browser::dom,
    i18n::texts,
    page::Views,
    ui::{Button, ButtonKind, Icon},
};

#[component]
pub fn Composer(views: Views) -> impl IntoView {
    let chat = views.chat;
    let text = &texts().chat;
    let typing = Typing::new(chat);
    typing.follow_view();
    let offers = Memo::new(move |_| match &*typing.mention.read() {
        Some(mention) => views
            .files
            .with(|it| offered(it.files.iter().map(|file| file.path.as_str()), &mention.query)),
        None => Vec::new(),
    });
    view! {
        <form
            class="composer"
            aria-label=text.composer
            on:submit=move |ev| {
                ev.prevent_default();
                typing.send(false);
            }
        >
            <Doing chat />
            <Context chat />
            <div class="composer__box">
                <Area typing offers />
                <Offers typing offers />
                <SendOrStop typing />
            </div>
            <Bar typing chat />
            <SecretsDialog typing chat />
        </form>
    }
}

/// What the turn does, while it does.
#[component]
fn Doing(chat: RwSignal<View>) -> impl IntoView {
    let doing = Memo::new(move |_| {
        chat.with(|it| match &it.status {
            Status::Ready => String::new(),
            Status::Working { doing } => doing.clone(),
        })
    });
    view! {
        <p class="composer__doing" role="status" data-working=move || {
            (!doing.read().is_empty()).then_some("")
        }>
            {doing}
        </p>
    }
    .into_any()
}

#[component]
fn Area(typing: Typing, offers: Memo<Vec<String>>) -> impl IntoView {
    let text = &texts().chat;
    let active =
        move || (!offers.read().is_empty()).then(|| format!("mention-{}", typing.chosen.get()));
    view! {
        <textarea
            class="composer__text"
            rows="2"
            dir="auto"
            aria-label=text.message
            placeholder=text.placeholder
            aria-autocomplete="list"
            aria-controls="mentions"
            aria-activedescendant=active
            node_ref=typing.area
            prop:value=typing.text
            on:input:target=move |ev| {
                typing.typed(ev.target().value(), dom::cursor(&ev.target()));
            }
            on:blur=move |_| typing.left()
            on:keydown=move |ev| {
                if ev.is_composing() {
                    return;
                }
                let taken = offers.with_untracked(|it| typing.key_in_offers(&ev.key(), it))
                    || typing.key(&ev.key(), ev.shift_key());
                if taken {
                    ev.prevent_default();
                    ev.stop_propagation();
                }
            }
        ></textarea>
    }
    .into_any()
}

#[component]
fn Offers(typing: Typing, offers: Memo<Vec<String>>) -> impl IntoView {
    let text = &texts().chat;
    let open = Memo::new(move |_| typing.mention.read().is_some());
    view! {
        <ul
            class="composer__offers"
            id="mentions"
            role="listbox"
            aria-label=text.files
            hidden=move || !open.get()
        >
            {move || {
                let chosen = typing.chosen.get();
                offers.get().into_iter().enumerate().map(|(at, path)| {
                    let taken = path.clone();
                    view! {
                        <li
                            id=format!("mention-{at}")
                            class="composer__offer"
                            role="option"
                            aria-selected=(at == chosen).to_string()
                            // Before the text area loses the focus.
                            on:pointerdown=move |ev| {
                                ev.prevent_default();
                                typing.take(&taken);
                            }
                        >
                            <bdi>{path}</bdi>
                        </li>
                    }
                }).collect_view()
            }}
            <Show when=move || open.get() && offers.read().is_empty()>
                <li class="composer__offer" role="option" aria-disabled="true" aria-selected="false">
                    {text.no_file}
                </li>
            </Show>
        </ul>
    }
    .into_any()
}

#[component]
fn SendOrStop(typing: Typing) -> impl IntoView {
    let text = &texts().chat;
    let empty = Memo::new(move |_| typing.text.read().trim().is_empty());
    view! {
        <div class="composer__go">
            <Show when=move || typing.working.get()>
                <Show when=move || !empty.get() && !typing.is_sent()>
                    <span class="composer__why">{text.busy}</span>
                </Show>
                <Button
                    label=text.stop
                    icon=Icon::Stop
                    on_press=move |()| typing.stop()
                />
            </Show>
            <Button
                label=text.send
                icon=Icon::Send
                kind=ButtonKind::Primary
                disabled=Signal::derive(move || empty.get() || typing.working.get())
                on_press=move |()| typing.send(false)
            />
        </div>
    }
    .into_any()
}
