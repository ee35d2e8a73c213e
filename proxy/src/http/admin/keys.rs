//! Virtual keys: made and shown once, changed, revoked, and what they have spent.

use std::ops::Bound;

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::{
    Caller,
    asked::{Asked, Id, Small},
    caps::Shown as Caps,
    conflict, done, not_there, shown,
};
use crate::{
    accounts::{
        Client, Deed, Denied, Directory, KeyChange, KeyId, NewKey, OrganisationId, Patterns,
        PersonId, ProjectId, Scope,
    },
    http::{Shared, refusal::Refusal},
    ledger::Spent,
    money::Dollars,
    now_ms,
};

/// Keys of one answer, unless fewer are wanted.
const MOST: usize = 500;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    organisation: Option<i64>,
    project: Option<i64>,
    person: Option<i64>,
    /// Keys after this one.
    after: Option<i64>,
    most: Option<usize>,
}

#[derive(Debug, Serialize)]
struct Shown {
    id: i64,
    name: String,
    /// How it begins; empty for who signed in and needs none.
    prefix: String,
    state: &'static str,
    organisation: i64,
    project: Option<i64>,
    person: Option<i64>,
    models: Patterns,
    expires_at_ms: Option<u64>,
    revoked_at_ms: Option<u64>,
    spent: SpentShown,
    caps: Caps,
}

#[derive(Debug, Serialize)]
pub(super) struct SpentShown {
    total: Dollars,
    month: Dollars,
    day: Dollars,
    hour: Dollars,
}

impl From<Spent> for SpentShown {
    fn from(it: Spent) -> Self {
        let Spent { total, month, day, hour } = it;
        Self {
            total: Dollars(total),
            month: Dollars(month),
            day: Dollars(day),
            hour: Dollars(hour),
        }
    }
}

#[derive(Debug, Serialize)]
struct Keys {
    keys: Vec<Shown>,
    /// Ask for those after it; none when these are all.
    next: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    name: String,
    organisation: i64,
    project: Option<i64>,
    person: Option<i64>,
    /// All, if nothing is said.
    models: Option<Patterns>,
    expires_at_ms: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    name: String,
    models: Patterns,
    /// Never, if nothing is said.
    expires_at_ms: Option<u64>,
}

#[derive(Debug, Serialize)]
struct MadeKey {
    id: i64,
    /// Both are shown only now.
    key: String,
    signing_secret: String,
}

