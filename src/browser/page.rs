//! Starts the page: the worker's port on one side, the workbench on the other.
//!
//! What is drawn is the business of `workbench`; here messages become signals and wishes messages.

#![expect(clippy::disallowed_methods, reason = "`src/browser/` is where the browser is talked to")]

use std::{cell::RefCell, rc::Rc};

use leptos::prelude::*;
use link::{Down, DownKind, Hello, Reveal, UpKind, Wish};
use wasm_bindgen::{JsCast as _, closure::Closure};
use web_sys::MessagePort;

use super::{dom, port::Port};
use crate::{
    page::{Desk, Mirror, Views},
    workbench::Workbench,
};

/// More than a person can wish while the worker starts.
const N_EARLY: usize = 200;

thread_local! {
    /// The page's one port; components reach it only through wishes and [`send_preview_port`].
    static PORT: RefCell<Option<Port>> = const { RefCell::new(None) };
    /// What was wished before the first view came, from the page's first core or from the next.
    static EARLY: RefCell<Option<Vec<UpKind>>> = const { RefCell::new(Some(Vec::new())) };
}

/// Runs when the page's module is loaded.
pub fn start() {
    console_error_panic_hook::set_once();
    let missing = dom::missing();
    if !missing.is_empty() {
        leptos::mount::mount_to_body(move || crate::workbench::too_old(&missing));
        return;
    }
    let owner = Owner::new();
    let (views, desk) = owner.with(|| {
        let views = Views::empty();
        (views, crate::page::provide(views, Callback::new(wish)))
    });
    connect(views, desk);
    if dom::project_in_address().is_some() {
        desk.opening.set(true);
        // It is likely that a file was open: the editor comes beside the project, not after it.
        super::editor::load(|_loaded| {});
    }
    leptos::mount::mount_to_body(move || {
        crate::page::share(desk);
        view! { <Workbench views /> }
    });
    // The page owns its signals for as long as it lives.
    std::mem::forget(owner);
}

/// Hands the core the way to a preview's host.
pub fn send_preview_port(host: &str, port: &MessagePort) {
    PORT.with_borrow(|it| {
        if let Some(it) = it {
            it.send_preview_port(host, port);
        }
    });
}

/// Sends what a person wishes. Before a core sends views it has not heard of this tab, so until
/// then wishes wait.
fn wish(wish: Wish) {
    let what = UpKind::Wish(Box::new(wish));
    let early = EARLY.with_borrow_mut(|early| match early {
        Some(early) => {
            if early.len() < N_EARLY {
                early.push(what);
            }
            None
        }
        None => Some(what),
    });
    if let Some(what) = early {
        send(what);
    }
}

fn send(what: UpKind) {
    PORT.with_borrow(|it| {
        if let Some(it) = it {
            it.send(what);
        }
    });
}

fn connect(views: Views, desk: Desk) {
    let incoming = Rc::new(Incoming {
        views,
        desk,
        mirror: RefCell::default(),
        frame_asked: RefCell::new(false),
    });
    let token = take_token();
    let hear = Rc::clone(&incoming);
    let (token_at_first, token_for_core) = (token.clone(), token.clone());
    let opened = Port::open(
        tab_name(),
        move || say_hello(token_at_first.clone()),
        move |down| hear.take(down, token_for_core.as_ref()),
        move |why| views.broken.set(Some(why)),
    );
    match opened {
        Ok(port) => {
            let listens = port.listens();
            PORT.set(Some(port));
            if listens {
                say_hello(token);
            }
        }
        Err(why) => views.broken.set(Some(why)),
    }
    dom::on_back(move |project| {
        let wish = match project {
            Some(project) => link::home::Wish::Open { project },
            None => link::home::Wish::Leave,
        };
        self::wish(Wish::Home(wish));
    });
    let bye = Closure::<dyn Fn()>::new(|| send(UpKind::Bye));
    window().add_event_listener_with_callback("pagehide", bye.as_ref().unchecked_ref()).ok();
    bye.forget();
}

/// Says who this tab is. A page that comes back from the browser's cache says it again.
fn say_hello(token: Option<String>) {
    send(UpKind::Hello(Hello {
        build: build(),
        token,
        proxy: String::new(),
        project: dom::project_in_address(),
        locale: window().navigator().language().unwrap_or_else(|| "en".to_owned()),
    }));
    wasm_bindgen_futures::spawn_local(async {
        let granted = dom::persisted().await;
        wish(Wish::Settings(link::settings::Wish::Persisted { granted }));
    });
}

struct Incoming {
    views: Views,
    desk: Desk,
    mirror: RefCell<Mirror>,
    frame_asked: RefCell<bool>,
}

impl Incoming {
    fn take(self: &Rc<Self>, down: Down, token: Option<&String>) {
        match &down.what {
            DownKind::CoreStarted { .. } => {
                self.views.broken.set(None);
                EARLY.with_borrow_mut(|it| {
                    it.get_or_insert_default();
                });
                say_hello(token.cloned());
            }
            DownKind::OtherBuild { .. } => self.views.outdated.set(true),
            DownKind::Download { name, media_type, bytes } => {
                dom::download(name, media_type, bytes);
            }
            DownKind::Reveal(reveal) => self.reveal(reveal.clone()),
            DownKind::Whole { .. } => {
                for what in EARLY.take().unwrap_or_default() {
                    send(what);
                }
            }
            DownKind::Patches { .. } => {}
        }
        for panel in self.mirror.borrow_mut().take(down.what) {
            send(UpKind::Resync(panel));
        }
        self.show_soon();
    }

    fn reveal(self: &Rc<Self>, reveal: Reveal) {
        match &reveal {
            Reveal::Project(project) => dom::put_project_in_address(Some(project)),
            Reveal::Home => dom::put_project_in_address(None),
            Reveal::Line { .. }
            | Reveal::Changes
            | Reveal::Preview
            | Reveal::Models
            | Reveal::Composer { .. } => {}
        }
        // What is revealed may have come in the same round.
        self.show();
        self.desk.reveal(reveal);
    }

    /// Shows what has come with the next frame; at once when the tab is hidden and gets no frames.
    fn show_soon(self: &Rc<Self>) {
        if document().hidden() {
            self.show();
            return;
        }
        if self.frame_asked.replace(true) {
            return;
        }
        let this = Rc::clone(self);
        request_animation_frame(move || {
            this.frame_asked.replace(false);
            this.show();
        });
    }

    fn show(&self) {
        let mut mirror = self.mirror.borrow_mut();
        let first = mirror.is_stale() && self.desk.opening.get_untracked();
        mirror.show(&self.views);
        if first {
            self.desk.opening.set(false);
        }
    }
}

/// Takes the proxy's token out of the address, so that it is in no history and no link.
fn take_token() -> Option<String> {
    let location = window().location();
    let fragment = location.hash().ok()?;
    let token = fragment.strip_prefix("#token=")?.to_owned();
    let rest = format!("{}{}", location.pathname().ok()?, location.search().ok()?);
    let history = window().history().ok()?;
    history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&rest)).ok()?;
    Some(token)
}

/// Names the build, as `index.html` has it.
fn build() -> String {
    let mark = document().query_selector("meta[name=easel-build]").ok().flatten();
    mark.and_then(|it| it.get_attribute("content")).unwrap_or_default()
}

/// A name for this tab that no other has.
fn tab_name() -> String {
    let random = js_sys::Math::random().to_bits();
    format!("tab-{random:016x}")
}
