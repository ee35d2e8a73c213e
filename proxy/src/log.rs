//! The log: one line of JSON per event, on the standard error.
//!
//! It has ids, times, names of models and codes of refusals; never a body, a key or a token. Who
//! logs must not put one in: there is no filter here that would find it. Nobody waits for whoever reads
//! it: what a full pipe or a stopped terminal does not take is lost, and counted.

use std::{
    io::{self, Write as _},
    sync::atomic::{AtomicU64, Ordering},
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tracing::{Level, level_filters::LevelFilter};

/// A pipe that is ready takes so much at once (POSIX's PIPE_BUF on Linux; macOS has less and waits a moment).
const AT_ONCE_BYTES: usize = 4_096;

/// What is written, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    pub level: Level,
    /// For people; else a line is an object of JSON.
    pub text: bool,
}

impl Default for Form {
    fn default() -> Self {
        Self { level: Level::INFO, text: false }
    }
}

/// Starts the log.
pub(crate) fn start(form: Form) {
    let log = tracing_subscriber::fmt()
        .with_target(false)
        .with_max_level(LevelFilter::from_level(form.level))
        .with_writer(Unawaited::stderr);
    // In tests there is one already.
    if form.text {
        log.with_ansi(false).try_init().ok();
    } else {
        let log = log.json().flatten_event(true).with_current_span(true).with_span_list(false);
        log.try_init().ok();
    }
}

/// Lines that were lost since the last one that was written.
static LOST: AtomicU64 = AtomicU64::new(0);

/// The standard error, as long as it takes what it gets.
struct Unawaited {
    stderr: io::StderrLock<'static>,
    /// Of the line that this is for, a part did not go.
    lost: bool,
}

impl Unawaited {
    fn stderr() -> Self {
        let mut it = Self { stderr: io::stderr().lock(), lost: false };
        if LOST.load(Ordering::Relaxed) > 0 && it.is_ready() {
            let n_lines = LOST.swap(0, Ordering::Relaxed);
            let what = format!("{n_lines} lines of the log were lost: nobody read it");
            // Who does not hear this does not hear what follows either.
            writeln!(it.stderr, r#"{{"level":"WARN","message":"{what}"}}"#).ok();
        }
        it
    }

    fn is_ready(&self) -> bool {
        let mut asked = [PollFd::new(&self.stderr, PollFlags::OUT)];
        // What cannot be asked is written, as ever.
        poll(&mut asked, Some(&Timespec::default())).map_or(true, |n_ready| n_ready > 0)
    }
}

impl io::Write for Unawaited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let part = &bytes[..bytes.len().min(AT_ONCE_BYTES)];
        if self.lost || !self.is_ready() {
            if !self.lost {
                LOST.fetch_add(1, Ordering::Relaxed);
            }
            self.lost = true;
            return Ok(bytes.len());
        }
        self.stderr.write_all(part)?;
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
