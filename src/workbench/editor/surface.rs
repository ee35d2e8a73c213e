//! Where a document's text is shown and typed: the editor's module, or a plain field until it is
//! there.
//!
//! Both keep the same promise; what they do for it is in `plain.rs` and in `web/editor/`.

use std::{cell::RefCell, rc::Rc};

use leptos::{html, prelude::*};
use link::{
    Wish,
    editor::{self, TextChange},
};

use super::{
    Kept,
    notice::Notice,
    plain::{Plain, change_between},
};
use crate::{
    browser::{
        dom,
        editor::{Editor, Said, Start, load, open},
    },
    i18n::{self, texts},
    page::{Desk, Views, arrange},
    ui::Button,
};

/// After the last key.
const REST_MS: i32 = 500;

/// One document on the screen.
#[derive(Clone, Copy)]
struct Sheet {
    desk: Desk,
    views: Views,
    texts: &'static i18n::editor::Texts,
    path: StoredValue<String>,
    kept: RwSignal<Kept>,
    wrap: RwSignal<bool>,
    /// Typed text was carried over a change from elsewhere, and the person does not know yet.
    carried: RwSignal<bool>,
    mode: RwSignal<Mode>,
    plain: RwSignal<Plain>,
    /// Lives in the page's only thread.
    editor: StoredValue<Option<Rc<Editor>>, LocalStorage>,
    /// The text that the editor was last told to be stored.
    told: StoredValue<RefCell<(String, String)>, LocalStorage>,
    rest: StoredValue<dom::Timer, LocalStorage>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// The plain field, while the editor is on its way.
    Loading,
    Editor,
    /// The plain field, because the editor did not come.
    Plain,
}

#[component]
pub(super) fn Surface(
    views: Views,
    path: String,
    kept: RwSignal<Kept>,
    wrap: RwSignal<bool>,
) -> impl IntoView {
    let texts = &texts().editor;
    let (version, text) = stored(&views, &path).unwrap_or_default();
    let sheet = Sheet {
        desk: expect_context::<Desk>(),
        views,
        texts,
        path: StoredValue::new(path),
        kept,
        wrap,
        carried: RwSignal::new(false),
        mode: RwSignal::new(Mode::Loading),
        plain: RwSignal::new(Plain::new(version, text)),
        editor: StoredValue::new_local(None),
        told: StoredValue::new_local(RefCell::default()),
        rest: StoredValue::new_local(dom::Timer::default()),
    };
    let place = NodeRef::<html::Div>::new();
    Effect::new(move || {
        if let (Some(place), Mode::Loading) = (place.get(), sheet.mode.get()) {
            load(move |loaded| sheet.begin(&place, loaded));
        }
    });
    sheet.listen();
    let clash = move || sheet.plain.read().clash;
    view! {
        <Show when=move || sheet.carried.get()>
            <Notice text=texts.carried>
                <Button label=texts.understood on_press=move |()| sheet.carried.set(false) />
            </Notice>
        </Show>
        <Show when=clash>
            <Notice text=texts.clash>
                <Button label=texts.keep_typed on_press=move |()| sheet.decide(true) />
                <Button label=texts.take_stored on_press=move |()| sheet.decide(false) />
            </Notice>
        </Show>
        <Show when=move || sheet.mode.get() == Mode::Plain>
            <Notice text=texts.plain>
                <Button label=texts.load_again on_press=move |()| sheet.mode.set(Mode::Loading) />
            </Notice>
        </Show>
        <div class="editor__surface" node_ref=place></div>
        <Show when=move || sheet.mode.get() != Mode::Editor>
            <textarea
                class="editor__plain"
                spellcheck="false"
                autocapitalize="off"
                aria-label=(texts.label)(&sheet.path.get_value())
                prop:value=move || sheet.plain.with(|it| it.text().to_owned())
                on:input:target=move |ev| sheet.typed_plainly(ev.target().value())
                on:change=move |_| sheet.save()
            ></textarea>
        </Show>
    }
}

fn stored(views: &Views, path: &str) -> Option<(String, String)> {
    views.editor.with_untracked(|view| {
        let document = view.documents.iter().find(|it| it.path == path && it.note.is_empty())?;
        Some((document.version.clone(), document.text.clone()))
    })
}

impl Sheet {
    /// Follows what comes down, and what the rest of the page asks of an editor.
    fn listen(self) {
        let version = Memo::new(move |_| {
            let path = self.path.get_value();
            self.views.editor.with(|view| {
                let document = view.documents.iter().find(|it| it.path == path);
                document.filter(|it| it.note.is_empty()).map(|it| it.version.clone())
            })
        });
        Effect::new(move || {
            if version.get().is_some() {
                self.follow();
            }
        });
        Effect::new(move |asked: Option<u64>| {
            let now = self.desk.save_asked.get();
            if asked.is_some_and(|it| it != now) {
                self.save();
            }
            now
        });
        Effect::new(move || {
            let wrap = self.wrap.get();
            self.with_editor(|editor| editor.set_wrap(wrap));
        });
        Effect::new(move || {
            self.desk.place.track();
            self.go_to_place();
        });
        on_cleanup(move || {
            self.rest.with_value(dom::Timer::stop);
            self.save();
            // Dropping the editor saves, too, and leaves the document.
            self.editor.try_update_value(Option::take);
        });
    }

