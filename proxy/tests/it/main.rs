//! The proxy from outside: bound to a real port, with a recorded provider behind it.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]
#![allow(unreachable_pub, reason = "modules of one program")]

mod admin;
mod bills;
mod budget;
mod clients;
mod dialects;
mod doors;
mod easel;
mod embeddings;
mod ending;
mod faults;
mod fidelity;
mod files;
mod guards;
mod hook;
mod import;
mod lag;
mod lanes;
mod program;
mod refusals;
mod relays;
mod reload;
mod settings;
mod stored;
mod tls;
mod turns;
mod upstream;
mod vendors;
