//! Embeddings: requests that come at the same moment for the same model go to the provider as one.
//!
//! Whoever is alone in a moment is not changed. It knows OpenAI's form only, which every provider
//! of embeddings here speaks.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use futures::future::join_all;
use providers::failure;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, value::RawValue};
use tokio::{sync::oneshot, time::sleep};
use wire::{Rejection, RejectionCode, Usage};

use super::{Used, complaint::refused, head};
use crate::{
    catalogue::Route,
    config::Endpoint,
    upstream::{REPLY_LIMIT_BYTES, Upstream},
};

/// So long a request waits for others; the way to a provider takes many times that.
const MOMENT: Duration = Duration::from_millis(2);

/// Of the longest embeddings that there are, 8,192 numbers as text.
const EMBEDDING_BYTES: usize = 8_192 * 24;

/// Providers take no more texts at once, and what is answered to strangers together must not be
/// longer than an answer may be.
const TEXTS_LIMIT: usize = 256;

const _: () = assert!(TEXTS_LIMIT * EMBEDDING_BYTES <= REPLY_LIMIT_BYTES);

/// Requests that wait for their moment to end.
#[derive(Debug, Default)]
pub struct Batches {
    waiting: Mutex<BTreeMap<Together, Batch>>,
}

/// What requests must have in common to go together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Together {
    provider: String,
    model: String,
    /// All other fields, as text.
    rest: String,
}

#[derive(Debug, Default)]
struct Batch {
    texts: Vec<Box<RawValue>>,
    members: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    texts: Range<usize>,
    /// As it goes to the provider if nobody comes along.
    body: Bytes,
    answer: oneshot::Sender<Result<Embedded, Rejection>>,
}

/// An answer, and what of it was counted.
#[derive(Debug)]
pub(super) struct Embedded {
    pub(super) body: Bytes,
    counts: Counts,
}

impl Used for Embedded {
    fn usage(&self) -> Usage {
        let input_tokens = u32::try_from(self.counts.prompt_tokens).unwrap_or(u32::MAX);
        Usage { input_tokens, ..Usage::default() }
    }
}

#[derive(Debug, Deserialize)]
struct Asked {
    input: Box<RawValue>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Debug, Serialize)]
struct Asking<'a> {
    input: &'a [Box<RawValue>],
    #[serde(flatten)]
    rest: &'a Map<String, Value>,
}

#[derive(Debug, Deserialize)]
struct Answered {
    data: Vec<Embedding>,
    #[serde(default)]
    usage: Counts,
    /// All other fields, which hold for every one of them.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// What of an answer is looked at that goes through as it came.
#[derive(Debug, Deserialize)]
struct Counted {
    #[serde(default)]
    usage: Counts,
}

#[derive(Debug, Deserialize, Serialize)]
struct Embedding {
    index: usize,
    embedding: Box<RawValue>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Debug, Default, Clone, Copy, Deserialize, Serialize)]
struct Counts {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    total_tokens: u64,
}

#[derive(Debug, Serialize)]
struct Answer<'a> {
    data: &'a [Embedding],
    #[serde(flatten)]
    rest: &'a Map<String, Value>,
    usage: Counts,
}

impl Batches {
    /// Answers a request for embeddings.
    pub(super) async fn answer(
        self: &Arc<Self>,
        upstream: &Upstream,
        route: Route,
        body: Bytes,
    ) -> Result<Embedded, Rejection> {
        let Route::Endpoint { endpoint, model, .. } = route else { return Err(none()) };
        let head = head::read(&body, None).map_err(|err| refused(&err, &body))?;
        let alone = head.renamed(&body, &model);
        let mut asked: Asked =
            serde_json::from_slice(&body).map_err(|err| refused(&err.into(), &body))?;
        let few = |it: &Vec<_>| it.len() <= TEXTS_LIMIT / 2;
        let Some(texts) = texts(&asked.input).filter(few) else {
            return ask(upstream, &endpoint, alone).await;
        };
        asked.rest.insert("model".to_owned(), model.clone().into());
        let together = Together {
            provider: endpoint.id.clone(),
            model,
            rest: Value::Object(asked.rest.clone()).to_string(),
        };
        let answer = self.join(together, (texts, alone), upstream, &endpoint, asked.rest);
        // The sender is dropped only when the batch's task died.
        answer.await.unwrap_or_else(|_| Err(failure::unreadable()))
    }

