//! Tokens for Vertex AI: a service account's key signs a request for one, which lives an hour.
//!
//! A key that is no account's JSON is sent as the token that it is. Nothing here asks a metadata
//! server.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose};
use bytes::Bytes;
use http::{Request, header};
use http_body_util::Full;
use ring::{rand::SystemRandom, rsa::KeyPair, signature::RSA_PKCS1_SHA256};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::keys::Secret;

const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

const LIFETIME: Duration = Duration::from_secs(3_600);

/// Renewed before it ends, so that none ends on its way.
const MARGIN: Duration = Duration::from_secs(300);

/// Accounts whose tokens are kept.
const LIMIT: usize = 64;

/// Tokens by account, until they end.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    tokens: Mutex<BTreeMap<[u8; 32], (Secret, SystemTime)>>,
}

/// The part of an account's JSON that is needed.
#[derive(Deserialize)]
pub(super) struct Account {
    client_email: String,
    private_key: String,
    #[serde(default)]
    private_key_id: String,
    pub(super) token_uri: String,
}

#[derive(Deserialize)]
struct Granted {
    access_token: Secret,
    expires_in: u64,
}

/// Returns the account of a key; none if the key is a token already.
pub(super) fn account(key: &Secret) -> Option<Account> {
    serde_json::from_str(key.expose()).ok() // Whatever is no account is a token.
}

impl Tokens {
    /// Returns the token of a key, if it is good for a while.
    pub(super) fn get(&self, key: &Secret, now: SystemTime) -> Option<Secret> {
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let (token, until) = tokens.get(&name(key))?;
        (now + MARGIN < *until).then(|| token.clone())
    }

    /// Keeps what was granted, and returns it.
    pub(super) fn keep(
        &self,
        key: &Secret,
        body: &[u8],
        now: SystemTime,
    ) -> Result<Secret, &'static str> {
        let granted: Granted = serde_json::from_slice(body).ok().ok_or("it granted no token")?;
        let until = now + Duration::from_secs(granted.expires_in);
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.retain(|_, it| it.1 > now);
        if tokens.len() < LIMIT {
            tokens.insert(name(key), (granted.access_token.clone(), until));
        }
        Ok(granted.access_token)
    }
}

/// Keys are not kept a second time.
fn name(key: &Secret) -> [u8; 32] {
    Sha256::digest(key.expose().as_bytes()).into()
}

impl Account {
    /// Asks for a token.
    pub(super) fn request(&self, now: SystemTime) -> Result<Request<Full<Bytes>>, &'static str> {
        let assertion = self.assertion(now)?;
        let body = format!(
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={assertion}"
        );
        Request::post(&self.token_uri)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::new(body.into()))
            .ok()
            .ok_or("its account's `token_uri` is no address")
    }

    fn assertion(&self, now: SystemTime) -> Result<String, &'static str> {
        let at = now.duration_since(UNIX_EPOCH).map_or(0, |it| it.as_secs());
        let head = serde_json::json!({
            "alg": "RS256", "typ": "JWT", "kid": self.private_key_id,
        });
        let claims = serde_json::json!({
            "iss": self.client_email,
            "scope": SCOPE,
            "aud": self.token_uri,
            "iat": at,
            "exp": at + LIFETIME.as_secs(),
        });
        let encode = |bytes: &[u8]| general_purpose::URL_SAFE_NO_PAD.encode(bytes);
        let text = format!(
            "{}.{}",
            encode(head.to_string().as_bytes()),
            encode(claims.to_string().as_bytes())
        );
        let key = self.key()?;
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
            .ok()
            .ok_or("its account's key signs nothing")?;
        Ok(format!("{text}.{}", encode(&signature)))
    }

    fn key(&self) -> Result<KeyPair, &'static str> {
        let base64: String =
            self.private_key.lines().filter(|it| !it.starts_with("-----")).map(str::trim).collect();
        let der = general_purpose::STANDARD
            .decode(base64)
            .ok()
            .ok_or("its account's key cannot be read")?;
        KeyPair::from_pkcs8(&der).ok().ok_or("its account's key is no RSA key")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_used_until_shortly_before_its_end() {
        let tokens = Tokens::default();
        let key = Secret::new("{}");
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let granted = br#"{"access_token":"t1","expires_in":3600,"token_type":"Bearer"}"#;
        assert_eq!(tokens.keep(&key, granted, now).unwrap().expose(), "t1");
        assert_eq!(tokens.get(&key, now).unwrap().expose(), "t1");
        assert_eq!(tokens.get(&key, now + Duration::from_secs(3_301)), None);
        assert_eq!(tokens.get(&Secret::new("other"), now), None);
        assert!(tokens.keep(&key, b"{}", now).is_err());
    }

    #[test]
    fn what_is_no_account_is_a_token() {
        assert!(account(&Secret::new("ya29.token")).is_none());
        let text = r#"{"client_email":"a@b","private_key":"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n","token_uri":"http://127.0.0.1:1/token"}"#;
        let account = account(&Secret::new(text)).unwrap();
        assert_eq!(
            account.request(SystemTime::UNIX_EPOCH).unwrap_err(),
            "its account's key is no RSA key"
        );
    }
}
