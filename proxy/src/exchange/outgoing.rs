//! A streamed reply on its way to the client, from the moment in which it was asked for.
//!
//! Its bill is closed before its last bytes go out, or when the client leaves. Until the model speaks, and while it thinks, something is sent now and then, so that nobody in
//! between takes the connection for dead. What breaks ends in an error of the client's dialect.

use std::{borrow::Cow, fmt, future::Future, pin::Pin, time::Duration};

use bytes::Bytes;
use providers::{dialect::Encoder, feed::Tally};
use tokio::time::{Instant, timeout_at};
use wire::{ModelEvent, Rejection};

use super::{guards::Guards, pass::Passing, thoughts::Naming, trying::Answered};
use crate::{bill::Bill, filters::Screen, lanes::Place, upstream::Reply};

/// An answer that takes longer begins before the provider has.
const PATIENCE: Duration = Duration::from_secs(5);

/// Relays in between close what is silent for longer.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// A reply that has begun.
#[derive(Debug)]
pub(super) enum Flow {
    Passed(Box<Passing>),
    /// With the events that were waited for.
    Translated {
        first: Vec<ModelEvent>,
        reply: Box<Reply>,
        naming: Option<Box<Naming>>,
    },
    Over,
}

/// A request that is on its way to the provider.
pub(super) type Asked = Pin<Box<dyn Future<Output = Result<Answered<Flow>, Rejection>> + Send>>;

/// Dropping it closes the connection to the provider.
pub struct Outgoing {
    stage: Stage,
    encoder: Box<dyn Encoder>,
    request_id: String,
    /// None once it is closed.
    bill: Option<Bill>,
    /// On the lane that answers, until it is over.
    place: Place,
    /// Of what was translated, and of everything at the end.
    tally: Tally,
    guards: Guards,
    screen: Option<Screen>,
}

/// Who pays for a reply, and what it has to get past.
#[derive(Debug)]
pub(super) struct Account {
    /// None where nobody pays.
    pub(super) bill: Option<Bill>,
    pub(super) guards: Guards,
}

enum Stage {
    Asked(Asked),
    Flowing(Flow),
}

enum Waited {
    Bytes(Bytes),
    Events(Vec<ModelEvent>),
    Silence,
    /// What went through as it came has ended well.
    Passed,
    Over,
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing").field("request_id", &self.request_id).finish_non_exhaustive()
    }
}

impl Outgoing {
    /// Waits for a while, so that an early refusal is an answer and not an event. Without a bill,
    /// nobody pays.
    pub(super) async fn begin(
        mut asked: Asked,
        encoder: Box<dyn Encoder>,
        request_id: String,
        account: Account,
    ) -> Result<Self, Rejection> {
        let begun = timeout_at(Instant::now() + PATIENCE, &mut asked).await;
        let Account { bill, guards } = account;
        let (stage, tally, screen) = (Stage::Asked(asked), Tally::default(), guards.screen());
        let place = Place::default();
        let mut it = Self { stage, encoder, request_id, bill, place, tally, guards, screen };
        match begun {
            Ok(Ok(begun)) => it.flows(begun).await,
            Ok(Err(rejection)) => {
                it.guards.refused(&rejection);
                it.tally.add(&ModelEvent::Error(rejection.clone()));
                it.close().await;
                return Err(rejection);
            }
            Err(_) => {} // It is waited for with the client.
        }
        Ok(it)
    }

    async fn flows(&mut self, begun: Answered<Flow>) {
        let Answered { route, it, place } = begun;
        self.place = place;
        if let Some(bill) = &mut self.bill {
            bill.sold(&route.name(), route.price()).await;
        }
        self.stage = Stage::Flowing(it);
    }

    /// Books what it came to.
    async fn close(&mut self) {
        let Some(bill) = self.bill.take() else { return };
        let used = self.tally.usage();
        std::mem::take(&mut self.place).used(&used);
        let end = match self.tally.ended() {
            Some(Err(rejection)) => Err(rejection.code),
            Some(Ok(())) | None => Ok(()),
        };
        bill.close(end, used).await;
    }

