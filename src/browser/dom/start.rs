//! What a browser must have before anything is started.

use js_sys::Reflect;
use link::status::Page;
use wasm_bindgen::JsValue;

use super::window;

/// Returns what this browser lacks, by the names of the web's own interfaces; empty when Easel can
/// run.
pub fn missing() -> Vec<&'static str> {
    let window = window();
    let navigator = window.navigator();
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

/// Tells of this browser and this page for a diagnosis.
pub fn about() -> Page {
    let navigator = window().navigator();
    let workers = Reflect::get(&navigator, &"serviceWorker".into());
    Page {
        user_agent: navigator.user_agent().unwrap_or_default(),
        missing: missing().into_iter().map(str::to_owned).collect(),
        service_worker: workers.is_ok_and(|it| has(&it, "controller")),
        online: navigator.on_line(),
    }
}

fn has(object: &JsValue, name: &str) -> bool {
    // What is no object has nothing.
    Reflect::get(object, &name.into()).is_ok_and(|it| it.is_truthy())
}
