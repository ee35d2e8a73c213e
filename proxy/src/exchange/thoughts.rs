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
    /// What came since the last call: the vendor's blocks as objects, and between them as numbers
    /// how many bytes of text. A vendor wants all of it again, in this order.
    run: Vec<Value>,
    /// Of the run that was last, which belongs to all calls up to the next one.
    handle: Option<Handle>,
    /// New ids by old ones.
    named: BTreeMap<String, String>,
}

impl Naming {
    pub(super) fn new(signatures: &Signatures) -> Self {
        let signatures = signatures.clone();
        Self { signatures, run: Vec::new(), handle: None, named: BTreeMap::new() }
    }

    /// Changes the ids in a part of a stream.
    pub(super) async fn name(&mut self, events: &mut [ModelEvent]) {
        for event in events {
            match event {
                ModelEvent::ReasoningEnd { opaque: Some(opaque) } => self.run.push(opaque.clone()),
                ModelEvent::TextDelta { text } => self.say(text),
                ModelEvent::ToolCallStart { call, .. } => self.rename(call).await,
                ModelEvent::ToolCallDelta { call, .. } | ModelEvent::ToolCallEnd { call, .. } => {
                    if let Some(named) = self.named.get(call) {
                        call.clone_from(named);
                    }
                }
                ModelEvent::ReasoningEnd { opaque: None }
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
                Part::Thought { opaque: Some(opaque), .. } => self.run.push(opaque.clone()),
                Part::Text(text) => self.say(text),
                Part::Call { call, .. } => self.rename(call).await,
                Part::Thought { opaque: None, .. } => {}
            }
        }
    }

    fn say(&mut self, text: &str) {
        match self.run.last_mut() {
            Some(Value::Number(said)) => {
                *said = (said.as_u64().unwrap_or_default() + text.len() as u64).into();
            }
            _ if text.is_empty() => {}
            Some(_) | None => self.run.push(text.len().into()),
        }
    }

