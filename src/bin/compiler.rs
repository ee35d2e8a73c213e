//! The compiler: a module worker of its own, so that the core does not carry oxc.
//!
//! It answers `[id, path, text, jsx]` with `[id, {Ok: …} | {Err: …}]`, in the shapes of the crate
//! `compile`, and knows nothing else. What `id` counts is the core's business.

use js_sys::Array;
use serde::Serialize as _;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

fn main() {
    console_error_panic_hook::set_once();
    let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() else { return };
    let answer_to = scope.clone();
    let asked = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        if let Some(answer) = answer(&event.data()) {
            // Fails only when the core is gone.
            answer_to.post_message(&answer).ok();
        }
    });
    scope.set_onmessage(Some(asked.as_ref().unchecked_ref()));
    asked.forget();
    // What is posted before this is lost.
    scope.post_message(&"ready".into()).ok();
}

fn answer(question: &JsValue) -> Option<JsValue> {
    let question = question.dyn_ref::<Array>()?;
    let text = |at| question.get(at).as_string();
    let outcome = compile::compile(&text(1)?, &text(2)?, &text(3)?);
    let outcome = outcome.serialize(&Serializer::json_compatible()).ok()?;
    Some(Array::of2(&question.get(0), &outcome).into())
}
