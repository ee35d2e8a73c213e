//! The form in which objects are made durable: an append-only run of compressed objects.
//!
//! ```text
//! segment = "EASELSEG" version:u8=1 record* end
//! record  = kind:u8 (1 commit, 2 tree, 3 blob, 4 tag)  id:20 bytes  size:u32  len:u32  zlib:len bytes
//! end     = 0:u8 n_records:u32 crc32:u32                  numbers are little-endian
//! ```
//!
//! The checksum covers everything before it, so that a torn or altered segment is known as such.
//! The zlib bytes are the ones that a git pack holds, so exporting copies them. What an object means
//! is no concern of this file.

use gix_object::Kind;
use gix_zlib::stream::deflate::{Compress, FlushCompress};
use gix_zlib::{Compression, Inflate, Status};

use super::Oid;

const MAGIC: &[u8; 8] = b"EASELSEG";
const VERSION: u8 = 1;
const HEAD_LEN: usize = MAGIC.len() + 1;
const RECORD_LEN: usize = 1 + 20 + 4 + 4;
const END_LEN: usize = 1 + 4 + 4;

/// Objects above this are compressed for speed.
const LARGE_BYTES: usize = 512 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSegment {
    #[error("it is cut short or altered")]
    Torn,
    #[error("it was written by a newer Easel")]
    Newer,
}

/// Where an object lies in its segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub kind: Kind,
    pub at: u32,
    pub len: u32,
    /// The size of the content.
    pub size_bytes: u32,
}

/// The objects of a segment, in the order they were written.
pub type Places = Vec<(Oid, Place)>;

/// A segment being written.
pub struct Draft {
    bytes: Vec<u8>,
    places: Vec<(Oid, Place)>,
    deflate: Option<Compress>,
}

impl std::fmt::Debug for Draft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Draft").field("places", &self.places).finish_non_exhaustive()
    }
}

impl Default for Draft {
    fn default() -> Self {
        let mut bytes = MAGIC.to_vec();
        bytes.push(VERSION);
        Self { bytes, places: Vec::new(), deflate: None }
    }
}

impl Draft {
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Compresses and appends an object whose id is already known.
    pub fn push(&mut self, id: Oid, kind: Kind, content: &[u8]) {
        let packed = self.deflated(content);
        self.push_packed(id, kind, content.len() as u64, &packed);
    }

    /// Appends an object that is compressed already.
    pub fn push_packed(&mut self, id: Oid, kind: Kind, size_bytes: u64, packed: &[u8]) {
        let size = u32::try_from(size_bytes).expect("objects are limited to 50 MB");
        let len = u32::try_from(packed.len()).expect("objects are limited to 50 MB");
        self.bytes.push(code(kind));
        self.bytes.extend_from_slice(id.as_bytes());
        self.bytes.extend_from_slice(&size.to_le_bytes());
        self.bytes.extend_from_slice(&len.to_le_bytes());
        let at = u32::try_from(self.bytes.len()).expect("a segment stays below 4 GB");
        self.bytes.extend_from_slice(packed);
        self.places.push((id, Place { kind, at, len, size_bytes: size }));
    }

    /// Returns the finished segment, or `None` when nothing was written.
    pub fn finish(mut self) -> Option<(Vec<u8>, Places)> {
        if self.is_empty() {
            return None;
        }
        let n_records = u32::try_from(self.places.len()).expect("a segment stays below 4 GB");
        self.bytes.push(0);
        self.bytes.extend_from_slice(&n_records.to_le_bytes());
        let checksum = crc32fast::hash(&self.bytes);
        self.bytes.extend_from_slice(&checksum.to_le_bytes());
        Some((self.bytes, self.places))
    }

    fn deflated(&mut self, content: &[u8]) -> Vec<u8> {
        if content.len() > LARGE_BYTES {
            return deflated(&mut Compress::new(Compression::BEST_SPEED), content);
        }
        let deflate = self.deflate.get_or_insert_with(|| Compress::new(Compression::DEFAULT));
        deflate.reset();
        deflated(deflate, content)
    }
}

fn deflated(deflate: &mut Compress, content: &[u8]) -> Vec<u8> {
    let mut out = vec![0; content.len() / 2 + 64];
    let mut filled = 0;
    loop {
        let consumed = usize::try_from(deflate.total_in()).expect("content fits into memory");
        let status = deflate
            .compress(&content[consumed..], &mut out[filled..], FlushCompress::Finish)
            .expect("compressing from memory to memory has no way to fail");
        filled = usize::try_from(deflate.total_out()).expect("the output fits into memory");
        if status == Status::StreamEnd {
            out.truncate(filled);
            return out;
        }
        out.resize(out.len() * 2, 0);
    }
}

/// Returns the content of a zlib stream whose size is known, or `None` when it is not that.
pub(crate) fn inflated(packed: &[u8], size_bytes: usize) -> Option<Vec<u8>> {
    let mut content = vec![0; size_bytes];
    let mut spare = [0; 1]; // Without any room, nothing would be read at all.
    let out = if size_bytes == 0 { &mut spare[..] } else { &mut content[..] };
    let (status, _, written) = Inflate::default().once(packed, out).ok()?; // Damage has one answer.
    (status == Status::StreamEnd && written == size_bytes).then_some(content)
}

/// Returns where each object of a segment lies.
pub fn places(segment: &[u8]) -> Result<Places, BadSegment> {
    if segment.len() < HEAD_LEN + END_LEN || !segment.starts_with(MAGIC) {
        return Err(BadSegment::Torn);
    }
    if segment[MAGIC.len()] > VERSION {
        return Err(BadSegment::Newer);
    }
    let (covered, checksum) = segment.split_at(segment.len() - 4);
    if crc32fast::hash(covered).to_le_bytes() != checksum {
        return Err(BadSegment::Torn);
    }
    let records = &covered[..covered.len() - 5];
    let mut places = Vec::new();
    let mut at = HEAD_LEN;
    while at < records.len() {
        let (id, place) = record(records, at).ok_or(BadSegment::Torn)?;
        at = place.at as usize + place.len as usize;
        places.push((id, place));
    }
    let promised = u32_at(covered, covered.len() - 4);
    if at != records.len() || promised.map(|n| n as usize) != Some(places.len()) {
        return Err(BadSegment::Torn);
    }
    Ok(places)
}

fn record(records: &[u8], at: usize) -> Option<(Oid, Place)> {
    let kind = kind(*records.get(at)?)?;
    let id = Oid::from_bytes(records.get(at + 1..at + 21)?)?;
    let size_bytes = u32_at(records, at + 21)?;
    let len = u32_at(records, at + 25)?;
    let data_at = at + RECORD_LEN;
    records.get(data_at..data_at.checked_add(len as usize)?)?;
    Some((id, Place { kind, at: u32::try_from(data_at).ok()?, len, size_bytes }))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at + 4)?;
    Some(u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
}

fn code(kind: Kind) -> u8 {
    match kind {
        Kind::Commit => 1,
        Kind::Tree => 2,
        Kind::Blob => 3,
        Kind::Tag => 4,
    }
}

fn kind(code: u8) -> Option<Kind> {
    match code {
        1 => Some(Kind::Commit),
        2 => Some(Kind::Tree),
        3 => Some(Kind::Blob),
        4 => Some(Kind::Tag),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
