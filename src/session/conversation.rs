//! What the chat panel shows: the conversation's rows and the composer.
//!
//! What its wishes do is in `chat`.

use agent::{
    chat::{self as talk, Message, Part as TalkPart, Role, ToolPart},
    id::MessageId,
    markdown,
    tools::{Tool, ToolCall},
};
use link::{
    TabId,
    chat::{
        Block, Checkpoint, Composer, Entry, EntryKind, Kept, ModelChoice, Part, Permission, Remedy,
        Reply, ReplyState, Status, Tool as ToolView, ToolState, View,
    },
};

use super::{
    Session,
    cards::change_card,
    tabs::PAGE,
    workspace::{State, Workspace},
};
use crate::i18n::said;

impl Session {
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
        ToolCall::Run { code } => code.clone(),
        ToolCall::Configure(setting) => setting.value().to_owned(),
        ToolCall::Read { .. }
        | ToolCall::List { .. }
        | ToolCall::Search { .. }
        | ToolCall::Remove { .. }
        | ToolCall::Move { .. } => String::new(),
    }
}

/// A call's arguments as they came; of a script, once it is whole, what a person would read.
fn input(call: &ToolPart) -> String {
    if call.tool == Tool::Run.name()
        && let Ok(ToolCall::Run { code }) = ToolCall::parse(&call.tool, &call.arguments)
    {
        return code;
    }
    call.arguments.clone()
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
        Role::System => {
            let open = is_open(state, message.id.as_str());
            message.parts.iter().filter_map(|it| error(it, open)).map(entry).collect()
        }
    }
}

/// Whether nothing was said since: only then can a reply be asked for again or go on.
pub(super) fn is_open(state: &State, entry: &str) -> bool {
    let mut newest = state.conversation.messages().iter().rev();
    let mut since = newest.by_ref().take_while(|it| it.role != Role::User);
    since.any(|it| it.id.as_str() == entry)
}

fn error(part: &TalkPart, open: bool) -> Option<EntryKind> {
    let TalkPart::Error { text, remedy } = part else { return None };
    let remedy = match remedy {
        talk::Remedy::Retry if open => Remedy::Retry,
        talk::Remedy::Continue if open => Remedy::Continue,
        talk::Remedy::OpenSettings => Remedy::OpenSettings,
        talk::Remedy::Retry | talk::Remedy::Continue | talk::Remedy::None => Remedy::None,
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
            input: input(tool),
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
