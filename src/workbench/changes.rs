//! Review: every proposed change in one scroll, to be accepted or refused file by file. Style:
//! `style/workbench/changes.css`.
//!
//! Nothing here changes a file; Apply is a wish like any other.

use leptos::{ev::KeyboardEvent, html, prelude::*};
use link::changes::{View, Wish};

mod diff;
mod file;
mod walk;

pub use file::{FileName, ShownFile};

use crate::{
    browser::dom,
    i18n::texts,
    page::{Desk, Views},
    ui::{Button, ButtonKind, Empty, Icon, Switch},
};
use file::ReviewedFile;
use walk::{Spot, Step};

#[component]
pub fn ChangesPanel(views: Views) -> impl IntoView {
    let changes = views.changes;
    let text = &texts().changes;
    let desk = expect_context::<Desk>();
    let panel = NodeRef::<html::Section>::new();
    let at = RwSignal::new(None::<Spot>);
    let paths = Memo::new(move |_| {
        changes.with(|it| it.files.iter().map(|it| it.summary.path.clone()).collect::<Vec<_>>())
    });
    let side_by_side = Memo::new(move |_| desk.layout.with(|it| it.side_by_side));
    view! {
        <section
            class="changes"
            aria-label=text.title
            node_ref=panel
            on:keydown=move |ev| key(&ev, desk, at)
        >
            <Show
                when=move || !paths.read().is_empty()
                fallback=move || view! {
                    <Empty icon=Icon::Diff title=text.empty_title text=text.empty_text />
                }
            >
                <Head changes />
                <div class="changes__scroll" role="region" tabindex="0" aria-label=text.lines
                    aria-description=text.keys>
                    <For each=move || paths.get() key=Clone::clone let:path>
                        <ReviewedFile file=follow(changes, path) side_by_side />
                    </For>
                </div>
            </Show>
        </section>
    }
}

#[component]
fn Head(changes: RwSignal<View>) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().changes;
    let n_accepted =
        Memo::new(move |_| changes.with(|it| it.files.iter().filter(|it| it.accepted).count()));
    let previewed = Memo::new(move |_| changes.with(|it| it.previewed));
    let side_by_side = Memo::new(move |_| desk.layout.with(|it| it.side_by_side));
    let wish = move |wish| desk.wish(link::Wish::Changes(wish));
    view! {
        <header class="changes__head">
            <Button
                label=Signal::derive(move || (text.apply)(n_accepted.get()))
                kind=ButtonKind::Primary
                icon=Icon::Check
                title=text.apply_about
                disabled=Signal::derive(move || n_accepted.get() == 0)
                on_press=move |()| wish(Wish::Apply)
            />
            <Button label=text.reject_all on_press=move |()| wish(Wish::RejectAll) />
            <Switch
                label=text.previewed
                title=text.previewed_about
                on=previewed
                on_change=move |on| wish(Wish::SetPreviewed { on })
            />
            <Switch
                label=text.side_by_side
                on=side_by_side
                on_change=move |on| desk.layout.update(|it| it.side_by_side = on)
            />
        </header>
    }
    .into_any()
}

/// Follows one file of the review; a change of another one is not noticed.
fn follow(changes: RwSignal<View>, path: String) -> Memo<Option<link::changes::FileDiff>> {
    Memo::new_owning(move |old: Option<Option<_>>| {
        changes.with(|view| {
            let found = view.files.iter().find(|it| it.summary.path == path);
            match old {
                Some(old) if old.as_ref() == found => (old, false),
                Some(_) | None => (found.cloned(), true),
            }
        })
    })
}

/// Walks with single letters, where no text is typed; Enter applies unless it presses something.
fn key(ev: &KeyboardEvent, desk: Desk, at: RwSignal<Option<Spot>>) {
    if dom::is_typing(ev) && !dom::is_on(ev, "input[type=checkbox]") {
        return;
    }
    if ev.ctrl_key() || ev.meta_key() || ev.alt_key() {
        return;
    }
    let changes = desk.views.changes;
    let here = at.get_untracked();
    let path = || changes.with_untracked(|it| Some(it.files.get(here?.file)?.summary.path.clone()));
    let wish = |wish| desk.wish(link::Wish::Changes(wish));
    let step = match ev.key().as_str() {
        "j" => Some(Step::Next),
        "k" => Some(Step::Previous),
        letter @ ("y" | "n") => {
            let Some(path) = path() else { return };
            wish(Wish::SetAccepted { path, accepted: letter == "y" });
            Some(Step::NextFile)
        }
        "e" => {
            let Some(path) = path() else { return };
            desk.open_file(&path, None);
            None
        }
        "Enter" if !dom::is_on(ev, "button, input, summary, a") => {
            let any = changes.with_untracked(|it| it.files.iter().any(|it| it.accepted));
            if !any {
                return;
            }
            wish(Wish::Apply);
            None
        }
        _ => return,
    };
    ev.prevent_default();
    let next = step.and_then(|step| {
        changes.with_untracked(|it| {
            let hunks: Vec<usize> = it.files.iter().map(|it| it.hunks.len()).collect();
            walk::walk(&hunks, here, step)
        })
    });
    if let Some(spot) = next {
        at.set(Some(spot));
        let file = format!(".changes__scroll > :nth-child({})", spot.file + 1);
        // A file without hunks, or whose hunks are not shown yet, still has its decision.
        if !dom::focus(&format!("{file} [data-hunk='{}']", spot.hunk)) {
            dom::focus(&format!("{file} .diff-file__accept"));
        }
    }
}

#[cfg(test)]
mod tests;
