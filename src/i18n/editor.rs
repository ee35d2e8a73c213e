//! The editor, in words.
//!
//! No text of another panel.

/// Every text of the panel; a locale has all of them.
#[derive(Debug)]
pub struct Texts {
    pub title: &'static str,
    pub label: fn(&str) -> String,
    pub opening: &'static str,
    pub saved: &'static str,
    pub typed: &'static str,
    pub saving: &'static str,
    pub wrap: &'static str,
    pub cannot_edit: &'static str,
    pub gone: &'static str,
    pub carried: &'static str,
    pub understood: &'static str,
    pub plain: &'static str,
    pub load_again: &'static str,
    pub clash: &'static str,
    pub keep_typed: &'static str,
    pub take_stored: &'static str,
    pub plain_text: &'static str,
    /// CodeMirror's words and ours for them.
    pub phrases: &'static [(&'static str, &'static str)],
}

pub const EN: Texts = Texts {
    title: "Editor",
    label: |path| format!("Text of {path}"),
    opening: "Opening…",
    saved: "Saved",
    typed: "Not saved yet",
    saving: "Saving…",
    wrap: "Wrap lines",
    cannot_edit: "This file is not shown as text",
    gone: "This file was removed while it was open. What you typed is still here: copy it, or undo \
           the removal in the file tree",
    carried: "This file changed elsewhere. What you were typing was kept and moved along",
    understood: "OK",
    plain: "The editor could not be loaded, so this is a plain field. What you type is saved all \
            the same",
    load_again: "Load the editor again",
    clash: "This file changed elsewhere in the place where you are typing. Nothing is saved until \
            you choose",
    keep_typed: "Keep mine",
    take_stored: "Take the other",
    plain_text: "Plain text",
    phrases: &[
        ("next", "Next"),
        ("previous", "Previous"),
        ("all", "All"),
        ("match case", "Match case"),
        ("regexp", "Regular expression"),
        ("by word", "Whole word"),
        ("replace", "Replace"),
        ("replace all", "Replace all"),
        ("Go to line", "Go to line"),
        ("go", "Go"),
        ("close", "Close"),
    ],
};
