//! The outside world: thin adapters, one file per thing of the browser, no decisions.
//!
//! Everything else in the crate runs natively too; what is in here is called only in a browser.

pub mod dom;
pub mod editor;
pub mod preview_frame;
