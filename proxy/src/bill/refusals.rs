//! Why a request may not go out, in words for who asked.
//!
//! What only the owner may know goes to the log.

use providers::failure::plain;
use wire::{Pace, Rejection, RejectionCode, Shortage};

use super::need;
use crate::{
    budget::{self, Period},
    store::StoreError,
};

pub(super) fn refused(err: &budget::Refused) -> Rejection {
    match err {
        budget::Refused::Exceeded(exceeded) => {
            let budget::Exceeded { scope, unit, period, needed, available } = *exceeded;
            let message = format!("{}; {}", sentence(&exceeded.to_string()), more(scope, period));
            let shortage = Some(Shortage { unit, needed, available });
            Rejection { shortage, ..plain(RejectionCode::InsufficientBalance, &message) }
        }
        budget::Refused::TooFast { wait_secs, left, .. } => {
            let secs = u32::try_from(*wait_secs).unwrap_or(u32::MAX);
            let full_in_secs = left.full_in.as_millis().div_ceil(1_000);
            let full_in_secs = u32::try_from(full_in_secs).unwrap_or(u32::MAX);
            let pace = Some(Pace { most: left.most.get(), full_in_secs });
            Rejection { pace, ..wait(&sentence(&err.to_string()), secs) }
        }
        budget::Refused::TooMany { .. } => wait(&sentence(&err.to_string()), 1),
        budget::Refused::Unavailable(away) => {
            let source = std::error::Error::source(away).map(ToString::to_string);
            tracing::error!(cause = source.as_deref().unwrap_or_default(), "{away}");
            wait(&sentence(&away.to_string()), 5)
        }
    }
}

/// Says when there is more of a budget, and who can give it.
fn more(scope: budget::Scope, period: Period) -> &'static str {
    if matches!(scope, budget::Scope::Session(_)) {
        return "begin a new session, or ask whoever runs this proxy for more";
    }
    match period {
        Period::Total => "it does not renew; ask whoever runs this proxy for more",
        Period::Month => {
            "it renews with the month, in UTC; or ask whoever runs this proxy for more"
        }
        Period::Day => "it renews at midnight, in UTC; or ask whoever runs this proxy for more",
        Period::Hour => "it renews with the hour; or ask whoever runs this proxy for more",
    }
}

pub(super) fn unpriced(lane: &str) -> Rejection {
    let message = format!(
        "Nobody knows what `{}` costs, and there is a budget to keep; whoever runs this proxy can \
         say it under `[prices]` in easel.toml",
        need::shown(lane)
    );
    plain(RejectionCode::NotAllowed, &message)
}

pub(super) fn unavailable(err: &StoreError) -> Rejection {
    tracing::error!(cause = %err, "the store failed");
    wait("The proxy's database does not answer; nothing was sent", 5)
}

pub(super) fn wait(message: &str, secs: u32) -> Rejection {
    let mut rejection = plain(RejectionCode::Busy, message);
    rejection.retry_after_secs = Some(secs);
    rejection
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|it| it.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
