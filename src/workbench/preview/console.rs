//! What the running project says: levels, filter, and the way to the line it comes from.
//!
//! The core keeps the lines and bounds them.

use leptos::prelude::*;
use link::preview::{Level, Line, Wish};

use super::Screen;
use crate::ui::{Badge, Button, Icon, IconButton};

/// The least level that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Least {
    All,
    Warnings,
    Errors,
}

#[component]
pub(super) fn Console(screen: Screen) -> impl IntoView {
    let texts = screen.texts;
    let least = RwSignal::new(Least::All);
    let filter = RwSignal::new(String::new());
    let lines = Memo::new(move |_| {
        let wanted = filter.read().to_lowercase();
        screen.view.with(|view| {
            let lines = view.console.iter().filter(|it| passes(it, least.get(), &wanted));
            lines.cloned().collect::<Vec<_>>()
        })
    });
    let height = move || format!("{}px", screen.desk.layout.with(|it| it.console_height));
    let none = move || {
        let silent = screen.view.with(|it| it.console.is_empty());
        if silent { texts.nothing_said } else { texts.nothing_found }
    };
    let choose = move |label: &'static str, own: Least| {
        view! {
            <button
                type="button"
                class="button button--quiet"
                aria-pressed=move || (least.get() == own).to_string()
                on:click=move |_| least.set(own)
            >
                {label}
            </button>
        }
    };
    view! {
        <section class="console" aria-label=texts.console style:block-size=height>
            <header class="console__bar">
                {choose(texts.all, Least::All)}
                {choose(texts.warnings, Least::Warnings)}
                {choose(texts.errors, Least::Errors)}
                <input
                    class="console__filter"
                    type="search"
                    aria-label=texts.filter
                    placeholder=texts.filter
                    prop:value=filter
                    on:input:target=move |ev| filter.set(ev.target().value())
                />
                <IconButton icon=Icon::Trash label=texts.clear on_press=move |()| screen.wish(Wish::Clear) />
                <IconButton
                    icon=Icon::Close
                    label=texts.hide_console
                    on_press=move |()| screen.desk.layout.update(|it| it.console_open = false)
                />
            </header>
            <div class="console__scroller" tabindex="0" role="log" aria-label=texts.console>
                <ul class="console__lines">
                    <For each=move || lines.get() key=|it| (it.id, it.n) let:line>
                        <ConsoleLine screen line />
                    </For>
                </ul>
                <Show when=move || lines.read().is_empty()>
                    <p class="console__none">{none}</p>
                </Show>
            </div>
        </section>
    }
}

#[component]
fn ConsoleLine(screen: Screen, line: Line) -> impl IntoView {
    let texts = screen.texts;
    let level = match line.level {
        Level::Log => "log",
        Level::Warning => "warning",
        Level::Error => "error",
    };
    let (id, path, at) = (line.id, line.path.clone(), line.line);
    view! {
        <li class="console__line" data-level=level>
            {(line.n > 1).then(|| view! {
                <span title=(texts.times)(line.n)><Badge text=line.n.to_string() /></span>
            })}
            <span class="console__text">{line.text.clone()}</span>
            {place(&line).zip(path).map(|(place, path)| view! {
                <button
                    type="button"
                    class="console__place"
                    on:click=move |_| screen.desk.open_file(&path, at)
                >
                    <bdi>{place}</bdi>
                </button>
            })}
            {(line.level == Level::Error).then(|| view! {
                <Button
                    label=texts.fix_this
                    icon=Icon::Wrench
                    on_press=move |()| screen.wish(Wish::FixThis { line: id })
                />
            })}
        </li>
    }
}

/// `src/main.ts:3:7`, as far as it is known.
pub(super) fn place(line: &Line) -> Option<String> {
    let path = line.path.as_ref()?;
    Some(match (line.line, line.column) {
        (Some(line), Some(column)) => format!("{path}:{line}:{column}"),
        (Some(line), None) => format!("{path}:{line}"),
        (None, _) => path.clone(),
    })
}

fn passes(line: &Line, least: Least, wanted: &str) -> bool {
    let loud = match (least, line.level) {
        (Least::All, _) | (_, Level::Error) | (Least::Warnings, Level::Warning) => true,
        (Least::Warnings | Least::Errors, Level::Log) | (Least::Errors, Level::Warning) => false,
    };
    let found = || {
        line.text.to_lowercase().contains(wanted)
            || line.path.as_ref().is_some_and(|it| it.to_lowercase().contains(wanted))
    };
    loud && (wanted.is_empty() || found())
}
