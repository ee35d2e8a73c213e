//! The running project: tool bar, stage, console. Style: `style/workbench/preview.css`.
//!
//! What runs and what it is given is the core's business. A page in the preview follows changes by
//! itself; here it is only shown, stopped, and loaded anew when it is stuck.

use leptos::prelude::*;
use link::{
    Wish,
    preview::{self, Stage},
};

mod asked;
mod bar;
mod console;
mod stage;

use crate::{
    browser::{
        dom,
        preview_frame::{self, RelaySaid},
    },
    i18n::{self, texts},
    page::{Desk, Views},
    ui::{Along, Splitter},
};

/// A page that has not painted a change after this long is stuck.
const STUCK_MS: i32 = 5_000;

/// What the parts of this panel share.
#[derive(Debug, Clone, Copy)]
struct Screen {
    desk: Desk,
    view: RwSignal<preview::View>,
    texts: &'static i18n::preview::Texts,
    relay: RwSignal<Connection>,
    /// Grows when the frame must be a new one.
    turn: RwSignal<u32>,
    /// The path that a new frame begins with.
    start: RwSignal<String>,
}

/// Whether the preview's host answers for the project's files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Connection {
    #[default]
    None,
    Connecting,
    Ready,
    Refused(String),
}

#[component]
pub fn PreviewPanel(views: Views) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let screen = Screen {
        desk,
        view: views.preview,
        texts: &texts().preview,
        relay: RwSignal::default(),
        turn: RwSignal::default(),
        start: RwSignal::new("/".to_owned()),
    };
    screen.keep_connected();
    screen.watch_for_stuck_pages();
    let open = Memo::new(move |_| desk.layout.with(|it| it.console_open));
    let height = Memo::new(move |_| desk.layout.with(|it| it.console_height));
    view! {
        <section class="preview" aria-label=screen.texts.title>
            <bar::Bar screen />
            <stage::Stage screen />
            <Show when=move || !open.get()>
                <stage::ErrorLine screen />
            </Show>
            <Show when=move || open.get()>
                <Splitter
                    label=screen.texts.console_height
                    along=Along::Block
                    value=height
                    least=60.0
                    most=1200.0
                    after=true
                    on_change=move |it: f64| desk.layout.update(|layout| layout.console_height = it)
                />
                <console::Console screen />
            </Show>
            <asked::Asked screen />
        </section>
    }
}

impl Screen {
    fn wish(self, wish: preview::Wish) {
        self.desk.wish(Wish::Preview(wish));
    }

    /// Brings the relay with the host, and takes it away with Stop.
    fn keep_connected(self) {
        let host = Memo::new(move |_| self.view.with(|it| it.host.clone()));
        let stopped = Memo::new(move |_| self.view.with(|it| it.stage == Stage::Stopped));
        Effect::new(move |before: Option<String>| {
            let host = host.get();
            if before.is_some_and(|it| it != host) {
                self.relay.set(Connection::None);
                self.start.set("/".to_owned());
            }
            if !host.is_empty() {
                if stopped.get() {
                    self.unload(&host);
                } else if self.relay.with_untracked(|it| *it == Connection::None) {
                    self.connect(&host);
                }
            }
            host
        });
    }

    fn connect(self, host: &str) {
        self.relay.set(Connection::Connecting);
        let own = host.to_owned();
        preview_frame::connect(host, move |said| {
            // The panel may have gone, or show another project.
            if self.view.try_with_untracked(|it| it.host == own) != Some(true) {
                return;
            }
            match said {
                RelaySaid::Ready => {
                    self.turn.update(|it| *it += 1);
                    self.relay.set(Connection::Ready);
                }
                RelaySaid::Refused(why) => {
                    self.wish(preview::Wish::HostRefused { why: why.clone() });
                    self.relay.set(Connection::Refused(why));
                }
            }
        });
    }

    fn unload(self, host: &str) {
        self.start.set(self.view.with_untracked(|it| it.path.clone()));
        self.relay.set(Connection::None);
        // The frame leaves the page with the next drawing; then nothing of its process is left.
        let host = host.to_owned();
        dom::after(0, move || preview_frame::disconnect(&host));
    }

    /// Loads the page anew in new frames, which ends whatever it was doing.
    fn reload(self) {
        self.wish(preview::Wish::Reload);
        self.renew();
    }

    fn renew(self) {
        let host = self.view.with_untracked(|it| it.host.clone());
        if host.is_empty() {
            self.turn.update(|it| *it += 1);
            return;
        }
        self.unload(&host);
        dom::after(0, move || {
            let same = self.view.try_with_untracked(|it| it.host == host) == Some(true);
            if same && self.relay.get_untracked() == Connection::None {
                self.connect(&host);
            }
        });
    }

    fn go_to(self, path: String) {
        self.start.set(if path.starts_with('/') { path } else { format!("/{path}") });
        self.turn.update(|it| *it += 1);
    }

    /// A page in an endless loop hears of no change.
    fn watch_for_stuck_pages(self) {
        let generation = Memo::new(move |_| self.view.with(|it| it.generation));
        Effect::new(move |timer: Option<dom::Timer>| {
            let timer = timer.unwrap_or_default();
            let generation = generation.get();
            timer.put_off(STUCK_MS, move || {
                let stuck = self.view.try_with_untracked(|it| {
                    it.stage == Stage::Running
                        && it.dialog.is_none()
                        && it.painted_generation > 0
                        && it.painted_generation < generation
                });
                if stuck == Some(true) && !dom::is_hidden() {
                    self.renew();
                }
            });
            timer
        });
    }
}

#[cfg(test)]
mod tests;
