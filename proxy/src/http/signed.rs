//! Signed requests: judged before they are routed, by their headers first and then by their body.
//!
//! Who is refused here leaves an entry in the audit log, unless there were many lately: nobody fills
//! the disk with bad signatures.

use std::{error::Error as _, num::NonZeroU32, time::Duration};

use axum::{
    body::{Body, to_bytes},
    extract::Request,
};
use http::{HeaderMap, StatusCode, request::Parts};
use http_body_util::LengthLimitError;
use sha2::{Digest as _, Sha256};
use wire::RejectionCode;

use super::{
    Shared,
    admin::{address, agent},
    auth::Signer,
    refusal::{Refusal, bad, too_large},
};
use crate::{
    accounts::{KeyId, NotSigned, Scope, Signed, WINDOW_SECS},
    budget::{Per, Rate},
    keys::secret::hex,
    now_ms,
    store::audit::Entry,
};

const SIGNATURE: &str = "x-easel-signature";
const KEY: &str = "x-easel-key";
const TIME: &str = "x-easel-time";
const NONCE: &str = "x-easel-nonce";
const DIGEST: &str = "x-easel-digest";

/// Entries in the audit log about one key, and about all.
const NOTED: Rate = Rate { most: NonZeroU32::new(10).expect("not zero"), per: Per::Hour };
const ALL_NOTED: Rate = Rate { most: NonZeroU32::new(100).expect("not zero"), per: Per::Hour };

/// Lets a request through that is not signed, or signed as it must be. Its body is whole then.
pub(super) async fn check(state: &Shared, request: Request) -> Result<Request, Refusal> {
    if !request.headers().contains_key(SIGNATURE) {
        return Ok(request);
    }
    // In a box: what is not signed would hold the room for it.
    Box::pin(checked(state, request)).await
}

async fn checked(state: &Shared, request: Request) -> Result<Request, Refusal> {
    let (mut parts, body) = request.into_parts();
    let (signer, key) = match signer(state, &parts).await? {
        Ok(signer) => signer,
        Err((why, key)) => return Err(refused(state, &parts, key, why).await),
    };
    let digest = text(&parts.headers, DIGEST).unwrap_or_default().to_owned();
    let bytes = match to_bytes(body, state.limits.body_bytes).await {
        Ok(bytes) => bytes,
        Err(err) if err.source().is_some_and(|it| it.is::<LengthLimitError>()) => {
            return Err(too_large(state.limits.body_bytes));
        }
        Err(_) => return Err(bad("The body broke off, or came too slowly")),
    };
    if hex(&Sha256::digest(&bytes)) != digest {
        return Err(refused(state, &parts, Some(key), NotSigned::OtherBody).await);
    }
    parts.extensions.insert(signer);
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

type Found = Result<(Signer, KeyId), (NotSigned, Option<KeyId>)>;

/// Finds who signed; what only the counters can refuse is the outer error.
async fn signer(state: &Shared, parts: &Parts) -> Result<Found, Refusal> {
    let headers = &parts.headers;
    let number = |name| text(headers, name).and_then(|it| it.parse().ok());
    let key = number(KEY).and_then(|it: u64| i64::try_from(it).ok()).map(KeyId);
    let fields =
        (key, number(TIME), text(headers, NONCE), text(headers, DIGEST), text(headers, SIGNATURE));
    let (Some(key), Some(time_secs), Some(nonce), Some(digest), Some(signature)) = fields else {
        return Ok(Err((NotSigned::Malformed, key)));
    };
    let target = parts.uri.path_and_query().map_or("/", |it| it.as_str());
    let method = parts.method.as_str();
    let signed = Signed { method, target, key, time_secs, nonce, digest, signature };
    let client = match state.accounts.signer(&signed, now_ms()) {
        Ok(client) => client,
        Err(why) => return Ok(Err((why, Some(key)))),
    };
    // Only what is rightly signed is remembered, so strangers cannot fill the memory. Its time can
    // lie ahead, so it is remembered for both halves of the window.
    let name = format!("{} {time_secs} {nonce}", key.0);
    let lasts = Duration::from_secs(2 * WINDOW_SECS + 1);
    if !state.gateway.books.once(&name, lasts).await? {
        return Ok(Err((NotSigned::Replayed, Some(key))));
    }
    Ok(Ok((Signer(client), key)))
}

/// Returns a header that is there once.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    value.to_str().ok() // Bytes that are no text fit nothing.
}

async fn refused(state: &Shared, parts: &Parts, key: Option<KeyId>, why: NotSigned) -> Refusal {
    tracing::info!(key = key.map(|it| it.0), %why, "a signed request is refused");
    let known = key.filter(|it| state.accounts.client(*it).is_some());
    let subject = known.map_or_else(|| "no key".to_owned(), |it| Scope::Key(it).to_string());
    let books = &state.gateway.books;
    let few = books.throttle("bad signatures of", &subject, NOTED).await.is_ok()
        && books.throttle("bad signatures", "", ALL_NOTED).await.is_ok();
    if few {
        let ip = address(parts, state).map_or_else(String::new, |it| it.to_string());
        let detail = format!("{} {}: {why}", parts.method, parts.uri.path());
        let entry = Entry {
            actor: "signature",
            action: "request.refused",
            subject: &subject,
            detail: &detail,
            ip: &ip,
            user_agent: &agent(parts),
            session: "",
        };
        state.operations.audit.note(entry, now_ms()).await;
    }
    let message = format!("The signed request is refused: {why}");
    Refusal::new(StatusCode::UNAUTHORIZED, RejectionCode::NotPaired, &message)
}
