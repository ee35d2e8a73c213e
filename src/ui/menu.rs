//! A menu of things to do, opened by a button or at a point. Style: `style/ui/menu.css`.
//!
//! It is a popover of the browser: above everything, gone with Escape or a press elsewhere.

use leptos::{html, prelude::*};

use super::{Icon, Pictogram};
use crate::browser::dom;

/// One line of a menu.
#[derive(Debug, Clone)]
pub struct Choice {
    pub label: String,
    pub icon: Option<Icon>,
    /// The shortcut, to be shown.
    pub keys: String,
    pub danger: bool,
    pub on_press: Callback<()>,
}

impl Choice {
    pub fn new(label: impl Into<String>, on_press: impl Fn() + Send + Sync + 'static) -> Self {
        let on_press = Callback::new(move |()| on_press());
        Self { label: label.into(), icon: None, keys: String::new(), danger: false, on_press }
    }

    #[must_use]
    pub fn icon(self, icon: Icon) -> Self {
        Self { icon: Some(icon), ..self }
    }

    #[must_use]
    pub fn danger(self) -> Self {
        Self { danger: true, ..self }
    }

    #[must_use]
    pub fn keys(self, keys: impl Into<String>) -> Self {
        Self { keys: keys.into(), ..self }
    }
}

/// A button with a menu. With `text`, the button shows it; else only its icon.
#[component]
pub fn Menu(
    #[prop(into)] label: Signal<String>,
    #[prop(default = Icon::Ellipsis)] icon: Icon,
    #[prop(into, optional)] text: Option<Signal<String>>,
    #[prop(into)] choices: Signal<Vec<Choice>>,
) -> impl IntoView {
    let list = NodeRef::<html::Div>::new();
    let open = RwSignal::new(false);
    let wrap = NodeRef::<html::Span>::new();
    let show = Callback::new(move |()| {
        if let (Some(list), Some(wrap)) = (list.get_untracked(), wrap.get_untracked()) {
            dom::toggle_popover(&list, &wrap);
        }
    });
    view! {
        <span class="menu" node_ref=wrap data-open=move || open.get().then_some("")>
            {match text {
                Some(text) => view! {
                    <button
                        type="button"
                        class="button button--quiet"
                        aria-label=move || format!("{}: {}", label.get(), text.get())
                        aria-haspopup="menu"
                        aria-expanded=move || open.get().to_string()
                        on:click=move |_| show.run(())
                    >
                        <span class="button__label"><bdi>{text}</bdi></span>
                        <Pictogram icon=Icon::ChevronDown />
                    </button>
                }.into_any(),
                None => view! {
                    <button
                        type="button"
                        class="icon-button"
                        aria-label=label
                        title=label
                        aria-haspopup="menu"
                        aria-expanded=move || open.get().to_string()
                        on:click=move |_| show.run(())
                    >
                        <Pictogram icon />
                    </button>
                }.into_any(),
            }}
            <MenuList label choices list on_toggle=move |it: bool| open.set(it) />
        </span>
    }
}

/// The list alone, for a context menu: show it with [`dom::popover_at`].
#[component]
pub fn MenuList(
    #[prop(into)] label: Signal<String>,
    #[prop(into)] choices: Signal<Vec<Choice>>,
    list: NodeRef<html::Div>,
    #[prop(into, optional)] on_toggle: Option<Callback<bool>>,
) -> impl IntoView {
    let press = move |on_press: Callback<()>| {
        if let Some(list) = list.get_untracked() {
            dom::hide_popover(&list);
        }
        on_press.run(());
    };
    view! {
        <div
            class="menu__list"
            popover="auto"
            role="menu"
            tabindex="-1"
            aria-label=label
            node_ref=list
            on:keydown=move |ev| dom::rove(&ev, "[role=menuitem]", dom::Axis::Vertical)
            on:toggle=move |_| {
                let Some(list) = list.get_untracked() else { return };
                let open = dom::is_popover_open(&list);
                if open {
                    dom::focus_in(&list, "[role=menuitem]");
                }
                if let Some(it) = on_toggle { it.run(open) }
            }
        >
            {move || {
                let choices = choices.get().into_iter();
                choices
                    .map(|choice| {
                        let on_press = choice.on_press;
                        view! {
                        <button
                            type="button"
                            class="menu__item"
                            role="menuitem"
                            tabindex="-1"
                            data-danger=choice.danger.then_some("")
                            on:click=move |_| press(on_press)
                        >
                            {choice.icon.map(|icon| view! { <Pictogram icon /> })}
                            <span class="menu__label">{choice.label}</span>
                            {(!choice.keys.is_empty())
                                .then(|| view! { <kbd class="menu__keys">{choice.keys}</kbd> })}
                        </button>
                    }})
                    .collect_view()
            }}
        </div>
    }
}
