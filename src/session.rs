//! The core's logic: wishes of all tabs in, views of all panels out.
//!
//! A [`Session`] holds the profile and the open projects, keeps every change durable before it shows
//! it as saved, and runs the turns. One module per panel takes that panel's wishes and makes its
//! view; what they share is in [`workspace`] (an open project and its writes) and [`tabs`] (who sees
//! what). It does no I/O of its own: [`ports`] lists what it asks of the world.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use futures::{FutureExt as _, channel::mpsc, lock::Mutex, stream::StreamExt as _};
use link::{Down, DownKind, Hello, Reveal, TabId, Up, UpKind, Wish};

pub mod ports;

mod cards;
mod changes;
mod chat;
mod conversation;
mod diagnostics;
mod editor;
mod edits;
mod files;
mod history;
mod home;
mod layout;
mod naming;
mod pending;
mod preview;
mod profile;
mod providers;
mod request;
mod settings;
mod status;
mod stored;
mod tabs;
mod turns;
mod workspace;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use ports::Ports;
use profile::Profile;
use tabs::Tab;
use workspace::Workspace;

/// The one core of a browser profile. Clones share it.
#[derive(Clone)]
pub struct Session(Rc<Inner>);

struct Inner {
    ports: Ports,
    /// Names the build that this core is of.
    build: String,
    profile: RefCell<Profile>,
    /// The open projects.
    workspaces: RefCell<BTreeMap<String, Rc<Workspace>>>,
    tabs: RefCell<BTreeMap<TabId, Tab>>,
    /// A flush is on its way.
    flushing: Cell<bool>,
    last_ulid: Cell<u128>,
    /// Wishes about providers wait for each other, and nothing else waits for them.
    asking: Mutex<()>,
    /// Changes of projects' cards wait for each other.
    carding: Mutex<()>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Session")
    }
}

impl Session {
    pub fn new(ports: Ports, build: String) -> Self {
        Self(Rc::new(Inner {
            ports,
            build,
            profile: RefCell::default(),
            workspaces: RefCell::default(),
            tabs: RefCell::default(),
            flushing: Cell::new(false),
            last_ulid: Cell::new(0),
            asking: Mutex::default(),
            carding: Mutex::default(),
        }))
    }

    /// Reads the profile. Before it is done, every list is empty.
    pub async fn load(&self) {
        self.load_profile().await;
    }

    /// Takes a message from a tab. Wishes of one tab are carried out in their order.
    pub fn take(&self, up: Up) {
        match up.what {
            UpKind::Hello(hello) => self.hello(&up.tab, hello),
            UpKind::Wish(wish) => self.queue(&up.tab, *wish),
            UpKind::Resync(panel) => self.resync(&up.tab, panel),
            UpKind::Bye => {
                self.0.tabs.borrow_mut().remove(&up.tab);
            }
        }
    }

    fn hello(&self, tab: &TabId, hello: Hello) {
        if hello.build != self.0.build {
            self.send(tab, DownKind::OtherBuild { build: self.0.build.clone() });
            return;
        }
        let waits = self.with_tab(tab, |it| {
            it.forget_sent();
            it.waits
        });
        if let Some(waits) = waits {
            // A tab that has heard of the core twice: what it wished meanwhile stays in order.
            if !waits {
                self.touch_whole(tab);
            }
            return;
        }
        let (wishes, mut incoming) = mpsc::unbounded();
        self.0.tabs.borrow_mut().insert(tab.clone(), Tab::new(wishes));
        let (session, tab) = (self.clone(), tab.clone());
        self.spawn(async move {
            session.greet(&tab, hello).await;
            while let Some(wish) = incoming.next().await {
                session.carry_out(&tab, wish).await;
            }
        });
    }

    fn queue(&self, tab: &TabId, wish: Wish) {
        if let Some(tab) = self.0.tabs.borrow().get(tab) {
            // Fails only when the tab's loop has ended, and then the tab is gone.
            tab.wishes.unbounded_send(wish).ok();
        }
    }

    async fn greet(&self, tab: &TabId, hello: Hello) {
        self.pair(&hello).await;
        if let Some(project) = hello.project {
            self.open_project(tab, &project).await;
        }
        if self.with_tab(tab, |it| it.waits) == Some(true) {
            self.touch_whole(tab);
        }
    }

    async fn carry_out(&self, tab: &TabId, wish: Wish) {
        match wish {
            Wish::Home(wish) => self.home_wish(tab, wish).await,
            Wish::Chat(wish) => self.chat_wish(tab, wish).await,
            // What is in a box is done seldom: it stays a function of its own, and comes with the
            // module's later part (docs/decisions/site.md).
            Wish::Files(wish) => self.files_wish(tab, wish).boxed_local().await,
            Wish::Editor(wish) => self.editor_wish(tab, wish).await,
            Wish::Changes(wish) => self.changes_wish(tab, wish).await,
            Wish::History(wish) => self.history_wish(tab, wish).boxed_local().await,
            Wish::Preview(wish) => self.preview_wish(tab, wish),
            Wish::Settings(wish) => self.settings_wish(tab, wish).await,
            Wish::Workbench(link::workbench::Wish::Keep(layout)) => {
                self.keep_layout(tab, *layout).await;
            }
            Wish::Status(wish) => self.status_wish(tab, wish).await,
        }
    }

    /// Returns the project that a tab has open.
    fn workspace_of(&self, tab: &TabId) -> Option<Rc<Workspace>> {
        let project = self.0.tabs.borrow().get(tab)?.project.clone()?;
        self.0.workspaces.borrow().get(&project).cloned()
    }

    fn reveal(&self, tab: &TabId, what: Reveal) {
        self.send(tab, DownKind::Reveal(what));
    }

    fn send(&self, tab: &TabId, what: DownKind) {
        self.0.ports.world.send(Down { tab: tab.clone(), what });
    }

    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        self.0.ports.world.spawn(Box::pin(task));
    }

    fn now_ms(&self) -> u64 {
        self.0.ports.world.now_ms()
    }

    /// Returns a new id, `prj_01J8…`. Ids made later sort later, also within a millisecond.
    fn new_id(&self, prefix: &str) -> String {
        let random = self.0.ports.world.random() & ((1 << 80) - 1);
        let fresh = (u128::from(self.now_ms()) << 80) | random;
        let ulid = fresh.max(self.0.last_ulid.get() + 1);
        self.0.last_ulid.set(ulid);
        format!("{prefix}_{}", crockford(ulid))
    }
}

/// Writes 128 bits as 26 letters of Crockford's base 32, as ULIDs do.
fn crockford(mut bits: u128) -> String {
    const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut text = [b'0'; 26];
    for letter in text.iter_mut().rev() {
        *letter = LETTERS[(bits & 31) as usize];
        bits >>= 5;
    }
    text.iter().map(|it| char::from(*it)).collect()
}
