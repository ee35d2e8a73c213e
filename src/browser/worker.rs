//! The core's side of a tab: one worker per tab, one core among them.
//!
//! Every tab's worker asks for the Web Lock `easel-core`. The holder is the core: it runs the
//! session and answers its own tab by `postMessage` and the others by a broadcast channel. The other
//! workers only carry messages. When the holder's tab goes, the lock passes, and the next one starts
//! a session from what is stored; its `CoreStarted` makes every tab say hello again.
//!
//! What a message means is not known here.

use std::{cell::RefCell, rc::Rc};

use futures::{channel::mpsc, stream::StreamExt as _};
use js_sys::{Array, Promise, Reflect};
use link::{Down, DownKind, TabId, Up, UpKind};
use serde::Serialize as _;
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::{BroadcastChannel, DedicatedWorkerGlobalScope, MessageEvent, MessagePort};

use super::{
    compiler::CompilerWorker, gateway::Proxy, indexed_db::IndexedDbShelf, relay::Relay,
    world::BrowserWorld,
};
use crate::session::{Session, ports::Ports};

const LOCK: &str = "easel-core";
const CHANNEL: &str = "easel";

/// Runs in the worker of every tab.
pub fn start() {
    console_error_panic_hook::set_once();
    let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() else { return };
    let Ok(channel) = BroadcastChannel::new(CHANNEL) else { return };
    let worker = Rc::new(Worker {
        scope,
        channel,
        tab: RefCell::new(None),
        core: RefCell::new(None),
        waiting: RefCell::new(Vec::new()),
    });
    listen_to_the_page(&worker);
    listen_to_other_tabs(&worker);
    become_core_when_free(&worker);
}

/// A tab's worker, core or not.
pub(super) struct Worker {
    scope: DedicatedWorkerGlobalScope,
    channel: BroadcastChannel,
    /// This worker's own tab, once it has said hello.
    tab: RefCell<Option<TabId>>,
    /// The way into the session, when this worker is the core.
    core: RefCell<Option<Core>>,
    /// Ports of previews that came before the core was up.
    waiting: RefCell<Vec<(String, MessagePort)>>,
}

struct Core {
    ups: mpsc::UnboundedSender<Up>,
    session: Session,
}

impl Worker {
    /// Takes a message from any tab.
    fn up(&self, up: Up) {
        match &*self.core.borrow() {
            Some(core) => {
                // Fails only when the session is gone, and then nobody is left to tell.
                core.ups.unbounded_send(up).ok();
            }
            None => self.broadcast("up", &up),
        }
    }

    /// Brings a message to its tab.
    pub(super) fn down(&self, down: &Down) {
        if self.tab.borrow().as_ref() == Some(&down.tab) {
            self.tell_the_page(down);
        } else {
            self.broadcast("down", down);
        }
    }

    fn tell_the_page(&self, down: &Down) {
        if let Some(message) = to_js(down) {
            // The page is gone when this fails, and this worker with it.
            self.scope.post_message(&message).ok();
        }
    }

    fn broadcast(&self, kind: &str, message: &impl serde::Serialize) {
        let Some(message) = to_js(message) else { return };
        let envelope = Array::of2(&kind.into(), &message);
        // Fails only when the channel is closed, which nobody does.
        self.channel.post_message(&envelope).ok();
    }

    fn preview_port(&self, host: String, port: MessagePort) {
        match &*self.core.borrow() {
            Some(core) => Relay::open(core.session.clone(), host, port),
            None => self.waiting.borrow_mut().push((host, port)),
        }
    }

