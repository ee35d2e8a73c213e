//! Databases for one test: an empty one of each kind, with a data folder.

use std::{path::Path, sync::Arc};

use easel_proxy::{
    accounts::{Accounts, Client, KeyId, Who},
    ledger::{Ledger, ModelId, Operation, RequestId, Row},
    store::{Location, Store},
};
use tempfile::TempDir;
use wire::Usage;

use super::postgres::Postgres;

/// 2027-01-15T08:00:00Z
pub const NOW_MS: u64 = 1_800_000_000_000;

pub const ANN: Who<'_> = Who { actor: "Ann", ip: "192.0.2.1", user_agent: "browser", session: "7" };

pub struct Place {
    pub location: Location,
    pub folder: TempDir,
    /// It ends when nobody needs it.
    _server: Option<Arc<Postgres>>,
}

impl Place {
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Folder(folder.path().join("data"));
        Self { location, folder, _server: None }
    }

    /// In a folder that somebody else keeps.
    pub fn at(data: &Path) -> Self {
        Self { location: Location::Folder(data.to_owned()), ..Self::sqlite() }
    }

    pub async fn postgres() -> Self {
        let server = Postgres::shared().await;
        let location = Location::Postgres(server.database().await);
        Self { location, folder: tempfile::tempdir().unwrap(), _server: Some(server) }
    }

    /// One of each kind.
    pub async fn both() -> [Self; 2] {
        [Self::sqlite(), Self::postgres().await]
    }

    pub fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    pub async fn store(&self) -> Store {
        Store::open(&self.location).await.unwrap()
    }

    pub async fn ledger(&self) -> Ledger {
        open_ledger(self.store().await, &self.data()).await
    }

    pub async fn accounts(&self) -> Arc<Accounts> {
        Accounts::open(self.store().await, &self.data()).await.unwrap()
    }

    /// Another instance's data folder, with the same pepper.
    pub fn another(&self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let pepper = self.data().join("pepper");
        if pepper.exists() {
            std::fs::copy(pepper, folder.path().join("pepper")).unwrap();
        }
        folder
    }
}

/// Opens a ledger whose last owner may still be on its way out.
pub async fn open_ledger(store: Store, data: &Path) -> Ledger {
    for _ in 0..100 {
        match Ledger::open(store.clone(), data).await {
            Ok(ledger) => return ledger,
            Err(err) if err.to_string().contains("another process") => {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
            Err(err) => panic!("{err}"),
        }
    }
    panic!("somebody keeps the journal");
}

pub async fn local(accounts: &Accounts) -> Arc<Client> {
    accounts.local(NOW_MS).await.unwrap()
}

/// A row that costs a thousandth of a dollar.
pub fn row(key: KeyId, model: ModelId, number: u64) -> Row {
    Row {
        at_ms: NOW_MS + number,
        key,
        model,
        status: 200,
        operation: Operation::Chat,
        usage: Usage {
            input_tokens: 900,
            cache_read_tokens: 100,
            output_tokens: 120,
            cost_nano: Some(1_000_000),
            ..Usage::default()
        },
        ms: 2400,
        request: RequestId(number.to_be_bytes()),
        session: 0,
    }
}

pub async fn book(ledger: &Ledger, row: Row) {
    ledger.admit().await.unwrap().book(row, None).unwrap();
}
