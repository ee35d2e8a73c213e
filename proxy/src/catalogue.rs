//! Which providers there are, and which of them answers for a model's name.
//!
//! Configured ones and those of Settings become one list here. It sends nothing: what providers
//! list themselves is asked for by [`listing`] and remembered here.

mod groups;
pub mod listing;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use providers::{
    endpoint, failure,
    models::{self, Listed},
    prices::{Price, Prices},
    script::Script,
};
use tokio::time::Instant;
use wire::{KeyState, Provider, ProviderChange, ProviderKind, Rejection, RejectionCode};

use crate::{
    config::{Endpoint, is_id},
    keys::{BadStore, Saved, SavedProviders},
    lanes::Lane,
    now_secs,
};

pub use groups::{Group, Groups, counted};

/// The provider whose replies are recorded.
pub const SCRIPT: &str = "script";

/// Asked in this order for a model that nobody names.
const ORDER: [&str; 4] = ["anthropic", "openai", "openrouter", "ollama"];

#[derive(Debug)]
pub struct Catalogue {
    configured: Vec<Endpoint>,
    groups: Groups,
    prices: Prices,
    scripts: Vec<Arc<Script>>,
    memory: Arc<Memory>,
    merged: Mutex<Merged>,
}

/// Configured and saved providers in the order in which they are asked.
#[derive(Debug, Default)]
struct Merged {
    /// Of what was saved.
    changes: u64,
    endpoints: Option<Arc<[Arc<Endpoint>]>>,
}

/// What outlives a change of the configuration.
#[derive(Debug)]
pub struct Memory {
    saved: Mutex<SavedProviders>,
    lists: Mutex<BTreeMap<String, Remembered>>,
}

impl Memory {
    #[must_use]
    pub fn new(saved: SavedProviders) -> Arc<Self> {
        Arc::new(Self { saved: Mutex::new(saved), lists: Mutex::default() })
    }
}

/// What a provider listed, and when.
#[derive(Debug, Clone)]
struct Remembered {
    endpoint: Endpoint,
    at: Instant,
    models: Vec<Listed>,
}

/// Who answers.
#[derive(Debug, Clone)]
pub enum Route {
    Script(Arc<Script>),
    Endpoint {
        endpoint: Arc<Endpoint>,
        /// The provider's own name of the model.
        model: String,
        /// What it costs there at the moment in which it is asked, if that is known.
        price: Option<Box<Price>>,
    },
}

impl Route {
    /// As the ledger and the log call it: `provider/model`.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Script(script) => format!("{SCRIPT}/{}", script.name),
            Self::Endpoint { endpoint, model, .. } => format!("{}/{model}", endpoint.id),
        }
    }

    /// Returns what it charges now, if that is known.
    #[must_use]
    pub fn price(&self) -> Option<Price> {
        match self {
            Self::Script(_) => Some(Price::FREE),
            Self::Endpoint { price, .. } => price.as_deref().cloned(),
        }
    }

    /// Returns how long its replies can be, if that is known.
    #[must_use]
    pub fn writes(&self) -> Option<u32> {
        match self {
            Self::Script(_) => None,
            Self::Endpoint { model, .. } => models::known(model).map(|it| it.max_output_tokens),
        }
    }

    /// Returns what may fail and rest; a script does neither.
    #[must_use]
    pub fn lane(&self) -> Option<Lane> {
        match self {
            Self::Script(_) => None,
            Self::Endpoint { endpoint, model, .. } => {
                Some(Lane { provider: endpoint.id.clone(), model: model.clone() })
            }
        }
    }
}

impl Catalogue {
    #[must_use]
    pub fn new(
        configured: Vec<Endpoint>,
        groups: Groups,
        prices: Prices,
        scripts: Vec<Script>,
        memory: Arc<Memory>,
    ) -> Self {
        let scripts = scripts.into_iter().map(Arc::new).collect();
        let merged = Mutex::default();
        Self { configured, groups, prices, scripts, memory, merged }
    }

    /// What a model costs at a provider now, if that is known.
    #[must_use]
    pub fn price(&self, endpoint: &Endpoint, model: &str) -> Option<Price> {
        self.prices.find(&endpoint.id, endpoint.seller(), model, now_secs())
    }

    /// Returns the providers as the app sees them.
    #[must_use]
    pub fn providers(&self) -> Vec<Provider> {
        let script = Provider {
            id: SCRIPT.to_owned(),
            kind: ProviderKind::Script,
            base_url: String::new(),
            key: KeyState::NotNeeded,
            models: self.scripts.iter().map(|it| it.name.clone()).collect(),
        };
        let endpoints = self.endpoints();
        let saved = self.saved();
        let shown = endpoints.iter().map(|it| Provider {
            key: key_state(it, saved.all().get(&it.id)),
            id: it.id.clone(),
            kind: it.kind,
            base_url: it.base_url.clone(),
            models: it.models.clone(),
        });
        shown.chain([script]).collect()
    }

