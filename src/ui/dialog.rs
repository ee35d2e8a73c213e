//! A modal dialog: the browser's own, which traps the focus and gives it back. Style:
//! `style/ui/dialog.css`.

use leptos::{html, prelude::*};

use super::{Icon, IconButton};
use crate::browser::dom;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DialogSize {
    #[default]
    Small,
    /// For lists and forms with sections.
    Large,
    /// At the top and without a head: for a list that one types into.
    Palette,
}

impl DialogSize {
    fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Large => "large",
            Self::Palette => "palette",
        }
    }
}

/// Shows its children while `open`. `on_close` is called when the person closes it, with Escape,
/// with the button or by a press beside it.
#[component]
pub fn Dialog(
    #[prop(into)] open: Signal<bool>,
    #[prop(into)] title: Signal<String>,
    #[prop(into)] on_close: Callback<()>,
    #[prop(into)] close_label: String,
    #[prop(optional)] size: DialogSize,
    children: ChildrenFn,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    // Memo: the effect must not run for a dialog that stays open.
    let open = Memo::new(move |_| open.get());
    Effect::new(move |_| {
        let open = open.get();
        let Some(dialog) = node.get() else { return };
        dom::set_modal(&dialog, open);
    });
    let close = Callback::new(move |()| {
        if open.get_untracked() {
            on_close.run(());
        }
    });
    let children = StoredValue::new(children);
    let close_label = StoredValue::new(close_label);
    view! {
        <dialog
            class="dialog"
            node_ref=node
            data-size=size.name()
            aria-label=title
            on:close=move |_| close.run(())
            on:pointerdown=move |ev| {
                if dom::is_backdrop(&ev) {
                    close.run(());
                }
            }
        >
            <Show when=move || open.get()>
                {(size != DialogSize::Palette).then(|| view! {
                    <div class="dialog__head">
                        <h2 class="dialog__title">{title}</h2>
                        <IconButton
                            icon=Icon::Close
                            label=close_label.get_value()
                            on_press=close
                        />
                    </div>
                })}
                <div class="dialog__body">{children.with_value(|it| it())}</div>
            </Show>
        </dialog>
    }
}
