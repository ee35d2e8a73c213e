//! The time line, in words.
//!
//! No text of another panel.

/// Every text of the panel; a locale has all of them.
#[derive(Debug)]
pub struct Texts {
    pub title: &'static str,
    pub branch: fn(&str) -> String,
    pub empty_title: &'static str,
    pub empty_text: &'static str,
    pub uncommitted: &'static str,
    pub commit: &'static str,
    pub commit_message: &'static str,
    pub commit_placeholder: &'static str,
    pub rewind: &'static str,
    pub rewind_about: &'static str,
    pub undo: &'static str,
    pub here: &'static str,
    pub own: &'static str,
    pub assisted: &'static str,
    pub safety: &'static str,
    pub rewound: &'static str,
    pub more: &'static str,
    pub no_changes: &'static str,
}

pub const EN: Texts = Texts {
    title: "History",
    branch: |name| format!("Commits of {name}"),
    empty_title: "No history yet",
    empty_text: "Each applied change becomes a commit that you can come back to.",
    uncommitted: "Work that is not committed",
    commit: "Commit",
    commit_message: "What changed",
    commit_placeholder: "Say what changed",
    rewind: "Rewind to here",
    rewind_about: "Makes a new commit whose files equal this one's. It can be undone",
    undo: "Undo rewind",
    here: "You are here",
    own: "by you",
    assisted: "from a reply",
    safety: "kept for safety",
    rewound: "rewind",
    more: "Load more",
    no_changes: "This commit changes no file",
};
