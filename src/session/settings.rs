//! The settings' wishes and view.

use link::{
    Panel, TabId,
    settings::{Grant, Provider, Storage, Test, Theme, View, Wish},
};
use store::schema::ProjectRecord;
use wire::{KeyState, ProviderChange, ProviderKind};

use super::{
    Session,
    profile::Profile,
    providers::{self, Typed},
};
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
            Wish::SetNamesModel { model } => {
                self.change_settings(|it| it.names_model = model).await;
            }
            Wish::SaveProvider { .. }
            | Wish::RemoveProvider { .. }
            | Wish::TestProvider { .. }
            | Wish::RefreshModels
            | Wish::SetToken { .. } => {
                let session = self.clone();
                self.spawn(async move {
                    let _turn = session.0.asking.lock().await;
                    session.provider_wish(wish).await;
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

    /// A wish that somebody outside must answer, which may take its time.
    async fn provider_wish(&self, wish: Wish) {
        match wish {
            Wish::SaveProvider { id, kind, base_url, key, models, direct } => {
                let kind = providers::kind(&kind);
                let change = ProviderChange { kind, base_url, key, models };
                self.save_provider(Typed { id, change, direct }).await;
            }
            Wish::RemoveProvider { id } => self.remove_provider(&id).await,
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
            | Wish::SetNamesModel { .. }
            | Wish::Revoke { .. }
            | Wish::Persisted { .. } => {}
        }
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
                providers: providers_shown(profile),
                names_model: profile.settings.names_model.clone(),
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

/// Those of the browser, and those of the proxy that no such one stands in for.
fn providers_shown(profile: &Profile) -> Vec<Provider> {
    let shown = |it, direct| provider(it, profile.tests.get(&it.id), direct);
    let others = profile.providers.iter().filter(|it| !profile.settings.direct.contains(&it.id));
    let direct = profile.direct.iter().map(|it| shown(it, true));
    direct.chain(others.map(|it| shown(it, false))).collect()
}

fn provider(provider: &wire::Provider, test: Option<&Test>, direct: bool) -> Provider {
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
        key: said::key_state(provider.key, direct).to_owned(),
        has_key: provider.key != KeyState::Missing,
        direct,
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
