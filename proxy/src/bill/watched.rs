//! What the books tell those who watch over them, and limits that belong to no account.

use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};
use wire::Rejection;

use super::{Books, refused};
use crate::{
    budget::{self, Per, Rate},
    telemetry::Exposition,
};

/// How often the counters may be asked whether they are there.
const ASKED: Rate = Rate { most: std::num::NonZeroU32::MAX, per: Per::Minute };

impl Books {
    /// Counts one more of something that no account does, by a name; or says how long to wait.
    /// Instances that share counters count together.
    pub async fn throttle(&self, what: &str, name: &str, rate: Rate) -> Result<(), Rejection> {
        let taken = self.counters.take(&[(outside(what, name), rate)], SystemTime::now()).await;
        taken.map(|_| ()).map_err(|err| match err {
            budget::Refused::TooFast { wait_secs, .. } => {
                let secs = u32::try_from(wait_secs).unwrap_or(u32::MAX);
                super::wait("This was tried too often; try again later", secs)
            }
            err @ (budget::Refused::Exceeded(_)
            | budget::Refused::TooMany { .. }
            | budget::Refused::Unavailable(_)) => refused(&err),
        })
    }

    /// Notes that something was seen, for so long, on all instances that share counters. Returns
    /// whether it is the first time.
    pub async fn once(&self, name: &str, lasts: Duration) -> Result<bool, Rejection> {
        let digest = Sha256::digest(format!("once {name}"));
        let name = digest.first_chunk().map_or(0, |it| u128::from_le_bytes(*it));
        let seen = self.counters.once(name, lasts, SystemTime::now()).await;
        seen.map_err(|err| refused(&budget::Refused::Unavailable(err)))
    }

    /// Returns whether what counts is there.
    pub async fn counters_answer(&self) -> bool {
        let rate = (outside("ready", ""), ASKED);
        match self.counters.take(&[rate], SystemTime::now()).await {
            Ok(_) | Err(budget::Refused::TooFast { .. }) => true,
            Err(
                budget::Refused::Exceeded(_)
                | budget::Refused::TooMany { .. }
                | budget::Refused::Unavailable(_),
            ) => false,
        }
    }

    /// Writes what was counted since the start.
    pub(crate) fn write_figures(&self, text: &mut Exposition) {
        text.gauge("easel_running_requests", "Requests under way.");
        text.value(&[], u64::try_from(self.live.len()).unwrap_or(u64::MAX));
        let health = self.ledger.health();
        text.gauge("easel_ledger_waiting_rows", "Rows that the database does not hold yet.");
        text.value(&[], health.waiting);
        text.gauge("easel_ledger_unsaved_rows", "Rows that are in memory only.");
        text.value(&[], u64::try_from(health.unsaved).unwrap_or(u64::MAX));
        text.gauge("easel_ledger_room_rows", "Requests that could still be taken.");
        text.value(&[], u64::try_from(health.room).unwrap_or(u64::MAX));
        if let Some(traces) = &self.traces {
            traces.write(text);
        }
        self.meter.write(&self.ledger.models(), text);
    }
}

/// Sessions of keys have other names, so that none is counted as one of these.
fn outside(what: &str, name: &str) -> budget::Scope {
    let digest = Sha256::digest(format!("outside {what} {name}"));
    budget::Scope::Session(digest.first_chunk().map_or(0, |it| u64::from_le_bytes(*it)))
}
