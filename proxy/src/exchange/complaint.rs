//! Why a request cannot be read, by the name of the field that is wrong.
//!
//! What serde says may quote the body, which may hold a key; so only names and places go on.

use providers::{dialect::BadAsk, failure};
use serde_json::error::Category;
use wire::{Rejection, RejectionCode};

/// A name that is longer is no field's.
const LONGEST_NAME: usize = 40;

/// A reader's complaint about a body.
pub(crate) fn refused(err: &BadAsk, body: &[u8]) -> Rejection {
    let message = match err {
        BadAsk::Unreadable(err) => format!("The request cannot be read: {}", unreadable(err, body)),
        BadAsk::Unsupported { .. } | BadAsk::Wrong { .. } | BadAsk::Untold { .. } => {
            format!("The request cannot be used: {err}")
        }
    };
    failure::plain(RejectionCode::BadRequest, &message)
}

fn unreadable(err: &serde_json::Error, body: &[u8]) -> String {
    let (line, column) = (err.line(), err.column());
    let place = format!("line {line}, column {column}");
    match err.classify() {
        Category::Data => {}
        Category::Eof => return format!("it is no whole JSON; it ends at {place}"),
        Category::Syntax | Category::Io => return format!("it is no JSON at {place}"),
    }
    let path = path_at(body, offset(body, line, column));
    let said = err.to_string();
    let what = match (missing(&said), expected(&said)) {
        (Some(field), _) => format!("`{field}` is missing"),
        (None, Some(expected)) => format!("a value is not {expected}"),
        (None, None) => "a value has a wrong type".to_owned(),
    };
    if path.is_empty() {
        format!("{what}, at {place}")
    } else {
        format!("in `{path}`, {what}, at {place}")
    }
}

/// Returns the field that serde misses: a name of ours, not of the body.
fn missing(said: &str) -> Option<&str> {
    said.strip_prefix("missing field `")?.split('`').next()
}

/// Returns what serde would have liked, where it says it in plain words. They come last, and are ours.
fn expected(said: &str) -> Option<&str> {
    let (_, expected) = said.rsplit_once(", expected ")?;
    let (expected, _) = expected.rsplit_once(" at line ")?;
    Some(expected).filter(|it| it.starts_with("a "))
}

fn offset(body: &[u8], line: usize, column: usize) -> usize {
    let before = body.split_inclusive(|it| *it == b'\n').take(line.saturating_sub(1));
    before.map(<[u8]>::len).sum::<usize>().saturating_add(column).min(body.len())
}

/// What a value is inside of.
enum Inside {
    /// With the field whose value it is.
    Object(String),
    /// With its place.
    Array(usize),
}

/// Returns the way to the value that ends at a place or goes on there: `messages[0].content`.
fn path_at(body: &[u8], end: usize) -> String {
    let mut inside = Vec::new();
    let mut at = 0;
    // Of the last text: the next colon makes it a name.
    let mut text = 0..0;
    while at < end {
        match body[at] {
            b'{' => inside.push(Inside::Object(String::new())),
            b'[' => inside.push(Inside::Array(0)),
            b'}' | b']' => drop(inside.pop()),
            b',' => {
                if let Some(Inside::Array(n)) = inside.last_mut() {
                    *n += 1;
                }
            }
            b':' => {
                if let Some(Inside::Object(name)) = inside.last_mut() {
                    *name = shown(&body[text.clone()]);
                }
            }
            b'"' => {
                let from = at + 1;
                at = from;
                while at < end && body[at] != b'"' {
                    at += if body[at] == b'\\' { 2 } else { 1 };
                }
                text = from..at.min(end);
            }
            _ => {}
        }
        at += 1;
    }
    let mut path = String::new();
    for it in inside {
        match it {
            Inside::Array(n) => path += &format!("[{n}]"),
            Inside::Object(name) if path.is_empty() => path = name,
            Inside::Object(name) => path = format!("{path}.{name}"),
        }
    }
    path
}

/// Returns a name, unless it looks like something else.
fn shown(name: &[u8]) -> String {
    let plain = |it: &u8| it.is_ascii_alphanumeric() || matches!(it, b'_' | b'-' | b'$');
    if name.len() > LONGEST_NAME || !name.iter().all(plain) {
        return "…".to_owned();
    }
    String::from_utf8_lossy(name).into_owned()
}

#[cfg(test)]
mod tests {
    use providers::{
        Dialect,
        chat::{Chat, Flavor},
        gemini::Gemini,
        messages::Messages,
    };

    use super::*;

    #[test]
    fn a_wrong_field_is_named() {
        let chat: &dyn Dialect = &Chat { flavor: Flavor::Compatible };
        for (dialect, body, expected) in [
            (
                chat,
                r#"{"model":"m","messages":[{"role":"user","content":"a"},{"role":"user","content":7}]}"#,
                "in `messages[1]`, a value has a wrong type, at line 1, column 82",
            ),
            (
                chat,
                "{\"model\":\"m\",\n\"messages\":{}}",
                "in `messages`, a value is not a sequence, at line 2, column 11",
            ),
            (
                chat,
                r#"{"model":"m","messages":[{"content":"sk-\"[{,:"}]}"#,
                "in `messages[0]`, `role` is missing, at line 1, column 48",
            ),
            (
                &Messages,
                r#"{"model":"m","max_tokens":5}"#,
                "`messages` is missing, at line 1, column 28",
            ),
            (
                &Gemini,
                r#"{"contents":[{"parts":[{"text":["sk-secret"]}]}]}"#,
                "in `contents[0].parts[0].text`, a value is not a string, at line 1, column 31",
            ),
            (chat, r#"{"model":"sk-secret"#, "it is no whole JSON; it ends at line 1, column 19"),
            (chat, r#"{"model":sk-secret}"#, "it is no JSON at line 1, column 10"),
        ] {
            let err = dialect.read_ask(body.as_bytes()).expect_err(body);
            let said = refused(&err, body.as_bytes()).message;
            assert_eq!(said, format!("The request cannot be read: {expected}"), "{body}");
        }
    }

    #[test]
    fn what_may_be_a_key_is_not_repeated() {
        let key = "k".repeat(50);
        for body in [format!(r#"{{"{key}":[7]}}"#), r#"{"sk secret":[7]}"#.to_owned()] {
            assert_eq!(path_at(body.as_bytes(), body.len() - 2), "…[0]");
        }
        // A place behind the end, or in the middle of a text.
        assert_eq!(path_at(br#"{"a":{"b":"x\"#, 13), "a.b");
        assert_eq!(offset(b"ab\ncd", 9, 9), 5);
    }
}
