//! What the person takes away, and what the browser promises to keep.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, Url};

use super::{after, document, window};

/// A download begins after the press; its address must live until then.
const KEEP_MS: i32 = 60_000;

/// Offers bytes as a file to be saved.
pub fn download(name: &str, media_type: &str, bytes: &[u8]) {
    let parts = Array::of1(&Uint8Array::from(bytes));
    let options = BlobPropertyBag::new();
    options.set_type(media_type);
    let Ok(blob) = Blob::new_with_u8_array_sequence_and_options(&parts, &options) else { return };
    let Ok(address) = Url::create_object_url_with_blob(&blob) else { return };
    let link = document().create_element("a").ok();
    if let Some(link) = link.and_then(|it| it.dyn_into::<HtmlAnchorElement>().ok()) {
        link.set_href(&address);
        link.set_download(name);
        link.click();
    }
    after(KEEP_MS, move || {
        // Only an address that is none fails.
        Url::revoke_object_url(&address).ok();
    });
}

/// Puts text on the clipboard; `done` hears whether the browser allowed it.
pub fn copy(text: &str, done: impl FnOnce(bool) + 'static) {
    let written = window().navigator().clipboard().write_text(text);
    spawn_local(async move { done(JsFuture::from(written).await.is_ok()) });
}

/// Leaves a text for this tab's next page: it survives a reload, and nothing else needs to run.
pub fn leave_note(name: &str, text: &str) {
    if let Ok(Some(notes)) = window().session_storage() {
        // A full storage loses what the core has not been told within its last moment.
        notes.set_item(name, text).ok();
    }
}

/// Takes what [`leave_note`] left.
pub fn take_note(name: &str) -> Option<String> {
    let notes = window().session_storage().ok().flatten()?;
    let note = notes.get_item(name).ok().flatten()?;
    notes.remove_item(name).ok()?;
    Some(note)
}

/// Asks the browser to keep what is stored; `done` hears its answer.
pub fn persist(done: impl FnOnce(bool) + 'static) {
    let asked = window().navigator().storage().persist();
    spawn_local(async move {
        let granted = match asked {
            Ok(asked) => JsFuture::from(asked).await.is_ok_and(|it| it.is_truthy()),
            Err(_) => false,
        };
        done(granted);
    });
}

/// Whether the browser keeps what is stored.
pub async fn persisted() -> bool {
    let Ok(asked) = window().navigator().storage().persisted() else { return false };
    JsFuture::from(asked).await.is_ok_and(|it| it.is_truthy())
}
