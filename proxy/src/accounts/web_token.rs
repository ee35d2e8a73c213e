//! Web tokens (JWT) with HMAC-SHA256, for this proxy's own sessions and for nothing else.
//!
//! Only the one header that we write is accepted, so there is no algorithm to choose and none to
//! confuse. What signs is the `hmac` crate; crates for web tokens bring every algorithm there is.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::{Denied, PersonId, SessionId, Visitor, pepper::Digest};
use crate::keys::Secret;

const TTL_SECS: u64 = 15 * 60;

/// `{"alg":"HS256","typ":"JWT"}`
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

const ISSUER: &str = "easel-proxy";

/// Longer ones are not ours.
const MOST_BYTES: usize = 1024;

#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    iss: String,
    /// The person's number.
    sub: String,
    /// The session's number.
    sid: String,
    iat: u64,
    exp: u64,
}

/// What a token says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Claims {
    pub(super) session: SessionId,
    pub(super) person: PersonId,
}

pub(super) fn sign(key: &Digest, visitor: &Visitor, now_ms: u64) -> Secret {
    let iat = now_ms / 1000;
    let payload = Payload {
        iss: ISSUER.to_owned(),
        sub: visitor.person.0.to_string(),
        sid: visitor.session.0.to_string(),
        iat,
        exp: (iat + TTL_SECS).min(visitor.expires_at_ms / 1000),
    };
    let payload = serde_json::to_vec(&payload).expect("texts and numbers are JSON");
    let said = format!("{HEADER}.{}", URL_SAFE_NO_PAD.encode(payload));
    let signature = mac(key, &said).finalize().into_bytes();
    Secret::new(format!("{said}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

pub(super) fn verify(key: &Digest, token: &str, now_ms: u64) -> Result<Claims, Denied> {
    let read = || {
        let (said, signature) =
            Some(token).filter(|it| it.len() <= MOST_BYTES)?.rsplit_once('.')?;
        let payload = said.strip_prefix(HEADER)?.strip_prefix('.')?;
        // Whatever is wrong with it, it is not ours.
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        mac(key, said).verify_slice(&signature).ok()?;
        serde_json::from_slice::<Payload>(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
    };
    let payload = read().filter(|it| it.iss == ISSUER).ok_or(Denied::Unknown)?;
    let now_secs = now_ms / 1000;
    if payload.exp <= now_secs {
        return Err(Denied::Expired);
    }
    let number = |text: &str| text.parse().ok().ok_or(Denied::Unknown);
    let session = SessionId(number(&payload.sid)?);
    Ok(Claims { session, person: PersonId(number(&payload.sub)?) })
}

fn mac(key: &Digest, said: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::new_from_slice(key).expect("any length is right");
    mac.update(said.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: u64 = 1_800_000_000_000;

    #[test]
    fn a_token_says_who_it_is_for_until_it_expires() {
        let token = sign(&[7; 32], &visitor(), NOW_MS);
        let claims = Claims { session: SessionId(5), person: PersonId(9) };
        let read = |now_ms| verify(&[7; 32], token.expose(), now_ms);
        assert_eq!(read(NOW_MS), Ok(claims));
        assert!(read(NOW_MS + 899_999).is_ok());
        assert_eq!(read(NOW_MS + 900_000), Err(Denied::Expired));
    }

    #[test]
    fn a_token_ends_with_its_session() {
        let short = Visitor { expires_at_ms: NOW_MS + 60_000, ..visitor() };
        let token = sign(&[7; 32], &short, NOW_MS);
        assert_eq!(verify(&[7; 32], token.expose(), NOW_MS + 60_000), Err(Denied::Expired));
    }

    #[test]
    fn a_token_that_was_touched_is_none() {
        let token = sign(&[7; 32], &visitor(), NOW_MS).expose().to_owned();
        assert_eq!(verify(&[8; 32], &token, NOW_MS), Err(Denied::Unknown));
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let touched = String::from_utf8(bytes).unwrap();
            assert!(verify(&[7; 32], &touched, NOW_MS).is_err(), "{at}");
        }
        let (_, payload) = token.split_once('.').unwrap();
        let payload = payload.split_once('.').unwrap().0;
        for header in [r#"{"alg":"none"}"#, r#"{"alg":"HS256"}"#, r#"{"alg":"RS256","typ":"JWT"}"#]
        {
            let said = format!("{}.{payload}", URL_SAFE_NO_PAD.encode(header));
            let signed = URL_SAFE_NO_PAD.encode(mac(&[7; 32], &said).finalize().into_bytes());
            assert!(verify(&[7; 32], &format!("{said}.{signed}"), NOW_MS).is_err());
            assert!(verify(&[7; 32], &format!("{said}."), NOW_MS).is_err());
        }
        for none in ["", ".", "..", "a.b.c", &"a.".repeat(1000)] {
            assert_eq!(verify(&[7; 32], none, NOW_MS), Err(Denied::Unknown));
        }
        assert_eq!(URL_SAFE_NO_PAD.decode(HEADER).unwrap(), br#"{"alg":"HS256","typ":"JWT"}"#);
    }

    fn visitor() -> Visitor {
        let expires_at_ms = NOW_MS + 3_600_000;
        Visitor { session: SessionId(5), person: PersonId(9), expires_at_ms }
    }
}
