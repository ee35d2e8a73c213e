//! Waiting with an end.

use std::pin::pin;

use futures::future::{Either, select};
use js_sys::Promise;
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::JsFuture;
use web_sys::DedicatedWorkerGlobalScope;

/// Waits for something, but not longer than this.
pub(super) async fn within<F: Future>(ms: i32, what: F) -> Option<F::Output> {
    let alarm = Alarm::set(ms);
    let late = JsFuture::from(alarm.rings.clone());
    match select(pin!(what), late).await {
        Either::Left((it, _)) => Some(it),
        Either::Right(_) => None,
    }
}

struct Alarm {
    rings: Promise,
    id: Option<i32>,
}

impl Alarm {
    fn set(ms: i32) -> Self {
        let mut id = None;
        let rings = Promise::new(&mut |done, _| {
            // Without a timer the promise never settles, and what is waited for must come.
            id = scope().and_then(|it| {
                it.set_timeout_with_callback_and_timeout_and_arguments_0(&done, ms).ok()
            });
        });
        Self { rings, id }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if let (Some(scope), Some(id)) = (scope(), self.id) {
            scope.clear_timeout_with_handle(id);
        }
    }
}

fn scope() -> Option<DedicatedWorkerGlobalScope> {
    js_sys::global().dyn_into().ok()
}
