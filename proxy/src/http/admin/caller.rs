//! Who administrates: the holder of the installation's token, or a person who signed in.
//!
//! The installation may everything. A person may what their role says in an organisation or one of
//! its projects. A virtual key is for models and opens nothing here.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use http::{StatusCode, header, request::Parts};
use wire::RejectionCode;

use super::not_allowed;
use crate::{
    accounts::{
        Deed, Directory, KeyId, OrganisationId, PersonId, ProjectId, Role, Scope, Visitor, Who, may,
    },
    http::{Shared, auth::bearer, refusal::Refusal},
    now_ms,
};

/// Somebody who may look, and perhaps change.
#[derive(Debug)]
pub(in crate::http) struct Caller {
    /// None is the installation.
    pub(super) visitor: Option<Visitor>,
    name: String,
    session: String,
    ip: String,
    user_agent: String,
}

impl FromRequestParts<Shared> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &Shared) -> Result<Self, Refusal> {
        let token = bearer(parts).ok_or_else(stranger)?;
        let (ip, user_agent) =
            (address(parts, state).map_or_else(String::new, |it| it.to_string()), agent(parts));
        if state.token.matches(token) {
            let (name, session) = ("the installation's token".to_owned(), String::new());
            return Ok(Self { visitor: None, name, session, ip, user_agent });
        }
        // It is not told what is wrong with it.
        let visitor = state.accounts.visitor(token, now_ms()).ok().ok_or_else(stranger)?;
        let directory = state.accounts.directory();
        let name = directory.people.get(&visitor.person).map(|it| it.name.clone());
        Ok(Self {
            visitor: Some(visitor),
            name: name.unwrap_or_default(),
            session: visitor.session.0.to_string(),
            ip,
            user_agent,
        })
    }
}

fn stranger() -> Refusal {
    Refusal::new(
        StatusCode::UNAUTHORIZED,
        RejectionCode::NotPaired,
        "Sign in with the installation's token or a session; keys are for models only",
    )
}

/// Where a request comes from: the peer, or whom the configured proxy in front says it speaks for.
pub(in crate::http) fn address(parts: &Parts, state: &Shared) -> Option<IpAddr> {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|it| it.0.ip());
    if !state.operations.behind_proxy {
        return peer;
    }
    // The last one is the proxy's own word; what stands before it anybody can write.
    let said = parts.headers.get_all("x-forwarded-for").iter().next_back();
    let said = said.and_then(|it| it.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
    said.or(peer)
}

pub(in crate::http) fn agent(parts: &Parts) -> String {
    let name = parts.headers.get(header::USER_AGENT).and_then(|it| it.to_str().ok());
    name.unwrap_or_default().to_owned()
}

impl Caller {
    /// Notes in the audit log what they did.
    pub(in crate::http) async fn did(
        &self,
        state: &Shared,
        action: &str,
        subject: &str,
        detail: &str,
    ) {
        let entry = self.who().did(action, subject, detail);
        state.operations.audit.note(entry, now_ms()).await;
    }

    pub(in crate::http) fn who(&self) -> Who<'_> {
        Who {
            actor: &self.name,
            ip: &self.ip,
            user_agent: &self.user_agent,
            session: &self.session,
        }
    }

    pub(super) fn person(&self) -> Option<PersonId> {
        self.visitor.map(|it| it.person)
    }

    pub(super) fn is_installation(&self) -> bool {
        self.visitor.is_none()
    }

    pub(super) fn only_installation(&self) -> Result<(), Refusal> {
        if self.is_installation() { Ok(()) } else { Err(not_allowed()) }
    }

    /// Returns what they are in an organisation and, if one is named, in its project.
    pub(super) fn role(
        &self,
        directory: &Directory,
        organisation: OrganisationId,
        project: Option<ProjectId>,
    ) -> Option<Role> {
        match self.person() {
            None => Some(Role::Owner),
            Some(person) => directory.role(person, organisation, project),
        }
    }

    pub(super) fn may(
        &self,
        directory: &Directory,
        (organisation, project): (OrganisationId, Option<ProjectId>),
        deed: Deed,
    ) -> bool {
        self.role(directory, organisation, project).is_some_and(|it| may(it, deed))
    }

    pub(super) fn must(
        &self,
        directory: &Directory,
        place: (OrganisationId, Option<ProjectId>),
        deed: Deed,
    ) -> Result<(), Refusal> {
        if self.may(directory, place, deed) { Ok(()) } else { Err(not_allowed()) }
    }

    /// For what belongs to no organisation: some role must allow it.
    pub(super) fn must_somewhere(&self, directory: &Directory, deed: Deed) -> Result<(), Refusal> {
        let somewhere =
            directory.organisations.keys().any(|it| self.may(directory, (*it, None), deed));
        if self.is_installation() || somewhere { Ok(()) } else { Err(not_allowed()) }
    }

    /// Whether they may do something to a person: in every organisation that the person is in, so
    /// that one does not decide for another.
    fn may_to(&self, directory: &Directory, person: PersonId, deed: Deed) -> bool {
        let mut places = directory.roles.keys().filter(|it| it.2 == person).peekable();
        self.is_installation()
            || places.peek().is_some() && places.all(|it| self.may(directory, (it.0, it.1), deed))
    }

    /// Whether they may do something to what has budgets. What nobody knows, nobody may.
    pub(super) fn may_for(&self, directory: &Directory, scope: Scope, deed: Deed) -> bool {
        match scope {
            Scope::Organisation(id) => {
                directory.organisations.contains_key(&id) && self.may(directory, (id, None), deed)
            }
            Scope::Project(id) => directory
                .projects
                .get(&id)
                .is_some_and(|it| self.may(directory, (it.organisation, Some(id)), deed)),
            Scope::Person(id) => {
                directory.people.contains_key(&id) && self.may_to(directory, id, deed)
            }
            Scope::Key(id) => directory
                .clients
                .get(&id)
                .is_some_and(|it| self.may(directory, (it.organisation, it.project), deed)),
        }
    }

    /// Whether they may see what was used: their own, or what `deed` lets them see.
    pub(super) fn may_see(&self, directory: &Directory, scope: Scope, deed: Deed) -> bool {
        let own = match scope {
            Scope::Person(id) => self.person() == Some(id),
            Scope::Key(id) => self.owns(directory, id),
            Scope::Organisation(_) | Scope::Project(_) => false,
        };
        own || self.may_for(directory, scope, deed)
    }

    pub(super) fn owns(&self, directory: &Directory, key: KeyId) -> bool {
        let owner = directory.clients.get(&key).and_then(|it| it.person);
        owner.is_some() && owner == self.person()
    }
}
