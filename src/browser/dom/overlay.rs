//! What lies above the page: modal dialogs and popovers, both the browser's own.

use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlDialogElement, HtmlElement, PointerEvent};

use super::{document, root, window};

/// Pixels between a popover and what opened it, and the window's edge.
const GAP: f64 = 4.0;

pub fn set_modal(dialog: &HtmlDialogElement, open: bool) {
    if open && !dialog.open() {
        // It fails only for a dialog that is not in the document any more.
        dialog.show_modal().ok();
    } else if !open && dialog.open() {
        dialog.close();
    }
}

/// Whether a press was beside the dialog that it was reported to.
pub fn is_backdrop(ev: &PointerEvent) -> bool {
    let (Some(target), Some(dialog)) = (ev.target(), ev.current_target()) else { return false };
    let Ok(dialog) = dialog.dyn_into::<Element>() else { return false };
    if !dialog.is_same_node(target.dyn_ref::<web_sys::Node>()) {
        return false;
    }
    let area = dialog.get_bounding_client_rect();
    let (x, y) = (f64::from(ev.client_x()), f64::from(ev.client_y()));
    x < area.left() || x > area.right() || y < area.top() || y > area.bottom()
}

/// Shows a popover under (or over, where there is more room) the element that it belongs to, or
/// hides it.
pub fn toggle_popover(popover: &HtmlElement, owner: &HtmlElement) {
    if is_popover_open(popover) {
        hide_popover(popover);
        return;
    }
    let area = owner.get_bounding_client_rect();
    let at_end = area.left() + area.right() > width();
    if show(popover) {
        let own = popover.get_bounding_client_rect();
        let x = if at_end { area.right() - own.width() } else { area.left() };
        let below = area.bottom() + GAP;
        let fits = below + own.height() <= height();
        let y = if fits { below } else { area.top() - own.height() - GAP };
        place(popover, x, y);
    }
}

/// Shows a popover at a point, as a context menu.
pub fn popover_at(popover: &HtmlElement, x: f64, y: f64) {
    if show(popover) {
        place(popover, x, y);
    }
}

pub fn hide_popover(popover: &HtmlElement) {
    // It fails only when it is hidden already.
    popover.hide_popover().ok();
}

pub fn is_popover_open(popover: &HtmlElement) -> bool {
    popover.matches(":popover-open").unwrap_or(false)
}

fn show(popover: &HtmlElement) -> bool {
    is_popover_open(popover) || popover.show_popover().is_ok()
}

fn place(popover: &HtmlElement, x: f64, y: f64) {
    let own = popover.get_bounding_client_rect();
    let x = x.min(width() - own.width() - GAP).max(GAP);
    let y = y.min(height() - own.height() - GAP).max(GAP);
    let style = popover.style();
    for (name, value) in [("left", x), ("top", y)] {
        style.set_property(name, &format!("{value:.0}px")).expect("a known property");
    }
}

fn width() -> f64 {
    f64::from(root().client_width())
}

fn height() -> f64 {
    let inner = window().inner_height().ok().and_then(|it| it.as_f64());
    inner.unwrap_or_else(|| document().body().map_or(0.0, |it| f64::from(it.client_height())))
}
