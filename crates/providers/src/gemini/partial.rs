//! Arguments that come leaf by leaf, as the JSON text that they spell.
//!
//! Vertex AI names each leaf by its path, in the order in which the model writes; so the text can
//! be told as it grows. A leaf at a place that is closed already cannot be told, and is an error.

use std::{borrow::Cow, collections::BTreeSet};

use serde::{Deserialize, Deserializer, de::IgnoredAny};
use serde_json::value::RawValue;

use crate::dialect::to_json;

/// A piece of the arguments.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Leaf<'a> {
    #[serde(borrow)]
    json_path: Cow<'a, str>,
    #[serde(default)]
    string_value: Option<String>,
    #[serde(borrow, default)]
    number_value: Option<&'a RawValue>,
    #[serde(default)]
    bool_value: Option<bool>,
    /// Its value is `null`, so that only its presence counts.
    #[serde(default, deserialize_with = "is_there")]
    null_value: bool,
    /// The rest of a text is still to come.
    #[serde(default)]
    will_continue: Option<bool>,
}

/// A leaf that does not fit what was said before it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Misplaced;

/// The arguments of one call as far as they came.
#[derive(Debug, Default)]
pub(super) struct Arguments {
    /// The containers that are open, from the outside in.
    open: Vec<Container>,
    /// The path of the text that is open.
    text: Option<String>,
}

#[derive(Debug)]
enum Container {
    Object {
        names: BTreeSet<String>,
        at: String,
    },
    /// `at` is one more than the index of the newest element.
    Array {
        at: usize,
    },
}

#[derive(Debug, PartialEq, Eq)]
enum Step {
    Name(String),
    Index(usize),
}

fn is_there<'de, D: Deserializer<'de>>(value: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(value).map(|_| true)
}

impl Arguments {
    /// Appends what a leaf adds to the text.
    pub(super) fn add(&mut self, leaf: &Leaf<'_>, json: &mut Vec<u8>) -> Result<(), Misplaced> {
        let goes_on = leaf.will_continue == Some(true);
        if self.text.as_deref() == Some(&*leaf.json_path)
            && let Some(text) = &leaf.string_value
        {
            push_text(text, json);
            if !goes_on {
                self.close_text(json);
            }
            return Ok(());
        }
        let value: Cow<'_, [u8]> = match (leaf.number_value, leaf.bool_value) {
            (Some(number), _) => Cow::Borrowed(number.get().as_bytes()),
            (None, Some(true)) => Cow::Borrowed(b"true"),
            (None, Some(false)) => Cow::Borrowed(b"false"),
            (None, None) if leaf.null_value => Cow::Borrowed(b"null"),
            (None, None) => match &leaf.string_value {
                Some(text) => Cow::Owned(to_json(text)),
                None => return Ok(()),
            },
        };
        self.close_text(json);
        self.go_to(&steps(&leaf.json_path).ok_or(Misplaced)?, json)?;
        json.extend_from_slice(&value);
        if goes_on && leaf.string_value.is_some() {
            json.pop(); // Its closing quote.
            self.text = Some(leaf.json_path.clone().into_owned());
        }
        Ok(())
    }

    /// Appends what is missing at the end.
    pub(super) fn end(mut self, json: &mut Vec<u8>) {
        self.close_text(json);
        if self.open.is_empty() {
            json.extend_from_slice(b"{}");
        }
        self.close_down_to(0, json);
    }

    fn close_text(&mut self, json: &mut Vec<u8>) {
        if self.text.take().is_some() {
            json.push(b'"');
        }
    }

    fn close_down_to(&mut self, n_open: usize, json: &mut Vec<u8>) {
        while self.open.len() > n_open {
            match self.open.pop() {
                Some(Container::Object { .. }) => json.push(b'}'),
                Some(Container::Array { .. }) => json.push(b']'),
                None => {}
            }
        }
    }

    /// Closes and opens what lies between the newest leaf and the next.
    fn go_to(&mut self, steps: &[Step], json: &mut Vec<u8>) -> Result<(), Misplaced> {
        let shared = self.open.iter().zip(steps).take_while(|(it, step)| it.is_at(step)).count();
        let (step, deeper) =
            steps.get(shared..).and_then(<[Step]>::split_first).ok_or(Misplaced)?;
        if self.open.is_empty() {
            self.open_for(step, json)?;
        } else if shared == self.open.len() {
            return Err(Misplaced); // Into a leaf.
        }
        self.close_down_to(shared + 1, json);
        self.enter(step, json)?;
        for step in deeper {
            self.open_for(step, json)?;
            self.enter(step, json)?;
        }
        Ok(())
    }

    fn enter(&mut self, step: &Step, json: &mut Vec<u8>) -> Result<(), Misplaced> {
        self.open.last_mut().ok_or(Misplaced)?.enter(step, json)
    }

    fn open_for(&mut self, step: &Step, json: &mut Vec<u8>) -> Result<(), Misplaced> {
        let container = match step {
            Step::Name(_) => Container::Object { names: BTreeSet::new(), at: String::new() },
            // Arguments as a whole are an object.
            Step::Index(_) if self.open.is_empty() => return Err(Misplaced),
            Step::Index(_) => Container::Array { at: 0 },
        };
        json.push(if matches!(container, Container::Array { .. }) { b'[' } else { b'{' });
        self.open.push(container);
        Ok(())
    }
}

