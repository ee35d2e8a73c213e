//! A signature as an opaque block that tells which part it stood on.
//!
//! Google signs calls, texts and thoughts alike, and refuses a call whose signature is gone or
//! stands elsewhere. Clients of other dialects move blocks about, so a call is named by its number
//! and not by what is next to the block.

use serde_json::{Value, json};

use super::MARK;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signed {
    pub(super) signature: String,
    pub(super) place: Place,
}

/// The part that a signature stood on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// The reply's n-th call.
    Call(usize),
    /// The last so many bytes of the text before the block; with none, an empty part of its own.
    Text(usize),
    /// The thought itself, with what it said.
    Thought(String),
}

impl Signed {
    pub(super) fn new(signature: String, place: Place) -> Self {
        Self { signature, place }
    }

    pub(super) fn opaque(&self) -> Value {
        let mut block = json!({ "thoughtSignature": self.signature });
        match &self.place {
            Place::Call(number) => block["call"] = (*number).into(),
            Place::Text(n_bytes) => block["text"] = (*n_bytes).into(),
            Place::Thought(text) => block["thought"] = text.as_str().into(),
        }
        json!({ MARK: block })
    }

    /// Reads a block of ours; none of another vendor's.
    pub(super) fn read(opaque: &Value) -> Option<Self> {
        let block = opaque.get(MARK)?;
        let number = |name: &str| usize::try_from(block[name].as_u64()?).ok(); // Not ours.
        let place = number("call")
            .map(Place::Call)
            .or_else(|| number("text").map(Place::Text))
            .or_else(|| Some(Place::Thought(block["thought"].as_str()?.to_owned())))?;
        Some(Self { signature: block["thoughtSignature"].as_str()?.to_owned(), place })
    }
}

/// Puts a signature on the last bytes of the text that ends at a place, or on an empty text there.
/// The vendor wants no signed text joined with another. Returns false if there is no such text.
pub(super) fn sign_text(
    parts: &mut Vec<Value>,
    end: usize,
    n_bytes: usize,
    signature: &str,
) -> bool {
    let signed = |text: &str| json!({ "text": text, "thoughtSignature": signature });
    if n_bytes == 0 {
        parts.insert(end, signed(""));
        return true;
    }
    let Some(last) = end.checked_sub(1).filter(|it| is_plain_text(&parts[*it])) else {
        return false;
    };
    let text = parts[last]["text"].as_str().unwrap_or_default();
    match text.len().checked_sub(n_bytes).and_then(|it| text.split_at_checked(it)) {
        Some((rest, tail)) if !rest.is_empty() => {
            let (rest, tail) = (json!({ "text": rest }), signed(tail));
            parts[last] = rest;
            parts.insert(end, tail);
        }
        Some(_) | None => parts[last] = signed(text),
    }
    true
}

pub(super) fn is_plain_text(part: &Value) -> bool {
    part.as_object().is_some_and(|it| it.len() == 1 && it.contains_key("text"))
}
