//! A reply: its parts as they come, and how it ended.
//!
//! Parts and blocks only ever grow at the end, so their places are their names.

use leptos::prelude::*;
use link::chat::{Entry, EntryKind, Part, Remedy, Reply, ReplyState};

use super::{block::BlockRow, change_card::ChangeCardRow, row::RemedyButton, tool::ToolRow};
use crate::{
    i18n::texts,
    ui::{Icon, Pictogram},
};

#[component]
pub fn ReplyRow(entry: Memo<Option<Entry>>) -> impl IntoView {
    let n_parts = Memo::new(move |_| with(entry, |it| it.parts.len()));
    let model = Memo::new(move |_| with(entry, |it| it.model.clone()));
    let state = Memo::new(move |_| with(entry, |it| it.state));
    view! {
        <article
            class="message message--reply"
            aria-label=move || model.get()
            aria-busy=move || (state.get() == ReplyState::Streaming).to_string()
            data-state=move || name(state.get())
        >
            <Scripted entry />
            <For each=move || 0..n_parts.get() key=|at| *at let:at>
                <PartRow entry at />
            </For>
            <Ending entry state />
        </article>
    }
}

/// Says that a reply was recorded: before the reply, so that nobody takes it for a model's.
#[component]
fn Scripted(entry: Memo<Option<Entry>>) -> impl IntoView {
    let scripted = Memo::new(move |_| with(entry, |it| it.scripted));
    view! {
        <Show when=move || scripted.get()>
            <p class="message__scripted">{texts().chat.scripted}</p>
        </Show>
    }
}

#[component]
fn Ending(entry: Memo<Option<Entry>>, state: Memo<ReplyState>) -> impl IntoView {
    let text = &texts().chat;
    let cost = Memo::new(move |_| with(entry, |it| it.cost.clone()));
    let id = move || entry.with(|it| it.as_ref().map(|it| it.id.clone()).unwrap_or_default());
    let said = move || match state.get() {
        ReplyState::Streaming | ReplyState::Complete => None,
        ReplyState::Stopped => Some(text.stopped),
        ReplyState::Interrupted => Some(text.interrupted),
        ReplyState::Failed => Some(text.failed),
    };
    view! {
        {move || {
            said().map(|said| view! {
                <div class="message__ending">
                    <p>{said}</p>
                    {(state.get() == ReplyState::Interrupted)
                        .then(|| view! { <RemedyButton entry=id() remedy=Remedy::Continue /> })}
                </div>
            })
        }}
        <Show when=move || !cost.read().is_empty()>
            <p class="message__cost">{cost}</p>
        </Show>
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tag {
    Text,
    Reasoning,
    Tool,
    Changes,
}

#[component]
fn PartRow(entry: Memo<Option<Entry>>, at: usize) -> impl IntoView {
    let tag = Memo::new(move |_| {
        with(entry, |it| match it.parts.get(at)? {
            Part::Text { .. } => Some(Tag::Text),
            Part::Reasoning { .. } => Some(Tag::Reasoning),
            Part::Tool(_) => Some(Tag::Tool),
            Part::Changes(_) => Some(Tag::Changes),
        })
    });
    move || match tag.get() {
        Some(Tag::Text) => view! { <TextPart entry at /> }.into_any(),
        Some(Tag::Reasoning) => view! { <ReasoningPart entry at /> }.into_any(),
        Some(Tag::Tool) => view! { <ToolRow tool=tool(entry, at) /> }.into_any(),
        Some(Tag::Changes) => view! { <ChangeCardRow card=card(entry, at) /> }.into_any(),
        None => ().into_any(),
    }
}

#[component]
fn TextPart(entry: Memo<Option<Entry>>, at: usize) -> impl IntoView {
    let n_blocks = Memo::new(move |_| {
        with(entry, |it| match it.parts.get(at) {
            Some(Part::Text { blocks }) => blocks.len(),
            Some(Part::Reasoning { .. } | Part::Tool(_) | Part::Changes(_)) | None => 0,
        })
    });
    view! {
        <For each=move || 0..n_blocks.get() key=|at| *at let:block>
            <BlockRow block=block_at(entry, at, block) />
        </For>
    }
}

/// Collapsed: thoughts are for those who ask.
#[component]
fn ReasoningPart(entry: Memo<Option<Entry>>, at: usize) -> impl IntoView {
    let open = RwSignal::new(false);
    let thought = Memo::new(move |_| {
        with(entry, |it| match it.parts.get(at) {
            Some(Part::Reasoning { text }) if open.get() => text.clone(),
            Some(Part::Reasoning { .. } | Part::Text { .. } | Part::Tool(_) | Part::Changes(_))
            | None => String::new(),
        })
    });
    view! {
        <details class="fold fold--reasoning" on:toggle:target=move |ev| open.set(ev.target().open())>
            <summary class="fold__head">
                <Pictogram icon=Icon::Brain />
                <span class="fold__title">{texts().chat.reasoning}</span>
            </summary>
            <p class="fold__text" dir="auto">{thought}</p>
        </details>
    }
}

fn block_at(entry: Memo<Option<Entry>>, part: usize, at: usize) -> Memo<Option<link::chat::Block>> {
    Memo::new_owning(move |old: Option<Option<_>>| {
        with(entry, |reply| {
            let found = match reply.parts.get(part) {
                Some(Part::Text { blocks }) => blocks.get(at),
                Some(Part::Reasoning { .. } | Part::Tool(_) | Part::Changes(_)) | None => None,
            };
            match old {
                Some(old) if old.as_ref() == found => (old, false),
                Some(_) | None => (found.cloned(), true),
            }
        })
    })
}

fn tool(entry: Memo<Option<Entry>>, at: usize) -> Memo<Option<link::chat::Tool>> {
    Memo::new(move |_| {
        with(entry, |it| match it.parts.get(at)? {
            Part::Tool(tool) => Some(tool.clone()),
            Part::Text { .. } | Part::Reasoning { .. } | Part::Changes(_) => None,
        })
    })
}

fn card(entry: Memo<Option<Entry>>, at: usize) -> Memo<Option<link::chat::ChangeCard>> {
    Memo::new(move |_| {
        with(entry, |it| match it.parts.get(at)? {
            Part::Changes(card) => Some(card.clone()),
            Part::Text { .. } | Part::Reasoning { .. } | Part::Tool(_) => None,
        })
    })
}

/// Reads the reply of an entry; an entry that is none reads as an empty one.
fn with<T>(entry: Memo<Option<Entry>>, read: impl FnOnce(&Reply) -> T) -> T {
    entry.with(|it| match it.as_ref().map(|it| &it.kind) {
        Some(EntryKind::Assistant(reply)) => read(reply),
        Some(EntryKind::User { .. } | EntryKind::Checkpoint(_) | EntryKind::Error { .. })
        | None => read(&Reply::default()),
    })
}

fn name(state: ReplyState) -> &'static str {
    match state {
        ReplyState::Streaming => "streaming",
        ReplyState::Complete => "complete",
        ReplyState::Stopped => "stopped",
        ReplyState::Interrupted => "interrupted",
        ReplyState::Failed => "failed",
    }
}
