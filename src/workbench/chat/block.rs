//! A block of a reply's text: prose, or code with what one can do with it.
//!
//! The HTML of prose comes from the core, which lets no markup of the model's through.

use leptos::prelude::*;
use link::chat::{Block, Wish};

use crate::{
    browser::dom::{self, Linked},
    i18n::texts,
    page::Desk,
    ui::{Button, ButtonKind, Icon, TextField},
};

#[component]
pub fn BlockRow(block: Memo<Option<Block>>) -> impl IntoView {
    let is_code = Memo::new(move |_| block.with(|it| matches!(it, Some(Block::Code { .. }))));
    move || {
        if is_code.get() {
            view! { <CodeBlock block /> }.into_any()
        } else {
            view! { <Prose block /> }.into_any()
        }
    }
}

/// Prose leads to files of the project; an image of the web opens in a tab of its own, when asked.
#[component]
fn Prose(block: Memo<Option<Block>>) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let follow = move |ev: &leptos::web_sys::Event| match dom::linked(ev) {
        Some(Linked::File { path, line }) => desk.open_file(&path, line),
        Some(Linked::Image { address }) => dom::open_tab(&address),
        None => {}
    };
    view! {
        <div
            class="prose"
            dir="auto"
            on:click=move |ev| follow(&ev)
            on:keydown=move |ev| {
                if ev.key() == "Enter" {
                    follow(&ev);
                }
            }
            inner_html=move || block.with(html)
        ></div>
    }
    .into_any()
}

#[component]
fn CodeBlock(block: Memo<Option<Block>>) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().chat;
    let title = Memo::new(move |_| block.with(code_title));
    let code = Memo::new(move |_| block.with(code_text));
    let asking = RwSignal::new(false);
    let copy = move |()| {
        dom::copy(&code.get_untracked(), move |copied| {
            desk.say(if copied { text.copied } else { text.not_copied });
        });
    };
    view! {
        <figure class="code">
            <figcaption class="code__head">
                <span class="code__title"><bdi>{title}</bdi></span>
                <Button label=text.copy icon=Icon::Copy kind=ButtonKind::Quiet on_press=copy />
                <Button
                    label=text.apply_block
                    icon=Icon::FileCode
                    kind=ButtonKind::Quiet
                    on_press=move |()| asking.update(|it| *it = !*it)
                />
            </figcaption>
            <Show when=move || asking.get()>
                <ApplyForm block asking />
            </Show>
            <pre class="code__text" tabindex="0" dir="ltr"><code>{code}</code></pre>
        </figure>
    }
}

/// Asks for the file that the block should become.
#[component]
fn ApplyForm(block: Memo<Option<Block>>, asking: RwSignal<bool>) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().chat;
    let path = RwSignal::new(block.with_untracked(code_path));
    let missing = Memo::new(move |_| path.read().trim().is_empty());
    let stage = Callback::new(move |()| {
        if missing.get_untracked() {
            return;
        }
        desk.wish(link::Wish::Chat(Wish::ApplyBlock {
            text: block.with_untracked(code_text),
            path: path.get_untracked().trim().to_owned(),
        }));
        asking.set(false);
    });
    view! {
        <div class="code__apply">
            <TextField label=text.block_path value=path on_enter=stage autofocus=true />
            <Button label=text.stage kind=ButtonKind::Primary disabled=missing on_press=stage />
            <Button label=text.cancel on_press=move |()| asking.set(false) />
        </div>
    }
    .into_any()
}

fn html(block: &Option<Block>) -> String {
    match block {
        Some(Block::Html(html)) => html.clone(),
        Some(Block::Code { .. }) | None => String::new(),
    }
}

fn code_text(block: &Option<Block>) -> String {
    match block {
        Some(Block::Code { text, .. }) => text.clone(),
        Some(Block::Html(_)) | None => String::new(),
    }
}

fn code_path(block: &Option<Block>) -> String {
    match block {
        Some(Block::Code { path, .. }) => path.clone().unwrap_or_default(),
        Some(Block::Html(_)) | None => String::new(),
    }
}

/// The path, else the language, else just "Code".
fn code_title(block: &Option<Block>) -> String {
    match block {
        Some(Block::Code { path: Some(path), .. }) => path.clone(),
        Some(Block::Code { language, .. }) if !language.is_empty() => language.clone(),
        Some(Block::Code { .. } | Block::Html(_)) | None => texts().chat.code.to_owned(),
    }
}
