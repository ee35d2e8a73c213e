//! What a panel shows when it has nothing: what would be here, and how it gets there. Style:
//! `style/ui/empty.css`.

use leptos::prelude::*;

use super::{Icon, Pictogram};

#[component]
pub fn Empty(
    icon: Icon,
    #[prop(into)] title: Signal<String>,
    #[prop(into, optional)] text: Signal<String>,
    /// Buttons that help.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <Pictogram icon />
            <p class="empty__title">{title}</p>
            <Show when=move || !text.read().is_empty()>
                <p class="empty__text">{text}</p>
            </Show>
            {children.map(|it| view! { <div class="empty__actions">{it()}</div> })}
        </div>
    }
}
