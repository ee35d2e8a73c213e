//! The service as it is configured now, and how it becomes another one without a pause.
//!
//! Each request keeps the state that it began with. What must outlive a change (connections, what
//! became of lanes, what Settings saved) stands beside it. A configuration that cannot be used
//! changes nothing.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex, PoisonError, RwLock, Weak},
};

use providers::script::{self, Script};
use tokio::runtime::Handle;

use super::{
    NotStarted,
    stored::{self, Stored},
    tls::{self, Keys},
};
use crate::{
    accounts::Who,
    catalogue::{Catalogue, Memory, counted},
    config::{BadConfig, Config, Telemetry},
    exchange::{Batches, Gateway},
    hook::Hook,
    http::{Doors, Hosts, Operations, State, Watch},
    keys::{self, Clients, SavedProviders, Secret},
    lanes::Lanes,
    now_ms,
    outbound::System,
    relay::Relays,
    store::audit::Audit,
    upstream::Upstream,
};

/// Reads the configuration anew.
pub type Reread = Box<dyn Fn() -> Result<Config, BadConfig> + Send + Sync>;

/// What outlives a change of the configuration.
#[derive(Debug)]
pub(super) struct Standing {
    token: Secret,
    memory: Arc<Memory>,
    upstream: Upstream,
    lanes: Lanes,
    batches: Arc<Batches>,
    keys: Option<Arc<Keys>>,
    stored: Stored,
    watch: Arc<Watch>,
}

/// What a configuration names and has to be read, too.
#[derive(Debug)]
pub(super) struct Parts {
    scripts: Vec<Script>,
    clients: Clients,
}

/// A service that can be configured anew while it answers.
pub struct Live {
    standing: Standing,
    address: SocketAddr,
    doors: RwLock<Arc<Doors>>,
    home: String,
    relays: RwLock<Arc<Relays>>,
    /// As it was read last; nobody else reads it meanwhile.
    config: Mutex<Config>,
    reread: Option<Reread>,
}

/// What a change came to.
#[derive(Debug)]
pub struct Reloaded {
    /// What was changed and changes with the next start only.
    pub needs_start: Vec<&'static str>,
    /// What was read and means nothing here.
    pub notes: Vec<BadConfig>,
}