    /// The module has come, or it will not.
    fn begin(self, place: &web_sys::HtmlDivElement, loaded: bool) {
        // The file may have been closed while the module was loading.
        let Some(plain) = self.plain.try_get_untracked() else { return };
        if self.mode.get_untracked() != Mode::Loading {
            return;
        }
        let path = self.path.get_value();
        let project = self.views.workbench.with_untracked(|it| it.project.clone());
        let scroll = format!("file:{path}");
        let start = Start {
            key: format!("{project}/{path}"),
            label: (self.texts.label)(&path),
            top: self
                .desk
                .layout
                .with_untracked(|it| arrange::scroll_of(it, &scroll))
                .unwrap_or(0.0),
            text: plain.stored.clone(),
            version: plain.version.clone(),
            typed: plain.typed.clone(),
            wrap: self.wrap.get_untracked(),
            read_only: false,
            phrases: self.texts.phrases.to_vec(),
            path,
        };
        let editor = if loaded { open(place, &start, move |said| self.hear(said)) } else { None };
        let Some(editor) = editor else {
            self.mode.set(Mode::Plain);
            return;
        };
        self.told.with_value(|told| *told.borrow_mut() = (plain.version, plain.stored));
        self.editor.set_value(Some(Rc::new(editor)));
        self.rest.with_value(dom::Timer::stop);
        self.mode.set(Mode::Editor);
        self.follow();
        self.go_to_place();
    }

    /// The editor is held while it is called: what it says back may end it.
    fn with_editor(self, act: impl FnOnce(&Editor)) -> bool {
        let editor = self.editor.try_with_value(Option::clone).flatten();
        editor.as_ref().map(|it| act(it)).is_some()
    }

    fn follow(self) {
        let path = self.path.get_value();
        let Some((version, text)) = stored(&self.views, &path) else { return };
        if self.mode.get_untracked() != Mode::Editor {
            if self.plain.with_untracked(|it| it.version != version) {
                self.plain.update(|it| it.follow(version, text));
                self.say_plainly();
            }
            return;
        }
        let change = self.told.with_value(|told| {
            let mut told = told.borrow_mut();
            if told.0 == version {
                return None;
            }
            let change = change_between(&told.1, &text);
            *told = (version.clone(), text);
            Some(change)
        });
        if let Some(change) = change {
            self.with_editor(|editor| editor.stored(&version, change.as_ref()));
        }
    }

    fn hear(self, said: Said) {
        if self.kept.is_disposed() {
            return;
        }
        match said {
            Said::Save { base, changes } => self.send(base, changes),
            Said::Saved => self.kept.set(Kept::Saved),
            Said::Typed => self.kept.set(Kept::Typed),
            Said::Saving => self.kept.set(Kept::Saving),
            Said::Carried => self.carried.set(true),
            Said::Scrolled(top) => {
                let what = format!("file:{}", self.path.get_value());
                self.desk.layout.update(|it| arrange::set_scroll(it, &what, f64::from(top)));
            }
            Said::TurnWrap => self.wrap.update(|it| *it = !*it),
        }
    }

    fn send(self, base: String, changes: Vec<TextChange>) {
        let path = self.path.get_value();
        self.desk.wish(Wish::Editor(editor::Wish::Save { path, base, changes }));
    }

    fn typed_plainly(self, text: String) {
        self.plain.update(|it| it.type_text(text));
        self.say_plainly();
        self.rest.with_value(|it| it.put_off(REST_MS, move || self.save()));
    }

    fn save(self) {
        if self.with_editor(Editor::save) || self.plain.is_disposed() {
            return;
        }
        let base = self.plain.with_untracked(|it| it.version.clone());
        let change = self.plain.try_update(Plain::take_save).flatten();
        if let Some(change) = change {
            self.send(base, vec![change]);
            self.kept.set(Kept::Saving);
        }
    }

    fn say_plainly(self) {
        let typed = self.plain.with_untracked(|it| it.typed.is_some());
        self.kept.set(if typed { Kept::Typed } else { Kept::Saved });
        if typed && !self.rest.with_value(dom::Timer::is_waiting) {
            self.rest.with_value(|it| it.put_off(REST_MS, move || self.save()));
        }
    }

    fn decide(self, keep_typed: bool) {
        self.plain.update(|it| it.decide(keep_typed));
        self.say_plainly();
        self.save();
    }

    /// Takes the place that the desk names, when it is in this file.
    fn go_to_place(self) {
        let place = self.desk.place.get_untracked();
        let Some(place) = place.filter(|it| self.path.with_value(|path| it.path == *path)) else {
            return;
        };
        let taken = self.with_editor(|editor| match place.line {
            Some(line) => editor.reveal(line),
            None => editor.focus(),
        });
        if taken {
            self.desk.place.set(None);
        }
    }
}
