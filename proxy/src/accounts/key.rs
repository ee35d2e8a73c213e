//! Virtual keys: made once, shown once, and afterwards only known by their hash.

use std::sync::Arc;

use sqlx::Row as _;

use super::{
    Accounts, Client, KeyId, NotChanged, OrganisationId, Patterns, PersonId, ProjectId, Scope, Who,
    change::named, pepper::Digest,
};
use crate::{
    keys::{PREFIX, Secret},
    store::int,
};

/// Characters of a key that may be seen: they tell keys apart and open nothing.
const SHOWN: usize = PREFIX.len() + 6;

/// A key to be made.
#[derive(Debug, Clone)]
pub struct NewKey<'a> {
    pub name: &'a str,
    pub organisation: OrganisationId,
    pub project: Option<ProjectId>,
    pub person: Option<PersonId>,
    pub models: Patterns,
    pub expires_at_ms: Option<u64>,
}

/// What can be changed about a key. Whom it belongs to cannot: the ledger counts on it.
#[derive(Debug, Clone)]
pub struct KeyChange<'a> {
    pub name: &'a str,
    pub models: Patterns,
    pub expires_at_ms: Option<u64>,
}

impl Accounts {
    /// Makes a key and returns it, for this one time.
    pub async fn make_key(
        &self,
        key: NewKey<'_>,
        by: Who<'_>,
        now_ms: u64,
    ) -> Result<(KeyId, Secret), NotChanged> {
        let secret = Secret::new(format!("{PREFIX}{}", Secret::random()?.expose()));
        let digest = self.pepper.key(secret.expose());
        let prefix = &secret.expose()[..SHOWN];
        let id = self.insert_key(&key, Some(&digest), prefix, by, now_ms).await?;
        Ok((id, secret))
    }

    /// Returns the place in the ledger of a person who signed in and needs no key; it is made when
    /// it is first needed.
    pub async fn seat(
        &self,
        person: PersonId,
        organisation: OrganisationId,
        project: Option<ProjectId>,
        now_ms: u64,
    ) -> Result<KeyId, NotChanged> {
        let directory = self.directory();
        if let Some(id) = directory.seats.get(&(organisation, project, Some(person))) {
            return Ok(*id);
        }
        let name = &directory.people.get(&person).ok_or(NotChanged::Unknown("person"))?.name;
        let person = Some(person);
        let models = Patterns::all();
        let key = NewKey { name, organisation, project, person, models, expires_at_ms: None };
        let by = Who { actor: "easel-proxy", ..Who::default() };
        self.insert_key(&key, None, "", by, now_ms).await
    }

    /// Returns a key by its number.
    #[must_use]
    pub fn client(&self, key: KeyId) -> Option<Arc<Client>> {
        self.directory().clients.get(&key).cloned()
    }

    pub async fn change_key(
        &self,
        key: KeyId,
        to: KeyChange<'_>,
        by: Who<'_>,
        now_ms: u64,
    ) -> Result<(), NotChanged> {
        self.known(Scope::Key(key))?;
        let mut change = self.change(by, now_ms).await?;
        sqlx::query("UPDATE client_keys SET name = $1, models = $2, expires_at = $3 WHERE id = $4")
            .bind(named(to.name)?)
            .bind(text(&to.models))
            .bind(to.expires_at_ms.map(int))
            .bind(key.0)
            .execute(change.on())
            .await?;
        let detail = format!("{} for {}", to.name, text(&to.models));
        change.done("key.change", &Scope::Key(key).to_string(), &detail).await
    }

    pub(super) async fn insert_key(
        &self,
        key: &NewKey<'_>,
        digest: Option<&Digest>,
        prefix: &str,
        by: Who<'_>,
        now_ms: u64,
    ) -> Result<KeyId, NotChanged> {
        let name = named(key.name)?;
        self.known(Scope::Organisation(key.organisation))?;
        self.known_in(key.organisation, key.project)?;
        if let Some(person) = key.person {
            let role = self.directory().role(person, key.organisation, key.project);
            role.ok_or(NotChanged::Unknown("member of this organisation"))?;
        }
        let mut change = self.change(by, now_ms).await?;
        let row = sqlx::query(
            "INSERT INTO client_keys (name, prefix, digest, organisation_id, project_id, person_id,
             models, made_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id",
        )
        .bind(name)
        .bind(prefix)
        .bind(digest.map(|it| it.to_vec()))
        .bind(key.organisation.0)
        .bind(key.project.map(|it| it.0))
        .bind(key.person.map(|it| it.0))
        .bind(text(&key.models))
        .bind(int(now_ms))
        .bind(key.expires_at_ms.map(int))
        .fetch_one(change.on())
        .await?;
        let id = KeyId(row.try_get(0)?);
        let detail = format!("{name} {prefix} for {}", text(&key.models));
        change.done("key.make", &Scope::Key(id).to_string(), &detail).await?;
        Ok(id)
    }
}

/// Patterns as they are kept.
fn text(models: &Patterns) -> String {
    serde_json::to_string(models).expect("a list of texts is JSON")
}