/// Why everything is as it was.
#[derive(Debug, thiserror::Error)]
pub enum NotReloaded {
    #[error(transparent)]
    Config(#[from] BadConfig),
    #[error(transparent)]
    Unusable(#[from] NotStarted),
    #[error("this proxy was not started from a configuration that can be read again")]
    Fixed,
    #[error("the proxy failed; see its log")]
    Panicked,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Reads what a start needs.
pub(super) async fn begin(config: &Config) -> Result<(Standing, Parts), NotStarted> {
    let parts = parts(config)?;
    let stored = stored::open(config, &parts.clients).await?;
    let standing = Standing {
        token: keys::token(&config.data)?,
        memory: Memory::new(SavedProviders::read(&config.data)?),
        upstream: Upstream::new(config.idle, config.bounds.clone()),
        lanes: Lanes::default(),
        batches: Arc::default(),
        keys: match &config.tls {
            Some(files) => Some(Arc::new(Keys::new(tls::read(files)?))),
            None => None,
        },
        watch: Arc::new(Watch::new(stored.store.clone())),
        stored,
    };
    Ok((standing, parts))
}

fn parts(config: &Config) -> Result<Parts, NotStarted> {
    let mut scripts = script::built_in()?;
    if let Some(folder) = &config.scripts {
        scripts.extend(read_scripts(folder)?);
    }
    let clients = Clients::read(&config.data)?.with(&config.clients);
    Ok(Parts { scripts, clients })
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

impl Live {
    pub(super) fn new(
        standing: Standing,
        parts: Parts,
        config: Config,
        address: SocketAddr,
        reread: Option<Reread>,
    ) -> Arc<Self> {
        Arc::new_cyclic(|live| {
            let hosts = hosts(&standing, &config, address);
            let home = hosts.home();
            let relays = Relays::new(config.relays.clone(), Arc::new(System), config.idle);
            let relays = Arc::new(relays);
            let at = At { hosts, relays: Arc::clone(&relays), live: live.clone() };
            let (doors, notes) = compose(&standing, parts, &config, at);
            tell(&notes);
            let (doors, relays) = (RwLock::new(doors), RwLock::new(relays));
            Self { standing, address, doors, home, relays, config: Mutex::new(config), reread }
        })
    }

    pub(super) fn home(&self) -> String {
        self.home.clone()
    }

    pub(super) fn token(&self) -> Secret {
        self.standing.token.clone()
    }

    pub(super) fn watch(&self) -> Arc<Watch> {
        Arc::clone(&self.standing.watch)
    }

    pub(super) fn relays(&self) -> Arc<Relays> {
        Arc::clone(&self.relays.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn stored(&self) -> Stored {
        self.standing.stored.clone()
    }

    pub(super) fn keys(&self) -> Option<Arc<Keys>> {
        self.standing.keys.clone()
    }

    /// Reads the configuration anew and answers by it from the next request on. Requests that are
    /// under way end as they began. It reads files, so it is for a thread that may wait. It must
    /// be called within the runtime.
    pub fn reload(self: &Arc<Self>) -> Result<Reloaded, NotReloaded> {
        // One after the other: the last one that was wanted is the one that holds.
        let mut last = self.config.lock().unwrap_or_else(PoisonError::into_inner);
        let config = self.reread.as_ref().ok_or(NotReloaded::Fixed)?()?;
        let parts = parts(&config)?;
        let known = self.standing.stored.take_over(&parts.clients);
        Handle::current().block_on(known).map_err(NotStarted::from)?;
        let pair = match (&self.standing.keys, &config.tls) {
            (Some(keys), Some(files)) => Some((keys, tls::read(files).map_err(NotStarted::from)?)),
            (_, _) => None,
        };
        let needs_start = fixed(&last, &config);
        let hosts = hosts(&self.standing, &config, self.address);
        let before = self.relays();
        let relays = before.instead(config.relays.clone(), Arc::new(System), config.idle);
        let relays = Arc::new(relays);
        let at = At { hosts, relays: Arc::clone(&relays), live: Arc::downgrade(self) };
        let (doors, notes) = compose(&self.standing, parts, &config, at);
        if let Some((keys, pair)) = pair {
            keys.replace(pair);
        }
        *self.doors.write().unwrap_or_else(PoisonError::into_inner) = doors;
        *self.relays.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&relays);
        // Whoever waits for the change does not wait for programs that end slowly.
        Handle::current().spawn(async move { before.leave(&relays).await });
        // Compared with what runs, not with what was read and could not be changed.
        let (host, port, data) = (last.host, last.port, last.data.clone());
        let (stored, tls) = (last.stored.clone(), last.tls.clone());
        let was_secure = tls.is_some();
        let collector = last.telemetry.collector.clone();
        let telemetry = Telemetry { collector, ..config.telemetry };
        *last = Config { host, port, data, stored, telemetry, ..config };
        if was_secure != last.tls.is_some() {
            last.tls = tls;
        }
        Ok(Reloaded { needs_start, notes })
    }

    /// The same for somebody, which the audit log keeps, whatever came of it.
    pub async fn reload_by(self: &Arc<Self>, by: Who<'_>) -> Result<Reloaded, NotReloaded> {
        let live = Arc::clone(self);
        let done = match tokio::task::spawn_blocking(move || live.reload()).await {
            Ok(done) => done,
            Err(err) => {
                tracing::error!(cause = %err, "reload panicked");
                Err(NotReloaded::Panicked)
            }
        };
        let (action, detail) = match &done {
            Ok(done) => ("configuration.read", needs(done)),
            Err(err) => ("configuration.refused", err.to_string()),
        };
        let audit = Audit::new(self.standing.stored.store.clone());
        audit.note(by.did(action, "easel.toml", &detail), now_ms()).await;
        done
    }

    pub(super) async fn reload_logged(self: &Arc<Self>) {
        match self.reload_by(Who { actor: "a signal", ..Who::default() }).await {
            Ok(done) => {
                tell(&done.notes);
                let needs_start = done.needs_start.join(", ");
                tracing::info!(needs_start, "configuration read anew");
            }
            Err(err) => tracing::error!(cause = %err, "configuration not changed"),
        }
    }

    /// What answers requests at this moment.
    pub(super) fn doors(&self) -> Arc<Doors> {
        Arc::clone(&self.doors.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What of a change needs more than a reload, for the audit log.
fn needs(done: &Reloaded) -> String {
    match done.needs_start.is_empty() {
        true => String::new(),
        false => format!("with the next start: {}", done.needs_start.join(", ")),
    }
}

/// Names what differs and cannot change while the proxy runs.
fn fixed(running: &Config, wanted: &Config) -> Vec<&'static str> {
    let differs = [
        ("host", running.host != wanted.host),
        ("port", running.port != wanted.port),
        ("data", running.data != wanted.data),
        ("store", running.stored.place() != wanted.stored.place()),
        ("otlp", running.telemetry.collector != wanted.telemetry.collector),
        ("tls", running.tls.is_some() != wanted.tls.is_some()),
    ];
    differs.into_iter().filter(|it| it.1).map(|it| it.0).collect()
}

fn hosts(standing: &Standing, config: &Config, address: SocketAddr) -> Hosts {
    let make = if standing.keys.is_some() { Hosts::secure } else { Hosts::new };
    make(address.port(), &config.hosts, &config.origins)
}

/// Where the service is.
struct At {
    hosts: Hosts,
    relays: Arc<Relays>,
    live: Weak<Live>,
}

/// Returns the service, and what was read and means nothing in it.
fn compose(
    standing: &Standing,
    parts: Parts,
    config: &Config,
    at: At,
) -> (Arc<Doors>, Vec<BadConfig>) {
    let At { hosts, relays, live } = at;
    standing.stored.books.set_defaults(config.defaults());
    let catalogue = Catalogue::new(
        config.endpoints.clone(),
        config.groups.clone(),
        config.prices.clone(),
        parts.scripts,
        Arc::clone(&standing.memory),
    );
    let notes = [config.notes.clone(), catalogue.passed_over(&config.mentions)].concat();
    let doors = Doors::new(State {
        hosts,
        token: standing.token.clone(),
        local: standing.stored.local,
        accounts: Arc::clone(&standing.stored.accounts),
        gateway: Arc::new(Gateway {
            catalogue,
            upstream: standing.upstream.under(config.idle, config.bounds.clone()),
            lanes: standing.lanes.under(config.limits.lanes, counted(&config.groups)),
            batches: Arc::clone(&standing.batches),
            books: Arc::clone(&standing.stored.books),
            signatures: standing.stored.signatures.clone(),
            filters: config.filters.clone(),
            hook: config.webhook.clone().map(Hook::new),
            total: config.limits.total,
        }),
        relays,
        operations: Operations {
            audit: Audit::new(standing.stored.store.clone()),
            post: config.stored.post.clone(),
            shared: config.stored.shared,
            behind_proxy: config.stored.behind_proxy,
            open_metrics: config.telemetry.open_metrics,
            watch: Arc::clone(&standing.watch),
        },
        site: config.site.clone(),
        limits: config.limits,
        live,
    });
    (Arc::new(doors), notes)
}

fn tell(notes: &[BadConfig]) {
    for note in notes {
        tracing::warn!(place = note.place, "{}", note.what);
    }
}
