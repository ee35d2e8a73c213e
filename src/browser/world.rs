//! [`World`] in a worker: the clock, random bits, tasks, and the way to the tabs.

use std::rc::Rc;

use futures::future::LocalBoxFuture;
use js_sys::{Date, Promise};
use link::Down;
use preview::protocol::ToWorker;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::DedicatedWorkerGlobalScope;

use super::worker::{Worker, field};
use crate::session::ports::World;

pub(super) struct BrowserWorld {
    worker: Rc<Worker>,
}

impl BrowserWorld {
    pub(super) fn new(worker: Rc<Worker>) -> Self {
        Self { worker }
    }
}

impl World for BrowserWorld {
    fn now_ms(&self) -> u64 {
        Date::now() as u64
    }

    fn protocol(&self) -> String {
        scope().map(|it| it.location().protocol()).unwrap_or_default()
    }

    fn offset_minutes(&self) -> i32 {
        -(Date::new_0().get_timezone_offset() as i32)
    }

    fn random(&self) -> u128 {
        let mut bits = [0; 16];
        if let Some(scope) = scope()
            && let Ok(crypto) = scope.crypto()
        {
            // Only fails for more than 65,536 bytes.
            crypto.get_random_values_with_u8_array(&mut bits).ok();
        }
        u128::from_le_bytes(bits) >> 48
    }

    #[expect(clippy::disallowed_methods, reason = "the one place where the core starts tasks")]
    fn spawn(&self, task: LocalBoxFuture<'static, ()>) {
        wasm_bindgen_futures::spawn_local(task);
    }

    fn send(&self, down: Down) {
        self.worker.down(&down);
    }

    fn tell_preview(&self, port: &str, message: ToWorker) {
        self.worker.tell_preview(port, &message);
    }

    fn storage(&self) -> LocalBoxFuture<'static, (u64, u64)> {
        Box::pin(async {
            let Some(estimate) = estimate() else { return (0, 0) };
            let Ok(answer) = JsFuture::from(estimate).await else { return (0, 0) };
            let number = |name| field(&answer, name).as_f64().unwrap_or_default() as u64;
            (number("usage"), number("quota"))
        })
    }
}

fn scope() -> Option<DedicatedWorkerGlobalScope> {
    js_sys::global().dyn_into().ok()
}

fn estimate() -> Option<Promise> {
    let storage: JsValue = scope()?.navigator().storage().into();
    let storage: web_sys::StorageManager = storage.dyn_into().ok()?;
    storage.estimate().ok()
}
