//! How far something has come, and how full something is. Style: `style/ui/progress.css`.

use leptos::prelude::*;

/// A bar from 0 to 1; without a value it only says that something happens.
#[component]
pub fn Progress(
    #[prop(into)] label: Signal<String>,
    #[prop(into)] value: Signal<Option<f64>>,
) -> impl IntoView {
    view! {
        <progress
            class="progress"
            max="1"
            aria-label=label
            value=move || value.get().map(|it| format!("{:.3}", it.clamp(0.0, 1.0)))
        ></progress>
    }
}

/// A share of something limited; beyond nine tenths it warns.
#[component]
pub fn Meter(
    #[prop(into)] label: Signal<String>,
    #[prop(into)] value: Signal<f64>,
    #[prop(into)] limit: Signal<f64>,
) -> impl IntoView {
    let share = move || {
        let limit = limit.get();
        if limit > 0.0 { (value.get() / limit).clamp(0.0, 1.0) } else { 0.0 }
    };
    let tone = move || if share() > 0.9 { "warning" } else { "accent" };
    view! {
        <div
            class="meter"
            role="meter"
            aria-label=label
            aria-valuemin="0"
            aria-valuemax="100"
            aria-valuenow=move || format!("{:.0}", share() * 100.0)
            data-tone=tone
        >
            <div class="meter__bar" style:inline-size=move || format!("{:.1}%", share() * 100.0)></div>
        </div>
    }
}
