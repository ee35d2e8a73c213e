//! Servers of tools (MCP) for a page: those that have an address, and programs that are started here.
//!
//! Only what the configuration names is reached. What tools do, and who may call them, is the app's.

mod group;
mod program;
mod remote;
mod rpc;
mod session;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, Response, StatusCode};
use tokio::sync::watch;
use wire::{McpKind, McpServer, RejectionCode};

use self::{
    program::{Program, Recipe},
    remote::Remote,
};
use super::Refused;
use crate::{config::Server, outbound::Resolve};

pub const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");

/// Of one message, in both directions.
pub const MESSAGE_LIMIT_BYTES: usize = 8 << 20;

#[derive(Debug)]
pub struct Mcp {
    servers: BTreeMap<String, Named>,
    /// Says that the proxy ends: streams that only listen end with it.
    ending: watch::Sender<bool>,
}

/// A server, and what it was made of.
#[derive(Debug)]
struct Named {
    settings: Server,
    way: Arc<Way>,
}

#[derive(Debug)]
enum Way {
    Remote(Box<Remote>),
    Program(Program),
}

/// A request for a server, read as far as all of them need it.
#[derive(Debug)]
pub struct Asked {
    pub method: Method,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Mcp {
    #[must_use]
    pub fn new(
        servers: BTreeMap<String, Server>,
        resolver: &Arc<dyn Resolve>,
        patience: Duration,
    ) -> Self {
        let ending = watch::Sender::new(false);
        let way = |name: &str, server: Server| match server {
            Server::At { url, headers } => {
                let resolver = Arc::clone(resolver);
                Way::Remote(Box::new(Remote::new(name, url, headers, resolver, patience)))
            }
            Server::Program { command, args, env, idle } => {
                Way::Program(Program::new(name, Recipe { command, args, env, idle }))
            }
        };
        let servers = servers.into_iter().map(|(name, it)| {
            let way = Arc::new(way(&name, it.clone()));
            (name, Named { settings: it, way })
        });
        Self { servers: servers.collect(), ending }
    }

    /// Takes over the programs of another one that are configured as they are here.
    #[must_use]
    pub(super) fn keeping(mut self, other: &Self) -> Self {
        for (name, own) in &mut self.servers {
            if let Some(there) = other.servers.get(name)
                && there.settings == own.settings
                && matches!(*there.way, Way::Program(_))
            {
                own.way = Arc::clone(&there.way);
            }
        }
        Self { ending: other.ending.clone(), ..self }
    }

    /// Ends all programs that `next` has not.
    pub(super) async fn leave(&self, next: &Self) {
        let kept = |name: &String, way: &Arc<Way>| {
            next.servers.get(name).is_some_and(|it| Arc::ptr_eq(&it.way, way))
        };
        let gone = self.servers.iter().filter(|(name, it)| !kept(name, &it.way));
        let gone = gone.filter_map(|(_, it)| match &*it.way {
            Way::Program(program) => Some(program.end()),
            Way::Remote(_) => None,
        });
        futures::future::join_all(gone).await;
    }

    #[must_use]
    pub fn list(&self) -> Vec<McpServer> {
        let kind = |way: &Way| match way {
            Way::Remote(_) => McpKind::Http,
            Way::Program(_) => McpKind::Stdio,
        };
        let server =
            |(name, it): (&String, &Named)| McpServer { name: name.clone(), kind: kind(&it.way) };
        self.servers.iter().map(server).collect()
    }

    /// Asks the server of a name.
    pub async fn relay(&self, name: &str, asked: Asked) -> Result<Response<Body>, Refused> {
        let ending = self.ending.subscribe();
        match self.servers.get(name).map(|it| &*it.way) {
            Some(Way::Remote(remote)) => remote.ask(asked, ending).await,
            Some(Way::Program(program)) => program.ask(asked, ending).await,
            None => Err(Refused::new(
                StatusCode::NOT_FOUND,
                RejectionCode::BadRequest,
                "There is no server of this name; name it under `[mcp]` in easel.toml",
            )),
        }
    }

    /// Ends the streams that only listen. What was asked is still answered.
    pub fn end_listening(&self) {
        self.ending.send_replace(true);
    }

    /// Ends all programs, in order if they let it be done in order.
    pub async fn end(&self) {
        self.end_listening();
        futures::future::join_all(self.programs().map(Program::end)).await;
    }

    /// Ends all programs at once.
    pub fn kill(&self) {
        self.programs().for_each(Program::kill);
    }

    /// How many programs run.
    #[must_use]
    pub fn n_running(&self) -> usize {
        self.programs().map(Program::n_running).sum()
    }

    fn programs(&self) -> impl Iterator<Item = &Program> {
        self.servers.values().filter_map(|it| match &*it.way {
            Way::Program(program) => Some(program),
            Way::Remote(_) => None,
        })
    }
}
