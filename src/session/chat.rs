//! What the chat panel wishes: sending, stopping, asking again, bringing in and giving out.
//!
//! What it shows is in `conversation`, how a turn runs in `turns`.

use std::rc::Rc;

use agent::{
    chat::{self as talk, Message, Role},
    id::MessageId,
    permission::{Effect, Grant},
    tools::Tool,
    turn::Event,
};
use futures::FutureExt as _;
use link::{
    DownKind, Panel, Reveal, TabId,
    chat::{Answer, ExportFormat, Wish},
};
use store::schema::{ContextRecord, GrantRecord, key};

use super::{Session, conversation::is_open, tabs::PAGE, workspace::Workspace};
use crate::i18n::said;

impl Session {
    pub(super) async fn chat_wish(&self, tab: &TabId, wish: Wish) {
        let Some(workspace) = self.workspace_of(tab) else {
            if let Wish::SetModel { model } = wish {
                self.change_settings(|it| it.model = model).await;
            }
            return;
        };
        // What is in a box is done seldom, and comes with the module's later part.
        match wish {
            Wish::Send { text, despite_secrets } => {
                self.send_prompt(tab, &workspace, text, despite_secrets).await;
            }
            Wish::Draft { text } => self.keep_draft(&workspace, text).await,
            Wish::Stop => self.say_to_turn(&workspace, Event::Cancelled),
            Wish::Continue { .. } => self.continue_turn(tab, &workspace),
            Wish::Retry { entry } => self.retry(tab, &workspace, &entry).boxed_local().await,
            Wish::Earlier => {
                self.with_tab(tab, |it| it.n_entries += PAGE);
            }
            Wish::SetModel { model } => {
                self.change_record(&workspace, |it| it.model.clone_from(&model)).await;
                self.change_settings(|it| it.model = model).await;
            }
            Wish::SetAutoApply { on } => {
                self.change_record(&workspace, |it| it.auto_apply = on).await;
            }
            Wish::AddFile { path } => self.add_context(&workspace, "file", path).await,
            Wish::AddNote { text } => self.add_context(&workspace, "note", text).await,
            Wish::RemoveContext { item } => {
                self.change_record(&workspace, |it| it.context.retain(|it| it.id != item)).await;
            }
            Wish::Answer { permission, answer } => {
                self.answer(&workspace, &permission, answer).await;
            }
            Wish::ApplyBlock { text, path } => {
                self.stage_block(&workspace, text, &path).boxed_local().await;
            }
            Wish::ShowRequest => {
                self.with_tab(tab, |it| it.shows_request = true);
            }
            Wish::HideRequest => {
                self.with_tab(tab, |it| it.shows_request = false);
            }
            Wish::Export { format } => self.export_chat(tab, &workspace, format),
            Wish::Import { text } => self.import_chat(&workspace, &text).boxed_local().await,
        }
        self.touch_tab(tab, Panel::Chat);
    }

    /// The first prompt of a project that was just made, and named by its first words if no other
    /// name was given.
    pub(super) async fn send_first_prompt(
        &self,
        tab: &TabId,
        text: String,
        first_words: Option<String>,
    ) {
        let Some(workspace) = self.workspace_of(tab) else { return };
        self.send_prompt(tab, &workspace, text.clone(), false).await;
        let sent = workspace.state.borrow().turning.is_some();
        if let Some(first_words) = first_words.filter(|_| sent) {
            self.ask_for_name(&workspace, &text, first_words);
        }
    }

    pub(super) async fn choose_demo_model(&self, tab: &TabId) {
        let Some(workspace) = self.workspace_of(tab) else { return };
        let demo =
            self.profile(|it| it.models.iter().find(|it| it.scripted).map(|it| it.id.clone()));
        if let Some(demo) = demo {
            self.change_record(&workspace, |it| it.model = demo).await;
        }
    }

