//! On or off, at once. Style: `style/ui/switch.css`.

use leptos::prelude::*;

#[component]
pub fn Switch(
    #[prop(into)] label: Signal<String>,
    #[prop(into)] on: Signal<bool>,
    #[prop(into)] on_change: Callback<bool>,
    #[prop(into, optional)] title: Option<String>,
) -> impl IntoView {
    view! {
        <label class="switch" title=title>
            <input
                class="switch__input"
                type="checkbox"
                role="switch"
                prop:checked=on
                checked=on
                on:change:target=move |ev| on_change.run(ev.target().checked())
            />
            <span class="switch__label">{label}</span>
        </label>
    }
}
