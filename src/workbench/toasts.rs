//! Toasts for what needs the person, and the list of all notices. Style:
//! `style/workbench/toasts.css`.

use leptos::prelude::*;
use link::status::{Level, Notice, Wish};

use crate::{
    browser::dom,
    i18n::texts,
    page::{self, Desk},
    ui::{self, Empty, Icon, Toast, Tone},
};

const SAID_MS: i32 = 4_000;

#[component]
pub fn Toasts() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().shell;
    let notices = move || {
        let toasts = |it: &link::status::View| {
            it.notices.iter().filter(|it| it.toast).cloned().collect::<Vec<_>>()
        };
        desk.views.status.with(toasts)
    };
    let said = move || desk.said.get();
    let forget = move |id: u64| desk.said.update(|it| it.retain(|it| it.id != id));
    let expire = move |id: u64| desk.said.update(|it| it.retain(|it| it.id > id));
    let removed = Memo::new(move |_| desk.views.home.with(|it| it.removed.clone()));
    let waved = RwSignal::new(None::<String>);
    let shown =
        Memo::new(move |_| removed.get().filter(|it| waved.read().as_ref() != Some(&it.id)));
    let restore = move |()| {
        if let Some(card) = shown.get_untracked() {
            desk.wish(link::Wish::Home(link::home::Wish::Restore { project: card.id }));
        }
    };
    // The newest confirmation goes last, and takes the older ones with it.
    Effect::new(move |seen: Option<Option<u64>>| {
        let newest = desk.said.with(|it| it.last().map(|it| it.id));
        if let Some(id) = newest
            && seen.flatten() != newest
        {
            dom::after(SAID_MS, move || expire(id));
        }
        newest
    });
    view! {
        <div class="toasts">
            <For each=notices key=|it| it.id.clone() let:notice>
                <NoticeToast notice />
            </For>
            {move || shown.get().map(|card| view! {
                <Toast
                    text=(text.removed)(&card.name)
                    tone=Tone::Neutral
                    action=Some(text.undo.to_owned())
                    on_action=Callback::new(restore)
                    on_dismiss=move |()| waved.set(Some(card.id.clone()))
                    dismiss_label=text.dismiss
                />
            })}
            <For each=said key=|it| it.id let:said>
                <Toast
                    text=said.text.clone()
                    tone=Tone::Good
                    on_dismiss=move |()| forget(said.id)
                    dismiss_label=text.dismiss
                />
            </For>
        </div>
    }
}

/// Every notice, the newest first.
#[component]
pub fn NoticesDialog() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().shell;
    let open = Memo::new(move |_| desk.dialog.with(|it| matches!(it, Some(page::Dialog::Notices))));
    let notices = move || desk.views.status.with(|it| it.notices.clone());
    view! {
        <ui::Dialog
            open
            title=text.notices
            on_close=move |()| desk.dialog.set(None)
            close_label=text.close
        >
            <Show
                when=move || desk.views.status.with(|it| !it.notices.is_empty())
                fallback=move || view! {
                    <Empty icon=Icon::Bell title=text.no_notices text=text.no_notices_text />
                }
            >
                <div class="notices">
                    <For each=notices key=|it| it.id.clone() let:notice>
                        <NoticeToast notice />
                    </For>
                </div>
            </Show>
        </ui::Dialog>
    }
}

#[component]
fn NoticeToast(notice: Notice) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().shell;
    let id = StoredValue::new(notice.id.clone());
    // The same matter again updates its entry.
    let notice = Memo::new(move |_| {
        desk.views.status.with(|it| {
            let found = it.notices.iter().find(|it| id.with_value(|id| it.id == *id));
            found.unwrap_or(&notice).clone()
        })
    });
    let said = Signal::derive(move || {
        let notice = notice.read();
        if notice.n > 1 {
            format!("{} ({})", notice.text, (text.n_times)(notice.n))
        } else {
            notice.text.clone()
        }
    });
    let wish = move |wish: fn(String) -> Wish| desk.wish(link::Wish::Status(wish(id.get_value())));
    view! {
        <Toast
            text=said
            tone=Signal::derive(move || match notice.read().level {
                Level::Info => Tone::Neutral,
                Level::Warning => Tone::Warning,
                Level::Error => Tone::Bad,
            })
            action=Signal::derive(move || notice.read().action.clone())
            on_action=Callback::new(move |()| wish(|notice| Wish::Act { notice }))
            on_dismiss=move |()| wish(|notice| Wish::Dismiss { notice })
            dismiss_label=text.dismiss
        />
    }
}