    async fn send_prompt(
        &self,
        tab: &TabId,
        workspace: &Rc<Workspace>,
        text: String,
        despite_secrets: bool,
    ) {
        if text.trim().is_empty() {
            return;
        }
        if workspace.state.borrow().turning.is_some() {
            self.notify_error("busy", said::BUSY, None);
            return;
        }
        let Some(model) = self.model_of(workspace) else {
            self.keep_draft(workspace, text).await;
            self.notify_error("model", said::NO_MODEL, None);
            self.reveal(tab, Reveal::Models);
            return;
        };
        let secrets = if despite_secrets { Vec::new() } else { self.secrets(workspace, &text) };
        if !secrets.is_empty() {
            self.keep_draft(workspace, text).await;
            workspace.state.borrow_mut().secrets = secrets;
            return;
        }
        if despite_secrets {
            let mut state = workspace.state.borrow_mut();
            let files = state.secret_files();
            state.permitted.extend(files);
        }
        if self.keep_prompt(workspace, text).await {
            self.start_turn(workspace, model);
        }
    }

    /// Shows the person's message at once, and says whether it is durable.
    async fn keep_prompt(&self, workspace: &Workspace, text: String) -> bool {
        let id = MessageId::new(self.new_id("msg"));
        {
            let mut state = workspace.state.borrow_mut();
            let parent = state.conversation.last().map(|it| it.id.clone());
            let message = Message::user(id.clone(), parent, text.clone(), self.now_ms());
            // Its id is new and its parent is there.
            state.conversation.push(message).ok();
            state.unsaved_messages.insert(id.to_string());
            state.secrets.clear();
        }
        self.touch(&workspace.id, &[Panel::Chat]);
        let mut writing = workspace.write().await;
        if let Some(message) = workspace.state.borrow().conversation.get(&id) {
            let bytes = talk::record::encode(message);
            writing.batch.put(key::message(id.as_str()), bytes);
        }
        writing.batch.remove(key::DRAFT);
        let kept = writing.finish().await;
        let mut state = workspace.state.borrow_mut();
        state.unsaved_messages.remove(id.as_str());
        match &kept {
            Ok(()) => state.draft.clear(),
            Err(why) => {
                state.conversation.cut_from(&id);
                state.draft = text;
                drop(state);
                self.notify_error("not-kept", &said::not_kept(why), None);
            }
        }
        self.touch(&workspace.id, &[Panel::Chat, Panel::Status]);
        kept.is_ok()
    }

    async fn keep_draft(&self, workspace: &Workspace, text: String) {
        let mut writing = workspace.write().await;
        writing.batch.put(key::DRAFT, store::schema::encode(&text));
        {
            let mut state = workspace.state.borrow_mut();
            state.draft = text;
            state.secrets.clear();
            state.forget_estimate();
        }
        // What could not be kept is shown as "not saved" like everything else.
        writing.finish().await.ok();
        self.touch(&workspace.id, &[Panel::Chat]);
    }

    pub(super) fn say_to_turn(&self, workspace: &Workspace, event: Event) {
        if let Some(turning) = &workspace.state.borrow().turning {
            // Fails only when the turn is over already.
            turning.says.unbounded_send(event).ok();
        }
    }

    fn continue_turn(&self, tab: &TabId, workspace: &Rc<Workspace>) {
        if workspace.state.borrow().turning.is_some() {
            return;
        }
        match self.model_of(workspace) {
            Some(model) => self.start_turn(workspace, model),
            None => self.reveal(tab, Reveal::Models),
        }
    }

    /// Takes away what came after the person's last message, and asks again.
    async fn retry(&self, tab: &TabId, workspace: &Rc<Workspace>, entry: &str) {
        if workspace.state.borrow().turning.is_some() {
            return;
        }
        let Some(model) = self.model_of(workspace) else {
            self.reveal(tab, Reveal::Models);
            return;
        };
        if !is_open(&workspace.state.borrow(), entry) {
            return;
        }
        let mut writing = workspace.write().await;
        let gone = {
            let mut state = workspace.state.borrow_mut();
            let messages = state.conversation.messages();
            let asked = messages.iter().rposition(|it| it.role == Role::User);
            let next = asked.and_then(|it| messages.get(it + 1)).map(|it| it.id.clone());
            next.map(|it| state.conversation.cut_from(&it)).unwrap_or_default()
        };
        for message in &gone {
            writing.batch.remove(key::message(message.id.as_str()));
        }
        if let Err(why) = writing.finish().await {
            let mut state = workspace.state.borrow_mut();
            for message in gone {
                // They were there in this order before.
                state.conversation.push(message).ok();
            }
            drop(state);
            self.notify_error("not-kept", &said::not_kept(&why), None);
            return;
        }
        self.start_turn(workspace, model);
    }

