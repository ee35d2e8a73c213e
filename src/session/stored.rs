//! An open project between memory and the store's records.
//!
//! When which record is written is the business of `workspace`.

use agent::chat;
use project::{Project, Saved, git::Oid, path::FilePath, vfs::Entry};
use store::{
    Record, Store, StoreError,
    schema::{self, FileRecord, JournalRecord, RefsRecord, WorktreeRecord, key},
};

use super::workspace::Numbers;

pub(super) async fn load_project(store: &dyn Store) -> Result<(Project, Numbers), StoreError> {
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

pub(super) fn message(bytes: &[u8]) -> Result<chat::Message, StoreError> {
    chat::record::decode(bytes).map_err(|err| match err {
        chat::record::BadRecord::Newer { .. } => StoreError::Outdated,
        chat::record::BadRecord::Damaged(_) => StoreError::Damaged(err.to_string()),
    })
}

fn numbered(records: Vec<Record>) -> Vec<(u64, Vec<u8>)> {
    records.into_iter().filter_map(|(name, bytes)| Some((key::number(&name)?, bytes))).collect()
}

pub(super) async fn read<T: serde::de::DeserializeOwned>(
    store: &dyn Store,
    key: &str,
) -> Result<Option<T>, StoreError> {
    store.get(key).await?.map(|it| schema::decode(&it)).transpose()
}

pub(super) fn refs_record(project: &Project) -> RefsRecord {
    RefsRecord {
        head: format!("refs/heads/{}", project.branch()),
        refs: project.refs().map(|(name, id)| (name.to_owned(), id.to_string())).collect(),
    }
}

pub(super) fn file_record(entry: &Entry) -> FileRecord {
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
