//! What a browser must have before anything is started.

use wasm_bindgen::JsValue;

use super::window;

/// Returns what this browser lacks, by the names of the web's own interfaces; empty when Easel can
/// run.
pub fn missing() -> Vec<&'static str> {
    let window = window();
    let navigator = window.navigator();
    let has = |object: &JsValue, name: &str| {
        js_sys::Reflect::get(object, &name.into()).is_ok_and(|it| it.is_truthy())
    };
    let mut missing = Vec::new();
    for name in ["Worker", "indexedDB", "BroadcastChannel", "HTMLDialogElement"] {
        if !has(&window, name) {
            missing.push(name);
        }
    }
    if !has(&navigator, "locks") {
        missing.push("navigator.locks");
    }
    missing
}
