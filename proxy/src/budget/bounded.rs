//! A map that keeps to a limit by dropping what is over.
//!
//! It drops nothing else: when all it has still counts, it takes nothing more.

#![expect(clippy::disallowed_types, reason = "on each request's way, and never iterated over")]

use std::{collections::HashMap, hash::Hash};

use foldhash::fast::RandomState;

use super::Unavailable;

/// Below this many entries nobody looks for what is over.
const FEW: usize = 1_024;
/// A full map is searched at most this often.
const PAUSE_MICROS: u64 = 1_000_000;

#[derive(Debug)]
pub(super) struct Bounded<K, V> {
    pub entries: HashMap<K, V, RandomState>,
    what: &'static str,
    most: usize,
    /// At this many entries, look for what is over.
    tidy_at: usize,
    tidied_at_micros: u64,
}

impl<K: Eq + Hash, V> Bounded<K, V> {
    pub(super) fn new(what: &'static str, most: usize) -> Self {
        let entries = HashMap::default();
        Self { entries, what, most, tidy_at: most.min(FEW), tidied_at_micros: 0 }
    }

    /// Returns whether so many more need [`Self::make_room`].
    pub(super) fn is_short_of(&self, n_more: usize) -> bool {
        self.entries.len().saturating_add(n_more) > self.tidy_at
    }

    /// Sees to it that so many more fit in.
    pub(super) fn make_room(
        &mut self,
        n_more: usize,
        now_micros: u64,
        counts: impl Fn(&K, &V) -> bool,
    ) -> Result<(), Unavailable> {
        if n_more == 0 || !self.is_short_of(n_more) {
            return Ok(());
        }
        let due = self.tidied_at_micros.abs_diff(now_micros) >= PAUSE_MICROS;
        if self.tidy_at < self.most || due {
            self.entries.retain(|key, value| counts(key, value));
            self.tidied_at_micros = now_micros;
            let twice = self.entries.len().saturating_add(n_more).saturating_mul(2);
            self.tidy_at = twice.max(FEW).min(self.most);
        }
        if self.entries.len().saturating_add(n_more) > self.most {
            return Err(Unavailable::Full { what: self.what, most: self.most });
        }
        Ok(())
    }
}
