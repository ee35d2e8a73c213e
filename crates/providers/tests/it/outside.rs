//! Recordings of real providers from the folder that `EASEL_FIXTURES` names.
//!
//! One JSON event per line. What is no chat of a dialect that is spoken here is listed with its
//! reason. The project's own tests pass without that folder.

mod bedrock;
mod google;
mod plain;
mod responses;

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use providers::{
    Dialect,
    chat::{Chat, Flavor},
    converse::Converse,
    feed::Feed,
    frame::{Framing, write_message},
    gemini::Gemini,
    messages::Messages,
};
use serde_json::Value;
use wire::{ModelEvent, Usage};

use crate::recordings::{check_order, message_header};

#[test]
fn recordings_of_real_providers_decode() {
    let Some(streams) = folder() else {
        println!("EASEL_FIXTURES is not set: recordings of real providers were not decoded");
        return;
    };
    let openai = Chat { flavor: Flavor::Original };
    let mut left_out: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut n_decoded = 0;
    for (name, dialect) in [
        ("amazon-bedrock", &Converse as &dyn Dialect),
        ("anthropic", &Messages),
        ("azure", &openai),
        ("google", &Gemini),
        ("google-vertex", &Gemini),
        ("openai", &openai),
        ("openai-compatible", &openai),
    ] {
        for entry in fs::read_dir(streams.join(name)).unwrap() {
            let path = entry.unwrap().path();
            let file = format!("{name}/{}", path.file_name().unwrap().display());
            match read(&path) {
                Ok(lines) => {
                    if responses::spoken(&lines[0]) {
                        responses::check(&lines, &path, &file);
                    } else {
                        check(dialect, &lines, &file);
                    }
                    n_decoded += 1;
                }
                Err(why) => left_out.entry(why).or_default().push(file),
            }
        }
    }
    println!("{n_decoded} recordings decoded");
    for (why, files) in left_out {
        println!("left out, {why}: {}", files.join(" "));
    }
    assert!(n_decoded > 90, "only {n_decoded} recordings were found");
}

fn folder() -> Option<PathBuf> {
    Some(Path::new(&env::var_os("EASEL_FIXTURES")?).join("provider-streams"))
}

fn read(path: &Path) -> Result<Vec<String>, &'static str> {
    if path.to_string_lossy().contains("embedding") {
        return Err("embeddings");
    }
    if !path.to_string_lossy().ends_with(".chunks.txt") {
        return Err("not a stream");
    }
    let Ok(text) = fs::read_to_string(path) else { return Err("not there") };
    let lines: Vec<String> = text.lines().filter(|it| !it.is_empty()).map(Into::into).collect();
    let Some(first) = lines.first() else { return Err("empty") };
    for (mark, why) in [
        (r#""type":"session."#, "realtime"),
        (r#""object":"text_completion""#, "old completions API"),
        (r#""event_type":"interaction."#, "interactions API"),
        (r#""setupComplete""#, "live API"),
    ] {
        if first.contains(mark) {
            return Err(why);
        }
    }
    Ok(lines)
}

fn check(dialect: &dyn Dialect, lines: &[String], file: &str) {
    let stream = framed(dialect, lines);
    let whole = replay(dialect, &stream, stream.len());
    assert!(matches!(whole.last(), Some(ModelEvent::Finish { .. })), "{file}: {:?}", whole.last());
    let counted = whole.iter().any(has_usage);
    assert_eq!(counted, !bedrock::WITHOUT_USAGE.contains(&file), "{file}: usage");
    cut(dialect, &stream, &whole, file);
}

/// However the stream is cut, it says the same.
fn cut(dialect: &dyn Dialect, stream: &[u8], whole: &[ModelEvent], file: &str) {
    check_order(whole);
    for size in [1, 7, 1000] {
        assert_eq!(replay(dialect, stream, size), whole, "{file} by {size} bytes");
    }
}

/// Returns the bytes of which the lines are what matters.
fn framed(dialect: &dyn Dialect, lines: &[String]) -> Vec<u8> {
    match dialect.framing() {
        Framing::Events => {
            lines.iter().flat_map(|it| format!("data: {it}\n\n").into_bytes()).collect()
        }
        Framing::Lines => lines.iter().flat_map(|it| format!("{it}\n").into_bytes()).collect(),
        Framing::Messages => {
            let mut stream = Vec::new();
            for line in lines {
                // What is a header in truth is kept as the name of the only field.
                let event: BTreeMap<String, Value> = serde_json::from_str(line).unwrap();
                for (name, data) in event {
                    let headers = [(message_header(&name), &*name)];
                    write_message(&headers, data.to_string().as_bytes(), &mut stream);
                }
            }
            stream
        }
    }
}

fn has_usage(event: &ModelEvent) -> bool {
    matches!(event, ModelEvent::Usage(Usage { estimated: false, .. }))
}

fn replay(dialect: &dyn Dialect, stream: &[u8], size: usize) -> Vec<ModelEvent> {
    let mut feed = Feed::new(dialect);
    let mut events = Vec::new();
    stream.chunks(size).for_each(|it| feed.push(it, &mut events));
    feed.end(&mut events);
    events
}