    async fn add_context(&self, workspace: &Workspace, kind: &str, body: String) {
        let id = self.new_id("ctx");
        let (kind, item) = (kind.to_owned(), body);
        self.change_record(workspace, |it| {
            let known = it.context.iter().any(|it| it.kind == kind && it.body == item);
            if !known && !item.trim().is_empty() {
                it.context.push(ContextRecord { id, kind, body: item });
            }
        })
        .await;
    }

    async fn answer(&self, workspace: &Workspace, permission: &str, answer: Answer) {
        let request = {
            let mut state = workspace.state.borrow_mut();
            let Some(turning) = &mut state.turning else { return };
            let asked = turning.permission.take_if(|it| it.call == permission);
            let Some(request) = asked else { return };
            request
        };
        let answer = match answer {
            Answer::Once => agent::permission::Answer::Once,
            Answer::Always => {
                self.keep_grant(workspace, &request).await;
                agent::permission::Answer::Always
            }
            Answer::No => agent::permission::Answer::No,
        };
        self.say_to_turn(workspace, Event::Answered { call: request.call, answer });
    }

    fn export_chat(&self, tab: &TabId, workspace: &Workspace, format: ExportFormat) {
        let name = self.profile(|it| it.projects.get(&workspace.id).map(|it| it.name.clone()));
        let name = name.unwrap_or_default();
        let state = workspace.state.borrow();
        let (extension, media_type, text) = match format {
            ExportFormat::Markdown => {
                ("md", "text/markdown", talk::export::to_markdown(&state.conversation, &name))
            }
            ExportFormat::Json => {
                ("json", "application/json", talk::export::to_json(&state.conversation))
            }
        };
        self.send(
            tab,
            DownKind::Download {
                name: said::file_name(&name, extension),
                media_type: media_type.to_owned(),
                bytes: text.into_bytes(),
            },
        );
    }

    /// Brings in a conversation that was exported, where there is none yet.
    async fn import_chat(&self, workspace: &Workspace, text: &str) {
        let empty = workspace.state.borrow().conversation.messages().is_empty();
        let imported = match talk::export::from_json(text) {
            Ok(imported) if empty => imported,
            Ok(_) => {
                return self.notify_error("import", &said::not_imported(said::NOT_EMPTY), None);
            }
            Err(why) => {
                return self.notify_error("import", &said::not_imported(&why.to_string()), None);
            }
        };
        let mut writing = workspace.write().await;
        for message in imported.messages() {
            let bytes = talk::record::encode(message);
            writing.batch.put(key::message(message.id.as_str()), bytes);
        }
        match writing.finish().await {
            Ok(()) => workspace.state.borrow_mut().conversation = imported,
            Err(why) => self.notify_error("import", &said::not_kept(&why), None),
        }
    }

    /// The model that the project uses, if the proxy offers it.
    pub(super) fn model_of(&self, workspace: &Workspace) -> Option<wire::Model> {
        let chosen = workspace.state.borrow().record.model.clone();
        self.profile(|it| {
            let chosen = if chosen.is_empty() { &it.settings.model } else { &chosen };
            it.models.iter().find(|it| it.id == *chosen).cloned()
        })
    }
}

/// What was granted with "Always", in the form in which the rules read it.
pub(super) fn grants(project: &str, records: &[GrantRecord]) -> Vec<Grant> {
    let grant = |it: &GrantRecord| {
        let tool = Tool::ALL.into_iter().find(|tool| tool.name() == it.tool)?;
        Some(Grant {
            agent: it.agent.clone(),
            project: project.to_owned(),
            tool,
            pattern: it.pattern.clone(),
            effect: Effect::Allow,
        })
    };
    records.iter().filter_map(grant).collect()
}
