//! A message that comes up by itself. Style: `style/ui/toast.css`.
//!
//! Where toasts stand and how long is their caller's business.

use leptos::prelude::*;

use super::{Button, ButtonKind, Icon, IconButton, Pictogram, Tone};

#[component]
pub fn Toast(
    #[prop(into)] text: Signal<String>,
    #[prop(into)] tone: Signal<Tone>,
    /// The label of the one thing to do about it.
    #[prop(into, optional)]
    action: Signal<Option<String>>,
    #[prop(into, optional)] on_action: Option<Callback<()>>,
    #[prop(into)] on_dismiss: Callback<()>,
    #[prop(into)] dismiss_label: String,
) -> impl IntoView {
    let icon = Signal::derive(move || match tone.get() {
        Tone::Neutral | Tone::Accent => Icon::Info,
        Tone::Good => Icon::Check,
        Tone::Warning => Icon::Warning,
        Tone::Bad => Icon::Error,
    });
    // A status waits for a pause of the reader, an alert does not.
    let role = move || if tone.get() == Tone::Bad { "alert" } else { "status" };
    view! {
        <div class="toast" role=role data-tone=move || tone.get().name()>
            <Pictogram icon />
            <p class="toast__text">{text}</p>
            {move || {
                let on_action = on_action?;
                let label = action.get()?;
                Some(view! { <Button label on_press=on_action kind=ButtonKind::Quiet /> })
            }}
            <IconButton icon=Icon::Close label=dismiss_label.clone() on_press=on_dismiss />
        </div>
    }
}
