//! The core's side of a tab: one worker per tab, one core among them.
//!
//! Every tab's worker asks for the Web Lock `easel-core`. The holder is the core: it runs the
//! session and answers its own tab by `postMessage` and the others by a broadcast channel. The other
//! workers only carry messages. When the holder's tab goes, the lock passes, and the next one starts
//! a session from what is stored; its `CoreStarted` makes every tab that knew another core say
//! hello again.
//!
//! What a message means is not known here.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use futures::{channel::mpsc, stream::StreamExt as _};
use js_sys::{Array, Function, Promise, Reflect};
use link::{Down, DownKind, TabId, Up};
use preview::protocol::ToWorker;
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::{BroadcastChannel, DedicatedWorkerGlobalScope, MessageEvent, MessagePort};

use super::{
    compiler::CompilerWorker, direct::Caller, gateway::Proxy, indexed_db::IndexedDbShelf, reader,
    relay, sandbox::SandboxWorker, world::BrowserWorld,
};
use crate::session::{Session, ports::Ports};

const LOCK: &str = "easel-core";
const CHANNEL: &str = "easel";
/// Ports that are kept: a service worker that was stopped brings a new one.
const N_PREVIEWS: usize = 32;
/// Where the loader keeps what the page says before this listens.
const EARLY: &str = "easelEarly";
/// What a worker says once it listens; pages whose loader keeps what they say need not wait for it.
pub(super) const READY: &str = "ready";

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
        unheard: RefCell::new(None),
        answered: Cell::new(false),
        previews: RefCell::default(),
    });
    listen_to_the_page(&worker);
    listen_to_other_tabs(&worker);
    // Where no loader keeps what the page posts, it waits for this.
    worker.scope.post_message(&READY.into()).ok();
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
    /// A hello that was said while this was no core, and that nobody has answered.
    unheard: RefCell<Option<JsValue>>,
    /// A core, this or another, has said something to this tab.
    answered: Cell<bool>,
    /// Ports of service workers of previews, the newest last.
    previews: RefCell<Vec<Preview>>,
}

/// The way to a service worker of a preview.
struct Preview {
    name: String,
    host: String,
    port: MessagePort,
}

struct Core {
    ups: mpsc::UnboundedSender<Up>,
    session: Session,
}

impl Worker {
    fn heard(self: &Rc<Self>, message: &JsValue) {
        if let Some((host, port)) = preview_port(message) {
            relay::open(self, host, port);
            return;
        }
        if !field(&field(message, "what"), "Hello").is_undefined() {
            *self.tab.borrow_mut() = tab_of(message);
            if self.core.borrow().is_none() {
                *self.unheard.borrow_mut() = Some(message.clone());
            }
        }
        self.up(message);
    }

    /// Takes a message from this worker's own tab. Only a core reads it; the others pass it on as it
    /// is.
    fn up(&self, up: &JsValue) {
        if self.core.borrow().is_some() {
            self.up_here(up);
        } else {
            self.broadcast("up", up);
        }
    }

    /// Takes a message from any tab, when this worker is the core.
    fn up_here(&self, up: &JsValue) {
        if let Some(core) = &*self.core.borrow()
            && let Ok(up) = reader::read::<Up>(up)
        {
            // Fails only when the session is gone, and then nobody is left to tell.
            core.ups.unbounded_send(up).ok();
        }
    }

    /// Brings a message to its tab.
    pub(super) fn down(&self, down: &Down) {
        let Some(message) = to_js(down) else { return };
        if self.tab.borrow().as_ref() == Some(&down.tab) {
            self.tell_the_page(&message);
        } else {
            self.broadcast("down", &message);
        }
    }

    fn tell_the_page(&self, message: &JsValue) {
        self.unheard.take();
        self.answered.set(true);
        // The page is gone when this fails, and this worker with it.
        self.scope.post_message(message).ok();
    }

    fn broadcast(&self, kind: &str, message: &JsValue) {
        let envelope = Array::of2(&kind.into(), message);
        // Fails only when the channel is closed, which nobody does.
        self.channel.post_message(&envelope).ok();
    }

    /// A name that no port of any tab has.
    pub(super) fn new_port_name(&self) -> String {
        let tab = self.tab.borrow().clone().unwrap_or_default();
        format!("{tab}:{:016x}", js_sys::Math::random().to_bits())
    }

    /// A service worker is at the other end of this tab's port.
    pub(super) fn preview_connected(&self, name: &str, host: &str, port: &MessagePort) {
        {
            let (name, host, port) = (name.to_owned(), host.to_owned(), port.clone());
            let mut previews = self.previews.borrow_mut();
            previews.push(Preview { name, host, port });
            if previews.len() > N_PREVIEWS {
                previews.remove(0).port.close();
            }
        }
        self.say_connected(name, host);
    }

    fn say_connected(&self, name: &str, host: &str) {
        match &*self.core.borrow() {
            Some(core) => core.session.preview_connected(host, name),
            None => self.carry("preview-connected", &[name.into(), host.into()]),
        }
    }

    /// A service worker of this tab has said something.
    pub(super) fn preview_said(&self, name: &str, host: &str, message: &JsValue) {
        match &*self.core.borrow() {
            Some(core) => {
                if let Some(said) = relay::read(message) {
                    core.session.preview_said(host, name, said);
                }
            }
            None => self.carry("preview-said", &[name.into(), host.into(), message.clone()]),
        }
    }

