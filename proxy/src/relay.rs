//! What a page cannot fetch by itself: git remotes, pages for a prompt, servers of tools.
//!
//! Who may ask is judged in `http`; where a request may go, in `outbound` and in the configuration.

mod fetch;
mod git;
mod mcp;

use std::{sync::Arc, time::Duration};

use http::StatusCode;
use providers::failure;
use wire::{Rejection, RejectionCode};

pub use fetch::Fetch;
pub use git::Git;
pub use mcp::{Asked as AskedOfServer, MESSAGE_LIMIT_BYTES, Mcp, SESSION};

use crate::{
    config,
    outbound::{NotReached, Resolve},
    telemetry::Carried,
};

#[derive(Debug)]
pub struct Relays {
    pub git: Git,
    pub fetch: Fetch,
    pub mcp: Mcp,
    pub(crate) carried: Arc<Carried>,
}

impl Relays {
    /// `patience` is how long a remote may be silent.
    #[must_use]
    pub fn new(config: config::Relays, resolver: Arc<dyn Resolve>, patience: Duration) -> Self {
        let config::Relays { git, git_limit_bytes, fetch, servers } = config;
        Self {
            git: Git::new(git, git_limit_bytes, Arc::clone(&resolver), patience),
            fetch: Fetch::new(fetch, Arc::clone(&resolver)),
            mcp: Mcp::new(servers, &resolver, patience),
            carried: Arc::default(),
        }
    }

    /// Returns those of another configuration. Servers of tools that are configured as before keep
    /// their sessions; to the others they are over when these here are [left](Self::leave).
    #[must_use]
    pub fn instead(
        &self,
        config: config::Relays,
        resolver: Arc<dyn Resolve>,
        patience: Duration,
    ) -> Self {
        let next = Self::new(config, resolver, patience);
        Self {
            git: next.git.beside(&self.git),
            fetch: next.fetch.beside(&self.fetch),
            mcp: next.mcp.keeping(&self.mcp),
            carried: Arc::clone(&self.carried),
        }
    }

    /// Ends what `next` has not taken over.
    pub async fn leave(&self, next: &Self) {
        self.mcp.leave(&next.mcp).await;
    }
}

/// A refusal, with the status that its asker knows it by.
#[derive(Debug)]
pub struct Refused {
    pub status: StatusCode,
    pub rejection: Rejection,
}

impl Refused {
    fn new(status: StatusCode, code: RejectionCode, message: &str) -> Self {
        Self { status, rejection: failure::plain(code, message) }
    }

    fn bad(message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, RejectionCode::BadRequest, message)
    }

    /// There are as many of these under way as there may be.
    fn busy(what: &str) -> Self {
        let mut refused = Self::new(StatusCode::TOO_MANY_REQUESTS, RejectionCode::Busy, what);
        refused.rejection.retry_after_secs = Some(2);
        refused
    }
}

impl From<NotReached> for Refused {
    fn from(err: NotReached) -> Self {
        let status = match &err {
            NotReached::BadAddress(_) => StatusCode::BAD_REQUEST,
            NotReached::NotListed { .. }
            | NotReached::Private { .. }
            | NotReached::Never { .. } => StatusCode::FORBIDDEN,
            NotReached::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            NotReached::Slow { .. } => StatusCode::GATEWAY_TIMEOUT,
            NotReached::Insecure | NotReached::Circle | NotReached::Unreachable(_) => {
                StatusCode::BAD_GATEWAY
            }
        };
        Self { status, rejection: err.into() }
    }
}
