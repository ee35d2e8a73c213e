//! The caller's worker: asks providers from the browser itself, with the keys of its vault.
//!
//! It answers `[id, verb, provider, JSON]` with the JSON of a `Result` as `hired` has it; a turn goes on
//! with lists of events. `[id]` ends what is under way. It is the only worker that the policy lets go
//! out, and the only one that opens the vault. Dialects, prices and what an error means are the
//! business of [`providers`].

mod patience;
mod reply;
mod sending;
mod vault;

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use futures::{
    channel::oneshot,
    future::{join_all, select},
};
use js_sys::{Array, Date};
use providers::{
    ask::Ask,
    failure,
    models::Listed,
    prices::{self, Price},
    trial::{self, Heard},
};
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::{JsCast as _, closure::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};
use wire::{
    Hop, KeyState, Model, ModelEvent, ModelRequest, Provider, ProviderChange, Rejection,
    RejectionCode, TestReport,
};

use super::{hired::MORE, worker::READY};
use patience::within;
use reply::Reply;
use sending::Line;
use vault::{Kept, Vault};

/// Nobody waits longer to choose a model.
const LIST_MS: i32 = 5_000;

/// Runs in the caller's worker.
pub fn start() {
    console_error_panic_hook::set_once();
    let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() else { return };
    let desk = Rc::new(Desk { scope: scope.clone(), under_way: RefCell::default() });
    let heard = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let Ok(question) = event.data().dyn_into::<Array>() else { return };
        desk.heard(&question);
    });
    scope.set_onmessage(Some(heard.as_ref().unchecked_ref()));
    heard.forget();
    // What is posted before this is lost, so the core waits for it.
    scope.post_message(&READY.into()).ok();
}

/// Where questions come in and answers go out.
struct Desk {
    scope: DedicatedWorkerGlobalScope,
    /// Dropping one ends what it is for.
    under_way: RefCell<BTreeMap<u32, oneshot::Sender<()>>>,
}

impl Desk {
    fn heard(self: &Rc<Self>, question: &Array) {
        let id = question.get(0).as_f64().unwrap_or_default() as u32;
        let text = |at| question.get(at).as_string();
        let Some(verb) = text(1) else {
            self.under_way.borrow_mut().remove(&id);
            return;
        };
        let (provider, body) = (text(2).unwrap_or_default(), text(3).unwrap_or_default());
        let (ends, ended) = oneshot::channel();
        self.under_way.borrow_mut().insert(id, ends);
        let this = Rc::clone(self);
        #[expect(clippy::disallowed_methods, reason = "this worker has no session")]
        spawn_local(async move {
            let work = Box::pin(this.carry_out(id, &verb, &provider, &body));
            select(work, ended).await;
            this.under_way.borrow_mut().remove(&id);
        });
    }

    async fn carry_out(&self, id: u32, verb: &str, provider: &str, body: &str) {
        match verb {
            "turn" => match begin(body).await {
                Ok(mut reply) => {
                    self.answer(id, &Ok::<(), Rejection>(()), true);
                    while let Some(events) = reply.next().await {
                        self.answer(id, &events, true);
                    }
                    self.answer(id, &Vec::<ModelEvent>::new(), false);
                }
                Err(rejection) => self.answer(id, &Err::<(), _>(rejection), false),
            },
            "models" => self.answer(id, &models().await, false),
            "providers" => self.answer(id, &listed().await, false),
            "save" => self.answer(id, &save(provider, body).await, false),
            "remove" => self.answer(id, &remove(provider).await, false),
            "test" => self.answer(id, &test(provider).await, false),
            _ => {}
        }
    }

    fn answer(&self, id: u32, what: &impl Serialize, more: bool) {
        // What goes over the wire has text keys and no failing serializers.
        let text = serde_json::to_string(what).unwrap_or_default();
        let answer = Array::of2(&id.into(), &text.into());
        if more {
            answer.push(&MORE.into());
        }
        // The asker is gone when this fails, and this worker with it.
        self.scope.post_message(&answer).ok();
    }
}

