//! One row: a folder, a file, or the field in which a name is typed.
//!
//! What a name means is decided in `draft.rs`.

use leptos::{attr::custom::custom_attribute, html, prelude::*};

use super::{
    Tree,
    draft::Draft,
    tree::{Kind, Row, State},
};
use crate::{
    browser::dom,
    ui::{Icon, Pictogram},
};

/// Element ids take no spaces.
pub(super) fn element_id(path: &str) -> String {
    let plain = path.chars().map(|it| if it.is_whitespace() { '_' } else { it });
    plain.fold("file-".to_owned(), |mut id, letter| {
        id.push(letter);
        id
    })
}

#[component]
pub(super) fn RowLine(tree: Tree, row: Row) -> impl IntoView {
    let indent = format!("{}px", (row.level - 1) * 12);
    if row.kind == Kind::Draft {
        return view! {
            <div class="files__row" role="presentation">
                <span class="files__indent" style:width=indent></span>
                <Pictogram icon=Icon::File />
                <NameField tree />
            </div>
        }
        .into_any();
    }
    let open = match row.kind {
        Kind::Folder { open } => Some(open),
        Kind::File | Kind::Draft => None,
    };
    let path = StoredValue::new(row.path.clone());
    let is = move |other: &Option<String>| path.with_value(|it| other.as_ref() == Some(it));
    let renamed = Memo::new(move |_| {
        tree.draft.with(|draft| match draft {
            Some(Draft::Rename { path: it }) => is(&Some(it.clone())),
            Some(Draft::NewFile { .. } | Draft::NewFolder { .. }) | None => false,
        })
    });
    let folder = match row.kind {
        Kind::Folder { .. } => row.path.clone(),
        Kind::File | Kind::Draft => super::tree::parent(&row.path).to_owned(),
    };
    let over = folder.clone();
    let kind = row.kind;
    let name = row.name.clone();
    view! {
        <div
            class="files__row"
            role="treeitem"
            id=element_id(&row.path)
            title=row.path
            aria-label=row.name
            {..custom_attribute("aria-level", row.level.to_string())}
            aria-posinset=row.place.0.to_string()
            aria-setsize=row.place.1.to_string()
            aria-expanded=open.map(|it| it.to_string())
            aria-selected=move || is(&tree.shown_path()).to_string()
            aria-description=mark_of(tree, row.state).map(|it| it.1)
            data-active=move || is(&tree.active.get()).then_some("")
            data-state=mark_of(tree, row.state).map(|it| it.2)
            data-over=move || {
                let over_this = tree.over.with(|it| it.as_deref() == Some(over.as_str()));
                (open.is_some() && over_this).then_some("")
            }
            draggable="true"
            on:click=move |_| tree.press(&path.get_value(), kind)
            on:contextmenu=move |ev| {
                ev.prevent_default();
                tree.show_menu(&path.get_value(), open.is_some(), (ev.client_x(), ev.client_y()));
            }
            on:dragstart=move |ev| tree.drag(&ev, &path.get_value())
            on:dragover={
                let folder = folder.clone();
                move |ev| tree.drag_over(&ev, &folder)
            }
            on:drop=move |ev| tree.drop_on(&ev, &folder)
        >
            <span class="files__indent" style:width=indent></span>
            <span class="files__turn">
                {open.map(|open| {
                    let icon = if open { Icon::ChevronDown } else { Icon::ChevronRight };
                    view! { <Pictogram icon /> }
                })}
            </span>
            <Pictogram icon=icon_of(&row.name, open) />
            <Show
                when=move || renamed.get()
                fallback=move || view! { <bdi class="files__name">{name.clone()}</bdi> }
            >
                <NameField tree />
            </Show>
            {mark_of(tree, row.state)
                .map(|(letter, _, _)| view! { <span class="files__mark" aria-hidden="true" data-letter=letter></span> })}
            <MoreButton tree path is_folder=open.is_some() />
        </div>
    }
    .into_any()
}

