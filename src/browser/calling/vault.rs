//! The vault: providers that this browser asks by itself, and their keys, sealed.
//!
//! A database of its own, which no export and no copy of a project reads. A record is an object: what
//! may be shown, as JSON, and beside it the sealed key. A key belongs to the provider and the origin
//! that it was entered for: for another address it must be entered again.

mod seal;

use indexed_db_futures::{
    KeyRange,
    database::Database,
    error::Error,
    object_store::ObjectStore,
    prelude::*,
    transaction::{Transaction, TransactionDurability, TransactionMode, TransactionOptions},
};
use js_sys::{Object, Reflect, Uint8Array};
use providers::{endpoint, failure};
use serde::{Deserialize, Serialize};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::CryptoKey;
use wire::{ProviderChange, ProviderKind, Rejection, RejectionCode, reach};

use super::sending::Line;
use crate::browser::worker::field;
use seal::Sealed;

const NAME: &str = "easel-vault";
const VERSION: u8 = 1;
const RECORDS: &str = "records";
/// Under which the key of the keys is kept.
const OWN_KEY: &str = "key";
const PROVIDERS: &str = "provider/";

/// What may be shown of a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct About {
    pub(super) kind: ProviderKind,
    pub(super) base_url: String,
    #[serde(default)]
    pub(super) models: Vec<String>,
}

/// A provider as it is kept.
pub(super) struct Kept {
    pub(super) id: String,
    pub(super) about: About,
    sealed: Option<Sealed>,
}

pub(super) struct Vault(Database);

impl Kept {
    pub(super) fn has_key(&self) -> bool {
        self.sealed.is_some()
    }

    /// What the key is sealed with beside the key of the keys.
    fn belongs_to(&self) -> String {
        belongs_to(&self.id, &self.about.base_url)
    }

    fn written(&self) -> JsValue {
        let record = Object::new();
        let about = serde_json::to_string(&self.about).unwrap_or_default();
        let set = |name: &str, value: &JsValue| {
            // Fails only for objects that are frozen.
            Reflect::set(&record, &name.into(), value).ok();
        };
        set("about", &about.into());
        if let Some(sealed) = &self.sealed {
            set("iv", &sealed.iv);
            set("sealed", &sealed.text);
        }
        record.into()
    }

    fn read(id: &str, record: &JsValue) -> Option<Self> {
        let about = serde_json::from_str(&field(record, "about").as_string()?).ok()?;
        let bytes = |name| field(record, name).dyn_into::<Uint8Array>().ok();
        let sealed = bytes("iv").zip(bytes("sealed")).map(|(iv, text)| Sealed { iv, text });
        Some(Self { id: id.to_owned(), about, sealed })
    }
}

impl Vault {
    pub(super) async fn open() -> Result<Self, Rejection> {
        let opened = Database::open(NAME).with_version(VERSION).with_on_upgrade_needed(|_, it| {
            it.create_object_store(RECORDS).build()?;
            Ok(())
        });
        opened.await.map(Self).map_err(|_cause| broken())
    }

    pub(super) async fn all(&self) -> Result<Vec<Kept>, Rejection> {
        let found = self.scan().await.map_err(|_cause| broken())?;
        let kept = found.iter().filter_map(|(key, record)| {
            let id = key.strip_prefix(PROVIDERS)?;
            Kept::read(id, record)
        });
        Ok(kept.collect())
    }

    pub(super) async fn get(&self, id: &str) -> Result<Option<Kept>, Rejection> {
        let record = self.record(&format!("{PROVIDERS}{id}")).await.map_err(|_cause| broken())?;
        Ok(record.and_then(|it| Kept::read(id, &it)))
    }

