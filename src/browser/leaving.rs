//! A request that ends when nobody waits for its answer any more.
//!
//! It sends nothing.

use web_sys::{AbortController, AbortSignal};

/// Aborts the request when it is dropped, so that nobody pays for a reply that nobody reads.
pub(super) struct Leaving(Option<AbortController>);

impl Leaving {
    pub(super) fn signal(&self) -> Option<AbortSignal> {
        self.0.as_ref().map(AbortController::signal)
    }
}

impl Default for Leaving {
    fn default() -> Self {
        Self(AbortController::new().ok())
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        if let Some(controller) = &self.0 {
            controller.abort();
        }
    }
}
