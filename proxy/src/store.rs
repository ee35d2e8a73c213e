//! The database: SQLite in the data folder, or a Postgres that several instances share.
//!
//! One set of queries serves both: they go through sqlx's `Any` driver, with `$1` for parameters and
//! types that both have. What differs (three words of the schema, how a connection is set up) is in
//! this file and in `migrate`. It knows no table but its own; `accounts` and `ledger` do.

pub mod audit;
mod migrate;
pub mod signatures;
mod trouble;

use std::{
    fmt,
    fs::{File, OpenOptions},
    io,
    os::unix::{ffi::OsStrExt as _, fs::OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{Arc, Once},
    time::Duration,
};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use sqlx::{
    Any, AnyConnection, AnyPool, ConnectOptions as _, Connection as _, Executor as _, Transaction,
    any::{AnyConnectOptions, AnyPoolOptions},
};
use tokio::{
    sync::{Mutex, OwnedMutexGuard},
    time::timeout,
};

pub use trouble::StoreError;

use crate::keys::file::{make_private, private_folder};

/// The database's file in the data folder.
pub const FILE: &str = "easel.db";

/// How long a writer waits for another process to finish writing.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connections to one Postgres.
const MOST_CONNECTIONS: u32 = 8;

/// Readers of one SQLite file at a time; each is a thread.
const MOST_READERS: u32 = 4;

/// A connection that nobody needs is closed after so long.
const IDLE: Duration = Duration::from_secs(60);

/// What stands in a path of an address as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.');

/// Where the data lies.
#[derive(Clone)]
pub enum Location {
    /// A file in this folder, which is made if there is none.
    Folder(PathBuf),
    /// `postgres://user:password@host/name`
    Postgres(String),
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => f.debug_tuple("Folder").field(path).finish(),
            // An address may hold a password.
            Self::Postgres(_) => f.write_str("Postgres"),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

/// An open database, at the newest version of its schema. Clones are the same database.
#[derive(Debug, Clone)]
pub struct Store {
    kind: Kind,
    /// Its commits survive a loss of power.
    durable: AnyPool,
    /// Its commits survive the end of this process.
    quick: AnyPool,
    readers: AnyPool,
    /// SQLite has one writer at a time, and this queue is fairer than its own.
    turn: Arc<Mutex<()>>,
}

/// What a commit must survive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Survive {
    PowerLoss,
    ProcessEnd,
}

/// A transaction that writes: all of it happens, or nothing.
#[derive(Debug)]
pub(crate) struct Write {
    // Before the guard, so that the next writer finds this one rolled back.
    transaction: Transaction<'static, Any>,
    _turn: Option<OwnedMutexGuard<()>>,
}

impl Write {
    pub(crate) fn on(&mut self) -> &mut AnyConnection {
        &mut self.transaction
    }

    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        Ok(self.transaction.commit().await?)
    }
}

impl Store {
    /// Opens the database and brings its schema to the newest version.
    pub async fn open(location: &Location) -> Result<Self, StoreError> {
        static DRIVERS: Once = Once::new();
        DRIVERS.call_once(sqlx::any::install_default_drivers);
        let (store, _alone) = match location {
            Location::Folder(folder) => {
                // Before the file is: whoever changes its kind of log does not wait for others.
                let alone = lock(folder).await?;
                (sqlite(folder).await?, Some(alone))
            }
            Location::Postgres(url) => (postgres(url).await?, None), // The migrator locks it.
        };
        migrate::run(&store.durable, store.kind).await?;
        Ok(store)
    }

