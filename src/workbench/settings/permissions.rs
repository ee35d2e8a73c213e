//! What was allowed for good, and taking it back.

use leptos::prelude::*;
use link::settings::Wish;

use crate::{
    i18n::texts,
    page::Desk,
    ui::{Button, Empty, Icon},
};

#[component]
pub fn Permissions() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().settings;
    let grants = Memo::new(move |_| desk.views.settings.with(|it| it.permissions.clone()));
    view! {
        <p class="settings__about">{text.permissions_about}</p>
        <Show
            when=move || !grants.read().is_empty()
            fallback=move || view! {
                <Empty icon=Icon::Shield title=text.no_grants text=text.no_grants_text />
            }
        >
            <ul class="settings__list">
                <For each=move || grants.get() key=|it| it.id.clone() let:grant>
                    <li class="settings__row">
                        <div class="settings__row-head">
                            <code class="settings__row-name"><bdi>{grant.pattern.clone()}</bdi></code>
                            <span class="settings__row-about"><bdi>{grant.project}</bdi></span>
                        </div>
                        <Button
                            label=text.revoke
                            title=(text.revoke_of)(&grant.pattern)
                            on_press=move |()| {
                                let grant = grant.id.clone();
                                desk.wish(link::Wish::Settings(Wish::Revoke { grant }));
                            }
                        />
                    </li>
                </For>
            </ul>
        </Show>
    }
}
