//! Figures about what the proxy does, for others' tools.
//!
//! Nothing is decided by them, and what writes them down never waits.

mod carried;
mod exposition;
mod meter;
mod traces;

use std::{fs, time::Duration};

pub(crate) use carried::{Carried, Relay};
pub(crate) use exposition::Exposition;
pub(crate) use meter::Meter;
pub use traces::Parent;
pub(crate) use traces::{Span, Traces};

/// Bytes of a page of memory where the proxy runs.
const PAGE: u64 = 4096;

/// Writes what the system knows of this process, where it tells.
pub(crate) fn process(text: &mut Exposition, up: Duration) {
    text.gauge("easel_up_seconds", "Since the start.");
    text.value(&[], up.as_secs());
    let resident = fs::read_to_string("/proc/self/statm").ok(); // Linux only.
    let resident = resident.and_then(|it| it.split(' ').nth(1)?.parse::<u64>().ok());
    if let Some(pages) = resident {
        text.gauge("process_resident_memory_bytes", "Memory that this process holds.");
        text.value(&[], pages.saturating_mul(PAGE));
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        text.gauge("process_open_fds", "Files and connections that are open.");
        // One of them is this folder.
        text.value(&[], u64::try_from(open.count().saturating_sub(1)).unwrap_or(u64::MAX));
    }
}
