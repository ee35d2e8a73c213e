//! The token of this installation: who has it may use the proxy as the app does.
//!
//! It is made once and stays, because the app keeps it in the browser.

use std::path::Path;

use super::{BadStore, Secret, file};

/// Reads the token, or makes it.
pub fn token(data: &Path) -> Result<Secret, BadStore> {
    let path = data.join("token");
    if let Some(text) = file::read(&path)? {
        let token = Secret::new(text);
        if token.is_empty() {
            return Err(BadStore::Damaged { path, what: "it is empty".to_owned() });
        }
        return Ok(token);
    }
    let token = Secret::random()?;
    file::replace(&path, token.expose())?;
    Ok(token)
}
