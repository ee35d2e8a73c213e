//! "Test connection": how far a small request comes, hop by hop.
//!
//! It costs nothing where the provider's list of models proves address and key, and a few tokens
//! where only a question does.

use std::sync::Arc;

use providers::trial::{self, Heard, failed};
use wire::{ModelEvent, Rejection, TestReport};

use crate::{
    catalogue::{Catalogue, Route},
    config::Endpoint,
    upstream::Upstream,
};

pub(crate) async fn run(
    catalogue: &Catalogue,
    upstream: &Upstream,
    endpoint: &Arc<Endpoint>,
) -> TestReport {
    let listed = catalogue.ask(endpoint, upstream).await;
    let Heard { n_models, unproved } = match trial::hear(&endpoint.models, listed) {
        Ok(heard) => heard,
        Err(rejection) => return failed(&rejection, 0),
    };
    if let Some(model) = unproved
        && let Err(rejection) = question(upstream, endpoint, model).await
    {
        return failed(&rejection, n_models);
    }
    trial::passed(n_models)
}

async fn question(
    upstream: &Upstream,
    endpoint: &Arc<Endpoint>,
    model: String,
) -> Result<(), Rejection> {
    let mut ask = trial::question();
    let route = Route::Endpoint { endpoint: Arc::clone(endpoint), model, price: None };
    let mut reply = upstream.reply(&route, &mut ask, "trial").await?;
    while let Some(events) = reply.next().await {
        for event in events {
            if let ModelEvent::Error(rejection) = event {
                return Err(rejection);
            }
        }
    }
    Ok(())
}
