//! Pointers and directions.

use wasm_bindgen::JsCast as _;
use web_sys::{Element, PointerEvent};

use super::{document, root};

/// Sends the pointer's further events to the element, wherever it goes.
pub fn hold_pointer(ev: &PointerEvent) {
    if let Some(element) = ev.current_target().and_then(|it| it.dyn_into::<Element>().ok()) {
        // A pointer that went up meanwhile cannot be held, and need not be.
        element.set_pointer_capture(ev.pointer_id()).ok();
    }
}

/// The length of the parent of the event's own element.
pub fn parent_length(ev: &PointerEvent, inline: bool) -> f64 {
    let element = ev.current_target().and_then(|it| it.dyn_into::<Element>().ok());
    let Some(parent) = element.and_then(|it| it.parent_element()) else { return 1.0 };
    let area = parent.get_bounding_client_rect();
    if inline { area.width() } else { area.height() }
}

/// 1 where text runs from left to right, else -1.
pub fn inline_sign() -> f64 {
    if root().get_attribute("dir").as_deref() == Some("rtl") { -1.0 } else { 1.0 }
}

/// Returns where in the window the middle of an element is.
pub fn middle_of(id: &str) -> Option<(i32, i32)> {
    let area = document().get_element_by_id(id)?.get_bounding_client_rect();
    let (x, y) = (area.left() + area.width() / 2.0, area.top() + area.height() / 2.0);
    Some((x as i32, y as i32))
}
