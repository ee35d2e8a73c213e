//! Asks before something leaves that looks like a secret. Nothing has been sent while it is open.

use leptos::prelude::*;
use link::chat::View;

use super::typing::Typing;
use crate::{
    i18n::texts,
    ui::{Button, ButtonKind, Dialog},
};

#[component]
pub fn SecretsDialog(typing: Typing, chat: RwSignal<View>) -> impl IntoView {
    let text = &texts().chat;
    let secrets = Memo::new(move |_| chat.with(|it| it.composer.secrets.clone()));
    let send = Callback::new(move |()| {
        typing.asking.set(false);
        typing.send(true);
    });
    let back = Callback::new(move |()| typing.asking.set(false));
    view! {
        <Dialog open=typing.asking title=text.secrets_title close_label=text.close on_close=back>
            <div class="ask">
            <p>{text.secrets_about}</p>
            <ul class="secrets">
                {move || {
                    let secrets = secrets.get().into_iter();
                    secrets
                        .map(|it| view! { <li>{(text.secret)(&it.place, it.line, &it.looks_like)}</li> })
                        .collect_view()
                }}
            </ul>
            <div class="ask__actions">
                <Button label=text.back kind=ButtonKind::Primary on_press=back />
                <Button label=text.send_anyway kind=ButtonKind::Danger on_press=send />
            </div>
            </div>
        </Dialog>
    }
    .into_any()
}
