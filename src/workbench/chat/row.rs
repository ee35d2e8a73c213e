//! One row of the conversation: what the person said, a checkpoint, an error, or a reply.
//!
//! A row other than a reply is small and rarely changes: it is rendered anew as a whole.

use leptos::prelude::*;
use link::{
    chat::{Checkpoint, Entry, EntryKind, Kept, Remedy, Wish},
    history,
};

use super::reply::ReplyRow;
use crate::{
    i18n::texts,
    page::{Desk, Dialog, Section},
    ui::{Button, ButtonKind, Icon, Pictogram},
};

#[component]
pub fn Row(entry: Memo<Option<Entry>>) -> impl IntoView {
    let is_reply = Memo::new(move |_| {
        entry.with(|it| it.as_ref().is_some_and(|it| matches!(it.kind, EntryKind::Assistant(_))))
    });
    view! {
        <li class="chat__entry">
            {move || {
                if is_reply.get() {
                    view! { <ReplyRow entry /> }.into_any()
                } else {
                    view! { {move || entry.get().map(small_row)} }.into_any()
                }
            }}
        </li>
    }
}

fn small_row(entry: Entry) -> AnyView {
    match entry.kind {
        EntryKind::User { text, state } => view! { <UserRow text state /> }.into_any(),
        EntryKind::Checkpoint(checkpoint) => view! { <CheckpointRow checkpoint /> }.into_any(),
        EntryKind::Error { text, remedy } => {
            view! { <ErrorRow id=entry.id text remedy /> }.into_any()
        }
        EntryKind::Assistant(_) => ().into_any(),
    }
}

#[component]
fn UserRow(text: String, state: Kept) -> impl IntoView {
    let labels = &texts().chat;
    let (name, label) = match state {
        Kept::Saving => ("saving", labels.saving),
        Kept::Saved => ("saved", labels.saved),
    };
    view! {
        <article class="message message--user" aria-label=labels.you data-state=name>
            <p class="message__text" dir="auto">{text}</p>
            <span class="message__kept" title=label>
                {(state == Kept::Saved).then(|| view! { <Pictogram icon=Icon::Check /> })}
                <span class="visually-hidden">{label}</span>
            </span>
        </article>
    }
}

#[component]
fn CheckpointRow(checkpoint: Checkpoint) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().chat;
    let Checkpoint { commit, title, current } = checkpoint;
    let rewind = {
        let commit = commit.clone();
        move |()| {
            desk.wish(link::Wish::History(history::Wish::Rewind { commit: commit.clone() }));
        }
    };
    view! {
        <div class="checkpoint" data-current=current.then_some("") data-commit=commit>
            <Pictogram icon=Icon::GitCommit />
            <span class="checkpoint__title">
                <span class="visually-hidden">{text.checkpoint} ": "</span>
                {title}
            </span>
            {if current {
                view! { <span class="checkpoint__here">{text.here}</span> }.into_any()
            } else {
                view! { <Button label=text.rewind kind=ButtonKind::Quiet on_press=rewind /> }
                    .into_any()
            }}
        </div>
    }
}

#[component]
fn ErrorRow(id: String, text: String, remedy: Remedy) -> impl IntoView {
    let labels = &texts().chat;
    view! {
        <article class="message message--error" aria-label=labels.went_wrong>
            <Pictogram icon=Icon::Error />
            <p class="message__text" dir="auto">{text}</p>
            <RemedyButton entry=id remedy />
        </article>
    }
}

/// The one thing that helps. Also shown below a reply that was broken off.
#[component]
pub fn RemedyButton(entry: String, remedy: Remedy) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().chat;
    let label = match remedy {
        Remedy::Retry => text.retry,
        Remedy::Continue => text.go_on,
        Remedy::OpenSettings => text.open_settings,
        Remedy::None => return None,
    };
    let press = move |()| match remedy {
        Remedy::Retry => desk.wish(link::Wish::Chat(Wish::Retry { entry: entry.clone() })),
        Remedy::Continue => desk.wish(link::Wish::Chat(Wish::Continue { entry: entry.clone() })),
        Remedy::OpenSettings => desk.dialog.set(Some(Dialog::Settings(Section::Models))),
        Remedy::None => {}
    };
    Some(view! { <Button label on_press=press /> })
}
