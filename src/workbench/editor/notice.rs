//! A line over the text that says what happened to it, with what can be done.
//!
//! It decides nothing.

use leptos::prelude::*;

use crate::ui::{Icon, Pictogram};

#[component]
pub(super) fn Notice(
    #[prop(into)] text: Signal<String>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="editor__notice" role="status">
            <Pictogram icon=Icon::Info />
            <span class="editor__said">{text}</span>
            {children.map(|it| it())}
        </div>
    }
}
