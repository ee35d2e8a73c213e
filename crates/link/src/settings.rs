//! Settings: models and keys, the person's name, instructions, permissions, looks.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    pub theme: Theme,
    pub author_name: String,
    pub author_email: String,
    /// The global layer of the system prompt, after Easel's own.
    pub instructions: String,
    /// The open project's layer.
    pub project_instructions: String,
    /// Easel's own layer, to read.
    pub built_in_instructions: String,
    pub providers: Vec<Provider>,
    /// The model that names projects by their first prompt; empty for the prompt's first words.
    pub names_model: String,
    pub proxy: ProxyState,
    /// Granted with "Always"; can be revoked.
    pub permissions: Vec<Grant>,
    pub storage: Storage,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    pub id: String,
    /// "openai-compatible" or "anthropic" or "script".
    pub kind: String,
    pub base_url: String,
    /// For people: "saved in the proxy", "in this browser", "from the environment", "missing", "not needed".
    pub key: String,
    pub has_key: bool,
    /// The key is kept in this browser, and the provider asked from here.
    pub direct: bool,
    pub models: Vec<String>,
    pub test: Test,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Test {
    #[default]
    NotRun,
    Running,
    Works {
        message: String,
    },
    /// `hop` is "app", "proxy", "provider", "key" or "model".
    Failed {
        hop: String,
        message: String,
    },
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProxyState {
    #[default]
    Unknown,
    Connected {
        version: String,
    },
    /// For people: why, and what to do.
    Unreachable {
        why: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    pub id: String,
    /// `edit src/**`
    pub pattern: String,
    pub project: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Storage {
    pub used_bytes: u64,
    pub quota_bytes: u64,
    /// The browser has promised not to throw it away.
    pub persisted: bool,
    /// The open project has an export, a remote or a synced folder that is up to date.
    pub backed_up: bool,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wish {
    SetTheme(Theme),
    SetAuthor {
        name: String,
        email: String,
    },
    SetInstructions {
        text: String,
    },
    SetProjectInstructions {
        text: String,
    },
    /// The key goes to the proxy, or with `direct` into the vault; none leaves the saved one.
    SaveProvider {
        id: String,
        kind: String,
        base_url: String,
        key: Option<String>,
        models: Vec<String>,
        direct: bool,
    },
    RemoveProvider {
        id: String,
    },
    TestProvider {
        id: String,
    },
    RefreshModels,
    /// Empty for none.
    SetNamesModel {
        model: String,
    },
    Revoke {
        grant: String,
    },
    /// The page asked the browser to keep the data: its answer.
    Persisted {
        granted: bool,
    },
    /// Pairs with a proxy: the token that it printed.
    SetToken {
        token: String,
    },
}

impl std::fmt::Debug for Wish {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::SetTheme(theme) => write!(f, "SetTheme({theme:?})"),
            Self::SetAuthor { .. } => f.write_str("SetAuthor"),
            Self::SetInstructions { .. } => f.write_str("SetInstructions"),
            Self::SetProjectInstructions { .. } => f.write_str("SetProjectInstructions"),
            Self::SaveProvider { id, .. } => write!(f, "SaveProvider({id})"),
            Self::RemoveProvider { id } => write!(f, "RemoveProvider({id})"),
            Self::TestProvider { id } => write!(f, "TestProvider({id})"),
            Self::RefreshModels => f.write_str("RefreshModels"),
            Self::SetNamesModel { model } => write!(f, "SetNamesModel({model})"),
            Self::Revoke { grant } => write!(f, "Revoke({grant})"),
            Self::Persisted { granted } => write!(f, "Persisted({granted})"),
            Self::SetToken { .. } => f.write_str("SetToken"),
        }
    }
}
