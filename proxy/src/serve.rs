//! Starting and ending: ports, the address for the person, and time for streams to finish.
//!
//! It answers no request itself.

mod connections;
mod live;
mod stored;
mod tls;

use std::{
    future::Future,
    io::{self, IsTerminal as _},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
    pin::pin,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use axum::serve::{Listener, ListenerExt as _};
use providers::script::BadScript;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::watch,
    task::JoinSet,
    time::timeout,
};

use crate::{
    config::{Config, PORT},
    http::Watch,
    keys::{BadStore, Secret},
    port, say,
};
pub use live::{Live, NotReloaded, Reloaded, Reread};
use tls::BadTls;

pub(crate) use stored::NotOpened;
use stored::Stored;
pub(crate) use stored::{new_client, new_owner};

/// Streams that are open at the end may go on for so long.
const FAREWELL: Duration = Duration::from_secs(60);

/// Who is told that the time is over has this long to take it.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Linux and macOS.
const OPENERS: [&str; 2] = ["xdg-open", "open"];

/// Why there is no proxy.
#[derive(Debug, thiserror::Error)]
pub enum NotStarted {
    #[error("port {port} cannot be used: {}", holder)]
    Taken { port: u16, holder: String },
    #[error("{address} cannot be listened on: {source}")]
    NoPort { address: SocketAddr, source: io::Error },
    #[error(transparent)]
    Store(#[from] BadStore),
    #[error(transparent)]
    Stored(#[from] NotOpened),
    #[error(transparent)]
    Script(#[from] BadScript),
    #[error("{} cannot be read: {source}", path.display())]
    NoScripts { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Tls(#[from] BadTls),
    #[error("the system refuses what a server needs: {0}")]
    System(#[from] io::Error),
}

/// A proxy that has its port and answers nobody yet.
#[derive(Debug)]
pub struct Bound {
    listeners: Vec<TcpListener>,
    pub live: Arc<Live>,
    stored: Stored,
    watch: Arc<Watch>,
    pub address: SocketAddr,
    pub home: String,
    pub token: Secret,
    /// Streams that are open at the end may go on for so long.
    pub farewell: Duration,
}

/// Runs until somebody ends it.
pub(crate) fn run(config: Config, reread: Reread) -> Result<(), NotStarted> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let open = config.open;
    let site = config.site.clone();
    runtime.block_on(async {
        // Before anybody is told the address, so that an early end is a good one.
        let ended = told(1)?;
        let impatient = told(2)?;
        let mut hung_up = signal(SignalKind::hangup())?;
        let had_terminal = io::stdin().is_terminal();
        let bound = bind_with(config, Some(reread)).await?;
        let live = Arc::clone(&bound.live);
        let closed = async move {
            while hung_up.recv().await.is_some() {
                // A terminal that closes says the same as a person who wants a reload.
                if had_terminal && !io::stdin().is_terminal() {
                    return;
                }
                live.reload_logged().await;
            }
            std::future::pending::<()>().await;
        };
        let ended = async move {
            tokio::select! {
                () = ended => {}
                () = closed => {}
            }
        };
        let address = format!("{}/#token={}", bound.home, bound.token.expose());
        // A terminal that is gone is no reason to stop.
        say(&greeting(&bound, &site, &address)).ok();
        if open {
            open_browser(&address);
        }
        let live = Arc::clone(&bound.live);
        tokio::select! {
            done = bound.serve(ended) => done,
            () = impatient => {
                live.relays().mcp.kill();
                Ok(())
            }
        }
    })?;
    // What is still open had its time.
    runtime.shutdown_background();
    Ok(())
}

fn greeting(bound: &Bound, site: &Path, address: &str) -> String {
    let mut text = format!("Easel is at {address}\n");
    let port = bound.address.port();
    if port != PORT {
        text +=
            &format!("This is another Easel than the one at port {PORT}, with its own projects.\n");
    }
    if !site.join("index.html").is_file() {
        text += &format!(
            "The app is not built: {} has no index.html. `cargo xtask start` builds it.\n",
            site.display()
        );
    }
    text
}

/// Reads what there is to read and takes the port. What is read once is not read again.
pub async fn bind(config: Config) -> Result<Bound, NotStarted> {
    bind_with(config, None).await
}

/// The same, with a way to read the configuration anew.
pub async fn bind_with(config: Config, reread: Option<Reread>) -> Result<Bound, NotStarted> {
    // First: another Easel here is a better reason to stop than that its data is in use.
    let (listeners, address) = listen(config.host, config.port).await?;
    let (standing, parts) = live::begin(&config).await?;
    let live = Live::new(standing, parts, config, address, reread);
    let (home, token) = (live.home(), live.token());
    let (stored, watch) = (live.stored(), live.watch());
    let farewell = FAREWELL;
    Ok(Bound { listeners, live, stored, watch, address, home, token, farewell })
}

/// Listens on an address; on the loopback of both kinds, if it is one, because systems differ in
/// what `localhost` is.
async fn listen(host: IpAddr, port: u16) -> Result<(Vec<TcpListener>, SocketAddr), NotStarted> {
    let first = listen_on(SocketAddr::new(host, port)).await?;
    let address = first.local_addr()?;
    let mut listeners = vec![first];
    if host == IpAddr::V4(Ipv4Addr::LOCALHOST) {
        let second = SocketAddr::new(Ipv6Addr::LOCALHOST.into(), address.port());
        match listen_on(second).await {
            Ok(second) => listeners.push(second),
            // Somebody who has only this one would get the requests of half the programs.
            Err(taken @ NotStarted::Taken { .. }) => return Err(taken),
            Err(err) => tracing::info!(cause = %err, "no IPv6 here"),
        }
    }
    Ok((listeners, address))
}

async fn listen_on(address: SocketAddr) -> Result<TcpListener, NotStarted> {
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(listener),
        Err(err) if err.kind() == io::ErrorKind::AddrInUse => {
            let asked = tokio::task::spawn_blocking(move || port::holder(address)).await;
            let holder = asked.unwrap_or_else(|_| "it is taken".to_owned());
            Err(NotStarted::Taken { port: address.port(), holder })
        }
        Err(source) => Err(NotStarted::NoPort { address, source }),
    }
}

impl Bound {
    /// Answers until `end` comes, then lets streams finish for a while. What is open even then ends
    /// in an error.
    pub async fn serve(self, end: impl Future<Output = ()>) -> Result<(), NotStarted> {
        let (tell, told) = watch::channel(());
        let mut serving = JoinSet::new();
        for listener in self.listeners {
            let live = Arc::clone(&self.live);
            match self.live.keys() {
                None => {
                    serving.spawn(connections::answer(prompt(listener), live, told.clone()));
                }
                Some(keys) => {
                    let listener = tls::Listener::new(listener, keys)?;
                    serving.spawn(connections::answer(listener, live, told.clone()));
                }
            }
        }
        drop(told);
        end.await;
        tracing::info!("ending; open streams have {} s", self.farewell.as_secs());
        self.watch.ends();
        tell.send_replace(());
        // Whoever only listens would wait for ever.
        self.live.relays().mcp.end_listening();
        let mut all = pin!(async { while serving.join_next().await.is_some() {} });
        if timeout(self.farewell, &mut all).await.is_err() {
            tracing::warn!("what is still open is cut off");
            self.watch.is_over();
            if timeout(LAST_WORDS, all).await.is_err() {
                tracing::warn!("connections were closed in the middle of an answer");
            }
        }
        self.live.relays().mcp.end().await;
        self.stored.close().await;
        Ok(())
    }
}

fn prompt(listener: TcpListener) -> impl Listener<Addr = SocketAddr> {
    listener.tap_io(|stream| {
        // Without it, each small event waits 40 ms for the one before it.
        if let Err(err) = stream.set_nodelay(true) {
            tracing::debug!(cause = %err, "no TCP_NODELAY");
        }
    })
}

/// Resolves when the person or the system has wanted an end so many times.
fn told(n_times: usize) -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        for _ in 0..n_times {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        }
    })
}

/// Opens the person's browser, if there is one. The address stands in the terminal anyway.
fn open_browser(address: &str) {
    let started = OPENERS.iter().find_map(|program| {
        let mut opener = Command::new(program);
        opener.arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        opener.spawn().ok() // A system has one of them, or none.
    });
    match started {
        // Nobody waits for it; its end is collected so that it leaves no zombie.
        Some(mut opener) => drop(std::thread::spawn(move || opener.wait())),
        None => tracing::info!("no browser opened"),
    }
}
