//! `alert`, `confirm` and `prompt` of the running project, whose page waits for the answer.
//!
//! The text is the project's: it is shown as text, under a title that says whose it is.

use leptos::prelude::*;
use link::preview::{DialogKind, Wish};

use super::Screen;
use crate::ui::{Button, ButtonKind, Dialog, TextField};

#[component]
pub(super) fn Asked(screen: Screen) -> impl IntoView {
    let texts = screen.texts;
    let asked = Memo::new(move |_| screen.view.with(|it| it.dialog.clone()));
    let answer = RwSignal::new(String::new());
    Effect::new(move || {
        answer.set(asked.get().map(|it| it.value).unwrap_or_default());
    });
    let reply = move |answer: Option<String>| {
        if let Some(dialog) = asked.get_untracked() {
            screen.wish(Wish::AnswerDialog { dialog: dialog.id, answer });
        }
    };
    let kind = move || asked.get().map(|it| it.kind);
    let title = move || match kind() {
        Some(DialogKind::Alert) | None => texts.says.to_owned(),
        Some(DialogKind::Confirm | DialogKind::Prompt) => texts.asks.to_owned(),
    };
    let text = move || asked.get().map(|it| it.text).unwrap_or_default();
    view! {
        <Dialog
            open=Signal::derive(move || asked.read().is_some())
            title=Signal::derive(title)
            close_label=texts.cancel
            on_close=move |()| reply(None)
        >
            <p class="asked__text">{text}</p>
            <Show when=move || kind() == Some(DialogKind::Prompt)>
                <TextField
                    label=texts.answer
                    value=answer
                    autofocus=true
                    on_enter=move |()| reply(Some(answer.get_untracked()))
                />
            </Show>
            <div class="asked__actions">
                <Show when=move || kind() != Some(DialogKind::Alert)>
                    <Button label=texts.cancel on_press=move |()| reply(None) />
                </Show>
                <Button
                    label=texts.ok
                    kind=ButtonKind::Primary
                    on_press=move |()| reply(Some(answer.get_untracked()))
                />
            </div>
        </Dialog>
    }
}
