//! Working without a network: the service worker's news, and the promise that the browser keeps
//! what is stored.
//!
//! It offers a new build and never takes one by itself.

use leptos::prelude::*;
use link::{Wish, home, settings, status};

use crate::{
    browser::{
        dom,
        offline::{self, Said},
        preview_frame::{self, RelaySaid},
    },
    i18n::texts,
    page::Desk,
    ui::{Toast, Tone},
};

#[component]
pub fn Offline() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().shell;
    let update = RwSignal::new(false);
    Effect::new(move || {
        offline::start(move |said| match said {
            Said::Ready => desk.wish(Wish::Status(status::Wish::OfflineReady)),
            Said::Update => update.set(true),
            Said::Refused(why) => {
                let text = (text.not_offline)(&why);
                desk.wish(Wish::Status(status::Wish::Report { text }));
            }
        });
    });
    ask_to_keep(desk);
    visit_ahead(desk);
    view! {
        <Show when=move || update.get()>
            <div class="toasts">
                <Toast
                    text=text.update_ready
                    tone=Tone::Accent
                    action=Some(text.reload.to_owned())
                    on_action=Callback::new(|()| dom::reload())
                    on_dismiss=move |()| update.set(false)
                    dismiss_label=text.dismiss
                />
            </div>
        </Show>
    }
}

/// Visits the preview hosts that the core names, unseen, so that they answer without a network.
fn visit_ahead(desk: Desk) {
    let host = Memo::new(move |_| desk.views.home.with(|it| it.visit.clone()));
    Effect::new(move || {
        let host = host.get();
        if host.is_empty() {
            return;
        }
        preview_frame::connect(&host.clone(), move |said| {
            let host = host.clone();
            dom::after(0, move || {
                preview_frame::disconnect(&host);
                // A host that did not answer is tried again with the next page.
                if said == RelaySaid::Ready {
                    desk.wish(Wish::Home(home::Wish::Visited { host }));
                }
            });
        });
    });
}

/// Asks the browser to keep what is stored, once there is a project to keep.
fn ask_to_keep(desk: Desk) {
    let needed = Memo::new(move |before: Option<&bool>| {
        // Once a page: a browser that has refused would ask the person again and again.
        before == Some(&true)
            || desk.at_work() && desk.views.settings.with(|it| !it.storage.persisted)
    });
    Effect::new(move || {
        if needed.get() {
            dom::persist(move |granted| {
                desk.wish(Wish::Settings(settings::Wish::Persisted { granted }));
            });
        }
    });
}
