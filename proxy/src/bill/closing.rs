//! A bill that is open, and closing it: what the request came to is booked, settled and counted,
//! also when nobody waits for its end.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use providers::{failure, prices::Price};
use wire::{RejectionCode, Usage};

use super::{Books, LEFT};
use crate::{
    budget::{Amounts, Place, RateLeft, Reservation},
    ledger::{self, Row},
    telemetry::{Parent, Span},
};

/// A lease is renewed after so long; it lasts three times as long.
const RENEW: Duration = Duration::from_secs(5 * 60);

/// A request that may go out. Dropped, it is booked as left by its client.
#[derive(Debug)]
#[must_use = "dropping it books a client that left"]
pub struct Bill {
    pub(super) books: Arc<Books>,
    /// What the asker may still ask at once, where that has an end.
    pub rate_left: Option<RateLeft>,
    /// What a reply has to be held to: there is a budget, and the client says nothing.
    pub limit: Option<u32>,
    /// None once it is closed.
    pub(super) open: Option<Box<Open>>,
}

#[derive(Debug)]
pub(super) struct Open {
    pub(super) row: Row,
    pub(super) began: Instant,
    pub(super) renewed: Instant,
    /// When the first of the reply went out.
    pub(super) first_ms: Option<u32>,
    /// Of the lane that answers, or else would have.
    pub(super) price: Option<Price>,
    /// By the length of the request, for replies that tell nothing.
    pub(super) input_tokens: u32,
    pub(super) reservation: Option<Reservation>,
    /// Held for as long as the request runs.
    pub(super) places: Vec<Place>,
    pub(super) room: ledger::Place,
    pub(super) claim: Option<ledger::Claim>,
    pub(super) live: u64,
    pub(super) parent: Option<Parent>,
}

impl Bill {
    /// Says which lane answers, and what it charges.
    pub async fn sold(&mut self, lane: &str, price: Option<Price>) {
        let model = self.books.ledger.model(lane).await;
        let Some(open) = &mut self.open else { return };
        open.price = price;
        match model {
            Ok(model) => open.row.model = model,
            Err(err) => tracing::warn!(cause = %err, lane, "booked under the first lane's name"),
        }
    }

    /// Says that something of the reply goes out now.
    pub fn spoke(&mut self) {
        if let Some(open) = &mut self.open
            && open.first_ms.is_none()
        {
            open.first_ms = Some(passed(open.began));
        }
    }

    /// Holds on to what was taken; to be called now and then while the request runs.
    pub async fn stay(&mut self) {
        let Some(open) = &mut self.open else { return };
        if open.renewed.elapsed() < RENEW {
            return;
        }
        open.renewed = Instant::now();
        let now = SystemTime::now();
        let counters = &self.books.counters;
        if let Some(reservation) = &mut open.reservation
            && let Err(err) = counters.renew(reservation, now).await
        {
            // What it costs is booked all the same.
            tracing::warn!(cause = %err, "a reservation lapsed");
        }
        for place in &mut open.places {
            if let Err(err) = counters.stay(place, now).await {
                tracing::warn!(cause = %err, "a place lapsed");
            }
        }
    }

    /// Books what it came to. When this returns, it is in the ledger; the answer may end.
    /// Returns the usage with its cost.
    pub async fn close(mut self, end: Result<(), RejectionCode>, usage: Usage) -> Usage {
        let Some(open) = self.open.take() else { return usage };
        let (usage, settling) = self.books.book(*open, End::Told(end), usage);
        if let Some((reservation, amounts)) = settling
            && let Err(err) = self.books.counters.settle(reservation, amounts).await
        {
            tracing::warn!(cause = %err, "settled later");
        }
        usage
    }

    /// Books a request whose client left.
    pub fn abandon(mut self, usage: Usage) {
        self.left(usage);
    }

    fn left(&mut self, usage: Usage) {
        let Some(open) = self.open.take() else { return };
        let (_, settling) = self.books.book(*open, End::Left, usage);
        let Some((reservation, amounts)) = settling else { return };
        let books = Arc::clone(&self.books);
        let settle = async move {
            if let Err(err) = books.counters.settle(reservation, amounts).await {
                tracing::warn!(cause = %err, "settled later");
            }
        };
        // Without a runtime the process is at its end, and the next start reads the ledger.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(settle);
        }
    }
}

/// How a request ended.
#[derive(Debug, Clone, Copy)]
enum End {
    Left,
    Told(Result<(), RejectionCode>),
}

impl End {
    fn status(self) -> u16 {
        match self {
            Self::Left => LEFT,
            Self::Told(Ok(())) => 200,
            Self::Told(Err(code)) => failure::status(code),
        }
    }

    /// A provider had begun to answer, or would have.
    fn was_taken(self) -> bool {
        matches!(self, Self::Left | Self::Told(Err(RejectionCode::CutOff)))
    }
}

impl Drop for Bill {
    fn drop(&mut self) {
        self.left(Usage::default());
    }
}

impl Books {
    /// Returns the usage with its cost, and what is left to settle.
    fn book(
        &self,
        open: Open,
        end: End,
        mut usage: Usage,
    ) -> (Usage, Option<(Reservation, Amounts)>) {
        let Open {
            mut row,
            began,
            price,
            input_tokens,
            reservation,
            places,
            room,
            claim,
            live,
            first_ms,
            parent,
            ..
        } = open;
        drop(places);
        // A provider that took the request has read it, whether or not it came to tell.
        if usage.all_input_tokens() == 0 && (usage.all_output_tokens() > 0 || end.was_taken()) {
            usage.input_tokens = input_tokens;
            usage.estimated = true;
        }
        let nothing = usage.all_input_tokens() == 0 && usage.all_output_tokens() == 0;
        if usage.cost_nano.is_none() {
            usage.cost_nano =
                if nothing { Some(0) } else { price.as_ref().map(|it| it.cost(&usage)) };
        }
        let status = end.status();
        row.status = status;
        row.usage = usage;
        row.ms = passed(began);
        // An answer in one piece has no other first.
        let first_ms = first_ms.or((status == 200).then_some(row.ms));
        self.meter.count(&row, first_ms);
        if let Some(traces) = &self.traces {
            let lane = self.ledger.model_name(row.model);
            traces.tell(Span { row, lane, first_ms, parent });
        }
        // What failed and cost nothing may be asked again by the same name.
        let claim = claim.filter(|_| status == 200 || usage.cost_nano != Some(0));
        if let Err(err) = room.book(row, claim) {
            tracing::error!(cause = %err, request = %row.request, "a row is in memory only");
        }
        self.live.leave(live);
        let amounts = Amounts {
            nano: usage.cost_nano.unwrap_or_default(),
            tokens: usage.all_input_tokens() + usage.all_output_tokens(),
            seconds: u64::from(row.secs()),
            messages: 1,
        };
        (usage, reservation.map(|it| (it, amounts)))
    }
}

fn passed(since: Instant) -> u32 {
    u32::try_from(since.elapsed().as_millis()).unwrap_or(u32::MAX)
}