pub(super) async fn list(
    State(state): State<Shared>,
    caller: Caller,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, Refusal> {
    let directory = state.accounts.directory();
    let spent = state.gateway.books.ledger().spent(now_ms()).await?;
    let fits = |it: &Client| {
        let same = |wanted: Option<i64>, is: Option<i64>| wanted.is_none() || wanted == is;
        same(wanted.organisation, Some(it.organisation.0))
            && same(wanted.project, it.project.map(|it| it.0))
            && same(wanted.person, it.person.map(|it| it.0))
            && may_see(&caller, &directory, it)
    };
    let most = wanted.most.unwrap_or(MOST).clamp(1, MOST);
    let after = KeyId(wanted.after.unwrap_or_default());
    let later = directory.clients.range((Bound::Excluded(after), Bound::Unbounded));
    let mut fitting = later.map(|it| &**it.1).filter(|it| fits(it));
    let some: Vec<&Client> = fitting.by_ref().take(most).collect();
    let next = fitting.next().and(some.last().map(|it| it.key.0));
    let keys = some.into_iter().map(|it| {
        show_one(&directory, it, spent.get(&Scope::Key(it.key)).copied().unwrap_or_default())
    });
    Ok(shown(Keys { keys: keys.collect(), next }))
}

pub(super) async fn show(
    State(state): State<Shared>,
    caller: Caller,
    Id(id): Id,
) -> Result<Response, Refusal> {
    let directory = state.accounts.directory();
    let client = known(&directory, &caller, id)?;
    let spent = state.gateway.books.ledger().spent(now_ms()).await?;
    let spent = spent.get(&Scope::Key(client.key)).copied().unwrap_or_default();
    Ok(shown(show_one(&directory, client, spent)))
}

pub(super) async fn make(
    State(state): State<Shared>,
    caller: Caller,
    Small(new): Small<New>,
) -> Result<Response, Refusal> {
    let directory = state.accounts.directory();
    let place = (OrganisationId(new.organisation), new.project.map(ProjectId));
    let person = new.person.map(PersonId);
    let own = person.is_some() && person == caller.person();
    caller.must(&directory, place, if own { Deed::MakeOwnKey } else { Deed::MakeAnyKey })?;
    let key = NewKey {
        name: &new.name,
        organisation: place.0,
        project: place.1,
        person,
        models: new.models.unwrap_or_else(Patterns::all),
        expires_at_ms: new.expires_at_ms,
    };
    let (id, secret) = state.accounts.make_key(key, caller.who(), now_ms()).await?;
    let client = state.accounts.client(id).ok_or_else(|| not_there("key"))?;
    let body = shown(MadeKey {
        id: id.0,
        key: secret.expose().to_owned(),
        signing_secret: state.accounts.signing_secret(&client).expose().to_owned(),
    });
    Ok((StatusCode::CREATED, body).into_response())
}

pub(super) async fn change(
    State(state): State<Shared>,
    caller: Caller,
    Id(id): Id,
    Small(change): Small<Change>,
) -> Result<Response, Refusal> {
    let directory = state.accounts.directory();
    let client = known(&directory, &caller, id)?;
    // Who may only make keys of their own cannot widen one that somebody made for them.
    caller.must(&directory, (client.organisation, client.project), Deed::MakeAnyKey)?;
    a_key(client)?;
    let Change { name, models, expires_at_ms } = change;
    let to = KeyChange { name: &name, models, expires_at_ms };
    state.accounts.change_key(client.key, to, caller.who(), now_ms()).await?;
    Ok(done())
}

pub(super) async fn revoke(
    State(state): State<Shared>,
    caller: Caller,
    Id(id): Id,
) -> Result<Response, Refusal> {
    let directory = state.accounts.directory();
    let client = known(&directory, &caller, id)?;
    let deed = match caller.owns(&directory, client.key) {
        true => Deed::RevokeOwnKey,
        false => Deed::RevokeAnyKey,
    };
    caller.must(&directory, (client.organisation, client.project), deed)?;
    a_key(client)?;
    state.accounts.end(Scope::Key(client.key), caller.who(), now_ms()).await?;
    Ok(done())
}

/// Finds a key that the caller may see; another one is not there for them.
fn known<'a>(directory: &'a Directory, caller: &Caller, id: i64) -> Result<&'a Client, Refusal> {
    let client = directory.clients.get(&KeyId(id)).ok_or_else(|| not_there("key"))?;
    if may_see(caller, directory, client) { Ok(client) } else { Err(not_there("key")) }
}

fn may_see(caller: &Caller, directory: &Directory, client: &Client) -> bool {
    caller.owns(directory, client.key)
        || caller.may(directory, (client.organisation, client.project), Deed::SeeKeys)
}

/// Refuses for the place in the ledger of somebody who has no key.
fn a_key(client: &Client) -> Result<(), Refusal> {
    match client.prefix.is_empty() {
        true => Err(conflict("This is no key, but where somebody is booked who signed in")),
        false => Ok(()),
    }
}

fn show_one(directory: &Directory, client: &Client, spent: Spent) -> Shown {
    let caps = directory.caps.get(&Scope::Key(client.key)).cloned().unwrap_or_default();
    let state = match client.may_ask(now_ms()) {
        Ok(()) if client.prefix.is_empty() => "seat",
        Ok(()) => "active",
        Err(Denied::Revoked) => "revoked",
        Err(Denied::Expired) => "expired",
        Err(Denied::Orphaned | Denied::Unknown) => "orphaned",
    };
    Shown {
        id: client.key.0,
        name: client.name.clone(),
        prefix: client.prefix.clone(),
        state,
        organisation: client.organisation.0,
        project: client.project.map(|it| it.0),
        person: client.person.map(|it| it.0),
        models: client.models.clone(),
        expires_at_ms: client.expires_at_ms,
        revoked_at_ms: client.revoked_at_ms,
        spent: spent.into(),
        caps: caps.into(),
    }
}
