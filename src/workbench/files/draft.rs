//! A name that is being typed: for a new file, a new folder, or something that is renamed.
//!
//! It decides what the typed text means; it draws nothing and asks for nothing.

use project::FilePath;

use super::tree::{join, name, parent};
use crate::i18n::files::Texts;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Draft {
    NewFile {
        folder: String,
    },
    /// A folder appears with its first file: naming it leads to naming that file.
    NewFolder {
        folder: String,
    },
    Rename {
        path: String,
    },
}

/// What a typed name leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    Nothing,
    Create(String),
    Move { from: String, to: String },
    Then(Draft),
}

impl Draft {
    /// The folder whose row for a new file this is.
    pub fn folder(&self) -> Option<&str> {
        match self {
            Self::NewFile { folder } | Self::NewFolder { folder } => Some(folder),
            Self::Rename { .. } => None,
        }
    }

    /// The text to begin with.
    pub fn start(&self) -> &str {
        match self {
            Self::NewFile { .. } | Self::NewFolder { .. } => "",
            Self::Rename { path } => name(path),
        }
    }

    /// Reads what was typed; the error is for people.
    pub fn read(
        &self,
        typed: &str,
        exists: impl Fn(&str) -> bool,
        texts: &Texts,
    ) -> Result<Meaning, String> {
        let typed = typed.trim();
        if typed.is_empty() || typed == self.start() {
            return Ok(Meaning::Nothing);
        }
        let folder = match self {
            Self::NewFile { folder } | Self::NewFolder { folder } => folder,
            Self::Rename { path } => parent(path),
        };
        let is_folder = matches!(self, Self::NewFolder { .. }) || typed.ends_with('/');
        let path = FilePath::parse(&join(folder, typed.trim_end_matches('/')));
        let path = path.map_err(|bad| bad.to_string())?.as_str().to_owned();
        if exists(&path) {
            return Err((texts.exists)(&path));
        }
        Ok(match self {
            Self::Rename { path: from } => Meaning::Move { from: from.clone(), to: path },
            Self::NewFile { .. } | Self::NewFolder { .. } if is_folder => {
                Meaning::Then(Self::NewFile { folder: path })
            }
            Self::NewFile { .. } | Self::NewFolder { .. } => Meaning::Create(path),
        })
    }
}

/// Returns where something lands that is dropped on a folder; none when it would stay, or would land
/// in itself.
pub fn dropped_on(from: &str, folder: &str) -> Option<String> {
    let inside = folder == from || folder.strip_prefix(from).is_some_and(|it| it.starts_with('/'));
    (!inside && parent(from) != folder).then(|| join(folder, name(from)))
}
