//! The time line: every commit, what it changed, and the way back. Style:
//! `style/workbench/history.css`.
//!
//! Rewinding is a new commit, so nothing here can lose anything and nothing asks twice.

use leptos::prelude::*;
use link::{
    files,
    history::{Commit, CommitKind, Shown, View, Wish},
};

use super::changes::ShownFile;
use crate::{
    browser::dom,
    i18n::{ago, texts},
    page::{Desk, Views},
    ui::{Badge, Button, ButtonKind, Empty, Icon, TextField, Tone},
};

#[component]
pub fn HistoryPanel(views: Views) -> impl IntoView {
    let history = views.history;
    let desk = expect_context::<Desk>();
    let text = &texts().history;
    let ids = Memo::new(move |_| {
        history.with(|it| it.commits.iter().map(|it| it.id.clone()).collect::<Vec<_>>())
    });
    let branch = Memo::new(move |_| history.with(|it| (text.branch)(&it.branch)));
    let can_undo = Memo::new(move |_| history.with(|it| it.can_undo));
    let has_more = Memo::new(move |_| history.with(|it| it.has_more));
    view! {
        <section class="history" aria-label=text.title>
            <Show when=move || can_undo.get()>
                <header class="history__head">
                    <Button
                        label=text.undo
                        icon=Icon::Undo
                        on_press=move |()| desk.wish(link::Wish::History(Wish::UndoRewind))
                    />
                </header>
            </Show>
            <div class="history__scroll" role="region" tabindex="0" aria-label=branch>
                <Uncommitted history />
                <Show
                    when=move || !ids.read().is_empty()
                    fallback=move || view! {
                        <Empty icon=Icon::History title=text.empty_title text=text.empty_text />
                    }
                >
                    <ol class="history__commits">
                        <For each=move || ids.get() key=Clone::clone let:id>
                            <CommitRow history commit=follow(history, id.clone()) id />
                        </For>
                    </ol>
                </Show>
                <Show when=move || has_more.get()>
                    <Button
                        label=text.more
                        kind=ButtonKind::Quiet
                        on_press=move |()| desk.wish(link::Wish::History(Wish::More))
                    />
                </Show>
            </div>
        </section>
    }
}

/// The person's own work since the last commit, and the way to keep it as one.
#[component]
fn Uncommitted(history: RwSignal<View>) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().history;
    let uncommitted = Memo::new(move |_| history.with(|it| it.uncommitted));
    let message = RwSignal::new(String::new());
    let empty = Memo::new(move |_| message.read().trim().is_empty());
    let commit = Callback::new(move |()| {
        if empty.get_untracked() {
            return;
        }
        let message = message.try_update(std::mem::take).unwrap_or_default();
        desk.wish(link::Wish::Files(files::Wish::Commit { message: message.trim().to_owned() }));
    });
    view! {
        <Show when=move || uncommitted.get()>
            <section class="history__uncommitted" aria-label=text.uncommitted>
                <p class="history__title">{text.uncommitted}</p>
                <div class="history__commit">
                    <TextField
                        label=text.commit_message
                        placeholder=text.commit_placeholder
                        value=message
                        on_enter=commit
                    />
                    <Button label=text.commit kind=ButtonKind::Primary disabled=empty on_press=commit />
                </div>
            </section>
        </Show>
    }
    .into_any()
}

#[component]
fn CommitRow(history: RwSignal<View>, commit: Memo<Option<Commit>>, id: String) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let shown = {
        let id = id.clone();
        Memo::new(move |_| history.with(|it| it.shown.clone().filter(|shown| shown.commit == id)))
    };
    let open = Memo::new(move |_| shown.read().is_some());
    let toggle = move || {
        let wish = match open.get_untracked() {
            true => Wish::Hide,
            false => Wish::Show { commit: id.clone() },
        };
        desk.wish(link::Wish::History(wish));
    };
    view! {
        <li class="commit" data-open=move || open.get().then_some("")>
            {move || {
                let toggle = toggle.clone();
                commit.get().map(|commit| view! { <CommitHead commit open on_toggle=move |()| toggle() /> })
            }}
            {move || shown.get().map(|shown| view! { <CommitDetail shown commit /> })}
        </li>
    }
}

#[component]
fn CommitHead(
    commit: Commit,
    open: Memo<bool>,
    #[prop(into)] on_toggle: Callback<()>,
) -> impl IntoView {
    let text = &texts().history;
    let (kind, label, tone) = match commit.kind {
        CommitKind::Own => ("own", text.own, Tone::Neutral),
        CommitKind::Assisted => ("assisted", text.assisted, Tone::Accent),
        CommitKind::Safety => ("safety", text.safety, Tone::Warning),
        CommitKind::Rewind => ("rewind", text.rewound, Tone::Neutral),
    };
    let now = RwSignal::new(commit.at_ms);
    let at_ms = commit.at_ms;
    // Set by an effect: what is rendered does not ask for the time.
    Effect::new(move |_| now.set(dom::now_ms()));
    view! {
        <button
            type="button"
            class="commit__head"
            aria-expanded=move || open.get().to_string()
            data-kind=kind
            data-commit=commit.id
            data-current=commit.current.then_some("")
            on:click=move |_| on_toggle.run(())
        >
            <span class="commit__dot" aria-hidden="true"></span>
            <span class="commit__title">{commit.title}</span>
            {commit.current.then(|| view! { <Badge text=text.here tone=Tone::Good /> })}
            <span class="commit__about">
                <Badge text=label tone />
                <bdi>{commit.author}</bdi>
                <span>{move || ago(now.get(), at_ms)}</span>
            </span>
        </button>
    }
    .into_any()
}

#[component]
fn CommitDetail(shown: Shown, commit: Memo<Option<Commit>>) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().history;
    let current = Memo::new(move |_| commit.with(|it| it.as_ref().is_some_and(|it| it.current)));
    let side_by_side = Memo::new(|_| false);
    let Shown { commit: id, message, files } = shown;
    let rewind = Callback::new(move |()| {
        desk.wish(link::Wish::History(Wish::Rewind { commit: id.clone() }));
    });
    let empty = files.is_empty();
    view! {
        <div class="commit__detail">
            <pre class="commit__message" tabindex="0" dir="auto">{message}</pre>
            <Show when=move || !current.get()>
                <Button
                    label=text.rewind
                    title=text.rewind_about
                    icon=Icon::History
                    on_press=rewind
                />
            </Show>
            {empty.then(|| view! { <p class="diff-file__note">{text.no_changes}</p> })}
            {files.into_iter().map(|file| view! { <ShownFile file side_by_side /> }).collect_view()}
        </div>
    }
    .into_any()
}

fn follow(history: RwSignal<View>, id: String) -> Memo<Option<Commit>> {
    Memo::new(move |_| history.with(|it| it.commits.iter().find(|it| it.id == id).cloned()))
}

#[cfg(test)]
mod tests;
