//! Requests that are signed with a key's signing secret, so that no secret is sent.
//!
//! The secret is made of the pepper and of which key it is: nothing of it is stored, and it ends with
//! the key. What is signed and how is in docs/decisions/signed-requests.md. It reads no body and
//! remembers no nonce: whoever asks does both, after the signature.

use std::sync::Arc;

use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::{Accounts, Client, Denied, KeyId, pepper::Use};
use crate::keys::{Secret, secret::hex};

/// How far a request's time may be from ours, in both directions.
pub const WINDOW_SECS: u64 = 5 * 60;

const VERSION: &str = "easel-1";
const PREFIX: &str = "easel-signing-";

/// Characters of a nonce: enough that two are never alike, and no more than that.
const NONCE: std::ops::RangeInclusive<usize> = 16..=64;

/// What a signed request says of itself.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    pub method: &'a str,
    /// Path and query, as they are in the request.
    pub target: &'a str,
    pub key: KeyId,
    /// Seconds since 1970.
    pub time_secs: u64,
    pub nonce: &'a str,
    /// The body's SHA-256, in hexadecimal digits.
    pub digest: &'a str,
    pub signature: &'a str,
}

/// Why a signature is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    #[error("its headers are not as they must be")]
    Malformed,
    #[error("its key cannot be used: {0}")]
    Key(Denied),
    #[error("its time is more than five minutes from the proxy's")]
    Stale,
    #[error("the signature does not fit the request")]
    Tampered,
    #[error("it was sent before")]
    Replayed,
    #[error("the body is not the one that was signed")]
    OtherBody,
}

impl Accounts {
    /// Returns what a key's owner signs with.
    #[must_use]
    pub fn signing_secret(&self, client: &Client) -> Secret {
        let which = format!("{} {}", client.key.0, client.prefix);
        Secret::new(format!("{PREFIX}{}", hex(&self.pepper.hash(Use::Signing, &which))))
    }

    /// Returns whose key a request is signed with.
    pub fn signer(&self, signed: &Signed<'_>, now_ms: u64) -> Result<Arc<Client>, NotSigned> {
        let nonce_is_one = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_');
        let nonce = signed.nonce;
        if !NONCE.contains(&nonce.len()) || !nonce.bytes().all(nonce_is_one) {
            return Err(NotSigned::Malformed);
        }
        let client = self.client(signed.key).filter(|it| !it.prefix.is_empty());
        let client = client.ok_or(NotSigned::Key(Denied::Unknown))?;
        client.may_ask(now_ms).map_err(NotSigned::Key)?;
        if signed.time_secs.abs_diff(now_ms / 1000) > WINDOW_SECS {
            return Err(NotSigned::Stale);
        }
        let signature = unhex(signed.signature).ok_or(NotSigned::Malformed)?;
        let secret = self.signing_secret(&client);
        let fits = mac(secret.expose(), signed).verify_slice(&signature).is_ok();
        if fits { Ok(client) } else { Err(NotSigned::Tampered) }
    }
}

/// Each part is on a line of its own and none can hold a line's end, so no two requests are one.
fn mac(secret: &str, signed: &Signed<'_>) -> Hmac<Sha256> {
    let Signed { method, target, time_secs, nonce, digest, .. } = signed;
    let mut mac = Hmac::new_from_slice(secret.as_bytes()).expect("any length is right");
    let text = format!("{VERSION}\n{method}\n{target}\n{digest}\n{time_secs}\n{nonce}");
    mac.update(text.as_bytes());
    mac
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    let mut out = [0; 32];
    if digits.len() != 64 {
        return None;
    }
    for (byte, pair) in out.iter_mut().zip(digits.chunks(2)) {
        let digit = |it: u8| char::from(it).to_digit(16);
        let (high, low) = (digit(pair[0])?, digit(pair[1])?);
        *byte = u8::try_from(high * 16 + low).ok()?; // Two digits always fit.
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of docs/decisions/signed-requests.md.
    #[test]
    fn signatures_are_as_documented() {
        let secret = format!("{PREFIX}{}", "0".repeat(64));
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let body = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"; // {}
        for (method, target, digest, nonce, expected) in [
            (
                "GET",
                "/v1/models",
                empty,
                "AAAAAAAAAAAAAAAA",
                "76bead6416c90dc17cd6a4d766d1229e8e9ea7e5a9a616d8909537ef472e53db",
            ),
            (
                "POST",
                "/v1/chat/completions?a=1&b=%20",
                body,
                "nonce-0123456789_abc",
                "d50fd7ab3def635a2eeb4583e81770eabf4e426f1b31d0f8f57cf87dc5b9a8e1",
            ),
        ] {
            let signed = Signed {
                method,
                target,
                key: KeyId(1),
                time_secs: 1_800_000_000,
                nonce,
                digest,
                signature: "",
            };
            let made = hex(&mac(&secret, &signed).finalize().into_bytes());
            assert_eq!(made, expected, "{method} {target}");
            assert_eq!(unhex(&made).map(|it| hex(&it)), Some(made));
        }
    }

    #[test]
    fn what_is_no_signature_is_none() {
        for text in ["", "00", &"g".repeat(64), &"é".repeat(32), &"0".repeat(63), &"0".repeat(66)]
        {
            assert_eq!(unhex(text), None, "{text}");
        }
    }
}
