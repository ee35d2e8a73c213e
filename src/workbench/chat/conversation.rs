//! The list of messages, and where one is in it.
//!
//! It stays at the newest by itself: the scrolled box is laid out from its end (see the style), so
//! that neither growing nor loading earlier messages moves what is being read, and no script has to
//! measure anything.

use leptos::{html, prelude::*};
use link::chat::{Entry, Status, View, Wish};

use super::row::Row;
use crate::{
    browser::dom,
    i18n::texts,
    page::Desk,
    ui::{Button, ButtonKind, Empty, Icon},
};

/// Who is further from the newest than this many pixels is offered a way back.
const AWAY: f64 = 120.0;

#[component]
pub fn Conversation(chat: RwSignal<View>) -> impl IntoView {
    let text = &texts().chat;
    let ids = Memo::new(move |_| {
        chat.with(|it| it.entries.iter().map(|entry| entry.id.clone()).collect::<Vec<_>>())
    });
    let working = Memo::new(move |_| chat.with(|it| it.status != Status::Ready));
    let list = NodeRef::<html::Div>::new();
    let away = RwSignal::new(false);
    let to_newest = Callback::new(move |()| {
        if let Some(list) = list.get_untracked() {
            dom::set_scroll_top(&list, 0);
            dom::focus(".chat__scroll");
        }
    });

    view! {
        <div class="chat__messages">
            <div
                class="chat__scroll"
                role="region"
                tabindex="0"
                aria-label=text.messages
                node_ref=list
                on:scroll=move |_| {
                    // A scroll is told with the next frame; the list may be gone by then.
                    let Some(list) = list.try_get_untracked().flatten() else { return };
                    let far = dom::scroll_top(&list) < -AWAY;
                    if away.get_untracked() != far {
                        away.set(far);
                    }
                }
            >
                <div class="chat__page" role="log" aria-busy=move || working.get().to_string()>
                    <Earlier chat />
                    <Show when=move || ids.read().is_empty()>
                        <Empty icon=Icon::Message title=text.empty_title text=text.empty_text />
                    </Show>
                    <ol class="chat__entries">
                        <For each=move || ids.get() key=Clone::clone let:id>
                            <Row entry=follow(chat, id) />
                        </For>
                    </ol>
                </div>
            </div>
            <Show when=move || away.get()>
                <div class="chat__newest">
                    <Button label=text.newest icon=Icon::ChevronDown on_press=to_newest />
                </div>
            </Show>
        </div>
    }
    .into_any()
}

#[component]
fn Earlier(chat: RwSignal<View>) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let has_earlier = Memo::new(move |_| chat.with(|it| it.has_earlier));
    view! {
        <Show when=move || has_earlier.get()>
            <div class="chat__earlier">
                <Button
                    label=texts().chat.earlier
                    kind=ButtonKind::Quiet
                    on_press=move |()| desk.wish(link::Wish::Chat(Wish::Earlier))
                />
            </div>
        </Show>
    }
    .into_any()
}

/// Follows one entry: its row is told of nothing else. A row whose entry is gone keeps what it had
/// until it goes too.
fn follow(chat: RwSignal<View>, id: String) -> Memo<Option<Entry>> {
    Memo::new_owning(move |old: Option<Option<Entry>>| {
        chat.with(|view| {
            let found = view.entries.iter().rfind(|entry| entry.id == id);
            match (old.flatten(), found) {
                (Some(old), None) => (Some(old), false),
                (Some(old), Some(found)) if old == *found => (Some(old), false),
                (_, found) => (found.cloned(), true),
            }
        })
    })
}
