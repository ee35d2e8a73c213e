//! Organisations and their projects, and what the caller is in them.

use axum::{extract::State, response::Response};
use serde::{Deserialize, Serialize};

use super::{
    Caller,
    asked::{Asked, Id, Small},
    done, made, not_allowed, not_there,
    people::Wanted,
    shown,
};
use crate::{
    accounts::{Deed, Directory, OrganisationId, ProjectId, Role, Scope, may},
    http::{Shared, refusal::Refusal},
    now_ms,
};

#[derive(Debug, Serialize)]
struct Me {
    /// The holder of the installation's token may everything.
    installation: bool,
    person: Option<i64>,
    name: String,
    shared: bool,
    places: Vec<Place>,
}

/// What somebody is somewhere.
#[derive(Debug, Serialize)]
struct Place {
    organisation: i64,
    project: Option<i64>,
    role: &'static str,
    may: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Organisation<'a> {
    id: i64,
    name: &'a str,
    ended: bool,
}

#[derive(Debug, Serialize)]
struct Project<'a> {
    id: i64,
    organisation: i64,
    name: &'a str,
    ended: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    name: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewProject {
    organisation: i64,
    name: String,
}

pub(super) async fn me(State(state): State<Shared>, caller: Caller) -> Response {
    let directory = state.accounts.directory();
    let deeds = |role| {
        let allowed = Deed::ALL.into_iter().filter(move |it| may(role, *it));
        allowed.map(|it| format!("{it:?}")).collect()
    };
    let theirs =
        |it: &(&(OrganisationId, Option<ProjectId>, _), &Role)| Some(it.0.2) == caller.person();
    let places = directory.roles.iter().filter(theirs).map(|(place, role)| Place {
        organisation: place.0.0,
        project: place.1.map(|it| it.0),
        role: role.name(),
        may: deeds(*role),
    });
    shown(Me {
        installation: caller.is_installation(),
        person: caller.person().map(|it| it.0),
        name: caller.who().actor.to_owned(),
        shared: state.operations.shared,
        places: places.collect(),
    })
}

pub(super) async fn organisations(State(state): State<Shared>, caller: Caller) -> Response {
    let directory = state.accounts.directory();
    let seen = directory.organisations.iter().filter(|it| belongs(&caller, &directory, *it.0));
    let seen = seen.map(|(id, it)| Organisation { id: id.0, name: &it.name, ended: it.ended });
    shown(seen.collect::<Vec<_>>())
}

/// Whether they have a role in an organisation or in any of its projects.
fn belongs(caller: &Caller, directory: &Directory, organisation: OrganisationId) -> bool {
    let mine = |it: &(OrganisationId, Option<ProjectId>, _)| {
        it.0 == organisation && Some(it.2) == caller.person()
    };
    caller.is_installation() || directory.roles.keys().any(mine)
}

pub(super) async fn make(
    State(state): State<Shared>,
    caller: Caller,
    Small(new): Small<New>,
) -> Result<Response, Refusal> {
    caller.only_installation()?;
    let id = state.accounts.make_organisation(&new.name, caller.who(), now_ms()).await?;
    Ok(made(id.0))
}

pub(super) async fn end(
    state: State<Shared>,
    caller: Caller,
    Id(id): Id,
) -> Result<Response, Refusal> {
    finish(state, caller, Scope::Organisation(OrganisationId(id)), Deed::EndOrganisation).await
}

pub(super) async fn projects(
    State(state): State<Shared>,
    caller: Caller,
    Asked(wanted): Asked<Wanted>,
) -> Response {
    let directory = state.accounts.directory();
    let seen = directory.projects.iter().filter(|(id, it)| {
        wanted.organisation.is_none_or(|wanted| it.organisation.0 == wanted)
            && caller.role(&directory, it.organisation, Some(**id)).is_some()
    });
    let seen = seen.map(|(id, it)| Project {
        id: id.0,
        organisation: it.organisation.0,
        name: &it.name,
        ended: it.ended,
    });
    shown(seen.collect::<Vec<_>>())
}

pub(super) async fn make_project(
    State(state): State<Shared>,
    caller: Caller,
    Small(new): Small<NewProject>,
) -> Result<Response, Refusal> {
    let organisation = OrganisationId(new.organisation);
    caller.must(&state.accounts.directory(), (organisation, None), Deed::MakeProject)?;
    let id = state.accounts.make_project(organisation, &new.name, caller.who(), now_ms()).await?;
    Ok(made(id.0))
}

pub(super) async fn end_project(
    state: State<Shared>,
    caller: Caller,
    Id(id): Id,
) -> Result<Response, Refusal> {
    finish(state, caller, Scope::Project(ProjectId(id)), Deed::EndProject).await
}

async fn finish(
    State(state): State<Shared>,
    caller: Caller,
    scope: Scope,
    deed: Deed,
) -> Result<Response, Refusal> {
    if !caller.may_for(&state.accounts.directory(), scope, deed) {
        let what = if matches!(scope, Scope::Project(_)) { "project" } else { "organisation" };
        return Err(if caller.is_installation() { not_there(what) } else { not_allowed() });
    }
    state.accounts.end(scope, caller.who(), now_ms()).await?;
    Ok(done())
}
