//! The command palette and quick open: type some letters, press Enter. Style:
//! `style/workbench/palette.css`.

use leptos::prelude::*;

use super::{commands, fuzzy};
use crate::{
    browser::dom,
    i18n::texts,
    page::{self, Desk},
    ui::{self, DialogSize},
};

/// More lines than anybody reads; the list stays fast with 50,000 files.
const MAX_SHOWN: usize = 60;

/// What a line of the list does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Command,
    File,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Item {
    kind: Kind,
    /// The command's id or the file's path.
    id: String,
    /// Text and whether it matched, in order.
    parts: Vec<(String, bool)>,
    keys: String,
}

#[component]
pub fn Palette() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().shell;
    let kind = Memo::new(move |_| {
        desk.dialog.with(|it| match it {
            Some(page::Dialog::Palette) => Some(Kind::Command),
            Some(page::Dialog::Files) => Some(Kind::File),
            Some(
                page::Dialog::Settings(_) | page::Dialog::Notices | page::Dialog::Rename { .. },
            )
            | None => None,
        })
    });
    let title = Signal::derive(move || match kind.get() {
        Some(Kind::File) => text.quick_open.to_owned(),
        Some(Kind::Command) | None => text.palette.to_owned(),
    });
    view! {
        <ui::Dialog
            open=Signal::derive(move || kind.get().is_some())
            title
            on_close=move |()| desk.dialog.set(None)
            close_label=text.close
            size=DialogSize::Palette
        >
            {move || kind.get().map(|kind| view! { <Finder kind /> })}
        </ui::Dialog>
    }
}

#[component]
fn Finder(kind: Kind) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().shell;
    let query = RwSignal::new(String::new());
    let chosen = RwSignal::new(0_usize);
    let items = Memo::new(move |_| query.with(|it| found(desk, kind, it)));
    let run = move |at: usize| {
        let Some(item) = items.with_untracked(|it| it.get(at).cloned()) else { return };
        desk.dialog.set(None);
        match item.kind {
            Kind::File => desk.open_file(&item.id, line_of(&query.get_untracked())),
            // The dialog closes first, so that a command can move the focus or open another one.
            Kind::Command => dom::after(0, move || {
                if let Some(it) = commands::find(&item.id) {
                    (it.run)(desk);
                }
            }),
        }
    };
    let step = move |by: isize| {
        let n = items.with_untracked(Vec::len).max(1) as isize;
        chosen.update(|it| *it = (*it as isize + by).rem_euclid(n) as usize);
        dom::after(0, || dom::scroll_to("[role=option][aria-selected=true]"));
    };
    let on_key = move |ev: leptos::ev::KeyboardEvent| {
        match ev.key().as_str() {
            "ArrowDown" => step(1),
            "ArrowUp" => step(-1),
            "PageDown" => step(8),
            "PageUp" => step(-8),
            "Enter" if !ev.is_composing() => run(chosen.get_untracked()),
            _ => return,
        }
        ev.prevent_default();
    };
    let hint = match kind {
        Kind::Command => text.palette_hint,
        Kind::File => text.quick_open_hint,
    };
    view! {
        <div class="palette">
            <input
                class="palette__input"
                type="text"
                role="combobox"
                aria-label=hint
                aria-expanded="true"
                aria-controls="palette-list"
                aria-activedescendant=move || format!("palette-{}", chosen.get())
                autocomplete="off"
                spellcheck="false"
                autofocus=true
                placeholder=hint
                prop:value=query
                on:input:target=move |ev| {
                    query.set(ev.target().value());
                    chosen.set(0);
                }
                on:keydown=on_key
            />
            <ul class="palette__list" id="palette-list" role="listbox" aria-label=hint>
                {move || {
                    let items = items.get().into_iter().enumerate();
                    items.map(|(at, item)| view! { <Row at item chosen on_press=run /> }).collect_view()
                }}
            </ul>
            <p class="palette__none" role="status">
                {move || items.with(Vec::is_empty).then_some(text.no_match)}
            </p>
        </div>
    }
}

#[component]
fn Row(
    at: usize,
    item: Item,
    chosen: RwSignal<usize>,
    #[prop(into)] on_press: Callback<usize>,
) -> impl IntoView {
    let parts = item.parts.into_iter().map(|(text, matched)| {
        if matched { view! { <mark>{text}</mark> }.into_any() } else { text.into_any() }
    });
    view! {
        <li
            class="palette__item"
            role="option"
            id=format!("palette-{at}")
            aria-selected=move || (chosen.get() == at).to_string()
            on:pointermove=move |_| {
                if chosen.get_untracked() != at {
                    chosen.set(at);
                }
            }
            on:click=move |_| on_press.run(at)
        >
            <span class="palette__label"><bdi>{parts.collect_view()}</bdi></span>
            <kbd class="palette__keys">{item.keys}</kbd>
        </li>
    }
}

/// Returns what matches, the best first.
fn found(desk: Desk, kind: Kind, query: &str) -> Vec<Item> {
    match (kind, query.strip_prefix('>')) {
        (Kind::File, None) => files(desk, query.split(':').next().unwrap_or_default()),
        (_, Some(query)) => commands_like(desk, query),
        (Kind::Command, None) => commands_like(desk, query),
    }
}

fn commands_like(desk: Desk, query: &str) -> Vec<Item> {
    let titles = &texts().commands;
    let apple = desk.apple.get();
    let possible = commands::all().filter(|it| (it.when)(desk));
    let scored = possible.filter_map(|it| {
        let title = (it.title)(titles);
        let found = fuzzy::score(query, title)?;
        let keys = commands::shown_keys(it.id, apple);
        Some((found.score, item(Kind::Command, it.id, title, &found.at, keys)))
    });
    best(scored.collect())
}

fn files(desk: Desk, query: &str) -> Vec<Item> {
    let recent = desk.layout.with(|it| it.recent.clone());
    desk.views.files.with(|view| {
        let mut scored: Vec<(i32, &str, fuzzy::Match)> = view
            .files
            .iter()
            .filter_map(|file| {
                let found = fuzzy::score(query, &file.path)?;
                let bonus = recent.iter().take(20).position(|it| *it == file.path);
                let score = found.score + bonus.map_or(0, |at| 40 - at as i32);
                Some((score, file.path.as_str(), found))
            })
            .collect();
        scored.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        let shown = scored.into_iter().take(MAX_SHOWN);
        shown.map(|(_, path, it)| item(Kind::File, path, path, &it.at, String::new())).collect()
    })
}

fn best(mut scored: Vec<(i32, Item)>) -> Vec<Item> {
    // Stable: what matches equally stays in the order of the table.
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    scored.into_iter().take(MAX_SHOWN).map(|(_, it)| it).collect()
}

fn item(kind: Kind, id: &str, label: &str, at: &[usize], keys: String) -> Item {
    let mut parts: Vec<(String, bool)> = Vec::new();
    for (place, letter) in label.chars().enumerate() {
        let matched = at.contains(&place);
        match parts.last_mut() {
            Some((text, it)) if *it == matched => text.push(letter),
            Some(_) | None => parts.push((letter.to_string(), matched)),
        }
    }
    Item { kind, id: id.to_owned(), parts, keys }
}

/// Returns the line that a query like `main.rs:12` asks for.
fn line_of(query: &str) -> Option<u32> {
    query.split(':').nth(1)?.trim().parse().ok()
}
