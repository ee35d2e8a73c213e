//! Recordings of our own: `recordings/PROVIDER/NAME.sse` in, `NAME.txt` out.
//!
//! Each is replayed whole, in two pieces cut at every byte, and byte by byte, with equal results.
//! A new case is a file; `UPDATE_EXPECT=1` writes what comes out, to be read.

use std::{fs, path::Path};

use expect_test::expect_file;
use providers::{Provider, anthropic::Anthropic, feed::Feed, openai::OpenAi};
use wire::ModelEvent;

#[test]
fn anthropic() {
    check("anthropic", &Anthropic);
}

#[test]
fn openai() {
    check("openai", &OpenAi::at("http://localhost"));
}

fn check(folder: &str, provider: &dyn Provider) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings").join(folder);
    let mut n_recordings = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|it| it != "sse") {
            continue;
        }
        n_recordings += 1;
        let stream = fs::read(&path).unwrap();
        let whole = replay(provider, [&stream[..]]);
        expect_file![path.with_extension("txt")].assert_eq(&whole);
        for cut in 0..stream.len() {
            let (head, tail) = stream.split_at(cut);
            assert_eq!(replay(provider, [head, tail]), whole, "{} at byte {cut}", path.display());
        }
        assert_eq!(replay(provider, stream.chunks(1)), whole, "{}", path.display());
    }
    assert!(n_recordings >= 5, "the recordings are gone");
}

fn replay<'a>(provider: &dyn Provider, chunks: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut feed = Feed::new(provider.decoder());
    let mut events: Vec<ModelEvent> = chunks.into_iter().flat_map(|it| feed.push(it)).collect();
    events.extend(feed.end());
    check_order(&events);
    events.iter().map(|it| serde_json::to_string(it).unwrap() + "\n").collect()
}

/// Every started call is ended, and the ending is the last event and the only one.
#[track_caller]
pub(crate) fn check_order(events: &[ModelEvent]) {
    let mut open = Vec::new();
    for (n, event) in events.iter().enumerate() {
        match event {
            ModelEvent::ToolCallStart { call, .. } => open.push(call),
            ModelEvent::ToolCallDelta { call, .. } => assert!(open.contains(&call), "{call}"),
            ModelEvent::ToolCallEnd { call } => open.retain(|it| *it != call),
            ModelEvent::Finish { .. } | ModelEvent::Error(_) => {
                assert_eq!(n + 1, events.len(), "events after the end");
                assert!(open.is_empty(), "open calls: {open:?}");
                return;
            }
            ModelEvent::TextDelta { .. }
            | ModelEvent::Reasoning { .. }
            | ModelEvent::ReasoningEnd { .. }
            | ModelEvent::Usage(_) => {}
        }
    }
    panic!("there is no ending");
}
