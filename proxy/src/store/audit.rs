//! The audit log: who did what to which account, key or setting. It only grows.
//!
//! Each entry holds the SHA-256 of the one before it and of its own content, so that a change, a
//! removal or an insertion shows. Whoever can rewrite the whole table can also compute it anew: keep
//! the digest that [`Audit::verify`] returns somewhere else, and compare.

mod mask;

use futures::TryStreamExt as _;
use sha2::{Digest as _, Sha256};
use sqlx::{AnyConnection, Row as _, any::AnyRow};

use super::{Store, StoreError, Survive, count};

/// Bytes of a detail; of any other field, an eighth of it.
const MOST_DETAIL: usize = 4096;

/// What is known when something happened. Texts are cut, and what looks like a key is masked.
#[derive(Debug, Clone, Copy, Default)]
pub struct Entry<'a> {
    /// A person's or a key's name, or `easel-proxy` itself.
    pub actor: &'a str,
    /// For instance `key.revoke`.
    pub action: &'a str,
    /// To whom or what it was done.
    pub subject: &'a str,
    pub detail: &'a str,
    pub ip: &'a str,
    pub user_agent: &'a str,
    pub session: &'a str,
}

/// An entry as it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Entries are counted from 1, without gaps.
    pub number: u64,
    pub at_ms: u64,
    pub actor: String,
    pub action: String,
    pub subject: String,
    pub detail: String,
    pub ip: String,
    pub user_agent: String,
    pub session: String,
    pub before: [u8; 32],
    pub digest: [u8; 32],
}

/// What a check of all entries found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is wrong up to the last entry, whose digest stands for all of them.
    Whole { n_entries: u64, digest: [u8; 32] },
    /// The first entry that is not as it was written, or is not there.
    Broken { number: u64 },
}

#[derive(Debug, Clone)]
pub struct Audit {
    store: Store,
}

impl Audit {
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Appends an entry, durably, and returns its number.
    pub async fn append(&self, entry: Entry<'_>, at_ms: u64) -> Result<u64, StoreError> {
        let mut write = self.store.write(Survive::PowerLoss).await?;
        let number = append(write.on(), entry, at_ms).await?;
        write.commit().await?;
        Ok(number)
    }

    /// Appends an entry about what has happened already: where that fails, the log says so.
    pub async fn note(&self, entry: Entry<'_>, at_ms: u64) {
        if let Err(err) = self.append(entry, at_ms).await {
            tracing::error!(cause = %err, action = entry.action, "this is not in the audit log");
        }
    }

    /// Returns entries before a number, or the last ones; the newest first.
    pub async fn read(&self, before: Option<u64>, most: u32) -> Result<Vec<Kept>, StoreError> {
        let rows = sqlx::query("SELECT * FROM audit WHERE id < $1 ORDER BY id DESC LIMIT $2")
            .bind(before.and_then(|it| i64::try_from(it).ok()).unwrap_or(i64::MAX))
            .bind(i64::from(most))
            .fetch_all(self.store.read())
            .await?;
        rows.iter().map(Kept::read).collect()
    }

    /// Checks every entry, and finds the first that is broken.
    pub async fn verify(&self) -> Result<Verdict, StoreError> {
        let head = sqlx::query("SELECT value, digest FROM marks WHERE name = 'audit'")
            .fetch_one(self.store.read())
            .await?;
        // What is appended meanwhile is checked the next time.
        let n_entries = count(head.try_get(0)?)?;
        let digest: Option<Vec<u8>> = head.try_get(1)?;
        let mut rows = sqlx::query("SELECT * FROM audit WHERE id <= $1 ORDER BY id")
            .bind(head.try_get::<i64, _>(0)?)
            .fetch(self.store.read());
        let mut before = [0; 32];
        let mut number = 0;
        while let Some(row) = rows.try_next().await? {
            number += 1;
            // A digest of another length is a broken entry, not a broken table.
            let Ok(kept) = Kept::read(&row) else { return Ok(Verdict::Broken { number }) };
            if kept.number != number || kept.before != before || kept.digest != kept.content() {
                return Ok(Verdict::Broken { number });
            }
            before = kept.digest;
        }
        let last = digest.unwrap_or_else(|| vec![0; 32]);
        if number < n_entries {
            Ok(Verdict::Broken { number: number + 1 })
        } else if last != before {
            Ok(Verdict::Broken { number })
        } else {
            Ok(Verdict::Whole { n_entries, digest: before })
        }
    }
}

/// Appends an entry within a change, so that both happen or neither.
pub(crate) async fn append(
    connection: &mut AnyConnection,
    entry: Entry<'_>,
    at_ms: u64,
) -> Result<u64, StoreError> {
    // It also keeps other writers waiting, so that numbers have no gaps.
    let head = sqlx::query(
        "UPDATE marks SET value = value + 1 WHERE name = 'audit' RETURNING value, digest",
    )
    .fetch_one(&mut *connection)
    .await?;
    let short = |text: &str| mask::shown(text, MOST_DETAIL / 8);
    let mut kept = Kept {
        number: count(head.try_get(0)?)?,
        at_ms,
        actor: short(entry.actor),
        action: short(entry.action),
        subject: short(entry.subject),
        detail: mask::shown(entry.detail, MOST_DETAIL),
        ip: short(entry.ip),
        user_agent: short(entry.user_agent),
        session: short(entry.session),
        before: digest(head.try_get::<Option<Vec<u8>>, _>(1)?.unwrap_or_else(|| vec![0; 32]))?,
        digest: [0; 32],
    };
    kept.digest = kept.content();
    sqlx::query(
        "INSERT INTO audit (id, at, actor, action, subject, detail, ip, user_agent, session, before, digest)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(super::int(kept.number))
    .bind(super::int(at_ms))
    .bind(&kept.actor)
    .bind(&kept.action)
    .bind(&kept.subject)
    .bind(&kept.detail)
    .bind(&kept.ip)
    .bind(&kept.user_agent)
    .bind(&kept.session)
    .bind(&kept.before[..])
    .bind(&kept.digest[..])
    .execute(&mut *connection)
    .await?;
    sqlx::query("UPDATE marks SET digest = $1 WHERE name = 'audit'")
        .bind(&kept.digest[..])
        .execute(&mut *connection)
        .await?;
    Ok(kept.number)
}

impl Kept {
    fn read(row: &AnyRow) -> Result<Self, StoreError> {
        Ok(Self {
            number: count(row.try_get("id")?)?,
            at_ms: count(row.try_get("at")?)?,
            actor: row.try_get("actor")?,
            action: row.try_get("action")?,
            subject: row.try_get("subject")?,
            detail: row.try_get("detail")?,
            ip: row.try_get("ip")?,
            user_agent: row.try_get("user_agent")?,
            session: row.try_get("session")?,
            before: digest(row.try_get("before")?)?,
            digest: digest(row.try_get("digest")?)?,
        })
    }

    /// The digest of what it says. Lengths come first, so that no text can pass for two.
    fn content(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.before);
        hash.update(self.number.to_le_bytes());
        hash.update(self.at_ms.to_le_bytes());
        let texts = [
            &self.actor,
            &self.action,
            &self.subject,
            &self.detail,
            &self.ip,
            &self.user_agent,
            &self.session,
        ];
        for text in texts {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        }
        hash.finalize().into()
    }
}

fn digest(bytes: Vec<u8>) -> Result<[u8; 32], StoreError> {
    bytes.try_into().ok().ok_or(StoreError::Nonsense("a digest of another length"))
}
