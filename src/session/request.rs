//! What the next request will hold: assembled, estimated, inspected, searched for secrets.
//!
//! Assembling reads files, so an estimate is kept until something that goes into it changes; while a
//! reply streams the last one stands.

use agent::{
    actions::Staging,
    chat::Conversation,
    context::{self, Assembled, Inputs, Item, ItemKind, ManualEdit, Share, TooLong},
    pace,
    prompt::Layers,
};
use link::chat::{ContextItem, ContextKind, Estimate, Meter, Request, Secret, Section};
use project::path::FilePath;
use store::schema::EditedRecord;

use super::{
    Session,
    changes::ProjectFiles,
    workspace::{State, Workspace},
};
use crate::i18n::said;

/// How long a reply takes of which nothing is known.
const GUESS_MS: u64 = 60_000;

/// An estimate with the request that it belongs to.
#[derive(Debug, Clone, Default)]
pub(super) struct Foreseen {
    model: String,
    estimate: Estimate,
    request: Option<Request>,
}

impl Session {
    /// Puts the request together for the conversation as it stands. `append` is what the turn under
    /// way has said and done so far, `draft` what the person is about to say.
    pub(super) fn assemble(
        &self,
        workspace: &Workspace,
        model: &wire::Model,
        append: &[wire::Message],
        draft: &str,
    ) -> Result<Assembled, TooLong> {
        let state = workspace.state.borrow();
        let layers = Layers {
            global: self.profile(|it| it.settings.instructions.clone()),
            project: state.record.instructions.clone(),
        };
        let reply = state.turning.as_ref().map(|it| &it.reply);
        let before = state.conversation.messages().iter().filter(|it| Some(&it.id) != reply);
        let conversation = Conversation::from_messages(before.cloned().collect());
        // They were a conversation before the reply, which nothing follows.
        let mut conversation = conversation.unwrap_or_default().to_wire(&model.id);
        if !draft.trim().is_empty() {
            conversation.push(wire::Message {
                role: wire::Role::User,
                blocks: vec![wire::Block::Text { text: draft.to_owned() }],
            });
        }
        let stored = ProjectFiles(&state.project);
        let resumed = state.pending.as_ref().map(|it| Staging::resume(it.action.clone(), it));
        let empty = Staging::default();
        let staged = state.turning.as_ref().map(|it| &it.staging).or(resumed.as_ref());
        let files = staged.unwrap_or(&empty).over(&stored);
        let open = self.open_documents(&workspace.id);
        let items = items(&state);
        let edits = edits(&state);
        context::assemble(&Inputs {
            model,
            temperature: None,
            layers: &layers,
            files: &files,
            open: &open,
            items: &items,
            edits: &edits,
            conversation: &conversation,
            append,
            permitted: &state.permitted,
        })
    }

    /// The documents that any tab shows, those of the newest tab first.
    fn open_documents(&self, project: &str) -> Vec<FilePath> {
        let tabs = self.0.tabs.borrow();
        let showing = tabs.values().filter(|it| it.project.as_deref() == Some(project));
        let paths = showing.flat_map(|it| &it.documents);
        paths.filter_map(|it| FilePath::parse(it).ok()).collect()
    }

    pub(super) fn estimate(&self, workspace: &Workspace, model: &wire::Model) -> Estimate {
        let estimate = self.foresee(workspace, model).estimate;
        let state = workspace.state.borrow();
        let median = pace::median_ms(state.conversation.messages(), &model.id);
        let takes = said::takes(median.unwrap_or(GUESS_MS));
        Estimate { takes, measured: median.is_some(), ..estimate }
    }

    pub(super) fn request_view(&self, workspace: &Workspace) -> Request {
        let Some(model) = self.model_of(workspace) else { return Request::default() };
        self.foresee(workspace, &model).request.unwrap_or_default()
    }

    fn foresee(&self, workspace: &Workspace, model: &wire::Model) -> Foreseen {
        let (known, busy, draft) = {
            let state = workspace.state.borrow();
            (state.foreseen.borrow().clone(), state.turning.is_some(), state.draft.clone())
        };
        if let Some(known) = known
            && (busy || known.model == model.id)
        {
            return known;
        }
        let assembled = self.assemble(workspace, model, &[], &draft);
        let foreseen = foreseen(model, assembled);
        *workspace.state.borrow().foreseen.borrow_mut() = Some(foreseen.clone());
        foreseen
    }

