//! Requests that are signed instead of carrying a key, from outside.

use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{by, chat, owner};
use crate::easel::{Answer, Ask, Easel};

#[derive(Debug, Clone)]
struct Signer {
    id: i64,
    secret: String,
}

/// A signed request, whose parts can be changed before it is sent.
#[derive(Debug, Clone)]
struct Signed {
    method: &'static str,
    path: String,
    body: String,
    key: String,
    time: String,
    nonce: String,
    digest: String,
    signature: String,
}

impl Signer {
    async fn make(easel: &Easel) -> Self {
        let new = json!({ "name": "signer", "organisation": 1 });
        let made = owner(easel, "POST", "/admin/api/keys", &new).await;
        let secret = made["signing_secret"].as_str().unwrap().to_owned();
        Self { id: made["id"].as_i64().unwrap(), secret }
    }

    fn sign(&self, path: &str, body: &str, nonce: &str, ahead_secs: i64) -> Signed {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let time = now.checked_add_signed(ahead_secs).unwrap().to_string();
        let digest = hex(&Sha256::digest(body.as_bytes()));
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()).unwrap();
        mac.update(format!("easel-1\nPOST\n{path}\n{digest}\n{time}\n{nonce}").as_bytes());
        Signed {
            method: "POST",
            path: path.to_owned(),
            body: body.to_owned(),
            key: self.id.to_string(),
            time,
            nonce: nonce.to_owned(),
            digest,
            signature: hex(&mac.finalize().into_bytes()),
        }
    }
}

impl Signed {
    async fn send(&self, easel: &Easel) -> Answer {
        let headers = [
            ("content-type", "application/json"),
            ("x-easel-key", self.key.as_str()),
            ("x-easel-time", self.time.as_str()),
            ("x-easel-nonce", self.nonce.as_str()),
            ("x-easel-digest", self.digest.as_str()),
            ("x-easel-signature", self.signature.as_str()),
        ];
        let request =
            Ask { method: self.method, path: &self.path, headers: &headers, body: &self.body };
        easel.ask(&easel.home(), request).await
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|it| format!("{it:02x}")).collect()
}

const PATH: &str = "/v1/chat/completions?x=1";

#[tokio::test]
async fn a_signed_request_is_answered_once_and_one_that_was_touched_never() {
    let easel = Easel::start().await;
    let signer = Signer::make(&easel).await;
    let body = chat("recorded/recorded-model").to_string();
    let n = |it: u32| format!("nonce-of-a-test-{it}");
    let right = signer.sign(PATH, &body, &n(0), 0);
    assert_eq!(right.send(&easel).await.status, 200);
    let replayed = right.send(&easel).await;
    assert_eq!(replayed.status, 401);
    assert!(replayed.text().contains("sent before"), "{}", replayed.text());
    for (at, ahead) in [(1, -290), (2, 290)] {
        assert_eq!(signer.sign(PATH, &body, &n(at), ahead).send(&easel).await.status, 200);
    }

    let asked = easel.upstream.asked().len();
    let fresh = signer.sign(PATH, &body, &n(9), 0);
    let is = |change: &dyn Fn(&mut Signed)| {
        let mut it = fresh.clone();
        change(&mut it);
        it
    };
    for (what, signed) in [
        ("method", is(&|it| it.method = "PUT")),
        ("path", is(&|it| it.path = "/v1/messages".to_owned())),
        ("query", is(&|it| it.path = "/v1/chat/completions?x=2".to_owned())),
        ("body", is(&|it| it.body = it.body.replace("hi", "ho"))),
        ("digest", is(&|it| it.digest = hex(&Sha256::digest(b"{}")))),
        ("nonce", is(&|it| it.nonce = n(10))),
        ("short nonce", signer.sign(PATH, &body, "short", 0)),
        ("time", is(&|it| it.time = (it.time.parse::<u64>().unwrap() + 1).to_string())),
        ("stale", signer.sign(PATH, &body, &n(11), -302)),
        ("early", signer.sign(PATH, &body, &n(12), 302)),
        ("key", is(&|it| it.key = "1".to_owned())),
        ("no key", is(&|it| it.key = "99".to_owned())),
        ("no number", is(&|it| it.key = "x".to_owned())),
        ("signature", is(&|it| it.signature = it.signature.replace(['0', '1'], "2"))),
        ("empty", is(&|it| it.signature = String::new())),
        ("long", is(&|it| it.signature = "0".repeat(10_000))),
        (
            "secret",
            Signer { secret: "easel-signing-0".to_owned(), ..signer.clone() }.sign(
                PATH,
                &body,
                &n(13),
                0,
            ),
        ),
    ] {
        let answer = signed.send(&easel).await;
        assert_eq!(answer.status, 401, "{what}: {}", answer.text());
        assert!(!answer.text().contains(&signer.secret), "{what}");
    }
    assert_eq!(easel.upstream.asked().len(), asked);
    // What was tried with another body has used the nonce up; the request itself has not come in.
    assert_eq!(fresh.send(&easel).await.status, 401);

    let audit = owner(&easel, "GET", "/admin/api/audit?most=200", &Value::Null).await;
    let refused: Vec<&Value> = audit["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["action"] == "request.refused")
        .collect();
    let details: Vec<&str> = refused.iter().map(|it| it["detail"].as_str().unwrap()).collect();
    for why in ["does not fit", "five minutes", "sent before", "not the one that was signed"] {
        assert!(details.iter().any(|it| it.contains(why)), "{why}: {details:?}");
    }
    assert!(refused.iter().all(|it| it["ip"] == "127.0.0.1"));
    // There were more refusals than that.
    let of_key = refused.iter().filter(|it| it["subject"] == format!("key {}", signer.id)).count();
    assert_eq!(of_key, 10);
}

#[tokio::test]
async fn a_signature_ends_with_its_key_and_opens_no_administration() {
    let easel = Easel::start().await;
    let signer = Signer::make(&easel).await;
    let body = chat("recorded/recorded-model").to_string();
    let admin = signer.sign("/admin/api/organisations", r#"{"name":"x"}"#, "nonce-of-a-test-1", 0);
    assert_eq!(admin.send(&easel).await.status, 401);
    assert_eq!(by(&easel, &signer.secret, ("GET", "/v1/models"), &Value::Null).await.status, 401);
    let path = format!("/admin/api/keys/{}", signer.id);
    owner(&easel, "DELETE", &path, &Value::Null).await;
    let late = signer.sign(PATH, &body, "nonce-of-a-test-2", 0).send(&easel).await;
    assert_eq!(late.status, 401);
    assert!(late.text().contains("revoked"), "{}", late.text());
}

#[tokio::test]
async fn a_signature_opens_no_door_that_a_token_opens() {
    let easel = Easel::start().await;
    let signer = Signer::make(&easel).await;
    // A page of another site is refused before its signature is looked at.
    let signed = signer.sign(PATH, "{}", "nonce-of-a-test-1", 0);
    let headers =
        [("origin", "https://evil.example"), ("x-easel-signature", signed.signature.as_str())];
    let request = Ask { method: "POST", path: PATH, headers: &headers, body: "{}" };
    assert_eq!(easel.ask(&easel.home(), request).await.status, 403);
}
