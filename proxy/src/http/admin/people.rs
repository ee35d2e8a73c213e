//! People, and what they are in organisations and projects.

use std::collections::BTreeSet;

use axum::{extract::State, response::Response};
use serde::{Deserialize, Serialize};

use super::{
    Caller,
    asked::{Asked, Id, Small},
    bad, conflict, done, made, not_allowed, not_there, shown,
};
use crate::{
    accounts::{Deed, Directory, OrganisationId, PersonId, ProjectId, Role, Scope},
    http::{Shared, refusal::Refusal},
    now_ms,
};

#[derive(Debug, Serialize)]
struct Shown<'a> {
    id: i64,
    name: &'a str,
    email: Option<&'a str>,
    ended: bool,
}

#[derive(Debug, Serialize)]
struct Member<'a> {
    organisation: i64,
    project: Option<i64>,
    person: i64,
    name: &'a str,
    email: Option<&'a str>,
    role: &'static str,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    pub(super) organisation: Option<i64>,
}

/// A person, and where they begin. Only the installation may leave that out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    name: String,
    /// Without one, a person cannot sign in.
    email: Option<String>,
    organisation: Option<i64>,
    project: Option<i64>,
    role: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Appoint {
    person: i64,
    organisation: i64,
    project: Option<i64>,
    /// None takes the role away.
    role: Option<String>,
}

pub(super) async fn list(State(state): State<Shared>, caller: Caller) -> Response {
    let directory = state.accounts.directory();
    let seen: BTreeSet<PersonId> = match caller.is_installation() {
        true => directory.people.keys().copied().collect(),
        false => visible(&caller, &directory).map(|it| it.0.2).collect(),
    };
    let people = seen.iter().filter_map(|id| Some((id, directory.people.get(id)?)));
    let people = people.map(|(id, it)| Shown {
        id: id.0,
        name: &it.name,
        email: it.email.as_deref(),
        ended: it.ended,
    });
    shown(people.collect::<Vec<_>>())
}

pub(super) async fn members(
    State(state): State<Shared>,
    caller: Caller,
    Asked(wanted): Asked<Wanted>,
) -> Response {
    let directory = state.accounts.directory();
    let members = visible(&caller, &directory)
        .filter(|it| wanted.organisation.is_none_or(|wanted| it.0.0.0 == wanted))
        .filter_map(|(place, role)| {
            let person = directory.people.get(&place.2)?;
            Some(Member {
                organisation: place.0.0,
                project: place.1.map(|it| it.0),
                person: place.2.0,
                name: &person.name,
                email: person.email.as_deref(),
                role: role.name(),
            })
        });
    shown(members.collect::<Vec<_>>())
}

type Membership<'a> = (&'a (OrganisationId, Option<ProjectId>, PersonId), &'a Role);

fn visible<'a>(
    caller: &'a Caller,
    directory: &'a Directory,
) -> impl Iterator<Item = Membership<'a>> {
    directory
        .roles
        .iter()
        .filter(|(place, _)| caller.may(directory, (place.0, place.1), Deed::SeeMembers))
}

pub(super) async fn make(
    State(state): State<Shared>,
    caller: Caller,
    Small(new): Small<New>,
) -> Result<Response, Refusal> {
    let directory = state.accounts.directory();
    let place = new.organisation.map(|it| (OrganisationId(it), new.project.map(ProjectId)));
    let role = new.role.as_deref().map(role_named).transpose()?;
    match (place, role) {
        (Some(place), Some(role)) => caller.must(&directory, place, deed_for(role))?,
        (Some(_), None) | (None, Some(_)) => {
            return Err(bad("A person needs an organisation together with a role in it"));
        }
        (None, None) => caller.only_installation()?,
    }
    // Who is known already, perhaps from another organisation, only comes in.
    let known = new.email.as_deref().and_then(|it| directory.person_with(it.trim()));
    let person = match known {
        Some(_) if place.is_none() => return Err(conflict("There is a person with this address")),
        Some(person) => person,
        None => {
            let email = new.email.as_deref();
            state.accounts.make_person(&new.name, email, caller.who(), now_ms()).await?
        }
    };
    if let (Some((organisation, project)), Some(role)) = (place, role) {
        if known.is_some() {
            // The higher role of who is in already is not for everybody to change.
            may_replace(&caller, &directory, (organisation, project, person))?;
        }
        let by = caller.who();
        state.accounts.set_role(person, organisation, project, Some(role), by, now_ms()).await?;
    }
    Ok(made(person.0))
}

pub(super) async fn end(
    State(state): State<Shared>,
    caller: Caller,
    Id(id): Id,
) -> Result<Response, Refusal> {
    caller.only_installation()?;
    let scope = Scope::Person(PersonId(id));
    state.accounts.end(scope, caller.who(), now_ms()).await?;
    Ok(done())
}

pub(super) async fn appoint(
    State(state): State<Shared>,
    caller: Caller,
    Small(it): Small<Appoint>,
) -> Result<Response, Refusal> {
    let directory = state.accounts.directory();
    let (organisation, project) = (OrganisationId(it.organisation), it.project.map(ProjectId));
    let person = PersonId(it.person);
    let role = it.role.as_deref().map(role_named).transpose()?;
    let deed = role.map_or(Deed::RemoveMember, deed_for);
    caller.must(&directory, (organisation, project), deed)?;
    // Somebody from elsewhere is asked in by address, not by number.
    let here = |it: &(OrganisationId, _, _)| it.0 == organisation && it.2 == person;
    if !caller.is_installation() && !directory.roles.keys().any(here) {
        return Err(not_there("person here"));
    }
    may_replace(&caller, &directory, (organisation, project, person))?;
    let mut owners = directory
        .roles
        .iter()
        .filter(|(at, role)| at.0 == organisation && at.1.is_none() && **role == Role::Owner);
    let last = owners.next().is_some_and(|it| it.0.2 == person) && owners.next().is_none();
    if last && project.is_none() && role != Some(Role::Owner) {
        return Err(conflict("This is the organisation's last owner; appoint another one first"));
    }
    state.accounts.set_role(person, organisation, project, role, caller.who(), now_ms()).await?;
    Ok(done())
}

/// Whether the role that somebody has may be taken from them.
fn may_replace(
    caller: &Caller,
    directory: &Directory,
    place: (OrganisationId, Option<ProjectId>, PersonId),
) -> Result<(), Refusal> {
    let Some(now) = directory.roles.get(&place) else { return Ok(()) };
    match caller.may(directory, (place.0, place.1), deed_for(*now)) {
        true => Ok(()),
        false => Err(not_allowed()),
    }
}

fn deed_for(role: Role) -> Deed {
    match role {
        Role::Member => Deed::AddMember,
        Role::Admin => Deed::AppointAdmin,
        Role::Owner => Deed::AppointOwner,
    }
}

fn role_named(name: &str) -> Result<Role, Refusal> {
    Role::named(name).ok_or_else(|| bad("There is no such role; there are owner, admin and member"))
}
