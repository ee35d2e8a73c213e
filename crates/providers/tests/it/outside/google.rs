//! Recordings of Google: each stream against its parts in one answer.

use std::fs;

use providers::{
    Dialect as _, failure,
    gemini::Gemini,
    whole::{Part, Whole},
};
use serde_json::Value;
use wire::{ModelEvent, RejectionCode};

use super::{folder, has_usage, read, replay};
use crate::recordings::check_order;

/// Replies of Google in one piece whose streams were recorded in another run: other words, other
/// signatures, other figures.
const OTHER_RUNS: [&str; 5] = [
    "google-reasoning-gemini3.json",
    "google-reasoning.json",
    "google-text.json",
    "google-tool-call-gemini3.json",
    "google-tool-call.json",
];

#[test]
fn whole_replies_of_google_decode() {
    let Some(folder) = folder() else { return };
    let google = folder.join("google");
    let mut n_decoded = 0;
    for entry in fs::read_dir(&google).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        if let Some(name) = file.strip_suffix(".chunks.txt")
            && let Ok(lines) = read(&path)
        {
            let whole = whole(&Gemini.read_whole(&joined(&lines)).unwrap(), name);
            let stream: String = lines.iter().map(|it| format!("data: {it}\n\n")).collect();
            let events = replay(&Gemini, stream.as_bytes(), stream.len());
            assert_eq!(Whole::collect(events), whole, "{name}");
            n_decoded += 1;
            let twin = google.join(format!("{name}.json"));
            if twin.exists() && !OTHER_RUNS.contains(&&*format!("{name}.json")) {
                let events = Gemini.read_whole(&fs::read(twin).unwrap()).unwrap();
                assert_eq!(self::whole(&events, name), whole, "{name}");
            }
        }
        // Others are empty, of the interactions API (`steps`), or the body of an error answer.
        if OTHER_RUNS.contains(&&*file) {
            whole(&Gemini.read_whole(&fs::read(&path).unwrap()).unwrap(), &file);
            n_decoded += 1;
        }
    }
    assert!(n_decoded >= 14, "only {n_decoded} replies of Google were found");

    let body = fs::read(google.join("google-429-retry-info.json")).unwrap();
    let rejection = failure::from_answer(429, None, &body);
    assert_eq!((rejection.code, rejection.retry_after_secs), (RejectionCode::Busy, Some(35)));
}

fn whole(events: &[ModelEvent], file: &str) -> Whole {
    check_order(events);
    assert!(matches!(events.last(), Some(ModelEvent::Finish { .. })), "{file}");
    assert!(events.iter().any(has_usage), "{file}: no usage");
    let whole = Whole::collect(events.iter().cloned());
    for part in &whole.parts {
        if let Part::Call { arguments, .. } = part {
            let arguments: Value = serde_json::from_str(arguments).unwrap();
            assert!(arguments.is_object(), "{file}: {arguments}");
        }
    }
    whole
}

/// The answer in one piece that a stream comes to: its last chunk with the parts of all.
fn joined(lines: &[String]) -> Vec<u8> {
    let chunks: Vec<Value> = lines.iter().map(|it| serde_json::from_str(it).unwrap()).collect();
    let parts = chunks.iter().flat_map(|it| it["candidates"][0]["content"]["parts"].as_array());
    let parts: Vec<Value> = parts.flatten().cloned().collect();
    let mut answer = chunks.last().unwrap().clone();
    answer["candidates"][0]["content"]["parts"] = parts.into();
    serde_json::to_vec_pretty(&answer).unwrap()
}
