//! Where the keyboard is.

use wasm_bindgen::{JsCast as _, closure::Closure};
use web_sys::{Element, HtmlElement, HtmlInputElement, KeyboardEvent};

use super::{document, inline_sign, window};

/// The direction in which a group of elements is walked with arrow keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    Horizontal,
    Vertical,
}

/// Focuses the first element that matches; false when there is none.
pub fn focus(selector: &str) -> bool {
    let found = document().query_selector(selector).ok().flatten();
    found.is_some_and(|it| focus_element(&it))
}

/// The same within an element.
pub fn focus_in(within: &Element, selector: &str) -> bool {
    let found = within.query_selector(selector).ok().flatten();
    found.is_some_and(|it| focus_element(&it))
}

/// Presses the first element that matches, as for a hidden file field.
pub fn click(selector: &str) {
    let found = document().query_selector(selector).ok().flatten();
    if let Some(element) = found.and_then(|it| it.dyn_into::<HtmlElement>().ok()) {
        element.click();
    }
}

/// Brings the first element that matches into sight, moving as little as possible.
pub fn scroll_to(selector: &str) {
    if let Some(element) = document().query_selector(selector).ok().flatten() {
        let options = js_sys::Object::new();
        let set = js_sys::Reflect::set(&options, &"block".into(), &"nearest".into());
        let scroll = js_sys::Reflect::get(&element, &"scrollIntoView".into());
        if let (Ok(true), Ok(scroll)) = (set, scroll)
            && let Ok(scroll) = scroll.dyn_into::<js_sys::Function>()
        {
            // Not scrolling is no failure worth telling.
            scroll.call1(&element, &options).ok();
        }
    }
}

/// Moves the focus with arrow keys, Home and End among the elements that match within the event's
/// own element.
pub fn rove(ev: &KeyboardEvent, selector: &str, axis: Axis) {
    let by = match (axis, ev.key().as_str()) {
        (Axis::Vertical, "ArrowUp") => Some(-1),
        (Axis::Vertical, "ArrowDown") => Some(1),
        (Axis::Horizontal, "ArrowLeft") => Some(if inline_sign() > 0.0 { -1 } else { 1 }),
        (Axis::Horizontal, "ArrowRight") => Some(if inline_sign() > 0.0 { 1 } else { -1 }),
        (_, "Home" | "End") => None,
        _ => return,
    };
    let Some(within) = ev.current_target().and_then(|it| it.dyn_into::<Element>().ok()) else {
        return;
    };
    let Ok(found) = within.query_selector_all(selector) else { return };
    let found: Vec<Element> =
        (0..found.length()).filter_map(|at| found.item(at)?.dyn_into().ok()).collect();
    if found.is_empty() {
        return;
    }
    ev.prevent_default();
    let active = document().active_element();
    let at = found.iter().position(|it| Some(it) == active.as_ref());
    let last = found.len() - 1;
    let next = match (by, at) {
        (Some(1), Some(at)) if at == last => 0,
        (Some(1), Some(at)) => at + 1,
        (Some(_), Some(at)) => at.checked_sub(1).unwrap_or(last),
        (Some(_), None) => 0,
        (None, _) => {
            if ev.key() == "Home" {
                0
            } else {
                last
            }
        }
    };
    focus_element(&found[next]);
}

/// Focuses the next (or previous) visible element that matches, as seen from where the focus is.
pub fn walk(selector: &str, forward: bool) {
    let Ok(found) = document().query_selector_all(selector) else { return };
    let found: Vec<HtmlElement> = (0..found.length())
        .filter_map(|at| found.item(at)?.dyn_into::<HtmlElement>().ok())
        .filter(|it| it.get_client_rects().length() > 0)
        .collect();
    if found.is_empty() {
        return;
    }
    let active = document().active_element();
    let at = found.iter().position(|it| it.contains(active.as_deref()));
    let next = match (at, forward) {
        (None, true) => 0,
        (None, false) => found.len() - 1,
        (Some(at), true) => (at + 1) % found.len(),
        (Some(at), false) => (at + found.len() - 1) % found.len(),
    };
    focus_element(&found[next]);
}

/// Whether a modal dialog lies over the page.
pub fn is_modal() -> bool {
    document().query_selector("dialog[open]").is_ok_and(|it| it.is_some())
}

/// Whether keys go into a text: then only shortcuts with a modifier count.
pub fn is_typing(ev: &KeyboardEvent) -> bool {
    let Some(target) = ev.target().and_then(|it| it.dyn_into::<HtmlElement>().ok()) else {
        return false;
    };
    matches!(target.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT")
        || target.is_content_editable()
}

/// Calls for every key that goes down in the window, before anybody else, for as long as the page
/// lives.
pub fn on_keydown(call: impl Fn(KeyboardEvent) + 'static) {
    let call = Closure::<dyn Fn(KeyboardEvent)>::new(call);
    let added = window().add_event_listener_with_callback_and_bool(
        "keydown",
        call.as_ref().unchecked_ref(),
        true,
    );
    added.expect("the window takes listeners");
    call.forget();
}

fn focus_element(element: &Element) -> bool {
    // An element that cannot be focused stays as it is: there is nothing to tell.
    element.dyn_ref::<HtmlElement>().is_some_and(|it| it.focus().is_ok())
}

/// Focuses a field with the name of a file and selects the name without its extension.
pub fn select_stem(field: &HtmlInputElement) {
    let value = field.value();
    let stem = value.rfind('.').filter(|at| *at > 0).unwrap_or(value.len());
    let n_units = value[..stem].encode_utf16().count() as u32;
    // It fails only for fields that hold no text.
    field.focus().and_then(|()| field.set_selection_range(0, n_units)).ok();
}
