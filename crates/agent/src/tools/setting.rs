//! What `configure` may set, and to what.
//!
//! The list is short on purpose: nothing on it spends money, widens what a model may do, or speaks
//! in the person's name. Nothing is set here.

use project::{dotenv, path::FilePath};

/// Where the project keeps its environment variables.
const VARIABLES: &str = ".env";
/// Before the name of an environment variable.
const VARIABLE: &str = "env.";
const LIMIT_NAME_CHARS: usize = 64;
const LIMIT_PROJECT_NAME_CHARS: usize = 100;
const LIMIT_TEXT_CHARS: usize = 10_000;

/// A setting with its new value, both checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    Theme(Theme),
    ProjectName(String),
    ProjectInstructions(String),
    /// A change of the file that holds the project's variables, so it is staged like any other.
    Variable {
        file: FilePath,
        name: String,
        value: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    System,
    Light,
    Dark,
}

impl Theme {
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// Why a setting was refused; for the model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSetting {
    #[error(
        "`configure` cannot set `{0}`; it sets theme, project.name, project.instructions and env.NAME"
    )]
    Unknown(String),
    #[error("`{name}` takes {takes}")]
    Value { name: &'static str, takes: &'static str },
}

impl Setting {
    pub fn parse(name: &str, value: &str) -> Result<Self, BadSetting> {
        match name {
            "theme" => {
                let themes = [Theme::System, Theme::Light, Theme::Dark];
                let theme = themes.into_iter().find(|it| it.name() == value);
                let takes = "`system`, `light` or `dark`";
                theme.map(Self::Theme).ok_or(BadSetting::Value { name: "theme", takes })
            }
            "project.name" => {
                let value = value.trim();
                let fits = !value.is_empty()
                    && value.chars().count() <= LIMIT_PROJECT_NAME_CHARS
                    && !value.contains(char::is_control);
                let takes = "one line of at most 100 characters";
                let bad = BadSetting::Value { name: "project.name", takes };
                if fits { Ok(Self::ProjectName(value.to_owned())) } else { Err(bad) }
            }
            "project.instructions" => {
                let fits = value.chars().count() <= LIMIT_TEXT_CHARS;
                let takes = "a text of at most 10,000 characters";
                let bad = BadSetting::Value { name: "project.instructions", takes };
                if fits { Ok(Self::ProjectInstructions(value.to_owned())) } else { Err(bad) }
            }
            _ => match name.strip_prefix(VARIABLE) {
                Some(variable) => Self::variable(variable, value),
                None => Err(BadSetting::Unknown(name.chars().take(LIMIT_NAME_CHARS).collect())),
            },
        }
    }

    fn variable(name: &str, value: &str) -> Result<Self, BadSetting> {
        let bad = |name, takes| BadSetting::Value { name, takes };
        if !dotenv::is_name(name) || name.len() > LIMIT_NAME_CHARS {
            return Err(bad("env.NAME", "a name of letters, digits and `_`, like env.VITE_TITLE"));
        }
        let takes = "a text of at most 10,000 characters, without a zero byte";
        if value.chars().count() > LIMIT_TEXT_CHARS || value.contains('\0') {
            return Err(bad("env.NAME", takes));
        }
        match FilePath::parse(VARIABLES) {
            Ok(file) => Ok(Self::Variable { file, name: name.to_owned(), value: value.to_owned() }),
            Err(_) => Err(bad("env.NAME", takes)),
        }
    }

    /// The name that `configure` was given.
    pub fn name(&self) -> String {
        match self {
            Self::Theme(_) => "theme".to_owned(),
            Self::ProjectName(_) => "project.name".to_owned(),
            Self::ProjectInstructions(_) => "project.instructions".to_owned(),
            Self::Variable { name, .. } => format!("{VARIABLE}{name}"),
        }
    }

    pub fn value(&self) -> &str {
        match self {
            Self::Theme(theme) => theme.name(),
            Self::ProjectName(value)
            | Self::ProjectInstructions(value)
            | Self::Variable { value, .. } => value,
        }
    }

    /// Returns the file that has to change.
    pub fn file(&self) -> Option<&FilePath> {
        match self {
            Self::Variable { file, .. } => Some(file),
            Self::Theme(_) | Self::ProjectName(_) | Self::ProjectInstructions(_) => None,
        }
    }
}
