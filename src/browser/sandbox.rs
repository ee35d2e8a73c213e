//! The core's way to the sandbox: a worker for each run, ended with it.
//!
//! The worker's own side is `web/sandbox`. It keeps time, memory and output within limits by itself;
//! the clock here is for a worker that does not even do that.

use futures::{
    channel::oneshot,
    future::{Either, LocalBoxFuture, select},
};
use js_sys::Promise;
use preview::Program;
use serde::Serialize as _;
use wasm_bindgen::{JsCast as _, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{DedicatedWorkerGlobalScope, Event, MessageEvent, Worker, WorkerOptions, WorkerType};

use super::reader;
use crate::{
    i18n::said,
    session::ports::{Ran, Sandbox},
};

const SCRIPT: &str = "/sandbox/sandbox.js";
/// What a program may take, and time for the interpreter to come. It looks at the clock between its
/// steps, and there are slow ones.
const PATIENCE_MS: i32 = 20_000;

/// Starts a worker for each run.
#[derive(Debug)]
pub struct SandboxWorker;

impl Sandbox for SandboxWorker {
    fn run(&self, program: Program) -> LocalBoxFuture<'static, Ran> {
        Box::pin(async move {
            let answer = match Running::start(&program) {
                Some((running, answer)) => {
                    let late = Box::pin(sleep(PATIENCE_MS));
                    let answered = select(answer, late).await;
                    drop(running);
                    match answered {
                        Either::Left((answer, _)) => answer.ok(),
                        Either::Right(_) => Some(failed(said::TOO_SLOW)),
                    }
                }
                None => None,
            };
            answer.unwrap_or_else(|| failed(said::NO_SANDBOX))
        })
    }
}

fn failed(why: &str) -> Ran {
    Ran { error: Some(why.to_owned()), ..Ran::default() }
}

/// A worker that runs a program, for as long as this lives.
struct Running {
    worker: Worker,
    _heard: Closure<dyn FnMut(MessageEvent)>,
    _died: Closure<dyn FnMut(Event)>,
}

impl Running {
    /// The answer is dropped when the worker fails.
    fn start(program: &Program) -> Option<(Self, oneshot::Receiver<Ran>)> {
        let serializer = serde_wasm_bindgen::Serializer::json_compatible();
        let program = program.serialize(&serializer).ok()?;
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(SCRIPT, &options).ok()?;
        let (answer, receiver) = oneshot::channel();
        let answer = std::rc::Rc::new(std::cell::Cell::new(Some(answer)));
        let failed = std::rc::Rc::clone(&answer);
        let heard = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let answer = answer.take();
            if let (Some(answer), Ok(ran)) = (answer, reader::read(&event.data())) {
                // Whoever asked may have gone.
                answer.send(ran).ok();
            }
        });
        let died = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
            // Said here, so that the browser does not also report it as the core's own failure.
            event.prevent_default();
            drop(failed.take());
        });
        worker.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        worker.set_onerror(Some(died.as_ref().unchecked_ref()));
        worker.post_message(&program).ok()?;
        Some((Self { worker, _heard: heard, _died: died }, receiver))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

/// Waits in a worker.
async fn sleep(ms: i32) {
    let waited = Promise::new(&mut |done, _| {
        if let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() {
            // Without a timer the promise never settles, and the worker's answer is waited for.
            scope.set_timeout_with_callback_and_timeout_and_arguments_0(&done, ms).ok();
        }
    });
    JsFuture::from(waited).await.ok();
}
