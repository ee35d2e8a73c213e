//! "Test connection": how far a small request comes, hop by hop.
//!
//! It costs nothing where the provider's list of models proves address and key, and a few tokens
//! where only a question does.

use providers::{
    ask::{Ask, Block, Message},
    models::Listed,
};
use wire::{Hop, ModelEvent, Rejection, RejectionCode, Role, TestReport};

use crate::{
    catalogue::{Catalogue, Route},
    config::Endpoint,
    upstream::Upstream,
};

/// Enough for a word; some models refuse less.
const ANSWER_TOKENS: u32 = 16;

pub(crate) async fn run(
    catalogue: &Catalogue,
    upstream: &Upstream,
    endpoint: &Endpoint,
) -> TestReport {
    let listed = catalogue.ask(endpoint, upstream).await;
    let proved = listed.is_ok();
    let models = match listed {
        Ok(models) => models,
        // There are servers that answer questions and list nothing.
        Err(rejection)
            if rejection.code == RejectionCode::UnknownModel && !endpoint.models.is_empty() =>
        {
            endpoint.models.iter().map(|it| Listed::named(it)).collect()
        }
        Err(rejection) => return failed(&rejection, 0),
    };
    let n_models = u32::try_from(models.len()).unwrap_or(u32::MAX);
    // A list proves address and key, and a listed model exists; only others need a question.
    let listed = |own: &&String| models.iter().any(|it| it.id == **own);
    if let Some(own) = endpoint.models.iter().find(|it| !proved || !listed(it))
        && let Err(rejection) = question(upstream, endpoint, own.clone()).await
    {
        return failed(&rejection, n_models);
    }
    let message = match n_models {
        0 => "Works, but it lists no models; enter the name of one".to_owned(),
        1 => "Works: 1 model".to_owned(),
        n => format!("Works: {n} models"),
    };
    TestReport { failed: None, message, n_models }
}

async fn question(
    upstream: &Upstream,
    endpoint: &Endpoint,
    model: String,
) -> Result<(), Rejection> {
    let text = Block::Text("Answer with one word: ready?".to_owned());
    let mut ask = Ask {
        messages: vec![Message { role: Role::User, pieces: vec![text.into()] }],
        max_output_tokens: Some(ANSWER_TOKENS),
        ..Ask::default()
    };
    let route = Route::Endpoint { endpoint: endpoint.clone(), model };
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

fn failed(rejection: &Rejection, n_models: u32) -> TestReport {
    let hop = match rejection.code {
        RejectionCode::NotPaired | RejectionCode::NoProvider | RejectionCode::Broken => Hop::Proxy,
        RejectionCode::BadKey => Hop::Key,
        RejectionCode::UnknownModel | RejectionCode::PromptTooLong => {
            if n_models == 0 {
                Hop::Provider
            } else {
                Hop::Model
            }
        }
        RejectionCode::Busy
        | RejectionCode::BadRequest
        | RejectionCode::Unreachable
        | RejectionCode::CutOff
        | RejectionCode::ProviderFailed => Hop::Provider,
    };
    let message = match (hop, rejection.code) {
        (Hop::Provider, RejectionCode::UnknownModel) => {
            "The address answers, but not as a model provider does; check its path".to_owned()
        }
        _ => rejection.message.clone(),
    };
    TestReport { failed: Some(hop), message, n_models }
}
