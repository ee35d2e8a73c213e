//! The core's end of previews: the ports that service workers speak through.
//!
//! A relay frame brings one port; through it come the ports of service workers, a new one whenever
//! the browser has stopped and restarted the worker (`web/preview/PROTOCOL.md`). A tab whose worker is
//! not the core carries the messages over the broadcast channel. What is asked and answered is the
//! session's business; nothing that comes from a preview is trusted here or there.

use std::rc::Rc;

use js_sys::{Array, Uint8Array};
use preview::protocol::{FromWorker, ToWorker};
use serde::Serialize as _;
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use web_sys::{MessageEvent, MessagePort};

use super::{
    reader,
    worker::{Worker, field},
};

/// Listens to a relay frame: every `connect` brings the port of a service worker.
pub(super) fn open(worker: &Rc<Worker>, host: String, relay: MessagePort) {
    let worker = Rc::clone(worker);
    let heard = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        if field(&event.data(), "type").as_string().as_deref() == Some("connect")
            && let Ok(port) = event.ports().get(0).dyn_into::<MessagePort>()
        {
            connect(&worker, &host, port);
        }
    });
    relay.set_onmessage(Some(heard.as_ref().unchecked_ref()));
    heard.forget();
}

/// Carries what a service worker says, to the session or to the tab that holds it.
fn connect(worker: &Rc<Worker>, host: &str, port: MessagePort) {
    let name = worker.new_port_name();
    worker.preview_connected(&name, host, &port);
    let (worker, host) = (Rc::clone(worker), host.to_owned());
    let heard = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        worker.preview_said(&name, &host, &event.data());
    });
    port.set_onmessage(Some(heard.as_ref().unchecked_ref()));
    heard.forget();
}

/// Posts to a service worker; a body goes over without being copied.
pub(super) fn post(port: &MessagePort, message: &JsValue) {
    let transfer = Array::new();
    if let Ok(body) = field(message, "body").dyn_into::<Uint8Array>() {
        transfer.push(&body.buffer());
    }
    // A worker that has ended asks again on a new port.
    port.post_message_with_transferable(message, &transfer).ok();
}

pub(super) fn read(message: &JsValue) -> Option<FromWorker> {
    reader::read(message).ok()
}

pub(super) fn written(message: &ToWorker) -> Option<JsValue> {
    let bytes = serde_wasm_bindgen::Serializer::json_compatible().serialize_bytes_as_arrays(false);
    message.serialize(&bytes).ok()
}
