//! Working without a network: the service worker's news, and the preview hosts that are visited
//! ahead.
//!
//! It offers a new build and never takes one by itself.

use leptos::prelude::*;
use link::{Wish, home, status};

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
