//! Numbers of organisations, projects, people and keys, as the database gives them.

use std::fmt;

/// A number of one table, which cannot be taken for one of another.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);
    )+};
}

ids!(
    OrganisationId,
    ProjectId,
    PersonId,
    /// A virtual key, or the place in the ledger of somebody who needs none.
    KeyId,
    SessionId
);

/// What can have a budget and limits. A request counts for all that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    Organisation(OrganisationId),
    Project(ProjectId),
    Person(PersonId),
    Key(KeyId),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Organisation(id) => write!(f, "organisation {}", id.0),
            Self::Project(id) => write!(f, "project {}", id.0),
            Self::Person(id) => write!(f, "person {}", id.0),
            Self::Key(id) => write!(f, "key {}", id.0),
        }
    }
}

impl Scope {
    /// Returns the numbers that stand for it in the database.
    pub(crate) fn numbers(self) -> (i64, i64) {
        match self {
            Self::Organisation(id) => (1, id.0),
            Self::Project(id) => (2, id.0),
            Self::Person(id) => (3, id.0),
            Self::Key(id) => (4, id.0),
        }
    }

    /// Reads what [`fmt::Display`] wrote, as in the audit log.
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        let (scope, id) = text.split_once(' ')?;
        let id = id.parse().ok()?; // No number: it is about something else.
        match scope {
            "organisation" => Some(Self::Organisation(OrganisationId(id))),
            "project" => Some(Self::Project(ProjectId(id))),
            "person" => Some(Self::Person(PersonId(id))),
            "key" => Some(Self::Key(KeyId(id))),
            _ => None,
        }
    }

    pub(crate) fn numbered(scope: i64, owner: i64) -> Option<Self> {
        Some(match scope {
            1 => Self::Organisation(OrganisationId(owner)),
            2 => Self::Project(ProjectId(owner)),
            3 => Self::Person(PersonId(owner)),
            4 => Self::Key(KeyId(owner)),
            _ => return None,
        })
    }
}
