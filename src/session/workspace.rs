//! An open project: what is in memory, and the one way to change it durably.
//!
//! A change is applied in memory, written as one atomic batch, and only then shown as saved; when the
//! batch is refused, memory goes back to what is stored. Writes of a project wait for each other, so
//! the store sees them in the order in which memory did. Which change is made is the caller's
//! business.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use agent::{
    actions::{ActionRecord, Proposal},
    chat::{self, Conversation},
    id::MessageId,
    markdown::Blocks,
};
use futures::lock::{Mutex, MutexGuard};
use link::{Panel, TabId, changes::FileSummary, workbench::Layout};
use project::{
    Applied, Committed, Compacted, Delta, Project, Saved,
    git::{Oid, objects::Missing},
    path::FilePath,
    vfs::{Edit, Entry},
};
use store::{
    Batch, Record, Store, StoreError,
    schema::{self, FileRecord, JournalRecord, RefsRecord, StateRecord, WorktreeRecord, key},
};

use super::{Session, pending, preview::Running as Preview, request::Foreseen, turns::Turning};
use crate::i18n::said;

/// More journal records or segments than this are folded into one.
const FOLD_AFTER: u64 = 64;

pub(super) struct Workspace {
    pub(super) id: String,
    store: Rc<dyn Store>,
    epoch: Vec<u8>,
    /// Held from the change in memory to its acknowledgement.
    writing: Mutex<Numbers>,
    pub(super) state: RefCell<State>,
}

/// What a project holds in memory.
pub(super) struct State {
    pub(super) project: Project,
    pub(super) conversation: Conversation,
    pub(super) record: StateRecord,
    pub(super) layout: Option<Layout>,
    pub(super) draft: String,
    /// Likely secrets in what was about to be sent.
    pub(super) secrets: Vec<link::chat::Secret>,
    /// What the next request will hold, until something that goes into it changes.
    pub(super) foreseen: RefCell<Option<Foreseen>>,
    /// Replies as they were rendered, by message and part: only what has come since is rendered.
    pub(super) rendered: RefCell<BTreeMap<(MessageId, usize), Blocks>>,
    /// What change cards say, by action and whether it waits: it does not change any more.
    pub(super) summaries: RefCell<BTreeMap<(String, bool), Vec<FileSummary>>>,
    /// Messages that are in memory but not yet acknowledged by the store.
    pub(super) unsaved_messages: BTreeSet<String>,
    pub(super) actions: BTreeMap<String, ActionRecord>,
    /// What waits for Apply or Reject.
    pub(super) pending: Option<Proposal>,
    pub(super) turning: Option<Turning>,
    pub(super) preview: Preview,
    /// The inverse of the last file operation, and what it was called.
    pub(super) undo: Option<(String, Vec<Edit>)>,
    pub(super) n_writing: usize,
    pub(super) not_saved: Option<String>,
}

/// The numbers that the next records get.
#[derive(Debug, Clone, Copy)]
struct Numbers {
    segment: u64,
    journal: u64,
    /// The oldest ones that are still there.
    first_segment: u64,
    first_journal: u64,
}

/// A change under way: hold it, change the state, add to the batch, then [`Writing::finish`].
pub(super) struct Writing<'a> {
    workspace: &'a Workspace,
    numbers: MutexGuard<'a, Numbers>,
    after: Numbers,
    pub(super) batch: Batch,
    undo: Vec<Undo>,
}

/// How memory goes back when the batch is refused.
enum Undo {
    Files(Applied),
    Refs(Committed),
}

impl Workspace {
    pub(super) async fn open(
        id: &str,
        store: Rc<dyn Store>,
        epoch: Vec<u8>,
    ) -> Result<Self, StoreError> {
        let mut claim = Batch::default();
        claim.put(key::EPOCH, epoch.clone());
        store.commit(claim).await?;
        let (project, numbers) = load_project(&*store).await?;
        let record = read(&*store, key::STATE).await?.unwrap_or_default();
        let layout = read(&*store, key::LAYOUT).await?;
        let draft = read(&*store, key::DRAFT).await?.unwrap_or_default();
        let messages = store.scan(key::MESSAGES).await?;
        let messages = messages.iter().map(|(_, it)| message(it)).collect::<Result<_, _>>()?;
        let conversation = Conversation::from_messages(messages);
        let conversation = conversation.map_err(|err| StoreError::Damaged(err.to_string()))?;
        let mut actions = BTreeMap::new();
        for (_, bytes) in store.scan(key::ACTIONS).await? {
            let action: ActionRecord = schema::decode(&bytes)?;
            actions.insert(action.id.to_string(), action);
        }
        let pending = pending::load(&*store, &project).await?;
        let state = State {
            project,
            conversation,
            record,
            layout,
            draft,
            secrets: Vec::new(),
            foreseen: RefCell::default(),
            rendered: RefCell::default(),
            summaries: RefCell::default(),
            unsaved_messages: BTreeSet::new(),
            actions,
            pending,
            turning: None,
            preview: Preview::default(),
            undo: None,
            n_writing: 0,
            not_saved: None,
        };
        Ok(Self {
            id: id.to_owned(),
            store,
            epoch,
            writing: Mutex::new(numbers),
            state: RefCell::new(state),
        })
    }

