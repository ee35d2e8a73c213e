//! What the page and the core say to each other.
//!
//! Wishes go up: typed values of one closed enum per panel. Views come down: plain data of one
//! panel, first whole, then as numbered patches; who misses a number asks for the whole view. So
//! the page can only render, and the core can only be asked.
//!
//! Nothing here computes except [`patch`], which finds and applies differences. How messages travel
//! (a worker's port, a broadcast channel) is the business of the app's `browser` folder.

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub mod changes;
pub mod chat;
pub mod editor;
pub mod files;
pub mod history;
pub mod home;
pub mod patch;
pub mod preview;
pub mod settings;
pub mod status;
pub mod workbench;

pub use patch::Patch;

/// A browser tab, named by itself with random letters.
pub type TabId = String;

/// Everything a person can ask for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Wish {
    Home(home::Wish),
    Chat(chat::Wish),
    Files(files::Wish),
    Editor(editor::Wish),
    Changes(changes::Wish),
    History(history::Wish),
    Preview(preview::Wish),
    Settings(settings::Wish),
    Workbench(workbench::Wish),
    Status(status::Wish),
}

/// A panel has one view. The names are the ones that travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Panel {
    Home,
    Chat,
    Files,
    Editor,
    Changes,
    History,
    Preview,
    Settings,
    Workbench,
    Status,
}

impl Panel {
    pub const ALL: [Self; 10] = [
        Self::Home,
        Self::Chat,
        Self::Files,
        Self::Editor,
        Self::Changes,
        Self::History,
        Self::Preview,
        Self::Settings,
        Self::Workbench,
        Self::Status,
    ];
}

/// From a tab to the core.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Up {
    pub tab: TabId,
    pub what: UpKind,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum UpKind {
    Hello(Hello),
    Wish(Box<Wish>),
    /// A number was missing: send this panel whole.
    Resync(Panel),
    /// The tab is closing.
    Bye,
}

/// The first thing a tab says, and says again when the core changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Names the build; a core of another build answers [`DownKind::OtherBuild`].
    pub build: String,
    /// The proxy's token, when the URL's fragment brought one.
    pub token: Option<String>,
    /// The proxy's origin; empty for the page's own.
    pub proxy: String,
    /// The project that the URL names, to be opened at once.
    pub project: Option<String>,
    pub locale: String,
}

/// From the core to a tab.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Down {
    pub tab: TabId,
    pub what: DownKind,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum DownKind {
    /// A panel's view as a whole; the next patch has `number + 1`.
    Whole {
        panel: Panel,
        number: u64,
        view: Value,
    },
    Patches {
        panel: Panel,
        number: u64,
        patches: Vec<Patch>,
    },
    /// Bytes for the person to keep: the page offers them as a download.
    Download {
        name: String,
        media_type: String,
        #[serde(with = "serde_bytes")]
        bytes: Vec<u8>,
    },
    /// A core has come up (again): say hello.
    CoreStarted {
        build: String,
    },
    /// Core and page are of different builds: reload when nothing is unsaved.
    OtherBuild {
        build: String,
    },
    /// Put the cursor somewhere, or show a panel, because a wish led there.
    Reveal(Reveal),
}

/// Something that should come into sight in the tab that asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reveal {
    /// The project is open; the URL follows.
    Project(String),
    Home,
    /// A file, at a line counted from 1.
    Line {
        path: String,
        line: u32,
    },
    Changes,
    Preview,
    /// Settings, because a model is needed before the prompt can be sent.
    Models,
    /// The composer, with this text put at its end.
    Composer {
        text: String,
    },
}