    /// Keeps what was typed. Without a key the old one stays, if the address is the same place.
    pub(super) async fn put(&self, id: &str, change: ProviderChange) -> Result<(), Rejection> {
        let about = checked(id, &change)?;
        let mut kept = Kept { id: id.to_owned(), about, sealed: None };
        let key = change.key.as_deref().map(str::trim);
        kept.sealed = match key {
            Some("") => None,
            Some(key) => {
                let own = self.own_key().await?;
                Some(seal::close(&own, key, &kept.belongs_to()).await.ok_or_else(no_crypto)?)
            }
            None => {
                let old = self.get(id).await?;
                old.filter(|it| it.belongs_to() == kept.belongs_to()).and_then(|it| it.sealed)
            }
        };
        let written = kept.written();
        self.write(&format!("{PROVIDERS}{id}"), Some(&written)).await.map_err(|_cause| broken())
    }

    pub(super) async fn remove(&self, id: &str) -> Result<(), Rejection> {
        self.write(&format!("{PROVIDERS}{id}"), None).await.map_err(|_cause| broken())
    }

    /// Opens the key of a provider, to ask it.
    pub(super) async fn line(&self, kept: &Kept) -> Result<Line, Rejection> {
        let add = |what: &str| {
            let message = format!("{what} for `{}`; enter it in Settings", kept.id);
            failure::plain(RejectionCode::NoProvider, &message)
        };
        let key = match &kept.sealed {
            Some(sealed) => {
                let own = self.own_key().await?;
                let key = seal::open(&own, sealed, &kept.belongs_to()).await;
                Some(key.ok_or_else(|| add("The key in this browser cannot be opened"))?)
            }
            None if reach::is_loopback(&kept.about.base_url) => None,
            None => return Err(add("There is no key")),
        };
        Ok(Line { id: kept.id.clone(), about: kept.about.clone(), key })
    }

    /// Returns the key of the keys. It is made once, and no script can read it.
    async fn own_key(&self) -> Result<CryptoKey, Rejection> {
        if let Some(key) = self.record(OWN_KEY).await.map_err(|_cause| broken())? {
            return key.dyn_into().map_err(|_other| broken());
        }
        let fresh = seal::new_key().await.ok_or_else(no_crypto)?;
        // Another tab's worker may have been quicker; then its key is the one.
        let key = self.add(OWN_KEY, fresh.into()).await.map_err(|_cause| broken())?;
        key.dyn_into().map_err(|_other| broken())
    }

    async fn record(&self, key: &str) -> Result<Option<JsValue>, Error> {
        let transaction = self.0.transaction(RECORDS).build()?;
        transaction.object_store(RECORDS)?.get(key).primitive()?.await
    }

    async fn scan(&self) -> Result<Vec<(String, JsValue)>, Error> {
        let transaction = self.0.transaction(RECORDS).build()?;
        let records = transaction.object_store(RECORDS)?;
        let range =
            || KeyRange::Bound(PROVIDERS.to_owned(), false, format!("{PROVIDERS}\u{ffff}"), false);
        let keys = records.get_all_keys::<String>().with_query::<String, _>(range()).primitive()?;
        let values = records.get_all::<JsValue>().with_query::<String, _>(range()).primitive()?;
        let (keys, values) = (keys.await?, values.await?);
        keys.zip(values).map(|(key, value)| Ok((key?, value?))).collect()
    }

    async fn write(&self, key: &str, value: Option<&JsValue>) -> Result<(), Error> {
        let transaction = self.writing()?;
        let records = transaction.object_store(RECORDS)?;
        match value {
            Some(value) => put(&records, key, value).await?,
            None => records.delete(key).primitive()?.await?,
        }
        transaction.commit().await
    }

    /// Writes what is not there yet, and returns what is there then.
    async fn add(&self, key: &str, value: JsValue) -> Result<JsValue, Error> {
        let transaction = self.writing()?;
        let records = transaction.object_store(RECORDS)?;
        let found: Option<JsValue> = records.get(key).primitive()?.await?;
        if let Some(found) = found {
            return Ok(found);
        }
        put(&records, key, &value).await?;
        transaction.commit().await?;
        Ok(value)
    }

    fn writing(&self) -> Result<Transaction<'_>, Error> {
        let durable = TransactionOptions::new().with_durability(TransactionDurability::Strict);
        self.0
            .transaction(RECORDS)
            .with_mode(TransactionMode::Readwrite)
            .with_options(durable)
            .build()
    }
}

