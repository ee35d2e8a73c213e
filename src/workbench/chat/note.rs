//! A note that goes along with every message.

use leptos::prelude::*;
use link::chat::Wish;

use crate::{
    i18n::texts,
    page::Desk,
    ui::{Button, ButtonKind, Dialog, Icon, IconButton, TextArea},
};

#[component]
pub fn NoteButton() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().chat;
    let open = RwSignal::new(false);
    let note = RwSignal::new(String::new());
    let empty = Memo::new(move |_| note.read().trim().is_empty());
    let close = move || open.set(false);
    let add = Callback::new(move |()| {
        desk.wish(link::Wish::Chat(Wish::AddNote { text: note.get_untracked() }));
        note.set(String::new());
        close();
    });
    view! {
        <IconButton icon=Icon::Pencil label=text.add_note on_press=move |()| open.set(true) />
        <Dialog
            open
            title=text.note
            close_label=text.close
            on_close=move |()| close()
        >
            <div class="ask">
            <TextArea label=text.note hint=text.note_about value=note />
            <div class="ask__actions">
                <Button label=text.cancel on_press=move |()| close() />
                <Button label=text.add_note.trim_end_matches('…') kind=ButtonKind::Primary disabled=empty on_press=add />
            </div>
            </div>
        </Dialog>
    }
    .into_any()
}