    /// Likely secrets in what would be sent with this message.
    pub(super) fn secrets(&self, workspace: &Workspace, text: &str) -> Vec<Secret> {
        let Some(model) = self.model_of(workspace) else { return Vec::new() };
        let found = self.assemble(workspace, &model, &[], text);
        // What is too long is not sent, and says so when it is tried.
        let found = found.map(|it| it.secrets).unwrap_or_default();
        let secret = |it: context::Secret| Secret {
            place: it.place,
            line: it.line,
            looks_like: it.looks_like.to_owned(),
        };
        let state = workspace.state.borrow();
        let forced = state.secret_files().into_iter().filter(|it| !state.permitted.contains(it));
        let forced = forced.map(|it| Secret {
            place: it.to_string(),
            line: 1,
            looks_like: said::SECRET_FILE.to_owned(),
        });
        forced.chain(found.into_iter().map(secret)).collect()
    }

    pub(super) fn context_items(&self, state: &State) -> Vec<ContextItem> {
        let items = items(state).into_iter().map(|it| match it.what {
            ItemKind::File(path) => ContextItem {
                id: it.id,
                kind: ContextKind::File,
                tokens: state.project.entry(&path).map_or(0, |it| it.size_bytes.div_ceil(4) as u32),
                name: path.to_string(),
            },
            ItemKind::Note(text) => ContextItem {
                id: it.id,
                kind: ContextKind::Note,
                tokens: context::tokens(&text),
                name: text.lines().next().unwrap_or_default().to_owned(),
            },
        });
        items.collect()
    }
}

impl State {
    /// Files among the context items that hold secrets by their name.
    pub(super) fn secret_files(&self) -> Vec<FilePath> {
        let files = items(self).into_iter().filter_map(|it| match it.what {
            ItemKind::File(path) => Some(path),
            ItemKind::Note(_) => None,
        });
        files.filter(agent::permission::holds_secrets).collect()
    }

    /// Something that goes into a request has changed.
    pub(super) fn forget_estimate(&self) {
        self.foreseen.borrow_mut().take();
    }

    /// Notes that the person changed a file, for the next request.
    pub(super) fn note_edits(&mut self, changes: &[project::Change], now_ms: u64) {
        for change in changes {
            let before = change.before.map(|it| it.to_string());
            let path = change.path.to_string();
            let edited =
                self.record.edited.entry(path).or_insert(EditedRecord { before, at_ms: 0 });
            edited.at_ms = now_ms;
        }
    }
}

fn items(state: &State) -> Vec<Item> {
    let item = |it: &store::schema::ContextRecord| {
        let what = match it.kind.as_str() {
            "file" => ItemKind::File(FilePath::parse(&it.body).ok()?),
            _ => ItemKind::Note(it.body.clone()),
        };
        Some(Item { id: it.id.clone(), what })
    };
    state.record.context.iter().filter_map(item).collect()
}

/// What the person changed since the model last heard of it, oldest first.
fn edits(state: &State) -> Vec<ManualEdit> {
    let edit = |(path, it): (&String, &EditedRecord)| {
        let path = FilePath::parse(path).ok()?;
        let before = match &it.before {
            // Content that was folded away cannot be compared; the file itself is still there.
            Some(id) => Some(state.project.blob(&id.parse().ok()?)?),
            None => None,
        };
        let after = state.project.read(&path);
        (before != after).then_some(ManualEdit { path, at_ms: it.at_ms, before, after })
    };
    let mut edits: Vec<ManualEdit> = state.record.edited.iter().filter_map(edit).collect();
    edits.sort_by_key(|it| it.at_ms);
    edits
}

fn foreseen(model: &wire::Model, assembled: Result<Assembled, TooLong>) -> Foreseen {
    let assembled = match assembled {
        Ok(assembled) => assembled,
        Err(why) => {
            let estimate = Estimate {
                tokens: why.needed_tokens,
                window: why.window_tokens,
                left_out: vec![why.to_string()],
                ..Estimate::default()
            };
            return Foreseen { model: model.id.clone(), estimate, request: None };
        }
    };
    let estimate = Estimate {
        tokens: assembled.total_tokens,
        window: model.context_tokens,
        cost: assembled.cost.as_ref().map(said::cost_ahead).unwrap_or_default(),
        meters: assembled.meters.iter().map(meter).collect(),
        left_out: assembled.left_out.clone(),
        ..Estimate::default()
    };
    let sections = assembled.sections.into_iter().map(|it| Section {
        name: it.name,
        reason: it.reason,
        tokens: it.tokens,
        text: it.text,
    });
    let request = Request { sections: sections.collect(), total_tokens: assembled.total_tokens };
    Foreseen { model: model.id.clone(), estimate, request: Some(request) }
}

fn meter(meter: &context::Meter) -> Meter {
    let name = match meter.share {
        Share::System => said::SYSTEM_METER,
        Share::Context => said::CONTEXT_METER,
        Share::Conversation => said::CONVERSATION_METER,
        Share::Reply => said::REPLY_METER,
    };
    Meter { name: name.to_owned(), tokens: meter.tokens, limit: meter.limit }
}
