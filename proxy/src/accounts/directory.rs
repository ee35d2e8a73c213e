//! All accounts in memory, as they were at one moment.
//!
//! It is read as a whole and never changed; a change makes a new one.

use std::{collections::BTreeMap, sync::Arc};

use sqlx::{AnyConnection, Row as _, any::AnyRow};

use super::{
    Caps, KeyId, OrganisationId, Patterns, PersonId, ProjectId, Role, Scope, pepper::Digest,
};
use crate::store::{StoreError, count};

#[derive(Debug, Default)]
pub struct Directory {
    pub organisations: BTreeMap<OrganisationId, Organisation>,
    pub projects: BTreeMap<ProjectId, Project>,
    pub people: BTreeMap<PersonId, Person>,
    /// Roles in whole organisations, and in single projects.
    pub roles: BTreeMap<(OrganisationId, Option<ProjectId>, PersonId), Role>,
    pub clients: BTreeMap<KeyId, Arc<Client>>,
    /// Of everything that has some.
    pub caps: BTreeMap<Scope, Caps>,
    pub(super) by_digest: BTreeMap<Digest, Arc<Client>>,
    /// Keys without a secret, by whom they are for.
    pub(super) seats: BTreeMap<(OrganisationId, Option<ProjectId>, Option<PersonId>), KeyId>,
    pub(super) version: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    pub name: String,
    pub ended: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    pub organisation: OrganisationId,
    pub name: String,
    pub ended: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// In lower case. Without one, a person cannot sign in.
    pub email: Option<String>,
    pub name: String,
    pub ended: bool,
}

/// Who asks: a key with all that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    pub key: KeyId,
    pub name: String,
    /// How the key begins, to be recognized by its owner.
    pub prefix: String,
    pub organisation: OrganisationId,
    pub project: Option<ProjectId>,
    pub person: Option<PersonId>,
    pub models: Patterns,
    pub expires_at_ms: Option<u64>,
    pub revoked_at_ms: Option<u64>,
    /// Its owner, its project or its organisation is no more, or parted.
    pub orphaned: bool,
    /// Everything that a request counts for, the key itself first, each with its caps.
    pub scopes: Vec<(Scope, Caps)>,
}

/// Why a key or a session cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    #[error("there is no such key")]
    Unknown,
    #[error("the key was revoked")]
    Revoked,
    #[error("the key has expired")]
    Expired,
    #[error("who the key was for is not there any more")]
    Orphaned,
}

impl Client {
    /// Returns why it may not ask at this time.
    pub fn may_ask(&self, now_ms: u64) -> Result<(), Denied> {
        if self.revoked_at_ms.is_some() {
            Err(Denied::Revoked)
        } else if self.expires_at_ms.is_some_and(|it| it <= now_ms) {
            Err(Denied::Expired)
        } else if self.orphaned {
            Err(Denied::Orphaned)
        } else {
            Ok(())
        }
    }
}

impl Directory {
    /// Returns what a person is in an organisation and, if one is named, in its project.
    #[must_use]
    pub fn role(
        &self,
        person: PersonId,
        organisation: OrganisationId,
        project: Option<ProjectId>,
    ) -> Option<Role> {
        let here = |project| self.roles.get(&(organisation, project, person)).copied();
        if self.people.get(&person).is_none_or(|it| it.ended) {
            return None;
        }
        here(None).max(project.and_then(|it| here(Some(it))))
    }

    /// Returns where a person works: in a project of theirs, or in the first organisation that they
    /// belong to.
    #[must_use]
    pub fn place(
        &self,
        person: PersonId,
        project: Option<ProjectId>,
    ) -> Option<(OrganisationId, Option<ProjectId>)> {
        if let Some(project) = project {
            let organisation = self.projects.get(&project)?.organisation;
            self.role(person, organisation, Some(project))?;
            return Some((organisation, Some(project)));
        }
        let (organisation, project, _) = self.roles.keys().find(|it| it.2 == person)?;
        Some((*organisation, *project))
    }

    /// Returns the person with an e-mail address, written in any case.
    #[must_use]
    pub fn person_with(&self, email: &str) -> Option<PersonId> {
        let email = email.to_lowercase();
        let found = self.people.iter().find(|it| it.1.email.as_ref() == Some(&email));
        found.filter(|it| !it.1.ended).map(|it| *it.0)
    }

