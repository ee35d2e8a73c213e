//! A webhook: somebody else's word before a request, and their notice after it.
//!
//! Calls are signed, and no prompt is told unless the owner wants it. Before a request they have
//! little time, and what silence means is the owner's choice. Notices wait in a line with an end;
//! nobody waits for them.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use hmac::{Hmac, Mac as _};
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use providers::failure;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::Sha256;
use tokio::{
    sync::mpsc,
    time::{Instant, timeout},
};
use wire::{Rejection, RejectionCode, Usage};

use crate::{
    keys::{Secret, secret::hex},
    now_secs,
    upstream::{HttpClient, client},
};

/// Notices that wait; further ones are lost, which the log says.
const WAITING_LIMIT: usize = 1_000;

const ANSWER_LIMIT_BYTES: usize = 64 << 10;

/// Letters of the hook's own words that a client reads.
const WORDS_LIMIT: usize = 300;

/// `t=` the seconds since 1970, `v1=` the HMAC-SHA256, in hexadecimal digits, of those seconds, a
/// point, and the body.
pub const SIGNATURE: &str = "x-easel-signature";

/// A webhook as it is configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub address: Uri,
    pub secret: Secret,
    pub before: bool,
    pub after: bool,
    pub wait: Duration,
    /// Without an answer in time, a request is refused.
    pub fail_closed: bool,
    /// Prompts are told.
    pub prompts: bool,
}

#[derive(Debug, Clone)]
pub struct Hook {
    settings: Arc<Settings>,
    client: HttpClient,
    notices: mpsc::Sender<Bytes>,
}

/// What a request is.
#[derive(Debug, Clone, Serialize)]
pub struct About {
    pub id: String,
    pub model: String,
    pub stream: bool,
    pub n_bytes: usize,
}

#[derive(Debug, Serialize)]
struct Before<'a> {
    event: &'static str,
    #[serde(flatten)]
    about: &'a About,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<&'a RawValue>,
}

#[derive(Debug, Serialize)]
struct After<'a> {
    event: &'static str,
    #[serde(flatten)]
    about: &'a About,
    #[serde(flatten)]
    outcome: &'a Outcome,
    ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Outcome {
    Finished,
    Failed {
        code: RejectionCode,
    },
    /// The client did not wait for the end.
    Left,
}

#[derive(Debug, Deserialize)]
struct Verdict {
    allow: bool,
    #[serde(default)]
    message: String,
}

impl Hook {
    /// Begins to send notices; they end with the last clone.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let settings = Arc::new(settings);
        let client = client();
        let (notices, waiting) = mpsc::channel(WAITING_LIMIT);
        tokio::spawn(send_all(client.clone(), Arc::clone(&settings), waiting));
        Self { settings, client, notices }
    }

    /// Asks whether a request may go on. `body` is what was asked, as JSON.
    pub async fn before(&self, about: &About, body: &[u8]) -> Result<(), Rejection> {
        if !self.settings.before {
            return Ok(());
        }
        let request = self.settings.prompts.then(|| serde_json::from_slice(body).ok()).flatten();
        let told = Before { event: "before", about, request };
        let asked = self.ask(serde_json::to_vec(&told).unwrap_or_default()); // Texts and numbers.
        let verdict = timeout(self.settings.wait, asked).await.unwrap_or(Err("no answer in time"));
        match verdict {
            Ok(Verdict { allow: true, .. }) => Ok(()),
            Ok(Verdict { allow: false, message }) => {
                tracing::info!("refused by the webhook");
                let words: String = message.chars().take(WORDS_LIMIT).collect();
                let words = if words.is_empty() { "no reason is given" } else { &words };
                let message =
                    format!("Whoever runs this proxy does not allow this request: {words}");
                Err(failure::plain(RejectionCode::Filtered, &message))
            }
            Err(cause) if self.settings.fail_closed => {
                tracing::warn!(cause, "no word of the webhook; refused");
                let message = "The proxy may not go on without its webhook, which does not answer";
                Err(failure::plain(RejectionCode::Broken, message))
            }
            Err(cause) => {
                tracing::warn!(cause, "no word of the webhook; let through");
                Ok(())
            }
        }
    }

    /// Returns what tells how a request ends, whichever way it does.
    #[must_use]
    pub fn watch(&self, about: About) -> Option<Told> {
        self.settings.after.then(|| Told {
            notices: self.notices.clone(),
            about,
            began: Instant::now(),
            outcome: Outcome::Left,
            usage: None,
        })
    }

    async fn ask(&self, body: Vec<u8>) -> Result<Verdict, &'static str> {
        let request = signed(&self.settings, body.into());
        let answer = self.client.request(request).await.map_err(|_err| "it cannot be reached")?;
        let status = answer.status();
        if status == StatusCode::FORBIDDEN {
            return Ok(Verdict { allow: false, message: String::new() });
        }
        if !status.is_success() {
            return Err("it failed");
        }
        let body = Limited::new(answer.into_body(), ANSWER_LIMIT_BYTES).collect().await;
        let body = body.map_err(|_err| "its answer broke off")?.to_bytes();
        if body.trim_ascii().is_empty() {
            return Ok(Verdict { allow: true, message: String::new() });
        }
        serde_json::from_slice(&body).map_err(|_err| "its answer cannot be read")
    }
}

