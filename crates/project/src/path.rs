//! Paths of files inside a project.
//!
//! A [`FilePath`] cannot leave the project and cannot name git's own folder, on any file system
//! that the project may be exported to. It normalises nothing: two spellings are two files.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

const LIMIT_PATH_BYTES: usize = 1024;
const LIMIT_NAME_BYTES: usize = 255;
const LIMIT_DEPTH: usize = 64;

/// The path of a file or folder, relative to the project's root, parts joined by `/`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FilePath(Arc<str>);

/// A text that is not a path inside the project, and what would be accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` {fault}")]
pub struct BadPath {
    /// The text as it was given, shortened when it is very long.
    pub path: String,
    pub fault: Fault,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("is empty; name a file, like `src/main.js`")]
    Empty,
    #[error("is absolute; paths start at the project's root, like `src/main.js`")]
    Absolute,
    #[error("leads out of the project; write the path without `..`")]
    Outside,
    #[error("has an empty part or a `.` in it; write it like `src/main.js`")]
    Crooked,
    #[error("is reserved for git; choose a name that is not `.git`")]
    Reserved,
    #[error("holds a backslash or a control character; use `/` and visible characters")]
    Character,
    #[error("is too long or too deep: at most 1,024 bytes, 255 per part, 64 parts")]
    TooLong,
}

impl FilePath {
    pub fn parse(text: &str) -> Result<Self, BadPath> {
        match fault(text) {
            None => Ok(Self(text.into())),
            Some(fault) => Err(BadPath { path: text.chars().take(200).collect(), fault }),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the folder that holds this, or `None` at the root.
    pub fn parent(&self) -> Option<Self> {
        self.0.rsplit_once('/').map(|(parent, _)| Self(parent.into()))
    }

    pub fn name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&*self.0, |(_, name)| name)
    }

    /// Returns what follows the last dot of the name; names that only begin with a dot have none.
    pub fn extension(&self) -> Option<&str> {
        let (stem, extension) = self.name().rsplit_once('.')?;
        (!stem.is_empty() && !extension.is_empty()).then_some(extension)
    }

    /// Whether this is the folder itself or something in it.
    pub fn starts_with(&self, folder: &Self) -> bool {
        self.0
            .strip_prefix(folder.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    pub fn join(&self, relative: &str) -> Result<Self, BadPath> {
        Self::parse(&format!("{self}/{relative}"))
    }

    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// Returns the folders above, the outermost first.
    pub fn ancestors(&self) -> impl Iterator<Item = &str> {
        self.0.match_indices('/').map(|(at, _)| &self.0[..at])
    }
}

fn fault(text: &str) -> Option<Fault> {
    if text.is_empty() {
        return Some(Fault::Empty);
    }
    if text.len() > LIMIT_PATH_BYTES {
        return Some(Fault::TooLong);
    }
    if text.starts_with('/') || text.starts_with('\\') || has_drive(text) {
        return Some(Fault::Absolute);
    }
    if text.chars().any(|letter| letter == '\\' || letter.is_control()) {
        return Some(Fault::Character);
    }
    if text.split('/').count() > LIMIT_DEPTH {
        return Some(Fault::TooLong);
    }
    text.split('/').find_map(|part| match part {
        "" | "." => Some(Fault::Crooked),
        ".." => Some(Fault::Outside),
        part if part.len() > LIMIT_NAME_BYTES => Some(Fault::TooLong),
        part if is_git(part) => Some(Fault::Reserved),
        _ => None,
    })
}

fn has_drive(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|letter| letter.is_ascii_alphabetic())
        && bytes.next() == Some(b':')
        && matches!(bytes.next(), None | Some(b'/' | b'\\'))
}

/// Whether some file system would take this name for `.git`: HFS+ drops invisible letters, NTFS
/// drops trailing dots and spaces, knows short names and lets `:` begin a stream's name.
fn is_git(part: &str) -> bool {
    let seen: String = part.chars().filter(|letter| !is_invisible(*letter)).collect();
    let file = seen.split(':').next().unwrap_or_default();
    let file = file.trim_end_matches([' ', '.']).to_ascii_lowercase();
    file == ".git" || file == "git~1"
}

fn is_invisible(letter: char) -> bool {
    matches!(
        letter,
        '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}'
    )
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl AsRef<str> for FilePath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Maps by path can be asked with plain text.
impl Borrow<str> for FilePath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl FromStr for FilePath {
    type Err = BadPath;

    fn from_str(text: &str) -> Result<Self, BadPath> {
        Self::parse(text)
    }
}

impl TryFrom<String> for FilePath {
    type Error = BadPath;

    fn try_from(text: String) -> Result<Self, BadPath> {
        Self::parse(&text)
    }
}

impl From<FilePath> for String {
    fn from(path: FilePath) -> Self {
        path.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests;
