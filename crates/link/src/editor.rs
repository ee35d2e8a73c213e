//! Open documents of a tab, in up to two columns.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// Every document that some column shows, sorted by path.
    pub documents: Vec<Document>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    pub path: String,
    /// The text as it is stored. The page holds what is being typed.
    pub text: String,
    /// Names the stored text; a save says on which one it is based.
    pub version: String,
    /// Why it cannot be edited as text: binary, too large, gone. Empty otherwise.
    pub note: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wish {
    /// The page wants these documents: the columns' open tabs.
    Show { paths: Vec<String> },
    /// Saves what was typed as differences to `base`; positions count UTF-16 units of the old text,
    /// in order, without overlap. The view's new `version` is the acknowledgement.
    Save { path: String, base: String, changes: Vec<TextChange> },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextChange {
    pub from: u32,
    pub to: u32,
    pub insert: String,
}
