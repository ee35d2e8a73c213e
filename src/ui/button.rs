//! Buttons with a label, and with an icon only. Style: `style/ui/button.css`.

use leptos::prelude::*;

use super::{Icon, Pictogram};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ButtonKind {
    #[default]
    Plain,
    /// The one thing to do here.
    Primary,
    Danger,
    /// Without a frame until it is pointed at.
    Quiet,
}

impl ButtonKind {
    fn class(self) -> &'static str {
        match self {
            Self::Plain => "button",
            Self::Primary => "button button--primary",
            Self::Danger => "button button--danger",
            Self::Quiet => "button button--quiet",
        }
    }
}

#[component]
pub fn Button(
    #[prop(into)] label: Signal<String>,
    #[prop(into)] on_press: Callback<()>,
    #[prop(optional)] kind: ButtonKind,
    #[prop(optional)] icon: Option<Icon>,
    #[prop(into, optional)] disabled: Signal<bool>,
    /// For a button that opens something: more than the label says.
    #[prop(into, optional)]
    title: Option<String>,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class=kind.class()
            disabled=disabled
            title=title
            on:click=move |_| on_press.run(())
        >
            {icon.map(|icon| view! { <Pictogram icon /> })}
            <span class="button__label">{label}</span>
        </button>
    }
}

/// A button that only shows an icon; its label is its tooltip and what is read out.
#[component]
pub fn IconButton(
    #[prop(into)] icon: Signal<Icon>,
    #[prop(into)] label: Signal<String>,
    #[prop(into)] on_press: Callback<()>,
    /// Makes it a toggle.
    #[prop(into, optional)]
    pressed: Option<Signal<bool>>,
    #[prop(into, optional)] disabled: Signal<bool>,
    /// The shortcut, for the tooltip.
    #[prop(into, optional)]
    keys: String,
) -> impl IntoView {
    let title = move || {
        if keys.is_empty() { label.get() } else { format!("{} ({keys})", label.get()) }
    };
    view! {
        <button
            type="button"
            class="icon-button"
            aria-label=label
            title=title
            aria-pressed=move || pressed.map(|it| it.get().to_string())
            disabled=disabled
            on:click=move |_| on_press.run(())
        >
            <Pictogram icon />
        </button>
    }
}
