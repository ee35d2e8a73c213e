//! [`Store`] on IndexedDB: one database per store, one transaction per batch.
//!
//! One object store holds all records under text keys, so that a batch over several kinds of record
//! is one transaction, and IndexedDB gives the all-or-nothing that the port promises. What the
//! records mean is not known here.

use std::{cell::RefCell, rc::Rc};

use futures::future::LocalBoxFuture;
use indexed_db_futures::{
    KeyRange,
    database::Database,
    error::{DomException, Error, OpenDbError},
    prelude::*,
    transaction::{TransactionDurability, TransactionMode, TransactionOptions},
};
use js_sys::Uint8Array;
use store::{Batch, Record, Shelf, Store, StoreError};
use wasm_bindgen::JsValue;

const VERSION: u8 = 1;
const RECORDS: &str = "records";

/// The databases of this origin.
#[derive(Debug, Default, Clone, Copy)]
pub struct IndexedDbShelf;

impl Shelf for IndexedDbShelf {
    fn open<'a>(&'a self, name: &'a str) -> LocalBoxFuture<'a, Result<Rc<dyn Store>, StoreError>> {
        Box::pin(async move { Ok(Rc::new(IndexedDb::open(name).await?) as Rc<dyn Store>) })
    }

    fn remove<'a>(&'a self, name: &'a str) -> LocalBoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let gone = Database::delete_by_name(name).map_err(|err| not_opened(&err))?;
            gone.await.map_err(|err| refused(&err))
        })
    }
}

/// An open database.
#[derive(Debug)]
pub struct IndexedDb {
    name: String,
    database: RefCell<Rc<Database>>,
}

impl IndexedDb {
    pub async fn open(name: &str) -> Result<Self, StoreError> {
        let database = open(name).await?;
        Ok(Self { name: name.to_owned(), database: RefCell::new(Rc::new(database)) })
    }

    /// Opens the database again after the browser has dropped the connection (Safari does).
    async fn reopen(&self) -> Result<(), StoreError> {
        let database = open(&self.name).await?;
        *self.database.borrow_mut() = Rc::new(database);
        Ok(())
    }

    fn database(&self) -> Rc<Database> {
        Rc::clone(&self.database.borrow())
    }
}

impl Store for IndexedDb {
    fn get<'a>(&'a self, key: &'a str) -> LocalBoxFuture<'a, Result<Option<Vec<u8>>, StoreError>> {
        Box::pin(async move {
            let mut outcome = get(&self.database(), key).await;
            if connection_is_lost(&outcome) {
                self.reopen().await?;
                outcome = get(&self.database(), key).await;
            }
            outcome.map_err(|err| refused(&err))
        })
    }

    fn scan<'a>(&'a self, prefix: &'a str) -> LocalBoxFuture<'a, Result<Vec<Record>, StoreError>> {
        Box::pin(async move {
            let mut outcome = scan(&self.database(), prefix).await;
            if connection_is_lost(&outcome) {
                self.reopen().await?;
                outcome = scan(&self.database(), prefix).await;
            }
            outcome.map_err(|err| refused(&err))
        })
    }

    fn commit(&self, batch: Batch) -> LocalBoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let mut outcome = commit(&self.database(), &batch).await;
            if connection_is_lost(&outcome) {
                // Nothing was acknowledged, so the same batch can be written again.
                self.reopen().await?;
                outcome = commit(&self.database(), &batch).await;
            }
            match outcome {
                Ok(Committed::Written) => Ok(()),
                Ok(Committed::ExpectationUnmet) => Err(StoreError::Superseded),
                Err(err) => Err(refused(&err)),
            }
        })
    }
}

enum Committed {
    Written,
    ExpectationUnmet,
}

async fn open(name: &str) -> Result<Database, StoreError> {
    Database::open(name)
        .with_version(VERSION)
        .with_on_upgrade_needed(|_, database| {
            database.create_object_store(RECORDS).build()?;
            Ok(())
        })
        .await
        .map_err(|err| not_opened(&err))
}