    /// Answers a service worker, wherever its port is.
    pub(super) fn tell_preview(&self, name: &str, message: &ToWorker) {
        let Some(message) = relay::written(message) else { return };
        match self.previews.borrow().iter().find(|it| it.name == name) {
            Some(preview) => relay::post(&preview.port, &message),
            None => self.carry("preview-told", &[name.into(), message]),
        }
    }

    fn carry(&self, kind: &str, parts: &[JsValue]) {
        let envelope = Array::of1(&kind.into());
        for part in parts {
            envelope.push(part);
        }
        // Fails only when the channel is closed, which nobody does.
        self.channel.post_message(&envelope).ok();
    }

    /// Something about a preview came from another tab.
    fn carried(&self, kind: &str, envelope: &Array) {
        let name = envelope.get(1).as_string().unwrap_or_default();
        let host = envelope.get(2).as_string().unwrap_or_default();
        match (kind, &*self.core.borrow()) {
            ("preview-connected", Some(core)) => core.session.preview_connected(&host, &name),
            ("preview-said", Some(core)) => {
                if let Some(said) = relay::read(&envelope.get(3)) {
                    core.session.preview_said(&host, &name, said);
                }
            }
            ("preview-told", _) => {
                if let Some(preview) = self.previews.borrow().iter().find(|it| it.name == name) {
                    relay::post(&preview.port, &envelope.get(2));
                }
            }
            _ => {}
        }
    }

    fn start_core(self: &Rc<Self>) {
        let world = BrowserWorld::new(Rc::clone(self));
        let ports = Ports {
            shelf: Rc::new(IndexedDbShelf),
            gateway: Rc::new(Proxy::default()),
            direct: Rc::new(Caller::default()),
            compiler: Rc::new(CompilerWorker::default()),
            sandbox: Rc::new(SandboxWorker),
            world: Rc::new(world),
        };
        let (ups, mut incoming) = mpsc::unbounded();
        let session = Session::new(ports, build());
        *self.core.borrow_mut() = Some(Core { ups, session: session.clone() });
        if let Some(hello) = self.unheard.take() {
            self.up_here(&hello);
        }
        let this = Rc::clone(self);
        #[expect(clippy::disallowed_methods, reason = "the session, which starts all others")]
        spawn_local(async move {
            session.load().await;
            this.announce();
            while let Some(up) = incoming.next().await {
                session.take(up);
            }
        });
    }

    /// Tells every tab that there is a (new) core; its own one only if that knew another. One that waits for its
    /// first answer need not say again who it is.
    fn announce(&self) {
        let started = DownKind::CoreStarted { build: build() };
        let tab = self.tab.borrow().clone().unwrap_or_default();
        let Some(down) = to_js(&Down { tab, what: started }) else { return };
        if self.answered.get() {
            self.tell_the_page(&down);
        }
        self.broadcast("down-all", &down);
        self.say_all_connected();
    }

    /// Tells a new core which previews this worker has ports of.
    fn say_all_connected(&self) {
        for preview in &*self.previews.borrow() {
            self.say_connected(&preview.name, &preview.host);
        }
    }
}

fn listen_to_the_page(worker: &Rc<Worker>) {
    let this = Rc::clone(worker);
    let heard = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        this.heard(&event.data());
    });
    worker.scope.set_onmessage(Some(heard.as_ref().unchecked_ref()));
    heard.forget();
    // What the page said before, which the worker's loader has kept.
    for message in field(&js_sys::global(), EARLY).dyn_into::<Array>().unwrap_or_default() {
        worker.heard(&message);
    }
}

fn listen_to_other_tabs(worker: &Rc<Worker>) {
    let this = Rc::clone(worker);
    let heard = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let Ok(envelope) = event.data().dyn_into::<Array>() else { return };
        let message = envelope.get(1);
        match envelope.get(0).as_string().as_deref() {
            Some("up") => this.up_here(&message),
            Some("down") => {
                let tab = tab_of(&message);
                if tab.is_some() && *this.tab.borrow() == tab {
                    this.tell_the_page(&message);
                }
            }
            Some("down-all") => {
                this.tell_the_page(&message);
                this.say_all_connected();
            }
            Some(kind) => this.carried(kind, &envelope),
            None => {}
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
    // `web-sys` has no bindings of the Web Locks without its unstable interfaces.
    let locks = field(&worker.scope.navigator(), "locks");
    let Ok(request) = field(&locks, "request").dyn_into::<Function>() else { return };
    // The promise settles only when the worker ends.
    request.call2(&locks, &LOCK.into(), granted.as_ref()).ok();
    granted.forget();
}

/// A message `["preview-port", host, port]` hands over the way to a preview.
fn preview_port(message: &JsValue) -> Option<(String, MessagePort)> {
    let parts = message.dyn_ref::<Array>()?;
    if parts.get(0).as_string()? != "preview-port" {
        return None;
    }
    Some((parts.get(1).as_string()?, parts.get(2).dyn_into().ok()?))
}

/// Names the tab that a message comes from or goes to, without reading the rest.
fn tab_of(message: &JsValue) -> Option<TabId> {
    field(message, "tab").as_string()
}

fn to_js(message: &impl serde::Serialize) -> Option<JsValue> {
    message.serialize(&serde_wasm_bindgen::Serializer::json_compatible()).ok()
}

/// Names the build, as the worker's loader has it.
fn build() -> String {
    field(&js_sys::global(), "easelBuild").as_string().unwrap_or_default()
}

/// Reads a property that may be missing.
pub(super) fn field(value: &JsValue, name: &str) -> JsValue {
    Reflect::get(value, &name.into()).unwrap_or(JsValue::UNDEFINED)
}
