//! The file tree, in words.
//!
//! No text of another panel.

/// Every text of the panel; a locale has all of them.
#[derive(Debug)]
pub struct Texts {
    pub title: &'static str,
}

pub const EN: Texts = Texts { title: "Files" };