    fn start_core(self: &Rc<Self>) {
        let world = BrowserWorld::new(Rc::clone(self));
        let ports = Ports {
            shelf: Rc::new(IndexedDbShelf),
            gateway: Rc::new(Proxy::default()),
            compiler: Rc::new(CompilerWorker::default()),
            world: Rc::new(world),
        };
        let (ups, mut incoming) = mpsc::unbounded();
        let session = Session::new(ports);
        *self.core.borrow_mut() = Some(Core { ups, session: session.clone() });
        for (host, port) in self.waiting.borrow_mut().drain(..) {
            Relay::open(session.clone(), host, port);
        }
        let this = Rc::clone(self);
        spawn_local(async move {
            session.load().await;
            this.announce();
            while let Some(up) = incoming.next().await {
                session.take(up);
            }
        });
    }

    /// Tells every tab that there is a (new) core.
    fn announce(&self) {
        let started = DownKind::CoreStarted { build: crate::BUILD.to_owned() };
        let tab = self.tab.borrow().clone().unwrap_or_default();
        let down = Down { tab, what: started };
        self.tell_the_page(&down);
        self.broadcast("down-all", &down);
    }
}

fn listen_to_the_page(worker: &Rc<Worker>) {
    let this = Rc::clone(worker);
    let heard = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let message = event.data();
        if let Some((host, port)) = preview_port(&message) {
            this.preview_port(host, port);
            return;
        }
        let Ok(up) = serde_wasm_bindgen::from_value::<Up>(message) else { return };
        if matches!(up.what, UpKind::Hello(_)) {
            *this.tab.borrow_mut() = Some(up.tab.clone());
        }
        this.up(up);
    });
    worker.scope.set_onmessage(Some(heard.as_ref().unchecked_ref()));
    heard.forget();
}

fn listen_to_other_tabs(worker: &Rc<Worker>) {
    let this = Rc::clone(worker);
    let heard = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let Ok(envelope) = event.data().dyn_into::<Array>() else { return };
        let message = envelope.get(1);
        match envelope.get(0).as_string().as_deref() {
            Some("up") => {
                let Ok(up) = serde_wasm_bindgen::from_value::<Up>(message) else { return };
                if this.core.borrow().is_some() {
                    this.up(up);
                }
            }
            Some("down") => {
                let Ok(down) = serde_wasm_bindgen::from_value::<Down>(message) else { return };
                if this.tab.borrow().as_ref() == Some(&down.tab) {
                    this.tell_the_page(&down);
                }
            }
            Some("down-all") => {
                let Ok(down) = serde_wasm_bindgen::from_value::<Down>(message) else { return };
                this.tell_the_page(&down);
            }
            _ => {}
        }
    });
    worker.channel.set_onmessage(Some(heard.as_ref().unchecked_ref()));
    heard.forget();
}

/// Waits for the lock; holding it until the worker ends is what makes this worker the core.
fn become_core_when_free(worker: &Rc<Worker>) {
    let this = Rc::clone(worker);
    let granted = Closure::<dyn FnMut(JsValue) -> Promise>::new(move |_lock| {
        this.start_core();
        Promise::new(&mut |_, _| {})
    });
    let locks = worker.scope.navigator().locks();
    let waiting: Promise =
        locks.request_with_callback(LOCK, granted.as_ref().unchecked_ref()).unchecked_into();
    granted.forget();
    spawn_local(async move {
        // Settles only when the worker ends.
        wasm_bindgen_futures::JsFuture::from(waiting).await.ok();
    });
}

/// A message `["preview-port", host, port]` hands over the way to a preview.
fn preview_port(message: &JsValue) -> Option<(String, MessagePort)> {
    let parts = message.dyn_ref::<Array>()?;
    if parts.get(0).as_string()? != "preview-port" {
        return None;
    }
    Some((parts.get(1).as_string()?, parts.get(2).dyn_into().ok()?))
}

fn to_js(message: &impl serde::Serialize) -> Option<JsValue> {
    message.serialize(&serde_wasm_bindgen::Serializer::json_compatible()).ok()
}

/// Reads a property that may be missing.
pub(super) fn field(value: &JsValue, name: &str) -> JsValue {
    Reflect::get(value, &name.into()).unwrap_or(JsValue::UNDEFINED)
}
