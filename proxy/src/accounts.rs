//! Accounts: organisations, their projects, people with roles, and virtual keys.
//!
//! Everything that a request needs is in memory: a key is looked up without I/O, in about a
//! microsecond. The database is the truth; what another instance changes is here within two seconds.
//! Who may change what is decided by the caller, with [`may`]; every change leaves an entry in the
//! audit log, or does not happen.

mod caps;
mod change;
mod directory;
mod ids;
mod import;
mod key;
mod local;
mod patterns;
mod pepper;
mod pin;
mod post;
mod roles;
mod session;
mod signed;
mod web_token;

use std::{
    path::Path,
    sync::{Arc, PoisonError, RwLock, Weak},
    time::Duration,
};

use sqlx::{Any, AnyConnection, Row as _, pool::PoolConnection};
use subtle::ConstantTimeEq as _;
use tokio::{
    sync::Mutex,
    time::{MissedTickBehavior, interval},
};

pub use caps::Caps;
pub use change::{NotChanged, Who};
pub use directory::{Client, Denied, Directory, Organisation, Person, Project};
pub use ids::{KeyId, OrganisationId, PersonId, ProjectId, Scope, SessionId};
pub use import::import_clients;
pub use key::{KeyChange, NewKey};
pub use patterns::{BadPatterns, Patterns};
use pepper::{Pepper, Use};
pub use pin::{NotAsked, NotSignedIn};
pub use post::{BadPost, Post};
pub use roles::{Deed, Role, may};
use session::Sessions;
pub use session::{SESSION_PREFIX, Visitor};
pub use signed::{NotSigned, Signed, WINDOW_SECS};

use crate::{
    keys::BadStore,
    store::{Store, StoreError, Survive, count},
};

/// How often the database is asked whether another instance changed something.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

#[derive(Debug, thiserror::Error)]
pub enum NotOpened {
    #[error(transparent)]
    Data(#[from] BadStore),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Every key would be refused.
    #[error(
        "the database's keys were hashed under another pepper; copy the file `pepper` from the data folder of the instance that made them"
    )]
    OtherPepper,
}

#[derive(Debug)]
pub struct Accounts {
    store: Store,
    pepper: Pepper,
    directory: RwLock<Arc<Directory>>,
    sessions: RwLock<Arc<Sessions>>,
    /// One reads anew at a time, so that nothing newer is replaced by something older.
    reading: Mutex<()>,
}

impl Accounts {
    /// Opens the accounts; the pepper is in the data folder. From then on it follows the database as
    /// long as somebody holds the answer.
    pub async fn open(store: Store, data: &Path) -> Result<Arc<Self>, NotOpened> {
        let pepper = Pepper::read(data)?;
        check(&store, &pepper).await?;
        let it = Arc::new(Self {
            store,
            pepper,
            directory: RwLock::default(),
            sessions: RwLock::default(),
            reading: Mutex::default(),
        });
        it.read_directory().await?;
        it.read_sessions().await?;
        tokio::spawn(follow(Arc::downgrade(&it)));
        Ok(it)
    }

    /// Returns who a key belongs to, if it may be used at this time.
    pub fn find(&self, key: &str, now_ms: u64) -> Result<Arc<Client>, Denied> {
        let digest = self.pepper.key(key);
        let directory = self.directory();
        let client = directory.by_digest.get(&digest).ok_or(Denied::Unknown)?;
        client.may_ask(now_ms)?;
        Ok(Arc::clone(client))
    }

    /// Returns everything that is known about accounts, as it is at this moment.
    #[must_use]
    pub fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.directory.read().unwrap_or_else(PoisonError::into_inner))
    }

    async fn read_directory(&self) -> Result<(), StoreError> {
        let _alone = self.reading.lock().await;
        let mut connection = self.store.read().acquire().await?;
        let read = Directory::read(&mut connection).await?;
        *self.directory.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(read);
        Ok(())
    }

    async fn read_sessions(&self) -> Result<(), StoreError> {
        let _alone = self.reading.lock().await;
        let mut connection = self.store.read().acquire().await?;
        let read = Sessions::read(&mut connection).await?;
        *self.sessions.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(read);
        Ok(())
    }

    fn sessions(&self) -> Arc<Sessions> {
        Arc::clone(&self.sessions.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads what others changed.
    async fn look_again(&self) -> Result<(), StoreError> {
        let mut connection = self.store.read().acquire().await?;
        let directory = version(&mut connection, "accounts").await?;
        let sessions = version(&mut connection, "sessions").await?;
        drop(connection);
        if directory != self.directory().version {
            self.read_directory().await?;
        }
        if sessions != self.sessions().version {
            self.read_sessions().await?;
        }
        Ok(())
    }
}

/// Follows the database until nobody holds the accounts.
async fn follow(accounts: Weak<Accounts>) {
    let mut ticks = interval(LOOK_AGAIN);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut answered = true;
    loop {
        ticks.tick().await;
        let Some(accounts) = accounts.upgrade() else { return };
        let looked = accounts.look_again().await;
        if answered && let Err(err) = &looked {
            tracing::warn!(cause = %err, "changes by other instances are not seen");
        }
        answered = looked.is_ok();
    }
}

/// How often a part of the accounts was changed.
async fn version(connection: &mut AnyConnection, part: &'static str) -> Result<u64, StoreError> {
    let row = sqlx::query("SELECT value FROM marks WHERE name = $1")
        .bind(part)
        .fetch_one(connection)
        .await?;
    count(row.try_get(0)?)
}

/// Says that a part is about to change. Others wait with theirs until this one is done.
async fn changed(connection: &mut AnyConnection, part: &'static str) -> Result<(), StoreError> {
    sqlx::query("UPDATE marks SET value = value + 1 WHERE name = $1")
        .bind(part)
        .execute(connection)
        .await?;
    Ok(())
}

/// A database and a pepper belong together from their first meeting on.
async fn check(store: &Store, pepper: &Pepper) -> Result<(), NotOpened> {
    let mine = pepper.hash(Use::Mark, "");
    let known = match mark(store.read().acquire().await.map_err(StoreError::from)?).await? {
        Some(known) => known,
        None => {
            let mut write = store.write(Survive::PowerLoss).await?;
            sqlx::query(
                "INSERT INTO marks (name, value, digest) VALUES ('pepper', 0, $1)
                 ON CONFLICT (name) DO NOTHING",
            )
            .bind(&mine[..])
            .execute(write.on())
            .await
            .map_err(StoreError::from)?;
            write.commit().await?;
            // Another instance may have been faster.
            let connection = store.read().acquire().await.map_err(StoreError::from)?;
            mark(connection).await?.unwrap_or_default()
        }
    };
    if bool::from(known.ct_eq(&mine)) { Ok(()) } else { Err(NotOpened::OtherPepper) }
}

async fn mark(mut on: PoolConnection<Any>) -> Result<Option<Vec<u8>>, StoreError> {
    let row = sqlx::query("SELECT digest FROM marks WHERE name = 'pepper'")
        .fetch_optional(&mut *on)
        .await?;
    row.map(|it| Ok(it.try_get(0)?)).transpose()
}
