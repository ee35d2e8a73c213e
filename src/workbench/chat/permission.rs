//! A right that a turn asks for, with what exactly it would do. The turn waits for the answer.

use leptos::prelude::*;
use link::chat::{Answer, Permission, View, Wish};

use crate::{
    i18n::texts,
    page::Desk,
    ui::{Button, ButtonKind, Icon, Pictogram},
};

#[component]
pub fn PermissionCard(chat: RwSignal<View>) -> impl IntoView {
    let permission = Memo::new(move |_| chat.with(|it| it.permission.clone()));
    view! {
        // The region is always there, so that a screen reader notices what appears in it.
        <div class="permission-slot" role="alert">
            {move || permission.get().map(|permission| view! { <Card permission /> })}
        </div>
    }
}

#[component]
fn Card(permission: Permission) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().chat;
    let id = permission.id;
    let answer = move |answer| {
        let permission = id.clone();
        move |()| {
            let permission = permission.clone();
            desk.wish(link::Wish::Chat(Wish::Answer { permission, answer }));
        }
    };
    view! {
        <section class="permission" aria-label=text.permission>
            <p class="permission__title">
                <Pictogram icon=Icon::Shield />
                <strong>{text.permission} ": "</strong>
                {permission.title}
            </p>
            {(!permission.detail.is_empty())
                .then(|| view! { <pre class="permission__detail" tabindex="0" dir="ltr">{permission.detail}</pre> })}
            <div class="permission__actions">
                <Button label=text.once kind=ButtonKind::Primary on_press=answer(Answer::Once) />
                <span class="permission__always">
                    <Button label=text.always on_press=answer(Answer::Always) />
                    <code class="permission__pattern">{permission.pattern}</code>
                </span>
                <Button label=text.no kind=ButtonKind::Danger on_press=answer(Answer::No) />
            </div>
        </section>
    }
    .into_any()
}
