//! Frames of the preview: the relay that brings the core and a preview's service worker together,
//! and the self-contained document where there is no preview host.
//!
//! It decides nothing and carries no files (`web/preview/PROTOCOL.md`). A relay stays in the page,
//! unseen, for as long as the tab lives or until the preview is stopped: frames of one host share a
//! process, so a page that loops for ever ends only when both are gone.

#![expect(clippy::disallowed_methods, reason = "`src/browser/` is where the browser is talked to")]

use std::{cell::RefCell, rc::Rc};

use js_sys::{Array, Object, Reflect};
use link::preview::{Level, Report};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use web_sys::{Document, HtmlIFrameElement, MessageChannel, MessageEvent, Window};

/// A relay speaks within milliseconds of its page's load; registering its worker takes longer.
const SILENCE_MS: i32 = 3_000;
const UNREACHABLE: &str = "its host cannot be reached";

/// What a relay says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RelaySaid {
    /// The preview's service worker runs and is connected: show the page.
    Ready,
    /// For people: why there is no service worker.
    Refused(String),
}

type Hear = Rc<dyn Fn(RelaySaid)>;
type HearReport = Rc<dyn Fn(Report)>;

struct Relay {
    host: String,
    frame: HtmlIFrameElement,
    said: Option<RelaySaid>,
    hear: Hear,
}

/// A frame with a document of ours.
struct Contained {
    frame: HtmlIFrameElement,
    document: String,
    hear: HearReport,
}

#[derive(Default)]
struct Frames {
    listens: bool,
    relays: Vec<Relay>,
    contained: Option<Contained>,
}

thread_local! {
    static FRAMES: RefCell<Frames> = RefCell::default();
}

/// Connects the core with the service worker of a preview's host; `hear` hears at once when they
/// are connected already.
pub fn connect(host: &str, hear: impl Fn(RelaySaid) + 'static) {
    listen();
    let hear: Hear = Rc::new(hear);
    let said = FRAMES.with_borrow_mut(|frames| {
        let relay = frames.relays.iter_mut().find(|it| it.host == host)?;
        relay.hear = Rc::clone(&hear);
        Some(relay.said.clone())
    });
    match said {
        Some(Some(said)) => hear(said),
        Some(None) => {}
        None => add_relay(host, hear),
    }
}

/// Takes the relay out of the page, and with the preview's own frame everything that runs there.
pub fn disconnect(host: &str) {
    let gone = FRAMES.with_borrow_mut(|frames| {
        let at = frames.relays.iter().position(|it| it.host == host)?;
        Some(frames.relays.remove(at))
    });
    if let Some(relay) = gone {
        relay.frame.remove();
    }
}

/// Gives a frame that shows `/preview/document.html` its document, when it asks for it.
pub fn contain(frame: &HtmlIFrameElement, document: String, hear: impl Fn(Report) + 'static) {
    listen();
    let contained = Contained { frame: frame.clone(), document, hear: Rc::new(hear) };
    FRAMES.with_borrow_mut(|frames| frames.contained = Some(contained));
}

fn add_relay(host: &str, hear: Hear) {
    let made = document().create_element("iframe").ok();
    let (Some(frame), Some(body)) =
        (made.and_then(|it| it.dyn_into::<HtmlIFrameElement>().ok()), document().body())
    else {
        return;
    };
    frame.set_hidden(true);
    frame.set_title("relay");
    frame.set_src(&format!("//{host}/__easel/relay.html"));
    refuse_when_silent(&frame, host);
    let relay = Relay { host: host.to_owned(), frame: frame.clone(), said: None, hear };
    FRAMES.with_borrow_mut(|frames| frames.relays.push(relay));
    body.append_child(&frame).expect("a body takes a frame");
}

/// A host that does not answer leaves a frame with an error page, which says nothing.
fn refuse_when_silent(frame: &HtmlIFrameElement, host: &str) {
    let host = host.to_owned();
    let loaded = Closure::once_into_js(move || {
        super::dom::after(SILENCE_MS, move || {
            let hear = FRAMES.with_borrow_mut(|frames| {
                let relay = frames.relays.iter_mut().find(|it| it.host == host)?;
                let silent = relay.said.is_none();
                silent.then(|| {
                    let refused = RelaySaid::Refused(UNREACHABLE.to_owned());
                    relay.said = Some(refused.clone());
                    (Rc::clone(&relay.hear), refused)
                })
            });
            if let Some((hear, refused)) = hear {
                hear(refused);
            }
        });
    });
    frame.set_onload(Some(loaded.unchecked_ref()));
}

