//! What a reply says should change, in short: the files, and the way to look or to decide.

use leptos::prelude::*;
use link::{
    changes,
    chat::{ChangeCard, ChangeState},
};

use crate::{
    i18n::texts,
    page::Desk,
    ui::{Button, ButtonKind, Icon},
    workbench::changes::FileName,
};

#[component]
pub fn ChangeCardRow(card: Memo<Option<ChangeCard>>) -> impl IntoView {
    view! { {move || card.get().map(|card| view! { <Card card /> })} }
}

#[component]
fn Card(card: ChangeCard) -> impl IntoView {
    let text = &texts().chat;
    let (name, label) = match card.state {
        ChangeState::Pending => ("pending", text.change_pending),
        ChangeState::Applied => ("applied", text.change_applied),
        ChangeState::Rejected => ("rejected", text.change_rejected),
        ChangeState::Superseded => ("superseded", text.change_superseded),
        ChangeState::Refused => ("refused", text.change_refused),
    };
    let title = (text.n_files)(card.files.len());
    let label_of_all = title.clone();
    let files = card.files.iter();
    let files = files.map(|it| view! { <li><FileName summary=it.clone() /></li> }).collect_view();
    view! {
        <div role="group" class="change-card" aria-label=label_of_all data-state=name data-action=card.action>
            <header class="change-card__head">
                <span class="change-card__title">{title}</span>
                <span class="change-card__state">{label}</span>
            </header>
            <ul class="change-card__files">{files}</ul>
            {(card.state == ChangeState::Pending).then(|| view! { <Decide /> })}
        </div>
    }
    .into_any()
}

#[component]
fn Decide() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().chat;
    let wish = move |wish: changes::Wish| desk.wish(link::Wish::Changes(wish));
    view! {
        <div class="change-card__actions">
            <Button label=text.review icon=Icon::Diff on_press=move |()| desk.show("changes") />
            <Button
                label=text.apply
                kind=ButtonKind::Primary
                icon=Icon::Check
                on_press=move |()| wish(changes::Wish::Apply)
            />
            <Button label=text.reject on_press=move |()| wish(changes::Wish::RejectAll) />
        </div>
    }
    .into_any()
}