    /// Waits for the next bytes; none after the end.
    pub async fn next(&mut self) -> Option<Bytes> {
        loop {
            let waited = match self.wait().await {
                Waited::Events(events) => Waited::Events(self.look_at(events)),
                waited @ (Waited::Bytes(_) | Waited::Silence | Waited::Passed | Waited::Over) => {
                    waited
                }
            };
            if self.tally.ended().is_some() {
                self.close().await;
            } else if let Some(bill) = &mut self.bill {
                bill.stay().await;
            }
            match waited {
                Waited::Over => return None,
                Waited::Passed => {
                    self.guards.passed(self.tally.usage());
                    self.stage = Stage::Flowing(Flow::Over);
                }
                Waited::Bytes(bytes) => return Some(self.spoken(bytes)),
                Waited::Silence => {
                    return Some(match self.encoder.keep_alive() {
                        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                        Cow::Owned(bytes) => bytes.into(),
                    });
                }
                Waited::Events(events) => {
                    let bytes = self.write(events);
                    // Some events are nothing in some dialects.
                    if !bytes.is_empty() {
                        return Some(self.spoken(bytes));
                    }
                }
            }
        }
    }

    fn spoken(&mut self, bytes: Bytes) -> Bytes {
        if let Some(bill) = &mut self.bill {
            bill.spoke();
        }
        bytes
    }

    async fn wait(&mut self) -> Waited {
        let mut alive_at = Instant::now() + KEEP_ALIVE;
        if let Some(until) = self.guards.until()
            && !matches!(self.stage, Stage::Flowing(Flow::Over))
        {
            if Instant::now() >= until {
                return self.fail(self.guards.too_long());
            }
            alive_at = alive_at.min(until);
        }
        match &mut self.stage {
            Stage::Asked(asked) => match timeout_at(alive_at, asked).await {
                Ok(Ok(begun)) => {
                    self.flows(begun).await;
                    Waited::Silence
                }
                Ok(Err(rejection)) => self.fail(rejection),
                Err(_) => Waited::Silence,
            },
            Stage::Flowing(Flow::Translated { first, .. }) if !first.is_empty() => {
                Waited::Events(std::mem::take(first))
            }
            Stage::Flowing(Flow::Translated { reply, naming, .. }) => {
                match timeout_at(alive_at, reply.next()).await {
                    Ok(Some(mut events)) => {
                        if let Some(naming) = naming {
                            naming.name(&mut events).await;
                        }
                        Waited::Events(events)
                    }
                    Ok(None) => Waited::Over,
                    Err(_) => Waited::Silence,
                }
            }
            Stage::Flowing(Flow::Passed(passing)) => {
                let next = timeout_at(alive_at, passing.next()).await;
                if passing.tally().ended().is_some() || matches!(next, Ok(Some(Err(_)))) {
                    self.tally = passing.tally().clone();
                }
                match next {
                    Ok(Some(Ok(bytes))) => Waited::Bytes(bytes),
                    Ok(Some(Err(rejection))) => self.fail(rejection),
                    Ok(None) => Waited::Passed,
                    Err(_) => Waited::Silence,
                }
            }
            Stage::Flowing(Flow::Over) => Waited::Over,
        }
    }

    /// Ends it before its end, with an error. What it came to so far is booked as of a client that left.
    pub fn cut(&mut self, rejection: Rejection) -> Option<Bytes> {
        if self.tally.ended().is_some() {
            return None;
        }
        self.leave();
        self.stage = Stage::Flowing(Flow::Over);
        let error = ModelEvent::Error(rejection);
        self.tally.add(&error);
        Some(self.write(vec![error]))
    }

    /// Books what it came to, where nobody waits for its end.
    fn leave(&mut self) {
        let Some(bill) = self.bill.take() else { return };
        let used = match &self.stage {
            Stage::Flowing(Flow::Passed(passing)) => passing.tally().usage(),
            Stage::Flowing(Flow::Translated { .. } | Flow::Over) | Stage::Asked(_) => {
                self.tally.usage()
            }
        };
        std::mem::take(&mut self.place).used(&used);
        bill.abandon(used);
    }

    fn fail(&mut self, rejection: Rejection) -> Waited {
        self.stage = Stage::Flowing(Flow::Over);
        Waited::Events(vec![ModelEvent::Error(rejection)])
    }

    /// Counts what came, and returns what may go on.
    fn look_at(&mut self, events: Vec<ModelEvent>) -> Vec<ModelEvent> {
        events.iter().for_each(|it| self.tally.add(it));
        let Some(screen) = &mut self.screen else { return events };
        let passed = screen.pass(events);
        if let Some(error @ ModelEvent::Error(_)) = passed.last() {
            // A filter ends a reply that would go on.
            self.tally.add(error);
            self.stage = Stage::Flowing(Flow::Over);
        }
        passed
    }

