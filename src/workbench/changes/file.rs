//! One file's difference: its name and counts, its hunks, and in a review the decision on it.

use leptos::prelude::*;
use link::changes::{FileDiff, FileStatus, FileSummary, Hunk, Wish};

use super::diff;
use crate::{
    i18n::texts,
    page::Desk,
    ui::{Button, ButtonKind, Icon, IconButton, Pictogram},
};

/// Longer differences are shown when asked for: laying them out would hold up the page.
const MAX_LINES: usize = 1_500;

/// What happened to a file, in one line.
#[component]
pub fn FileName(summary: FileSummary) -> impl IntoView {
    let text = &texts().changes;
    let (name, letter, label) = match summary.status {
        FileStatus::Added => ("added", "A", text.added),
        FileStatus::Modified => ("modified", "M", text.modified),
        FileStatus::Removed => ("removed", "D", text.removed),
        FileStatus::Moved => ("moved", "R", text.moved),
    };
    let (n_added, n_removed) = (summary.n_added, summary.n_removed);
    let counts = (n_added + n_removed > 0).then(|| {
        view! {
            <span class="file-name__counts" role="img" aria-label=(text.counts)(n_added, n_removed)>
                <span class="file-name__added">"+" {n_added}</span>
                " "
                <span class="file-name__removed">"−" {n_removed}</span>
            </span>
        }
    });
    view! {
        <span class="file-name" data-status=name>
            <span class="file-name__status" aria-label=label role="img" title=label>{letter}</span>
            {summary.from.map(|from| view! { <bdi class="file-name__from">{from}</bdi> " → " })}
            <bdi class="file-name__path">{summary.path}</bdi>
            {counts}
        </span>
    }
    .into_any()
}

/// A file to be decided on.
#[component]
pub fn ReviewedFile(file: Memo<Option<FileDiff>>, side_by_side: Memo<bool>) -> impl IntoView {
    let accepted = Memo::new(move |_| file.with(|it| it.as_ref().is_some_and(|it| it.accepted)));
    // The decision alone must not lay the difference out again.
    let shown = Memo::new(move |_| {
        file.with(|it| it.as_ref().map(|it| FileDiff { accepted: true, ..it.clone() }))
    });
    view! {
        {move || {
            let file = shown.get()?;
            let (summary, conflict) = (file.summary.clone(), file.conflict);
            let path = summary.path.clone();
            Some(view! {
                <div
                    role="group"
                    class="diff-file"
                    aria-label=path
                    data-conflict=conflict.then_some("")
                    data-accepted=move || accepted.get().then_some("")
                >
                    <FileHead summary accepted />
                    <Show when=move || conflict>
                        <p class="diff-file__conflict" role="note">
                            <Pictogram icon=Icon::Warning />
                            {texts().changes.conflict}
                        </p>
                    </Show>
                    <Hunks file side_by_side />
                </div>
            })
        }}
    }
}

#[component]
fn FileHead(summary: FileSummary, accepted: Memo<bool>) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().changes;
    let path = summary.path.clone();
    let opened = summary.path.clone();
    let removed = summary.status == FileStatus::Removed;
    view! {
        <header class="diff-file__head">
            <input
                type="checkbox"
                class="diff-file__accept"
                aria-label=(text.accept)(&summary.path)
                prop:checked=accepted
                checked=accepted
                on:change:target=move |ev| {
                    let accepted = ev.target().checked();
                    let path = path.clone();
                    desk.wish(link::Wish::Changes(Wish::SetAccepted { path, accepted }));
                }
            />
            <FileName summary />
            {(!removed).then(|| view! {
                <IconButton
                    icon=Icon::FileCode
                    label=text.open
                    keys="e"
                    on_press=move |()| desk.open_file(&opened, None)
                />
            })}
        </header>
    }
    .into_any()
}

/// A file to look at, as in the time line.
#[component]
pub fn ShownFile(file: FileDiff, side_by_side: Memo<bool>) -> impl IntoView {
    let summary = file.summary.clone();
    let path = summary.path.clone();
    view! {
        <div role="group" class="diff-file" aria-label=path>
            <header class="diff-file__head"><FileName summary /></header>
            <Hunks file side_by_side />
        </div>
    }
}

#[component]
fn Hunks(file: FileDiff, side_by_side: Memo<bool>) -> impl IntoView {
    let text = &texts().changes;
    let n_lines: usize = file.hunks.iter().map(|it| it.lines.len()).sum();
    let shown = RwSignal::new(n_lines <= MAX_LINES);
    let FileDiff { hunks, note, .. } = file;
    let hunks = StoredValue::new(hunks);
    view! {
        {(!note.is_empty()).then(|| view! { <p class="diff-file__note">{note}</p> })}
        <Show
            when=move || shown.get()
            fallback=move || view! {
                <Button
                    label=(text.show_lines)(n_lines)
                    kind=ButtonKind::Quiet
                    on_press=move |()| shown.set(true)
                />
            }
        >
            {hunks
                .get_value()
                .into_iter()
                .enumerate()
                .map(|(at, hunk)| view! { <HunkTable hunk at side_by_side /> })
                .collect_view()}
        </Show>
    }
    .into_any()
}

#[component]
fn HunkTable(hunk: Hunk, at: usize, side_by_side: Memo<bool>) -> impl IntoView {
    let label = format!("@@ -{} +{} @@", hunk.old_start, hunk.new_start);
    let place = label.clone();
    let hunk = StoredValue::new(vec![hunk]);
    let html =
        move || {
            hunk.with_value(|it| {
                if side_by_side.get() { diff::side_by_side(it) } else { diff::unified(it) }
            })
        };
    view! {
        <div
            class="diff-hunk"
            tabindex="0"
            role="group"
            aria-label=label
            dir="ltr"
            data-hunk=at
        >
            <p class="diff-hunk__place" aria-hidden="true">{place}</p>
            <table class="diff" data-split=move || side_by_side.get().then_some("")>
                <tbody inner_html=html></tbody>
            </table>
        </div>
    }
    .into_any()
}
