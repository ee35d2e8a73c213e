//! The main area: one or two columns of tabs. Style: `style/workbench/columns.css`.
//!
//! A preview that is not in front stays alive behind; an editor belongs to its column and changes
//! its document.

use leptos::prelude::*;

use super::{
    changes::ChangesPanel, editor::EditorPane, history::HistoryPanel, preview::PreviewPanel,
};
use crate::{
    i18n::{Texts, texts},
    page::{Desk, Dialog, arrange},
    ui::{Along, Button, Empty, Icon, IconButton, Splitter, Tab, Tabs, panel_id, tab_id},
};

#[component]
pub fn Columns() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().shell;
    let n =
        Memo::new(move |_| desk.layout.with(|it| it.columns.len().clamp(1, arrange::MAX_COLUMNS)));
    let share = Memo::new(move |_| desk.layout.with(|it| it.split));
    let part = move |at: usize| match (n.get(), at) {
        (1, _) => 1.0,
        (_, 0) => share.get(),
        (_, _) => 1.0 - share.get(),
    };
    view! {
        <div class="columns" data-columns=move || n.get().to_string()>
            <For each=move || 0..n.get() key=|at| *at let:at>
                {(at > 0).then(|| view! {
                    <Splitter
                        label=text.column_split
                        along=Along::Inline
                        value=share
                        least=0.1
                        most=0.9
                        share=true
                        on_change=move |it: f64| desk.layout.update(|layout| layout.split = it)
                    />
                })}
                <div
                    class="columns__column"
                    style:--share=move || format!("{:.4}", part(at))
                    data-front=move || (desk.column.get() == at).then_some("")
                    on:focusin=move |_| desk.column.set(at)
                    on:pointerdown=move |_| desk.column.set(at)
                >
                    <Column at />
                </div>
            </For>
        </div>
    }
}

#[component]
fn Column(at: usize) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let texts = texts();
    let text = &texts.shell;
    let column =
        Memo::new(move |_| desk.layout.with(|it| it.columns.get(at).cloned().unwrap_or_default()));
    let active =
        Memo::new(move |_| column.with(|it| it.tabs.get(it.active).cloned().unwrap_or_default()));
    let tabs = Memo::new(move |_| {
        column.with(|it| it.tabs.iter().map(|it| describe(desk, texts, it)).collect::<Vec<_>>())
    });
    let choose = move |tab: String| desk.show(&tab);
    let put = move |(tab, before): (String, usize)| {
        desk.layout.update(|it| arrange::put(it, &tab, at, before));
    };
    let split = move |()| desk.layout.update(|it| arrange::split(it, at));
    let split_label = if at == 0 { text.split } else { text.unsplit };
    view! {
        <div class="columns__head">
            <Tabs
                label=(text.column)(at + 1)
                tabs
                active
                on_choose=choose
                on_close=Callback::new(move |tab: String| desk.close_tab(&tab))
                on_put=Callback::new(put)
            />
            <IconButton
                icon=Icon::Columns
                label=split_label
                disabled=Signal::derive(move || {
                    at == 0 && desk.layout.with(|it| it.columns.len() == 1 && it.columns[0].tabs.len() < 2)
                })
                on_press=split
            />
        </div>
        <Panels column active />
    }
}

/// What the tabs of a column show.
#[component]
fn Panels(column: Memo<link::workbench::Column>, active: Memo<String>) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().shell;
    let has_preview =
        Memo::new(move |_| column.with(|it| it.tabs.iter().any(|it| it == "preview")));
    // The editor keeps the last file in front while another tab is.
    let path = Memo::new(move |before: Option<&String>| {
        let shown = active.with(|it| arrange::path_of(it).map(str::to_owned));
        shown.unwrap_or_else(|| before.cloned().unwrap_or_default())
    });
    let has_files = Memo::new(move |_| {
        column.with(|it| it.tabs.iter().any(|it| arrange::path_of(it).is_some()))
    });
    let in_editor = Memo::new(move |_| active.with(|it| arrange::path_of(it).is_some()));
    let panel = move |tab: &'static str| panel_id(tab);
    let is = move |tab: &'static str| Memo::new(move |_| active.with(|it| it == tab));
    let (preview, changes, history) = (is("preview"), is("changes"), is("history"));
    let empty = Memo::new(move |_| active.with(String::is_empty));
    view! {
        <Show when=move || has_preview.get()>
            <div
                class="columns__panel"
                role="tabpanel"
                id=panel("preview")
                aria-labelledby=tab_id("preview")
                hidden=move || !preview.get()
            >
                <PreviewPanel views=desk.views />
            </div>
        </Show>
        <Show when=move || has_files.get() && !path.read().is_empty()>
            <div
                class="columns__panel"
                role="tabpanel"
                id=move || active.with(|it| panel_id(it))
                aria-labelledby=move || active.with(|it| tab_id(it))
                hidden=move || !in_editor.get()
            >
                <EditorPane views=desk.views path />
            </div>
        </Show>
        <Show when=move || changes.get()>
            <div class="columns__panel" role="tabpanel" id=panel("changes") aria-labelledby=tab_id("changes")>
                <ChangesPanel views=desk.views />
            </div>
        </Show>
        <Show when=move || history.get()>
            <div class="columns__panel" role="tabpanel" id=panel("history") aria-labelledby=tab_id("history")>
                <HistoryPanel views=desk.views />
            </div>
        </Show>
        <Show when=move || empty.get()>
            <Empty icon=Icon::Columns title=text.empty_column text=text.empty_column_text>
                <Button label=text.open_preview on_press=move |()| desk.show("preview") />
                <Button
                    label=text.open_file
                    on_press=move |()| desk.dialog.set(Some(Dialog::Files))
                />
            </Empty>
        </Show>
    }
}

fn describe(desk: Desk, texts: &Texts, tab: &str) -> Tab {
    let text = &texts.shell;
    let path = arrange::path_of(tab);
    let label = match (path, tab) {
        (Some(path), _) => path.rsplit('/').next().unwrap_or(path).to_owned(),
        (None, "preview") => text.preview.to_owned(),
        (None, "changes") => text.changes.to_owned(),
        (None, "history") => text.history.to_owned(),
        (None, other) => other.to_owned(),
    };
    let icon = match tab {
        "preview" => Icon::Play,
        "changes" => Icon::Diff,
        "history" => Icon::History,
        _ => Icon::FileCode,
    };
    let n_changes = desk.views.changes.with(|it| it.files.len());
    let badge =
        if tab == "changes" && n_changes > 0 { n_changes.to_string() } else { String::new() };
    Tab {
        id: tab.to_owned(),
        title: path.map_or_else(|| label.clone(), str::to_owned),
        label,
        icon,
        badge,
        closable: true,
        unsaved: path.is_some_and(|path| desk.unsaved.with(|it| it.contains(path))),
    }
}
