//! The page's way to its worker, and through it to the core.
//!
//! Wishes are numbered by nobody: the worker's port keeps their order, and a core that takes over is
//! told everything that matters by a new hello.

use super::{
    reader,
    worker::{READY, field},
};
use js_sys::{Array, Function};
use link::{Down, Up, UpKind};
use serde::Serialize as _;
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use web_sys::{MessageEvent, MessageEventInit, MessagePort, Worker, WorkerOptions, WorkerType};

/// Where the build puts the worker's script.
const SCRIPT: &str = "/core_loader.js";

/// Where a built site's start script leaves the worker that it has started.
const STARTED: &str = "easelWorker";

/// The page's end.
#[derive(Debug, Clone)]
pub struct Port {
    worker: Worker,
    tab: String,
}

impl Port {
    /// Starts the tab's worker. `on_ready` hears that it listens, `on_down` what comes for this tab, `on_broken` that the worker
    /// has ended.
    pub fn open(
        tab: String,
        on_ready: impl Fn() + 'static,
        on_down: impl Fn(Down) + 'static,
        on_broken: impl Fn(String) + 'static,
    ) -> Result<Self, String> {
        let (worker, early) = started().map_or_else(|| start().map(|it| (it, Array::new())), Ok)?;
        let heard = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            if event.data().as_string().as_deref() == Some(READY) {
                on_ready();
            } else if let Ok(down) = reader::read(&event.data()) {
                on_down(down);
            }
        });
        let hear: &Function = heard.as_ref().unchecked_ref();
        worker.set_onmessage(Some(hear));
        for data in early {
            let event = MessageEventInit::new();
            event.set_data(&data);
            if let Ok(event) = MessageEvent::new_with_event_init_dict("message", &event) {
                // It is our own closure, which throws nothing.
                hear.call1(&JsValue::NULL, &event).ok();
            }
        }
        heard.forget();
        let ended = worker.clone();
        let failed = Closure::<dyn Fn(JsValue)>::new(move |event: JsValue| {
            let message = field(&event, "message");
            // What is left of it could hold the lock for ever.
            ended.terminate();
            on_broken(message.as_string().unwrap_or_default());
        });
        worker.set_onerror(Some(failed.as_ref().unchecked_ref()));
        failed.forget();
        Ok(Self { worker, tab })
    }

    pub fn send(&self, what: UpKind) {
        let up = Up { tab: self.tab.clone(), what };
        let message = up.serialize(&serde_wasm_bindgen::Serializer::json_compatible());
        // Wishes hold only plain data; a worker that has ended was reported already.
        if let Ok(message) = message {
            self.worker.post_message(&message).ok();
        }
    }

    /// Hands the core the way to a preview.
    pub fn send_preview_port(&self, host: &str, port: &MessagePort) {
        let message = Array::of3(&"preview-port".into(), &host.into(), port);
        let transfer = Array::of1(port);
        // See above.
        self.worker.post_message_with_transfer(&message, &transfer).ok();
    }
}

/// Takes the worker that the site's start script has started, and what it said since.
fn started() -> Option<(Worker, Array)> {
    let started = field(&js_sys::global(), STARTED);
    let worker = field(&started, "worker").dyn_into().ok()?;
    Some((worker, field(&started, "early").dyn_into().ok()?))
}

fn start() -> Result<Worker, String> {
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    Worker::new_with_options(SCRIPT, &options).map_err(|err| text(&err))
}

fn text(err: &JsValue) -> String {
    field(err, "message").as_string().unwrap_or_default()
}
