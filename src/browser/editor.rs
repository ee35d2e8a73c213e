//! The editor's module, `web/editor/`: loaded when a file is first opened, then handed texts.
//!
//! It makes no decision: when to save and what happens to typed text when a file changes elsewhere
//! is the module's own business, what a save does is the core's. The module is loaded by a script
//! element, not imported, so that the page does not wait for it.

use std::{cell::RefCell, rc::Rc};

use js_sys::{Function, Object, Reflect};
use link::editor::TextChange;
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use web_sys::{Element, HtmlScriptElement};

/// Where the module says it is loaded.
const GLOBAL: &str = "easelEditor";
/// The page names the module's address in `<meta name="easel-editor">`.
const ADDRESS: &str = "meta[name=easel-editor]";

/// What an editor begins with.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// Names the document: whoever opens it again finds cursor and undo history as they were.
    pub key: String,
    pub path: String,
    pub text: String,
    pub version: String,
    /// What was typed before the module was there.
    pub typed: Option<String>,
    pub label: String,
    pub read_only: bool,
    pub wrap: bool,
    pub top: f64,
    /// The module's words and ours.
    pub phrases: Vec<(&'static str, &'static str)>,
}

/// What an editor says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    Save {
        base: String,
        changes: Vec<TextChange>,
    },
    Saved,
    Typed,
    Saving,
    /// Typed text was carried over a change from elsewhere.
    Carried,
    /// Scrolled to this many pixels.
    Scrolled(u32),
    /// The person turned line wrapping.
    TurnWrap,
}

/// Something that stands in the text, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    pub line: u32,
    pub column: u32,
    pub is_error: bool,
    pub message: String,
}

/// An open editor. Dropping it leaves the document.
#[derive(Debug)]
pub struct Editor {
    handle: JsValue,
    _ears: Vec<Closure<dyn FnMut(JsValue)>>,
}

/// Loads the module; `done` hears whether it is there. Loaded once, it is there at once.
pub fn load(done: impl FnOnce(bool) + 'static) {
    if module().is_some() {
        done(true);
        return;
    }
    let waiting = WAITING.with(|it| {
        it.borrow_mut().push(Box::new(done));
        it.borrow().len()
    });
    if waiting > 1 {
        return;
    }
    if add_script().is_none() {
        answer(false);
    }
}

type Waiting = RefCell<Vec<Box<dyn FnOnce(bool)>>>;

thread_local! {
    static WAITING: Waiting = const { RefCell::new(Vec::new()) };
}

fn answer(loaded: bool) {
    let waiting = WAITING.with(|it| std::mem::take(&mut *it.borrow_mut()));
    for done in waiting {
        done(loaded);
    }
}

fn add_script() -> Option<()> {
    #[expect(
        clippy::disallowed_methods,
        reason = "`src/browser/` is where the browser is talked to"
    )]
    let document = web_sys::window()?.document()?;
    let meta = document.query_selector(ADDRESS).ok().flatten();
    let address = meta.and_then(|it| it.get_attribute("content"));
    let script: HtmlScriptElement = document.create_element("script").ok()?.dyn_into().ok()?;
    script.set_type("module");
    script.set_src(address.as_deref().unwrap_or("/editor.js"));
    let element = script.clone();
    let came = Closure::once_into_js(move || answer(module().is_some()));
    let failed = Closure::once_into_js(move || {
        // A script that failed is tried again with the next file.
        element.remove();
        answer(false);
    });
    script.set_onload(Some(came.unchecked_ref()));
    script.set_onerror(Some(failed.unchecked_ref()));
    document.head()?.append_child(&script).ok()?;
    Some(())
}

fn module() -> Option<JsValue> {
    let module = Reflect::get(&js_sys::global(), &GLOBAL.into()).ok()?;
    module.is_object().then_some(module)
}

