//! The core's way to the compiler: a second worker, started when the first script is to be compiled.
//!
//! The worker's own side is `src/bin/compiler.rs`. When it dies (a text that is too much for it), the
//! scripts that wait get an error that says so, and the next one starts another worker.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use futures::{
    channel::oneshot,
    future::{Either, LocalBoxFuture, ready},
};
use js_sys::{Array, Reflect};
use preview::{Compile, Compiled, Problem};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use web_sys::{MessageEvent, Worker, WorkerOptions, WorkerType};

use super::reader;

const SCRIPT: &str = "/compiler_loader.js";

/// The compiler, running or not.
#[derive(Default)]
pub struct CompilerWorker {
    running: RefCell<Option<Rc<Running>>>,
}

impl std::fmt::Debug for CompilerWorker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CompilerWorker")
    }
}

type Outcome = Result<Compiled, Problem>;

struct Running {
    worker: Worker,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    /// It has said that it listens; what is posted before that is lost.
    listens: bool,
    dead: bool,
    unsent: Vec<JsValue>,
    last_id: u32,
    waiting: BTreeMap<u32, oneshot::Sender<Outcome>>,
}

impl Compile for CompilerWorker {
    fn transform<'a>(
        &'a self,
        path: &'a str,
        text: &'a str,
        jsx_import_source: &'a str,
    ) -> LocalBoxFuture<'a, Outcome> {
        let outcome = match self.running() {
            Some(running) => Either::Left(running.ask(path, text, jsx_import_source)),
            None => Either::Right(ready(Err(oneshot::Canceled))),
        };
        Box::pin(async move { outcome.await.unwrap_or_else(|oneshot::Canceled| Err(gave_up())) })
    }
}

impl CompilerWorker {
    fn running(&self) -> Option<Rc<Running>> {
        let alive = self.running.borrow().clone().filter(|it| !it.state.borrow().dead);
        if alive.is_some() {
            return alive;
        }
        let started = start()?;
        *self.running.borrow_mut() = Some(Rc::clone(&started));
        Some(started)
    }
}

impl Running {
    fn ask(&self, path: &str, text: &str, jsx: &str) -> oneshot::Receiver<Outcome> {
        let (answer, receiver) = oneshot::channel();
        let state = &mut *self.state.borrow_mut();
        state.last_id = state.last_id.wrapping_add(1);
        state.waiting.insert(state.last_id, answer);
        let id = state.last_id.into();
        let question = Array::of4(&id, &path.into(), &text.into(), &jsx.into());
        if state.listens {
            // A worker that cannot be posted to has died, and then `died` is called.
            self.worker.post_message(&question).ok();
        } else {
            state.unsent.push(question.into());
        }
        receiver
    }

    fn heard(&self, message: &JsValue) {
        let state = &mut *self.state.borrow_mut();
        let Some(answer) = message.dyn_ref::<Array>() else {
            state.listens = true;
            for question in state.unsent.drain(..) {
                // As in `ask`.
                self.worker.post_message(&question).ok();
            }
            return;
        };
        let id = answer.get(0).as_f64().unwrap_or_default() as u32;
        let Some(waiting) = state.waiting.remove(&id) else { return };
        let outcome = reader::read(&answer.get(1)).unwrap_or_else(|_| Err(gave_up()));
        // Whoever asked may have gone.
        waiting.send(outcome).ok();
    }

    /// Dropping the senders tells everybody who waits.
    fn died(&self) {
        self.worker.terminate();
        *self.state.borrow_mut() = State { dead: true, ..State::default() };
    }
}

fn start() -> Option<Rc<Running>> {
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    let worker = Worker::new_with_options(SCRIPT, &options).ok()?;
    let running = Rc::new(Running { worker, state: RefCell::default() });

    let this = Rc::clone(&running);
    let heard = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        this.heard(&event.data());
    });
    running.worker.set_onmessage(Some(heard.as_ref().unchecked_ref()));
    let this = Rc::clone(&running);
    let died = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
        // Said here, so that the browser does not also report it as the core's own failure.
        if let Ok(prevent) = Reflect::get(&event, &"preventDefault".into())
            && let Some(prevent) = prevent.dyn_ref::<js_sys::Function>()
        {
            prevent.call0(&event).ok();
        }
        this.died();
    });
    running.worker.set_onerror(Some(died.as_ref().unchecked_ref()));
    // They live as long as the worker, which is as long as the core.
    heard.forget();
    died.forget();
    Some(running)
}

fn gave_up() -> Problem {
    Problem {
        message: "the compiler gave up on this file; it may be too large or too deeply nested, \
                  or the compiler could not be loaded"
            .to_owned(),
        line: 1,
        column: 1,
    }
}
