//! Recordings of Bedrock: each answer in one piece against the stream beside it.

use std::fs;

use providers::{Dialect as _, converse::Converse, whole::Whole};
use wire::ModelEvent;

use super::{folder, framed, has_usage, read, replay};
use crate::recordings::check_order;

/// Cut short by whoever kept them: the vendor itself always ends with the usage.
pub(super) const WITHOUT_USAGE: &[&str] = &[
    "amazon-bedrock/amazon-bedrock-json-tool.1.chunks.txt",
    "amazon-bedrock/amazon-bedrock-json-tool.2.chunks.txt",
    "amazon-bedrock/amazon-bedrock-json-tool.3.chunks.txt",
    "amazon-bedrock/amazon-bedrock-json-with-tool.1.chunks.txt",
    "amazon-bedrock/amazon-bedrock-json-with-tools.1.chunks.txt",
];

/// Their twin in one piece is another run: other words, other arguments or other figures.
const OTHER_RUNS: &[&str] = &[
    "amazon-bedrock/amazon-bedrock-json-tool.1.chunks.txt",
    "amazon-bedrock/amazon-bedrock-json-tool.2.chunks.txt",
    "amazon-bedrock/amazon-bedrock-json-tool.3.chunks.txt",
    "amazon-bedrock/amazon-bedrock-json-with-tool.1.chunks.txt",
    "amazon-bedrock/amazon-bedrock-json-with-tools.1.chunks.txt",
    "amazon-bedrock/amazon-bedrock-reasoning.chunks.txt",
    "amazon-bedrock/amazon-bedrock-text.chunks.txt",
    "amazon-bedrock/amazon-bedrock-tool-call.1.chunks.txt",
];

#[test]
fn answers_of_bedrock_are_what_their_streams_are() {
    let Some(folder) = folder() else { return };
    let (mut n_decoded, mut n_equal) = (0, 0);
    for entry in fs::read_dir(folder.join("amazon-bedrock")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().display().to_string();
        let Some(stem) = name.strip_suffix(".json") else { continue };
        if stem.contains("reranking") {
            println!("left out, no conversation: {name}");
            continue;
        }
        let events = Converse.read_whole(&fs::read(&path).unwrap()).unwrap();
        check_order(&events);
        assert!(matches!(events.last(), Some(ModelEvent::Finish { .. })), "{name}");
        assert!(events.iter().any(has_usage), "{name}: no usage");
        n_decoded += 1;
        let twin = format!("{stem}.chunks.txt");
        let file = format!("amazon-bedrock/{twin}");
        let Ok(lines) = read(&path.with_file_name(&twin)) else { continue };
        let stream = framed(&Converse, &lines);
        let streamed = Whole::collect(replay(&Converse, &stream, stream.len()));
        let equal = streamed == Whole::collect(events);
        assert_eq!(equal, !OTHER_RUNS.contains(&&*file), "{name}: {streamed:?}");
        n_equal += usize::from(equal);
    }
    assert_eq!((n_decoded, n_equal), (11, 2));
}