    pub(crate) async fn write(&self, survive: Survive) -> Result<Write, StoreError> {
        let pool = match survive {
            Survive::PowerLoss => &self.durable,
            Survive::ProcessEnd => &self.quick,
        };
        match self.kind {
            Kind::Sqlite => {
                let turn = Arc::clone(&self.turn).lock_owned().await;
                // A transaction that begins by reading could not wait for another process.
                let transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
                Ok(Write { transaction, _turn: Some(turn) })
            }
            Kind::Postgres => Ok(Write { transaction: pool.begin().await?, _turn: None }),
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Asks whether the database is there.
    pub async fn answers(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").fetch_one(self.read()).await?;
        Ok(())
    }

    /// Connections for reading.
    pub(crate) fn read(&self) -> &AnyPool {
        &self.readers
    }

    /// Waits for what is under way and closes all connections.
    pub async fn close(&self) {
        self.readers.close().await;
        self.quick.close().await;
        self.durable.close().await;
    }
}

/// Makes the folder if there is none, and keeps others from opening or migrating its file as long as
/// the answer lives.
async fn lock(folder: &Path) -> Result<File, StoreError> {
    let path = folder.to_owned();
    let locked = tokio::task::spawn_blocking(move || {
        private_folder(&path)?;
        let folder = File::open(path)?;
        folder.lock()?;
        Ok(folder)
    });
    let locked = locked.await.unwrap_or_else(|err| Err(io::Error::other(err)));
    locked.map_err(|source| StoreError::NoFolder { path: folder.to_owned(), source })
}

async fn sqlite(folder: &Path) -> Result<Store, StoreError> {
    let path = private_file(folder)
        .map_err(|source| StoreError::NoFolder { path: folder.to_owned(), source })?;
    let path = percent_encode(path.as_os_str().as_bytes(), PLAIN);
    let options = quiet(&format!("sqlite://{path}?mode=rw"))?;
    // A pool would try again until it is out of time, whatever is wrong.
    let mut first = options.connect().await?;
    first.execute("PRAGMA journal_mode = WAL").await?;
    let pool = |most: u32, setup: &'static str| {
        AnyPoolOptions::new()
            .max_connections(most)
            .idle_timeout(IDLE)
            .acquire_timeout(PATIENCE)
            .test_before_acquire(false)
            .after_connect(move |connection, _| {
                Box::pin(async move { connection.execute(setup).await.map(drop) })
            })
            .connect_lazy_with(options.clone())
    };
    // 256 KiB of pages each: tables are read by key or by time, so more would seldom help.
    let durable = pool(
        1,
        "PRAGMA synchronous = FULL; PRAGMA cache_size = -256; PRAGMA journal_size_limit = 8388608",
    );
    let quick = pool(1, "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -256");
    // A reader fills its cache with pages that others have changed since, and the system keeps the file.
    let readers = pool(MOST_READERS, "PRAGMA query_only = ON; PRAGMA cache_size = -64");
    // Whoever is the last one to close it would write its log into it.
    drop(durable.acquire().await?);
    first.close().await?;
    Ok(Store { kind: Kind::Sqlite, durable, quick, readers, turn: Arc::default() })
}

/// Makes the file if there is none. Its companions inherit its mode.
fn private_file(folder: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(folder)?.join(FILE);
    let mut options = OpenOptions::new();
    let file = options.read(true).append(true).create(true).mode(0o600).open(&path)?;
    make_private(&file)?;
    Ok(path)
}

/// Statements are not logged: what fails is told by whoever asked.
fn quiet(url: &str) -> Result<AnyConnectOptions, sqlx::Error> {
    Ok(url.parse::<AnyConnectOptions>()?.disable_statement_logging())
}

async fn postgres(url: &str) -> Result<Store, StoreError> {
    // As above: it says what is wrong.
    let connect_options = quiet(url)?;
    let first = timeout(PATIENCE, connect_options.connect()).await;
    first.unwrap_or(Err(sqlx::Error::PoolTimedOut))?.close().await?;
    let options = AnyPoolOptions::new().max_connections(MOST_CONNECTIONS).acquire_timeout(PATIENCE);
    let pool = options.idle_timeout(IDLE).connect_lazy_with(connect_options);
    Ok(Store {
        kind: Kind::Postgres,
        durable: pool.clone(),
        quick: pool.clone(),
        readers: pool,
        turn: Arc::default(),
    })
}

/// A number as both databases have it. What they cannot hold is the most that they can.
pub(crate) fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A number that is never negative.
pub(crate) fn count(value: i64) -> Result<u64, StoreError> {
    u64::try_from(value).ok().ok_or(StoreError::Nonsense("a negative number"))
}
