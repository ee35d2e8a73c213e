//! What can be wrong with the database, by what helps.

use std::{io, path::PathBuf};

use sqlx::migrate::MigrateError;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{} cannot be used: {source}", path.display())]
    NoFolder { path: PathBuf, source: io::Error },
    /// Trying again later can help.
    #[error("the database does not answer: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// Somebody must make room.
    #[error("there is no room left for the database: {0}")]
    Full(#[source] sqlx::Error),
    /// Somebody must look at it, or put a copy in its place.
    #[error("the database is damaged: {0}")]
    Damaged(#[source] sqlx::Error),
    #[error(
        "the data was written by a newer version of this program (schema {0}); run that one, or put back a copy from before"
    )]
    Newer(i64),
    #[error("the schema cannot be brought to this version: {0}")]
    NotMigrated(#[source] MigrateError),
    /// A value that cannot have been written by this program.
    #[error("the database has a value that makes no sense: {0}")]
    Nonsense(&'static str),
    /// A query is wrong: a mistake in this program.
    #[error("the database refused a query: {0}")]
    Refused(#[source] sqlx::Error),
}

impl StoreError {
    /// Returns whether waiting can help, without anybody doing something.
    #[must_use]
    pub fn passes(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    pub(crate) fn is_taken(&self) -> bool {
        match self {
            Self::Refused(sqlx::Error::Database(err)) => err.is_unique_violation(),
            Self::Refused(_)
            | Self::NoFolder { .. }
            | Self::Unavailable(_)
            | Self::Full(_)
            | Self::Damaged(_)
            | Self::Newer(_)
            | Self::NotMigrated(_)
            | Self::Nonsense(_) => false,
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(err: sqlx::Error) -> Self {
        let unreachable = matches!(
            err,
            sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed
                | sqlx::Error::BeginFailed
        );
        let code = err.as_database_error().and_then(sqlx::error::DatabaseError::code);
        let code = code.as_deref().map_or(Code::Other, Code::of);
        match if unreachable { Code::Busy } else { code } {
            Code::Busy => Self::Unavailable(err),
            Code::Full => Self::Full(err),
            Code::Damaged => Self::Damaged(err),
            Code::Other => Self::Refused(err),
        }
    }
}

impl From<MigrateError> for StoreError {
    fn from(err: MigrateError) -> Self {
        if let MigrateError::VersionMissing(version) = err {
            Self::Newer(version)
        } else if let MigrateError::Execute(err) = err {
            err.into()
        } else {
            Self::NotMigrated(err)
        }
    }
}

enum Code {
    Busy,
    Full,
    Damaged,
    Other,
}

impl Code {
    /// Reads a number of SQLite, whose lowest byte is the kind, or five characters of Postgres.
    fn of(code: &str) -> Self {
        if code.len() == 5 {
            return match code {
                "53100" => Self::Full,
                "40001" | "40P01" => Self::Busy, // Two writers; one of them tries again.
                _ => match &code[..2] {
                    // Connections, resources, and an operator who ends things.
                    "08" | "53" | "57" | "58" => Self::Busy,
                    "XX" => Self::Damaged,
                    _ => Self::Other,
                },
            };
        }
        match code.parse::<u32>().map(|it| it & 0xff) {
            // Busy, locked, out of memory, read or write failed, cannot open.
            Ok(5 | 6 | 7 | 10 | 14) => Self::Busy,
            Ok(13) => Self::Full,
            Ok(11 | 26) => Self::Damaged,
            Ok(_) | Err(_) => Self::Other,
        }
    }
}
