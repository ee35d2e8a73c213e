//! The frame with the running project, or what stands in its place.
//!
//! The preview's host is another origin than the app's, so its page reaches nothing of ours; the
//! sandbox only keeps it from leading the app's own tab elsewhere.

use leptos::{html, prelude::*};
use link::preview::{Level, Stage as At, Wish};

use super::{Connection, Screen};
use crate::{
    browser::preview_frame,
    ui::{Button, ButtonKind, Empty, Icon, Pictogram},
};

/// Everything but leading the app's tab away. On its own origin the page may use its own storage.
const OWN_ORIGIN: &str = "allow-scripts allow-same-origin allow-forms allow-modals allow-popups \
                          allow-popups-to-escape-sandbox allow-downloads allow-pointer-lock";
/// On the app's origin it must have none.
const NO_ORIGIN: &str = "allow-scripts allow-forms allow-modals allow-popups allow-downloads \
                         allow-pointer-lock";
/// What a page may ask for, if it asks.
const ALLOW: &str = "fullscreen; clipboard-write; autoplay; gamepad";

#[derive(Debug, Clone, PartialEq, Eq)]
enum Shown {
    Frame { host: String, turn: u32, starting: bool },
    Document { generation: u64, turn: u32 },
    Empty,
    Starting,
    Stopped,
    Failed,
    Refused(String),
}

#[component]
pub(super) fn Stage(screen: Screen) -> impl IntoView {
    let texts = screen.texts;
    let shown = Memo::new(move |_| shown(screen));
    // The frame must stay the same element while only its cover comes and goes.
    let frame = Memo::new(move |_| match shown.get() {
        Shown::Frame { host, turn, .. } => Some((host, turn)),
        Shown::Document { .. }
        | Shown::Empty
        | Shown::Starting
        | Shown::Stopped
        | Shown::Failed
        | Shown::Refused(_) => None,
    });
    let width = Memo::new(move |_| screen.desk.layout.with(|it| it.viewport));
    let size = move || match width.get() {
        0 => String::new(),
        width => format!("{width}px"),
    };
    view! {
        <div class="preview__stage" data-sized=move || (width.get() > 0).then_some("")>
            {move || frame.get().map(|(host, _)| view! {
                <iframe
                    class="preview__frame"
                    title=texts.frame
                    src=screen.start.with_untracked(|path| format!("//{host}{path}"))
                    sandbox=OWN_ORIGIN
                    allow=ALLOW
                    style:inline-size=size
                ></iframe>
            })}
            {move || match shown.get() {
                Shown::Frame { starting: false, .. } => ().into_any(),
                Shown::Frame { starting: true, .. } | Shown::Starting => {
                    view! { <div class="preview__cover" role="status"><p>{texts.starting}</p></div> }.into_any()
                }
                Shown::Document { .. } => view! { <Document screen /> }.into_any(),
                other @ (Shown::Empty | Shown::Stopped | Shown::Failed | Shown::Refused(_)) => view! { <div class="preview__cover"><Instead screen shown=other /></div> }.into_any(),
            }}
        </div>
    }
}

fn shown(screen: Screen) -> Shown {
    let turn = screen.turn.get();
    let connection = screen.relay.get();
    screen.view.with(|view| match (view.stage, connection) {
        (At::Empty, _) => Shown::Empty,
        (At::Stopped, _) => Shown::Stopped,
        (At::Failed, _) => Shown::Failed,
        (At::Starting | At::Running, _) if view.host.is_empty() && view.document.is_some() => {
            Shown::Document { generation: view.generation, turn }
        }
        (At::Starting | At::Running, Connection::Refused(why)) => Shown::Refused(why),
        (At::Starting | At::Running, Connection::None | Connection::Connecting) => Shown::Starting,
        (stage @ (At::Starting | At::Running), Connection::Ready) => {
            Shown::Frame { host: view.host.clone(), turn, starting: stage == At::Starting }
        }
    })
}

/// What is said where no page can be shown.
#[component]
fn Instead(screen: Screen, shown: Shown) -> impl IntoView {
    let texts = screen.texts;
    let reload = move |()| screen.reload();
    match shown {
        Shown::Empty => {
            view! { <Empty icon=Icon::Monitor title=texts.empty_title text=texts.empty_text /> }
                .into_any()
        }
        Shown::Stopped => view! {
            <Empty icon=Icon::Stop title=texts.stopped_title text=texts.stopped_text>
                <Button
                    label=texts.start
                    kind=ButtonKind::Primary
                    on_press=move |()| screen.wish(Wish::Start)
                />
            </Empty>
        }
        .into_any(),
        Shown::Failed => view! {
            <Empty icon=Icon::Error title=texts.failed_title text=texts.failed_text>
                <Button label=texts.reload kind=ButtonKind::Primary on_press=reload />
            </Empty>
        }
        .into_any(),
        Shown::Refused(why) => view! {
            <Empty icon=Icon::Warning title=texts.refused_title text=(texts.refused_text)(&why)>
                <Button label=texts.reload kind=ButtonKind::Primary on_press=reload />
            </Empty>
        }
        .into_any(),
        Shown::Frame { .. } | Shown::Document { .. } | Shown::Starting => ().into_any(),
    }
}

/// The project as one document, without an origin, where there is no preview host.
#[component]
fn Document(screen: Screen) -> impl IntoView {
    let frame = NodeRef::<html::Iframe>::new();
    Effect::new(move || {
        let Some(frame) = frame.get() else { return };
        let document = screen.view.with_untracked(|it| it.document.clone()).unwrap_or_default();
        preview_frame::contain(&frame, document, move |report| screen.wish(Wish::Said(report)));
    });
    view! {
        <iframe
            class="preview__frame"
            title=screen.texts.frame
            node_ref=frame
            src="/preview/document.html"
            sandbox=NO_ORIGIN
            allow=ALLOW
        ></iframe>
    }
}

/// The newest error while the console is closed, with what helps.
#[component]
pub(super) fn ErrorLine(screen: Screen) -> impl IntoView {
    let newest = Memo::new(move |_| {
        screen.view.with(|view| {
            let at_work = matches!(view.stage, At::Starting | At::Running | At::Failed);
            let line = view.console.iter().rfind(|it| it.level == Level::Error)?;
            at_work.then(|| (line.id, super::console::place(line), line.text.clone()))
        })
    });
    view! {
        {move || newest.get().map(|(id, place, text)| view! {
            <div class="preview__error" role="alert">
                <Pictogram icon=Icon::Error />
                <span class="preview__wrong" title=text.clone()>
                    {place.map(|it| view! { <bdi>{it}</bdi> ": " })}
                    {text.lines().next().unwrap_or_default().to_owned()}
                </span>
                <Button
                    label=screen.texts.show_console
                    on_press=move |()| screen.desk.layout.update(|it| it.console_open = true)
                />
                <Button
                    label=screen.texts.fix_this
                    kind=ButtonKind::Primary
                    icon=Icon::Wrench
                    on_press=move |()| screen.wish(Wish::FixThis { line: id })
                />
            </div>
        })}
    }
}