/// Not a stop of the Tab key: the context menu key does the same.
#[component]
fn MoreButton(tree: Tree, path: StoredValue<String>, is_folder: bool) -> impl IntoView {
    view! {
        <button
            type="button"
            class="files__more"
            tabindex="-1"
            aria-label=path.with_value(|it| (tree.texts.more)(super::tree::name(it)))
            on:click=move |ev| {
                ev.stop_propagation();
                tree.show_menu(&path.get_value(), is_folder, (ev.client_x(), ev.client_y()));
            }
        >
            <Pictogram icon=Icon::Ellipsis />
        </button>
    }
}

/// The field of the draft. Enter takes the name, Escape and leaving an empty field give it up.
#[component]
fn NameField(tree: Tree) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    let wrong = RwSignal::new(None::<String>);
    let own = tree.draft.get_untracked();
    let start = move || {
        tree.draft.with(|it| it.as_ref().map(|it| it.start().to_owned())).unwrap_or_default()
    };
    let label = move || {
        tree.draft.with(|draft| match draft {
            Some(Draft::Rename { path }) => (tree.texts.new_name)(path),
            Some(Draft::NewFolder { .. }) => tree.texts.new_folder_name.to_owned(),
            Some(Draft::NewFile { folder }) if !folder.is_empty() => {
                (tree.texts.new_file_in)(folder)
            }
            Some(Draft::NewFile { .. }) | None => tree.texts.new_file_name.to_owned(),
        })
    };
    Effect::new(move || {
        let (Some(field), true) = (field.get(), tree.draft.read().is_some()) else { return };
        field.set_value(&start());
        dom::select_stem(&field);
    });
    let take = move || {
        let Some(field) = field.get_untracked() else { return };
        wrong.set(tree.take_name(&field.value()));
        if tree.draft.read_untracked().is_none() {
            tree.focus();
        }
    };
    view! {
        <input
            class="files__field"
            type="text"
            autocomplete="off"
            spellcheck="false"
            node_ref=field
            aria-label=label
            placeholder=label
            value=start
            aria-invalid=move || wrong.read().is_some().then_some("true")
            aria-description=move || wrong.get()
            title=move || wrong.get()
            on:click=|ev| ev.stop_propagation()
            on:keydown=move |ev| {
                ev.stop_propagation();
                match ev.key().as_str() {
                    "Enter" if !ev.is_composing() => {
                        ev.prevent_default();
                        take();
                    }
                    "Escape" => {
                        tree.draft.set(None);
                        tree.focus();
                    }
                    _ => {}
                }
            }
            on:blur=move |_| {
                let Some(field) = field.get_untracked() else { return };
                // A field that gives way to the next one is left, too; its name is taken already.
                let current = own.is_some() && *tree.draft.read_untracked() == own;
                // Leaving takes a good name and gives up a bad one.
                if current && tree.take_name(&field.value()).is_some() {
                    tree.draft.set(None);
                }
            }
        />
        {move || wrong.get().map(|it| view! { <span class="files__wrong" role="alert">{it}</span> })}
    }
}

/// A letter, what it means, and its name for style sheets.
fn mark_of(tree: Tree, state: State) -> Option<(&'static str, &'static str, &'static str)> {
    match state {
        State::Same => None,
        State::Added => Some(("A", tree.texts.added, "added")),
        State::Modified => Some(("M", tree.texts.modified, "modified")),
        State::Inside => Some(("•", tree.texts.inside, "inside")),
    }
}

fn icon_of(name: &str, open: Option<bool>) -> Icon {
    match open {
        Some(true) => return Icon::FolderOpen,
        Some(false) => return Icon::Folder,
        None => {}
    }
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "png" | "jpg" | "jpeg" | "gif" | "webp" | "svg" | "ico" | "avif" => Icon::Image,
        "html" | "htm" | "css" | "js" | "mjs" | "cjs" | "jsx" | "ts" | "tsx" | "json" | "rs"
        | "py" | "toml" => Icon::FileCode,
        _ => Icon::File,
    }
}
