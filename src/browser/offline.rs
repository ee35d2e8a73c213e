//! The app's service worker (`web/sw.js`): registered, watched, and told when a new build may begin.
//!
//! Updates are offered and never forced; who offers them is the workbench.

#![expect(clippy::disallowed_methods, reason = "`src/browser/` is where the browser is talked to")]

use std::{cell::RefCell, rc::Rc};

use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    RegistrationOptions, ServiceWorker, ServiceWorkerContainer, ServiceWorkerRegistration,
    ServiceWorkerState, ServiceWorkerUpdateViaCache,
};

const SCRIPT: &str = "/sw.js";
/// How often a page that stays open looks for a new build.
const LOOK_MS: i32 = 60 * 60 * 1000;
/// What a browser has dropped is kept anew when the start needs nothing more.
const MEND_MS: i32 = 5_000;
/// A worker that does not take over by then is not waited for.
const TAKE_OVER_MS: i32 = 3_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// The whole build is kept: Easel opens without a network.
    Ready,
    /// Another build is kept and waits.
    Update,
    /// For people: why there is no service worker.
    Refused(String),
}

thread_local! {
    static REGISTRATION: RefCell<Option<ServiceWorkerRegistration>> = const { RefCell::new(None) };
}

/// Registers the worker; `hear` hears what becomes of it for as long as the page lives.
pub fn start(hear: impl Fn(Said) + 'static) {
    let hear: Rc<dyn Fn(Said)> = Rc::new(hear);
    spawn_local(async move {
        let Some(container) = container() else {
            hear(Said::Refused(String::new()));
            return;
        };
        if is_unbuilt() {
            remove_all(&container).await;
            return;
        }
        let options = RegistrationOptions::new();
        options.set_update_via_cache(ServiceWorkerUpdateViaCache::None);
        let asked = container.register_with_options(SCRIPT, &options);
        match JsFuture::from(asked).await {
            Ok(registration) => watch(registration.unchecked_into(), &container, &hear),
            Err(why) => hear(Said::Refused(text(&why))),
        }
    });
}

fn watch(
    registration: ServiceWorkerRegistration,
    container: &ServiceWorkerContainer,
    hear: &Rc<dyn Fn(Said)>,
) {
    if let Some(active) = registration.active() {
        hear(Said::Ready);
        super::dom::after(MEND_MS, move || tell(&active, "mend"));
    }
    if registration.waiting().is_some() && container.controller().is_some() {
        hear(Said::Update);
    }
    if let Some(worker) = registration.installing() {
        follow(&worker, registration.active().is_some(), hear);
    }
    let found = {
        let (registration, hear) = (registration.clone(), Rc::clone(hear));
        Closure::<dyn Fn()>::new(move || {
            if let Some(worker) = registration.installing() {
                follow(&worker, registration.active().is_some(), &hear);
            }
        })
    };
    registration.set_onupdatefound(Some(found.as_ref().unchecked_ref()));
    found.forget();
    REGISTRATION.set(Some(registration));
    super::dom::every(LOOK_MS, || {
        REGISTRATION.with_borrow(|it| {
            if let Some(Ok(looking)) = it.as_ref().map(ServiceWorkerRegistration::update) {
                spawn_local(async move {
                    // Without a network there is nothing new, and nothing to tell.
                    JsFuture::from(looking).await.ok();
                });
            }
        });
    });
}

/// Follows a worker that is being installed; `replaces` when another one serves this page.
fn follow(worker: &ServiceWorker, replaces: bool, hear: &Rc<dyn Fn(Said)>) {
    let (own, hear) = (worker.clone(), Rc::clone(hear));
    let changed = Closure::<dyn Fn()>::new(move || {
        let state = own.state();
        if state == ServiceWorkerState::Installed && replaces {
            hear(Said::Update);
        } else if state == ServiceWorkerState::Activated {
            hear(Said::Ready);
        }
    });
    worker.set_onstatechange(Some(changed.as_ref().unchecked_ref()));
    changed.forget();
}

/// Loads the page anew, with the build that waits if one does.
pub fn reload() {
    let waiting = REGISTRATION.with_borrow(|it| it.as_ref()?.waiting());
    let (Some(waiting), Some(container)) = (waiting, container()) else {
        reload_page();
        return;
    };
    let took_over = Closure::once_into_js(reload_page);
    container.set_oncontrollerchange(Some(took_over.unchecked_ref()));
    tell(&waiting, "skip-waiting");
    super::dom::after(TAKE_OVER_MS, reload_page);
}

fn tell(worker: &ServiceWorker, what: &str) {
    let message = js_sys::Object::new();
    // A fresh object takes every property, and a worker that is there takes a message.
    js_sys::Reflect::set(&message, &"type".into(), &what.into()).ok();
    worker.post_message(&message).ok();
}

fn reload_page() {
    if let Some(window) = web_sys::window() {
        // It fails only for a page that is going anyway.
        window.location().reload().ok();
    }
}

async fn remove_all(container: &ServiceWorkerContainer) {
    let Ok(all) = JsFuture::from(container.get_registrations()).await else { return };
    for registration in js_sys::Array::from(&all) {
        if let Ok(removed) = registration.unchecked_into::<ServiceWorkerRegistration>().unregister()
        {
            // What cannot be removed serves nothing: it passes everything through.
            JsFuture::from(removed).await.ok();
        }
    }
}

/// Under `trunk serve` the page names no build.
fn is_unbuilt() -> bool {
    let document = web_sys::window().and_then(|it| it.document());
    let mark = document.and_then(|it| it.query_selector("meta[name=easel-build]").ok().flatten());
    let build = mark.and_then(|it| it.get_attribute("content")).unwrap_or_default();
    build.is_empty() || build.starts_with('%')
}

/// Browsers hide it where service workers are not allowed.
fn container() -> Option<ServiceWorkerContainer> {
    let navigator = web_sys::window()?.navigator();
    let found = js_sys::Reflect::get(&navigator, &"serviceWorker".into()).ok()?;
    found.dyn_into().ok()
}

fn text(error: &JsValue) -> String {
    let message = js_sys::Reflect::get(error, &"message".into()).ok();
    message.and_then(|it| it.as_string()).unwrap_or_default()
}
