//! A project in its smallest form, and what can be rescued of a damaged one.
//!
//! When to compact is for the caller to say.

use std::collections::{BTreeMap, BTreeSet};

use super::{Project, is_branch, is_reference};
use crate::git::objects::Missing;
use crate::git::segment::Draft;
use crate::git::{Objects, Oid};
use crate::path::FilePath;
use crate::saved::{Compacted, Damaged, Saved};
use crate::vfs::Entry;

/// Up to this many segments or journal records are read at opening without a thought.
const FEW: usize = 64;
/// More than this many are too many, whatever it costs to compact.
const MANY: usize = 2048;

impl Project {
    /// Whether compacting is worth what it costs: a large project is not rewritten for a few edits.
    pub fn should_compact(&self) -> bool {
        let n = self.objects.n_segments().max(self.n_records);
        let (total_bytes, largest_bytes) = self.objects.sizes();
        n > MANY || n > FEW && (total_bytes - largest_bytes) * 4 > largest_bytes
    }

    /// Writes everything that is reachable from references and worktree as one segment, in an order
    /// that depends on nothing else, and drops the rest from memory too: what memory holds and the
    /// store does not would never be written again. Make the outcome durable in place of everything
    /// kept before, with no delta in between. If that fails, what was kept before is still right.
    pub fn compact(&mut self) -> Result<Compacted, Missing> {
        self.compact_keeping([])
    }

    /// Compacts, and keeps these objects too: content that something outside still names, like what
    /// a file was when the model last saw it. Ids that are not known are passed over.
    pub fn compact_keeping(
        &mut self,
        keep: impl IntoIterator<Item = Oid>,
    ) -> Result<Compacted, Missing> {
        let files = self.worktree.iter().map(|(_, entry)| entry.oid);
        let mut reachable = self.objects.reachable(self.refs.values().copied().chain(files))?;
        for id in keep {
            // What is not whole is not kept: nobody could read it.
            self.objects.reach(id, &mut reachable).ok();
        }
        let mut draft = Draft::default();
        for id in &reachable {
            let (kind, size_bytes, packed) = self.objects.packed(id).ok_or(Missing(*id))?;
            draft.push_packed(*id, kind, size_bytes, packed);
        }
        let mut objects = Objects::default();
        let segment = objects.seal(draft).map(|(_, bytes)| bytes);
        self.objects = objects;
        self.n_records = 0;
        Ok(Compacted {
            segment,
            refs: self.refs.iter().map(|(name, id)| (name.clone(), *id)).collect(),
            head: self.head.clone(),
            worktree: self.worktree.iter().map(|(path, entry)| (path.clone(), *entry)).collect(),
        })
    }

    /// Opens what is whole of a damaged project, and says what is lost. A file whose content is
    /// gone is missing; a reference whose history is gone is dropped, and files stay.
    pub fn salvage(saved: Saved) -> (Self, Vec<Damaged>) {
        let mut damages = Vec::new();
        let mut kept = Saved { head: saved.head, ..Saved::default() };
        let mut objects = Objects::default();
        for (number, bytes) in saved.segments {
            match objects.take(&bytes) {
                Ok(_) => kept.segments.push((number, bytes)),
                Err(why) => damages.push(Damaged::Segment { number, why }),
            }
        }
        if !is_branch(&kept.head) {
            damages.push(Damaged::Head { name: kept.head });
            kept.head = Self::new().head;
        }
        let mut whole = BTreeSet::new();
        for (name, id) in saved.refs {
            if is_reference(&name) && objects.reach(id, &mut whole).is_ok() {
                kept.refs.push((name, id));
            } else {
                damages.push(Damaged::Reference { name, id });
            }
        }
        let mut files: BTreeMap<FilePath, Entry> = saved.worktree.into_iter().collect();
        for record in &saved.journal {
            record.replay(&mut files);
        }
        for (path, entry) in files {
            if objects.blob(&entry.oid).is_some_and(|b| b.len() as u64 == entry.size_bytes) {
                kept.worktree.push((path, entry));
            } else {
                damages.push(Damaged::File { path });
            }
        }
        let project = Self::load(kept).unwrap_or_else(|damage| {
            damages.push(damage);
            Self::new()
        });
        (project, damages)
    }
}
