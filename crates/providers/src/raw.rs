//! JSON within JSON that goes on as it was written: read as a value, `1e3` would become `1000.0`,
//! and a long number a shorter one.
//!
//! It is for what models write: the arguments of calls.

use serde::{Serialize, Serializer, ser::SerializeMap as _, ser::SerializeSeq as _};
use serde_json::{Value, json, value::RawValue};

/// The only field of an object that stands for a text.
const WRITTEN: &str = "\u{0}written";

/// Returns the object that a model wrote as arguments, in one line and else byte for byte; none
/// if it is no object.
pub(crate) fn object(arguments: &str) -> Option<Box<RawValue>> {
    let text = if arguments.trim().is_empty() { "{}" } else { arguments };
    let raw: &RawValue = serde_json::from_str(text).ok()?; // No JSON at all: no object either.
    if !raw.get().starts_with('{') {
        return None;
    }
    if !raw.get().contains(['\n', '\r']) {
        return Some(raw.to_owned());
    }
    // In JSON that was read, a line ends between tokens only.
    let line = raw.get().replace(['\n', '\r'], " ");
    Some(RawValue::from_string(line).expect("spaces for spaces leave it JSON"))
}

/// As [`object`], to stand in a [`Tree`], without space between tokens.
pub(crate) fn written(arguments: &str) -> Option<Value> {
    object(arguments).map(|it| json!({ WRITTEN: compact(&it) }))
}

/// Returns a text without the space between its tokens, as a value would be written.
pub(crate) fn compact(raw: &RawValue) -> String {
    let (mut in_text, mut escaped) = (false, false);
    let keep = |it: &char| {
        let kept = in_text || !it.is_ascii_whitespace();
        in_text ^= *it == '"' && !escaped;
        escaped = in_text && *it == '\\' && !escaped;
        kept
    };
    raw.get().chars().filter(keep).collect()
}

/// Values, among them texts that are JSON already.
#[derive(Debug)]
pub(crate) struct Tree<'a>(pub(crate) &'a Value);

impl Serialize for Tree<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(fields) => {
                if let Some(raw) = as_written(self.0) {
                    return raw.serialize(to);
                }
                let mut map = to.serialize_map(Some(fields.len()))?;
                for (name, value) in fields {
                    map.serialize_entry(name, &Tree(value))?;
                }
                map.end()
            }
            Value::Array(list) => trees(list, to),
            plain @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
                plain.serialize(to)
            }
        }
    }
}

/// Writes a list of [`Tree`]s.
pub(crate) fn trees<S: Serializer>(list: &[Value], to: S) -> Result<S::Ok, S::Error> {
    let mut sequence = to.serialize_seq(Some(list.len()))?;
    for value in list {
        sequence.serialize_element(&Tree(value))?;
    }
    sequence.end()
}

fn as_written(value: &Value) -> Option<&RawValue> {
    serde_json::from_str(value.get(WRITTEN)?.as_str()?).ok() // Nothing of ours: a client's field.
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_stays_as_it_was() {
        let args = "{\"n\": 123456789012345678901234567890,\n\"e\":1e3, \"s\":\"a\\\" b\"}";
        let tree = json!([{ "input": written(args), "x": [1.5, null] }]);
        let expected = r#"{"n":123456789012345678901234567890,"e":1e3,"s":"a\" b"}"#;
        assert_eq!(
            serde_json::to_string(&Tree(&tree)).unwrap(),
            format!(r#"[{{"input":{expected},"x":[1.5,null]}}]"#)
        );
        assert_eq!(object(args).unwrap().get(), args.replace('\n', " "));
    }

    #[test]
    fn only_objects_are_arguments() {
        for none in ["[]", "7", "{\"cut", "\"{}\""] {
            assert!(written(none).is_none(), "{none}");
        }
        assert_eq!(object(" ").unwrap().get(), "{}");
        let clients = json!({ WRITTEN: "no JSON" });
        assert_eq!(serde_json::to_string(&Tree(&clients)).unwrap(), clients.to_string());
    }
}
