//! The document: the small things that components need beyond what Leptos renders.
//!
//! No decisions, and nothing that is called while rendering: handlers and effects do not run in
//! native tests, so neither does this. Handles of the browser never leave this folder.

#![expect(clippy::disallowed_methods, reason = "`src/browser/` is where the browser is talked to")]

mod address;
mod drag;
mod focus;
mod keep;
mod look;
mod notify;
mod overlay;
mod pick;
mod pointer;
mod reading;
mod start;
mod time;

pub use address::{on_back, open_tab, project_in_address, put_project_in_address, reload};
pub use drag::{TAB, carries, carries_files, drag, dragged};
pub use focus::{
    Axis, click, focus, focus_in, is_modal, is_typing, on_keydown, rove, scroll_to, select_stem,
    walk,
};
pub use keep::{copy, download, leave_note, persist, persisted, take_note};
pub use look::{is_apple, on_media, set_theme, set_title};
pub use notify::{Notifying, ask_to_notify, notify, notifying};
pub use overlay::{
    hide_popover, is_backdrop, is_popover_open, popover_at, set_modal, toggle_popover,
};
pub use pick::{Picked, dropped, picked, picked_text};
pub use pointer::{hold_pointer, inline_sign, middle_of, parent_length};
pub use reading::{Linked, cursor, is_on, linked, retype, scroll_top, set_scroll_top};
pub use start::{about, missing};
pub use time::{Hiding, Timer, after, before_hiding, every, is_hidden, now_ms, on_online};

use web_sys::{Document, Element, Window};

fn window() -> Window {
    web_sys::window().expect("the page runs in a window")
}

fn document() -> Document {
    window().document().expect("a window has a document")
}

fn root() -> Element {
    document().document_element().expect("a document has a root")
}
