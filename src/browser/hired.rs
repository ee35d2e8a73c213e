//! A worker of the core's own: started when it is first asked, and again when it has died.
//!
//! What it is asked and what it answers is not known here: `[id, …]` goes there, `[id, answer]` comes
//! back, and `[id, answer, "more"]` before the last.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use futures::{channel::mpsc, stream::StreamExt as _};
use js_sys::{Array, Reflect};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use web_sys::{MessageEvent, Worker, WorkerOptions, WorkerType};

/// Marks an answer that others follow.
pub(super) const MORE: &str = "more";

/// A worker by its script, running or not.
pub(super) struct Hired {
    script: &'static str,
    running: RefCell<Option<Rc<Running>>>,
}

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
    waiting: BTreeMap<u32, mpsc::UnboundedSender<JsValue>>,
}

/// What a worker answers. Whoever drops it before the last answer does not want the rest.
pub(super) struct Answers {
    id: u32,
    running: Option<Rc<Running>>,
    heard: mpsc::UnboundedReceiver<JsValue>,
}

impl Answers {
    /// Waits for the next one. There is none after the last, or when the worker has died.
    pub(super) async fn next(&mut self) -> Option<JsValue> {
        self.heard.next().await
    }
}

impl Drop for Answers {
    fn drop(&mut self) {
        let Some(running) = &self.running else { return };
        let waited = running.state.borrow_mut().waiting.remove(&self.id).is_some();
        if waited {
            running.post(Array::of1(&self.id.into()).into());
        }
    }
}

impl Hired {
    pub(super) fn new(script: &'static str) -> Self {
        Self { script, running: RefCell::default() }
    }

    pub(super) fn ask(&self, question: &[JsValue]) -> Answers {
        let (answer, heard) = mpsc::unbounded();
        let running = self.running();
        let id = running.as_ref().map_or(0, |it| it.ask(question, answer));
        Answers { id, running, heard }
    }

    fn running(&self) -> Option<Rc<Running>> {
        let alive = self.running.borrow().clone().filter(|it| !it.state.borrow().dead);
        if alive.is_some() {
            return alive;
        }
        let started = start(self.script)?;
        *self.running.borrow_mut() = Some(Rc::clone(&started));
        Some(started)
    }
}

impl Running {
    fn ask(&self, question: &[JsValue], answer: mpsc::UnboundedSender<JsValue>) -> u32 {
        let id = {
            let state = &mut *self.state.borrow_mut();
            state.last_id = state.last_id.wrapping_add(1);
            state.waiting.insert(state.last_id, answer);
            state.last_id
        };
        let message = Array::of1(&id.into());
        for part in question {
            message.push(part);
        }
        self.post(message.into());
        id
    }

    fn post(&self, message: JsValue) {
        let state = &mut *self.state.borrow_mut();
        if state.listens {
            // A worker that cannot be posted to has died, and then `died` is called.
            self.worker.post_message(&message).ok();
        } else if !state.dead {
            state.unsent.push(message);
        }
    }

    fn heard(&self, message: &JsValue) {
        let state = &mut *self.state.borrow_mut();
        let Some(answer) = message.dyn_ref::<Array>() else {
            state.listens = true;
            for question in state.unsent.drain(..) {
                // As in `post`.
                self.worker.post_message(&question).ok();
            }
            return;
        };
        let id = answer.get(0).as_f64().unwrap_or_default() as u32;
        let last = answer.get(2).as_string().as_deref() != Some(MORE);
        let waiting =
            if last { state.waiting.remove(&id) } else { state.waiting.get(&id).cloned() };
        if let Some(waiting) = waiting {
            // Whoever asked may have gone.
            waiting.unbounded_send(answer.get(1)).ok();
        }
    }

    /// Dropping the senders tells everybody who waits.
    fn died(&self) {
        self.worker.terminate();
        *self.state.borrow_mut() = State { dead: true, ..State::default() };
    }
}

fn start(script: &str) -> Option<Rc<Running>> {
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    let worker = Worker::new_with_options(script, &options).ok()?;
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