    #[must_use]
    pub fn endpoint(&self, id: &str) -> Option<Arc<Endpoint>> {
        self.endpoints().iter().find(|it| it.id == id).cloned()
    }

    /// Saves what was typed in Settings.
    pub fn set(&self, id: &str, mut change: ProviderChange) -> Result<(), NotSaved> {
        if !is_id(id) {
            return Err(NotSaved::Name);
        }
        if change.kind == ProviderKind::Script {
            return Err(NotSaved::Kind);
        }
        change.base_url = endpoint::parse(&change.base_url).map_err(NotSaved::Address)?;
        change.models.retain(|it| !it.trim().is_empty());
        Ok(self.saved().set(id, change)?)
    }

    /// Forgets what was typed in Settings. Returns whether there was anything.
    pub fn remove(&self, id: &str) -> Result<bool, NotSaved> {
        Ok(self.saved().remove(id)?)
    }

    /// Finds who answers for a model: by `provider/model`, by the lists, by the table, in order.
    pub fn route(&self, name: &str) -> Result<Route, Rejection> {
        if let Some(found) = self.known(name) {
            return found;
        }
        if name.trim().is_empty() {
            return Err(unnamed());
        }
        let endpoints = self.endpoints();
        if endpoints.is_empty() {
            return Err(failure::plain(
                RejectionCode::NoProvider,
                "No model provider is set up; add one in Settings, or choose the scripted demo",
            ));
        }
        let open = if name.contains('/') { reseller(&endpoints) } else { endpoints.first() };
        open.map_or_else(|| Err(unknown(name)), |it| self.to(it, name))
    }

    /// Finds a model that is named so that nobody has to guess.
    fn known(&self, name: &str) -> Option<Result<Route, Rejection>> {
        let explicit = self.explicit(name);
        if explicit.is_some() {
            return explicit;
        }
        let (endpoints, lists) = (self.endpoints(), self.lists());
        let lists_it = |it: &&Arc<Endpoint>| {
            it.models.iter().any(|it| it == name)
                || lists.get(&it.id).is_some_and(|it| it.models.iter().any(|it| it.id == name))
        };
        let vendor = models::known(name).map(|it| if it.id.starts_with("claude") { 0 } else { 1 });
        let vendors = |it: &&Arc<Endpoint>| vendor.is_some_and(|at| it.id == ORDER[at]);
        let endpoint =
            endpoints.iter().find(lists_it).or_else(|| endpoints.iter().find(vendors))?;
        Some(self.to(endpoint, name))
    }

    /// Finds `provider/model`, if there is such a provider.
    fn explicit(&self, name: &str) -> Option<Result<Route, Rejection>> {
        let (id, model) = name.split_once('/')?;
        if id == SCRIPT {
            let script = self.scripts.iter().find(|it| it.name == model);
            return Some(script.cloned().map(Route::Script).ok_or_else(|| unknown(name)));
        }
        let endpoint = self.endpoint(id)?;
        Some(if model.trim().is_empty() { Err(unnamed()) } else { self.to(&endpoint, model) })
    }

    fn to(&self, endpoint: &Arc<Endpoint>, model: &str) -> Result<Route, Rejection> {
        usable(endpoint)?;
        let price = self.price(endpoint, model).map(Box::new);
        Ok(Route::Endpoint { endpoint: Arc::clone(endpoint), model: model.to_owned(), price })
    }

    /// Returns configured and saved providers in the order in which they are asked.
    fn endpoints(&self) -> Arc<[Arc<Endpoint>]> {
        let saved = self.saved();
        let mut merged = self.merged.lock().unwrap_or_else(PoisonError::into_inner);
        if merged.changes != saved.changes() {
            *merged = Merged { changes: saved.changes(), endpoints: None };
        }
        Arc::clone(merged.endpoints.get_or_insert_with(|| self.merge(&saved)))
    }

    fn merge(&self, saved: &SavedProviders) -> Arc<[Arc<Endpoint>]> {
        let mut endpoints: Vec<Endpoint> = saved
            .all()
            .iter()
            .map(|(id, saved)| merged(id, saved, self.configured.iter().find(|it| it.id == *id)))
            .collect();
        let only_configured = |it: &&Endpoint| !saved.all().contains_key(&it.id);
        endpoints.extend(self.configured.iter().filter(only_configured).cloned());
        let rank = |id: &str| ORDER.iter().position(|it| *it == id).unwrap_or(ORDER.len());
        endpoints.sort_by(|a, b| (rank(&a.id), &a.id).cmp(&(rank(&b.id), &b.id)));
        endpoints.into_iter().map(Arc::new).collect()
    }

