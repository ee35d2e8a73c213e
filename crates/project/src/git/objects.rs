//! The object store: every object of a project, compressed, in the segments it came in.
//!
//! It never forgets an object by itself: garbage goes when the project is compacted, and a segment
//! goes when making it durable failed.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gix_object::Kind;

use super::segment::{self, BadSegment, Draft, Place};
use super::{Commit, Oid, SHA1};

const LIMIT_CACHE_BYTES: usize = 16 * 1024 * 1024;

/// Names a segment inside one store; not the number under which it is kept.
pub type SegmentId = u32;

#[derive(Debug, Default)]
pub struct Objects {
    segments: BTreeMap<SegmentId, Segment>,
    index: BTreeMap<Oid, (SegmentId, Place)>,
    next: SegmentId,
    cache: RefCell<Cache>,
}

#[derive(Debug)]
struct Segment {
    bytes: Arc<[u8]>,
    /// The objects that this segment brought first.
    ids: Vec<Oid>,
}

/// An object that is needed and not there, or not readable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the object {0} is missing or damaged")]
pub struct Missing(pub Oid);

impl Objects {
    /// Takes in a stored segment.
    pub fn take(&mut self, bytes: &[u8]) -> Result<SegmentId, BadSegment> {
        let places = segment::places(bytes)?;
        Ok(self.insert(bytes.into(), places))
    }

    /// Takes in what was written, and returns it in the form to make durable.
    pub fn seal(&mut self, draft: Draft) -> Option<(SegmentId, Vec<u8>)> {
        let (bytes, places) = draft.finish()?;
        Some((self.insert(bytes.as_slice().into(), places), bytes))
    }

    fn insert(&mut self, bytes: Arc<[u8]>, places: Vec<(Oid, Place)>) -> SegmentId {
        let number = self.next;
        self.next += 1;
        let mut ids = Vec::with_capacity(places.len());
        for (id, place) in places {
            self.index.entry(id).or_insert_with(|| {
                ids.push(id);
                (number, place)
            });
        }
        self.segments.insert(number, Segment { bytes, ids });
        number
    }

    /// Drops a segment that did not become durable, with what only it holds.
    pub fn forget(&mut self, number: SegmentId) {
        let Some(segment) = self.segments.remove(&number) else { return };
        for id in segment.ids {
            self.index.remove(&id);
        }
    }

    /// Adds an object to the draft unless it is known already.
    pub fn add(&self, draft: &mut Draft, kind: Kind, content: &[u8]) -> Oid {
        let id = Oid::of(kind, content);
        if !self.contains(&id) {
            draft.push(id, kind, content);
        }
        id
    }

    pub fn contains(&self, id: &Oid) -> bool {
        self.index.contains_key(id)
    }

    pub fn len(&self) -> usize {
        self.index.len()
    }

    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    pub fn n_segments(&self) -> usize {
        self.segments.len()
    }

    /// Returns the compressed bytes of all segments, and of the largest one.
    pub fn sizes(&self) -> (usize, usize) {
        let sizes = self.segments.values().map(|segment| segment.bytes.len());
        (sizes.clone().sum(), sizes.max().unwrap_or(0))
    }

    /// Returns the kind and the content's size without reading it.
    pub fn header(&self, id: &Oid) -> Option<(Kind, u64)> {
        self.index.get(id).map(|(_, place)| (place.kind, u64::from(place.size_bytes)))
    }

    pub fn read(&self, id: &Oid) -> Option<(Kind, Arc<[u8]>)> {
        let (number, place) = self.index.get(id)?;
        if let Some(content) = self.cache.borrow_mut().get(id) {
            return Some((place.kind, content));
        }
        let packed = self.packed_at(*number, place)?;
        let content: Arc<[u8]> = segment::inflated(packed, place.size_bytes as usize)?.into();
        self.cache.borrow_mut().put(*id, &content);
        Some((place.kind, content))
    }

    pub fn blob(&self, id: &Oid) -> Option<Arc<[u8]>> {
        self.read(id).filter(|(kind, _)| *kind == Kind::Blob).map(|(_, content)| content)
    }

    pub fn commit(&self, id: &Oid) -> Option<Commit> {
        let (kind, content) = self.read(id)?;
        (kind == Kind::Commit).then(|| Commit::parse(*id, &content)).flatten()
    }

