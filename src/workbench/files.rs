//! The file tree: open, make, rename, move, remove, upload. Style: `style/workbench/files.css`.
//!
//! Only the rows in sight are in the document, so that ten thousand files are as quick as ten; the
//! tree itself keeps the focus and says which row it is on. What a file operation does to files is
//! the core's business.

use std::collections::BTreeSet;

use leptos::{html, prelude::*};
use link::{Wish, files};

mod draft;
mod keys;
mod menu;
mod row;
mod transfer;
mod tree;

use draft::{Draft, Meaning};
use tree::{Kind, Row};

use crate::{
    browser::dom,
    i18n::{self, texts},
    page::{Desk, Views, arrange},
    ui::{Button, Empty, Icon, IconButton, MenuList},
};

/// A row's height in CSS pixels; `style/workbench/files.css` has the same.
const ROW_PX: f64 = 26.0;
/// Rows kept ready above and below the ones in sight.
const N_BEYOND: usize = 12;

/// What the parts of this panel share.
#[derive(Debug, Clone, Copy)]
struct Tree {
    desk: Desk,
    texts: &'static i18n::files::Texts,
    rows: Memo<Vec<Row>>,
    /// The row that keys act on, by path.
    active: RwSignal<Option<String>>,
    draft: RwSignal<Option<Draft>>,
    /// The folder that something is dragged over; "" is the root.
    over: RwSignal<Option<String>>,
    /// What the open menu is about.
    menu_for: RwSignal<Option<(String, bool)>>,
    menu: NodeRef<html::Div>,
    scroller: NodeRef<html::Div>,
}

#[component]
pub fn FilesPanel(views: Views) -> impl IntoView {
    let texts = &texts().files;
    let desk = expect_context::<Desk>();
    let draft = RwSignal::new(None::<Draft>);
    let rows = Memo::new(move |_| {
        let closed = desk.layout.with(|it| it.collapsed_folders.iter().cloned().collect());
        draft.with(|draft| {
            let folder = draft.as_ref().and_then(|it| it.folder());
            views.files.with(|view| tree::rows(&view.files, &closed, folder))
        })
    });
    let tree = Tree {
        desk,
        texts,
        rows,
        active: RwSignal::new(None),
        draft,
        over: RwSignal::new(None),
        menu_for: RwSignal::new(None),
        menu: NodeRef::new(),
        scroller: NodeRef::new(),
    };
    let empty = move || rows.read().is_empty();
    view! {
        <section
            class="files"
            aria-label=texts.title
            data-over=move || (tree.over.read().as_deref() == Some("")).then_some("")
            on:dragover=move |ev| tree.drag_over(&ev, "")
            on:dragleave=move |_| tree.over.set(None)
            on:drop=move |ev| tree.drop_on(&ev, "")
        >
            <Bar tree />
            <Show when=empty>
                <Empty icon=Icon::FilePlus title=texts.empty_title text=texts.empty_text>
                    <Button label=texts.new_file on_press=move |()| tree.begin_new(false) />
                </Empty>
            </Show>
            <Show when=move || !empty()>
                <Rows tree />
            </Show>
            <UndoBar views texts />
            <MenuList label=texts.actions choices=Signal::derive(move || tree.choices()) list=tree.menu />
        </section>
    }
}

#[component]
fn Bar(tree: Tree) -> impl IntoView {
    let texts = tree.texts;
    view! {
        <header class="files__bar">
            <h2 class="files__title">{texts.title}</h2>
            <IconButton icon=Icon::FilePlus label=texts.new_file on_press=move |()| tree.begin_new(false) />
            <IconButton icon=Icon::FolderPlus label=texts.new_folder on_press=move |()| tree.begin_new(true) />
            <IconButton
                icon=Icon::Upload
                label=texts.upload
                on_press=move |()| dom::click(".files__upload")
            />
            <IconButton icon=Icon::List label=texts.close_all on_press=move |()| tree.close_all() />
            <input
                class="files__upload"
                type="file"
                multiple
                hidden
                aria-label=texts.upload
                on:change:target=move |ev| {
                    let folder = tree.folder_at_hand();
                    dom::picked(ev.target().files(), move |picked| tree.upload(&folder, picked));
                    ev.target().set_value("");
                }
            />
        </header>
    }
}

#[component]
fn Rows(tree: Tree) -> impl IntoView {
    let top = RwSignal::new(0.0_f64);
    let height = RwSignal::new(800.0_f64);
    let window = Memo::new(move |_| {
        let n_rows = tree.rows.with(Vec::len);
        // Lengths on a screen are small and not negative.
        let first = ((top.get() / ROW_PX) as usize).saturating_sub(N_BEYOND).min(n_rows);
        let n_shown = (height.get() / ROW_PX) as usize + 1 + 2 * N_BEYOND;
        (first, (first + n_shown).min(n_rows))
    });
    let measure = move || {
        let Some(scroller) = tree.scroller.try_get_untracked().flatten() else { return };
        top.set(f64::from(scroller.scroll_top()));
        height.set(f64::from(scroller.client_height()));
    };
    // The first measure waits for the element to have a size.
    Effect::new(move || {
        if tree.scroller.get().is_some() {
            dom::after(0, measure);
        }
    });
    let shown = move || {
        let (first, end) = window.get();
        tree.rows.with(|rows| rows.get(first..end).map(<[Row]>::to_vec).unwrap_or_default())
    };
    let space = move |rows: usize| format!("{}px", rows as f64 * ROW_PX);
    let active_id = move || tree.active.get().map(|path| row::element_id(&path));
    view! {
        <div class="files__scroller" node_ref=tree.scroller on:scroll=move |_| measure()>
            <div
                class="files__tree"
                role="tree"
                tabindex="0"
                aria-label=tree.texts.title
                aria-activedescendant=active_id
                on:keydown=move |ev| tree.key(&ev)
                on:focus=move |_| tree.focus_first()
            >
                <div role="presentation" style:height=move || space(window.get().0)></div>
                <For each=shown key=Clone::clone children=move |it| view! { <row::RowLine tree row=it /> } />
                <div
                    role="presentation"
                    style:height=move || space(tree.rows.with(Vec::len) - window.get().1.min(tree.rows.with(Vec::len)))
                ></div>
            </div>
        </div>
    }
}

