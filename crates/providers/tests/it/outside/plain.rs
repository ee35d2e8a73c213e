//! Recordings of Anthropic and of compatible servers: each answer in one piece against the stream
//! beside it.

use std::fs;

use providers::{
    Dialect,
    chat::{Chat, Flavor},
    messages::Messages,
    whole::{Part, Whole},
};
use serde_json::Value;
use wire::ModelEvent;

use super::{folder, framed, has_usage, read, replay};
use crate::recordings::check_order;

/// The answer beside the stream is of another run: other words, other arguments or other figures.
const OTHER_RUNS: &[&str] = &[
    "anthropic-clear-thinking.1",
    "anthropic-clear-tool-uses.1",
    "anthropic-code-execution-20250825.1",
    "anthropic-code-execution-20250825.2",
    "anthropic-code-execution-20250825.pptx-skill",
    "anthropic-code-execution-file-upload.1",
    "anthropic-combined-context-editing.1",
    "anthropic-compaction.1",
    "anthropic-json-output-format.1",
    "anthropic-json-tool.1",
    "anthropic-mcp.1",
    "anthropic-programmatic-tool-calling.1",
    "anthropic-text",
    "anthropic-tool-no-args",
    "anthropic-tool-search-bm25.1",
    "anthropic-tool-search-regex.1",
    "anthropic-web-fetch-tool-20260209.1",
    "anthropic-web-fetch-tool.1",
    "anthropic-web-search-tool.1",
    "xai-text",
    "xai-tool-call",
];

/// Answers that are no conversation.
const OTHER_THINGS: &[&str] = &["anthropic-skill-create", "anthropic-skill-version-create"];

#[test]
fn answers_are_what_their_streams_are() {
    let Some(folder) = folder() else { return };
    let chat = Chat { flavor: Flavor::Compatible };
    let mut differ = Vec::new();
    let (mut n_decoded, mut n_equal) = (0, 0);
    for (name, dialect) in [("anthropic", &Messages as &dyn Dialect), ("openai-compatible", &chat)]
    {
        for entry in fs::read_dir(folder.join(name)).unwrap() {
            let path = entry.unwrap().path();
            let file = path.file_name().unwrap().display().to_string();
            let Some(stem) = file.strip_suffix(".json") else { continue };
            if OTHER_THINGS.contains(&stem) {
                continue;
            }
            let events = dialect.read_whole(&fs::read(&path).unwrap()).unwrap();
            check_order(&events);
            assert!(matches!(events.last(), Some(ModelEvent::Finish { .. })), "{file}");
            assert!(events.iter().any(has_usage), "{file}: no usage");
            n_decoded += 1;
            let beside = path.with_file_name(format!("{stem}.chunks.txt"));
            let Ok(lines) = read(&beside) else { continue };
            let stream = framed(dialect, &lines);
            let streamed = comparable(replay(dialect, &stream, stream.len()));
            if streamed == comparable(events) {
                n_equal += 1;
            } else {
                differ.push(stem.to_owned());
            }
        }
    }
    differ.sort();
    assert_eq!(differ, OTHER_RUNS, "{n_equal} are equal of {n_decoded}");
}

/// Blanks in arguments and names of calls are the vendor's matter.
fn comparable(events: Vec<ModelEvent>) -> Whole {
    let mut whole = Whole::collect(events);
    for part in &mut whole.parts {
        if let Part::Call { call, arguments, .. } = part {
            call.clear();
            *arguments = serde_json::from_str::<Value>(arguments).unwrap().to_string();
        }
    }
    whole
}