    /// Begins a change; waits for the one before.
    pub(super) async fn write(&self) -> Writing<'_> {
        self.state.borrow_mut().n_writing += 1;
        let numbers = self.writing.lock().await;
        let mut batch = Batch::default();
        batch.expect(key::EPOCH, Some(self.epoch.clone()));
        Writing { workspace: self, after: *numbers, numbers, batch, undo: Vec::new() }
    }
}

impl Writing<'_> {
    /// Notes a change of files that memory already has.
    pub(super) fn applied(&mut self, applied: Applied) {
        self.add(&applied.delta);
        self.undo.push(Undo::Files(applied));
    }

    /// Notes a commit that memory already has.
    pub(super) fn committed(&mut self, committed: Committed) {
        self.add(&committed.delta);
        self.undo.push(Undo::Refs(committed));
    }

    /// Notes a project that memory has and the store has nothing of.
    pub(super) fn whole(&mut self) -> Result<(), Missing> {
        let mut state = self.workspace.state.borrow_mut();
        let folded = state.project.compact()?;
        self.batch.put(key::REFS, schema::encode(&refs_record(&state.project)));
        put_folded(&mut self.batch, folded, self.after.segment, self.after.journal);
        self.after.segment += 1;
        Ok(())
    }

    fn add(&mut self, delta: &Delta) {
        if let Some(segment) = &delta.segment {
            self.batch.put(key::segment(self.after.segment), segment.clone());
            self.after.segment += 1;
        }
        if let Some(journal) = &delta.journal {
            let ops = journal
                .ops
                .iter()
                .map(|(path, entry)| (path.to_string(), entry.as_ref().map(file_record)));
            let record = JournalRecord { ops: ops.collect() };
            self.batch.put(key::journal(self.after.journal), schema::encode(&record));
            self.after.journal += 1;
        }
        if !delta.refs.is_empty() {
            let record = refs_record(&self.workspace.state.borrow().project);
            self.batch.put(key::REFS, schema::encode(&record));
        }
    }

    /// Makes the change durable, or takes it back.
    pub(super) async fn finish(mut self) -> Result<(), StoreError> {
        let written = self.workspace.store.commit(std::mem::take(&mut self.batch)).await;
        match &written {
            Ok(()) => {
                *self.numbers = self.after;
                self.workspace.state.borrow_mut().not_saved = None;
                self.fold_when_long().await;
            }
            Err(why) => {
                self.take_back();
                self.workspace.state.borrow_mut().not_saved = Some(said::not_kept(why));
            }
        }
        self.workspace.state.borrow_mut().n_writing -= 1;
        written
    }

    /// Gives up before anything was written.
    pub(super) fn cancel(mut self) {
        self.take_back();
        self.workspace.state.borrow_mut().n_writing -= 1;
    }

    fn take_back(&mut self) {
        let mut state = self.workspace.state.borrow_mut();
        for undo in self.undo.drain(..).rev() {
            match undo {
                Undo::Files(applied) => state.project.revert(&applied),
                Undo::Refs(committed) => state.project.undo_commit(&committed),
            }
        }
    }

    /// Folds many small records into one of each kind, as a step of its own: when it fails, what
    /// was there before is still right.
    async fn fold_when_long(&mut self) {
        let Numbers { segment, journal, first_segment, first_journal } = *self.numbers;
        let n = (segment - first_segment).max(journal - first_journal);
        if n < FOLD_AFTER {
            return;
        }
        let folded = {
            let mut state = self.workspace.state.borrow_mut();
            if !state.project.should_compact() {
                return;
            }
            let named = state.named_contents();
            state.project.compact_keeping(named)
        };
        let Ok(folded) = folded else { return };
        let mut batch = Batch::default();
        batch.expect(key::EPOCH, Some(self.workspace.epoch.clone()));
        for number in first_segment..segment {
            batch.remove(key::segment(number));
        }
        for number in first_journal..journal {
            batch.remove(key::journal(number));
        }
        put_folded(&mut batch, folded, segment, journal);
        if self.workspace.store.commit(batch).await.is_ok() {
            self.numbers.segment = segment + 1;
            self.numbers.first_segment = segment;
            self.numbers.first_journal = journal;
        }
    }
}

