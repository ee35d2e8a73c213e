//! Reading a `.git` folder that came from outside: packs with deltas, loose objects, references.
//!
//! Nothing in it is believed: sizes are bounded, ids are computed, and what cannot be read is left
//! out. Whether the history is whole without it is for the caller to find out.

use std::collections::BTreeMap;
use std::path::PathBuf;

use gix_pack::cache::lru::StaticLinkedList;
use gix_pack::data::decode::entry::ResolvedBase;
use gix_zlib::Inflate;

use super::segment::{Draft, inflated};
use super::{Oid, SHA1, pack};
use crate::LIMIT_FILE_BYTES;

/// All objects together, uncompressed.
const LIMIT_TOTAL_BYTES: u64 = 2 * 1024 * 1024 * 1024;
const CACHE_BYTES: usize = 16 * 1024 * 1024;

/// What was found in a `.git` folder.
#[derive(Debug, Default)]
pub struct Repository {
    pub objects: Draft,
    pub refs: BTreeMap<String, Oid>,
    pub head: Option<Head>,
    /// Objects that could not be read.
    pub n_damaged: usize,
    n_bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    /// The full name of a reference, which may have no commit yet.
    Branch(String),
    Detached(Oid),
}

struct Damaged;

/// Reads the files of a `.git` folder, by their paths inside it.
pub fn read(files: &BTreeMap<&str, &[u8]>) -> Repository {
    let mut repository = Repository::default();
    for (path, bytes) in files {
        if path.starts_with("objects/pack/") && path.ends_with(".pack") {
            if repository.take_pack(bytes).is_err() {
                repository.n_damaged += 1;
            }
        } else if let Some(id) = loose_id(path)
            && repository.take_loose(id, bytes).is_none()
        {
            repository.n_damaged += 1;
        }
    }
    if let Some(packed) = files.get("packed-refs") {
        let lines = String::from_utf8_lossy(packed);
        repository.refs.extend(lines.lines().filter_map(packed_ref));
    }
    for (path, bytes) in files {
        if path.starts_with("refs/")
            && let Some(Head::Detached(id)) = pointer(bytes)
        {
            repository.refs.insert((*path).to_owned(), id);
        }
    }
    repository.head = files.get("HEAD").and_then(|bytes| pointer(bytes));
    repository
}

fn packed_ref(line: &str) -> Option<(String, Oid)> {
    let (id, name) = line.split_once(' ')?;
    Some((name.to_owned(), id.parse().ok()?)) // Comments and peeled ids are no references.
}

fn pointer(bytes: &[u8]) -> Option<Head> {
    let text = std::str::from_utf8(bytes).ok()?.trim(); // Not a reference then.
    match text.strip_prefix("ref:") {
        Some(name) => Some(Head::Branch(name.trim().to_owned())),
        None => Some(Head::Detached(text.parse().ok()?)),
    }
}

fn loose_id(path: &str) -> Option<Oid> {
    let (folder, name) = path.strip_prefix("objects/")?.split_once('/')?;
    format!("{folder}{name}").parse().ok() // Packs and their lists have other names.
}

impl Repository {
    fn spend(&mut self, n_bytes: u64) -> Option<()> {
        self.n_bytes += n_bytes;
        (n_bytes <= LIMIT_FILE_BYTES && self.n_bytes <= LIMIT_TOTAL_BYTES).then_some(())
    }

    fn take_loose(&mut self, id: Oid, packed: &[u8]) -> Option<()> {
        let mut start = [0; 64];
        let (_, _, n) = Inflate::default().prefix(packed, &mut start).ok()?; // Damage is counted.
        let (kind, size, header_len) = gix_object::decode::loose_header(&start[..n]).ok()?;
        self.spend(size)?;
        let content = inflated(packed, header_len + usize::try_from(size).ok()?)?;
        let content = &content[header_len..];
        (Oid::of(kind, content) == id).then(|| self.objects.push(id, kind, content))
    }

    fn take_pack(&mut self, bytes: &[u8]) -> Result<(), Damaged> {
        let damaged = |_cause| Damaged;
        let limit = usize::try_from(LIMIT_FILE_BYTES).ok();
        let pack = gix_pack::data::File::from_data(bytes, PathBuf::new(), SHA1)
            .map_err(damaged)?
            .with_alloc_limit_bytes(limit);
        let end = bytes.len() - 20;
        if pack::checksum(&bytes[..end]).as_bytes() != &bytes[end..] {
            return Err(Damaged);
        }
        let mut inflate = Inflate::default();
        let mut offset = gix_pack::data::header::SIZE as u64;
        let mut known: BTreeMap<Oid, u64> = BTreeMap::new();
        let mut deltas = Vec::new();
        let mut content = Vec::new();
        for _ in 0..pack.num_objects() {
            let entry = pack.entry(offset).map_err(damaged)?;
            self.spend(entry.decompressed_size).ok_or(Damaged)?;
            content.resize(usize::try_from(entry.decompressed_size).map_err(|_cause| Damaged)?, 0);
            let used = pack
                .decompress_entry(&entry, &mut inflate, &mut content)
                .map_err(|_cause| Damaged)?;
            let data_at = usize::try_from(entry.data_offset).map_err(|_cause| Damaged)?;
            match entry.header.as_kind() {
                Some(kind) => {
                    let id = Oid::of(kind, &content);
                    let packed = &bytes[data_at..data_at + used];
                    self.objects.push_packed(id, kind, entry.decompressed_size, packed);
                    known.insert(id, offset);
                }
                None => deltas.push(offset),
            }
            offset = entry.data_offset + used as u64;
        }
        self.take_deltas(&pack, deltas, known)
    }

    /// A delta may build on one that comes later: what cannot be resolved yet waits for a next
    /// round, as long as a round brings something.
    fn take_deltas(
        &mut self,
        pack: &gix_pack::data::File<&[u8]>,
        mut waiting: Vec<u64>,
        mut known: BTreeMap<Oid, u64>,
    ) -> Result<(), Damaged> {
        let mut inflate = Inflate::default();
        let mut cache = StaticLinkedList::<64>::new(CACHE_BYTES);
        let mut content = Vec::new();
        while !waiting.is_empty() {
            let n_waiting = waiting.len();
            for offset in std::mem::take(&mut waiting) {
                let base = |id: &gix_hash::oid, _: &mut Vec<u8>| {
                    let offset = known.get(&Oid::from(id.to_owned()));
                    offset.map(|at| pack.entry(*at).map(ResolvedBase::InPack)).transpose()
                };
                let entry = pack.entry(offset).map_err(|_cause| Damaged)?;
                let decoded =
                    pack.decode_entry(entry, &mut content, &mut inflate, &base, &mut cache);
                let Ok(decoded) = decoded else {
                    waiting.push(offset);
                    continue;
                };
                self.spend(decoded.object_size).ok_or(Damaged)?;
                let id = Oid::of(decoded.kind, &content);
                self.objects.push(id, decoded.kind, &content);
                known.insert(id, offset);
            }
            if waiting.len() == n_waiting {
                self.n_damaged += n_waiting;
                return Ok(());
            }
        }
        Ok(())
    }
}
