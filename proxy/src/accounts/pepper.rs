//! The pepper: a secret beside the database, under which keys, PINs and sessions are hashed.
//!
//! Who has only the database can neither use a key nor try PINs. It lies in the data folder in a file
//! that only its owner reads; instances that share a database share it.

use std::path::Path;

use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::keys::{BadStore, Secret, file};

const FILE: &str = "pepper";

/// A hash under the pepper.
pub(super) type Digest = [u8; 32];

/// What is hashed. A PIN's hash is never a session's.
#[derive(Debug, Clone, Copy)]
pub(super) enum Use {
    Pin,
    Session,
    /// The key that web tokens are signed with.
    WebToken,
    /// What a key's owner signs requests with.
    Signing,
    /// Says whether a database belongs to this pepper.
    Mark,
}

#[derive(Clone)]
pub(super) struct Pepper {
    /// It has taken in the pepper, so that each hash costs two rounds less.
    begun: Hmac<Sha256>,
}

impl std::fmt::Debug for Pepper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pepper")
    }
}

impl Pepper {
    /// Reads the pepper of a data folder, or makes it.
    pub(super) fn read(data: &Path) -> Result<Self, BadStore> {
        let path = data.join(FILE);
        let secret = match file::read(&path)? {
            Some(text) => Secret::new(text),
            None => {
                let secret = Secret::random()?;
                file::replace(&path, secret.expose())?;
                secret
            }
        };
        // A short one could be guessed.
        if secret.expose().len() < 32 {
            let what = "a pepper has 32 characters or more".to_owned();
            return Err(BadStore::Damaged { path, what });
        }
        let begun = Hmac::new_from_slice(secret.expose().as_bytes());
        Ok(Self { begun: begun.expect("any length is right") })
    }

    /// Hashes a key. It is hashed without the pepper first, because of older keys no more is known.
    pub(super) fn key(&self, key: &str) -> Digest {
        self.hashed_key(&Sha256::digest(key.as_bytes()).into())
    }

    /// Hashes a key of which only the SHA-256 is known.
    pub(super) fn hashed_key(&self, sha256: &Digest) -> Digest {
        let mut mac = self.begun.clone();
        mac.update(sha256);
        mac.finalize().into_bytes().into()
    }

    pub(super) fn hash(&self, what: Use, text: &str) -> Digest {
        let mut mac = self.begun.clone();
        // A key comes in as a SHA-256, which nobody can make begin like this.
        mac.update(match what {
            Use::Pin => b"easel pin: ",
            Use::Session => b"easel session: ",
            Use::WebToken => b"easel web token, so that it is no key: ",
            Use::Signing => b"easel signing secret, so that it is no key: ",
            Use::Mark => b"easel mark: ",
        });
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().into()
    }
}
