//! A reply as it arrives: from a provider's stream, or from a script and the clock.
//!
//! Dropping it closes the connection to the provider. It ends with `Finish` or `Error`, whatever
//! happens; a silence that is too long is an error.

use std::{collections::VecDeque, time::Duration};

use http::Response;
use hyper::body::Incoming;
use providers::{Dialect, feed::Feed, prices::Price, reply::distinguish, script::Step};
use tokio::time::{Instant, sleep_until, timeout};
use wire::{ModelEvent, Rejection};

use super::arriving::Arriving;

#[derive(Debug)]
pub struct Reply {
    source: Source,
    /// For providers that do not tell the cost.
    price: Option<Price>,
    id: String,
}

#[derive(Debug)]
enum Source {
    Stream { body: Arriving, feed: Box<Feed>, idle: Duration },
    Script { steps: VecDeque<Step>, due: Instant },
    Over,
}

impl Reply {
    /// A script that begins with an error is refused as a provider would refuse.
    pub(crate) fn scripted(steps: Vec<Step>) -> Result<Self, Rejection> {
        if let Some(Step { wait: Duration::ZERO, event: ModelEvent::Error(rejection) }) =
            steps.first()
        {
            return Err(rejection.clone());
        }
        let due = Instant::now() + steps.first().map_or(Duration::ZERO, |it| it.wait);
        Ok(Self {
            source: Source::Script { steps: steps.into(), due },
            price: None,
            id: String::new(),
        })
    }

    pub(super) fn streamed(
        answer: Response<Incoming>,
        dialect: &dyn Dialect,
        price: Option<Price>,
        id: &str,
        idle: Duration,
    ) -> Self {
        let feed = Box::new(Feed::new(dialect));
        let source = Source::Stream { body: Arriving::new(answer.into_body()), feed, idle };
        Self { source, price, id: id.to_owned() }
    }

    /// Waits for what comes next; none after the end. May be dropped while it waits, and called
    /// again.
    pub async fn next(&mut self) -> Option<Vec<ModelEvent>> {
        let mut events = match &mut self.source {
            Source::Over => return None,
            Source::Script { steps, due } => next_steps(steps, due).await,
            Source::Stream { body, feed, idle } => next_frames(body, feed, *idle).await,
        };
        if !self.id.is_empty() {
            distinguish(&mut events, &self.id);
        }
        if let Some(price) = &self.price {
            price.charge(&mut events);
        }
        let over =
            events.iter().any(|it| matches!(it, ModelEvent::Finish { .. } | ModelEvent::Error(_)));
        if over
            && let Source::Stream { body, .. } = std::mem::replace(&mut self.source, Source::Over)
        {
            tokio::spawn(body.drain());
        }
        Some(events)
    }
}

/// Returns all steps that are due.
async fn next_steps(steps: &mut VecDeque<Step>, due: &mut Instant) -> Vec<ModelEvent> {
    sleep_until(*due).await;
    let now = Instant::now();
    let mut events = Vec::new();
    while *due <= now
        && let Some(step) = steps.pop_front()
    {
        events.push(step.event);
        *due += steps.front().map_or(Duration::ZERO, |it| it.wait);
    }
    events
}

/// Reads until there is an event.
async fn next_frames(body: &mut Arriving, feed: &mut Feed, idle: Duration) -> Vec<ModelEvent> {
    let mut events = Vec::new();
    loop {
        match timeout(idle, body.next()).await {
            Ok(Some(Ok(bytes))) => feed.push(&bytes, &mut events),
            Ok(Some(Err(err))) => {
                tracing::warn!(cause = %err, "provider's stream broke");
                feed.end(&mut events);
            }
            Ok(None) => feed.end(&mut events),
            Err(_) => feed.fall_silent(&mut events),
        }
        if !events.is_empty() {
            return events;
        }
    }
}