/// Tells the webhook how a request ended, when it is dropped.
#[derive(Debug)]
pub struct Told {
    notices: mpsc::Sender<Bytes>,
    about: About,
    began: Instant,
    outcome: Outcome,
    usage: Option<Usage>,
}

impl Told {
    pub fn finished(&mut self) {
        self.outcome = Outcome::Finished;
    }

    pub fn failed(&mut self, code: RejectionCode) {
        self.outcome = Outcome::Failed { code };
    }

    pub fn used(&mut self, usage: Usage) {
        self.usage = Some(usage);
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        let after = After {
            event: "after",
            about: &self.about,
            outcome: &self.outcome,
            ms: u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            usage: self.usage,
        };
        let body = serde_json::to_vec(&after).unwrap_or_default(); // Texts and numbers.
        if self.notices.try_send(body.into()).is_err() {
            tracing::warn!("a notice to the webhook is lost: too many wait");
        }
    }
}

async fn send_all(client: HttpClient, settings: Arc<Settings>, mut waiting: mpsc::Receiver<Bytes>) {
    while let Some(body) = waiting.recv().await {
        let sent = timeout(settings.wait, client.request(signed(&settings, body))).await;
        let cause = match sent {
            Ok(Ok(answer)) if answer.status().is_success() => continue,
            Ok(Ok(_)) => "it failed",
            Ok(Err(_)) => "it cannot be reached",
            Err(_) => "no answer in time",
        };
        tracing::warn!(cause, "the webhook did not take a notice");
    }
}

fn signed(settings: &Settings, body: Bytes) -> Request<Full<Bytes>> {
    let signature = signature(&settings.secret, now_secs(), &body);
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = http::Method::POST;
    request.uri_mut().clone_from(&settings.address);
    let headers = request.headers_mut();
    headers.insert(header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    if let Ok(signature) = signature.parse() {
        headers.insert(SIGNATURE, signature);
    }
    request
}

fn signature(secret: &Secret, secs: u64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes())
        .expect("a key of any length will do");
    mac.update(format!("{secs}.").as_bytes());
    mac.update(body);
    format!("t={secs},v1={}", hex(&mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_covers_the_time_and_the_body() {
        // As `printf '7.{}' | openssl dgst -sha256 -hmac k` has it.
        let signed = signature(&Secret::new("k"), 7, b"{}");
        let expected = "676b269d79cd27a0484d05de0823eb209fd73922d153a5a975a92a1b5c31b889";
        assert_eq!(signed, format!("t=7,v1={expected}"));
        assert_ne!(signed, signature(&Secret::new("k"), 8, b"{}"));
        assert_ne!(signed, signature(&Secret::new("l"), 7, b"{}"));
        assert_ne!(signed, signature(&Secret::new("k"), 7, b"[]"));
    }
}
