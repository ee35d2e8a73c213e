//! Recordings of the Responses API: each stream against the response that it ends with, and
//! against the one that was recorded beside it.

use std::{fs, path::Path};

use providers::{
    Dialect as _,
    dialect::About,
    responses::Responses,
    whole::{Part, Whole},
};
use serde_json::Value;
use wire::ModelEvent;

use super::{cut, has_usage, replay};
use crate::recordings::check_order;

/// The account has no credit left; the first and the last line are not JSON.
const ENDS_IN_AN_ERROR: [&str; 2] =
    ["openai/openai-error.1", "openai/parallel-tool-call-wrapper.1"];

/// Most of their deltas were taken out by hand, so they say less than they end with.
const SHORTENED: [&str; 2] = ["openai/openai-phase.1", "openai/openai-shell-container.1"];

/// The response beside the stream is of another run: the request is the same, the model's words
/// or the figures are others.
const BESIDE_ANOTHER_RUN: [&str; 30] = [
    "azure/azure-code-interpreter-tool.1",
    "azure/azure-image-generation-tool.1",
    "azure/azure-reasoning-encrypted-content.1",
    "azure/azure-text.1",
    "azure/azure-tool-call.1",
    "azure/azure-web-search-preview-tool.1",
    "azure/openai-file-search-tool.1",
    "azure/openai-file-search-tool.2",
    "openai/openai-client-tool-search.1",
    "openai/openai-client-tool-search.2",
    "openai/openai-code-interpreter-tool.1",
    "openai/openai-compaction.1",
    "openai/openai-file-search-tool.1",
    "openai/openai-file-search-tool.2",
    "openai/openai-image-generation-tool.1",
    "openai/openai-local-shell-tool.1",
    "openai/openai-mcp-tool-approval.1",
    "openai/openai-mcp-tool-approval.2",
    "openai/openai-mcp-tool-approval.3",
    "openai/openai-mcp-tool-approval.4",
    "openai/openai-mcp-tool.1",
    "openai/openai-reasoning-encrypted-content.1",
    "openai/openai-shell-container-multiturn.1",
    "openai/openai-shell-skills.1",
    "openai/openai-shell-tool.1",
    "openai/openai-tool-search.1",
    "openai/openai-web-search-tool.1",
    "openai/programmatic-tool-calling.1",
    "openai/programmatic-tool-calling.2",
    "openai/programmatic-tool-calling.3",
];

/// By the text: one of these files is not quite JSON.
pub(super) fn spoken(first: &str) -> bool {
    first.contains(r#""type":"response."#)
}

pub(super) fn check(lines: &[String], path: &Path, file: &str) {
    let name = file.trim_end_matches(".chunks.txt");
    // Some files hold all the replies of a turn.
    let begins = |line: &String| line.contains(r#""type":"response.created""#);
    let replies: Vec<Whole> =
        split_before(lines, begins).into_iter().map(|it| check_reply(it, name)).collect();
    let beside = path.with_file_name(
        path.file_name().unwrap().to_str().unwrap().replace(".chunks.txt", ".json"),
    );
    let Ok(body) = fs::read(&beside) else { return };
    let events = Responses.read_whole(&body).unwrap();
    check_order(&events);
    let same = Some(&comparable(Whole::collect(events))) == replies.last();
    let differs = [&BESIDE_ANOTHER_RUN[..], &SHORTENED, &ENDS_IN_AN_ERROR[1..]];
    let expected = !differs.into_iter().flatten().any(|it| *it == name);
    assert_eq!(same, expected, "{}", beside.display());
}

fn check_reply(lines: &[String], name: &str) -> Whole {
    let stream: String = lines.iter().map(|it| format!("data: {it}\n\n")).collect();
    let events = replay(&Responses, stream.as_bytes(), stream.len());
    cut(&Responses, stream.as_bytes(), &events, name);
    if ENDS_IN_AN_ERROR.contains(&name) {
        assert!(matches!(events.last(), Some(ModelEvent::Error(_))), "{name}: {:?}", events.last());
        return comparable(Whole::collect(events));
    }
    assert!(
        matches!(events.last(), Some(ModelEvent::Finish { .. })),
        "{name}: {:?}",
        events.last()
    );
    assert!(events.iter().any(has_usage), "{name}: no usage");
    assert_eq!(written(&events), Whole::collect(events.clone()), "{name}");
    let end: Value = serde_json::from_str(lines.last().unwrap()).unwrap();
    let response = Responses.read_whole(end["response"].to_string().as_bytes()).unwrap();
    let reply = comparable(Whole::collect(events));
    if !SHORTENED.contains(&name) {
        assert_eq!(reply, comparable(Whole::collect(response)), "{name}");
    }
    reply
}

/// What a client reads.
fn written(events: &[ModelEvent]) -> Whole {
    let mut writer = Responses.encoder(About::default());
    let mut stream = Vec::new();
    events.iter().for_each(|it| writer.write(it, &mut stream));
    Whole::collect(replay(&Responses, &stream, stream.len()))
}

/// The vendor encrypts a thought anew each time it tells it.
fn comparable(mut whole: Whole) -> Whole {
    for part in &mut whole.parts {
        if let Part::Thought { opaque: Some(opaque), .. } = part {
            opaque["responses"]["encrypted_content"].take();
        }
    }
    whole
}

fn split_before<T>(list: &[T], begins: impl Fn(&T) -> bool) -> Vec<&[T]> {
    let mut found = Vec::new();
    let mut rest = list;
    while let Some((_, others)) = rest.split_first() {
        let end = others.iter().position(&begins).map_or(rest.len(), |it| it + 1);
        let (piece, others) = rest.split_at(end);
        found.push(piece);
        rest = others;
    }
    found
}
