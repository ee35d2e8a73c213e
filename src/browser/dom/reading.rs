//! Where one is: in a text that is typed, in a box that is scrolled, on an element.

use wasm_bindgen::JsCast as _;
use web_sys::{Element, Event, HtmlTextAreaElement};

/// Returns the cursor's place in UTF-16 units; the end when the browser does not say.
pub fn cursor(area: &HtmlTextAreaElement) -> usize {
    // A text area always has a selection; asking cannot fail in a way worth telling.
    let at = area.selection_end().ok().flatten();
    at.map_or(usize::MAX, |it| it as usize)
}

/// Replaces what is typed and puts the cursor there, in UTF-16 units; then focuses the area.
pub fn retype(area: &HtmlTextAreaElement, text: &str, cursor: usize) {
    area.set_value(text);
    let cursor = u32::try_from(cursor).unwrap_or(u32::MAX);
    // Without it the cursor stands at the end, which does as well.
    area.set_selection_range(cursor, cursor).and_then(|()| area.focus()).ok();
}

/// Returns how far a box is scrolled, in CSS pixels; negative in one that is laid out from its end.
pub fn scroll_top(element: &Element) -> f64 {
    f64::from(element.scroll_top())
}

pub fn set_scroll_top(element: &Element, to: i32) {
    element.set_scroll_top(to);
}

/// What a reply's text leads to. Its markup is `agent::markdown`'s.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Linked {
    File {
        path: String,
        line: Option<u32>,
    },
    /// An image of the web, which is only loaded when it is asked for.
    Image {
        address: String,
    },
}

/// Returns what the link of a reply's text that an event happened on leads to.
pub fn linked(ev: &Event) -> Option<Linked> {
    let target = ev.target()?.dyn_into::<Element>().ok()?;
    let link = target.closest(".file-link, .remote-image").ok().flatten()?;
    if let Some(path) = link.get_attribute("data-path") {
        let line = link.get_attribute("data-line").and_then(|it| it.parse().ok());
        return Some(Linked::File { path, line });
    }
    Some(Linked::Image { address: link.get_attribute("data-src")? })
}

/// Whether an event happened on or within an element that matches.
pub fn is_on(ev: &Event, selector: &str) -> bool {
    let target = ev.target().and_then(|it| it.dyn_into::<Element>().ok());
    target.is_some_and(|it| it.closest(selector).is_ok_and(|it| it.is_some()))
}
