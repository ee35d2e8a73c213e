//! Recordings of real providers from the folder that `EASEL_FIXTURES` names.
//!
//! One JSON event per line. What is no chat of a dialect that is spoken here is listed with its
//! reason. The project's own tests pass without that folder.

use std::{collections::BTreeMap, env, fs, path::Path};

use providers::{Provider, anthropic::Anthropic, feed::Feed, openai::OpenAi};
use wire::{ModelEvent, Usage};

use crate::recordings::check_order;

#[test]
fn recordings_of_real_providers_decode() {
    let Some(folder) = env::var_os("EASEL_FIXTURES") else {
        println!("EASEL_FIXTURES is not set: recordings of real providers were not decoded");
        return;
    };
    let streams = Path::new(&folder).join("provider-streams");
    let openai = OpenAi::at("https://api.openai.com/v1");
    let mut left_out: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut n_decoded = 0;
    for (name, provider) in [
        ("anthropic", &Anthropic as &dyn Provider),
        ("openai", &openai),
        ("openai-compatible", &openai),
    ] {
        for entry in fs::read_dir(streams.join(name)).unwrap() {
            let path = entry.unwrap().path();
            let file = format!("{name}/{}", path.file_name().unwrap().display());
            match read(&path) {
                Ok(lines) => {
                    check(provider, &lines, &file);
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
    assert!(n_decoded > 30, "only {n_decoded} recordings were found");
}

fn read(path: &Path) -> Result<Vec<String>, &'static str> {
    if !path.to_string_lossy().ends_with(".chunks.txt") {
        return Err("not a stream");
    }
    let text = fs::read_to_string(path).unwrap();
    let lines: Vec<String> = text.lines().filter(|it| !it.is_empty()).map(Into::into).collect();
    let Some(first) = lines.first() else { return Err("empty") };
    // By its text: one of these files is not quite JSON.
    if first.contains(r#""type":"response."#) {
        return Err("responses API");
    }
    if first.contains(r#""type":"session."#) {
        return Err("realtime");
    }
    if first.contains(r#""object":"text_completion""#) {
        return Err("old completions API");
    }
    Ok(lines)
}

fn check(provider: &dyn Provider, lines: &[String], file: &str) {
    let stream: String = lines.iter().map(|it| format!("data: {it}\n\n")).collect();
    let whole = replay(provider, stream.as_bytes(), stream.len());
    check_order(&whole);
    assert!(matches!(whole.last(), Some(ModelEvent::Finish { .. })), "{file}: {:?}", whole.last());
    assert!(whole.iter().any(has_usage), "{file}: no usage");
    for size in [1, 7, 1000] {
        assert_eq!(replay(provider, stream.as_bytes(), size), whole, "{file} by {size} bytes");
    }
}

fn has_usage(event: &ModelEvent) -> bool {
    matches!(event, ModelEvent::Usage(Usage { estimated: false, .. }))
}

fn replay(provider: &dyn Provider, stream: &[u8], size: usize) -> Vec<ModelEvent> {
    let mut feed = Feed::new(provider.decoder());
    let mut events: Vec<ModelEvent> = stream.chunks(size).flat_map(|it| feed.push(it)).collect();
    events.extend(feed.end());
    events
}