    /// Returns kind, size and the compressed bytes of an object.
    pub fn packed(&self, id: &Oid) -> Option<(Kind, u64, &[u8])> {
        let (number, place) = self.index.get(id)?;
        Some((place.kind, u64::from(place.size_bytes), self.packed_at(*number, place)?))
    }

    fn packed_at(&self, number: SegmentId, place: &Place) -> Option<&[u8]> {
        let at = place.at as usize;
        self.segments.get(&number)?.bytes.get(at..at + place.len as usize)
    }

    /// Returns everything that is reachable from these ids, sorted, or what is missing for it.
    pub fn reachable(
        &self,
        roots: impl IntoIterator<Item = Oid>,
    ) -> Result<BTreeSet<Oid>, Missing> {
        let mut whole = BTreeSet::new();
        roots.into_iter().try_for_each(|root| self.reach(root, &mut whole)).map(|()| whole)
    }

    /// Adds everything that is reachable from here to what is known to be whole, or nothing when
    /// something is missing.
    pub fn reach(&self, root: Oid, whole: &mut BTreeSet<Oid>) -> Result<(), Missing> {
        let mut seen = BTreeSet::new();
        let mut todo = vec![root];
        while let Some(id) = todo.pop() {
            // Git knows the empty tree without having it.
            let known = id == super::trees::empty() && !self.contains(&id);
            if !known && !whole.contains(&id) && seen.insert(id) {
                self.push_links(id, &mut todo)?;
            }
        }
        whole.append(&mut seen);
        Ok(())
    }

    fn push_links(&self, id: Oid, todo: &mut Vec<Oid>) -> Result<(), Missing> {
        match self.header(&id).ok_or(Missing(id))?.0 {
            Kind::Blob => {}
            Kind::Commit => {
                let commit = self.commit(&id).ok_or(Missing(id))?;
                todo.push(commit.tree);
                todo.extend(commit.parents);
            }
            Kind::Tree => {
                let (_, content) = self.read(&id).ok_or(Missing(id))?;
                for entry in gix_object::TreeRefIter::from_bytes(&content, SHA1) {
                    let entry = entry.map_err(|_cause| Missing(id))?;
                    if !entry.mode.is_commit() {
                        todo.push(entry.oid.to_owned().into());
                    }
                }
            }
            Kind::Tag => {
                let (_, content) = self.read(&id).ok_or(Missing(id))?;
                let tag = gix_object::TagRef::from_bytes(&content, SHA1);
                todo.push(tag.map_err(|_cause| Missing(id))?.target().into());
            }
        }
        Ok(())
    }
}

impl gix_object::Find for Objects {
    fn try_find<'a>(
        &self,
        id: &gix_hash::oid,
        buffer: &'a mut Vec<u8>,
    ) -> gix_error::Result<Option<gix_object::Data<'a>>> {
        let Some((kind, content)) = self.read(&id.to_owned().into()) else { return Ok(None) };
        buffer.clear();
        buffer.extend_from_slice(&content);
        Ok(Some(gix_object::Data { kind, object_hash: SHA1, data: buffer }))
    }
}

/// Contents that were read last, up to a limit.
#[derive(Debug, Default)]
struct Cache {
    contents: BTreeMap<Oid, (u64, Arc<[u8]>)>,
    used: BTreeMap<u64, Oid>,
    clock: u64,
    size_bytes: usize,
}

impl Cache {
    fn get(&mut self, id: &Oid) -> Option<Arc<[u8]>> {
        let (used, content) = self.contents.get_mut(id)?;
        self.clock += 1;
        self.used.remove(used);
        self.used.insert(self.clock, *id);
        *used = self.clock;
        Some(Arc::clone(content))
    }

    fn put(&mut self, id: Oid, content: &Arc<[u8]>) {
        if content.len() > LIMIT_CACHE_BYTES / 4 || self.contents.contains_key(&id) {
            return;
        }
        self.clock += 1;
        self.size_bytes += content.len();
        self.contents.insert(id, (self.clock, Arc::clone(content)));
        self.used.insert(self.clock, id);
        while self.size_bytes > LIMIT_CACHE_BYTES
            && let Some((_, oldest)) = self.used.pop_first()
        {
            let dropped = self.contents.remove(&oldest);
            self.size_bytes -= dropped.map_or(0, |(_, content)| content.len());
        }
    }
}
