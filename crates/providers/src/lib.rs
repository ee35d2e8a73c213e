//! Vendor formats: each dialect is read and written, for providers and for clients.
//!
//! No I/O, no clock and no keys: sending, timing out and adding the key happen once for all of them,
//! in the proxy's `upstream` and, where the browser asks by itself, in the app's `browser/calling`.
//! That is why a dialect is one folder of pure functions and one of recorded streams.

pub mod ask;
pub mod chat;
pub mod converse;
pub mod dialect;
pub mod endpoint;
pub mod failure;
pub mod feed;
pub mod frame;
pub mod gemini;
mod ids;
pub mod messages;
pub mod models;
pub mod ollama;
pub mod prices;
mod raw;
pub mod reply;
pub mod responses;
pub mod script;
pub mod seal;
pub mod trial;
pub mod vendor;
pub mod whole;

pub use dialect::{BadStream, Dialect};
