//! The proxy from outside: bound to a real port, with a recorded provider behind it.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]
#![allow(unreachable_pub, reason = "modules of one program")]

mod clients;
mod dialects;
mod doors;
mod easel;
mod embeddings;
mod ending;
mod files;
mod lanes;
mod program;
mod settings;
mod turns;
mod upstream;
mod vendors;
