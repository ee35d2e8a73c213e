//! Opening what the proxy stores, looking after it, and closing it.
//!
//! What it holds is known to `accounts`, `budget`, `ledger` and `store`.

use std::{
    path::Path,
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::{
    accounts::{self, Accounts, KeyId, NotChanged, import_clients},
    bill::Books,
    budget::{Bounds, Counters, Memory, NotConnected, Redis},
    config::{Config as Whole, Stored as Config},
    keys::{Clients, Secret},
    ledger::{self, Ledger, Retention},
    now_ms,
    store::{
        Location, Store, StoreError,
        signatures::{self, Signatures},
    },
    telemetry::Traces,
};

/// Counters of other programs in the same Redis have other names.
const COUNTERS: &str = "easel";

const TIDY: Duration = Duration::from_secs(60 * 60);

/// What is booked at the end has so long to reach the database; else it waits in the journal.
const FAREWELL: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
pub enum NotOpened {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Accounts(#[from] accounts::NotOpened),
    #[error(transparent)]
    Ledger(#[from] ledger::NotOpened),
    #[error(transparent)]
    Counters(#[from] NotConnected),
    #[error("the accounts of this installation cannot be changed: {0}")]
    Local(#[from] NotChanged),
}

/// All that is stored, open.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) accounts: Arc<Accounts>,
    pub(super) books: Arc<Books>,
    /// Whom the app's requests are booked on.
    pub(super) local: KeyId,
    pub(super) signatures: Signatures,
    pub(super) store: Store,
}

/// Opens it all. `clients` have keys that are not in the database.
pub(super) async fn open(all: &Whole, clients: &Clients) -> Result<Stored, NotOpened> {
    let (config, data) = (&all.stored, &*all.data);
    let store = Store::open(&location(config, data)).await?;
    let accounts = Accounts::open(store.clone(), data).await?;
    let local = accounts.local(now_ms()).await?.key;
    let counters: Arc<dyn Counters> = match &config.redis {
        Some(address) => {
            Arc::new(Redis::connect(address.expose(), COUNTERS, Bounds::default()).await?)
        }
        None => Arc::new(Memory::default()),
    };
    let ledger = Ledger::open(store.clone(), data).await?;
    let books = Books::new(ledger, counters, all.defaults());
    let books = Arc::new(books.traced(all.telemetry.collector.as_ref().map(Traces::start)));
    books.restore().await?;
    let signatures = Signatures::open(store.clone(), signatures::MOST).await?;
    let stored = Stored { accounts, books, local, signatures, store };
    stored.take_over(clients).await?;
    tokio::spawn(keep(
        Arc::downgrade(&stored.accounts),
        Arc::downgrade(&stored.books),
        stored.signatures.clone(),
        config.retention,
    ));
    Ok(stored)
}

/// A key that was just made, and what signs requests instead of it.
pub(crate) struct NewClient {
    pub(crate) key: Secret,
    pub(crate) signing: Option<Secret>,
}

/// Makes a key for another program. A proxy that runs knows it within two seconds.
pub(crate) async fn new_client(
    config: &Config,
    data: &Path,
    name: &str,
) -> Result<NewClient, NotOpened> {
    let store = Store::open(&location(config, data)).await?;
    let accounts = Accounts::open(store.clone(), data).await?;
    let local = accounts.local(now_ms()).await?;
    let directory = accounts.directory();
    if directory.clients.values().any(|it| it.name == name && it.revoked_at_ms.is_none()) {
        return Err(NotChanged::Taken.into());
    }
    let key = accounts::NewKey {
        name,
        organisation: local.organisation,
        project: local.project,
        person: local.person,
        models: accounts::Patterns::all(),
        expires_at_ms: None,
    };
    let by = accounts::Who { actor: "command line", ..accounts::Who::default() };
    let (id, key) = accounts.make_key(key, by, now_ms()).await?;
    let signing = accounts.client(id).map(|it| accounts.signing_secret(&it));
    drop(accounts);
    store.close().await;
    Ok(NewClient { key, signing })
}

/// Removes what is old, until nobody holds what it looks after.
async fn keep(
    accounts: Weak<Accounts>,
    books: Weak<Books>,
    signatures: Signatures,
    retention: Retention,
) {
    let mut ticks = interval(TIDY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let (Some(accounts), Some(books)) = (accounts.upgrade(), books.upgrade()) else { return };
        let now_ms = now_ms();
        if let Err(err) = accounts.tidy(now_ms).await {
            tracing::warn!(cause = %err, "old sessions stay for now");
        }
        if let Err(err) = signatures.tidy(now_ms).await {
            tracing::warn!(cause = %err, "old thoughts stay for now");
        }
        match books.ledger().tidy(retention, now_ms).await {
            Ok(0) => {}
            Ok(n_rows) => tracing::info!(n_rows, "old rows of the ledger were removed"),
            Err(err) => tracing::warn!(cause = %err, "old rows of the ledger stay for now"),
        }
    }
}

/// Makes somebody an owner of this installation's organisation, and returns what it is called.
pub(crate) async fn new_owner(
    config: &Config,
    data: &Path,
    email: &str,
) -> Result<String, NotOpened> {
    let store = Store::open(&location(config, data)).await?;
    let accounts = Accounts::open(store.clone(), data).await?;
    let organisation = accounts.local(now_ms()).await?.organisation;
    let by = accounts::Who { actor: "command line", ..accounts::Who::default() };
    let person = match accounts.directory().person_with(email.trim()) {
        Some(person) => person,
        None => accounts.make_person(email, Some(email), by, now_ms()).await?,
    };
    let role = Some(accounts::Role::Owner);
    accounts.set_role(person, organisation, None, role, by, now_ms()).await?;
    let name = accounts.directory().organisations.get(&organisation).map(|it| it.name.clone());
    drop(accounts);
    store.close().await;
    Ok(name.unwrap_or_default())
}

fn location(config: &Config, data: &Path) -> Location {
    match &config.postgres {
        Some(address) => Location::Postgres(address.expose().to_owned()),
        None => Location::Folder(data.to_owned()),
    }
}

impl Stored {
    /// Gives clients of files keys in the database.
    pub(super) async fn take_over(&self, clients: &Clients) -> Result<(), NotOpened> {
        let n_new = import_clients(&self.accounts, clients, now_ms()).await?;
        if n_new > 0 {
            tracing::info!(n_new, "clients of files have keys in the database now");
        }
        Ok(())
    }

    /// Waits for what was booked and closes the database.
    pub(super) async fn close(self) {
        if timeout(FAREWELL, self.books.ledger().flush()).await.is_err() {
            tracing::warn!("rows of the ledger stay in its journal for the next start");
        }
        if timeout(FAREWELL, self.store.close()).await.is_err() {
            tracing::warn!("the database is closed by the system");
        }
    }
}
