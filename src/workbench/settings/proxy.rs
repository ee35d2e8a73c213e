//! Whether the proxy answers, and pairing with it.

use leptos::prelude::*;
use link::settings::{ProxyState, Wish};

use crate::{
    i18n::texts,
    page::Desk,
    ui::{Button, ButtonKind, Icon, Pictogram, TextField},
};

#[component]
pub fn Proxy() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().settings;
    let state = Memo::new(move |_| desk.views.settings.with(|it| it.proxy.clone()));
    let token = RwSignal::new(String::new());
    let blank = Signal::derive(move || token.read().trim().is_empty());
    let pair = Callback::new(move |()| {
        let token = std::mem::take(&mut *token.write()).trim().to_owned();
        if !token.is_empty() {
            desk.wish(link::Wish::Settings(Wish::SetToken { token }));
        }
    });
    let shown = move || match state.get() {
        ProxyState::Unknown => (Icon::Info, "neutral", text.proxy_unknown.to_owned()),
        ProxyState::Connected { version } => {
            (Icon::Check, "good", (text.proxy_connected)(&version))
        }
        ProxyState::Unreachable { why } => {
            (Icon::Warning, "warning", (text.proxy_unreachable)(&why))
        }
    };
    view! {
        <p class="settings__about">{text.proxy_about}</p>
        <div role="status">
            {move || {
                let (icon, tone, text) = shown();
                view! {
                    <p class="settings__note" data-tone=tone>
                        <Pictogram icon />
                        <span>{text}</span>
                    </p>
                }
            }}
        </div>
        <form
            class="form"
            on:submit=move |ev| {
                ev.prevent_default();
                pair.run(());
            }
        >
            <TextField
                label=text.token
                value=token
                kind="password"
                hint=text.token_hint
                on_enter=pair
            />
            <div class="form__actions form__actions--start">
                <Button
                    label=text.pair
                    kind=ButtonKind::Primary
                    disabled=blank
                    on_press=pair
                />
            </div>
        </form>
    }
}
