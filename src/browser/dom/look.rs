//! How the page looks: theme, media queries, title.

use wasm_bindgen::{JsCast as _, closure::Closure};
use web_sys::MediaQueryListEvent;

use super::{document, root, window};

/// Sets the theme that style sheets read: "light", "dark", or empty for the system's.
pub fn set_theme(theme: &str) {
    let root = root();
    let done = if theme.is_empty() {
        root.remove_attribute("data-theme")
    } else {
        root.set_attribute("data-theme", theme)
    };
    done.expect("a known attribute");
}

/// Calls at once and whenever a media query begins or ceases to hold.
pub fn on_media(query: &str, call: impl Fn(bool) + 'static) {
    let Ok(Some(list)) = window().match_media(query) else { return };
    call(list.matches());
    let call = Closure::<dyn Fn(MediaQueryListEvent)>::new(move |ev: MediaQueryListEvent| {
        call(ev.matches());
    });
    let added = list.add_event_listener_with_callback("change", call.as_ref().unchecked_ref());
    added.expect("a media query takes listeners");
    // Both live as long as the page.
    call.forget();
    std::mem::forget(list);
}

pub fn set_title(title: &str) {
    document().set_title(title);
}

/// Whether shortcuts are written with ⌘.
pub fn is_apple() -> bool {
    let platform = window().navigator().platform().unwrap_or_default();
    platform.starts_with("Mac") || platform.starts_with("iP")
}