    /// Joins the batch of this moment, or begins one.
    fn join(
        self: &Arc<Self>,
        together: Together,
        (mut texts, body): (Vec<Box<RawValue>>, Bytes),
        upstream: &Upstream,
        endpoint: &Endpoint,
        rest: Map<String, Value>,
    ) -> oneshot::Receiver<Result<Embedded, Rejection>> {
        let (answer, answered) = oneshot::channel();
        let mut waiting = self.waiting();
        let full =
            waiting.get(&together).is_some_and(|it| it.texts.len() + texts.len() > TEXTS_LIMIT);
        // A full one goes when its moment is over; the next begins beside it.
        let mut together = together;
        while full && waiting.contains_key(&together) {
            together.rest.push(' ');
        }
        let begins = !waiting.contains_key(&together);
        let batch = waiting.entry(together.clone()).or_default();
        let start = batch.texts.len();
        let range = start..start + texts.len();
        batch.texts.append(&mut texts);
        batch.members.push(Member { texts: range, body, answer });
        drop(waiting);
        if begins {
            let (batches, upstream, endpoint) =
                (Arc::clone(self), upstream.clone(), endpoint.clone());
            tokio::spawn(async move {
                sleep(MOMENT).await;
                let batch = batches.waiting().remove(&together);
                if let Some(batch) = batch {
                    batch.send(&upstream, &endpoint, &rest).await;
                }
            });
        }
        answered
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<Together, Batch>> {
        // A panic elsewhere cannot leave it half changed.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Batch {
    /// Asks for all, unless everybody leaves before the answer.
    async fn send(mut self, upstream: &Upstream, endpoint: &Endpoint, rest: &Map<String, Value>) {
        if self.members.len() < 2 {
            return self.each_alone(upstream, endpoint).await;
        }
        let asked = ask_all(upstream, endpoint, &self.texts, rest);
        let answered = tokio::select! {
            answered = asked => answered,
            () = everybody_leaves(&mut self.members) => return,
        };
        match answered {
            Ok(answered) => self.share(&answered),
            // One bad text must not cost the others their answer.
            Err(rejection) if rejection.code == RejectionCode::BadRequest => {
                self.each_alone(upstream, endpoint).await;
            }
            Err(rejection) => {
                for member in self.members {
                    // Whoever left needs no answer.
                    member.answer.send(Err(rejection.clone())).ok();
                }
            }
        }
    }

    /// Sends each request as it came.
    async fn each_alone(self, upstream: &Upstream, endpoint: &Endpoint) {
        let alone = self.members.into_iter().map(|Member { body, mut answer, .. }| async move {
            tokio::select! {
                // As above.
                answered = ask(upstream, endpoint, body) => { answer.send(answered).ok(); }
                () = answer.closed() => {}
            }
        });
        join_all(alone).await;
    }

    fn share(self, answered: &Answered) {
        let all: usize = self.texts.iter().map(|it| it.get().len()).sum();
        let mut left = answered.usage;
        let n_members = self.members.len();
        for (n, member) in self.members.into_iter().enumerate() {
            let own: usize = self.texts[member.texts.clone()].iter().map(|it| it.get().len()).sum();
            let usage = if n + 1 == n_members { left } else { share(answered.usage, own, all) };
            left.prompt_tokens = left.prompt_tokens.saturating_sub(usage.prompt_tokens);
            left.total_tokens = left.total_tokens.saturating_sub(usage.total_tokens);
            // As above.
            member.answer.send(Ok(write(answered, member.texts, usage))).ok();
        }
    }
}

async fn everybody_leaves(members: &mut [Member]) {
    join_all(members.iter_mut().map(|it| it.answer.closed())).await;
}

/// By their length: providers count for all together.
fn share(counts: Counts, own: usize, all: usize) -> Counts {
    let part = |n: u64| {
        let own = u64::try_from(own).unwrap_or(u64::MAX);
        n.saturating_mul(own) / u64::try_from(all.max(1)).unwrap_or(u64::MAX)
    };
    Counts { prompt_tokens: part(counts.prompt_tokens), total_tokens: part(counts.total_tokens) }
}

/// A text, a list of texts, a text as numbers, or a list of those: each as one of a list. None for
/// what is nothing of it, which only its provider understands.
fn texts(input: &RawValue) -> Option<Vec<Box<RawValue>>> {
    let text = |it: &RawValue| it.get().starts_with('"');
    let numbers = |it: &RawValue| serde_json::from_str::<Vec<u32>>(it.get()).is_ok();
    if text(input) || (numbers(input) && input.get() != "[]") {
        return Some(vec![input.to_owned()]);
    }
    let list: Vec<Box<RawValue>> = serde_json::from_str(input.get()).ok()?; // See above.
    let alike = list.iter().all(|it| text(it)) || list.iter().all(|it| numbers(it));
    (alike && !list.is_empty()).then_some(list)
}

/// Asks with a request as it came, and returns the answer as it comes.
async fn ask(upstream: &Upstream, endpoint: &Endpoint, body: Bytes) -> Result<Embedded, Rejection> {
    let body = upstream.embed(endpoint, body).await.ok_or_else(none)??;
    let Counted { usage } = read(endpoint, &body)?;
    Ok(Embedded { body, counts: usage })
}

async fn ask_all(
    upstream: &Upstream,
    endpoint: &Endpoint,
    texts: &[Box<RawValue>],
    rest: &Map<String, Value>,
) -> Result<Answered, Rejection> {
    let body = serde_json::to_vec(&Asking { input: texts, rest }).unwrap_or_default();
    let body = upstream.embed(endpoint, body.into()).await.ok_or_else(none)??;
    let answered: Answered = read(endpoint, &body)?;
    let whole = (0..texts.len()).all(|n| answered.data.iter().any(|it| it.index == n));
    if whole { Ok(answered) } else { Err(failure::unreadable()) }
}

fn read<T: DeserializeOwned>(endpoint: &Endpoint, body: &[u8]) -> Result<T, Rejection> {
    serde_json::from_slice(body).map_err(|err| {
        tracing::info!(provider = endpoint.id, cause = %err, "unreadable embeddings");
        failure::unreadable()
    })
}

fn write(answered: &Answered, texts: Range<usize>, usage: Counts) -> Embedded {
    let mut data: Vec<Embedding> = answered
        .data
        .iter()
        .filter(|it| texts.contains(&it.index))
        .map(|it| Embedding {
            index: it.index - texts.start,
            embedding: it.embedding.clone(),
            rest: it.rest.clone(),
        })
        .collect();
    data.sort_by_key(|it| it.index);
    let answer = Answer { data: &data, rest: &answered.rest, usage };
    // Our own values have no keys but texts.
    Embedded { body: serde_json::to_vec(&answer).unwrap_or_default().into(), counts: usage }
}

fn none() -> Rejection {
    failure::plain(RejectionCode::BadRequest, "This model's provider has no embeddings here")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_input_is_a_list_of_texts() {
        for (input, expected) in [
            (r#""one""#, vec![r#""one""#]),
            (r#"["one","two"]"#, vec![r#""one""#, r#""two""#]),
            ("[1,2]", vec!["[1,2]"]),
            ("[[1,2],[3]]", vec!["[1,2]", "[3]"]),
        ] {
            let texts = texts(serde_json::from_str(input).unwrap()).unwrap();
            assert_eq!(texts.iter().map(|it| it.get()).collect::<Vec<_>>(), expected);
        }
        for input in ["[]", "{}", "7", r#"[{"type":"text"}]"#, r#"["one",{}]"#, r#"["one",[1]]"#] {
            assert!(texts(serde_json::from_str(input).unwrap()).is_none(), "{input}");
        }
    }

    #[test]
    fn what_was_counted_for_all_is_shared_without_rest() {
        let counts = Counts { prompt_tokens: 10, total_tokens: 10 };
        assert_eq!(share(counts, 1, 3).prompt_tokens, 3);
        assert_eq!(share(counts, 0, 0).prompt_tokens, 0);
    }
}
