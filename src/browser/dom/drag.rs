//! What is dragged within the page, and onto it.

use web_sys::DragEvent;

/// The media type of a dragged tab.
pub const TAB: &str = "application/x-easel-tab";

pub fn drag(ev: &DragEvent, kind: &str, value: &str) {
    if let Some(transfer) = ev.data_transfer() {
        transfer.set_effect_allowed("move");
        // It fails only outside of a drag.
        transfer.set_data(kind, value).ok();
    }
}

pub fn carries(ev: &DragEvent, kind: &str) -> bool {
    let Some(transfer) = ev.data_transfer() else { return false };
    transfer.types().iter().any(|it| it.as_string().as_deref() == Some(kind))
}

/// Whether files or folders of the system are dragged.
pub fn carries_files(ev: &DragEvent) -> bool {
    carries(ev, "Files")
}

pub fn dragged(ev: &DragEvent, kind: &str) -> Option<String> {
    if !carries(ev, kind) {
        return None;
    }
    ev.data_transfer()?.get_data(kind).ok()
}
