//! One open file: its path, whether it is saved, and the editor. Style: `style/workbench/editor.css`.
//!
//! It brings texts and saves to and from the editor's module, or the plain field in its place. What
//! the columns and tabs around it do is the workbench's business.

use leptos::prelude::*;

mod notice;
mod plain;
mod surface;

use surface::Surface;

use crate::{
    i18n::texts,
    page::{Desk, Views},
    ui::{Empty, Icon, IconButton},
};

/// Whether what is shown is what is stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Kept {
    #[default]
    Saved,
    Typed,
    Saving,
}

impl Kept {
    fn name(self) -> &'static str {
        match self {
            Self::Saved => "saved",
            Self::Typed => "typed",
            Self::Saving => "saving",
        }
    }
}

/// What a document is, without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Found {
    /// The core has not sent it yet.
    Opening,
    Text,
    /// Why it is not shown as text.
    Note(String),
}

#[component]
pub fn EditorPane(views: Views, #[prop(into)] path: Signal<String>) -> impl IntoView {
    let path = Memo::new(move |_| path.get());
    // A file keeps its own surface; another file is another one.
    move || view! { <File views path=path.get() /> }
}

#[component]
fn File(views: Views, path: String) -> impl IntoView {
    let texts = &texts().editor;
    let desk = expect_context::<Desk>();
    let path = StoredValue::new(path);
    let kept = RwSignal::new(Kept::default());
    let wrap =
        RwSignal::new(path.with_value(|it| language_of(it).is_none_or(|it| it == "Markdown")));
    let found = Memo::new(move |was: Option<&Found>| {
        let now = path.with_value(|path| find(&views, path));
        // What was shown as text stays, so that nothing typed goes with a file that is removed.
        match was {
            Some(Found::Text) => Found::Text,
            Some(Found::Opening | Found::Note(_)) | None => now,
        }
    });
    let gone = move || {
        let now = path.with_value(|path| find(&views, path));
        *found.read() == Found::Text && matches!(now, Found::Note(_))
    };
    note_unsaved(desk, path, kept);
    let said = move || match kept.get() {
        Kept::Saved => texts.saved,
        Kept::Typed => texts.typed,
        Kept::Saving => texts.saving,
    };
    let language = path.with_value(|it| language_of(it)).unwrap_or(texts.plain_text);
    view! {
        <section class="editor" aria-label=texts.title>
            <header class="editor__bar">
                <bdi class="editor__path" dir="ltr">{path.get_value()}</bdi>
                <span class="editor__state" data-state=move || kept.get().name() role="status">{said}</span>
                <span class="editor__language">{language}</span>
                <IconButton
                    icon=Icon::List
                    label=texts.wrap
                    keys="Alt+Z"
                    pressed=Signal::from(wrap)
                    on_press=move |()| wrap.update(|it| *it = !*it)
                />
            </header>
            <Show when=gone>
                <notice::Notice text=texts.gone />
            </Show>
            {move || match found.get() {
                Found::Opening => view! { <p class="editor__opening">{texts.opening}</p> }.into_any(),
                Found::Note(why) => {
                    view! { <Empty icon=Icon::File title=texts.cannot_edit text=why /> }.into_any()
                }
                Found::Text => view! { <Surface views path=path.get_value() kept wrap /> }.into_any(),
            }}
        </section>
    }
}

fn find(views: &Views, path: &str) -> Found {
    views.editor.with(|view| {
        let Ok(at) = view.documents.binary_search_by(|it| it.path.as_str().cmp(path)) else {
            return Found::Opening;
        };
        let note = &view.documents[at].note;
        if note.is_empty() { Found::Text } else { Found::Note(note.clone()) }
    })
}

/// Tells the desk which files hold something that is not stored.
fn note_unsaved(desk: Desk, path: StoredValue<String>, kept: RwSignal<Kept>) {
    Effect::new(move || {
        let path = path.get_value();
        let saved = kept.get() == Kept::Saved;
        if desk.unsaved.with_untracked(|it| it.contains(&path)) == saved {
            desk.unsaved.update(|it| {
                if saved {
                    it.remove(&path)
                } else {
                    it.insert(path)
                };
            });
        }
    });
    on_cleanup(move || {
        let path = path.get_value();
        desk.unsaved.try_update(|it| it.remove(&path));
    });
}

/// Names are not translated.
fn language_of(path: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let (_, extension) = name.rsplit_once('.')?;
    Some(match extension.to_lowercase().as_str() {
        "html" | "htm" | "xhtml" | "svg" => "HTML",
        "css" => "CSS",
        "js" | "mjs" | "cjs" => "JavaScript",
        "jsx" => "JSX",
        "ts" | "mts" | "cts" => "TypeScript",
        "tsx" => "TSX",
        "json" | "jsonc" | "map" | "webmanifest" => "JSON",
        "md" | "markdown" => "Markdown",
        "rs" => "Rust",
        "py" | "pyi" => "Python",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
