//! The conversation's wishes and view.

use std::rc::Rc;

use agent::{
    chat::{self as talk, Message, Part as TalkPart, Role},
    id::MessageId,
    markdown,
    permission::{Effect, Grant},
    tools::{Tool, ToolCall},
    turn::Event,
};
use link::{
    DownKind, Panel, Reveal, TabId,
    chat::{
        Answer, Block, Checkpoint, Composer, Entry, EntryKind, ExportFormat, Kept, ModelChoice,
        Part, Permission, Remedy, Reply, ReplyState, Status, Tool as ToolView, ToolState, View,
        Wish,
    },
};
use store::schema::{ContextRecord, GrantRecord, key};

use super::{
    Session,
    changes::change_card,
    tabs::PAGE,
    workspace::{State, Workspace},
};
use crate::i18n::said;

impl Session {
    pub(super) async fn chat_wish(&self, tab: &TabId, wish: Wish) {
        let Some(workspace) = self.workspace_of(tab) else {
            if let Wish::SetModel { model } = wish {
                self.change_settings(|it| it.model = model).await;
            }
            return;
        };
        match wish {
            Wish::Send { text, despite_secrets } => {
                self.send_prompt(tab, &workspace, text, despite_secrets).await;
            }
            Wish::Draft { text } => self.keep_draft(&workspace, text).await,
            Wish::Stop => self.say_to_turn(&workspace, Event::Cancelled),
            Wish::Continue { .. } => self.continue_turn(tab, &workspace),
            Wish::Retry { entry } => self.retry(tab, &workspace, &entry).await,
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
            Wish::ApplyBlock { text, path } => self.stage_block(&workspace, text, &path).await,
            Wish::ShowRequest => {
                self.with_tab(tab, |it| it.shows_request = true);
            }
            Wish::HideRequest => {
                self.with_tab(tab, |it| it.shows_request = false);
            }
            Wish::Export { format } => self.export_chat(tab, &workspace, format),
        }
        self.touch_tab(tab, Panel::Chat);
    }

