//! The menu of a row, on right click, on its `…` button and on the menu key.

use leptos::prelude::*;

use super::{Tree, draft::Draft, row::element_id, tree::parent};
use crate::{
    browser::dom,
    ui::{Choice, Icon},
};

impl Tree {
    pub(super) fn choices(self) -> Vec<Choice> {
        let Some((path, is_folder)) = self.menu_for.get() else { return Vec::new() };
        let texts = self.texts;
        let folder = if is_folder { path.clone() } else { parent(&path).to_owned() };
        let with = |act: fn(Self, String)| {
            let path = path.clone();
            move || act(self, path.clone())
        };
        let within = |act: fn(Self, String)| {
            let folder = folder.clone();
            move || act(self, folder.clone())
        };
        let open = Choice::new(texts.open, with(|tree, path| tree.desk.open_file(&path, None)));
        let mut choices = vec![
            Choice::new(texts.new_file, within(|tree, folder| tree.begin_new_in(folder, false)))
                .icon(Icon::FilePlus),
            Choice::new(texts.new_folder, within(|tree, folder| tree.begin_new_in(folder, true)))
                .icon(Icon::FolderPlus),
            Choice::new(
                texts.rename,
                with(|tree, path| tree.draft.set(Some(Draft::Rename { path }))),
            )
            .icon(Icon::Pencil)
            .keys("F2"),
            Choice::new(texts.copy_path, with(Self::copy_path)).icon(Icon::Copy),
            Choice::new(texts.remove, with(Self::remove)).icon(Icon::Trash).keys("Del").danger(),
        ];
        if !is_folder {
            choices.insert(0, open.icon(Icon::FileCode));
        }
        choices
    }

    pub(super) fn show_menu(self, path: &str, is_folder: bool, at: (i32, i32)) {
        self.active.set(Some(path.to_owned()));
        self.menu_for.set(Some((path.to_owned(), is_folder)));
        let menu = self.menu;
        // The choices are drawn first, so that the menu has its size when it is placed.
        dom::after(0, move || {
            if let Some(menu) = menu.try_get_untracked().flatten() {
                dom::popover_at(&menu, f64::from(at.0), f64::from(at.1));
            }
        });
    }

    pub(super) fn show_menu_at_row(self, path: &str, is_folder: bool) {
        let at = dom::middle_of(&element_id(path)).unwrap_or_default();
        self.show_menu(path, is_folder, at);
    }

    fn copy_path(self, path: String) {
        let (desk, texts) = (self.desk, self.texts);
        dom::copy(&path, move |copied| {
            desk.say(if copied { texts.copied } else { texts.not_copied });
        });
    }
}
