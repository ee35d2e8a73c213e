//! Waiting, and the time of day.

use std::{cell::RefCell, rc::Rc};

use wasm_bindgen::{JsCast as _, closure::Closure};

use super::{document, window};

pub fn now_ms() -> u64 {
    // Milliseconds since the epoch fit.
    js_sys::Date::now() as u64
}

/// Calls once, later.
pub fn after(delay_ms: i32, call: impl FnOnce() + 'static) {
    let call = Closure::once_into_js(call);
    let set = window()
        .set_timeout_with_callback_and_timeout_and_arguments_0(call.unchecked_ref(), delay_ms);
    set.expect("a window has timers");
}

/// Calls again and again, for as long as the page lives.
pub fn every(period_ms: i32, call: impl Fn() + 'static) {
    let call = Closure::<dyn Fn()>::new(call);
    let set = window().set_interval_with_callback_and_timeout_and_arguments_0(
        call.as_ref().unchecked_ref(),
        period_ms,
    );
    set.expect("a window has timers");
    call.forget();
}

/// A call that is put off by each new one: only the last is made.
#[derive(Debug, Clone, Default)]
pub struct Timer(Rc<RefCell<Option<i32>>>);

impl Timer {
    pub fn put_off(&self, delay_ms: i32, call: impl FnOnce() + 'static) {
        self.stop();
        let own = self.clone();
        let call = Closure::once_into_js(move || {
            own.0.borrow_mut().take();
            call();
        });
        let set = window()
            .set_timeout_with_callback_and_timeout_and_arguments_0(call.unchecked_ref(), delay_ms);
        *self.0.borrow_mut() = set.ok();
    }

    pub fn stop(&self) {
        if let Some(id) = self.0.borrow_mut().take() {
            window().clear_timeout_with_handle(id);
        }
    }

    pub fn is_waiting(&self) -> bool {
        self.0.borrow().is_some()
    }
}

/// Whether the tab is in the background.
pub fn is_hidden() -> bool {
    document().hidden()
}

/// Calls whenever the tab is hidden or closed, until the returned is dropped: the last chance to
/// hand something over.
#[must_use]
pub fn before_hiding(call: impl Fn() + 'static) -> Hiding {
    let call = Closure::<dyn Fn()>::new(call);
    let listener = call.as_ref().unchecked_ref();
    let hidden = document().add_event_listener_with_callback(HIDDEN, listener);
    let gone = window().add_event_listener_with_callback(GONE, listener);
    hidden.and(gone).expect("the document takes listeners");
    Hiding(call)
}

const HIDDEN: &str = "visibilitychange";
const GONE: &str = "pagehide";

/// Someone who listens for the tab being hidden.
#[derive(Debug)]
pub struct Hiding(Closure<dyn Fn()>);

impl Drop for Hiding {
    fn drop(&mut self) {
        let listener = self.0.as_ref().unchecked_ref();
        // Taking away what was added cannot fail.
        document().remove_event_listener_with_callback(HIDDEN, listener).ok();
        window().remove_event_listener_with_callback(GONE, listener).ok();
    }
}

/// Calls at once and whenever the system says that it has or lacks a network.
pub fn on_online(call: impl Fn(bool) + 'static) {
    call(window().navigator().on_line());
    let call = Closure::<dyn Fn()>::new(move || call(window().navigator().on_line()));
    for name in ["online", "offline"] {
        let added = window().add_event_listener_with_callback(name, call.as_ref().unchecked_ref());
        added.expect("the window takes listeners");
    }
    call.forget();
}
