//! The settings' wishes and view.

use link::{
    Panel, TabId,
    settings::{Grant, Provider, Storage, Test, Theme, View, Wish},
};
use store::schema::ProjectRecord;
use wire::{KeyState, ProviderChange, ProviderKind, RejectionCode};

use super::Session;
use crate::i18n::said;

impl Session {
    pub(super) async fn settings_wish(&self, tab: &TabId, wish: Wish) {
        match wish {
            Wish::SetTheme(theme) => {
                self.change_settings(|it| theme_name(theme).clone_into(&mut it.theme)).await;
            }
            Wish::SetAuthor { name, email } => {
                self.change_settings(|it| {
                    it.author_name = name.trim().to_owned();
                    it.author_email = email.trim().to_owned();
                })
                .await;
            }
            Wish::SetInstructions { text } => {
                self.change_settings(|it| it.instructions = text).await;
            }
            Wish::SetProjectInstructions { text } => {
                self.change_state(tab, |it| it.instructions = text).await;
            }
            Wish::SaveProvider { .. }
            | Wish::RemoveProvider { .. }
            | Wish::TestProvider { .. }
            | Wish::RefreshModels
            | Wish::SetToken { .. } => {
                let session = self.clone();
                self.spawn(async move {
                    let _turn = session.0.asking.lock().await;
                    session.proxy_wish(wish).await;
                    session.touch_all(Panel::Settings);
                });
            }
            Wish::Revoke { grant } => {
                self.change_state(tab, |it| it.grants.retain(|it| it.id != grant)).await;
            }
            Wish::Persisted { granted } => {
                if self.profile(|it| it.settings.persisted != granted) {
                    self.change_settings(|it| it.persisted = granted).await;
                }
            }
        }
        self.touch_all(Panel::Settings);
    }

    /// A wish that the proxy must answer, which may take its time.
    async fn proxy_wish(&self, wish: Wish) {
        match wish {
            Wish::SaveProvider { id, kind, base_url, key, models } => {
                self.save_provider(&id, &kind, base_url, key, models).await;
            }
            Wish::RemoveProvider { id } => {
                let removed = self.0.ports.gateway.remove_provider(&id).await;
                self.tell_rejection(removed);
                self.refresh_models().await;
            }
            Wish::TestProvider { id } => self.test_provider(id),
            Wish::RefreshModels => self.refresh_models().await,
            Wish::SetToken { token } => {
                let token = Some(token.trim().to_owned()).filter(|it| !it.is_empty());
                self.change_settings(|it| it.token.clone_from(&token)).await;
                let proxy = self.profile(|it| it.settings.proxy.clone());
                self.0.ports.gateway.pair(&proxy, token.as_deref());
                self.refresh_models().await;
            }
            Wish::SetTheme(_)
            | Wish::SetAuthor { .. }
            | Wish::SetInstructions { .. }
            | Wish::SetProjectInstructions { .. }
            | Wish::Revoke { .. }
            | Wish::Persisted { .. } => {}
        }
    }

    async fn save_provider(
        &self,
        id: &str,
        kind: &str,
        base_url: String,
        key: Option<String>,
        models: Vec<String>,
    ) {
        let kind = match kind {
            "anthropic" => ProviderKind::Anthropic,
            "script" => ProviderKind::Script,
            "openai-responses" => ProviderKind::OpenaiResponses,
            "azure" => ProviderKind::Azure,
            "gemini" => ProviderKind::Gemini,
            "vertex" => ProviderKind::Vertex,
            "bedrock" => ProviderKind::Bedrock,
            "ollama" => ProviderKind::Ollama,
            _ => ProviderKind::OpenaiCompatible,
        };
        let change = ProviderChange { kind, base_url, key, models };
        let saved = self.0.ports.gateway.save_provider(id, change).await;
        self.tell_rejection(saved);
        self.refresh_models().await;
    }

    fn tell_rejection(&self, outcome: Result<(), wire::Rejection>) {
        if let Err(rejection) = outcome {
            let again = Some(said::TRY_AGAIN.to_owned());
            self.notify_error("provider", &said::rejection(&rejection), again);
        }
    }

