//! Who the commits are by.

use leptos::prelude::*;
use link::settings::Wish;

use crate::{i18n::texts, page::Desk, ui::TextField};

#[component]
pub fn You() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let text = &texts().settings;
    let (name, email) =
        desk.views.settings.with_untracked(|it| (it.author_name.clone(), it.author_email.clone()));
    let (name, email) = (RwSignal::new(name), RwSignal::new(email));
    let wrong = Signal::derive(move || {
        let email = email.read();
        let bad = !email.is_empty() && (!email.contains('@') || email.contains(['<', '>', '\n']));
        if bad { text.email_wrong.to_owned() } else { String::new() }
    });
    let keep = Callback::new(move |_: String| {
        if wrong.read_untracked().is_empty() {
            let (name, email) = (name.get_untracked(), email.get_untracked());
            let (name, email) = (name.trim().to_owned(), email.trim().to_owned());
            desk.wish(link::Wish::Settings(Wish::SetAuthor { name, email }));
        }
    });
    view! {
        <p class="settings__about">{text.you_about}</p>
        <div class="form">
            <TextField label=text.author_name value=name autocomplete="name" on_change=keep />
            <TextField
                label=text.author_email
                value=email
                kind="email"
                autocomplete="email"
                wrong
                on_change=keep
            />
        </div>
    }
}
