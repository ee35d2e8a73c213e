//! Starting and ending: ports, the address for the person, and time for streams to finish.
//!
//! It answers no request itself.

use std::{
    fs,
    future::Future,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use axum::{Router, serve::ListenerExt as _};
use providers::script::{self, BadScript, Script};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::watch,
    time::timeout,
};

use crate::{
    catalogue::Catalogue,
    config::{Config, PORT},
    exchange::Gateway,
    http::{Hosts, State, router},
    keys::{self, BadStore, Clients, SavedProviders, Secret},
    lanes::Lanes,
    port, say,
    upstream::Upstream,
};

/// Streams that are open at the end may go on for so long.
const FAREWELL: Duration = Duration::from_secs(10);

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
    Script(#[from] BadScript),
    #[error("{} cannot be read: {source}", path.display())]
    NoScripts { path: PathBuf, source: io::Error },
    #[error("the system refuses what a server needs: {0}")]
    System(#[from] io::Error),
}

/// A proxy that has its port and answers nobody yet.
#[derive(Debug)]
pub struct Bound {
    listeners: Vec<TcpListener>,
    router: Router,
    pub address: SocketAddr,
    pub home: String,
    pub token: Secret,
}

/// Runs until somebody ends it.
pub(crate) fn run(config: Config) -> Result<(), NotStarted> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let open = config.open;
    let site = config.site.clone();
    runtime.block_on(async {
        // Before anybody is told the address, so that an early end is a good one.
        let ended = told(1)?;
        let impatient = told(2)?;
        let bound = bind(config).await?;
        let address = format!("{}/#token={}", bound.home, bound.token.expose());
        // A terminal that is gone is no reason to stop.
        say(&greeting(&bound, &site, &address)).ok();
        if open {
            open_browser(&address);
        }
        tokio::select! {
            done = bound.serve(ended) => done,
            () = impatient => Ok(()),
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

/// Reads what there is to read and takes the port.
pub async fn bind(config: Config) -> Result<Bound, NotStarted> {
    let token = keys::token(&config.data)?;
    let saved = SavedProviders::read(&config.data)?;
    let clients = Clients::read(&config.data)?;
    let mut scripts = script::built_in()?;
    if let Some(folder) = &config.scripts {
        scripts.extend(read_scripts(folder)?);
    }
    let (listeners, address) = listen(config.host, config.port).await?;
    let hosts = Hosts::new(address.port(), &config.hosts, &config.origins);
    let home = hosts.home();
    let router = router(State {
        hosts,
        token: token.clone(),
        clients,
        gateway: Arc::new(Gateway {
            catalogue: Catalogue::new(config.endpoints, config.groups, saved, scripts),
            upstream: Upstream::new(config.idle),
            lanes: Lanes::default(),
            batches: Arc::default(),
        }),
        site: config.site,
    });
    Ok(Bound { listeners, router, address, home, token })
}

fn read_scripts(folder: &Path) -> Result<Vec<Script>, NotStarted> {
    let unreadable = |source| NotStarted::NoScripts { path: folder.to_owned(), source };
    let mut scripts = Vec::new();
    let entries = fs::read_dir(folder).map_err(unreadable)?;
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_stem().and_then(|it| it.to_str());
        if let Some(name) = name.filter(|_| path.extension().is_some_and(|it| it == "script")) {
            let text = fs::read_to_string(&path).map_err(unreadable)?;
            scripts.push(Script::parse(name, &text)?);
        }
    }
    scripts.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(scripts)
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
    /// Answers until `end` comes, then lets streams finish for a while.
    pub async fn serve(self, end: impl Future<Output = ()>) -> Result<(), NotStarted> {
        let (tell, told) = watch::channel(());
        let mut serving = tokio::task::JoinSet::new();
        for listener in self.listeners {
            let listener = listener.tap_io(|stream| {
                // Without it, each small event waits 40 ms for the one before it.
                if let Err(err) = stream.set_nodelay(true) {
                    tracing::debug!(cause = %err, "no TCP_NODELAY");
                }
            });
            let mut told = told.clone();
            let ended = async move {
                // An error says that the teller is gone, which is an end too.
                told.changed().await.ok();
            };
            serving.spawn(
                axum::serve(listener, self.router.clone())
                    .with_graceful_shutdown(ended)
                    .into_future(),
            );
        }
        drop(told);
        end.await;
        tracing::info!("ending; open streams have {} s", FAREWELL.as_secs());
        tell.send_replace(());
        let all = async { while serving.join_next().await.is_some() {} };
        if timeout(FAREWELL, all).await.is_err() {
            tracing::warn!("streams were cut off");
        }
        Ok(())
    }
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
