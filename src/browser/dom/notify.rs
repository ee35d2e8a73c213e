//! Notifications of the system, for a tab that nobody looks at.

use wasm_bindgen::{JsCast as _, closure::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Notification, NotificationOptions, NotificationPermission};

use super::window;

/// What the person has allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notifying {
    Allowed,
    NotAsked,
    Denied,
    /// The browser has none.
    Impossible,
}

pub fn notifying() -> Notifying {
    let known = js_sys::Reflect::has(&window(), &"Notification".into());
    if !known.unwrap_or(false) {
        return Notifying::Impossible;
    }
    match Notification::permission() {
        NotificationPermission::Granted => Notifying::Allowed,
        NotificationPermission::Denied => Notifying::Denied,
        NotificationPermission::Default | _ => Notifying::NotAsked,
    }
}

/// Asks the person, once the browser allows that: from a press. `done` hears the answer.
pub fn ask_to_notify(done: impl FnOnce(Notifying) + 'static) {
    let Ok(asked) = Notification::request_permission() else { return };
    spawn_local(async move {
        // A refusal is an answer, not an error.
        JsFuture::from(asked).await.ok();
        done(notifying());
    });
}

/// Tells, where it is allowed. A newer one with the same tag takes the place of the older. Pressing
/// it brings the tab to the front.
pub fn notify(title: &str, text: &str, tag: &str) {
    if notifying() != Notifying::Allowed {
        return;
    }
    let options = NotificationOptions::new();
    options.set_body(text);
    options.set_tag(tag);
    // Some browsers of phones have them only for service workers, and say so here.
    let Ok(shown) = Notification::new_with_options(title, &options) else { return };
    let own = shown.clone();
    let pressed = Closure::once_into_js(move || {
        // A window that cannot be focused stays where it is.
        window().focus().ok();
        own.close();
    });
    shown.set_onclick(Some(pressed.unchecked_ref()));
}
