//! Signing in: a PIN by e-mail, and whoever knows it has a session.
//!
//! A stranger learns nothing: an address without a person is answered as one with, and has the same
//! limits; it only gets no mail.

use sqlx::{AnyConnection, Row as _};
use subtle::ConstantTimeEq as _;

use super::{
    Accounts, PersonId, Scope, Visitor, Who, change::address, pepper::Use, post::Post,
    session::NotBegun,
};
use crate::{
    keys::{BadStore, Secret},
    ledger::HOUR_MS,
    store::{StoreError, Survive, audit, count, int},
};

/// How long a PIN is good for.
pub(super) const TTL_MINUTES: u64 = 10;
const TTL_MS: u64 = TTL_MINUTES * 60_000;
const TRIES: i16 = 5;

/// Between two PINs for one address, and how many there may be in an hour.
const PAUSE_MS: u64 = 60_000;
const MOST_PER_HOUR: u64 = 5;

/// PINs in an hour for everybody: nobody fills the table with invented addresses.
const MOST_FOR_ALL: u64 = 10_000;

/// Why there is no PIN.
#[derive(Debug, thiserror::Error)]
pub enum NotAsked {
    #[error("this is no e-mail address")]
    NoAddress,
    #[error("too many PINs were asked for; try again in {retry_after_secs} s")]
    TooOften { retry_after_secs: u64 },
    #[error(transparent)]
    Secret(#[from] BadStore),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub enum NotSignedIn {
    /// The PIN is wrong, too old, or was tried too often. It is not said which.
    #[error("the PIN is wrong or has expired; ask for a new one")]
    WrongPin,
    #[error(transparent)]
    Secret(#[from] BadStore),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<NotBegun> for NotSignedIn {
    fn from(err: NotBegun) -> Self {
        match err {
            NotBegun::Store(err) => err.into(),
            NotBegun::Secret(err) => err.into(),
        }
    }
}

impl Accounts {
    /// Sends a PIN to an address, if a person has it. It replaces the one before.
    pub async fn ask_pin(&self, email: &str, post: &Post, now_ms: u64) -> Result<(), NotAsked> {
        let Ok(email) = address(email) else { return Err(NotAsked::NoAddress) };
        let pin = random_pin()?;
        let mut write = self.store.write(Survive::ProcessEnd).await?;
        forget(write.on(), now_ms).await?;
        spare(write.on(), &email, now_ms).await?;
        sqlx::query(
            "INSERT INTO pins (email, digest, made_at, tries_left) VALUES ($1, $2, $3, $4)",
        )
        .bind(&email)
        .bind(&self.pepper.hash(Use::Pin, &format!("{email} {}", pin.expose()))[..])
        .bind(int(now_ms))
        .bind(TRIES)
        .execute(write.on())
        .await
        .map_err(StoreError::from)?;
        write.commit().await?;
        if self.directory().person_with(&email).is_some() {
            post.send(&email, &pin);
        }
        Ok(())
    }

    /// Begins a session for who knows the PIN. Returns its token, for this one time.
    pub async fn sign_in(
        &self,
        email: &str,
        pin: &str,
        by: Who<'_>,
        now_ms: u64,
    ) -> Result<(Secret, Visitor), NotSignedIn> {
        let Ok(email) = address(email) else { return Err(NotSignedIn::WrongPin) };
        let mut write = self.store.write(Survive::PowerLoss).await?;
        // The try is counted before it is judged, so that many at once are many.
        let tried = sqlx::query(
            "UPDATE pins SET tries_left = tries_left - 1 WHERE tries_left > 0 AND made_at > $1
             AND id = (SELECT id FROM pins WHERE email = $2 ORDER BY id DESC LIMIT 1)
             RETURNING digest",
        )
        .bind(int(now_ms.saturating_sub(TTL_MS)))
        .bind(&email)
        .fetch_optional(write.on())
        .await
        .map_err(StoreError::from)?;
        let digest: Option<Vec<u8>> =
            tried.map(|it| it.try_get(0)).transpose().map_err(StoreError::from)?;
        let mine = self.pepper.hash(Use::Pin, &format!("{email} {}", pin.trim()));
        let right = digest.as_ref().is_some_and(|it| bool::from(it.ct_eq(&mine)));
        let Some(person) = self.directory().person_with(&email) else {
            write.commit().await?;
            return Err(NotSignedIn::WrongPin);
        };
        let action = if right { "session.begin" } else { "session.refused" };
        if digest.is_some() {
            note(write.on(), action, person, by, now_ms).await?;
        }
        if !right {
            write.commit().await?;
            return Err(NotSignedIn::WrongPin);
        }
        // Used once; the rows stay for counting.
        sqlx::query("UPDATE pins SET tries_left = 0 WHERE email = $1")
            .bind(&email)
            .execute(write.on())
            .await
            .map_err(StoreError::from)?;
        Ok(self.begin_session(write, person, (by.ip, by.user_agent), now_ms).await?)
    }
}

async fn note(
    on: &mut AnyConnection,
    action: &str,
    person: PersonId,
    by: Who<'_>,
    now_ms: u64,
) -> Result<(), StoreError> {
    let subject = Scope::Person(person).to_string();
    let Who { actor, ip, user_agent, session } = by;
    let entry = Who { actor, ip, user_agent, session }.did(action, &subject, "");
    audit::append(on, entry, now_ms).await.map(drop)
}

/// Removes PINs that count for nothing any more.
pub(super) async fn forget(on: &mut AnyConnection, now_ms: u64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM pins WHERE made_at <= $1")
        .bind(int(now_ms.saturating_sub(HOUR_MS)))
        .execute(on)
        .await?;
    Ok(())
}

/// Refuses another PIN where there were enough.
async fn spare(on: &mut AnyConnection, email: &str, now_ms: u64) -> Result<(), NotAsked> {
    let row = sqlx::query(
        "SELECT COUNT(*), COALESCE(MIN(made_at), 0), COALESCE(MAX(made_at), 0) FROM pins
         WHERE email = $1",
    )
    .bind(email)
    .fetch_one(&mut *on)
    .await
    .map_err(StoreError::from)?;
    let number = |column: usize| row.try_get(column).map_err(StoreError::from).and_then(count);
    let (n_pins, first_ms, last_ms) = (number(0)?, number(1)?, number(2)?);
    let all =
        sqlx::query("SELECT COUNT(*) FROM pins").fetch_one(on).await.map_err(StoreError::from)?;
    let n_all = count(all.try_get(0).map_err(StoreError::from)?)?;
    let again_at_ms = if n_pins >= MOST_PER_HOUR {
        first_ms + HOUR_MS
    } else if n_pins > 0 {
        last_ms + PAUSE_MS
    } else if n_all >= MOST_FOR_ALL {
        now_ms + PAUSE_MS
    } else {
        return Ok(());
    };
    match again_at_ms.saturating_sub(now_ms).div_ceil(1000) {
        0 => Ok(()),
        retry_after_secs => Err(NotAsked::TooOften { retry_after_secs }),
    }
}

/// Six digits, each as likely as any other.
fn random_pin() -> Result<Secret, BadStore> {
    const MANY: u32 = 1_000_000;
    loop {
        let mut bytes = [0; 4];
        getrandom::fill(&mut bytes).map_err(BadStore::NoRandom)?;
        let number = u32::from_le_bytes(bytes);
        // The last, incomplete million would make small numbers likelier.
        if number < u32::MAX / MANY * MANY {
            return Ok(Secret::new(format!("{:06}", number % MANY)));
        }
    }
}