    fn write(&mut self, events: Vec<ModelEvent>) -> Bytes {
        let mut bytes = Vec::new();
        for mut event in events {
            self.guards.note(&event);
            if let ModelEvent::Error(rejection) = &mut event {
                rejection.request_id = Some(self.request_id.clone());
                tracing::info!(
                    request = self.request_id,
                    code = ?rejection.code,
                    why = rejection.message,
                    "reply ended early"
                );
            }
            self.encoder.write(&event, &mut bytes);
        }
        bytes.into()
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        self.leave();
    }
}

/// The app's own form: an event in a line.
#[derive(Debug)]
pub(super) struct Lines;

impl Encoder for Lines {
    fn write(&mut self, event: &ModelEvent, out: &mut Vec<u8>) {
        // Texts and numbers always serialize.
        out.extend(serde_json::to_vec(event).unwrap_or_default());
        out.push(b'\n');
    }

    fn keep_alive(&self) -> Cow<'static, [u8]> {
        Cow::Borrowed(b"\n")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use providers::{
        Dialect as _,
        chat::{Chat, Flavor},
        dialect::About,
        failure,
        ollama::Ollama,
        script::{self, Step},
    };
    use tokio::time::sleep;
    use wire::{RejectionCode, StopReason};

    use super::*;
    use crate::catalogue::Route;

    #[tokio::test(start_paused = true)]
    async fn while_a_model_thinks_something_is_sent() {
        let expected = "\n\n{\"type\":\"finish\",\"reason\":\"end_of_turn\"}\n";
        assert_eq!(read(after(0, Ok(())), Box::new(Lines)).await.unwrap(), expected);
        let chat = Chat { flavor: Flavor::Compatible }.encoder(About::default());
        let body = read(after(0, Ok(())), chat).await.unwrap();
        assert!(body.starts_with(": ping\n\n: ping\n\ndata: {"), "{body}");
        assert!(body.ends_with("data: [DONE]\n\n"), "{body}");
        let lines = read(after(0, Ok(())), Ollama.encoder(About::default())).await.unwrap();
        assert_eq!(lines.matches("\"content\":\"\"},\"done\":false").count(), 2, "{lines}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_provider_that_is_slow_to_begin_is_waited_for() {
        // Five seconds in silence, then lines at 15, 25 and with the beginning at 30.
        let expected = "\n\n\n\n\n{\"type\":\"finish\",\"reason\":\"end_of_turn\"}\n";
        assert_eq!(read(after(30, Ok(())), Box::new(Lines)).await.unwrap(), expected);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_in_time_is_an_answer_and_a_late_one_an_event() {
        let busy = || Err(failure::plain(RejectionCode::Busy, "wait"));
        let began = Instant::now();
        let early = read(after(4, busy()), Box::new(Lines)).await;
        assert_eq!(early.unwrap_err().code, RejectionCode::Busy);
        assert_eq!(began.elapsed().as_secs(), 4);
        let expected =
            "{\"type\":\"error\",\"code\":\"busy\",\"message\":\"wait\",\"request_id\":\"r1\"}\n";
        assert_eq!(read(after(6, busy()), Box::new(Lines)).await.unwrap(), expected);
    }

    async fn read(asked: Asked, encoder: Box<dyn Encoder>) -> Result<String, Rejection> {
        let account = Account { bill: None, guards: Guards::none() };
        let mut outgoing = Outgoing::begin(asked, encoder, "r1".to_owned(), account).await?;
        let mut text = String::new();
        while let Some(bytes) = outgoing.next().await {
            text += std::str::from_utf8(&bytes).unwrap();
        }
        Ok(text)
    }

    /// A reply that begins after so many seconds and ends after 25 more.
    fn after(secs: u64, begun: Result<(), Rejection>) -> Asked {
        let end = ModelEvent::Finish { reason: StopReason::EndOfTurn, stopped_by: None };
        Box::pin(async move {
            sleep(Duration::from_secs(secs)).await;
            begun?;
            let steps = vec![Step { wait: Duration::from_secs(25), event: end }];
            let reply = Box::new(Reply::scripted(steps)?);
            let it = Flow::Translated { first: Vec::new(), reply, naming: None };
            let script = script::built_in().unwrap().remove(0);
            let route = Route::Script(Arc::new(script));
            Ok(Answered { route, it, place: Place::default() })
        })
    }
}
