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
    chat::Conversation,
    id::MessageId,
    markdown::Blocks,
};
use futures::lock::{Mutex, MutexGuard};
use link::{changes::FileSummary, workbench::Layout};
use project::{
    Applied, Committed, Compacted, Delta, Project,
    git::{Oid, objects::Missing},
    path::FilePath,
    vfs::Edit,
};
use store::{
    Batch, Store, StoreError,
    schema::{self, JournalRecord, StateRecord, WorktreeRecord, key},
};

use super::{
    pending,
    preview::Running as Preview,
    request::Foreseen,
    stored::{self, file_record, load_project, read, refs_record},
    turns::Turning,
};
use crate::i18n::said;

/// More journal records or segments than this are folded into one.
const FOLD_AFTER: u64 = 64;

pub(super) struct Workspace {
    pub(super) id: String,
    store: Rc<dyn Store>,
    epoch: Vec<u8>,
    /// Called when nothing is being written any more: whoever shows that must show it anew.
    rested: Box<dyn Fn()>,
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
    /// Files that hold secrets by their name and that the person sends all the same.
    pub(super) permitted: BTreeSet<FilePath>,
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
pub(super) struct Numbers {
    pub(super) segment: u64,
    pub(super) journal: u64,
    /// The oldest ones that are still there.
    pub(super) first_segment: u64,
    pub(super) first_journal: u64,
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
        rested: Box<dyn Fn()>,
    ) -> Result<Self, StoreError> {
        let mut claim = Batch::default();
        claim.put(key::EPOCH, epoch.clone());
        store.commit(claim).await?;
        let (project, numbers) = load_project(&*store).await?;
        let record = read(&*store, key::STATE).await?.unwrap_or_default();
        let layout = read(&*store, key::LAYOUT).await?;
        let draft = read(&*store, key::DRAFT).await?.unwrap_or_default();
        let messages = store.scan(key::MESSAGES).await?;
        let messages =
            messages.iter().map(|(_, it)| stored::message(it)).collect::<Result<_, _>>()?;
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
            permitted: BTreeSet::new(),
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
            rested,
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

    fn written(&self) {
        let mut state = self.state.borrow_mut();
        state.n_writing -= 1;
        let rests = state.n_writing == 0;
        drop(state);
        if rests {
            (self.rested)();
        }
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
        self.workspace.written();
        written
    }

    /// Gives up before anything was written.
    pub(super) fn cancel(mut self) {
        self.take_back();
        self.workspace.written();
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
