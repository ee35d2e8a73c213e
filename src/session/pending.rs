//! How a proposal that waits for a decision is kept: a record, and its contents beside it.
//!
//! What happens to it is decided in `changes`.

use agent::{
    actions::{Proposal, Proposed},
    id::ActionId,
};
use project::{Project, path::FilePath};
use serde::{Deserialize, Serialize};
use store::{
    Batch, Store, StoreError,
    schema::{self, key},
};

/// A proposal without its contents, which are records of their own.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct PendingRecord {
    action: ActionId,
    changes: Vec<PendingChange>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct PendingChange {
    path: FilePath,
    from: Option<FilePath>,
    base_version: Option<String>,
    /// The content is under the same number; without one the file is removed.
    has_content: bool,
    accepted: bool,
}

/// Writes a proposal and what belongs to it into a batch.
pub(super) fn put(batch: &mut Batch, proposal: &Proposal) {
    put_decisions(batch, proposal);
    for (number, change) in proposal.changes.iter().enumerate() {
        if let Some(content) = &change.after {
            batch.put(key::pending_content(number), content.clone());
        }
    }
}

/// Writes what was decided about its files so far.
pub(super) fn put_decisions(batch: &mut Batch, proposal: &Proposal) {
    batch.put(key::PENDING, schema::encode(&record_of(proposal)));
}

/// Takes a decided proposal out of the store.
pub(super) fn forget(batch: &mut Batch, proposal: &Proposal) {
    batch.remove(key::PENDING);
    for number in 0..proposal.changes.len() {
        batch.remove(key::pending_content(number));
    }
}

/// Reads the proposal that waits for a decision.
pub(super) async fn load(
    store: &dyn Store,
    project: &Project,
) -> Result<Option<Proposal>, StoreError> {
    let Some(bytes) = store.get(key::PENDING).await? else { return Ok(None) };
    let record: PendingRecord = schema::decode(&bytes)?;
    let mut changes = Vec::new();
    for (number, change) in record.changes.into_iter().enumerate() {
        let after = match change.has_content {
            true => store.get(&key::pending_content(number)).await?,
            false => None,
        };
        let base = change.base_version.as_ref().and_then(|it| project.blob(&it.parse().ok()?));
        changes.push(Proposed {
            path: change.path,
            from: change.from,
            base_version: change.base_version,
            base,
            after,
            accepted: change.accepted,
        });
    }
    Ok(Some(Proposal { action: record.action, changes }))
}

fn record_of(proposal: &Proposal) -> PendingRecord {
    let changes = proposal.changes.iter().map(|it| PendingChange {
        path: it.path.clone(),
        from: it.from.clone(),
        base_version: it.base_version.clone(),
        has_content: it.after.is_some(),
        accepted: it.accepted,
    });
    PendingRecord { action: proposal.action.clone(), changes: changes.collect() }
}