impl Container {
    fn is_at(&self, step: &Step) -> bool {
        match (self, step) {
            (Self::Object { at, .. }, Step::Name(name)) => at == name,
            (Self::Array { at }, Step::Index(index)) => *at == index + 1,
            (Self::Object { .. }, Step::Index(_)) | (Self::Array { .. }, Step::Name(_)) => false,
        }
    }

    fn enter(&mut self, step: &Step, json: &mut Vec<u8>) -> Result<(), Misplaced> {
        match (self, step) {
            (Self::Object { names, at }, Step::Name(name)) => {
                if !names.is_empty() {
                    json.push(b',');
                }
                if !names.insert(name.clone()) {
                    return Err(Misplaced);
                }
                at.clone_from(name);
                json.extend(to_json(name));
                json.push(b':');
            }
            (Self::Array { at }, Step::Index(index)) if at == index => {
                if *at > 0 {
                    json.push(b',');
                }
                *at += 1;
            }
            (Self::Object { .. } | Self::Array { .. }, _) => return Err(Misplaced),
        }
        Ok(())
    }
}

fn push_text(text: &str, json: &mut Vec<u8>) {
    let quoted = to_json(&text);
    json.extend_from_slice(&quoted[1..quoted.len() - 1]);
}

/// Reads a JSON path (RFC 9535) of names and indices: `$.a[0]['b c']`.
fn steps(path: &str) -> Option<Vec<Step>> {
    let mut rest = path.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(name) = rest.strip_prefix('.') {
            let end = name.find(['.', '[']).unwrap_or(name.len());
            steps.push(Step::Name(name[..end].to_owned()));
            rest = &name[end..];
        } else if let Some(quoted) = rest.strip_prefix("['").or(rest.strip_prefix("[\"")) {
            let (name, after) = quoted_name(quoted, rest.as_bytes()[1].into())?;
            steps.push(Step::Name(name));
            rest = after.strip_prefix(']')?;
        } else {
            let (index, after) = rest.strip_prefix('[')?.split_once(']')?;
            steps.push(Step::Index(index.parse().ok()?)); // Not a path that we know.
            rest = after;
        }
    }
    Some(steps)
}

fn quoted_name(text: &str, quote: char) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '\\' => name.push(chars.next()?.1),
            _ if char == quote => return Some((name, &text[at + 1..])),
            _ => name.push(char),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_become_the_text_that_they_spell() {
        check(
            &[
                r#"{"jsonPath":"$.recipe.steps[0].amount","stringValue":"16 ","willContinue":true}"#,
                r#"{"jsonPath":"$.recipe.steps[0].amount","stringValue":"\"oz\"\n","willContinue":true}"#,
                r#"{"jsonPath":"$.recipe.steps[0].amount","stringValue":""}"#,
                r#"{"jsonPath":"$.recipe.steps[0].n","numberValue":0.50}"#,
                r#"{"jsonPath":"$.recipe.steps[1].amount","stringValue":"é"}"#,
                r#"{"jsonPath":"$.recipe.steps[1].done","boolValue":false}"#,
                r#"{"jsonPath":"$.recipe['a b']","nullValue":null}"#,
                r#"{"jsonPath":"$.rows[0][0]","numberValue":1}"#,
                r#"{"jsonPath":"$.rows[0][1]","numberValue":2}"#,
                r#"{"jsonPath":"$.rows[1][0]","numberValue":3}"#,
                r#"{"jsonPath":"$[\"it's\"]","boolValue":true}"#,
            ],
            Ok(
                r#"{"recipe":{"steps":[{"amount":"16 \"oz\"\n","n":0.50},{"amount":"é","done":false}],"a b":null},"rows":[[1,2],[3]],"it's":true}"#,
            ),
        );
    }

    #[test]
    fn what_is_open_is_closed_at_the_end() {
        check(&[], Ok("{}"));
        check(&[r#"{"jsonPath":"$.id"}"#], Ok("{}"));
        check(
            &[
                r#"{"jsonPath":"$.id","stringValue":"A","willContinue":true}"#,
                r#"{"jsonPath":"$.b[0]","stringValue":"x","willContinue":true}"#,
            ],
            Ok(r#"{"id":"A","b":["x"]}"#),
        );
    }

    #[test]
    fn a_leaf_at_a_closed_place_is_an_error() {
        for paths in [
            ["$.a.x", "$.b", "$.a.y"],
            ["$.a", "$.b", "$.a"],
            ["$.a", "$.a.x", "$.b"],
            ["$.a.x", "$.a", "$.b"],
            ["$.a[0]", "$.a[2]", "$.b"],
            ["$.a[0]", "$.a.x", "$.b"],
            ["$", "$", "$"],
            ["$[0]", "$[1]", "$[2]"],
            ["$.a[?@.x]", "$.b", "$.c"],
            ["$.a[0", "$.b", "$.c"],
            ["$['a", "$.b", "$.c"],
        ] {
            let leaves = paths.map(|it| format!(r#"{{"jsonPath":"{it}","numberValue":1}}"#));
            let leaves: Vec<&str> = leaves.iter().map(String::as_str).collect();
            check(&leaves, Err(Misplaced));
        }
    }

    #[track_caller]
    fn check(leaves: &[&str], expected: Result<&str, Misplaced>) {
        let mut arguments = Arguments::default();
        let mut json = Vec::new();
        let added = leaves
            .iter()
            .try_for_each(|it| arguments.add(&serde_json::from_str(it).unwrap(), &mut json));
        arguments.end(&mut json);
        let json = String::from_utf8(json).unwrap();
        assert_eq!(added.map(|()| json.as_str()), expected);
    }
}