fn listen() {
    if FRAMES.with_borrow_mut(|frames| std::mem::replace(&mut frames.listens, true)) {
        return;
    }
    let heard = Closure::<dyn Fn(MessageEvent)>::new(|event: MessageEvent| {
        match field(&event.data(), "type").as_string().as_deref() {
            Some("easel-relay") => relay_said(&event),
            Some("easel-document-ready") => give_document(&event),
            Some("easel-report") => report(&event),
            _ => {}
        }
    });
    let added =
        window().add_event_listener_with_callback("message", heard.as_ref().unchecked_ref());
    added.expect("the window takes listeners");
    heard.forget();
}

fn relay_said(event: &MessageEvent) {
    let data = event.data();
    let said = match field(&data, "state").as_string().as_deref() {
        Some("ready") => RelaySaid::Ready,
        Some("refused") => {
            RelaySaid::Refused(field(&data, "reason").as_string().unwrap_or_default())
        }
        _ => return,
    };
    let found = FRAMES.with_borrow_mut(|frames| {
        let relay = frames
            .relays
            .iter_mut()
            .find(|it| event.origin() == origin(&it.host) && comes_from(event, &it.frame))?;
        relay.said = Some(said.clone());
        Some((relay.host.clone(), relay.frame.clone(), Rc::clone(&relay.hear)))
    });
    let Some((host, frame, hear)) = found else { return };
    if said == RelaySaid::Ready {
        hand_over(&host, &frame);
    }
    hear(said);
}

/// Gives the relay one end of a channel and the core the other.
fn hand_over(host: &str, frame: &HtmlIFrameElement) {
    let (Ok(channel), Some(relay)) = (MessageChannel::new(), frame.content_window()) else {
        return;
    };
    let message = object(&[("type", "easel-core".into())]);
    let ports = Array::of1(&channel.port2());
    // It fails for a frame that has gone meanwhile; whoever comes next is connected anew.
    if relay.post_message_with_transfer(&message, &origin(host), &ports).is_ok() {
        super::page::send_preview_port(host, &channel.port1());
    }
}

fn give_document(event: &MessageEvent) {
    FRAMES.with_borrow(|frames| {
        let Some(it) = frames.contained.as_ref().filter(|it| comes_from(event, &it.frame)) else {
            return;
        };
        let html = it.document.as_str().into();
        let message = object(&[("type", "easel-document".into()), ("html", html)]);
        if let Some(window) = it.frame.content_window() {
            // An opaque origin has no name to send to; the frame's own page checks its parent.
            window.post_message(&message, "*").ok();
        }
    });
}

fn report(event: &MessageEvent) {
    let hear = FRAMES.with_borrow(|frames| {
        let it = frames.contained.as_ref().filter(|it| comes_from(event, &it.frame))?;
        Some(Rc::clone(&it.hear))
    });
    if let (Some(hear), Some(report)) = (hear, read(&field(&event.data(), "report"))) {
        hear(report);
    }
}

/// Reads what a preview says; anything may stand there.
fn read(report: &JsValue) -> Option<Report> {
    let text = |name: &str| field(report, name).as_string();
    // Lines and columns fit; what does not is cut.
    let number = |name: &str| field(report, name).as_f64().map(|it| it as u32);
    match text("type")?.as_str() {
        "console" => {
            let level = match text("level")?.as_str() {
                "warning" => Level::Warning,
                "error" => Level::Error,
                _ => Level::Log,
            };
            Some(Report::Console { level, text: text("text")? })
        }
        "error" => Some(Report::Error {
            text: text("text")?,
            // Where the page knows the project's file, that counts.
            url: text("path").map(|it| format!("/{it}")).or_else(|| text("url")),
            line: number("line"),
            column: number("column"),
        }),
        "painted" => {
            Some(Report::Painted { generation: field(report, "generation").as_f64()? as u64 })
        }
        "navigated" => Some(Report::Navigated { path: text("path")? }),
        _ => None,
    }
}

fn comes_from(event: &MessageEvent, frame: &HtmlIFrameElement) -> bool {
    let (Some(source), Some(window)) = (event.source(), frame.content_window()) else {
        return false;
    };
    Object::is(&source, &window)
}

fn origin(host: &str) -> String {
    let protocol = window().location().protocol().unwrap_or_else(|_| "http:".to_owned());
    format!("{protocol}//{host}")
}

fn object(fields: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (name, value) in fields {
        // A fresh object takes every property.
        Reflect::set(&object, &(*name).into(), value).ok();
    }
    object
}

fn field(value: &JsValue, name: &str) -> JsValue {
    Reflect::get(value, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

fn window() -> Window {
    web_sys::window().expect("the page runs in a window")
}

fn document() -> Document {
    window().document().expect("a window has a document")
}
