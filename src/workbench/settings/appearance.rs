//! Light, dark, or as the system; and whether the system tells of what happens in a hidden tab.

use leptos::prelude::*;
use link::settings::{Theme, Wish};

use crate::{
    browser::dom::{self, Notifying},
    i18n::texts,
    page::Desk,
    ui::{Button, Icon, Pictogram},
};

#[component]
pub fn Appearance() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().settings;
    let theme = Memo::new(move |_| desk.views.settings.with(|it| it.theme));
    let choices = [
        (Theme::System, text.theme_system, Icon::Monitor),
        (Theme::Light, text.theme_light, Icon::Sun),
        (Theme::Dark, text.theme_dark, Icon::Moon),
    ];
    let choices = choices.map(|(it, name, icon)| {
        view! {
            <label class="settings__choice">
                <input
                    type="radio"
                    name="theme"
                    prop:checked=move || theme.get() == it
                    checked=move || theme.get() == it
                    on:change=move |_| desk.wish(link::Wish::Settings(Wish::SetTheme(it)))
                />
                <Pictogram icon />
                <span>{name}</span>
            </label>
        }
    });
    view! {
        <fieldset class="settings__choices">
            <legend class="settings__legend">{text.theme}</legend>
            {choices.collect_view()}
        </fieldset>
        <Notifications />
    }
}

#[component]
fn Notifications() -> impl IntoView {
    let text = &texts().settings;
    let now = RwSignal::new(Notifying::NotAsked);
    Effect::new(move || now.set(dom::notifying()));
    let ask = move |()| dom::ask_to_notify(move |answer| now.set(answer));
    view! {
        <section class="settings__section">
            <h3 class="settings__legend">{text.notify}</h3>
            <p class="settings__about">{text.notify_about}</p>
            <Show when=move || now.get() == Notifying::NotAsked>
                <Button label=text.notify_allow on_press=ask />
            </Show>
            <p role="status">{move || match now.get() {
                Notifying::NotAsked => "",
                Notifying::Allowed => text.notify_allowed,
                Notifying::Denied => text.notify_denied,
                Notifying::Impossible => text.notify_impossible,
            }}</p>
        </section>
    }
}
