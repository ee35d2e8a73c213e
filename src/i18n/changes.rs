//! The review of changes, in words.
//!
//! No text of another panel.

/// Every text of the panel; a locale has all of them.
#[derive(Debug)]
pub struct Texts {
    pub title: &'static str,
    pub empty_title: &'static str,
    pub empty_text: &'static str,
    pub apply: fn(usize) -> String,
    pub apply_about: &'static str,
    pub reject_all: &'static str,
    pub previewed: &'static str,
    pub previewed_about: &'static str,
    pub side_by_side: &'static str,
    pub accept: fn(&str) -> String,
    pub conflict: &'static str,
    pub open: &'static str,
    pub added: &'static str,
    pub modified: &'static str,
    pub removed: &'static str,
    pub moved: &'static str,
    pub counts: fn(u32, u32) -> String,
    pub show_lines: fn(usize) -> String,
    pub keys: &'static str,
    pub lines: &'static str,
}

pub const EN: Texts = Texts {
    title: "Changes",
    empty_title: "Nothing to review",
    empty_text: "When a reply proposes changes, you see each of them here before it counts.",
    apply: |n| if n == 1 { "Apply 1 file".to_owned() } else { format!("Apply {n} files") },
    apply_about: "Makes one commit of the accepted files and rejects the others",
    reject_all: "Reject all",
    previewed: "Show in preview",
    previewed_about: "The preview runs as if the changes were applied",
    side_by_side: "Side by side",
    accept: |path| format!("Accept {path}"),
    conflict: "You changed the same lines since the reply was made, so this file cannot be applied. \
               Your version stays: leave this file out, or ask for the change again",
    open: "Open in editor",
    added: "added",
    modified: "changed",
    removed: "removed",
    moved: "moved",
    counts: |added, removed| format!("{added} lines added, {removed} removed"),
    show_lines: |n| format!("Show {n} lines"),
    keys: "j and k move, y accepts, n refuses, e opens the editor, Enter applies",
    lines: "Changed lines",
};