impl State {
    /// Contents that something besides the files and the history names: what files were when the
    /// model last saw them, and what the pending changes are based on.
    fn named_contents(&self) -> Vec<Oid> {
        let edited = self.record.edited.values().filter_map(|it| it.before.as_ref());
        let changes = self.pending.iter().flat_map(|it| &it.changes);
        let bases = changes.filter_map(|it| it.base_version.as_ref());
        edited.chain(bases).filter_map(|it| it.parse().ok()).collect()
    }
}

/// Writes all files and objects of a project as one record of each kind.
fn put_folded(batch: &mut Batch, folded: Compacted, segment: u64, next_journal: u64) {
    let files = folded.worktree.iter().map(|(path, it)| (path.to_string(), file_record(it)));
    let worktree = WorktreeRecord { files: files.collect(), next_journal };
    batch.put(key::WORKTREE, schema::encode(&worktree));
    if let Some(bytes) = folded.segment {
        batch.put(key::segment(segment), bytes);
    }
}

impl Session {
    /// Applies the person's edits to a project's files as one durable step.
    pub(super) async fn edit_files(
        &self,
        workspace: &Workspace,
        edits: Vec<Edit>,
    ) -> Result<Applied, NotDone> {
        let mut writing = workspace.write().await;
        let applied = workspace.state.borrow_mut().project.apply(edits);
        let applied = match applied {
            Ok(applied) => applied,
            Err(refusal) => {
                writing.cancel();
                return Err(NotDone::Refused(said::refusal(&refusal)));
            }
        };
        writing.applied(applied.clone());
        let before = workspace.state.borrow().record.clone();
        workspace.state.borrow_mut().note_edits(&applied.changes, self.now_ms());
        writing.batch.put(key::STATE, schema::encode(&workspace.state.borrow().record));
        self.touch(&workspace.id, &[Panel::Status]);
        let finished = writing.finish().await;
        if finished.is_err() {
            workspace.state.borrow_mut().record = before;
        }
        self.after_change(workspace, &applied);
        finished?;
        Ok(applied)
    }

    /// Tells everybody who shows files that some have changed.
    pub(super) fn after_change(&self, workspace: &Workspace, applied: &Applied) {
        workspace.state.borrow().forget_estimate();
        self.preview_changed(workspace, applied.changes.iter().map(|it| it.path.clone()));
        self.touch(
            &workspace.id,
            &[
                Panel::Files,
                Panel::Editor,
                Panel::Status,
                Panel::History,
                Panel::Preview,
                Panel::Chat,
                Panel::Changes,
            ],
        );
        let (session, id, now) = (self.clone(), workspace.id.clone(), self.now_ms());
        let n_files = workspace.state.borrow().project.n_files();
        self.spawn(async move {
            session
                .change_card(&id, |it| {
                    it.changed_at_ms = now;
                    it.n_files = u32::try_from(n_files).unwrap_or(u32::MAX);
                })
                .await;
        });
    }

    /// Changes what a project remembers and keeps it.
    pub(super) async fn change_state(&self, tab: &TabId, change: impl FnOnce(&mut StateRecord)) {
        if let Some(workspace) = self.workspace_of(tab) {
            self.change_record(&workspace, change).await;
        }
    }

    pub(super) async fn change_record(
        &self,
        workspace: &Workspace,
        change: impl FnOnce(&mut StateRecord),
    ) {
        let mut writing = workspace.write().await;
        let before = workspace.state.borrow().record.clone();
        change(&mut workspace.state.borrow_mut().record);
        workspace.state.borrow().forget_estimate();
        let bytes = schema::encode(&workspace.state.borrow().record);
        writing.batch.put(key::STATE, bytes);
        if writing.finish().await.is_err() {
            workspace.state.borrow_mut().record = before;
        }
        self.touch(
            &workspace.id,
            &[Panel::Chat, Panel::Changes, Panel::Settings, Panel::Status, Panel::History],
        );
    }

    pub(super) async fn keep_layout(&self, tab: &TabId, layout: Layout) {
        let Some(workspace) = self.workspace_of(tab) else { return };
        let mut writing = workspace.write().await;
        writing.batch.put(key::LAYOUT, schema::encode(&layout));
        workspace.state.borrow_mut().layout = Some(layout);
        // A layout that was not kept is shown as "not saved" like everything else.
        writing.finish().await.ok();
    }

