//! The tool bar: path, reload, stop, widths, own tab, console.
//!
//! It asks; nothing happens here.

use leptos::prelude::*;
use link::preview::{Level, Stage, Wish};

use super::Screen;
use crate::ui::{Badge, Icon, IconButton, Pictogram, Tone};

/// The widths that are offered; 0 is all there is.
const WIDTHS: [(u32, Icon); 3] = [(360, Icon::Smartphone), (768, Icon::Tablet), (0, Icon::Monitor)];

#[component]
pub(super) fn Bar(screen: Screen) -> impl IntoView {
    let texts = screen.texts;
    let stage = Memo::new(move |_| screen.view.with(|it| it.stage));
    let stopped = move || stage.get() == Stage::Stopped;
    let empty = Signal::derive(move || stage.get() == Stage::Empty);
    let turn = move |()| {
        screen.wish(if stopped() { Wish::Start } else { Wish::Stop });
    };
    let painted = move || screen.view.with(|it| it.painted_after_ms).map(texts.painted);
    view! {
        <header class="preview__bar">
            <IconButton
                icon=Icon::Refresh
                label=texts.reload
                disabled=Signal::derive(move || empty.get() || stopped())
                on_press=move |()| screen.reload()
            />
            <IconButton
                icon=Signal::derive(move || if stopped() { Icon::Play } else { Icon::Stop })
                label=Signal::derive(move || {
                    if stopped() { texts.start.to_owned() } else { texts.stop.to_owned() }
                })
                disabled=empty
                on_press=turn
            />
            <Address screen />
            <span class="preview__painted">{painted}</span>
            <Widths screen />
            <OwnTab screen />
            <ConsoleButton screen />
        </header>
    }
}

#[component]
fn Address(screen: Screen) -> impl IntoView {
    let path = Memo::new(move |_| screen.view.with(|it| it.path.clone()));
    view! {
        <input
            class="preview__address"
            type="text"
            autocomplete="off"
            spellcheck="false"
            aria-label=screen.texts.address
            prop:value=path
            value=path
            disabled=move || screen.view.with(|it| it.stage != Stage::Running)
            on:keydown:target=move |ev| {
                match ev.key().as_str() {
                    "Enter" if !ev.is_composing() => screen.go_to(ev.target().value()),
                    "Escape" => ev.target().set_value(&path.get_untracked()),
                    _ => {}
                }
            }
        />
    }
}

#[component]
fn Widths(screen: Screen) -> impl IntoView {
    let texts = screen.texts;
    let width = Memo::new(move |_| screen.desk.layout.with(|it| it.viewport));
    let button = move |(own, icon): (u32, Icon)| {
        let label = match own {
            360 => texts.phone,
            768 => texts.tablet,
            _ => texts.full,
        };
        view! {
            <IconButton
                icon
                label
                pressed=Signal::derive(move || width.get() == own)
                on_press=move |()| screen.desk.layout.update(|it| it.viewport = own)
            />
        }
    };
    view! {
        <span class="preview__sizes" role="group" aria-label=texts.sizes>
            {WIDTHS.map(button).collect_view()}
        </span>
    }
}

/// A preview in its own tab is fed through this one.
#[component]
fn OwnTab(screen: Screen) -> impl IntoView {
    let address = move || {
        screen.view.with(|it| (!it.host.is_empty()).then(|| format!("//{}{}", it.host, it.path)))
    };
    view! {
        {move || address().map(|address| view! {
            <a
                class="icon-button"
                href=address
                target="_blank"
                rel="noopener"
                aria-label=screen.texts.own_tab
                title=screen.texts.own_tab
            >
                <Pictogram icon=Icon::External />
            </a>
        })}
    }
}

#[component]
fn ConsoleButton(screen: Screen) -> impl IntoView {
    let texts = screen.texts;
    let count = move |level: Level| {
        screen.view.with(|it| it.console.iter().filter(|line| line.level == level).count())
    };
    let counts = Memo::new(move |_| (count(Level::Error), count(Level::Warning)));
    let open = Memo::new(move |_| screen.desk.layout.with(|it| it.console_open));
    let label = move || {
        let name = if open.get() { texts.hide_console } else { texts.show_console };
        let (errors, warnings) = counts.get();
        format!("{name}: {}", (texts.console_counts)(errors, warnings))
    };
    view! {
        <IconButton
            icon=Icon::Terminal
            label=Signal::derive(label)
            pressed=Signal::from(open)
            on_press=move |()| screen.desk.layout.update(|it| it.console_open = !it.console_open)
        />
        {move || {
            let (errors, warnings) = counts.get();
            let (n, tone) = if errors > 0 { (errors, Tone::Bad) } else { (warnings, Tone::Warning) };
            (n > 0).then(|| view! { <Badge text=n.to_string() tone=Signal::derive(move || tone) /> })
        }}
    }
}
