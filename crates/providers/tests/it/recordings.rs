//! Recordings of our own: `recordings/PROVIDER/NAME.sse` in, `NAME.txt` out; `NAME.ndjson` where
//! the framing is lines.
//!
//! Of a binary stream, each line of `NAME.messages` is a message: its type and its payload.
//!
//! Each is replayed whole, in two pieces cut at every byte, and byte by byte, with equal results.
//! A new case is a file; `UPDATE_EXPECT=1` writes what comes out, to be read.

use std::{
    fs,
    path::{Path, PathBuf},
};

use expect_test::expect_file;
use providers::{
    Dialect,
    chat::{Chat, Flavor},
    converse::Converse,
    feed::Feed,
    frame::{Framing, write_message},
    gemini::Gemini,
    messages::Messages,
    ollama::Ollama,
    responses::Responses,
};
use wire::ModelEvent;

#[test]
fn anthropic() {
    check("anthropic", &Messages);
}

#[test]
fn openai() {
    check("openai", &Chat { flavor: Flavor::Compatible });
}

#[test]
fn ollama() {
    check("ollama", &Ollama);
}

#[test]
fn gemini() {
    check("gemini", &Gemini);
}

#[test]
fn converse() {
    check("converse", &Converse);
}

#[test]
fn responses() {
    check("responses", &Responses);
}

#[test]
fn whatever_arrives_there_is_one_ending() {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    for (folder, dialect) in [
        ("anthropic", &Messages as &dyn Dialect),
        ("ollama", &Ollama),
        ("openai", &Chat { flavor: Flavor::Compatible }),
        ("gemini", &Gemini),
        ("converse", &Converse),
        ("responses", &Responses),
    ] {
        let recordings: Vec<Vec<u8>> =
            recordings(folder).into_iter().map(|it| fs::read(it).unwrap()).collect();
        for _ in 0..500 {
            let mut stream = recordings[dice.below(recordings.len())].clone();
            for _ in 0..=dice.below(4) {
                damage(&mut stream, &recordings, &mut dice);
            }
            replay(dialect, framed(dialect, stream).chunks(1 + dice.below(200)));
        }
    }
}

/// Changes a byte, takes a piece out, puts one in twice, or puts one of another recording in.
fn damage(stream: &mut Vec<u8>, recordings: &[Vec<u8>], dice: &mut Dice) {
    if stream.is_empty() {
        return;
    }
    let from = dice.below(stream.len());
    let to = (from + dice.below(120)).min(stream.len());
    match dice.below(4) {
        0 => stream[from] = u8::try_from(dice.below(256)).unwrap(),
        1 => drop(stream.drain(from..to)),
        2 => {
            let piece = stream[from..to].to_vec();
            stream.splice(from..from, piece);
        }
        _ => {
            let other = &recordings[dice.below(recordings.len())];
            let events: Vec<&[u8]> = other.split_inclusive(|it| *it == b'\n').collect();
            let piece = events[dice.below(events.len())].to_vec();
            stream.splice(from..from, piece);
        }
    }
}

/// Xorshift: the same damage in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(n).unwrap()).unwrap()
    }
}

fn recordings(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings").join(folder);
    let paths = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    let mut found: Vec<PathBuf> =
        paths.filter(|it| it.extension().is_some_and(|it| it != "txt")).collect();
    found.sort();
    found
}

fn check(folder: &str, dialect: &dyn Dialect) {
    let mut n_recordings = 0;
    for path in recordings(folder) {
        n_recordings += 1;
        let stream = framed(dialect, fs::read(&path).unwrap());
        let whole = replay(dialect, [&stream[..]]);
        expect_file![path.with_extension("txt")].assert_eq(&whole);
        // Checksums are slow without optimization, and where a message is cut is known not to
        // matter to whoever reads it.
        let step = if dialect.framing() == Framing::Messages { 7 } else { 1 };
        for cut in (0..stream.len()).step_by(step) {
            let (head, tail) = stream.split_at(cut);
            assert_eq!(replay(dialect, [head, tail]), whole, "{} at byte {cut}", path.display());
        }
        assert_eq!(replay(dialect, stream.chunks(1)), whole, "{}", path.display());
    }
    assert!(n_recordings >= 5, "the recordings are gone");
}

/// Returns the bytes that a provider sends.
fn framed(dialect: &dyn Dialect, recording: Vec<u8>) -> Vec<u8> {
    match dialect.framing() {
        Framing::Events | Framing::Lines => recording,
        Framing::Messages => {
            let mut stream = Vec::new();
            for line in recording.split(|it| *it == b'\n').filter(|it| !it.is_empty()) {
                let space = line.iter().position(|it| *it == b' ').unwrap_or(line.len());
                let name = String::from_utf8_lossy(&line[..space]);
                let data = line.get(space + 1..).unwrap_or_default();
                write_message(&[(message_header(&name), &name)], data, &mut stream);
            }
            stream
        }
    }
}

/// The header that a message's type stands in.
pub(crate) fn message_header(name: &str) -> &'static str {
    if name.ends_with("Exception") {
        ":exception-type"
    } else if name.starts_with(|it: char| it.is_ascii_uppercase()) {
        ":error-code"
    } else {
        ":event-type"
    }
}

fn replay<'a>(dialect: &dyn Dialect, chunks: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut feed = Feed::new(dialect);
    let mut events = Vec::new();
    chunks.into_iter().for_each(|it| feed.push(it, &mut events));
    feed.end(&mut events);
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
