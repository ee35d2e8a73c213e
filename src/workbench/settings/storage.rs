//! What is stored, whether the browser keeps it, and whether it is anywhere else; and a file about it
//! all for whoever is to help.

use leptos::prelude::*;
use link::settings::Wish;

use crate::{
    browser::dom,
    i18n::{self, texts},
    page::Desk,
    ui::{Button, Icon, Meter, Pictogram},
    workbench::commands,
};

#[component]
pub fn Storage() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().settings;
    let storage = Memo::new(move |_| desk.views.settings.with(|it| it.storage.clone()));
    let refused = RwSignal::new(false);
    let ask = move |()| {
        dom::persist(move |granted| {
            refused.set(!granted);
            desk.wish(link::Wish::Settings(Wish::Persisted { granted }));
        });
    };
    let export = move |()| {
        if let Some(project) = desk.views.home.with_untracked(|it| it.open.clone()) {
            desk.wish(link::Wish::Home(link::home::Wish::Export { project }));
        }
    };
    let persisted = Memo::new(move |_| storage.read().persisted);
    let backed_up = Memo::new(move |_| storage.read().backed_up);
    let line = move |good: bool, yes: &'static str, no: &'static str| {
        let (icon, tone, text) =
            if good { (Icon::Check, "good", yes) } else { (Icon::Warning, "warning", no) };
        view! {
            <p class="settings__note" data-tone=tone>
                <Pictogram icon />
                <span>{text}</span>
            </p>
        }
    };
    view! {
        <p>{move || {
            let it = storage.read();
            (text.used)(&i18n::size(it.used_bytes), &i18n::size(it.quota_bytes))
        }}</p>
        <Meter
            label=text.used_label
            value=Signal::derive(move || storage.read().used_bytes as f64)
            limit=Signal::derive(move || storage.read().quota_bytes as f64)
        />
        {move || line(persisted.get(), text.persisted, text.not_persisted)}
        <Show when=move || !persisted.get()>
            <Button label=text.ask_persist on_press=ask />
        </Show>
        <p class="settings__about" role="status">
            {move || (refused.get() && !persisted.get()).then_some(text.persist_refused)}
        </p>
        <Show when=move || desk.at_work()>
            {move || line(backed_up.get(), text.backed_up, text.not_backed_up)}
            <Button label=text.export icon=Icon::Download on_press=export />
        </Show>
        <section class="settings__section">
            <h3 class="settings__legend">{text.diagnostics}</h3>
            <p class="settings__about">{text.diagnostics_about}</p>
            <Button
                label=text.diagnose
                icon=Icon::Download
                on_press=move |()| commands::diagnose(desk)
            />
        </section>
    }
}
