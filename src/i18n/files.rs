//! The file tree, in words.
//!
//! No text of another panel.

/// Every text of the panel; a locale has all of them.
#[derive(Debug)]
pub struct Texts {
    pub title: &'static str,
    pub empty_title: &'static str,
    pub empty_text: &'static str,
    pub new_file: &'static str,
    pub new_folder: &'static str,
    pub new_file_name: &'static str,
    pub new_folder_name: &'static str,
    pub new_file_in: fn(&str) -> String,
    pub upload: &'static str,
    pub close_all: &'static str,
    pub open: &'static str,
    pub rename: &'static str,
    pub new_name: fn(&str) -> String,
    pub remove: &'static str,
    pub copy_path: &'static str,
    pub copied: &'static str,
    pub not_copied: &'static str,
    pub more: fn(&str) -> String,
    pub actions: &'static str,
    pub added: &'static str,
    pub modified: &'static str,
    pub inside: &'static str,
    pub undo: &'static str,
    pub dismiss: &'static str,
    pub exists: fn(&str) -> String,
    pub left_out: fn(&[String]) -> String,
    pub drop_here: &'static str,
}

pub const EN: Texts = Texts {
    title: "Files",
    empty_title: "No files yet",
    empty_text: "Ask for something in the chat, make a file, or drop files here.",
    new_file: "New file",
    new_folder: "New folder",
    new_file_name: "Name of the new file",
    new_folder_name: "Name of the new folder",
    new_file_in: |folder| format!("First file in {folder}"),
    upload: "Upload files",
    close_all: "Close all folders",
    open: "Open",
    rename: "Rename",
    new_name: |path| format!("New name of {path}"),
    remove: "Delete",
    copy_path: "Copy path",
    copied: "Path copied",
    not_copied: "The browser did not allow copying. The path is in the row's tooltip",
    more: |name| format!("More for {name}"),
    actions: "File actions",
    added: "Added since the last commit",
    modified: "Changed since the last commit",
    inside: "Holds changes since the last commit",
    undo: "Undo",
    dismiss: "Dismiss",
    exists: |path| format!("`{path}` is there already; choose another name"),
    left_out: |names| {
        let shown = names.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
        let more = names.len().saturating_sub(3);
        let rest = if more == 0 { String::new() } else { format!(" and {more} more") };
        format!("Left out, because larger than 50 MB or not readable: {shown}{rest}")
    },
    drop_here: "Drop files here to add them",
};
