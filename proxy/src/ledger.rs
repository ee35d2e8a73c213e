//! The ledger: what every request was, used and cost.
//!
//! A reply may end once its row is booked, and a booked row is never lost: it is in the journal, a
//! file that outlives this process, until the database holds it. Before a request begins it takes a
//! place ([`Ledger::admit`]), so that there is room for its row when it ends. The ledger stops no
//! request for its cost; budgets do, and they begin with its sums.

mod claims;
mod export;
mod fold;
mod journal;
mod retention;
mod row;
mod sessions;
mod usage;

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::Duration,
};

use sqlx::Row as _;
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore, watch},
    task::JoinHandle,
    time::timeout,
};

pub use claims::{Begun, Claim, Idempotency};
pub use journal::BadJournal;
use journal::Journal;
pub use retention::Retention;
pub(crate) use row::tokens;
pub use row::{ModelId, Operation, RequestId, Row};
pub use sessions::Sessions;
pub use usage::{By, Filter, Line, Listed, Spent, Sums};

use crate::store::{Store, StoreError, Survive};

/// The journal's folder in the data folder.
const FOLDER: &str = "journal";

/// Rows that may wait for the database: 21 MB of journal, minutes of an outage.
const CAPACITY: usize = 200_000;

/// How long a request waits for room before it is refused.
const PATIENCE: Duration = Duration::from_secs(1);

/// Models by name. Further ones are booked as [`OTHER`], because a client can make up names.
const MOST_MODELS: usize = 10_000;
const OTHER: &str = "other";
const MOST_MODEL_BYTES: usize = 200;

/// A million dollars: what a single request cannot cost, so that sums cannot overflow.
const MOST_COST_NANO: u64 = 1_000_000_000_000_000;

/// The year 3000. A later time is a clock that is wrong.
const LATEST_MS: u64 = 32_503_680_000_000;

pub(crate) const HOUR_MS: u64 = 3_600_000;

#[derive(Debug, thiserror::Error)]
pub enum NotOpened {
    #[error(transparent)]
    Journal(#[from] BadJournal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// No request can be taken, because its row could not be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the ledger is {waiting} rows behind its database; try again later")]
    Behind { waiting: u64 },
    #[error("the disk with the ledger's journal is full")]
    DiskFull,
}

/// The row is kept in memory, and will be written as soon as there is room on the disk. Until then
/// no further request is taken; ending the process loses the row.
#[derive(Debug, thiserror::Error)]
#[error("the row is not safe yet: {source}")]
pub struct NotSafe {
    source: std::io::Error,
}

/// How the ledger is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Rows in the journal that the database does not hold yet.
    pub waiting: u64,
    /// Rows that are not even in the journal.
    pub unsaved: usize,
    /// Requests that could still be taken.
    pub room: usize,
    /// Why the database did not take the last batch.
    pub trouble: Option<String>,
}

#[derive(Debug)]
pub struct Ledger {
    shared: Arc<Shared>,
    folding: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    store: Store,
    journal: Journal,
    /// One for each row that still fits.
    room: Arc<Semaphore>,
    /// There is something to fold.
    work: Notify,
    /// Somebody waits for it.
    hurry: Notify,
    /// The number of the last record that the database holds.
    folded: watch::Sender<u64>,
    models: RwLock<BTreeMap<String, ModelId>>,
    /// One writes a new name; who comes meanwhile finds it.
    naming: tokio::sync::Mutex<()>,
    claims: Mutex<claims::Open>,
    trouble: Mutex<Option<String>>,
}

/// Room for one row.
#[derive(Debug)]
pub struct Place {
    shared: Arc<Shared>,
    permit: OwnedSemaphorePermit,
}

impl Ledger {
    /// Opens the ledger and folds in what an earlier process left behind.
    pub async fn open(store: Store, data: &Path) -> Result<Self, NotOpened> {
        let journal = Journal::open(&data.join(FOLDER))?;
        let models = models(&store).await?;
        let shared = Arc::new(Shared {
            store,
            journal,
            room: Arc::new(Semaphore::new(CAPACITY)),
            work: Notify::new(),
            hurry: Notify::new(),
            folded: watch::Sender::new(0),
            models: RwLock::new(models),
            naming: tokio::sync::Mutex::default(),
            claims: Mutex::default(),
            trouble: Mutex::default(),
        });
        while fold::step(&shared).await? > 0 {}
        // They came with the rows just folded, and took no room from anybody.
        let excess = shared.room.available_permits().saturating_sub(CAPACITY);
        shared.room.forget_permits(excess);
        shared.abandon_claims().await?;
        let folding = tokio::spawn(fold::run(Arc::clone(&shared)));
        Ok(Self { shared, folding })
    }

    /// Takes room for the row of a request that is about to begin. Waits a moment if there is none.
    pub async fn admit(&self) -> Result<Place, Refused> {
        let shared = &self.shared;
        if shared.journal.n_unsaved() > 0 {
            return Err(Refused::DiskFull);
        }
        let room = Arc::clone(&shared.room);
        // There nearly always is some, and a timer costs more than asking twice.
        let permit = match Arc::clone(&room).try_acquire_owned() {
            Ok(permit) => Some(permit),
            Err(_) => timeout(PATIENCE, room.acquire_owned()).await.ok().and_then(Result::ok),
        };
        match permit {
            Some(permit) => Ok(Place { shared: Arc::clone(shared), permit }),
            None => Err(Refused::Behind { waiting: shared.journal.n_waiting() }),
        }
    }

