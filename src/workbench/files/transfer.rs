//! What is dragged in the tree and what is dropped on it from outside.

use leptos::{ev::DragEvent, prelude::*};
use link::files;

use super::{Tree, draft::dropped_on, tree::join};
use crate::browser::dom::{self, Picked};

/// The media type of a dragged file or folder of the project.
const PATH: &str = "application/x-easel-path";

impl Tree {
    pub(super) fn drag(self, ev: &DragEvent, path: &str) {
        ev.stop_propagation();
        dom::drag(ev, PATH, path);
    }

    pub(super) fn drag_over(self, ev: &DragEvent, folder: &str) {
        // What a row takes is not the panel's any more.
        if ev.default_prevented() {
            return;
        }
        if dom::carries(ev, PATH) || dom::carries_files(ev) {
            ev.prevent_default();
            if self.over.read_untracked().as_deref() != Some(folder) {
                self.over.set(Some(folder.to_owned()));
            }
        }
    }

    pub(super) fn drop_on(self, ev: &DragEvent, folder: &str) {
        self.over.set(None);
        if ev.default_prevented() {
            return;
        }
        if let Some(from) = dom::dragged(ev, PATH) {
            ev.prevent_default();
            if let Some(to) = dropped_on(&from, folder) {
                self.active.set(Some(to.clone()));
                self.wish(files::Wish::Move { from, to });
            }
        } else if dom::carries_files(ev) {
            ev.prevent_default();
            let folder = folder.to_owned();
            dom::dropped(ev, move |picked| self.upload(&folder, picked));
        }
    }

    pub(super) fn upload(self, folder: &str, picked: Picked) {
        let (prefix, files, left_out) = match picked {
            Picked::Nothing => return,
            Picked::Files { files, left_out } => (folder.to_owned(), files, left_out),
            Picked::Folder { name, files, left_out } => (join(folder, &name), files, left_out),
            Picked::Zip { name, bytes } => {
                let path = join(folder, &format!("{name}.zip"));
                self.wish(files::Wish::Upload { path, bytes });
                return;
            }
        };
        for file in files {
            let path = join(&prefix, &file.path);
            self.wish(files::Wish::Upload { path, bytes: file.bytes });
        }
        if !left_out.is_empty() {
            self.desk.say((self.texts.left_out)(&left_out));
        }
    }
}
