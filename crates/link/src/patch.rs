//! Differences between two versions of a view, found and applied.
//!
//! A view is compared as JSON, because it is small and because text that grows (a streaming reply,
//! a document) must cross as what was added. It does not search for moves: a list is compared from
//! both ends, and what differs in the middle is sent anew.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One change of a view. Numbers in a path index lists; positions in text count bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Patch {
    Set(Path, Value),
    /// At `at` take `remove` elements (or bytes of text) out and put `insert` in.
    Splice {
        path: Path,
        at: usize,
        remove: usize,
        insert: Value,
    },
    /// Put this text at the end.
    Append(Path, String),
}

pub type Path = Vec<Step>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Step {
    Index(usize),
    Field(String),
}

/// Returns the patches that turn `old` into `new`; none when they are equal.
pub fn between(old: &Value, new: &Value) -> Vec<Patch> {
    let mut patches = Vec::new();
    compare(&mut Vec::new(), old, new, &mut patches);
    patches
}

/// Applies a patch. A patch that does not fit leaves the view as it was and returns [`Misfit`]: the
/// caller asks for the whole view.
pub fn apply(view: &mut Value, patch: &Patch) -> Result<(), Misfit> {
    match patch {
        Patch::Set(path, value) => {
            *find(view, path)? = value.clone();
            Ok(())
        }
        Patch::Append(path, more) => match find(view, path)? {
            Value::String(text) => {
                text.push_str(more);
                Ok(())
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => Err(Misfit),
        },
        Patch::Splice { path, at, remove, insert } => {
            splice(find(view, path)?, *at, *remove, insert)
        }
    }
}

/// A patch met a view that it was not made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Misfit;

fn splice(target: &mut Value, at: usize, remove: usize, insert: &Value) -> Result<(), Misfit> {
    let end = at.checked_add(remove).ok_or(Misfit)?;
    match (target, insert) {
        (Value::Array(items), Value::Array(more)) if end <= items.len() => {
            items.splice(at..end, more.iter().cloned());
            Ok(())
        }
        (Value::String(text), Value::String(more))
            if text.is_char_boundary(at) && text.is_char_boundary(end) =>
        {
            text.replace_range(at..end, more);
            Ok(())
        }
        _ => Err(Misfit),
    }
}

fn find<'a>(mut view: &'a mut Value, path: &[Step]) -> Result<&'a mut Value, Misfit> {
    for step in path {
        view = match (view, step) {
            (Value::Array(items), Step::Index(at)) => items.get_mut(*at).ok_or(Misfit)?,
            (Value::Object(fields), Step::Field(name)) => fields.get_mut(name).ok_or(Misfit)?,
            _ => return Err(Misfit),
        };
    }
    Ok(view)
}

fn compare(path: &mut Path, old: &Value, new: &Value, patches: &mut Vec<Patch>) {
    match (old, new) {
        (Value::Object(before), Value::Object(after))
            if before.len() == after.len() && after.keys().all(|it| before.contains_key(it)) =>
        {
            for (name, value) in after {
                path.push(Step::Field(name.clone()));
                compare(path, &before[name], value, patches);
                path.pop();
            }
        }
        (Value::Array(before), Value::Array(after)) => {
            compare_lists(path, before, after, patches);
        }
        (Value::String(before), Value::String(after)) => {
            compare_texts(path, before, after, patches);
        }
        _ if old == new => {}
        _ => patches.push(Patch::Set(path.clone(), new.clone())),
    }
}

fn compare_lists(path: &mut Path, old: &[Value], new: &[Value], patches: &mut Vec<Patch>) {
    if old.len() == new.len() {
        for (at, (before, after)) in old.iter().zip(new).enumerate() {
            path.push(Step::Index(at));
            compare(path, before, after, patches);
            path.pop();
        }
        return;
    }
    let start = old.iter().zip(new).take_while(|(before, after)| before == after).count();
    let (old_rest, new_rest) = (&old[start..], &new[start..]);
    let end = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(b, a)| b == a).count();
    patches.push(Patch::Splice {
        path: path.clone(),
        at: start,
        remove: old_rest.len() - end,
        insert: Value::Array(new_rest[..new_rest.len() - end].to_vec()),
    });
}

fn compare_texts(path: &Path, old: &str, new: &str, patches: &mut Vec<Patch>) {
    if old == new {
        return;
    }
    if let Some(more) = new.strip_prefix(old) {
        patches.push(Patch::Append(path.clone(), more.to_owned()));
        return;
    }
    let (start, old_end, new_end) = differing_range(old, new);
    if start == 0 && old_end == old.len() {
        patches.push(Patch::Set(path.clone(), Value::String(new.to_owned())));
        return;
    }
    patches.push(Patch::Splice {
        path: path.clone(),
        at: start,
        remove: old_end - start,
        insert: Value::String(new[start..new_end].to_owned()),
    });
}

/// Returns where two texts differ: a common start, and the ends of what differs in each, all in
/// bytes and on character boundaries.
pub fn differing_range(old: &str, new: &str) -> (usize, usize, usize) {
    let (a, b) = (old.as_bytes(), new.as_bytes());
    let mut start = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    while !old.is_char_boundary(start) || !new.is_char_boundary(start) {
        start -= 1;
    }
    let same =
        a[start..].iter().rev().zip(b[start..].iter().rev()).take_while(|(x, y)| x == y).count();
    let (mut old_end, mut new_end) = (a.len() - same, b.len() - same);
    while !old.is_char_boundary(old_end) || !new.is_char_boundary(new_end) {
        old_end += 1;
        new_end += 1;
    }
    (start, old_end, new_end)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_streamed_crosses_as_what_was_added() {
        let old = json!({"entries": [{"text": "Hel"}], "status": "ready"});
        let new = json!({"entries": [{"text": "Hello"}], "status": "ready"});
        let patches = between(&old, &new);
        assert_eq!(
            serde_json::to_value(&patches).unwrap(),
            json!([{"Append": [["entries", 0, "text"], "lo"]}])
        );
        check(&old, &new);
    }

    #[test]
    fn every_difference_can_be_applied() {
        check(&json!([1, 2, 3, 4]), &json!([1, 9, 4]));
        check(&json!([]), &json!([1]));
        check(&json!("fn a() {}"), &json!("fn b() {}"));
        check(&json!("aé"), &json!("aè"));
        check(&json!("🦀x🦀"), &json!("🦀🦁🦀"));
        check(&json!({"a": 1}), &json!({"b": 1}));
        check(&json!({"a": null}), &json!({"a": {"b": [1, "x"]}}));
        check(&json!("aa"), &json!("aaa"));
        check(&json!("aaa"), &json!("aa"));
    }

    #[test]
    fn a_patch_that_does_not_fit_changes_nothing() {
        let mut view = json!({"a": "xé"});
        for patch in [
            Patch::Append(vec![Step::Field("b".into())], "x".into()),
            Patch::Splice {
                path: vec![Step::Field("a".into())],
                at: 2,
                remove: 0,
                insert: json!("x"),
            },
            Patch::Splice { path: vec![], at: usize::MAX, remove: 1, insert: json!([]) },
        ] {
            assert_eq!(apply(&mut view, &patch), Err(Misfit), "{patch:?}");
            assert_eq!(view, json!({"a": "xé"}));
        }
    }

    #[track_caller]
    fn check(old: &Value, new: &Value) {
        let mut view = old.clone();
        for patch in between(old, new) {
            apply(&mut view, &patch).unwrap();
        }
        assert_eq!(&view, new);
    }
}
