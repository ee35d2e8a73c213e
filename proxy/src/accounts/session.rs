//! Sessions of people who signed in.
//!
//! A session is a random token, of which only a hash is kept. All of them are in memory, so that one
//! that was ended is refused at once, also when it comes as a web token.

use std::collections::BTreeMap;

use sqlx::{AnyConnection, Row as _};

use super::{
    Accounts, Denied, PersonId, SessionId, changed,
    pepper::{Digest, Use},
    web_token,
};
use crate::{
    keys::{BadStore, Secret},
    store::{StoreError, Survive, Write, count, int},
};

const TTL_MS: u64 = 30 * 24 * crate::ledger::HOUR_MS;

/// Sessions of one person; the oldest ends when another begins.
const MOST: i64 = 20;

/// How a session's token begins.
pub const SESSION_PREFIX: &str = "easel-session-";

/// Characters of an address or a browser's name.
const MOST_TEXT: usize = 200;

/// Somebody who signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visitor {
    pub session: SessionId,
    pub person: PersonId,
    pub expires_at_ms: u64,
}

#[derive(Debug, Default)]
pub(super) struct Sessions {
    by_digest: BTreeMap<Digest, Visitor>,
    by_id: BTreeMap<SessionId, Visitor>,
    pub(super) version: u64,
}

impl Sessions {
    pub(super) async fn read(on: &mut AnyConnection) -> Result<Self, StoreError> {
        let mut it = Self { version: super::version(on, "sessions").await?, ..Self::default() };
        let text = "SELECT id, digest, person_id, expires_at FROM sessions";
        for row in sqlx::query(text).fetch_all(on).await? {
            let visitor = Visitor {
                session: SessionId(row.try_get(0)?),
                person: PersonId(row.try_get(2)?),
                expires_at_ms: count(row.try_get(3)?)?,
            };
            let digest = row.try_get::<Vec<u8>, _>(1)?.try_into().ok();
            let digest = digest.ok_or(StoreError::Nonsense("a session's digest"))?;
            it.by_digest.insert(digest, visitor);
            it.by_id.insert(visitor.session, visitor);
        }
        Ok(it)
    }
}

impl Accounts {
    /// Returns who a session or a web token belongs to, if it is valid at this time.
    pub fn visitor(&self, token: &str, now_ms: u64) -> Result<Visitor, Denied> {
        let sessions = self.sessions();
        let found = if token.contains('.') {
            let claims = web_token::verify(&self.web_token_key(), token, now_ms)?;
            sessions.by_id.get(&claims.session).filter(|it| it.person == claims.person)
        } else {
            sessions.by_digest.get(&self.pepper.hash(Use::Session, token))
        };
        let visitor = *found.ok_or(Denied::Unknown)?;
        if visitor.expires_at_ms <= now_ms {
            return Err(Denied::Expired);
        }
        if self.directory().people.get(&visitor.person).is_none_or(|it| it.ended) {
            return Err(Denied::Orphaned);
        }
        Ok(visitor)
    }

    /// Returns a web token (JWT) for a session, for a quarter of an hour. Others can check whom it is
    /// for with [`Self::visitor`] only: the key stays here.
    #[must_use]
    pub fn web_token(&self, visitor: &Visitor, now_ms: u64) -> Secret {
        web_token::sign(&self.web_token_key(), visitor, now_ms)
    }

    fn web_token_key(&self) -> Digest {
        self.pepper.hash(Use::WebToken, "")
    }

    /// Returns the sessions of a person that are open.
    #[must_use]
    pub fn sessions_of(&self, person: PersonId, now_ms: u64) -> Vec<Visitor> {
        let sessions = self.sessions();
        let theirs = sessions.by_id.values().filter(|it| it.person == person);
        theirs.filter(|it| it.expires_at_ms > now_ms).copied().collect()
    }

    /// Signs out.
    pub async fn end_session(&self, session: SessionId) -> Result<(), StoreError> {
        let mut write = self.store.write(Survive::PowerLoss).await?;
        changed(write.on(), "sessions").await?;
        sqlx::query("DELETE FROM sessions WHERE id = $1")
            .bind(session.0)
            .execute(write.on())
            .await?;
        write.commit().await?;
        self.read_sessions().await
    }

    /// Removes sessions that have expired, and old PINs.
    pub async fn tidy(&self, now_ms: u64) -> Result<(), StoreError> {
        let mut write = self.store.write(Survive::ProcessEnd).await?;
        let removed = sqlx::query("DELETE FROM sessions WHERE expires_at <= $1")
            .bind(int(now_ms))
            .execute(write.on())
            .await?;
        super::pin::forget(write.on(), now_ms).await?;
        if removed.rows_affected() > 0 {
            changed(write.on(), "sessions").await?;
        }
        write.commit().await?;
        self.read_sessions().await
    }

    /// Begins a session within a change, and commits it.
    pub(super) async fn begin_session(
        &self,
        mut write: Write,
        person: PersonId,
        (ip, user_agent): (&str, &str),
        now_ms: u64,
    ) -> Result<(Secret, Visitor), NotBegun> {
        let token = Secret::new(format!("{SESSION_PREFIX}{}", Secret::random()?.expose()));
        let expires_at_ms = now_ms + TTL_MS;
        changed(write.on(), "sessions").await?;
        let row = sqlx::query(
            "INSERT INTO sessions (digest, person_id, ip, user_agent, made_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
        )
        .bind(&self.pepper.hash(Use::Session, token.expose())[..])
        .bind(person.0)
        .bind(short(ip))
        .bind(short(user_agent))
        .bind(int(now_ms))
        .bind(int(expires_at_ms))
        .fetch_one(write.on())
        .await
        .map_err(StoreError::from)?;
        let session = SessionId(row.try_get(0).map_err(StoreError::from)?);
        sqlx::query(
            "DELETE FROM sessions WHERE person_id = $1 AND id NOT IN
             (SELECT id FROM sessions WHERE person_id = $1 ORDER BY id DESC LIMIT $2)",
        )
        .bind(person.0)
        .bind(MOST)
        .execute(write.on())
        .await
        .map_err(StoreError::from)?;
        write.commit().await?;
        self.read_sessions().await?;
        Ok((token, Visitor { session, person, expires_at_ms }))
    }
}

#[derive(Debug, thiserror::Error)]
pub(super) enum NotBegun {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Secret(#[from] BadStore),
}

fn short(text: &str) -> String {
    text.chars().filter(|it| !it.is_control()).take(MOST_TEXT).collect()
}
