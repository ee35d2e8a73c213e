//! The page's way to its worker, and through it to the core.
//!
//! Wishes are numbered by nobody: the worker's port keeps their order, and a core that takes over is
//! told everything that matters by a new hello.

use super::{
    reader,
    worker::{READY, field},
};
use js_sys::Array;
use link::{Down, Up, UpKind};
use serde::Serialize as _;
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use web_sys::{MessageEvent, MessagePort, Worker, WorkerOptions, WorkerType};

/// Where the build puts the worker's script.
const SCRIPT: &str = "/core_loader.js";

/// Where a built site's start script leaves the worker that it has started.
const STARTED: &str = "easelWorker";

/// The page's end.
#[derive(Debug, Clone)]
pub struct Port {
    worker: Worker,
    tab: String,
    listens: bool,
}

impl Port {
    /// Starts the tab's worker. `on_ready` hears that it listens, if it did not from the start; `on_down` what comes for this
    /// tab; `on_broken` that the worker has ended.
    pub fn open(
        tab: String,
        on_ready: impl Fn() + 'static,
        on_down: impl Fn(Down) + 'static,
        on_broken: impl Fn(String) + 'static,
    ) -> Result<Self, String> {
        let Started { worker, early, listens } = started().unwrap_or_else(start)?;
        let hear = move |message: JsValue| {
            if message.as_string().as_deref() == Some(READY) {
                if !listens {
                    on_ready();
                }
            } else if let Ok(down) = reader::read(&message) {
                on_down(down);
            }
        };
        early.into_iter().for_each(&hear);
        let heard =
            Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| hear(event.data()));
        worker.set_onmessage(Some(heard.as_ref().unchecked_ref()));
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
        Ok(Self { worker, tab, listens })
    }

    /// What is sent now is kept until the worker can take it; else it must have said that it listens.
    pub fn listens(&self) -> bool {
        self.listens
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

/// A worker, what it has said, and whether what it is told is kept.
struct Started {
    worker: Worker,
    early: Array,
    listens: bool,
}

/// Takes the worker that the site's start script has started.
fn started() -> Option<Result<Started, String>> {
    let started = field(&js_sys::global(), STARTED);
    let worker = field(&started, "worker").dyn_into().ok()?;
    let early = field(&started, "early").dyn_into().ok()?;
    Some(match field(&started, "failed").as_string() {
        Some(why) => Err(why),
        None => Ok(Started { worker, early, listens: true }),
    })
}

fn start() -> Result<Started, String> {
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    let worker = Worker::new_with_options(SCRIPT, &options).map_err(|err| text(&err))?;
    Ok(Started { worker, early: Array::new(), listens: false })
}

fn text(err: &JsValue) -> String {
    field(err, "message").as_string().unwrap_or_default()
}
