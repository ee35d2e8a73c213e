//! The conversation, what it asks, and the composer. Style: `style/workbench/chat.css`.
//!
//! Everything shown is the core's view; only what is being typed lives here. A view changes many
//! times a second while a reply streams, so each row follows its own part of it and nothing else.

use leptos::prelude::*;
use link::chat::{ExportFormat, Wish};

mod block;
mod change_card;
mod composer;
mod context;
mod conversation;
mod draft;
mod mention;
mod note;
mod permission;
mod reply;
mod row;
mod secrets;
mod tool;
mod typing;

use crate::{
    browser::dom,
    i18n::texts,
    page::{Desk, Views},
    ui::{Choice, Icon, Menu},
};

#[component]
pub fn ChatPanel(views: Views) -> impl IntoView {
    let text = &texts().chat;
    view! {
        <section class="chat" aria-label=text.title>
            <header class="chat__head">
                <h2 class="chat__title">{text.title}</h2>
                <MoreMenu />
            </header>
            <conversation::Conversation chat=views.chat />
            <permission::PermissionCard chat=views.chat />
            <composer::Composer views />
        </section>
    }
}

#[component]
fn MoreMenu() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().chat;
    let export = move |format| move || desk.wish(link::Wish::Chat(Wish::Export { format }));
    let choices = Signal::stored(vec![
        Choice::new(text.export_markdown, export(ExportFormat::Markdown)).icon(Icon::Download),
        Choice::new(text.export_json, export(ExportFormat::Json)).icon(Icon::Download),
        Choice::new(text.import, || dom::click("[data-pick=chat]")).icon(Icon::Upload),
    ]);
    let import = move |text: Option<String>| {
        if let Some(text) = text {
            desk.wish(link::Wish::Chat(Wish::Import { text }));
        }
    };
    view! {
        <Menu label=text.more.to_owned() choices />
        <input
            hidden
            type="file"
            accept=".json,application/json"
            data-pick="chat"
            on:change:target=move |ev| {
                dom::picked_text(ev.target().files(), import);
                ev.target().set_value("");
            }
        />
    }
}

#[cfg(test)]
pub mod outline;
#[cfg(test)]
mod tests;