/// Opens a document in an element; none when the module is not there or refuses.
pub fn open(parent: &Element, start: &Start, hear: impl Fn(Said) + 'static) -> Option<Editor> {
    let module = module()?;
    let options = Object::new();
    let set = |name: &str, value: JsValue| {
        // A fresh object takes every property.
        Reflect::set(&options, &name.into(), &value).ok();
    };
    set("key", start.key.as_str().into());
    set("path", start.path.as_str().into());
    set("text", start.text.as_str().into());
    set("version", start.version.as_str().into());
    set("typed", start.typed.as_deref().map_or(JsValue::NULL, Into::into));
    set("label", start.label.as_str().into());
    set("readOnly", start.read_only.into());
    set("wrap", start.wrap.into());
    set("top", start.top.into());
    let phrases = Object::new();
    for (theirs, ours) in &start.phrases {
        Reflect::set(&phrases, &(*theirs).into(), &(*ours).into()).ok()?;
    }
    set("phrases", phrases.into());
    let hear: Rc<dyn Fn(Said)> = Rc::new(hear);
    let mut ears = Vec::new();
    for (name, read) in EARS {
        let hear = Rc::clone(&hear);
        let ear = Closure::<dyn FnMut(JsValue)>::new(move |value: JsValue| {
            if let Some(said) = read(&value) {
                hear(said);
            }
        });
        set(name, ear.as_ref().clone());
        ears.push(ear);
    }
    let open: Function = Reflect::get(&module, &"open".into()).ok()?.dyn_into().ok()?;
    let handle = open.call2(&module, parent, &options).ok()?;
    Some(Editor { handle, _ears: ears })
}

type Reader = fn(&JsValue) -> Option<Said>;

const EARS: [(&str, Reader); 5] = [
    ("onSave", |save| {
        let base = Reflect::get(save, &"base".into()).ok()?.as_string()?;
        let changes = Reflect::get(save, &"changes".into()).ok()?;
        let changes: Option<Vec<_>> =
            js_sys::Array::from(&changes).iter().map(|it| change(&it)).collect();
        Some(Said::Save { base, changes: changes? })
    }),
    ("onState", |state| match state.as_string()?.as_str() {
        "saved" => Some(Said::Saved),
        "typed" => Some(Said::Typed),
        "saving" => Some(Said::Saving),
        _ => None,
    }),
    ("onCarried", |_| Some(Said::Carried)),
    // Pixels fit.
    ("onScroll", |top| Some(Said::Scrolled(top.as_f64()? as u32))),
    ("onWrap", |_| Some(Said::TurnWrap)),
];

fn change(value: &JsValue) -> Option<TextChange> {
    let field = |name: &str| Reflect::get(value, &name.into()).ok();
    Some(TextChange {
        // Positions of a text that fits into 50 MB.
        from: field("from")?.as_f64()? as u32,
        to: field("to")?.as_f64()? as u32,
        insert: field("insert")?.as_string()?,
    })
}

impl Editor {
    /// The stored text changed; positions count UTF-16 units of the one before.
    pub fn stored(&self, version: &str, change: Option<&TextChange>) {
        let (from, to, insert) =
            change.map_or((0, 0, ""), |it| (it.from, it.to, it.insert.as_str()));
        self.call("stored", &[version.into(), from.into(), to.into(), insert.into()]);
    }

    pub fn save(&self) {
        self.call("save", &[]);
    }

    /// Puts the cursor at a line counted from 1.
    pub fn reveal(&self, line: u32) {
        self.call("reveal", &[line.into()]);
    }

    pub fn focus(&self) {
        self.call("focus", &[]);
    }

    pub fn set_read_only(&self, on: bool) {
        self.call("setReadOnly", &[on.into()]);
    }

    pub fn set_wrap(&self, on: bool) {
        self.call("setWrap", &[on.into()]);
    }

    pub fn set_diagnostics(&self, found: &[Diagnostic]) {
        let list = js_sys::Array::new();
        for it in found {
            let one = Object::new();
            let severity = if it.is_error { "error" } else { "warning" };
            for (name, value) in [
                ("line", it.line.into()),
                ("column", it.column.into()),
                ("severity", severity.into()),
                ("message", it.message.as_str().into()),
            ] {
                // A fresh object takes every property.
                Reflect::set(&one, &name.into(), &value).ok();
            }
            list.push(&one);
        }
        self.call("setDiagnostics", &[list.into()]);
    }

    fn call(&self, name: &str, arguments: &[JsValue]) {
        let Ok(method) = Reflect::get(&self.handle, &name.into()) else { return };
        let Ok(method) = method.dyn_into::<Function>() else { return };
        let arguments: js_sys::Array = arguments.iter().collect();
        // What the editor throws is in the console; the text is in the editor still.
        method.apply(&self.handle, &arguments).ok();
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        self.call("leave", &[]);
    }
}
