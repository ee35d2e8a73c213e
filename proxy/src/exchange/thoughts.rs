//! Signed thoughts on their way round by a client that does not bring them back.
//!
//! A vendor wants the thoughts before a call again when it gets the call's result. Clients of
//! OpenAI's chat keep little more of a call than its id: so the id ends in a handle, and what it
//! stands for is put aside. What is gone by then is a request without thoughts, as the client sent it.

use std::collections::BTreeMap;

use providers::{
    ask::{Ask, Block, Message, Piece},
    seal::{split_handle, with_handle},
    whole::{Part, Whole},
};
use serde_json::Value;
use wire::{ModelEvent, Role};

use crate::{
    now_ms,
    store::signatures::{Handle, Signatures},
};

/// Names the calls of one reply.
#[derive(Debug)]
pub(super) struct Naming {
    signatures: Signatures,
    /// Of the thoughts that were last, which belong to all calls up to the next ones.
    handle: Option<Handle>,
    /// New ids by old ones.
    named: BTreeMap<String, String>,
}

impl Naming {
    pub(super) fn new(signatures: &Signatures) -> Self {
        Self { signatures: signatures.clone(), handle: None, named: BTreeMap::new() }
    }

    /// Changes the ids in a part of a stream.
    pub(super) async fn name(&mut self, events: &mut [ModelEvent]) {
        for event in events {
            match event {
                ModelEvent::ReasoningEnd { opaque: Some(opaque) } => self.put_aside(opaque).await,
                ModelEvent::ToolCallStart { call, .. } => self.rename(call),
                ModelEvent::ToolCallDelta { call, .. } | ModelEvent::ToolCallEnd { call, .. } => {
                    if let Some(named) = self.named.get(call) {
                        call.clone_from(named);
                    }
                }
                ModelEvent::ReasoningEnd { opaque: None }
                | ModelEvent::TextDelta { .. }
                | ModelEvent::Reasoning { .. }
                | ModelEvent::Usage(_)
                | ModelEvent::Finish { .. }
                | ModelEvent::Error(_) => {}
            }
        }
    }

    /// Changes the ids of a reply in one piece.
    pub(super) async fn name_whole(&mut self, whole: &mut Whole) {
        for part in &mut whole.parts {
            match part {
                Part::Thought { opaque: Some(opaque), .. } => self.put_aside(opaque).await,
                Part::Call { call, .. } => self.rename(call),
                Part::Thought { opaque: None, .. } | Part::Text(_) => {}
            }
        }
    }

    async fn put_aside(&mut self, opaque: &Value) {
        match self.signatures.keep(&opaque.to_string(), now_ms()).await {
            Ok(handle) => self.handle = Some(handle),
            Err(err) => {
                tracing::warn!(cause = %err, "thoughts are not put aside");
                self.handle = None;
            }
        }
    }

    fn rename(&mut self, call: &mut String) {
        let Some(handle) = &self.handle else { return };
        let named = with_handle(call, handle.as_str());
        let old = std::mem::replace(call, named.clone());
        self.named.insert(old, named);
    }
}

/// Gives calls their own ids back, and their thoughts if the client did not bring them.
pub(super) async fn recall(signatures: &Signatures, ask: &mut Ask) {
    for message in &mut ask.messages {
        let handles = own_ids(message);
        if message.role == Role::Assistant {
            // From behind, so that places before stay what they are.
            for (at, handle) in handles.into_iter().rev() {
                recall_before(signatures, message, at, &handle).await;
            }
        }
    }
}

/// Cuts the handles off, and returns where the calls are that had one of their own.
fn own_ids(message: &mut Message) -> Vec<(usize, Handle)> {
    let mut handles: Vec<(usize, Handle)> = Vec::new();
    for (at, piece) in message.pieces.iter_mut().enumerate() {
        let (call, is_call) = match &mut piece.block {
            Block::Call { call, .. } => (call, true),
            Block::Result { call, .. } => (call, false),
            Block::Text(_) | Block::Image(_) | Block::File { .. } | Block::Thought { .. } => {
                continue;
            }
        };
        let (own, Some(handle)) = split_handle(call) else { continue };
        let (own, handle) = (own.to_owned(), Handle::read(handle));
        *call = own;
        let Some(handle) = handle.filter(|_| is_call) else { continue };
        if handles.last().is_none_or(|it| it.1 != handle) {
            handles.push((at, handle));
        }
    }
    handles
}