    /// Puts the run aside that this call ends, if there are thoughts in it.
    async fn rename(&mut self, call: &mut String) {
        let run = std::mem::take(&mut self.run);
        if run.iter().any(Value::is_object) {
            let run = Value::Array(run).to_string();
            // In a box: each stream would hold the room for it.
            let kept = Box::pin(self.signatures.keep(&run, now_ms())).await;
            self.handle = kept
                .inspect_err(|err| tracing::warn!(cause = %err, "thoughts are not put aside"))
                .ok(); // What is lost are the thoughts, not the reply.
        }
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
    let found = match signatures.find(handle, now_ms()).await {
        Ok(found) => found,
        Err(err) => {
            tracing::warn!(cause = %err, "thoughts cannot be recalled");
            return;
        }
    };
    let run = match found.and_then(|it| serde_json::from_str(&it).ok()) {
        Some(Value::Array(run)) => run,
        // As they were kept before there were runs.
        Some(thought @ Value::Object(_)) => vec![thought],
        Some(_) | None => return, // Damaged: gone.
    };
    let before = message.pieces.iter().take(at).rev();
    let n_texts = before.clone().take_while(|it| matches!(it.block, Block::Text(_))).count();
    let is_thought = |it: &&Piece| matches!(it.block, Block::Thought { .. });
    let n_thoughts = before.skip(n_texts).take_while(is_thought).count();
    let start = at - n_texts - n_thoughts;
    let texts = message.pieces.drain(start + n_thoughts..at).collect();
    let mut pieces: Vec<Piece> = message.pieces.drain(start..start + n_thoughts).collect();
    if pieces.iter().any(|it| is_of_the_vendor(it, &run)) {
        pieces.extend(texts); // The client is one of those that bring everything.
    } else {
        pieces.retain(|it| matches!(it.block, Block::Thought { opaque: Some(_), .. }));
        pieces.extend(in_order(run, texts));
    }
    message.pieces.splice(start..start, pieces);
}

/// Whether a client brought a thought of the vendor whose thoughts were put aside.
fn is_of_the_vendor(piece: &Piece, run: &[Value]) -> bool {
    let Block::Thought { opaque: Some(Value::Object(brought)), .. } = &piece.block else {
        return false;
    };
    let mut marks = run.iter().filter_map(Value::as_object).flat_map(|it| it.keys());
    marks.any(|it| brought.contains_key(it))
}

/// Puts thoughts back to where they were in a text.
fn in_order(run: Vec<Value>, texts: Vec<Piece>) -> Vec<Piece> {
    let mut text = match &texts[..] {
        [Piece { block: Block::Text(text), keep: None }] => text.as_str(),
        _ => "", // A client that changed the text gets it as a whole.
    };
    let mut pieces: Vec<Piece> = Vec::new();
    let mut cut = false;
    for it in run {
        let Some(n_bytes) = it.as_u64() else {
            pieces.push(Block::Thought { text: String::new(), opaque: Some(it) }.into());
            continue;
        };
        let n_bytes = usize::try_from(n_bytes).unwrap_or(usize::MAX);
        if let Some((said, rest)) = text.split_at_checked(n_bytes)
            && !said.is_empty()
        {
            pieces.push(Block::Text(said.to_owned()).into());
            (text, cut) = (rest, true);
        }
    }
    match cut {
        true if text.is_empty() => {}
        true => pieces.push(Block::Text(text.to_owned()).into()),
        false => pieces.extend(texts),
    }
    pieces
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
    async fn all_thoughts_before_a_call_come_back_where_they_were() {
        let (signatures, _folder) = signatures().await;
        let thought = |n: u8| json!({ "anthropic": { "type": "redacted_thinking", "data": n } });
        let end = |n: u8| ModelEvent::ReasoningEnd { opaque: Some(thought(n)) };
        let say = |text: &str| ModelEvent::TextDelta { text: text.to_owned() };
        let mut events =
            vec![end(1), end(2), say("I "), say("lé"), end(3), say("ok."), start("a"), start("b")];
        events.extend([end(4), start("c")]);
        let mut whole = Whole::collect(events.clone());
        Naming::new(&signatures).name(&mut events).await;
        Naming::new(&signatures).name_whole(&mut whole).await;
        let ids: Vec<String> = events.iter().filter_map(id).collect();
        let in_one_piece = whole.parts.iter().filter_map(|it| match it {
            Part::Call { call, .. } => Some(call.clone()),
            Part::Text(_) | Part::Thought { .. } => None,
        });
        assert_eq!(ids, in_one_piece.collect::<Vec<_>>());

        let back = |n| Block::Thought { text: String::new(), opaque: Some(thought(n)) }.into();
        let calls = [call(&ids[0]), call(&ids[1]), call(&ids[2])];
        let mut ask = asked([vec![text("I léok.")], calls.to_vec()].concat(), &ids[0]);
        recall(&signatures, &mut ask).await;
        let before = vec![back(1), back(2), text("I lé"), back(3), text("ok."), call("a")];
        let after = vec![call("b"), back(4), call("c")];
        assert_eq!(ask.messages, asked([before.clone(), after.clone()].concat(), "a").messages);

        // A text that the client keeps in parts, or not at all, stays as it is.
        let mut ask = asked([vec![text("I"), text("ok.")], calls.to_vec()].concat(), &ids[0]);
        recall(&signatures, &mut ask).await;
        let before = vec![back(1), back(2), back(3), text("I"), text("ok."), call("a")];
        assert_eq!(ask.messages, asked([before, after].concat(), "a").messages);
    }

    #[tokio::test]
    async fn what_the_client_brings_leads_and_what_is_gone_is_left_out() {
        let (signatures, _folder) = signatures().await;
        let thought = |opaque: Option<Value>| -> Piece {
            Block::Thought { text: String::new(), opaque }.into()
        };
        let anothers = thought(Some(json!({ "openai": { "reasoning_content": "Hm" } })));
        let own = thought(Some(json!({ "anthropic": 1 })));
        let unsigned = thought(None);
        let kept = json!({ "anthropic": 2 });
        let handle = signatures.keep(&json!([kept]).to_string(), now_ms()).await.unwrap();
        let id = with_handle("a", handle.as_str());
        let alone = signatures.keep(&kept.to_string(), now_ms()).await.unwrap();
        let of_before = with_handle("a", alone.as_str());
        let kept = thought(Some(kept));
        for (before, handle, expected) in [
            (own.clone(), id.as_str(), vec![own.clone()]),
            (anothers.clone(), id.as_str(), vec![anothers, kept.clone()]),
            (unsigned.clone(), id.as_str(), vec![kept.clone()]),
            (unsigned.clone(), of_before.as_str(), vec![kept]),
            (unsigned.clone(), "a_eh0123456789abcdef", vec![unsigned]),
        ] {
            let mut ask = asked(vec![before, call(handle)], handle);
            recall(&signatures, &mut ask).await;
            let expected = [expected, vec![call("a")]].concat();
            assert_eq!(ask.messages, asked(expected, "a").messages);
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
