//! What is done with chosen or dropped files.

use link::{
    Wish,
    home::{self, ImportedFile},
};

use crate::{browser::dom::Picked, i18n::texts, page::Desk};

/// Named files in a message before the rest is only dots.
const MAX_NAMED: usize = 5;

/// Makes a project of a folder or a zip; single files go into the open project, or make one.
pub fn take(desk: Desk, picked: Picked) {
    let text = &texts().shell;
    match picked {
        Picked::Zip { name, bytes } => {
            desk.wish(Wish::Home(home::Wish::ImportZip { name, bytes }));
        }
        Picked::Folder { name, files, left_out } => {
            tell(desk, &left_out);
            desk.wish(Wish::Home(home::Wish::ImportFolder { name, files }));
        }
        Picked::Files { files, left_out } => {
            tell(desk, &left_out);
            single(desk, files);
        }
        Picked::Nothing => desk.say(text.nothing_picked),
    }
}

fn single(desk: Desk, files: Vec<ImportedFile>) {
    let Some(first) = files.first() else { return };
    if leptos::prelude::untrack(|| desk.at_work()) {
        for ImportedFile { path, bytes } in files {
            desk.wish(Wish::Files(link::files::Wish::Upload { path, bytes }));
        }
        return;
    }
    let stem = first.path.rsplit_once('.').map_or(first.path.as_str(), |(stem, _)| stem);
    let name = stem.to_owned();
    desk.wish(Wish::Home(home::Wish::ImportFolder { name, files }));
}

fn tell(desk: Desk, left_out: &[String]) {
    if left_out.is_empty() {
        return;
    }
    let mut named = left_out.iter().take(MAX_NAMED).cloned().collect::<Vec<_>>().join(", ");
    if left_out.len() > MAX_NAMED {
        named.push('…');
    }
    let text = (texts().shell.left_out)(&named);
    desk.wish(Wish::Status(link::status::Wish::Report { text }));
}
