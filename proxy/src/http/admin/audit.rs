//! Who did what: pages of the audit log, and whether it is whole.
//!
//! A person sees what happened in organisations where their role lets them; the installation sees
//! all, also what belongs to no organisation.

use axum::{extract::State, response::Response};
use serde::{Deserialize, Serialize};

use super::{Caller, asked::Asked, shown};
use crate::{
    accounts::{Deed, Directory, Scope},
    http::{Shared, refusal::Refusal},
    keys::secret::hex,
    store::audit::{Kept, Verdict},
};

const MOST: u32 = 200;

/// Entries that are looked at for one page of somebody who may not see all.
const MOST_PAGES: usize = 20;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    before: Option<u64>,
    most: Option<u32>,
}

#[derive(Debug, Serialize)]
struct Shown {
    number: u64,
    at_ms: u64,
    actor: String,
    action: String,
    subject: String,
    detail: String,
    ip: String,
    user_agent: String,
    session: String,
    digest: String,
}

#[derive(Debug, Serialize)]
struct Entries {
    entries: Vec<Shown>,
    /// Ask for those before it; none when these are all.
    next: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Verified {
    whole: bool,
    n_entries: Option<u64>,
    /// Of the last entry; it stands for all of them.
    digest: Option<String>,
    /// The first entry that is not as it was written.
    broken: Option<u64>,
}

pub(super) async fn list(
    State(state): State<Shared>,
    caller: Caller,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, Refusal> {
    let directory = state.accounts.directory();
    caller.must_somewhere(&directory, Deed::SeeAudit)?;
    let most = wanted.most.unwrap_or(50).clamp(1, MOST);
    let audit = &state.operations.audit;
    let mut entries: Vec<Shown> = Vec::new();
    let mut before = wanted.before;
    let mut next = None;
    for _ in 0..MOST_PAGES {
        let read = audit.read(before, MOST).await?;
        let all = read.len() < MOST as usize;
        next = None;
        for kept in read {
            before = Some(kept.number);
            if entries.len() >= most as usize {
                next = entries.last().map(|it| it.number);
                break;
            }
            if concerns(&caller, &directory, &kept) {
                entries.push(kept.into());
            }
        }
        if all || next.is_some() {
            break;
        }
        next = before;
    }
    Ok(shown(Entries { entries, next }))
}

pub(super) async fn verify(
    State(state): State<Shared>,
    caller: Caller,
) -> Result<Response, Refusal> {
    caller.must_somewhere(&state.accounts.directory(), Deed::SeeAudit)?;
    let verdict = state.operations.audit.verify().await?;
    Ok(shown(match verdict {
        Verdict::Whole { n_entries, digest } => Verified {
            whole: true,
            n_entries: Some(n_entries),
            digest: Some(hex(&digest)),
            broken: None,
        },
        Verdict::Broken { number } => {
            Verified { whole: false, n_entries: None, digest: None, broken: Some(number) }
        }
    }))
}

fn concerns(caller: &Caller, directory: &Directory, kept: &Kept) -> bool {
    caller.is_installation()
        || Scope::named(&kept.subject)
            .is_some_and(|it| caller.may_for(directory, it, Deed::SeeAudit))
}

impl From<Kept> for Shown {
    fn from(it: Kept) -> Self {
        Self {
            number: it.number,
            at_ms: it.at_ms,
            actor: it.actor,
            action: it.action,
            subject: it.subject,
            detail: it.detail,
            ip: it.ip,
            user_agent: it.user_agent,
            session: it.session,
            digest: hex(&it.digest),
        }
    }
}
