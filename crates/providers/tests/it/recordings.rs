//! Recordings of our own: `recordings/PROVIDER/NAME.sse` in, `NAME.txt` out.
//!
//! Each is replayed whole, in two pieces cut at every byte, and byte by byte, with equal results.
//! A new case is a file; `UPDATE_EXPECT=1` writes what comes out, to be read.

use std::{
    fs,
    path::{Path, PathBuf},
};

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

#[test]
fn whatever_arrives_there_is_one_ending() {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    for (folder, provider) in
        [("anthropic", &Anthropic as &dyn Provider), ("openai", &OpenAi::at("http://localhost"))]
    {
        let recordings: Vec<Vec<u8>> =
            recordings(folder).into_iter().map(|it| fs::read(it).unwrap()).collect();
        for _ in 0..500 {
            let mut stream = recordings[dice.below(recordings.len())].clone();
            for _ in 0..=dice.below(4) {
                damage(&mut stream, &recordings, &mut dice);
            }
            replay(provider, stream.chunks(1 + dice.below(200)));
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
        paths.filter(|it| it.extension().is_some_and(|it| it == "sse")).collect();
    found.sort();
    found
}

fn check(folder: &str, provider: &dyn Provider) {
    let mut n_recordings = 0;
    for path in recordings(folder) {
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
