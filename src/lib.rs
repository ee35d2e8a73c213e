//! The app: the only crate that knows the browser.
