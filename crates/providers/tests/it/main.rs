//! The providers from outside: recordings in, events out.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod outside;
mod pairs;
mod prices;
mod recordings;
mod requests;
