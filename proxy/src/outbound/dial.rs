//! Makes connections: a name is resolved once, every address is judged, and exactly a judged one is
//! connected to.
//!
//! So a name that answers something else the next time (DNS rebinding) reaches nothing: nobody asks
//! it a second time for the same connection.

use std::{
    fmt,
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures::future::BoxFuture;
use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};
use tower_service::Service;

use super::{
    address::{Place, place},
    policy::Policy,
};

/// From the name to the connection.
const CONNECT: Duration = Duration::from_secs(10);

/// For one address, as long as there is another one.
const ONE_ADDRESS: Duration = Duration::from_secs(3);

/// A name with more addresses is tried at the first ones.
const ADDRESSES_LIMIT: usize = 8;

/// Finds the addresses of a name.
pub trait Resolve: fmt::Debug + Send + Sync {
    fn resolve<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>>;
}

/// The system's own way, with its hosts file.
#[derive(Debug, Clone, Copy)]
pub struct System;

impl Resolve for System {
    fn resolve<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move { Ok(lookup_host((name, 0)).await?.map(|it| it.ip()).collect()) })
    }
}

/// The name leads to where nobody may ask.
#[derive(Debug, thiserror::Error)]
#[error("`{host}` leads into a network of its own ({place:?})")]
pub(super) struct Forbidden {
    pub(super) host: String,
    pub(super) place: Place,
}

#[derive(Debug, Clone)]
pub(super) struct Dial {
    pub(super) policy: Arc<Policy>,
    pub(super) resolver: Arc<dyn Resolve>,
}

impl Service<Uri> for Dial {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<TokioIo<TcpStream>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let dial = self.clone();
        Box::pin(async move {
            match timeout(CONNECT, dial.connect(&uri)).await {
                Ok(connected) => connected,
                Err(_) => Err(io::ErrorKind::TimedOut.into()),
            }
        })
    }
}

impl Dial {
    async fn connect(&self, uri: &Uri) -> io::Result<TokioIo<TcpStream>> {
        let host = uri.host().unwrap_or_default();
        let secure = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let addresses = match bare.parse() {
            Ok(ip) => vec![ip],
            Err(_) => {
                let found = self.resolver.resolve(bare).await;
                found.map_err(|err| io::Error::other(format!("dns error: {err}")))?
            }
        };
        let name = host.strip_suffix('.').unwrap_or(host);
        self.judge(name, port, &addresses)?;
        let mut failed = io::Error::other("dns error: no address");
        let n_addresses = addresses.len().min(ADDRESSES_LIMIT);
        for (n, ip) in addresses.into_iter().take(ADDRESSES_LIMIT).enumerate() {
            let connecting = TcpStream::connect(SocketAddr::new(ip, port));
            let last = n + 1 == n_addresses;
            let limit = if last { CONNECT } else { ONE_ADDRESS };
            match timeout(limit, connecting).await {
                Ok(Ok(stream)) => {
                    stream.set_nodelay(true)?;
                    return Ok(TokioIo::new(stream));
                }
                Ok(Err(err)) => failed = err,
                Err(_) => failed = io::ErrorKind::TimedOut.into(),
            }
        }
        Err(failed)
    }

    /// One bad address spoils the name: whoever mixes them has something in mind.
    fn judge(&self, name: &str, port: u16, addresses: &[IpAddr]) -> io::Result<()> {
        let may_be_own = self.policy.own(name, port).is_some();
        let worst = addresses.iter().map(|it| place(*it)).max().unwrap_or(Place::Public);
        match worst {
            Place::Public => Ok(()),
            Place::Own if may_be_own => Ok(()),
            place @ (Place::Own | Place::Nowhere) => {
                Err(io::Error::other(Forbidden { host: name.to_owned(), place }))
            }
        }
    }
}
