//! The compiler's worker: oxc, in a module of its own that is loaded when it is first needed.
//!
//! It answers `[id, path, text, jsxImportSource]` with `[id, outcome]` and holds nothing.

use js_sys::Array;
use serde::Serialize as _;
use wasm_bindgen::{JsCast as _, closure::Closure};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use super::worker::READY;

/// Runs in the compiler's worker.
pub fn start() {
    console_error_panic_hook::set_once();
    let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() else { return };
    let answers = scope.clone();
    let heard = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let Ok(question) = event.data().dyn_into::<Array>() else { return };
        if question.length() < 4 {
            return; // Somebody has stopped waiting; by then it is compiled.
        }
        let text = |at| question.get(at).as_string().unwrap_or_default();
        let outcome = compile::compile(&text(1), &text(2), &text(3));
        let outcome = outcome.serialize(&serde_wasm_bindgen::Serializer::json_compatible());
        let answer = Array::of2(&question.get(0), &outcome.unwrap_or_default());
        // The asker is gone when this fails, and this worker with it.
        answers.post_message(&answer).ok();
    });
    scope.set_onmessage(Some(heard.as_ref().unchecked_ref()));
    heard.forget();
    // What is posted before this is lost, so the core waits for it.
    scope.post_message(&READY.into()).ok();
}
