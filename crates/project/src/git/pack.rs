//! Writing a git pack and its index, version 2 of both.
//!
//! Objects are stored whole: their compressed bytes are copied, no deltas are sought. Reading packs
//! is in [`super::unpack`].

use std::collections::BTreeSet;

use gix_pack::data::entry::Header;
use gix_pack::data::header;

use super::objects::{Missing, Objects};
use super::{Kind, Oid, SHA1};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack {
    /// The checksum of the pack, which names its files.
    pub name: Oid,
    pub pack: Vec<u8>,
    pub index: Vec<u8>,
}

struct Packed {
    id: Oid,
    offset: u32,
    crc32: u32,
}

/// Writes these objects; the same ones give the same bytes.
pub fn write(objects: &Objects, ids: &BTreeSet<Oid>) -> Result<Pack, Missing> {
    let n_objects = u32::try_from(ids.len()).expect("a project has fewer objects than that");
    let mut pack = header::encode(gix_pack::data::Version::V2, n_objects).to_vec();
    let mut entries = Vec::with_capacity(ids.len());
    for id in ids {
        let (kind, size_bytes, packed) = objects.packed(id).ok_or(Missing(*id))?;
        let start = pack.len();
        let header = match kind {
            Kind::Commit => Header::Commit,
            Kind::Tree => Header::Tree,
            Kind::Blob => Header::Blob,
            Kind::Tag => Header::Tag,
        };
        header.write_to(size_bytes, &mut pack).expect("memory takes every byte");
        pack.extend_from_slice(packed);
        let offset = u32::try_from(start).expect("a pack stays below 2 GB");
        entries.push(Packed { id: *id, offset, crc32: crc32fast::hash(&pack[start..]) });
    }
    let name = checksum(&pack);
    pack.extend_from_slice(name.as_bytes());
    Ok(Pack { name, index: index(&entries, name), pack })
}

/// The entries are sorted by id.
fn index(entries: &[Packed], pack: Oid) -> Vec<u8> {
    let mut index = b"\xfftOc\0\0\0\x02".to_vec();
    let mut n_up_to = 0;
    for first in 0..=u8::MAX {
        n_up_to += entries[n_up_to..].iter().take_while(|e| e.id.as_bytes()[0] == first).count();
        let n = u32::try_from(n_up_to).expect("a project has fewer objects than that");
        index.extend_from_slice(&n.to_be_bytes());
    }
    for entry in entries {
        index.extend_from_slice(entry.id.as_bytes());
    }
    for entry in entries {
        index.extend_from_slice(&entry.crc32.to_be_bytes());
    }
    for entry in entries {
        index.extend_from_slice(&entry.offset.to_be_bytes());
    }
    index.extend_from_slice(pack.as_bytes());
    let sum = checksum(&index);
    index.extend_from_slice(sum.as_bytes());
    index
}

pub(crate) fn checksum(bytes: &[u8]) -> Oid {
    let mut hasher = gix_hash::hasher(SHA1);
    hasher.update(bytes);
    hasher.try_finalize().expect("only a crafted SHA-1 collision has no checksum").into()
}
