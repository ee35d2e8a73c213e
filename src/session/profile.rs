//! What belongs to the person and not to one project: settings, the list of projects, the models.
//!
//! Loaded once when the core starts; every change is kept before it shows.

use std::{collections::BTreeMap, rc::Rc};

use agent::tools::Setting;
use futures::future::join;
use link::{
    Hello, Panel,
    settings::{ProxyState, Test},
    status::Notice,
};
use serde::Serialize;
use store::{
    Batch, Store, StoreError,
    schema::{self, ModelsRecord, ProjectRecord, SettingsRecord, key},
};

use super::Session;
use crate::i18n::said;

#[derive(Default)]
pub(super) struct Profile {
    store: Option<Rc<dyn Store>>,
    /// The core's own mark; another core's mark in the store means that this one is superseded.
    pub(super) epoch: Vec<u8>,
    pub(super) loaded: bool,
    pub(super) settings: SettingsRecord,
    pub(super) projects: BTreeMap<String, ProjectRecord>,
    pub(super) models: Vec<wire::Model>,
    /// The proxy's.
    pub(super) providers: Vec<wire::Provider>,
    /// Those whose keys this browser keeps.
    pub(super) direct: Vec<wire::Provider>,
    pub(super) tests: BTreeMap<String, Test>,
    pub(super) proxy: ProxyState,
    pub(super) notices: Vec<Notice>,
    pub(super) offline_ready: bool,
    /// Bytes used and allowed.
    pub(super) storage: (u64, u64),
    pub(super) busy: String,
    /// What models have set, by the notice that undoes it.
    pub(super) configured: BTreeMap<String, Configured>,
    /// The label of the preview host that the page visits ahead; empty when there are enough.
    pub(super) visiting: String,
}

/// A setting that a model has set.
pub(super) struct Configured {
    pub(super) project: String,
    /// As the person had it.
    pub(super) before: Setting,
    /// As the model has set it last.
    pub(super) set: Setting,
}

impl Profile {
    /// The preview host of a label; empty while no host is known.
    pub(super) fn host_of(&self, label: &str) -> String {
        match self.settings.preview_suffix.as_str() {
            "" => String::new(),
            _ if label.is_empty() => String::new(),
            suffix => format!("{label}.{suffix}"),
        }
    }
}

impl Session {
    pub(super) async fn load_profile(&self) {
        match self.read_profile().await {
            Ok(profile) => *self.0.profile.borrow_mut() = profile,
            Err(why) => self.notify_error("profile", &said::cannot_open_profile(&why), None),
        }
        self.0.profile.borrow_mut().loaded = true;
        let (session, storage) = (self.clone(), self.0.ports.world.storage());
        self.spawn(async move {
            session.0.profile.borrow_mut().storage = storage.await;
            session.touch_all(Panel::Settings);
        });
        let settings = self.profile(|it| it.settings.clone());
        self.0.ports.gateway.pair(&settings.proxy, settings.token.as_deref());
    }

    async fn read_profile(&self) -> Result<Profile, StoreError> {
        let store = self.0.ports.shelf.open(schema::PROFILE).await?;
        let epoch = self.new_id("core").into_bytes();
        let mut batch = Batch::default();
        batch.put(key::EPOCH, epoch.clone());
        store.commit(batch).await?;
        let settings = match store.get(key::SETTINGS).await? {
            Some(bytes) => schema::decode(&bytes)?,
            None => SettingsRecord::default(),
        };
        let models = match store.get(key::MODELS).await? {
            Some(bytes) => schema::decode::<ModelsRecord>(&bytes)?.models,
            None => Vec::new(),
        };
        let mut projects = BTreeMap::new();
        for (_, bytes) in store.scan(key::PROJECTS).await? {
            let record: ProjectRecord = schema::decode(&bytes)?;
            projects.insert(record.id.clone(), record);
        }
        Ok(Profile { store: Some(store), epoch, settings, models, projects, ..Profile::default() })
    }

    /// Reads something of the profile.
    pub(super) fn profile<T>(&self, read: impl FnOnce(&Profile) -> T) -> T {
        read(&self.0.profile.borrow())
    }

