//! The requests that run at this moment, for people who look.
//!
//! Nothing is decided by it.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{accounts::KeyId, ledger::RequestId};

/// A request that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    pub key: KeyId,
    /// The key's name.
    pub client: String,
    /// `provider/model`
    pub lane: String,
    pub request: RequestId,
    /// When it began.
    pub at_ms: u64,
}

pub(super) type Entry = Running;

#[derive(Debug, Default)]
pub(super) struct Live {
    running: Mutex<(u64, BTreeMap<u64, Running>)>,
}

impl Live {
    /// Returns the number under which it leaves.
    pub(super) fn enter(&self, entry: Entry) -> u64 {
        let (last, running) = &mut *self.running();
        *last += 1;
        running.insert(*last, entry);
        *last
    }

    pub(super) fn leave(&self, number: u64) {
        self.running().1.remove(&number);
    }

    pub(super) fn len(&self) -> usize {
        self.running().1.len()
    }

    pub(super) fn all(&self) -> Vec<Running> {
        self.running().1.values().cloned().collect()
    }

    fn running(&self) -> MutexGuard<'_, (u64, BTreeMap<u64, Running>)> {
        // A panic elsewhere cannot leave it half changed.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
