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
    servers: BTreeMap<String, Way>,
    /// Says that the proxy ends: streams that only listen end with it.
    ending: watch::Sender<bool>,
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
        let way = |name: &str, server| match server {
            Server::At { url, headers } => {
                let resolver = Arc::clone(resolver);
                Way::Remote(Box::new(Remote::new(name, url, headers, resolver, patience)))
            }
            Server::Program { command, args, env, idle } => {
                Way::Program(Program::new(name, Recipe { command, args, env, idle }))
            }
        };
        let servers = servers.into_iter().map(|(name, it)| (name.clone(), way(&name, it)));
        Self { servers: servers.collect(), ending }
    }

    #[must_use]
    pub fn list(&self) -> Vec<McpServer> {
        let kind = |way: &Way| match way {
            Way::Remote(_) => McpKind::Http,
            Way::Program(_) => McpKind::Stdio,
        };
        let server =
            |(name, way): (&String, &Way)| McpServer { name: name.clone(), kind: kind(way) };
        self.servers.iter().map(server).collect()
    }

    /// Asks the server of a name.
    pub async fn relay(&self, name: &str, asked: Asked) -> Result<Response<Body>, Refused> {
        let ending = self.ending.subscribe();
        match self.servers.get(name) {
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
        self.servers.values().filter_map(|it| match it {
            Way::Program(program) => Some(program),
            Way::Remote(_) => None,
        })
    }
}
