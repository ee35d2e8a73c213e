//! Everything secret: provider keys, the app's token, the keys of other clients.
//!
//! It lies in the data folder in files that only their owner may read. What is compared is
//! compared in constant time; nothing of it is in a `Debug`, a log or an answer.

mod clients;
pub(crate) mod file;
mod saved;
pub(crate) mod secret;
mod token;

pub use clients::Clients;
pub(crate) use clients::PREFIX;
pub use saved::{Saved, SavedProviders};
pub use secret::Secret;
pub use token::token;

use std::{io, path::PathBuf};

/// The data folder does not do its duty.
#[derive(Debug, thiserror::Error)]
pub enum BadStore {
    #[error("{} cannot be used: {source}", path.display())]
    Unusable { path: PathBuf, source: io::Error },
    #[error("{} cannot be read: {what}; mend it, or move it away to begin anew", path.display())]
    Damaged { path: PathBuf, what: String },
    #[error("no random numbers: {0}")]
    NoRandom(getrandom::Error),
    #[error("there is a client `{0}` already")]
    Taken(String),
}

#[cfg(test)]
mod tests;
