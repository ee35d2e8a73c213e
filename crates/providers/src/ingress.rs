//! The OpenAI dialect the other way: for clients that speak it to the proxy.
//!
//! A request becomes ours, our events become its chunks. Routing, keys and errors of the proxy
//! itself are the proxy's.

mod answer;
mod request;

pub use answer::{Answer, Chunks, error_body, error_kind};
pub use request::{Ask, BadAsk, read};

#[cfg(test)]
mod tests;
