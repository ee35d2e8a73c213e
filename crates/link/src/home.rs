//! The front door: what do you want to make, and what have you made.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// The last used one first.
    pub projects: Vec<ProjectCard>,
    pub templates: Vec<Template>,
    /// The project that this tab has open.
    pub open: Option<String>,
    /// A project was just removed and can be brought back.
    pub removed: Option<ProjectCard>,
    /// What is being loaded or unpacked, for people; empty when nothing is.
    pub busy: String,
    /// A preview's host that the page should visit once, unseen, so that a project made without a
    /// network has one; empty when there are enough.
    pub visit: String,
    /// False until the store has been read: an empty list then means nothing.
    pub loaded: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectCard {
    pub id: String,
    pub name: String,
    /// Milliseconds since the epoch.
    pub used_at_ms: u64,
    pub n_files: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    pub id: String,
    pub name: String,
    pub about: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wish {
    Open {
        project: String,
    },
    /// Makes a project and opens it. With a prompt, sends it as the first message; `demo` chooses
    /// the scripted model for it.
    Create {
        name: Option<String>,
        template: String,
        prompt: Option<String>,
        demo: bool,
    },
    Rename {
        project: String,
        name: String,
    },
    Duplicate {
        project: String,
    },
    /// The page has visited a host, and it answers without a network from now on.
    Visited {
        host: String,
    },
    /// Puts a project away; `Restore` brings it back until another one is removed.
    Remove {
        project: String,
    },
    Restore {
        project: String,
    },
    ImportZip {
        name: String,
        #[serde(with = "serde_bytes")]
        bytes: Vec<u8>,
    },
    /// Files with paths relative to the folder's own name.
    ImportFolder {
        name: String,
        files: Vec<ImportedFile>,
    },
    /// Downloads a zip of the project with its real `.git`.
    Export {
        project: String,
    },
    /// Back to the front door.
    Leave,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedFile {
    pub path: String,
    #[serde(with = "serde_bytes")]
    pub bytes: Vec<u8>,
}
