//! Budgets and limits of keys, people, projects and organisations.

use axum::{
    extract::{Path, State},
    response::Response,
};
use serde::{Deserialize, Serialize};

use super::{
    Caller,
    asked::{Small, number},
    done,
    keys::SpentShown,
    not_allowed, not_there, shown,
};
use crate::{
    accounts::{Caps, Deed, KeyId, OrganisationId, PersonId, ProjectId, Scope},
    budget::Period,
    http::{Shared, refusal::Refusal},
    money::Dollars,
    now_ms,
};

/// Caps as they are read and written; what is not said is not limited.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Shown {
    budgets: Budgets,
    per_minute: Option<u32>,
    per_hour: Option<u32>,
    parallel: Option<u32>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Budgets {
    total: Option<Dollars>,
    month: Option<Dollars>,
    day: Option<Dollars>,
    hour: Option<Dollars>,
}

#[derive(Debug, Serialize)]
struct WithSpent {
    caps: Shown,
    spent: SpentShown,
}

impl From<Caps> for Shown {
    fn from(caps: Caps) -> Self {
        let budget = |it| caps.budgets.get(&it).copied().map(Dollars);
        Self {
            budgets: Budgets {
                total: budget(Period::Total),
                month: budget(Period::Month),
                day: budget(Period::Day),
                hour: budget(Period::Hour),
            },
            per_minute: caps.per_minute,
            per_hour: caps.per_hour,
            parallel: caps.parallel,
        }
    }
}

impl From<Shown> for Caps {
    fn from(it: Shown) -> Self {
        let Budgets { total, month, day, hour } = it.budgets;
        let budgets = [
            (Period::Total, total),
            (Period::Month, month),
            (Period::Day, day),
            (Period::Hour, hour),
        ];
        Self {
            budgets: budgets.into_iter().filter_map(|it| Some((it.0, it.1?.0))).collect(),
            per_minute: it.per_minute,
            per_hour: it.per_hour,
            parallel: it.parallel,
        }
    }
}

pub(super) async fn show(
    State(state): State<Shared>,
    caller: Caller,
    Path((scope, id)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let scope = named(&scope, &id)?;
    let directory = state.accounts.directory();
    if !caller.may_see(&directory, scope, Deed::SeeAllUsage) {
        return Err(not_there("scope"));
    }
    let spent = state.gateway.books.ledger().spent(now_ms()).await?;
    let caps = directory.caps.get(&scope).cloned().unwrap_or_default();
    let spent = spent.get(&scope).copied().unwrap_or_default();
    Ok(shown(WithSpent { caps: caps.into(), spent: spent.into() }))
}

pub(super) async fn set(
    State(state): State<Shared>,
    caller: Caller,
    Path((scope, id)): Path<(String, String)>,
    Small(caps): Small<Shown>,
) -> Result<Response, Refusal> {
    let scope = named(&scope, &id)?;
    let directory = state.accounts.directory();
    let allowed = match scope {
        Scope::Organisation(_) => caller.may_for(&directory, scope, Deed::SetCapsOfOrganisation),
        // A project's budget is the organisation's to give, not the project's own.
        Scope::Project(id) => directory.projects.get(&id).is_some_and(|it| {
            caller.may(&directory, (it.organisation, None), Deed::SetCapsOfProjects)
        }),
        Scope::Person(_) => caller.may_for(&directory, scope, Deed::SetCapsOfPeople),
        Scope::Key(_) => caller.may_for(&directory, scope, Deed::SetCapsOfKeys),
    };
    if !allowed {
        // For the installation, there is only one reason.
        return Err(if caller.is_installation() { not_there("scope") } else { not_allowed() });
    }
    state.accounts.set_caps(scope, &caps.into(), caller.who(), now_ms()).await?;
    // A new cap must know what was spent before it.
    state.gateway.books.restore().await?;
    Ok(done())
}

/// Reads what stands in a path or a query.
pub(super) fn named(scope: &str, id: &str) -> Result<Scope, Refusal> {
    let id = number(id).ok_or_else(|| not_there("number"))?;
    match scope {
        "organisation" => Ok(Scope::Organisation(OrganisationId(id))),
        "project" => Ok(Scope::Project(ProjectId(id))),
        "person" => Ok(Scope::Person(PersonId(id))),
        "key" => Ok(Scope::Key(KeyId(id))),
        _ => Err(not_there("scope; there are organisation, project, person and key")),
    }
}