/// The last operation, with the way back, until it is dismissed.
#[component]
fn UndoBar(views: Views, texts: &'static i18n::files::Texts) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let dismissed = RwSignal::new(String::new());
    let undo = Memo::new(move |_| views.files.with(|it| it.undo.clone()));
    let shown = move || !undo.read().is_empty() && *undo.read() != *dismissed.read();
    view! {
        <div class="files__undo" role="status">
            <Show when=shown>
                <span class="files__undone">{undo}</span>
                <Button label=texts.undo on_press=move |()| desk.wish(Wish::Files(files::Wish::Undo)) />
                <IconButton
                    icon=Icon::Close
                    label=texts.dismiss
                    on_press=move |()| dismissed.set(undo.get_untracked())
                />
            </Show>
        </div>
    }
}

impl Tree {
    fn wish(self, wish: files::Wish) {
        self.desk.wish(Wish::Files(wish));
    }

    /// The path that the last used column shows.
    fn shown_path(self) -> Option<String> {
        let column = self.desk.column.get();
        self.desk.layout.with(|layout| {
            let column = layout.columns.get(column)?;
            arrange::path_of(column.tabs.get(column.active)?).map(str::to_owned)
        })
    }

    /// The folder in which something new should appear.
    fn folder_at_hand(self) -> String {
        let Some(active) = self.active.get_untracked() else { return String::new() };
        let is_folder = self.rows.with_untracked(|rows| {
            rows.iter().any(|row| row.path == active && matches!(row.kind, Kind::Folder { .. }))
        });
        if is_folder { active } else { tree::parent(&active).to_owned() }
    }

    fn begin_new(self, folder: bool) {
        self.begin_new_in(self.folder_at_hand(), folder);
    }

    fn begin_new_in(self, parent: String, folder: bool) {
        self.draft.set(Some(if folder {
            Draft::NewFolder { folder: parent }
        } else {
            Draft::NewFile { folder: parent }
        }));
        self.show_draft();
    }

    /// Takes a typed name; returns what is wrong with it, for people.
    fn take_name(self, typed: &str) -> Option<String> {
        let draft = self.draft.get_untracked()?;
        let files = self.desk.views.files;
        let exists = |path: &str| {
            let inner = format!("{path}/");
            files.with_untracked(|view| {
                view.files.iter().any(|it| it.path == path || it.path.starts_with(&inner))
            })
        };
        match draft.read(typed, exists, self.texts) {
            Err(wrong) => return Some(wrong),
            Ok(Meaning::Nothing) => self.draft.set(None),
            Ok(Meaning::Then(next)) => {
                self.draft.set(Some(next));
                self.show_draft();
            }
            Ok(Meaning::Create(path)) => {
                self.draft.set(None);
                self.active.set(Some(path.clone()));
                self.wish(files::Wish::Create { path });
            }
            Ok(Meaning::Move { from, to }) => {
                self.draft.set(None);
                self.active.set(Some(to.clone()));
                self.wish(files::Wish::Move { from, to });
            }
        }
        None
    }

    fn set_open(self, folder: &str, open: bool) {
        self.desk.layout.update(|layout| {
            layout.collapsed_folders.retain(|it| it != folder);
            if !open {
                layout.collapsed_folders.push(folder.to_owned());
            }
        });
    }

    fn close_all(self) {
        let folders: BTreeSet<String> =
            self.desk.views.files.with_untracked(|view| tree::folders(&view.files));
        self.desk.layout.update(|layout| layout.collapsed_folders = folders.into_iter().collect());
    }

    /// Shows a file, or turns a folder. The focus stays in the tree, so that its keys still work.
    fn press(self, path: &str, kind: Kind) {
        self.active.set(Some(path.to_owned()));
        match kind {
            Kind::Folder { open } => self.set_open(path, !open),
            Kind::File => self.desk.show_file(path),
            Kind::Draft => {}
        }
    }

    fn remove(self, path: String) {
        let next = self.rows.with_untracked(|rows| {
            let at = rows.iter().position(|row| row.path == path)?;
            let inner = format!("{path}/");
            let after = rows[at + 1..].iter().find(|row| !row.path.starts_with(&inner));
            after.or_else(|| rows[..at].last()).map(|row| row.path.clone())
        });
        self.active.set(next);
        self.wish(files::Wish::Remove { path });
    }
}

#[cfg(test)]
mod tests;