async fn put(records: &ObjectStore<'_>, key: &str, value: &JsValue) -> Result<(), Error> {
    records.put(value.clone()).with_key(key).primitive()?.await?;
    Ok(())
}

fn belongs_to(id: &str, base_url: &str) -> String {
    format!("{id} {}", endpoint::origin(base_url))
}

/// Returns what is kept of a change, if this browser can ask there.
fn checked(id: &str, change: &ProviderChange) -> Result<About, Rejection> {
    let refused = |why: &str| failure::plain(RejectionCode::BadRequest, why);
    let plain = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-';
    if id.is_empty() || id == "script" || !id.bytes().all(plain) {
        return Err(refused("A provider's name has small letters, digits and `-`"));
    }
    let base_url = endpoint::parse(&change.base_url)
        .map_err(|err| refused(&format!("the address cannot be used: {err}")))?;
    if !reach::allows(&base_url) || !is_direct(change.kind) {
        return Err(refused("A browser cannot ask at this address; keep its key at the proxy"));
    }
    let key = change.key.as_deref().unwrap_or_default().trim();
    if !key.bytes().all(|it| it.is_ascii_graphic()) {
        return Err(refused("This key holds characters that no key has"));
    }
    let models = change.models.iter().map(|it| it.trim().to_owned()).filter(|it| !it.is_empty());
    Ok(About { kind: change.kind, base_url, models: models.collect() })
}

/// The others want a signature, or answer no page.
fn is_direct(kind: ProviderKind) -> bool {
    match kind {
        ProviderKind::Anthropic
        | ProviderKind::OpenaiCompatible
        | ProviderKind::OpenaiResponses
        | ProviderKind::Gemini
        | ProviderKind::Ollama => true,
        ProviderKind::Script
        | ProviderKind::Azure
        | ProviderKind::Vertex
        | ProviderKind::Bedrock => false,
    }
}

fn broken() -> Rejection {
    let message = "The vault in this browser cannot be opened; keep the key at the proxy";
    failure::plain(RejectionCode::Broken, message)
}

fn no_crypto() -> Rejection {
    let message = "This browser cannot encrypt here; keep the key at the proxy";
    failure::plain(RejectionCode::Broken, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_belongs_to_a_provider_at_an_origin() {
        let same = belongs_to("a", "https://api.openai.com/v1");
        assert_eq!(same, belongs_to("a", "https://api.openai.com"));
        assert_ne!(same, belongs_to("b", "https://api.openai.com/v1"));
        assert_ne!(same, belongs_to("a", "https://openrouter.ai/v1"));
        assert_ne!(belongs_to("a", "http://localhost:1"), belongs_to("a", "http://localhost:2"));
    }

    #[test]
    fn only_what_a_browser_may_ask_is_kept() {
        let at = |kind, base_url: &str, key: &str| {
            let (base_url, key) = (base_url.to_owned(), Some(key.to_owned()));
            checked("p", &ProviderChange { kind, base_url, key, models: vec![" m ".to_owned()] })
        };
        let kept = at(ProviderKind::Anthropic, "https://API.anthropic.com/", "sk-1").unwrap();
        assert_eq!((&*kept.base_url, &*kept.models.concat()), ("https://api.anthropic.com", "m"));
        assert!(at(ProviderKind::OpenaiCompatible, "http://localhost:1234/v1", "").is_ok());
        assert!(at(ProviderKind::OpenaiCompatible, "https://example.org/v1", "k").is_err());
        let change = ProviderChange {
            kind: ProviderKind::Ollama,
            base_url: "http://localhost:1".to_owned(),
            key: None,
            models: Vec::new(),
        };
        assert!(checked("a b", &change).is_err() && checked("a", &change).is_ok());
        assert!(at(ProviderKind::Bedrock, "http://localhost:1", "k").is_err());
        assert!(at(ProviderKind::Anthropic, "https://api.anthropic.com", "a\r\nb").is_err());
    }
}
