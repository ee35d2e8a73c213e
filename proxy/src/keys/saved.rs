//! `providers.json`: what was typed in Settings.
//!
//! A key belongs to the address that it was entered for: whoever changes the address must enter
//! the key again, so that no page and no slip can send it elsewhere.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use providers::endpoint;
use serde::{Deserialize, Serialize};
use wire::{ProviderChange, ProviderKind};

use super::{BadStore, Secret, file};

const VERSION: u32 = 1;

/// A provider of Settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    pub kind: ProviderKind,
    pub base_url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Secret>,
    #[serde(default)]
    pub models: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Contents {
    version: u32,
    providers: BTreeMap<String, Saved>,
}

#[derive(Debug)]
pub struct SavedProviders {
    path: PathBuf,
    providers: BTreeMap<String, Saved>,
    /// Since it was read.
    changes: u64,
}

impl SavedProviders {
    pub fn read(data: &Path) -> Result<Self, BadStore> {
        let path = data.join("providers.json");
        let damaged = |what: String| BadStore::Damaged { path: path.clone(), what };
        let Some(text) = file::read(&path)? else {
            return Ok(Self { path, providers: BTreeMap::new(), changes: 0 });
        };
        // The error's text would quote the file.
        let contents: Contents = serde_json::from_str(&text)
            .map_err(|err| damaged(format!("line {}, {:?} error", err.line(), err.classify())))?;
        if contents.version != VERSION {
            return Err(damaged(format!("it is of version {}", contents.version)));
        }
        Ok(Self { path, providers: contents.providers, changes: 0 })
    }

    #[must_use]
    pub fn all(&self) -> &BTreeMap<String, Saved> {
        &self.providers
    }

    /// How often it was changed since it was read.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// Saves a change whose address was parsed.
    pub fn set(&mut self, id: &str, change: ProviderChange) -> Result<(), BadStore> {
        let old = self.providers.get(id);
        let same_place =
            |it: &&Saved| endpoint::origin(&it.base_url) == endpoint::origin(&change.base_url);
        let key = match change.key {
            Some(key) => Some(Secret::new(key)).filter(|it| !it.is_empty()),
            None => old.filter(same_place).and_then(|it| it.key.clone()),
        };
        let saved =
            Saved { kind: change.kind, base_url: change.base_url, key, models: change.models };
        let mut providers = self.providers.clone();
        providers.insert(id.to_owned(), saved);
        self.write(providers)
    }

    /// Forgets a provider. Returns whether there was one.
    pub fn remove(&mut self, id: &str) -> Result<bool, BadStore> {
        let mut providers = self.providers.clone();
        if providers.remove(id).is_none() {
            return Ok(false);
        }
        self.write(providers)?;
        Ok(true)
    }

    /// What is in memory is what is on the disk.
    fn write(&mut self, providers: BTreeMap<String, Saved>) -> Result<(), BadStore> {
        let contents = Contents { version: VERSION, providers };
        let text = serde_json::to_string_pretty(&contents)
            .map_err(|err| BadStore::Damaged { path: self.path.clone(), what: err.to_string() })?;
        file::replace(&self.path, &text)?;
        self.providers = contents.providers;
        self.changes += 1;
        Ok(())
    }
}
