//! The line between two panels, moved by pointer or arrow keys. Style: `style/ui/splitter.css`.

use leptos::prelude::*;

use crate::browser::dom;

/// The direction in which the panels stand beside each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Along {
    /// Side by side: the line is upright.
    Inline,
    /// One above the other.
    Block,
}

/// Changes a length in CSS pixels, or with `share` a share of its parent's length.
#[component]
pub fn Splitter(
    #[prop(into)] label: String,
    along: Along,
    #[prop(into)] value: Signal<f64>,
    least: f64,
    most: f64,
    #[prop(into)] on_change: Callback<f64>,
    /// The value is a share from 0 to 1.
    #[prop(optional)]
    share: bool,
    /// The panel whose length it is comes after the line.
    #[prop(optional)]
    after: bool,
) -> impl IntoView {
    // Where the pointer went down: its position, the value then, and pixels per unit.
    let grip = RwSignal::new(None::<(f64, f64, f64)>);
    let sign = if after { -1.0 } else { 1.0 };
    let put = move |value: f64| on_change.run(value.clamp(least, most));
    let step = if share { 0.02 } else { 16.0 };
    let on_key = move |ev: leptos::ev::KeyboardEvent| {
        let direction = match (along, ev.key().as_str()) {
            (Along::Inline, "ArrowLeft") => -dom::inline_sign(),
            (Along::Inline, "ArrowRight") => dom::inline_sign(),
            (Along::Block, "ArrowUp") => -1.0,
            (Along::Block, "ArrowDown") => 1.0,
            (_, "Home") => return put(least),
            (_, "End") => return put(most),
            _ => return,
        };
        ev.prevent_default();
        put(value.get_untracked() + direction * sign * step);
    };
    let position = move |ev: &leptos::ev::PointerEvent| match along {
        Along::Inline => f64::from(ev.client_x()) * dom::inline_sign(),
        Along::Block => f64::from(ev.client_y()),
    };
    let decimals = if share { 2 } else { 0 };
    view! {
        <div
            class="splitter"
            role="separator"
            tabindex="0"
            aria-label=label
            aria-orientation=match along {
                Along::Inline => "vertical",
                Along::Block => "horizontal",
            }
            aria-valuemin=least
            aria-valuemax=most
            aria-valuenow=move || format!("{:.decimals$}", value.get())
            data-held=move || grip.get().map(|_| "")
            on:keydown=on_key
            on:pointerdown=move |ev| {
                if ev.button() != 0 {
                    return;
                }
                ev.prevent_default();
                dom::hold_pointer(&ev);
                let pixels = if share { dom::parent_length(&ev, along == Along::Inline) } else { 1.0 };
                grip.set(Some((position(&ev), value.get_untracked(), pixels.max(1.0))));
            }
            on:pointermove=move |ev| {
                if let Some((from, start, pixels)) = grip.get_untracked() {
                    put(start + (position(&ev) - from) * sign / pixels);
                }
            }
            on:pointerup=move |_| grip.set(None)
            on:pointercancel=move |_| grip.set(None)
        ></div>
    }
}
