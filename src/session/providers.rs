//! Providers: where their keys are kept, and the two ways to them.
//!
//! A provider whose key this browser keeps is asked straight from here, all others through the proxy.
//! Which ones those are stands in the settings, so that nobody opens the vault to find it empty. It
//! never holds a key longer than it takes to hand it on.

use std::rc::Rc;

use link::settings::Test;
use wire::{KeyState, Model, ProviderChange, ProviderKind, Rejection, RejectionCode};

use super::{Session, ports::Way};
use crate::i18n::said;

/// A provider as it was typed.
pub(super) struct Typed {
    pub(super) id: String,
    pub(super) change: ProviderChange,
    /// The key is kept in this browser.
    pub(super) direct: bool,
}

impl Session {
    /// Whether this browser asks a provider itself.
    pub(super) fn is_direct(&self, provider: &str) -> bool {
        self.profile(|it| it.settings.direct.iter().any(|it| it == provider))
    }

    /// Returns the way to a provider.
    pub(super) fn way(&self, provider: &str) -> Rc<dyn Way> {
        self.way_of(self.is_direct(provider))
    }

    fn way_of(&self, direct: bool) -> Rc<dyn Way> {
        let ports = &self.0.ports;
        if direct { Rc::clone(&ports.direct) } else { Rc::clone(&ports.gateway) as Rc<dyn Way> }
    }

    /// Saves what was typed. Whose key moves to the other place leaves none behind.
    pub(super) async fn save_provider(&self, typed: Typed) {
        let Typed { id, change, direct } = typed;
        let (was_direct, before) = (self.is_direct(&id), self.way(&id));
        if direct {
            self.set_direct(&id, true).await;
        }
        let saved = self.way_of(direct).save_provider(&id, change).await;
        let done = saved.is_ok();
        self.tell_rejection(saved, direct);
        if done {
            let stale = if was_direct { !direct } else { direct && self.is_saved(&id) };
            if stale {
                self.tell_rejection(before.remove_provider(&id).await, was_direct);
            }
            self.0.profile.borrow_mut().models.retain(|it| it.provider != id);
        }
        self.set_direct(&id, if done { direct } else { was_direct }).await;
        self.refresh_models().await;
    }

    pub(super) async fn remove_provider(&self, id: &str) {
        let direct = self.is_direct(id);
        let removed = self.way(id).remove_provider(id).await;
        if direct && removed.is_ok() {
            self.set_direct(id, false).await;
        }
        self.tell_rejection(removed, direct);
        self.refresh_models().await;
    }

    /// The proxy holds a key for it that was typed.
    fn is_saved(&self, id: &str) -> bool {
        self.profile(|it| it.providers.iter().any(|it| it.id == id && it.key == KeyState::Saved))
    }

    async fn set_direct(&self, id: &str, direct: bool) {
        if self.is_direct(id) != direct {
            self.change_settings(|it| {
                it.direct.retain(|it| it != id);
                it.direct.extend(direct.then(|| id.to_owned()));
            })
            .await;
        }
    }

    pub(super) fn tell_rejection(&self, outcome: Result<(), Rejection>, direct: bool) {
        if let Err(rejection) = outcome {
            let again = Some(said::TRY_AGAIN.to_owned());
            self.notify_error("provider", &said::rejection(&rejection, direct), again);
        }
    }

    /// Asks what the direct way offers. Of a provider that lists nothing, what it listed last stays.
    pub(super) async fn direct_models(&self) -> Vec<Model> {
        if self.profile(|it| it.settings.direct.is_empty()) {
            self.0.profile.borrow_mut().direct.clear();
            return Vec::new();
        }
        let way = &self.0.ports.direct;
        if let Ok(providers) = way.providers().await {
            self.0.profile.borrow_mut().direct = providers;
        }
        let mut models = way.models().await.unwrap_or_default();
        let known = self.profile(|it| it.models.clone());
        let listed = |id: &str, models: &[Model]| {
            self.profile(|it| {
                let own = it.direct.iter().find(|it| it.id == id).map_or(0, |it| it.models.len());
                models.iter().filter(|it| it.provider == id).count() > own
            })
        };
        let kept: Vec<Model> = known
            .into_iter()
            .filter(|it| self.is_direct(&it.provider) && !listed(&it.provider, &models))
            .filter(|it| models.iter().all(|model| model.id != it.id))
            .collect();
        models.extend(kept);
        models
    }

    /// Tests in the background: a provider may take its time, and other wishes must not wait.
    pub(super) fn test_provider(&self, id: String) {
        self.set_test(&id, Test::Running);
        let session = self.clone();
        self.spawn(async move {
            let direct = session.is_direct(&id);
            let test = match session.way(&id).test_provider(&id).await {
                Ok(report) => match report.failed {
                    None => Test::Works { message: report.message },
                    Some(hop) => {
                        Test::Failed { hop: said::hop(hop).to_owned(), message: report.message }
                    }
                },
                Err(rejection) => {
                    let hop = match rejection.code {
                        RejectionCode::Unreachable => "proxy",
                        RejectionCode::NotPaired
                        | RejectionCode::NotAllowed
                        | RejectionCode::InsufficientBalance
                        | RejectionCode::Repeated
                        | RejectionCode::Filtered
                        | RejectionCode::NoProvider
                        | RejectionCode::BadKey
                        | RejectionCode::UnknownModel
                        | RejectionCode::Busy
                        | RejectionCode::PromptTooLong
                        | RejectionCode::TooLarge
                        | RejectionCode::BadRequest
                        | RejectionCode::NotThere
                        | RejectionCode::CutOff
                        | RejectionCode::ProviderFailed
                        | RejectionCode::Broken => "app",
                    };
                    let message = said::rejection(&rejection, direct);
                    Test::Failed { hop: hop.to_owned(), message }
                }
            };
            session.set_test(&id, test);
            session.refresh_models().await;
        });
    }

    fn set_test(&self, id: &str, test: Test) {
        self.0.profile.borrow_mut().tests.insert(id.to_owned(), test);
        self.touch_all(link::Panel::Settings);
    }
}

/// Reads the name of a kind; what is not known speaks like most.
pub(super) fn kind(name: &str) -> ProviderKind {
    match name {
        "anthropic" => ProviderKind::Anthropic,
        "script" => ProviderKind::Script,
        "openai-responses" => ProviderKind::OpenaiResponses,
        "azure" => ProviderKind::Azure,
        "gemini" => ProviderKind::Gemini,
        "vertex" => ProviderKind::Vertex,
        "bedrock" => ProviderKind::Bedrock,
        "ollama" => ProviderKind::Ollama,
        _ => ProviderKind::OpenaiCompatible,
    }
}

#[cfg(test)]
mod tests;