async fn get(database: &Database, key: &str) -> Result<Option<Vec<u8>>, Error> {
    let transaction = database.transaction(RECORDS).build()?;
    let records = transaction.object_store(RECORDS)?;
    let value: Option<JsValue> = records.get(key).primitive()?.await?;
    Ok(value.map(|it| bytes(&it)))
}

async fn scan(database: &Database, prefix: &str) -> Result<Vec<Record>, Error> {
    let transaction = database.transaction(RECORDS).build()?;
    let records = transaction.object_store(RECORDS)?;
    // Keys are compared by UTF-16 units, and none is above this one.
    let range = || KeyRange::Bound(prefix.to_owned(), false, format!("{prefix}\u{ffff}"), false);
    let keys = records.get_all_keys::<String>().with_query::<String, _>(range()).primitive()?;
    let values = records.get_all::<JsValue>().with_query::<String, _>(range()).primitive()?;
    let (keys, values) = (keys.await?, values.await?);
    keys.zip(values).map(|(key, value)| Ok((key?, bytes(&value?)))).collect()
}

async fn commit(database: &Database, batch: &Batch) -> Result<Committed, Error> {
    let durable = TransactionOptions::new().with_durability(TransactionDurability::Strict);
    let transaction = database
        .transaction(RECORDS)
        .with_mode(TransactionMode::Readwrite)
        .with_options(durable)
        .build()?;
    let records = transaction.object_store(RECORDS)?;
    for (key, expected) in &batch.expects {
        let found: Option<JsValue> = records.get(key.as_str()).primitive()?.await?;
        if found.map(|it| bytes(&it)) != *expected {
            transaction.abort().await?;
            return Ok(Committed::ExpectationUnmet);
        }
    }
    // Issued together: the time of a batch is one round trip, not one per record.
    let (mut puts, mut deletes) = (Vec::new(), Vec::new());
    for (key, value) in &batch.writes {
        match value {
            Some(value) => {
                let value: JsValue = Uint8Array::from(value.as_slice()).into();
                puts.push(records.put(value).with_key(key.as_str()).primitive()?);
            }
            None => deletes.push(records.delete(key.as_str()).primitive()?),
        }
    }
    for put in puts {
        put.await?;
    }
    for delete in deletes {
        delete.await?;
    }
    transaction.commit().await?;
    Ok(Committed::Written)
}

fn bytes(value: &JsValue) -> Vec<u8> {
    Uint8Array::new(value).to_vec()
}

fn connection_is_lost<T>(outcome: &Result<T, Error>) -> bool {
    match outcome {
        Err(Error::DomException(DomException::InvalidStateError(_))) => true,
        Err(err) => err.to_string().contains("Connection to Indexed Database server lost"),
        Ok(_) => false,
    }
}

fn not_opened(err: &OpenDbError) -> StoreError {
    match err {
        OpenDbError::Base(err) => refused(err),
        OpenDbError::UnsupportedEnvironment | OpenDbError::NullFactory => StoreError::Forbidden,
        OpenDbError::VersionZero => StoreError::Broken(err.to_string()),
    }
}

/// Names a failure by what can be done about it.
fn refused(err: &Error) -> StoreError {
    let Error::DomException(exception) = err else {
        return match err.to_string() {
            // Chromium aborts a transaction that does not fit without saying why.
            text if text.contains("aborted") => StoreError::Full,
            text => StoreError::Broken(text),
        };
    };
    let name = js_sys::Reflect::get(exception.as_ref(), &"name".into());
    match name.ok().and_then(|it| it.as_string()).as_deref() {
        Some("QuotaExceededError") => StoreError::Full,
        Some("VersionError") => StoreError::Outdated,
        Some("SecurityError" | "NotAllowedError") => StoreError::Forbidden,
        _ => StoreError::Broken(exception.message()),
    }
}
