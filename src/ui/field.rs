//! Fields to type and choose in. Style: `style/ui/field.css`.
//!
//! A field holds what is being typed in a signal of its caller; it checks nothing.

use leptos::prelude::*;

/// One line. `kind` is the input's type: "text", "password", "url", "email", "search".
#[component]
pub fn TextField(
    #[prop(into)] label: String,
    value: RwSignal<String>,
    #[prop(default = "text")] kind: &'static str,
    #[prop(into, optional)] hint: Signal<String>,
    #[prop(into, optional)] placeholder: String,
    /// What is wrong with the value; empty when nothing is.
    #[prop(into, optional)]
    wrong: Signal<String>,
    #[prop(default = "off")] autocomplete: &'static str,
    #[prop(optional)] autofocus: bool,
    #[prop(into, optional)] on_enter: Option<Callback<()>>,
    /// The field lost the focus or Enter was pressed, after a change.
    #[prop(into, optional)]
    on_change: Option<Callback<String>>,
) -> impl IntoView {
    let said = move || if wrong.read().is_empty() { hint.get() } else { wrong.get() };
    view! {
        <div class="field">
            <label class="field__label">
                <span>{label}</span>
                <input
                    class="field__input"
                    type=kind
                    autocomplete=autocomplete
                    spellcheck="false"
                    placeholder=placeholder
                    autofocus=autofocus
                    aria-description=said
                    aria-invalid=move || (!wrong.read().is_empty()).then_some("true")
                    prop:value=value
                    on:input:target=move |ev| value.set(ev.target().value())
                    on:change:target=move |ev| {
                        if let Some(it) = on_change { it.run(ev.target().value()) }
                    }
                    on:keydown=move |ev| {
                        if ev.key() == "Enter" && !ev.is_composing() && let Some(it) = on_enter {
                            ev.prevent_default();
                            it.run(());
                        }
                    }
                />
            </label>
            <Show when=move || !said().is_empty()>
                <p class="field__hint" data-wrong=move || (!wrong.read().is_empty()).then_some("")>
                    {said}
                </p>
            </Show>
        </div>
    }
}

/// Several lines.
#[component]
pub fn TextArea(
    #[prop(into)] label: String,
    value: RwSignal<String>,
    #[prop(into, optional)] hint: String,
    #[prop(into, optional)] placeholder: String,
    #[prop(default = 6)] rows: u32,
    #[prop(optional)] readonly: bool,
    #[prop(into, optional)] on_change: Option<Callback<String>>,
) -> impl IntoView {
    let described = hint.clone();
    view! {
        <div class="field">
            <label class="field__label">
                <span>{label}</span>
                <textarea
                    class="field__input field__input--area"
                    rows=rows
                    placeholder=placeholder
                    readonly=readonly
                    aria-description=described
                    prop:value=value
                    on:input:target=move |ev| value.set(ev.target().value())
                    on:change:target=move |ev| {
                        if let Some(it) = on_change { it.run(ev.target().value()) }
                    }
                ></textarea>
            </label>
            {(!hint.is_empty()).then(|| view! { <p class="field__hint">{hint}</p> })}
        </div>
    }
}

/// One of several values, each with a name for people. `bare` leaves the label to screen readers.
#[component]
pub fn Select(
    #[prop(into)] label: String,
    #[prop(into)] value: Signal<String>,
    #[prop(into)] options: Signal<Vec<(String, String)>>,
    #[prop(into)] on_choose: Callback<String>,
    #[prop(optional)] bare: bool,
) -> impl IntoView {
    let described = label.clone();
    view! {
        <label class="field__label">
            <span hidden=bare>{label}</span>
            <select
                class="field__select"
                aria-label=described
                prop:value=value
                on:change:target=move |ev| on_choose.run(ev.target().value())
            >
                {move || {
                    let chosen = value.get();
                    let options = options.get().into_iter();
                    options
                        .map(|(id, name)| {
                            let selected = id == chosen;
                            view! { <option value=id selected=selected>{name}</option> }
                        })
                        .collect_view()
                }}
            </select>
        </label>
    }
}
