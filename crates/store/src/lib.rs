//! Keeping things: one small port, one in-memory implementation, one test suite for all.
//!
//! The port knows only keys and bytes. What the bytes mean, and how old ones are read, is the
//! business of [`schema`], which no adapter sees.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use futures::future::LocalBoxFuture;

pub mod conformance;
pub mod schema;

/// A durable, ordered map from keys to bytes.
///
/// Implementations are interchangeable: all of them pass [`conformance::check`].
pub trait Store {
    fn get<'a>(&'a self, key: &'a str) -> LocalBoxFuture<'a, Result<Option<Vec<u8>>, StoreError>>;

    /// Returns every record whose key starts with `prefix`, in the order of the keys.
    fn scan<'a>(&'a self, prefix: &'a str) -> LocalBoxFuture<'a, Result<Vec<Record>, StoreError>>;

    /// Writes everything in the batch, or nothing. When it returns `Ok`, the batch survives the
    /// death of the process.
    fn commit(&self, batch: Batch) -> LocalBoxFuture<'_, Result<(), StoreError>>;
}

/// A key and its bytes.
pub type Record = (String, Vec<u8>);

/// Where stores come from: one per project and one for the profile.
pub trait Shelf {
    /// Opens a store, and makes it if it is not there.
    fn open<'a>(&'a self, name: &'a str) -> LocalBoxFuture<'a, Result<Rc<dyn Store>, StoreError>>;

    /// Throws a store away with all that is in it.
    fn remove<'a>(&'a self, name: &'a str) -> LocalBoxFuture<'a, Result<(), StoreError>>;
}

/// Writes that belong together.
#[derive(Debug, Default, Clone)]
pub struct Batch {
    /// What must be there, byte for byte, or nothing is written: a compare-and-set.
    pub expects: Vec<(String, Option<Vec<u8>>)>,
    /// `None` takes a record away. The last write to a key wins.
    pub writes: Vec<(String, Option<Vec<u8>>)>,
}

impl Batch {
    pub fn put(&mut self, key: impl Into<String>, value: impl Into<Vec<u8>>) -> &mut Self {
        self.writes.push((key.into(), Some(value.into())));
        self
    }

    pub fn remove(&mut self, key: impl Into<String>) -> &mut Self {
        self.writes.push((key.into(), None));
        self
    }

    pub fn expect(&mut self, key: impl Into<String>, value: Option<Vec<u8>>) -> &mut Self {
        self.expects.push((key.into(), value));
        self
    }
}

/// Why something was not kept, named by what can be done about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    #[error("the browser has no room left")]
    Full,
    #[error("the browser does not let this page keep data")]
    Forbidden,
    #[error("a newer version of Easel has written this database")]
    Outdated,
    #[error("another tab has taken over")]
    Superseded,
    #[error("a record cannot be read: {0}")]
    Damaged(String),
    #[error("the database failed: {0}")]
    Broken(String),
}

/// A [`Store`] that forgets everything when it is dropped.
#[derive(Debug, Default)]
pub struct MemoryStore {
    records: RefCell<BTreeMap<String, Vec<u8>>>,
    refusal: RefCell<Option<StoreError>>,
}

impl MemoryStore {
    /// Makes every later commit fail like this, to see what becomes of what was not kept.
    pub fn refuse(&self, with: Option<StoreError>) {
        *self.refusal.borrow_mut() = with;
    }
}

impl Store for MemoryStore {
    fn get<'a>(&'a self, key: &'a str) -> LocalBoxFuture<'a, Result<Option<Vec<u8>>, StoreError>> {
        Box::pin(async move { Ok(self.records.borrow().get(key).cloned()) })
    }

    fn scan<'a>(&'a self, prefix: &'a str) -> LocalBoxFuture<'a, Result<Vec<Record>, StoreError>> {
        Box::pin(async move {
            let records = self.records.borrow();
            let found = records.range(prefix.to_owned()..);
            let found = found.take_while(|(key, _)| key.starts_with(prefix));
            Ok(found.map(|(key, value)| (key.clone(), value.clone())).collect())
        })
    }

    fn commit(&self, batch: Batch) -> LocalBoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            if let Some(refusal) = self.refusal.borrow().clone() {
                return Err(refusal);
            }
            let mut records = self.records.borrow_mut();
            let met = batch.expects.iter().all(|(key, value)| records.get(key) == value.as_ref());
            if !met {
                return Err(StoreError::Superseded);
            }
            for (key, value) in batch.writes {
                match value {
                    Some(value) => records.insert(key, value),
                    None => records.remove(&key),
                };
            }
            Ok(())
        })
    }
}

/// A [`Shelf`] of [`MemoryStore`]s, which outlive the sessions that open them.
#[derive(Debug, Default, Clone)]
pub struct MemoryShelf {
    stores: Rc<RefCell<BTreeMap<String, Rc<MemoryStore>>>>,
}

impl MemoryShelf {
    /// Returns the store of this name, made if it is not there.
    pub fn store(&self, name: &str) -> Rc<MemoryStore> {
        Rc::clone(self.stores.borrow_mut().entry(name.to_owned()).or_default())
    }
}

impl Shelf for MemoryShelf {
    fn open<'a>(&'a self, name: &'a str) -> LocalBoxFuture<'a, Result<Rc<dyn Store>, StoreError>> {
        Box::pin(async move { Ok(self.store(name) as Rc<dyn Store>) })
    }

    fn remove<'a>(&'a self, name: &'a str) -> LocalBoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            self.stores.borrow_mut().remove(name);
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_store_conforms() {
        futures::executor::block_on(conformance::check(&MemoryStore::default()));
    }
}
