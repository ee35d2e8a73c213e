//! Git's own terms: ids, signatures, commits, and the objects behind them.
//!
//! Reading and writing follow git's formats through gix's plumbing; nothing here knows files on a
//! disk or which branch is the current one.

pub mod index;
pub mod objects;
pub mod pack;
pub mod segment;
pub mod trees;
pub mod unpack;

use std::fmt;
use std::str::FromStr;

use gix_hash::ObjectId;
use gix_object::bstr::ByteSlice;
use gix_object::{CommitRef, WriteTo};
use serde::{Deserialize, Serialize};

pub use gix_object::Kind;
pub use objects::Objects;

pub(crate) const SHA1: gix_hash::Kind = gix_hash::Kind::Sha1;

/// The name of an object: the SHA-1 of its kind and content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Oid(ObjectId);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an object id: 40 hexadecimal digits are expected")]
pub struct BadOid;

/// Who made a commit, and when by their clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    pub name: String,
    pub email: String,
    /// Seconds since the epoch.
    pub seconds: i64,
    /// East of Greenwich is positive.
    pub offset_minutes: i32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    pub id: Oid,
    pub tree: Oid,
    pub parents: Vec<Oid>,
    pub author: Signature,
    pub committer: Signature,
    pub message: String,
}

impl Oid {
    /// Returns the id that content has as a file.
    pub fn of_blob(bytes: &[u8]) -> Self {
        Self::of(Kind::Blob, bytes)
    }

    pub(crate) fn of(kind: Kind, bytes: &[u8]) -> Self {
        let id = gix_object::compute_hash(SHA1, kind, bytes);
        Self(id.expect("only a crafted SHA-1 collision has no id"))
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        ObjectId::try_from(bytes).ok().map(Self) // A wrong length is the only reason.
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    pub(crate) fn gix(self) -> ObjectId {
        self.0
    }

    /// Returns the first seven digits, as people write them.
    pub fn short(&self) -> String {
        self.0.to_hex_with_len(7).to_string()
    }
}

impl From<ObjectId> for Oid {
    fn from(id: ObjectId) -> Self {
        Self(id)
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for Oid {
    type Err = BadOid;

    fn from_str(text: &str) -> Result<Self, BadOid> {
        if text.len() != 40 {
            return Err(BadOid);
        }
        ObjectId::from_hex(text.as_bytes()).map(Self).map_err(|_cause| BadOid)
    }
}

impl TryFrom<String> for Oid {
    type Error = BadOid;

    fn try_from(text: String) -> Result<Self, BadOid> {
        text.parse()
    }
}

impl From<Oid> for String {
    fn from(id: Oid) -> Self {
        id.to_string()
    }
}

impl Commit {
    /// Returns the first line of the message.
    pub fn title(&self) -> &str {
        self.message.lines().next().unwrap_or_default()
    }

    pub(crate) fn parse(id: Oid, bytes: &[u8]) -> Option<Self> {
        // Whatever is wrong with it, a broken commit is the end of a log.
        let commit = CommitRef::from_bytes(bytes, SHA1).ok()?;
        Some(Self {
            id,
            tree: commit.tree().into(),
            parents: commit.parents().map(Oid::from).collect(),
            author: Signature::parse(commit.author),
            committer: Signature::parse(commit.committer),
            message: commit.message.to_str_lossy().into_owned(),
        })
    }
}

/// Returns the bytes of a commit. Letters that git does not allow in a header are left out.
pub(crate) fn commit_bytes(
    tree: Oid,
    parents: &[Oid],
    author: &Signature,
    committer: &Signature,
    message: &str,
) -> Vec<u8> {
    let mut message = message.replace('\0', "");
    if !message.ends_with('\n') {
        message.push('\n');
    }
    let commit = gix_object::Commit {
        tree: tree.0,
        parents: parents.iter().map(|parent| parent.0).collect(),
        author: author.to_gix(),
        committer: committer.to_gix(),
        encoding: None,
        message: message.into(),
        extra_headers: Vec::new(),
    };
    let mut bytes = Vec::new();
    commit.write_to(&mut bytes).expect("names were cleaned, and memory takes every byte");
    bytes
}

impl Signature {
    /// Reads `Name <mail> seconds +hhmm` as far as it is well formed: old commits are not.
    fn parse(line: &[u8]) -> Self {
        let line = String::from_utf8_lossy(line);
        let (name, rest) = line.split_once('<').unwrap_or((&line, ""));
        let (email, time) = rest.rsplit_once('>').unwrap_or((rest, ""));
        let mut time = time.split_whitespace();
        Self {
            name: name.trim().to_owned(),
            email: email.trim().to_owned(),
            seconds: time.next().and_then(|digits| digits.parse().ok()).unwrap_or(0),
            offset_minutes: time.next().and_then(offset_minutes).unwrap_or(0),
        }
    }

    fn to_gix(&self) -> gix_actor::Signature {
        let name = clean(&self.name);
        let offset_minutes = self.offset_minutes.clamp(-14 * 60, 14 * 60);
        gix_actor::Signature {
            name: if name.is_empty() { "unknown" } else { &name }.into(),
            email: clean(&self.email).into(),
            time: gix_date::Time { seconds: self.seconds.max(0), offset: offset_minutes * 60 },
        }
    }
}

/// git refuses these letters in a name, and trims the others at its ends.
fn clean(name: &str) -> String {
    let kept: String =
        name.chars().filter(|c| !matches!(c, '<' | '>') && !c.is_control()).collect();
    kept.trim_matches(|c: char| c.is_whitespace() || ".,:;\"'\\".contains(c)).to_owned()
}

fn offset_minutes(text: &str) -> Option<i32> {
    let number: i32 = text.parse().ok()?; // Anything else counts as UTC.
    (number.abs() < 10_000).then_some(number / 100 * 60 + number % 100)
}
