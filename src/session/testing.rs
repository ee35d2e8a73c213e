//! A session on a bench: stores in memory, a gateway that the test speaks for, a clock moved by hand.
//!
//! Tasks run until nothing moves; there are no threads and no waits, so a story has one outcome.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    rc::Rc,
};

use futures::{
    executor::{LocalPool, LocalSpawner},
    future::LocalBoxFuture,
    task::LocalSpawnExt as _,
};
use link::{Down, DownKind, Hello, Panel, Reveal, Up, UpKind, Wish, patch};
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::{MemoryShelf, schema};
use wire::{ModelEvent, StopReason};

use super::{
    Session,
    ports::{Gateway, Ports, Ran, Sandbox, Way, World},
};
pub(super) use gateway::{FakeGateway, unreachable};

mod gateway;

pub(super) const TAB: &str = "tab-1";
const BUILD: &str = "test";

/// A session with one tab that has said hello.
pub(super) struct Bench {
    pool: LocalPool,
    pub(super) session: Session,
    pub(super) shelf: MemoryShelf,
    pub(super) gateway: Rc<FakeGateway>,
    /// The way without the proxy.
    pub(super) direct: Rc<FakeGateway>,
    pub(super) world: Rc<FakeWorld>,
    pub(super) sandbox: Rc<FakeSandbox>,
    views: BTreeMap<(String, Panel), Value>,
    /// The front door as it was shown first.
    pub(super) first_home: Option<Value>,
    pub(super) revealed: Vec<Reveal>,
    pub(super) downloads: Vec<(String, Vec<u8>)>,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::on(MemoryShelf::default(), None)
    }

    /// Starts a session on what an earlier one left behind.
    pub(super) fn on(shelf: MemoryShelf, project: Option<&str>) -> Self {
        let pool = LocalPool::new();
        let world = Rc::new(FakeWorld::new(pool.spawner()));
        let gateway =
            Rc::new(FakeGateway::offering([("script/demo", true), ("test/model", false)]));
        let direct = Rc::new(FakeGateway::default());
        let sandbox = Rc::new(FakeSandbox::default());
        let ports = Ports {
            shelf: Rc::new(shelf.clone()),
            gateway: Rc::clone(&gateway) as Rc<dyn Gateway>,
            direct: Rc::clone(&direct) as Rc<dyn Way>,
            compiler: Rc::new(NoCompiler),
            sandbox: Rc::clone(&sandbox) as Rc<dyn Sandbox>,
            world: Rc::clone(&world) as Rc<dyn World>,
        };
        let mut bench = Self {
            pool,
            session: Session::new(ports, BUILD.to_owned()),
            shelf,
            gateway,
            direct,
            world,
            sandbox,
            views: BTreeMap::new(),
            first_home: None,
            revealed: Vec::new(),
            downloads: Vec::new(),
        };
        let session = bench.session.clone();
        bench.pool.run_until(async move { session.load().await });
        bench.hello(TAB, project);
        bench
    }

    pub(super) fn hello(&mut self, tab: &str, project: Option<&str>) {
        let hello = Hello {
            build: BUILD.to_owned(),
            token: Some("token".to_owned()),
            proxy: String::new(),
            project: project.map(str::to_owned),
            locale: "en".to_owned(),
        };
        self.session.take(Up { tab: tab.to_owned(), what: UpKind::Hello(hello) });
        self.run();
    }

    pub(super) fn wish(&mut self, wish: Wish) {
        self.wish_in(TAB, wish);
    }

    pub(super) fn wish_in(&mut self, tab: &str, wish: Wish) {
        self.session.take(Up { tab: tab.to_owned(), what: UpKind::Wish(Box::new(wish)) });
        self.run();
    }

    /// Lets everything happen that can, and takes in what comes down.
    pub(super) fn run(&mut self) {
        self.pool.run_until_stalled();
        for down in self.world.sent.take() {
            let Down { tab, what } = down;
            match what {
                DownKind::Whole { panel, view, .. } => {
                    if panel == Panel::Home {
                        self.first_home.get_or_insert_with(|| view.clone());
                    }
                    self.views.insert((tab, panel), view);
                }
                DownKind::Patches { panel, patches, .. } => {
                    let view = self.views.get_mut(&(tab, panel)).expect("a whole view came first");
                    for it in patches {
                        patch::apply(view, &it).expect("patches fit what was sent before");
                    }
                }
                DownKind::Reveal(what) => self.revealed.push(what),
                DownKind::Download { name, bytes, .. } => self.downloads.push((name, bytes)),
                DownKind::CoreStarted { .. } | DownKind::OtherBuild { .. } => {}
            }
        }
    }

    pub(super) fn view<T: DeserializeOwned>(&self, panel: Panel) -> T {
        self.view_in(TAB, panel)
    }

    pub(super) fn view_in<T: DeserializeOwned>(&self, tab: &str, panel: Panel) -> T {
        let view = self.views.get(&(tab.to_owned(), panel)).expect("the panel was shown");
        serde_json::from_value(view.clone()).expect("views can be read back")
    }

    /// Makes a project of a template and returns its id.
    pub(super) fn project(&mut self, template: &str) -> String {
        self.wish(Wish::Home(link::home::Wish::Create {
            name: Some("Test".to_owned()),
            template: template.to_owned(),
            prompt: None,
            demo: false,
        }));
        let home: link::home::View = self.view(Panel::Home);
        home.open.expect("the new project is open")
    }

    pub(super) fn database(&self, project: &str) -> Rc<store::MemoryStore> {
        self.shelf.store(&schema::project_database(project))
    }

    pub(super) fn chat(&self) -> link::chat::View {
        self.view(Panel::Chat)
    }

    pub(super) fn notices(&self) -> Vec<String> {
        let status: link::status::View = self.view(Panel::Status);
        status.notices.into_iter().map(|it| it.text).collect()
    }

    pub(super) fn send(&mut self, text: &str) {
        let text = text.to_owned();
        self.wish(Wish::Chat(link::chat::Wish::Send { text, despite_secrets: false }));
    }

    /// The model says something of the newest request.
    pub(super) fn model(&mut self, events: &[ModelEvent]) {
        let reply = self.gateway.replies.borrow().back().cloned().expect("a request was made");
        for event in events {
            reply.unbounded_send(event.clone()).expect("somebody listens");
        }
        self.run();
    }

    pub(super) fn model_says(&mut self, text: &str) {
        self.model(&[ModelEvent::TextDelta { text: text.to_owned() }]);
    }

    pub(super) fn model_calls(&mut self, call: &str, tool: &str, json: &str) {
        let call = call.to_owned();
        self.model(&[
            ModelEvent::ToolCallStart { call: call.clone(), tool: tool.to_owned() },
            ModelEvent::ToolCallDelta { call: call.clone(), json: json.to_owned() },
            ModelEvent::ToolCallEnd { call },
        ]);
    }

    pub(super) fn model_is_done(&mut self, reason: StopReason) {
        self.model(&[ModelEvent::Finish { reason, stopped_by: None }]);
    }
}

