//! What a turn says should change, file by file.
//!
//! It holds whole contents and knows on which content each is based; differences for people are
//! computed by who shows them.

use project::path::FilePath;

use crate::actions::record::Changed;
use crate::files::text;
use crate::id::ActionId;
use crate::syntax::{self, Syntax, SyntaxError};

/// The changes of one action, under review.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proposal {
    pub action: ActionId,
    /// Sorted by path.
    pub changes: Vec<Proposed>,
}

/// The change of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposed {
    pub path: FilePath,
    /// The old path of a moved file.
    pub from: Option<FilePath>,
    /// Names the content that the change is based on; none for a new file.
    pub base_version: Option<String>,
    pub base: Option<Vec<u8>>,
    /// None removes the file.
    pub after: Option<Vec<u8>>,
    /// The person's decision.
    pub accepted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Created,
    Modified,
    Moved,
    Removed,
}

impl Proposal {
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    pub fn accepted(&self) -> impl Iterator<Item = &Proposed> {
        self.changes.iter().filter(|it| it.accepted)
    }

    /// Accepts or refuses one file; tells whether it is part of the proposal.
    pub fn set_accepted(&mut self, path: &FilePath, accepted: bool) -> bool {
        let found = self.changes.iter_mut().find(|it| it.path == *path);
        found.map(|it| it.accepted = accepted).is_some()
    }

    /// Returns the syntax errors that the accepted changes bring in.
    pub fn broken(&self, syntax: &dyn Syntax) -> Vec<(FilePath, SyntaxError)> {
        let mut broken = Vec::new();
        for change in self.accepted() {
            let Some(after) = change.after.as_deref().and_then(text) else { continue };
            let before = change.base.as_deref().and_then(text);
            let errors = syntax::broken_by(syntax, &change.path, before, after);
            broken.extend(errors.into_iter().map(|error| (change.path.clone(), error)));
        }
        broken
    }

    /// What the log and the commit's message say about the accepted changes.
    pub fn summary(&self) -> Vec<Changed> {
        self.accepted().flat_map(Proposed::summary).collect()
    }
}

impl Proposed {
    pub fn kind(&self) -> Kind {
        match (&self.from, &self.base, &self.after) {
            (_, _, None) => Kind::Removed,
            (Some(_), _, Some(_)) => Kind::Moved,
            (None, None, Some(_)) => Kind::Created,
            (None, Some(_), Some(_)) => Kind::Modified,
        }
    }

    fn summary(&self) -> Vec<Changed> {
        let path = self.path.clone();
        match self.kind() {
            Kind::Created => vec![Changed::Created(path)],
            Kind::Modified => vec![Changed::Modified(path)],
            Kind::Removed => vec![Changed::Deleted(path)],
            Kind::Moved => self
                .from
                .clone()
                .map(Changed::Deleted)
                .into_iter()
                .chain([Changed::Created(path)])
                .collect(),
        }
    }
}
