//! The core's way to the compiler: a second worker, started when the first script is to be compiled.
//!
//! The worker's own side is `src/bin/compiler.rs`. When it dies (a text that is too much for it), the
//! scripts that wait get an error that says so, and the next one starts another worker.

use futures::future::LocalBoxFuture;
use preview::{Compile, Compiled, Problem};

use super::{hired::Hired, reader};

const SCRIPT: &str = "/compiler_loader.js";

/// The compiler, running or not.
pub struct CompilerWorker(Hired);

impl Default for CompilerWorker {
    fn default() -> Self {
        Self(Hired::new(SCRIPT))
    }
}

impl std::fmt::Debug for CompilerWorker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CompilerWorker")
    }
}

impl Compile for CompilerWorker {
    fn transform<'a>(
        &'a self,
        path: &'a str,
        text: &'a str,
        jsx_import_source: &'a str,
    ) -> LocalBoxFuture<'a, Result<Compiled, Problem>> {
        let mut answers = self.0.ask(&[path.into(), text.into(), jsx_import_source.into()]);
        Box::pin(async move {
            let outcome = answers.next().await.and_then(|it| reader::read(&it).ok());
            outcome.unwrap_or_else(|| Err(gave_up()))
        })
    }
}

fn gave_up() -> Problem {
    Problem {
        message: "the compiler gave up on this file; it may be too large or too deeply nested, \
                  or the compiler could not be loaded"
            .to_owned(),
        line: 1,
        column: 1,
    }
}
