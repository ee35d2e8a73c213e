//! What the targets do with their bytes. Whatever comes in, nothing panics, and what must hold holds.
//!
//! A find is a file under `fuzz/artifacts`; it becomes a test beside the code that it broke.
#![allow(clippy::unwrap_used, reason = "a panic is what is looked for")]

mod dialect;
mod http;

use std::{fs, path::Path, sync::LazyLock};

use providers::frame::{Framing, Splitter};
use tempfile::TempDir;

pub use dialect::{Spoken, dialect};
pub use http::http;

/// Cuts a stream in each way.
pub fn frames(data: &[u8]) {
    for framing in [Framing::Events, Framing::Lines, Framing::Messages] {
        let whole = cut(framing, &mut std::iter::once(data));
        let pieces = cut(framing, &mut data.chunks(1));
        assert_eq!(whole, pieces, "{framing:?}");
    }
}

/// Returns the frames up to the first that is wrong, and whether there was one.
fn cut(framing: Framing, chunks: &mut dyn Iterator<Item = &[u8]>) -> (Vec<Vec<u8>>, bool) {
    let (mut splitter, mut frames) = (Splitter::new(framing), Vec::new());
    for chunk in chunks {
        let read = splitter.push(chunk, &mut |frame| {
            frames.push([frame.name, b"|", frame.data].concat());
            Ok(())
        });
        if read.is_err() {
            return (frames, true);
        }
    }
    let ended = splitter.end(&mut |frame| {
        frames.push([frame.name, b"|", frame.data].concat());
        Ok(())
    });
    (frames, ended.is_err())
}

/// Reads a configuration; a wrong one is told with its place.
pub fn config(data: &[u8]) {
    read("easel.toml", data);
}

/// Reads a configuration of LiteLLM as it is, and what it becomes when it is written down.
pub fn litellm(data: &[u8]) {
    read("config.yaml", data);
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(imported) = easel_proxy::config::import_text(Path::new("config.yaml"), text) {
        read("imported.toml", imported.toml.as_bytes());
    }
}

fn read(name: &str, data: &[u8]) {
    static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());
    let path = FOLDER.path().join(name);
    fs::write(&path, data).unwrap();
    let args = ["easel-proxy".into(), "--config".into(), path.into(), "--data".into()];
    let args = args.into_iter().chain([FOLDER.path().into()]);
    // Words of the environment would stop it before it is done with the file.
    let env = |name: &str| name.contains("KEY").then(|| "value".to_owned());
    if let Err(err) = easel_proxy::config::read(args, &env) {
        assert!(!err.to_string().is_empty());
    }
}
