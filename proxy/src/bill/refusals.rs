//! Why a request may not go out, in words for who asked.
//!
//! What only the owner may know goes to the log.

use providers::failure::plain;
use wire::{Rejection, RejectionCode, Shortage};

use super::need;
use crate::{budget, store::StoreError};

pub(super) fn refused(err: &budget::Refused) -> Rejection {
    match err {
        budget::Refused::Exceeded(exceeded) => {
            let message = sentence(&exceeded.to_string());
            let budget::Exceeded { unit, needed, available, .. } = *exceeded;
            let shortage = Some(Shortage { unit, needed, available });
            Rejection { shortage, ..plain(RejectionCode::InsufficientBalance, &message) }
        }
        budget::Refused::TooFast { wait_secs, .. } => {
            wait(&sentence(&err.to_string()), u32::try_from(*wait_secs).unwrap_or(u32::MAX))
        }
        budget::Refused::TooMany { .. } => wait(&sentence(&err.to_string()), 1),
        budget::Refused::Unavailable(away) => {
            let source = std::error::Error::source(away).map(ToString::to_string);
            tracing::error!(cause = source.as_deref().unwrap_or_default(), "{away}");
            wait(&sentence(&away.to_string()), 5)
        }
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
