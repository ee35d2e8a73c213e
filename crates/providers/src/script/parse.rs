//! The script format, read line by line. `scripts/README.md` describes it for people.
//!
//! A script that is wrong is refused as a whole, with the line: a demo that is silently shorter
//! than written would look like a fault of the app.

use std::time::Duration;

use serde_json::Value;
use wire::{RejectionCode, Usage};

use super::{BadScript, Line, Part, Scene, Script};

pub(super) fn parse(name: &str, text: &str) -> Result<Script, BadScript> {
    let mut reader = Reader { lines: text.lines().collect(), at: 0 };
    let mut script = Script { name: name.to_owned(), title: name.to_owned(), scenes: Vec::new() };
    while let Some(line) = reader.next() {
        let line_number = reader.at;
        read(&mut script, &mut reader, line).map_err(|what| BadScript {
            script: name.to_owned(),
            line: line_number,
            what,
        })?;
    }
    let bad =
        |what: &str| BadScript { script: name.to_owned(), line: reader.at, what: what.into() };
    if script.scenes.is_empty() {
        return Err(bad("there is no `when`"));
    }
    if script.scenes.iter().flat_map(|it| &it.replies).any(|it| it.lines.is_empty()) {
        return Err(bad("a reply is empty"));
    }
    Ok(script)
}

#[derive(Debug)]
struct Reader<'a> {
    lines: Vec<&'a str>,
    /// Lines read so far: the number of the last one.
    at: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let line = *self.lines.get(self.at)?;
        self.at += 1;
        Some(line)
    }

    fn peek(&self) -> Option<&'a str> {
        self.lines.get(self.at).copied()
    }

    /// Returns the value itself, or the lines up to the word after `<<`.
    fn value(&mut self, value: &str) -> Result<String, String> {
        let Some(word) = value.strip_prefix("<<") else { return Ok(value.to_owned()) };
        let mut text = String::new();
        while let Some(line) = self.next() {
            if line == word {
                return Ok(text);
            }
            text.push_str(line);
            text.push('\n');
        }
        Err(format!("the text up to `{word}` never ends"))
    }
}

fn read(script: &mut Script, reader: &mut Reader<'_>, line: &str) -> Result<(), String> {
    if line.trim().is_empty() || line.starts_with('#') {
        return Ok(());
    }
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let rest = rest.trim();
    match word {
        "title" => rest.clone_into(&mut script.title),
        "when" => {
            let when: Vec<String> = rest.split('|').map(|it| it.trim().to_lowercase()).collect();
            if when.iter().any(String::is_empty) {
                return Err("`when` needs a part of the prompt, or `*`".to_owned());
            }
            let first = Part { after: 0, lines: Vec::new() };
            script.scenes.push(Scene { when, has: Vec::new(), replies: vec![first] });
        }
        "has" => scene(script)?.has.push(rest.to_owned()),
        "after" => {
            let after = number(rest)?;
            scene(script)?.replies.push(Part { after, lines: Vec::new() });
        }
        _ => {
            let line = step(reader, word, rest)?;
            let part = scene(script)?.replies.last_mut();
            part.ok_or("there is no reply yet")?.lines.push(line);
        }
    }
    Ok(())
}

fn scene(script: &mut Script) -> Result<&mut Scene, String> {
    script.scenes.last_mut().ok_or_else(|| "it must come after a `when`".to_owned())
}

fn step(reader: &mut Reader<'_>, word: &str, rest: &str) -> Result<Line, String> {
    Ok(match word {
        "text" => Line::Text(reader.value(rest)?),
        "think" => Line::Think(reader.value(rest)?),
        "tool" => tool(reader, rest)?,
        "pause" => Line::Pause(Duration::from_millis(number(rest)?)),
        "pace" => Line::Pace(number(rest)?),
        "usage" => usage(rest)?,
        "error" => fail(rest)?,
        "cut" => Line::Cut,
        "garbage" => Line::Garbage,
        "done" => Line::Done(word_of(rest, "reason")?),
        _ => return Err(format!("there is no `{word}`")),
    })
}

/// `tool NAME {json}`, or `tool NAME` and then one argument per line, two spaces in.
fn tool(reader: &mut Reader<'_>, rest: &str) -> Result<Line, String> {
    let (name, json) = rest.split_once(' ').unwrap_or((rest, ""));
    if name.is_empty() {
        return Err("`tool` needs a name".to_owned());
    }
    if !json.is_empty() {
        // Kept as it is, even when it is no JSON: a model may write that too.
        return Ok(Line::Tool { name: name.to_owned(), arguments: json.to_owned() });
    }
    // In the order in which they are written, as a model does.
    let mut arguments: Vec<(String, String)> = Vec::new();
    while let Some(line) = reader.peek().and_then(|it| it.strip_prefix("  ")) {
        reader.next();
        if line.starts_with(' ') {
            let (_, value) = arguments.last_mut().ok_or("an argument begins two spaces in")?;
            value.push_str("\n  ");
            value.push_str(line);
            continue;
        }
        let (argument, value) = line.split_once(' ').unwrap_or((line, ""));
        arguments.push((argument.to_owned(), reader.value(value)?));
    }
    let text = |it: String| Value::String(it).to_string();
    let arguments: Vec<String> =
        arguments.into_iter().map(|(name, value)| text(name) + ":" + &text(value)).collect();
    let arguments = format!("{{{}}}", arguments.join(","));
    Ok(Line::Tool { name: name.to_owned(), arguments })
}

/// `usage INPUT OUTPUT [CACHE-READ]`
fn usage(rest: &str) -> Result<Line, String> {
    let counts: Vec<u32> = rest.split_whitespace().map(number).collect::<Result<_, _>>()?;
    let [input_tokens, output_tokens, cache @ ..] = &counts[..] else {
        return Err("`usage` needs the tokens that went in and that came out".to_owned());
    };
    Ok(Line::Usage(Usage {
        input_tokens: *input_tokens,
        output_tokens: *output_tokens,
        cache_read_tokens: cache.first().copied().unwrap_or(0),
        ..Usage::default()
    }))
}

/// `error CODE [SECONDS]`
fn fail(rest: &str) -> Result<Line, String> {
    let (code, retry) = rest.split_once(' ').unwrap_or((rest, ""));
    let code: RejectionCode = word_of(code, "code")?;
    let retry_after_secs = if retry.is_empty() { None } else { Some(number(retry)?) };
    Ok(Line::Fail { code, retry_after_secs })
}

/// Reads one of our own words, as `wire` spells them.
fn word_of<T: serde::de::DeserializeOwned>(word: &str, what: &str) -> Result<T, String> {
    serde_json::from_value(Value::String(word.to_owned()))
        .map_err(|err| format!("`{word}` is no {what}: {err}"))
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().ok().ok_or_else(|| format!("`{text}` is no number that fits here"))
}