    /// The first prompt of a project that was just made.
    pub(super) async fn send_first_prompt(&self, tab: &TabId, text: String) {
        if let Some(workspace) = self.workspace_of(tab) {
            self.send_prompt(tab, &workspace, text, false).await;
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

    fn say_to_turn(&self, workspace: &Workspace, event: Event) {
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

    /// Takes away what came after the person's last message before an entry, and asks again.
    async fn retry(&self, tab: &TabId, workspace: &Rc<Workspace>, entry: &str) {
        if workspace.state.borrow().turning.is_some() {
            return;
        }
        let Some(model) = self.model_of(workspace) else {
            self.reveal(tab, Reveal::Models);
            return;
        };
        let mut writing = workspace.write().await;
        let gone = {
            let mut state = workspace.state.borrow_mut();
            let messages = state.conversation.messages();
            let at = messages.iter().position(|it| it.id.as_str() == entry);
            let mut asked = messages.iter().take(at.unwrap_or_default() + 1);
            let asked = asked.rposition(|it| it.role == Role::User);
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

    /// The model that the project uses, if the proxy offers it.
    pub(super) fn model_of(&self, workspace: &Workspace) -> Option<wire::Model> {
        let chosen = workspace.state.borrow().record.model.clone();
        self.profile(|it| {
            let chosen = if chosen.is_empty() { &it.settings.model } else { &chosen };
            it.models.iter().find(|it| it.id == *chosen).cloned()
        })
    }

    pub(super) fn chat_view(&self, tab: &TabId) -> View {
        let Some(workspace) = self.workspace_of(tab) else {
            // The front door has a composer too, with nothing but the model to choose.
            let models = self.model_choices();
            let model = self.profile(|it| it.settings.model.clone());
            let known = models.iter().any(|it| it.id == model);
            let model = if known { model } else { String::new() };
            let composer = Composer { model, models, ..Composer::default() };
            return View { composer, ..View::default() };
        };
        let seen = self.with_tab(tab, |it| (it.n_entries, it.shows_request));
        let (n_entries, shows_request) = seen.unwrap_or((PAGE, false));
        let composer = self.composer(&workspace);
        let state = workspace.state.borrow();
        let messages = state.conversation.messages();
        let first = messages.len().saturating_sub(n_entries);
        let scripted = |model: &str| {
            self.profile(|it| it.models.iter().any(|it| it.id == model && it.scripted))
        };
        let entries = messages[first..].iter().flat_map(|it| entries(&state, it, &scripted));
        let entries: Vec<Entry> = entries.collect();
        let status = match &state.turning {
            Some(turning) => Status::Working { doing: turning.doing.clone() },
            None => Status::Ready,
        };
        let permission = state.turning.as_ref().and_then(|it| it.permission.as_ref());
        let permission = permission.map(|it| Permission {
            id: it.call.clone(),
            title: it.title.clone(),
            detail: detail(&it.tool),
            pattern: it.pattern.clone(),
        });
        drop(state);
        View {
            entries,
            has_earlier: first > 0,
            status,
            composer,
            permission,
            request: shows_request.then(|| self.request_view(&workspace)),
        }
    }

    fn model_choices(&self) -> Vec<ModelChoice> {
        self.profile(|it| {
            let choices = it.models.iter().map(|it| ModelChoice {
                id: it.id.clone(),
                name: it.name.clone(),
                provider: it.provider.clone(),
                scripted: it.scripted,
            });
            choices.collect()
        })
    }

    fn composer(&self, workspace: &Workspace) -> Composer {
        let models = self.model_choices();
        let model = self.model_of(workspace);
        let estimate = model.as_ref().map(|it| self.estimate(workspace, it)).unwrap_or_default();
        let state = workspace.state.borrow();
        Composer {
            draft: state.draft.clone(),
            model: model.map(|it| it.id).unwrap_or_default(),
            models,
            context: self.context_items(&state),
            estimate,
            auto_apply: state.record.auto_apply,
            secrets: state.secrets.clone(),
        }
    }
}

/// What a call would do, in full.
fn detail(call: &ToolCall) -> String {
    match call {
        ToolCall::Write { content, .. } => content.clone(),
        ToolCall::Edit(edit) => {
            let lines = |sign: char, text: &str| -> String {
                text.lines().map(|it| format!("{sign}{it}\n")).collect()
            };
            lines('-', &edit.search) + &lines('+', &edit.replace)
        }
        ToolCall::Read { .. }
        | ToolCall::List { .. }
        | ToolCall::Search { .. }
        | ToolCall::Remove { .. }
        | ToolCall::Move { .. } => String::new(),
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

fn entries(state: &State, message: &Message, scripted: &dyn Fn(&str) -> bool) -> Vec<Entry> {
    let entry = |kind| Entry { id: message.id.to_string(), kind, at_ms: message.at_ms };
    match message.role {
        Role::User => {
            let unsaved = state.unsaved_messages.contains(message.id.as_str());
            let kept = if unsaved { Kept::Saving } else { Kept::Saved };
            vec![entry(EntryKind::User { text: message.text(), state: kept })]
        }
        Role::Assistant => {
            let mut shown = vec![entry(EntryKind::Assistant(reply(state, message, scripted)))];
            shown.extend(message.parts.iter().filter_map(|it| checkpoint(state, message, it)));
            shown
        }
        Role::System => message.parts.iter().filter_map(error).map(entry).collect(),
    }
}

fn error(part: &TalkPart) -> Option<EntryKind> {
    let TalkPart::Error { text, remedy } = part else { return None };
    let remedy = match remedy {
        talk::Remedy::Retry => Remedy::Retry,
        talk::Remedy::Continue => Remedy::Continue,
        talk::Remedy::OpenSettings => Remedy::OpenSettings,
        talk::Remedy::None => Remedy::None,
    };
    Some(EntryKind::Error { text: text.clone(), remedy })
}

/// The commit that a reply's changes made, as a place to come back to.
fn checkpoint(state: &State, message: &Message, part: &TalkPart) -> Option<Entry> {
    let TalkPart::Changes { action, .. } = part else { return None };
    let commit = state.actions.get(action.as_str())?.after.clone()?;
    let known = state.project.commit_of(&commit.parse().ok()?)?;
    let head = state.project.head().and_then(|it| state.project.commit_of(&it));
    let current = state.project.is_clean() && head.is_some_and(|it| it.tree == known.tree);
    Some(Entry {
        id: format!("{action}-checkpoint"),
        kind: EntryKind::Checkpoint(Checkpoint {
            title: known.title().to_owned(),
            commit,
            current,
        }),
        at_ms: message.at_ms,
    })
}

fn reply(state: &State, message: &Message, scripted: &dyn Fn(&str) -> bool) -> Reply {
    let usage = message.usage.unwrap_or_default();
    let n_tokens = u64::from(usage.input_tokens)
        + u64::from(usage.cache_read_tokens)
        + u64::from(usage.cache_write_tokens)
        + u64::from(usage.output_tokens)
        + u64::from(usage.reasoning_tokens);
    let cost = match n_tokens {
        0 => String::new(),
        n => said::cost(n, usage.cost_nano, usage.estimated),
    };
    let live = state.turning.as_ref().is_some_and(|it| it.reply == message.id);
    let parts = message.parts.iter().enumerate();
    Reply {
        parts: parts.filter_map(|(at, it)| part(state, &message.id, at, it)).collect(),
        state: match message.state {
            talk::State::Streaming if live => ReplyState::Streaming,
            talk::State::Streaming | talk::State::Interrupted => ReplyState::Interrupted,
            talk::State::Complete => ReplyState::Complete,
            talk::State::Stopped => ReplyState::Stopped,
            talk::State::Failed => ReplyState::Failed,
        },
        model: message.model.clone(),
        scripted: scripted(&message.model),
        cost,
    }
}

fn part(state: &State, message: &MessageId, at: usize, part: &TalkPart) -> Option<Part> {
    match part {
        TalkPart::Text { text } if text.trim().is_empty() => None,
        TalkPart::Text { text } => Some(Part::Text { blocks: rendered(state, message, at, text) }),
        TalkPart::Reasoning { text, .. } if text.trim().is_empty() => None,
        TalkPart::Reasoning { text, .. } => Some(Part::Reasoning { text: text.clone() }),
        TalkPart::Tool(tool) => Some(Part::Tool(ToolView {
            call: tool.call.clone(),
            title: if tool.title.is_empty() { tool.tool.clone() } else { tool.title.clone() },
            state: match tool.state {
                talk::ToolState::Pending => ToolState::Pending,
                talk::ToolState::Running => ToolState::Running,
                talk::ToolState::Done => ToolState::Done,
                talk::ToolState::Error => ToolState::Error,
            },
            input: tool.arguments.clone(),
            output: tool.output.clone(),
        })),
        TalkPart::Changes { action, state: decision } => {
            Some(Part::Changes(change_card(state, action, *decision)))
        }
        TalkPart::Feedback { .. }
        | TalkPart::Step
        | TalkPart::Checkpoint { .. }
        | TalkPart::Error { .. } => None,
    }
}

/// Renders Markdown; what was rendered before is not rendered again, only what has come since.
fn rendered(state: &State, message: &MessageId, at: usize, text: &str) -> Vec<Block> {
    let mut cache = state.rendered.borrow_mut();
    let blocks = cache.entry((message.clone(), at)).or_default();
    match text.get(blocks.text().len()..) {
        Some(more) if text.starts_with(blocks.text()) => blocks.push(more),
        Some(_) | None => {
            *blocks = markdown::Blocks::default();
            blocks.push(text);
        }
    }
    blocks.blocks().iter().map(block).collect()
}

fn block(block: &markdown::Block) -> Block {
    match block {
        markdown::Block::Html(html) => Block::Html(html.clone()),
        markdown::Block::Code { language, path, text } => {
            Block::Code { language: language.clone(), path: path.clone(), text: text.clone() }
        }
    }
}
