//! Tells by the system what happened in a tab that nobody looks at: a reply that is there, a question,
//! an error. Only where the person has allowed it, see the settings.

use leptos::prelude::*;
use link::{chat, status::Level};

use crate::{browser::dom, i18n::texts, page::Desk};

/// Runs for as long as the page lives.
pub(super) fn begin(desk: Desk) {
    let text = &texts().shell;
    let working = Memo::new(move |_| desk.views.chat.with(|it| it.status != chat::Status::Ready));
    let asking = Memo::new(move |_| desk.views.chat.with(|it| it.permission.is_some()));
    tell_when(desk, move || !working.get(), text.reply_there, "reply");
    tell_when(desk, move || asking.get(), text.reply_asks, "question");

    let newest = Memo::new(move |_| {
        desk.views.status.with(|it| {
            let newest = it.notices.iter().find(|it| it.level == Level::Error && it.toast)?;
            Some((newest.id.clone(), newest.n, newest.text.clone()))
        })
    });
    Effect::new(move |before: Option<Option<(String, u32, String)>>| {
        let now = newest.get();
        if let Some((id, _, text)) = &now
            && before.is_some_and(|it| it != now)
            && dom::is_hidden()
        {
            dom::notify(&project(desk), text, id);
        }
        now
    });
}

/// Tells when something becomes true.
fn tell_when(desk: Desk, is: impl Fn() -> bool + 'static, text: &'static str, tag: &'static str) {
    Effect::new(move |before: Option<bool>| {
        let now = is();
        if before == Some(false) && now && dom::is_hidden() {
            dom::notify(&project(desk), text, tag);
        }
        now
    });
}

/// The name of what is open, or the app's.
fn project(desk: Desk) -> String {
    let name = desk.views.workbench.with_untracked(|it| it.name.clone());
    if name.is_empty() { texts().shell.app.to_owned() } else { name }
}