    pub(super) async fn read(on: &mut AnyConnection) -> Result<Self, StoreError> {
        // First: what changes while it reads is read again.
        let mut it = Self { version: super::version(on, "accounts").await?, ..Self::default() };
        for row in rows(on, "SELECT id, name, ended_at FROM organisations").await? {
            let organisation = Organisation { name: row.try_get(1)?, ended: ended(&row, 2)? };
            it.organisations.insert(OrganisationId(row.try_get(0)?), organisation);
        }
        for row in rows(on, "SELECT id, organisation_id, name, ended_at FROM projects").await? {
            let organisation = OrganisationId(row.try_get(1)?);
            let project = Project { organisation, name: row.try_get(2)?, ended: ended(&row, 3)? };
            it.projects.insert(ProjectId(row.try_get(0)?), project);
        }
        for row in rows(on, "SELECT id, email, name, ended_at FROM people").await? {
            let (email, name) = (row.try_get(1)?, row.try_get(2)?);
            let person = Person { email, name, ended: ended(&row, 3)? };
            it.people.insert(PersonId(row.try_get(0)?), person);
        }
        let members = "SELECT organisation_id, project_id, person_id, role FROM members";
        for row in rows(on, members).await? {
            let project: i64 = row.try_get(1)?;
            let project = (project != 0).then_some(ProjectId(project));
            let place = (OrganisationId(row.try_get(0)?), project, PersonId(row.try_get(2)?));
            let role = Role::numbered(row.try_get(3)?);
            it.roles.insert(place, role.ok_or(StoreError::Nonsense("a role without a name"))?);
        }
        for row in rows(on, "SELECT scope, owner_id, kind, most FROM caps").await? {
            let scope = Scope::numbered(row.try_get(0)?, row.try_get(1)?);
            let scope = scope.ok_or(StoreError::Nonsense("a scope without a name"))?;
            it.caps.entry(scope).or_default().add(row.try_get(2)?, count(row.try_get(3)?)?);
        }
        let keys = "SELECT id, name, prefix, organisation_id, project_id, person_id, models, \
                    expires_at, revoked_at, digest FROM client_keys ORDER BY id";
        for row in rows(on, keys).await? {
            it.add_client(&row)?;
        }
        Ok(it)
    }

    fn add_client(&mut self, row: &AnyRow) -> Result<(), StoreError> {
        let time = |column: usize| -> Result<Option<u64>, StoreError> {
            row.try_get::<Option<i64>, _>(column)?.map(count).transpose()
        };
        let models: String = row.try_get(6)?;
        let models = serde_json::from_str(&models).ok();
        let models = models.ok_or(StoreError::Nonsense("a key's patterns of models"))?;
        let key = KeyId(row.try_get(0)?);
        let organisation = OrganisationId(row.try_get(3)?);
        let project = row.try_get::<Option<i64>, _>(4)?.map(ProjectId);
        let person = row.try_get::<Option<i64>, _>(5)?.map(PersonId);
        let scopes = [
            Some(Scope::Key(key)),
            person.map(Scope::Person),
            project.map(Scope::Project),
            Some(Scope::Organisation(organisation)),
        ];
        let caps = |scope| (scope, self.caps.get(&scope).cloned().unwrap_or_default());
        let client = Arc::new(Client {
            key,
            name: row.try_get(1)?,
            prefix: row.try_get(2)?,
            organisation,
            project,
            person,
            models,
            expires_at_ms: time(7)?,
            revoked_at_ms: time(8)?,
            orphaned: self.orphaned(organisation, project, person),
            scopes: scopes.into_iter().flatten().map(caps).collect(),
        });
        match row.try_get::<Option<Vec<u8>>, _>(9)? {
            Some(digest) => {
                let digest = digest.try_into().ok();
                let digest = digest.ok_or(StoreError::Nonsense("a key's digest"))?;
                self.by_digest.insert(digest, Arc::clone(&client));
            }
            None => {
                self.seats.entry((organisation, project, person)).or_insert(key);
            }
        }
        self.clients.insert(key, client);
        Ok(())
    }

    fn orphaned(
        &self,
        organisation: OrganisationId,
        project: Option<ProjectId>,
        person: Option<PersonId>,
    ) -> bool {
        self.organisations.get(&organisation).is_none_or(|it| it.ended)
            || project.is_some_and(|it| self.projects.get(&it).is_none_or(|it| it.ended))
            || person.is_some_and(|it| self.role(it, organisation, project).is_none())
    }
}

async fn rows(on: &mut AnyConnection, text: &'static str) -> Result<Vec<AnyRow>, StoreError> {
    Ok(sqlx::query(text).fetch_all(on).await?)
}

fn ended(row: &AnyRow, column: usize) -> Result<bool, StoreError> {
    Ok(row.try_get::<Option<i64>, _>(column)?.is_some())
}