    fn saved(&self) -> MutexGuard<'_, SavedProviders> {
        // A panic elsewhere cannot leave it half changed.
        self.memory.saved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lists(&self) -> MutexGuard<'_, BTreeMap<String, Remembered>> {
        self.memory.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why Settings were not saved.
#[derive(Debug, thiserror::Error)]
pub enum NotSaved {
    #[error("a provider's name has small letters, digits and `-`, and is not `script`")]
    Name,
    #[error("scripts are not set up here")]
    Kind,
    #[error("the address cannot be used: {0}")]
    Address(endpoint::BadAddress),
    #[error("this proxy may not ask that host; add it to `outbound-hosts` in easel.toml")]
    Outside,
    #[error(transparent)]
    Store(#[from] BadStore),
}

fn merged(id: &str, saved: &Saved, configured: Option<&Endpoint>) -> Endpoint {
    let same_place =
        |it: &&Endpoint| endpoint::origin(&it.base_url) == endpoint::origin(&saved.base_url);
    let key = saved.key.clone();
    Endpoint {
        id: id.to_owned(),
        kind: saved.kind,
        base_url: saved.base_url.clone(),
        // The environment's key stays with the environment's address.
        key: key.or_else(|| configured.filter(same_place).and_then(|it| it.key.clone())),
        models: saved.models.clone(),
    }
}

fn key_state(endpoint: &Endpoint, saved: Option<&Saved>) -> KeyState {
    match &endpoint.key {
        Some(_) if saved.is_some_and(|it| it.key.is_some()) => KeyState::Saved,
        Some(_) => KeyState::FromEnvironment,
        None if needs_key(endpoint) => KeyState::Missing,
        None => KeyState::NotNeeded,
    }
}

/// The vendors' own hosts answer nobody without a key; a server at home asks for none.
fn needs_key(endpoint: &Endpoint) -> bool {
    let origin = endpoint::origin(&endpoint.base_url);
    let known = ["https://api.anthropic.com", "https://api.openai.com", "https://openrouter.ai"];
    let clouds = matches!(
        endpoint.kind,
        ProviderKind::Gemini | ProviderKind::Azure | ProviderKind::Vertex | ProviderKind::Bedrock
    );
    known.contains(&origin)
        || origin == "https://ollama.com"
        || (clouds && origin.starts_with("https://"))
}

fn usable(endpoint: &Endpoint) -> Result<(), Rejection> {
    if endpoint.key.is_none() && needs_key(endpoint) {
        return Err(failure::plain(
            RejectionCode::NoProvider,
            &format!("There is no key for `{}`; add one in Settings", endpoint.id),
        ));
    }
    Ok(())
}

/// Who sells models under names with slashes, as `vendor/model`: OpenRouter, or the only provider,
/// where it is a server of others' models.
fn reseller(endpoints: &[Arc<Endpoint>]) -> Option<&Arc<Endpoint>> {
    let origin = |it: &Arc<Endpoint>| endpoint::origin(&it.base_url).to_owned();
    let open_router = |it: &&Arc<Endpoint>| origin(it) == "https://openrouter.ai";
    let only = || match endpoints {
        [it] => match it.kind {
            ProviderKind::OpenaiCompatible
            | ProviderKind::OpenaiResponses
            | ProviderKind::Ollama
            | ProviderKind::Bedrock => (origin(it) != "https://api.openai.com").then_some(it),
            ProviderKind::Anthropic
            | ProviderKind::Gemini
            | ProviderKind::Azure
            | ProviderKind::Vertex
            | ProviderKind::Script => None,
        },
        _ => None,
    };
    endpoints.iter().find(open_router).or_else(only)
}

fn unnamed() -> Rejection {
    let what = "No model is named; /v1/models lists those that can be asked";
    failure::plain(RejectionCode::UnknownModel, what)
}

fn unknown(name: &str) -> Rejection {
    let shown: String = name.chars().take(80).collect();
    let what = match name.split_once('/') {
        Some((SCRIPT, _)) | None => "/v1/models lists those that can be asked",
        Some(_) => {
            "no provider of that name is set up, and none lists it; /v1/models lists what can be \
             asked, and Settings take further providers"
        }
    };
    failure::plain(RejectionCode::UnknownModel, &format!("There is no model `{shown}`: {what}"))
}

#[cfg(test)]
mod tests;
