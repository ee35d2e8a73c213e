//! An item of a reply as a client gets it.
//!
//! Every thought travels sealed, also one of this dialect: a reply has ids of its own, and the
//! vendor takes its item back only under the id that it gave.

use serde_json::{Value, json};

use crate::{dialect::About, seal::seal, whole::Part};

#[derive(Debug)]
pub(super) struct Item {
    pub(super) id: String,
    pub(super) part: Part,
}

impl Item {
    pub(super) fn new(part: Part, n: usize, about: &About) -> Self {
        let kind = match &part {
            Part::Text(_) => "msg",
            Part::Thought { .. } => "rs",
            Part::Call { .. } => "fc",
        };
        Self { id: format!("{kind}_{}_{n}", about.id), part }
    }

    /// As it is before its first piece.
    pub(super) fn announced(&self) -> Value {
        match &self.part {
            Part::Text(_) => json!({
                "id": self.id, "type": "message", "status": "in_progress",
                "role": "assistant", "content": [],
            }),
            Part::Thought { .. } => json!({ "id": self.id, "type": "reasoning", "summary": [] }),
            Part::Call { call, tool, .. } => json!({
                "id": self.id, "type": "function_call", "status": "in_progress",
                "call_id": call, "name": tool, "arguments": "",
            }),
        }
    }

    pub(super) fn whole(&self) -> Value {
        match &self.part {
            Part::Text(text) => json!({
                "id": self.id, "type": "message", "status": "completed",
                "role": "assistant", "content": [text_part(text)],
            }),
            Part::Thought { text, opaque } => {
                let parts = if text.is_empty() { vec![] } else { vec![summary_part(text)] };
                let mut item = json!({ "id": self.id, "type": "reasoning", "summary": parts });
                if let Some(opaque) = opaque {
                    item["encrypted_content"] = seal(opaque).into();
                }
                item
            }
            Part::Call { call, tool, arguments } => json!({
                "id": self.id, "type": "function_call", "status": "completed",
                "call_id": call, "name": tool, "arguments": arguments,
            }),
        }
    }
}

pub(super) fn text_part(text: &str) -> Value {
    json!({ "type": "output_text", "text": text, "annotations": [], "logprobs": [] })
}

pub(super) fn summary_part(text: &str) -> Value {
    json!({ "type": "summary_text", "text": text })
}