async fn begin(body: &str) -> Result<Reply, Rejection> {
    let request: ModelRequest = read(body)?;
    let (id, model) = request.model.split_once('/').unwrap_or_default();
    let line = line(id).await?;
    let price = price(&line, model);
    let ask = Ask { model: model.to_owned(), ..Ask::from(&request) };
    Reply::begin(line, &ask, price).await
}

async fn save(id: &str, body: &str) -> Result<(), Rejection> {
    let change: ProviderChange = read(body)?;
    Vault::open().await?.put(id, change).await
}

async fn remove(id: &str) -> Result<(), Rejection> {
    Vault::open().await?.remove(id).await
}

async fn listed() -> Result<Vec<Provider>, Rejection> {
    let kept = Vault::open().await?.all().await?;
    Ok(kept.into_iter().map(described).collect())
}

fn described(kept: Kept) -> Provider {
    let key = match kept.has_key() {
        true => KeyState::Saved,
        false if wire::reach::is_loopback(&kept.about.base_url) => KeyState::NotNeeded,
        false => KeyState::Missing,
    };
    let about = kept.about;
    Provider { id: kept.id, kind: about.kind, base_url: about.base_url, key, models: about.models }
}

/// Returns the models of all providers that answer, and those that the person named of the others.
async fn models() -> Result<Vec<Model>, Rejection> {
    let vault = Vault::open().await?;
    let kept = vault.all().await?;
    let lists = kept.iter().map(|it| async {
        let Ok(line) = vault.line(it).await else { return Vec::new() };
        let listed = within(LIST_MS, line.list()).await.and_then(Result::ok).unwrap_or_default();
        let all = Listed::and_own(listed, &line.about.models);
        all.iter().map(|it| it.describe(&line.id, price(&line, &it.id).as_ref())).collect()
    });
    Ok(join_all(lists).await.concat())
}

async fn test(id: &str) -> Result<TestReport, Rejection> {
    let line = line(id).await?;
    let Heard { n_models, unproved } = match trial::hear(&line.about.models, line.list().await) {
        Ok(heard) => heard,
        Err(rejection) => return Ok(failed(&rejection, 0)),
    };
    if let Some(model) = unproved
        && let Err(rejection) = question(line, model).await
    {
        return Ok(failed(&rejection, n_models));
    }
    Ok(trial::passed(n_models))
}

async fn question(line: Line, model: String) -> Result<(), Rejection> {
    let ask = Ask { model, ..trial::question() };
    let mut reply = Reply::begin(line, &ask, None).await?;
    while let Some(events) = reply.next().await {
        for event in events {
            if let ModelEvent::Error(rejection) = event {
                return Err(rejection);
            }
        }
    }
    Ok(())
}

/// There is no proxy on this way: what it would be blamed for is the provider's.
fn failed(rejection: &Rejection, n_models: u32) -> TestReport {
    let mut report = trial::failed(rejection, n_models);
    if report.failed == Some(Hop::Proxy) {
        report.failed = Some(Hop::Provider);
    }
    report
}

/// Returns the way to a provider, with its key.
async fn line(id: &str) -> Result<Line, Rejection> {
    let vault = Vault::open().await?;
    let Some(kept) = vault.get(id).await? else {
        let message = format!("`{id}` is not kept in this browser; add it in Settings");
        return Err(failure::plain(RejectionCode::NoProvider, &message));
    };
    vault.line(&kept).await
}

fn price(line: &Line, model: &str) -> Option<Price> {
    prices::find(line.vendor().seller()?, model, (Date::now() / 1_000.0) as u64)
}

fn read<T: DeserializeOwned>(body: &str) -> Result<T, Rejection> {
    let unreadable = || failure::plain(RejectionCode::Broken, "The request cannot be read");
    serde_json::from_str(body).ok().ok_or_else(unreadable)
}