    /// Changes the settings and keeps them.
    pub(super) async fn change_settings(&self, change: impl FnOnce(&mut SettingsRecord)) {
        let mut settings = self.profile(|it| it.settings.clone());
        change(&mut settings);
        if self.keep(key::SETTINGS.to_owned(), Some(&settings)).await.is_ok() {
            self.0.profile.borrow_mut().settings = settings;
        }
        self.touch_all(Panel::Settings);
        self.touch_all(Panel::Chat);
    }

    /// Changes a project's card and keeps it.
    pub(super) async fn change_card(&self, project: &str, change: impl FnOnce(&mut ProjectRecord)) {
        // What two change at the same time must not be the card as it was before either.
        let _turn = self.0.carding.lock().await;
        let Some(mut record) = self.profile(|it| it.projects.get(project).cloned()) else { return };
        change(&mut record);
        if self.keep(key::project(project), Some(&record)).await.is_ok() {
            self.0.profile.borrow_mut().projects.insert(project.to_owned(), record);
        }
        self.touch_all(Panel::Home);
        self.touch(project, &[Panel::Status, Panel::Settings, Panel::Workbench]);
    }

    /// Writes one record of the profile, or takes it away.
    pub(super) async fn keep<T: Serialize>(
        &self,
        key: String,
        record: Option<&T>,
    ) -> Result<(), StoreError> {
        let (store, epoch) = self.profile(|it| (it.store.clone(), it.epoch.clone()));
        let store = store.ok_or(StoreError::Forbidden)?;
        let mut batch = Batch::default();
        batch.expect(key::EPOCH, Some(epoch));
        batch.writes.push((key, record.map(schema::encode)));
        let kept = store.commit(batch).await;
        if let Err(why) = &kept {
            self.notify_error("not-kept", &said::not_kept(why), None);
        }
        kept
    }

    /// Takes what a tab knows of the proxy, and asks it what it offers.
    pub(super) async fn pair(&self, hello: &Hello) {
        let settings = self.profile(|it| it.settings.clone());
        let token = hello.token.clone().or_else(|| settings.token.clone());
        if token != settings.token || hello.proxy != settings.proxy {
            self.change_settings(|it| {
                it.token.clone_from(&token);
                it.proxy.clone_from(&hello.proxy);
            })
            .await;
        }
        self.0.ports.gateway.pair(&hello.proxy, token.as_deref());
        let session = self.clone();
        self.spawn(async move { session.refresh_models().await });
    }

    /// Asks the proxy whether it is there, and both ways for providers and models.
    pub(super) async fn refresh_models(&self) {
        let (others, direct) = join(self.proxy_models(), self.direct_models()).await;
        let mut models = direct;
        let stays = |it: &wire::Model| !self.is_direct(&it.provider);
        models.extend(others.into_iter().filter(stays));
        if self.profile(|it| it.models != models) {
            let record = ModelsRecord { models: models.clone() };
            // Kept only for the next start without a proxy; `keep` tells when it could not.
            self.keep(key::MODELS.to_owned(), Some(&record)).await.ok();
        }
        self.0.profile.borrow_mut().models = models;
        self.touch_all(Panel::Settings);
        self.touch_all(Panel::Status);
        self.touch_all(Panel::Chat);
        self.touch_all(Panel::Home);
    }

    /// Returns what the proxy offers, or offered when it was there last.
    async fn proxy_models(&self) -> Vec<wire::Model> {
        let gateway = &self.0.ports.gateway;
        let asked = match gateway.health().await {
            Ok(health) => {
                let suffix = health.preview_suffix.unwrap_or_default();
                if self.profile(|it| it.settings.preview_suffix != suffix) {
                    self.change_settings(|it| it.preview_suffix = suffix).await;
                }
                self.0.profile.borrow_mut().proxy =
                    ProxyState::Connected { version: health.version };
                self.visit_ahead();
                gateway.providers().await
            }
            Err(rejection) => Err(rejection),
        };
        let models = match asked {
            Ok(providers) => {
                self.0.profile.borrow_mut().providers = providers;
                gateway.models().await.ok() // Those of the last time do.
            }
            Err(rejection) => {
                let why = said::rejection(&rejection, false);
                self.0.profile.borrow_mut().proxy = ProxyState::Unreachable { why };
                None
            }
        };
        models.unwrap_or_else(|| self.profile(|it| it.models.clone()))
    }
}