    /// Tests in the background: a provider may take its time, and other wishes must not wait.
    fn test_provider(&self, id: String) {
        self.set_test(&id, Test::Running);
        let session = self.clone();
        self.spawn(async move {
            let test = match session.0.ports.gateway.test_provider(&id).await {
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
                        | RejectionCode::NoProvider
                        | RejectionCode::BadKey
                        | RejectionCode::UnknownModel
                        | RejectionCode::Busy
                        | RejectionCode::PromptTooLong
                        | RejectionCode::BadRequest
                        | RejectionCode::CutOff
                        | RejectionCode::ProviderFailed
                        | RejectionCode::Broken => "app",
                    };
                    Test::Failed { hop: hop.to_owned(), message: said::rejection(&rejection) }
                }
            };
            session.set_test(&id, test);
            session.refresh_models().await;
        });
    }

    fn set_test(&self, id: &str, test: Test) {
        self.0.profile.borrow_mut().tests.insert(id.to_owned(), test);
        self.touch_all(Panel::Settings);
    }

    pub(super) fn settings_view(&self, tab: &TabId) -> View {
        let workspace = self.workspace_of(tab);
        let record = workspace.as_ref().map(|it| it.state.borrow().record.clone());
        let (id, record) = match (&workspace, record) {
            (Some(workspace), Some(record)) => (workspace.id.clone(), record),
            (Some(_) | None, _) => Default::default(),
        };
        self.profile(|profile| {
            let card = profile.projects.get(&id);
            View {
                theme: theme(&profile.settings.theme),
                author_name: profile.settings.author_name.clone(),
                author_email: profile.settings.author_email.clone(),
                instructions: profile.settings.instructions.clone(),
                project_instructions: record.instructions.clone(),
                built_in_instructions: agent::prompt::TOOLS.to_owned(),
                providers: profile
                    .providers
                    .iter()
                    .map(|it| provider(it, profile.tests.get(&it.id)))
                    .collect(),
                proxy: profile.proxy.clone(),
                permissions: record
                    .grants
                    .iter()
                    .map(|it| Grant {
                        id: it.id.clone(),
                        pattern: format!("{} {}", it.tool, it.pattern),
                        project: card.map(|it| it.name.clone()).unwrap_or_default(),
                    })
                    .collect(),
                storage: Storage {
                    used_bytes: profile.storage.0,
                    quota_bytes: profile.storage.1,
                    persisted: profile.settings.persisted,
                    backed_up: card.is_none_or(backed_up),
                },
            }
        })
    }
}

/// An export is as new as the last change.
pub(super) fn backed_up(card: &ProjectRecord) -> bool {
    card.exported_at_ms.is_some_and(|it| it >= card.changed_at_ms)
}

fn provider(provider: &wire::Provider, test: Option<&Test>) -> Provider {
    Provider {
        id: provider.id.clone(),
        kind: match provider.kind {
            ProviderKind::Script => "script",
            ProviderKind::OpenaiCompatible => "openai-compatible",
            ProviderKind::Anthropic => "anthropic",
            ProviderKind::OpenaiResponses => "openai-responses",
            ProviderKind::Azure => "azure",
            ProviderKind::Gemini => "gemini",
            ProviderKind::Vertex => "vertex",
            ProviderKind::Bedrock => "bedrock",
            ProviderKind::Ollama => "ollama",
        }
        .to_owned(),
        base_url: provider.base_url.clone(),
        key: said::key_state(provider.key).to_owned(),
        has_key: provider.key != KeyState::Missing,
        models: provider.models.clone(),
        test: test.cloned().unwrap_or_default(),
    }
}

fn theme_name(theme: Theme) -> &'static str {
    match theme {
        Theme::System => "",
        Theme::Light => "light",
        Theme::Dark => "dark",
    }
}

fn theme(name: &str) -> Theme {
    match name {
        "light" => Theme::Light,
        "dark" => Theme::Dark,
        _ => Theme::System,
    }
}