/// Scripts of tests are plain JavaScript.
struct NoCompiler;

impl preview::Compile for NoCompiler {
    fn transform<'a>(
        &'a self,
        _path: &'a str,
        text: &'a str,
        _jsx_import_source: &'a str,
    ) -> LocalBoxFuture<'a, Result<preview::Compiled, preview::Problem>> {
        let code = text.to_owned();
        Box::pin(async { Ok(preview::Compiled { code, mappings: None, marks: Vec::new() }) })
    }
}

/// A sandbox whose programs end as the test says, or never.
#[derive(Default)]
pub(super) struct FakeSandbox {
    pub(super) programs: RefCell<Vec<preview::Program>>,
    pub(super) ends: RefCell<VecDeque<Ran>>,
}

impl Sandbox for FakeSandbox {
    fn run(&self, program: preview::Program) -> LocalBoxFuture<'static, Ran> {
        self.programs.borrow_mut().push(program);
        match self.ends.borrow_mut().pop_front() {
            Some(ran) => Box::pin(async { ran }),
            None => Box::pin(futures::future::pending()),
        }
    }
}

thread_local! {
    /// Worlds made by this test: no two draw the same numbers.
    static N_WORLDS: Cell<u128> = const { Cell::new(0) };
}

pub(super) struct FakeWorld {
    spawner: LocalSpawner,
    pub(super) now_ms: Cell<u64>,
    drawn: Cell<u128>,
    sent: RefCell<Vec<Down>>,
    pub(super) told_previews: RefCell<Vec<(String, preview::protocol::ToWorker)>>,
}

impl FakeWorld {
    fn new(spawner: LocalSpawner) -> Self {
        Self {
            spawner,
            now_ms: Cell::new(1_700_000_000_000),
            drawn: Cell::new(N_WORLDS.with(|it| it.replace(it.get() + 1)) << 64),
            sent: RefCell::default(),
            told_previews: RefCell::default(),
        }
    }
}

impl World for FakeWorld {
    fn now_ms(&self) -> u64 {
        self.now_ms.set(self.now_ms.get() + 1);
        self.now_ms.get()
    }

    fn protocol(&self) -> String {
        "http:".to_owned()
    }

    fn offset_minutes(&self) -> i32 {
        60
    }

    fn random(&self) -> u128 {
        self.drawn.set(self.drawn.get() + 1);
        self.drawn.get()
    }

    fn spawn(&self, task: LocalBoxFuture<'static, ()>) {
        self.spawner.spawn_local(task).expect("the pool lives as long as the bench");
    }

    fn send(&self, down: Down) {
        self.sent.borrow_mut().push(down);
    }

    fn tell_preview(&self, port: &str, message: preview::protocol::ToWorker) {
        self.told_previews.borrow_mut().push((port.to_owned(), message));
    }

    fn storage(&self) -> LocalBoxFuture<'static, (u64, u64)> {
        Box::pin(async { (1_000, 1_000_000) })
    }
}
