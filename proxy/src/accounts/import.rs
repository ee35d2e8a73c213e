//! Clients of `clients.json` become virtual keys, so that what has a key goes on with it.
//!
//! The file stays as it is. A client that was taken over once is not again: whoever is revoked here
//! stays revoked. A client that is removed from the file afterwards is still a key; revoke that.

use super::{
    Accounts, NewKey, NotChanged, Patterns, Who, change::named, local::Local, pepper::Digest,
};
use crate::keys::Clients;

/// Takes over what is not yet a key, and returns how many that were.
pub async fn import_clients(
    accounts: &Accounts,
    clients: &Clients,
    now_ms: u64,
) -> Result<usize, NotChanged> {
    let mut n_new = 0;
    for (name, hash) in clients.hashes() {
        let bad = NotChanged::Bad("clients.json has a hash that is none");
        let digest = accounts.pepper.hashed_key(&sha256(hash.expose()).ok_or(bad)?);
        if accounts.directory().by_digest.contains_key(&digest) {
            continue;
        }
        let Local { organisation, project, person } = accounts.local_place(now_ms).await?;
        let key = NewKey {
            // The file takes any name.
            name: named(name).unwrap_or("client"),
            organisation,
            project: Some(project),
            person: Some(person),
            models: Patterns::all(),
            expires_at_ms: None,
        };
        let by = Who { actor: "easel-proxy", ..Who::default() };
        match accounts.insert_key(&key, Some(&digest), "easel-…", by, now_ms).await {
            Ok(_) => n_new += 1,
            Err(NotChanged::Taken) => accounts.read_directory().await?, // By another instance.
            Err(err) => return Err(err),
        }
    }
    Ok(n_new)
}

fn sha256(hex: &str) -> Option<Digest> {
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    let mut digest = Digest::default();
    for (at, byte) in digest.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).ok()?; // Not a digit: no hash.
    }
    Some(digest)
}