    pub(super) fn workbench_view(&self, tab: &TabId) -> link::workbench::View {
        let Some(workspace) = self.workspace_of(tab) else { return Default::default() };
        let layout = workspace.state.borrow().layout.clone().unwrap_or_default();
        let name = self.profile(|it| it.projects.get(&workspace.id).map(|it| it.name.clone()));
        link::workbench::View {
            layout: Some(layout),
            project: workspace.id.clone(),
            name: name.unwrap_or_default(),
        }
    }
}

/// Why a change did not come about; nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NotDone {
    /// The change itself was not acceptable: for people.
    Refused(String),
    NotKept(StoreError),
}

impl From<StoreError> for NotDone {
    fn from(why: StoreError) -> Self {
        Self::NotKept(why)
    }
}

impl NotDone {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Refused(text) => text.clone(),
            Self::NotKept(why) => said::not_kept(why),
        }
    }
}

async fn load_project(store: &dyn Store) -> Result<(Project, Numbers), StoreError> {
    let refs: RefsRecord = read(store, key::REFS).await?.unwrap_or_default();
    let worktree: WorktreeRecord = read(store, key::WORKTREE).await?.unwrap_or_default();
    let segments = numbered(store.scan(key::SEGMENTS).await?);
    let journal = numbered(store.scan(key::JOURNAL).await?);
    let numbers = Numbers {
        segment: segments.last().map_or(0, |(number, _)| number + 1),
        journal: journal.last().map_or(worktree.next_journal, |(number, _)| number + 1),
        first_segment: segments.first().map_or(0, |(number, _)| *number),
        first_journal: journal.first().map_or(worktree.next_journal, |(number, _)| *number),
    };
    if segments.is_empty() && refs.refs.is_empty() {
        return Ok((Project::new(), numbers));
    }
    let mut records = Vec::new();
    for (_, bytes) in &journal {
        let record: JournalRecord = schema::decode(bytes)?;
        let ops = record
            .ops
            .iter()
            .map(|(path, it)| Ok((parse(path)?, it.as_ref().map(entry).transpose()?)));
        records.push(project::JournalRecord { ops: ops.collect::<Result<_, StoreError>>()? });
    }
    let files = worktree.files.iter().map(|(path, it)| Ok((parse(path)?, entry(it)?)));
    let saved = Saved {
        segments,
        refs: refs
            .refs
            .iter()
            .map(|(name, id)| Ok((name.clone(), oid(id)?)))
            .collect::<Result<_, StoreError>>()?,
        head: refs.head.clone(),
        worktree: files.collect::<Result<_, StoreError>>()?,
        journal: records,
    };
    let project = Project::load(saved).map_err(|err| StoreError::Damaged(err.to_string()))?;
    Ok((project, numbers))
}

fn message(bytes: &[u8]) -> Result<chat::Message, StoreError> {
    chat::record::decode(bytes).map_err(|err| match err {
        chat::record::BadRecord::Newer { .. } => StoreError::Outdated,
        chat::record::BadRecord::Damaged(_) => StoreError::Damaged(err.to_string()),
    })
}

fn numbered(records: Vec<Record>) -> Vec<(u64, Vec<u8>)> {
    records.into_iter().filter_map(|(name, bytes)| Some((key::number(&name)?, bytes))).collect()
}

async fn read<T: serde::de::DeserializeOwned>(
    store: &dyn Store,
    key: &str,
) -> Result<Option<T>, StoreError> {
    store.get(key).await?.map(|it| schema::decode(&it)).transpose()
}

fn refs_record(project: &Project) -> RefsRecord {
    RefsRecord {
        head: format!("refs/heads/{}", project.branch()),
        refs: project.refs().map(|(name, id)| (name.to_owned(), id.to_string())).collect(),
    }
}

fn file_record(entry: &Entry) -> FileRecord {
    FileRecord {
        oid: entry.oid.to_string(),
        size_bytes: entry.size_bytes,
        executable: entry.executable,
    }
}

fn entry(record: &FileRecord) -> Result<Entry, StoreError> {
    Ok(Entry {
        oid: oid(&record.oid)?,
        size_bytes: record.size_bytes,
        executable: record.executable,
    })
}

fn oid(text: &str) -> Result<Oid, StoreError> {
    text.parse().map_err(|_bad| StoreError::Damaged(format!("{text:?} is not an object id")))
}

fn parse(path: &str) -> Result<FilePath, StoreError> {
    FilePath::parse(path).map_err(|err| StoreError::Damaged(err.to_string()))
}
