//! Keys with which other programs may use `/v1`.
//!
//! Only their hashes are kept, so a key is shown once. They are random and long, which is why a
//! plain hash is enough.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

use super::{BadStore, Secret, file, secret::hex};

/// Tells a key of ours from others' in a person's files.
pub(crate) const PREFIX: &str = "easel-";

#[derive(Debug, Default)]
pub struct Clients {
    path: PathBuf,
    /// Hashes by the client's name.
    hashes: BTreeMap<String, Secret>,
}

impl Clients {
    pub fn read(data: &Path) -> Result<Self, BadStore> {
        let path = data.join("clients.json");
        let hashes = match file::read(&path)? {
            Some(text) => serde_json::from_str(&text)
                .map_err(|err| BadStore::Damaged { path: path.clone(), what: err.to_string() })?,
            None => BTreeMap::new(),
        };
        Ok(Self { path, hashes })
    }

    /// Makes a key for a client and returns it, for this one time.
    pub fn add(&mut self, name: &str) -> Result<Secret, BadStore> {
        if self.hashes.contains_key(name) {
            return Err(BadStore::Taken(name.to_owned()));
        }
        let key = Secret::new(format!("{PREFIX}{}", Secret::random()?.expose()));
        self.hashes.insert(name.to_owned(), Secret::new(hash(key.expose())));
        let text = serde_json::to_string_pretty(&self.hashes)
            .map_err(|err| BadStore::Damaged { path: self.path.clone(), what: err.to_string() })?;
        file::replace(&self.path, &text)?;
        Ok(key)
    }

    /// Knows further keys, which stand in the configuration.
    #[must_use]
    pub fn with(mut self, configured: &[(String, Secret)]) -> Self {
        for (name, key) in configured {
            self.hashes.insert(name.clone(), Secret::new(hash(key.expose())));
        }
        self
    }

    /// Returns each client's name and the SHA-256 of its key, in hexadecimal digits.
    pub fn hashes(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.hashes.iter().map(|it| (it.0.as_str(), it.1))
    }

    /// Returns the client that a key belongs to.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<&str> {
        let hash = hash(key);
        self.hashes.iter().find(|it| it.1.matches(&hash)).map(|it| it.0.as_str())
    }
}

fn hash(key: &str) -> String {
    hex(&Sha256::digest(key.as_bytes()))
}