async fn recall_before(signatures: &Signatures, message: &mut Message, at: usize, handle: &Handle) {
    let is_thought = |it: &&Piece| matches!(it.block, Block::Thought { .. });
    let is_signed = |it: &Piece| matches!(it.block, Block::Thought { opaque: Some(_), .. });
    let before = message.pieces.iter().take(at).rev();
    let texts = before.clone().take_while(|it| matches!(it.block, Block::Text(_))).count();
    let thoughts = before.skip(texts).take_while(is_thought);
    if thoughts.clone().any(is_signed) {
        return; // The client is one of those that bring everything.
    }
    let unsigned = thoughts.count();
    let found = match signatures.find(handle, now_ms()).await {
        Ok(found) => found,
        Err(err) => {
            tracing::warn!(cause = %err, "thoughts cannot be recalled");
            return;
        }
    };
    let opaque = found.and_then(|it| serde_json::from_str::<Value>(&it).ok()); // Damaged: gone.
    let Some(opaque) = opaque else { return };
    let start = at - texts - unsigned;
    let thought = Block::Thought { text: String::new(), opaque: Some(opaque) };
    message.pieces.splice(start..start + unsigned, [Piece::from(thought)]);
}

#[cfg(test)]
mod tests {
    use providers::ask::Output;
    use serde_json::json;
    use tempfile::TempDir;

    use super::*;
    use crate::store::{Location, Store};

    #[tokio::test]
    async fn a_client_that_keeps_ids_only_brings_the_thoughts_back() {
        let (signatures, _folder) = signatures().await;
        let opaque = json!({ "anthropic": [{ "type": "thinking", "signature": "c2ln" }] });
        let mut events = vec![
            ModelEvent::Reasoning { text: "Hm".to_owned() },
            ModelEvent::ReasoningEnd { opaque: Some(opaque.clone()) },
            start("a"),
            ModelEvent::ToolCallDelta { call: "a".to_owned(), json: "{}".to_owned() },
            start("b"),
        ];
        Naming::new(&signatures).name(&mut events).await;
        let ids: Vec<String> = events.iter().filter_map(id).collect();
        assert_eq!((ids[0].len(), &ids[0], ids[2].starts_with("b_eh")), (20, &ids[1], true));

        let mut ask = asked(vec![text("I look."), call(&ids[0]), call(&ids[2])], &ids[0]);
        recall(&signatures, &mut ask).await;
        let thought = Block::Thought { text: String::new(), opaque: Some(opaque) };
        let expected = asked(vec![thought.into(), text("I look."), call("a"), call("b")], "a");
        assert_eq!(ask.messages, expected.messages);
    }

    #[tokio::test]
    async fn what_the_client_brings_leads_and_what_is_gone_is_left_out() {
        let (signatures, _folder) = signatures().await;
        let own: Piece = Block::Thought { text: "Hm".to_owned(), opaque: Some(json!(1)) }.into();
        let unsigned: Piece = Block::Thought { text: "Hm".to_owned(), opaque: None }.into();
        let kept = signatures.keep("2", now_ms()).await.unwrap();
        let id = with_handle("a", kept.as_str());
        for (before, handle, expected) in [
            (own.clone(), id.as_str(), own.clone()),
            (
                unsigned.clone(),
                id.as_str(),
                Block::Thought { text: String::new(), opaque: Some(json!(2)) }.into(),
            ),
            (unsigned.clone(), "a_eh0123456789abcdef", unsigned),
        ] {
            let mut ask = asked(vec![before, call(handle)], handle);
            recall(&signatures, &mut ask).await;
            assert_eq!(ask.messages, asked(vec![expected, call("a")], "a").messages);
        }
    }

    async fn signatures() -> (Signatures, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Location::Folder(folder.path().to_owned())).await.unwrap();
        (Signatures::open(store, 100).await.unwrap(), folder)
    }

    fn start(call: &str) -> ModelEvent {
        ModelEvent::ToolCallStart { call: call.to_owned(), tool: "look".to_owned() }
    }

    fn id(event: &ModelEvent) -> Option<String> {
        match event {
            ModelEvent::ToolCallStart { call, .. } | ModelEvent::ToolCallDelta { call, .. } => {
                Some(call.clone())
            }
            ModelEvent::TextDelta { .. }
            | ModelEvent::Reasoning { .. }
            | ModelEvent::ReasoningEnd { .. }
            | ModelEvent::ToolCallEnd { .. }
            | ModelEvent::Usage(_)
            | ModelEvent::Finish { .. }
            | ModelEvent::Error(_) => None,
        }
    }

    fn text(text: &str) -> Piece {
        Block::Text(text.to_owned()).into()
    }

    fn call(id: &str) -> Piece {
        let arguments = "{}".to_owned();
        Block::Call { call: id.to_owned(), tool: "look".to_owned(), arguments }.into()
    }

    /// A reply and the result of its first call.
    fn asked(pieces: Vec<Piece>, answered: &str) -> Ask {
        let output = vec![Output::Text("seen".to_owned())];
        let result = Block::Result { call: answered.to_owned(), output, failed: false };
        Ask {
            messages: vec![
                Message { role: Role::Assistant, pieces },
                Message { role: Role::User, pieces: vec![result.into()] },
            ],
            ..Ask::default()
        }
    }
}
