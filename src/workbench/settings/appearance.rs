//! Light, dark, or as the system.

use leptos::prelude::*;
use link::settings::{Theme, Wish};

use crate::{
    i18n::texts,
    page::Desk,
    ui::{Icon, Pictogram},
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
    }
}
