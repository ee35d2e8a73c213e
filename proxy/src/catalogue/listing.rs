//! What models there are: the providers' own lists, asked for when somebody looks.
//!
//! A provider that does not answer costs the others nothing: its models are then those that were
//! listed last, or that the person or the table names.

use std::time::Duration;

use futures::future::join_all;
use providers::models::{self, Listed};
use tokio::time::{Instant, timeout};
use wire::{Model, ProviderKind, Rejection};

use super::{Catalogue, Remembered, SCRIPT, endpoint};
use crate::{config::Endpoint, upstream::Upstream};

/// Nobody waits longer to choose a model.
const PATIENCE: Duration = Duration::from_secs(5);

/// A list stays good for so long.
const FRESH: Duration = Duration::from_secs(300);

impl Catalogue {
    /// Returns all models that can be chosen.
    pub async fn models(&self, upstream: &Upstream) -> Vec<Model> {
        let endpoints = self.endpoints();
        let lists = endpoints.iter().map(|it| self.models_of(it, upstream));
        let mut models: Vec<Model> = join_all(lists).await.concat();
        models.extend(self.scripts.iter().map(|it| Model {
            name: it.title.clone(),
            scripted: true,
            input_price_nano: Some(0),
            output_price_nano: Some(0),
            ..Listed::named(&it.name).describe(SCRIPT, None)
        }));
        models
    }

    /// Asks a provider for its list, now.
    pub async fn ask(
        &self,
        endpoint: &Endpoint,
        upstream: &Upstream,
    ) -> Result<Vec<Listed>, Rejection> {
        let models = upstream.list(endpoint).await?;
        let remembered =
            Remembered { endpoint: endpoint.clone(), at: Instant::now(), models: models.clone() };
        self.lists().insert(endpoint.id.clone(), remembered);
        Ok(models)
    }

    async fn models_of(&self, endpoint: &Endpoint, upstream: &Upstream) -> Vec<Model> {
        let listed = self.listed(endpoint, upstream).await;
        let all = Listed::and_own(listed, &endpoint.models);
        all.iter()
            .map(|it| it.describe(&endpoint.id, self.price(endpoint, &it.id).as_ref()))
            .collect()
    }

    async fn listed(&self, endpoint: &Endpoint, upstream: &Upstream) -> Vec<Listed> {
        let remembered = self.lists().get(&endpoint.id).cloned();
        let remembered = remembered.filter(|it| it.endpoint == *endpoint);
        if let Some(it) = remembered.as_ref().filter(|it| it.at.elapsed() < FRESH) {
            return it.models.clone();
        }
        if super::usable(endpoint).is_err() {
            return Vec::new(); // Without a key nothing can be asked, and nothing chosen.
        }
        match timeout(PATIENCE, self.ask(endpoint, upstream)).await {
            Ok(Ok(models)) => models,
            Ok(Err(_)) | Err(_) => {
                tracing::info!(provider = endpoint.id, "lists no models");
                remembered.map(|it| it.models).unwrap_or_else(|| from_table(endpoint))
            }
        }
    }
}

/// The vendor's best known models, for when its list cannot be had.
fn from_table(endpoint: &Endpoint) -> Vec<Listed> {
    let anthropic = endpoint.kind == ProviderKind::Anthropic;
    let openai = endpoint::origin(&endpoint.base_url) == "https://api.openai.com";
    let fits = |id: &str| if id.starts_with("claude") { anthropic } else { openai };
    models::all().iter().map(|it| it.id).filter(|it| fits(it)).map(Listed::named).collect()
}