    /// Returns the number of a model, which may be new. Known ones are found without I/O.
    pub async fn model(&self, name: &str) -> Result<ModelId, StoreError> {
        match self.shared.known(name) {
            Some(id) => Ok(id),
            // In a box: each request would hold the room for it.
            None => Box::pin(self.new_model(name)).await,
        }
    }

    async fn new_model(&self, name: &str) -> Result<ModelId, StoreError> {
        let n_models = self.shared.models.read().unwrap_or_else(PoisonError::into_inner).len();
        let sensible = name.len() <= MOST_MODEL_BYTES && !name.contains('\0');
        let name = if sensible && n_models < MOST_MODELS { name } else { OTHER };
        if let Some(id) = self.shared.known(name) {
            return Ok(id);
        }
        let _alone = self.shared.naming.lock().await;
        if let Some(id) = self.shared.known(name) {
            return Ok(id);
        }
        let mut write = self.shared.store.write(Survive::PowerLoss).await?;
        let row = sqlx::query(
            "INSERT INTO models (name) VALUES ($1)
             ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id",
        )
        .bind(name)
        .fetch_one(write.on())
        .await?;
        let id = model_id(row.try_get(0)?)?;
        write.commit().await?;
        let mut models = self.shared.models.write().unwrap_or_else(PoisonError::into_inner);
        models.insert(name.to_owned(), id);
        Ok(id)
    }

    pub(crate) fn model_name(&self, id: ModelId) -> Option<String> {
        let models = self.shared.models.read().unwrap_or_else(PoisonError::into_inner);
        models.iter().find(|it| *it.1 == id).map(|it| it.0.clone())
    }

    /// Returns the models by their numbers.
    #[must_use]
    pub fn models(&self) -> BTreeMap<ModelId, String> {
        let models = self.shared.models.read().unwrap_or_else(PoisonError::into_inner);
        models.iter().map(|(name, id)| (*id, name.clone())).collect()
    }

    /// Waits until the database holds every row that was booked before.
    pub async fn flush(&self) {
        let last = self.shared.journal.last();
        let mut folded = self.shared.folded.subscribe();
        self.shared.hurry.notify_one();
        self.shared.work.notify_one();
        // An error says that nobody folds any more, which nothing here can change.
        folded.wait_for(|it| *it >= last).await.ok();
    }

    /// Folds in what there is and ends. What the database does not take stays in the journal.
    pub async fn close(mut self) {
        if timeout(PATIENCE, self.flush()).await.is_err() {
            tracing::warn!("rows stay in the journal for the next start");
        }
        self.folding.abort();
        // It was told to end; how it ended does not matter.
        (&mut self.folding).await.ok();
    }

    #[must_use]
    pub fn health(&self) -> Health {
        let ended = self.folding.is_finished().then(|| "nobody folds any more".to_owned());
        Health {
            waiting: self.shared.journal.n_waiting(),
            unsaved: self.shared.journal.n_unsaved(),
            room: self.shared.room.available_permits(),
            trouble: ended.or_else(|| self.shared.trouble().clone()),
        }
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.folding.abort();
    }
}

impl Place {
    /// Books the row. When this returns, the row survives the end of this process.
    pub fn book(self, mut row: Row, claim: Option<Claim>) -> Result<(), NotSafe> {
        if let Some(cost_nano) = row.usage.cost_nano.filter(|it| *it > MOST_COST_NANO) {
            tracing::error!(request = %row.request, cost_nano, "a cost that cannot be");
            row.usage.cost_nano = Some(MOST_COST_NANO);
        }
        row.at_ms = row.at_ms.min(LATEST_MS);
        // Its room is taken until the row is folded in, saved or not.
        self.permit.forget();
        let claim = claim.map_or(0, |it| it.settle(&row));
        let saved = self.shared.journal.append(claim, row);
        self.shared.work.notify_one();
        saved.map_err(|unsaved| NotSafe { source: unsaved.0 })
    }
}

impl Shared {
    fn known(&self, name: &str) -> Option<ModelId> {
        self.models.read().unwrap_or_else(PoisonError::into_inner).get(name).copied()
    }

    fn trouble(&self) -> MutexGuard<'_, Option<String>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells everybody how far the database is.
    fn tell(&self, folded: u64) {
        self.folded.send_if_modified(|it| {
            let further = folded > *it;
            *it = folded.max(*it);
            further
        });
    }
}

async fn models(store: &Store) -> Result<BTreeMap<String, ModelId>, StoreError> {
    let rows = sqlx::query("SELECT name, id FROM models").fetch_all(store.read()).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, model_id(row.try_get(1)?)?))).collect()
}

fn model_id(value: i64) -> Result<ModelId, StoreError> {
    let id = u32::try_from(value).ok();
    id.map(ModelId).ok_or(StoreError::Nonsense("a model's number"))
}
