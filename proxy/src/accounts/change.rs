//! Changes of accounts. Each is one transaction with its entry in the audit log.
//!
//! They check what is asked, not who asks. Nothing is deleted: the ledger refers to it.

use sqlx::{AnyConnection, Row as _};

use super::{
    Accounts, BadPatterns, Caps, OrganisationId, PersonId, ProjectId, Role, Scope, changed,
};
use crate::{
    keys::BadStore,
    store::{
        StoreError, Survive, Write,
        audit::{self, Entry},
        int,
    },
};

const MOST_NAME: usize = 100;

/// Who changes something, and from where.
#[derive(Debug, Clone, Copy, Default)]
pub struct Who<'a> {
    pub actor: &'a str,
    pub ip: &'a str,
    pub user_agent: &'a str,
    pub session: &'a str,
}

impl<'a> Who<'a> {
    /// Returns an entry of the audit log.
    #[must_use]
    pub fn did(self, action: &'a str, subject: &'a str, detail: &'a str) -> Entry<'a> {
        let Self { actor, ip, user_agent, session } = self;
        Entry { actor, action, subject, detail, ip, user_agent, session }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum NotChanged {
    /// Another name is needed.
    #[error("there is one with this name already")]
    Taken,
    #[error("there is no such {0}")]
    Unknown(&'static str),
    #[error("{0}")]
    Bad(&'static str),
    #[error(transparent)]
    Patterns(#[from] BadPatterns),
    #[error(transparent)]
    Secret(#[from] BadStore),
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for NotChanged {
    fn from(err: StoreError) -> Self {
        if err.is_taken() { Self::Taken } else { Self::Store(err) }
    }
}

impl From<sqlx::Error> for NotChanged {
    fn from(err: sqlx::Error) -> Self {
        StoreError::from(err).into()
    }
}

/// A change under way.
pub(super) struct Change<'a> {
    accounts: &'a Accounts,
    write: Write,
    by: Who<'a>,
    pub(super) now_ms: u64,
}

impl Change<'_> {
    pub(super) fn on(&mut self) -> &mut AnyConnection {
        self.write.on()
    }

    /// Writes it down, makes it so, and returns when this instance knows it.
    pub(super) async fn done(
        mut self,
        action: &str,
        subject: &str,
        detail: &str,
    ) -> Result<(), NotChanged> {
        let entry = self.by.did(action, subject, detail);
        audit::append(self.write.on(), entry, self.now_ms).await?;
        self.write.commit().await?;
        Ok(self.accounts.read_directory().await?)
    }
}

impl Accounts {
    pub(super) async fn change<'a>(
        &'a self,
        by: Who<'a>,
        now_ms: u64,
    ) -> Result<Change<'a>, NotChanged> {
        let mut write = self.store.write(Survive::PowerLoss).await?;
        changed(write.on(), "accounts").await?;
        Ok(Change { accounts: self, write, by, now_ms })
    }

    pub async fn make_organisation(
        &self,
        name: &str,
        by: Who<'_>,
        now_ms: u64,
    ) -> Result<OrganisationId, NotChanged> {
        let name = named(name)?;
        let mut change = self.change(by, now_ms).await?;
        let row =
            sqlx::query("INSERT INTO organisations (name, made_at) VALUES ($1, $2) RETURNING id")
                .bind(name)
                .bind(int(now_ms))
                .fetch_one(change.on())
                .await?;
        let id = OrganisationId(row.try_get(0)?);
        change.done("organisation.make", &Scope::Organisation(id).to_string(), name).await?;
        Ok(id)
    }

    pub async fn make_project(
        &self,
        organisation: OrganisationId,
        name: &str,
        by: Who<'_>,
        now_ms: u64,
    ) -> Result<ProjectId, NotChanged> {
        let name = named(name)?;
        self.known(Scope::Organisation(organisation))?;
        let mut change = self.change(by, now_ms).await?;
        let row = sqlx::query(
            "INSERT INTO projects (organisation_id, name, made_at) VALUES ($1, $2, $3) RETURNING id",
        )
        .bind(organisation.0)
        .bind(name)
        .bind(int(now_ms))
        .fetch_one(change.on())
        .await?;
        let id = ProjectId(row.try_get(0)?);
        change.done("project.make", &Scope::Project(id).to_string(), name).await?;
        Ok(id)
    }

    /// Makes a person. Without an e-mail address, it cannot sign in.
    pub async fn make_person(
        &self,
        name: &str,
        email: Option<&str>,
        by: Who<'_>,
        now_ms: u64,
    ) -> Result<PersonId, NotChanged> {
        let name = named(name)?;
        let email = email.map(address).transpose()?;
        let mut change = self.change(by, now_ms).await?;
        let row = sqlx::query(
            "INSERT INTO people (name, email, made_at) VALUES ($1, $2, $3) RETURNING id",
        )
        .bind(name)
        .bind(&email)
        .bind(int(now_ms))
        .fetch_one(change.on())
        .await?;
        let id = PersonId(row.try_get(0)?);
        let detail = email.as_deref().unwrap_or(name);
        change.done("person.make", &Scope::Person(id).to_string(), detail).await?;
        Ok(id)
    }

    /// Gives a person a role in an organisation or in one of its projects, or takes it away. Keys of
    /// who has none there any more stop.
    pub async fn set_role(
        &self,
        person: PersonId,
        organisation: OrganisationId,
        project: Option<ProjectId>,
        role: Option<Role>,
        by: Who<'_>,
        now_ms: u64,
    ) -> Result<(), NotChanged> {
        self.known(Scope::Organisation(organisation))?;
        self.known(Scope::Person(person))?;
        self.known_in(organisation, project)?;
        let mut change = self.change(by, now_ms).await?;
        sqlx::query(
            "DELETE FROM members WHERE organisation_id = $1 AND project_id = $2 AND person_id = $3",
        )
        .bind(organisation.0)
        .bind(project.map_or(0, |it| it.0))
        .bind(person.0)
        .execute(change.on())
        .await?;
        if let Some(role) = role {
            sqlx::query(
                "INSERT INTO members (organisation_id, project_id, person_id, role)
                 VALUES ($1, $2, $3, $4)",
            )
            .bind(organisation.0)
            .bind(project.map_or(0, |it| it.0))
            .bind(person.0)
            .bind(role as i16)
            .execute(change.on())
            .await?;
        }
        let place = project.map_or(Scope::Organisation(organisation), Scope::Project);
        let role = role.map_or("no role", Role::name);
        let detail = format!("{role} in {place}");
        change.done("person.role", &Scope::Person(person).to_string(), &detail).await
    }

    /// Replaces the budgets and limits of something.
    pub async fn set_caps(
        &self,
        scope: Scope,
        caps: &Caps,
        by: Who<'_>,
        now_ms: u64,
    ) -> Result<(), NotChanged> {
        self.known(scope)?;
        let mut change = self.change(by, now_ms).await?;
        let (number, owner) = scope.numbers();
        sqlx::query("DELETE FROM caps WHERE scope = $1 AND owner_id = $2")
            .bind(number)
            .bind(owner)
            .execute(change.on())
            .await?;
        for (kind, most) in caps.numbers() {
            sqlx::query("INSERT INTO caps (scope, owner_id, kind, most) VALUES ($1, $2, $3, $4)")
                .bind(number)
                .bind(owner)
                .bind(kind)
                .bind(int(most))
                .execute(change.on())
                .await?;
        }
        change.done("caps.set", &scope.to_string(), &caps.to_string()).await
    }

    /// Ends an organisation, a project or a person, or revokes a key. All keys below it stop. There
    /// is no way back.
    pub async fn end(&self, scope: Scope, by: Who<'_>, now_ms: u64) -> Result<(), NotChanged> {
        self.known(scope)?;
        let mut change = self.change(by, now_ms).await?;
        let (text, action) = match scope {
            Scope::Organisation(_) => (
                "UPDATE organisations SET ended_at = COALESCE(ended_at, $1) WHERE id = $2",
                "organisation.end",
            ),
            Scope::Project(_) => (
                "UPDATE projects SET ended_at = COALESCE(ended_at, $1) WHERE id = $2",
                "project.end",
            ),
            Scope::Person(_) => (
                // The address may come back with another person.
                "UPDATE people SET ended_at = COALESCE(ended_at, $1), email = NULL WHERE id = $2",
                "person.end",
            ),
            Scope::Key(_) => (
                "UPDATE client_keys SET revoked_at = COALESCE(revoked_at, $1) WHERE id = $2",
                "key.revoke",
            ),
        };
        let (_, owner) = scope.numbers();
        sqlx::query(text).bind(int(now_ms)).bind(owner).execute(change.on()).await?;
        change.done(action, &scope.to_string(), "").await
    }

    pub(super) fn known(&self, scope: Scope) -> Result<(), NotChanged> {
        let directory = self.directory();
        let (known, what) = match scope {
            Scope::Organisation(id) => (directory.organisations.contains_key(&id), "organisation"),
            Scope::Project(id) => (directory.projects.contains_key(&id), "project"),
            Scope::Person(id) => (directory.people.contains_key(&id), "person"),
            Scope::Key(id) => (directory.clients.contains_key(&id), "key"),
        };
        if known { Ok(()) } else { Err(NotChanged::Unknown(what)) }
    }

    /// A project is only named together with its own organisation.
    pub(super) fn known_in(
        &self,
        organisation: OrganisationId,
        project: Option<ProjectId>,
    ) -> Result<(), NotChanged> {
        let Some(project) = project else { return Ok(()) };
        match self.directory().projects.get(&project) {
            Some(it) if it.organisation == organisation => Ok(()),
            Some(_) | None => Err(NotChanged::Unknown("project")),
        }
    }
}

/// Returns a name as it is kept.
pub(super) fn named(name: &str) -> Result<&str, NotChanged> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MOST_NAME || name.contains(char::is_control) {
        return Err(NotChanged::Bad("a name has 1 to 100 characters, on one line"));
    }
    Ok(name)
}

/// Returns an e-mail address as it is kept.
pub(super) fn address(email: &str) -> Result<String, NotChanged> {
    let email = email.trim().to_lowercase();
    match email.parse::<lettre::Address>() {
        Ok(_) if email.len() <= 254 => Ok(email),
        Ok(_) | Err(_) => Err(NotChanged::Bad("this is no e-mail address")),
    }
}
