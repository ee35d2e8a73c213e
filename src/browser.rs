//! The outside world: thin adapters, one file per thing of the browser, no decisions.

pub mod dom;
