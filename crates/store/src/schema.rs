//! What is stored: the databases, their keys and their records.
//!
//! Every record is JSON in an envelope with a version, except segments of objects, which bring
//! their own. A shipped shape is never changed: a new field has a default, a new meaning gets a new
//! version, and `tests/schema/v*/` holds databases that must open for ever. How bytes reach a
//! disk is not known here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use shape::Misfit;

use crate::StoreError;

/// The version that is written. Greater ones are refused, smaller ones are read.
pub const VERSION: u32 = 1;

/// The database of the profile: projects, settings, models.
pub const PROFILE: &str = "easel";

/// The database of one project: its files, history, chat and state.
pub fn project_database(project: &str) -> String {
    format!("easel-{project}")
}

/// Keys. A prefix ends with `/`, and what follows sorts as it was made.
pub mod key {
    /// Names the core that may write; every batch expects it. A core that was superseded cannot
    /// write any more.
    pub const EPOCH: &str = "meta/epoch";
    pub const SETTINGS: &str = "settings";
    pub const MODELS: &str = "models";
    pub const PROJECTS: &str = "project/";
    pub const SEGMENTS: &str = "segment/";
    pub const JOURNAL: &str = "journal/";
    pub const WORKTREE: &str = "worktree";
    pub const REFS: &str = "refs";
    pub const MESSAGES: &str = "message/";
    pub const ACTIONS: &str = "action/";
    /// The proposal that waits for a decision; its contents are below `pending/`.
    pub const PENDING: &str = "pending";
    pub const STATE: &str = "state";
    pub const LAYOUT: &str = "layout";
    pub const DRAFT: &str = "draft";

    pub fn project(id: &str) -> String {
        format!("{PROJECTS}{id}")
    }

    pub fn segment(number: u64) -> String {
        format!("{SEGMENTS}{number:012}")
    }

    pub fn journal(number: u64) -> String {
        format!("{JOURNAL}{number:012}")
    }

    pub fn message(id: &str) -> String {
        format!("{MESSAGES}{id}")
    }

    pub fn action(id: &str) -> String {
        format!("{ACTIONS}{id}")
    }

    pub fn pending_content(number: usize) -> String {
        format!("{PENDING}/{number:06}")
    }

    /// Returns the number at the end of a segment's or a journal record's key.
    pub fn number(key: &str) -> Option<u64> {
        key.rsplit('/').next()?.parse().ok()
    }
}

/// A project in the profile's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectRecord {
    pub id: String,
    pub name: String,
    pub created_at_ms: u64,
    pub used_at_ms: u64,
    pub n_files: u32,
    /// The first label of the preview's host, `pv-xxxxxxxx`; never given to another project.
    pub preview_label: String,
    /// Put away, to be thrown away when the next one is.
    #[serde(default)]
    pub removed_at_ms: Option<u64>,
    /// When the last export was made.
    #[serde(default)]
    pub exported_at_ms: Option<u64>,
    /// When its content last changed.
    #[serde(default)]
    pub changed_at_ms: u64,
}

/// The person's choices for all projects.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SettingsRecord {
    pub theme: String,
    pub author_name: String,
    pub author_email: String,
    pub instructions: String,
    /// The last chosen model; new projects begin with it.
    pub model: String,
    /// The model that names projects by their first prompt; empty for the prompt's first words.
    pub names_model: String,
    pub auto_apply: bool,
    pub proxy: String,
    pub token: Option<String>,
    pub persisted: bool,
    /// Where preview hosts are, `preview.easel.localhost:9595`; kept for when the proxy is away.
    pub preview_suffix: String,
    /// Preview hosts that were visited while there was a network, for projects made without one.
    pub preview_labels: Vec<String>,
    /// The providers that this browser asks by itself; their keys are in its vault.
    pub direct: Vec<String>,
}

/// The models that the proxy offered the last time, so that the picker works without it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ModelsRecord {
    pub models: Vec<wire::Model>,
}

/// The files' state at some moment; the journal holds what came after.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorktreeRecord {
    pub files: Vec<(String, FileRecord)>,
    /// The first journal record that is not contained.
    pub next_journal: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// The blob's id in hex.
    pub oid: String,
    pub size_bytes: u64,
    #[serde(default)]
    pub executable: bool,
}

/// One batch of file changes: a path and what it holds now, or that it is gone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalRecord {
    pub ops: Vec<(String, Option<FileRecord>)>,
}

/// Every ref with its commit, and the branch that is checked out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefsRecord {
    pub head: String,
    pub refs: BTreeMap<String, String>,
}

/// What a project remembers beside files and messages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StateRecord {
    pub instructions: String,
    pub model: String,
    pub auto_apply: bool,
    pub context: Vec<ContextRecord>,
    /// Files that the person changed since the model last heard of them.
    pub edited: BTreeMap<String, EditedRecord>,
    pub grants: Vec<GrantRecord>,
    pub spent: SpentRecord,
    /// The commit that the last rewind left, for its undo.
    pub rewound_from: Option<String>,
    pub preview_pending: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditedRecord {
    /// The content before the first change; none when the person made the file.
    pub before: Option<String>,
    /// When it was changed last.
    pub at_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContextRecord {
    pub id: String,
    /// `file` or `note`.
    pub kind: String,
    /// The path, or the note's text.
    pub body: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantRecord {
    pub id: String,
    pub agent: String,
    pub tool: String,
    pub pattern: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SpentRecord {
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cost_nano: u64,
}

#[derive(Serialize)]
struct Written<'a, T> {
    v: u32,
    r: &'a T,
}

#[derive(Deserialize)]
struct Version {
    v: u32,
}

/// Puts a record into its envelope.
pub fn encode(record: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(&Written { v: VERSION, r: record })
        .expect("records have text keys and no failing serializers")
}

/// Takes a record out of its envelope, whatever version of Easel wrote it.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, StoreError> {
    let damaged = |err: Misfit| StoreError::Damaged(err.to_string());
    let record = shape::parsed(bytes).map_err(damaged)?;
    let version: Version = shape::read(&record).map_err(damaged)?;
    if version.v > VERSION {
        return Err(StoreError::Outdated);
    }
    let Some(content) = record.get("r") else { return Err(damaged(Misfit::Missing("r"))) };
    shape::read(content).map_err(damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_a_newer_easel_is_not_misread() {
        let bytes = br#"{"v":2,"r":{"shape":"unknown"}}"#;
        assert_eq!(decode::<RefsRecord>(bytes), Err(StoreError::Outdated));
    }

    #[test]
    fn damaged_records_are_named() {
        for bytes in [&b""[..], b"{", b"{\"v\":1}", b"{\"v\":1,\"r\":7}", b"\xff\xfe"] {
            let read = decode::<RefsRecord>(bytes);
            assert!(matches!(read, Err(StoreError::Damaged(_))), "{bytes:?} gave {read:?}");
        }
    }

    #[test]
    fn numbers_in_keys_sort_as_they_count() {
        assert!(key::segment(9) < key::segment(10));
        assert_eq!(key::number(&key::journal(123)), Some(123));
    }
}
