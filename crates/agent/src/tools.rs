//! What the model may do, parsed before anything runs.
//!
//! Nothing runs here: [`reading`] answers from files that it is given, and changes are staged by
//! [`crate::actions`]. A refused call says what would be accepted, because the model reads it.

use std::fmt;

use project::path::{BadPath, FilePath};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub mod reading;
mod setting;
mod specs;

pub use setting::{BadSetting, Setting, Theme};
pub use specs::specs;

/// A tool call whose arguments have been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolCall {
    /// `offset` is the first line, counted from 1.
    Read {
        path: FilePath,
        offset: u32,
        limit: u32,
    },
    /// Without a path: the project's root.
    List {
        path: Option<FilePath>,
    },
    /// In the whole project, in one file, or in a folder. `literal` takes the pattern as text.
    Search {
        pattern: String,
        path: Option<FilePath>,
        literal: bool,
    },
    /// Creates a file or replaces its whole content.
    Write {
        path: FilePath,
        content: String,
    },
    Edit(Edit),
    Remove {
        path: FilePath,
    },
    Move {
        from: FilePath,
        to: FilePath,
    },
    /// Runs a module in a sandbox.
    Run {
        code: String,
    },
    Configure(Setting),
}

/// Replaces a passage that must be found exactly once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    pub path: FilePath,
    pub search: String,
    pub replace: String,
    /// Replaces every place, not only one.
    pub all: bool,
    /// The passage consists of whole lines, as in SEARCH/REPLACE blocks.
    pub whole_lines: bool,
}

/// The tools by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tool {
    Read,
    List,
    Search,
    Write,
    Edit,
    Remove,
    Move,
    Run,
    Configure,
}

impl Tool {
    pub const ALL: [Self; 9] = [
        Self::Read,
        Self::List,
        Self::Search,
        Self::Write,
        Self::Edit,
        Self::Remove,
        Self::Move,
        Self::Run,
        Self::Configure,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::List => "list",
            Self::Search => "search",
            Self::Write => "write",
            Self::Edit => "edit",
            Self::Remove => "remove",
            Self::Move => "move",
            Self::Run => "run",
            Self::Configure => "configure",
        }
    }

    /// Only looks, never changes.
    pub fn reads(self) -> bool {
        matches!(self, Self::Read | Self::List | Self::Search)
    }

    /// Only changes files.
    pub fn writes(self) -> bool {
        matches!(self, Self::Write | Self::Edit | Self::Remove | Self::Move)
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a call was refused. The text goes back to the model, so it says what would be accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCall {
    #[error(
        "there is no tool `{0}`; use read, list, search, write, edit, remove, move, run or \
             configure"
    )]
    UnknownTool(String),
    #[error("the arguments of `{tool}` are not valid JSON ({why}); send one JSON object")]
    NotJson { tool: Tool, why: String },
    #[error("`{tool}` needs the argument `{name}`, a {kind}; it accepts {accepted}")]
    Missing { tool: Tool, name: &'static str, kind: &'static str, accepted: String },
    #[error("the argument `{name}` of `{tool}` must be a {kind}")]
    WrongKind { tool: Tool, name: &'static str, kind: &'static str },
    #[error("`{tool}` has no argument `{name}`; it accepts {accepted}")]
    UnknownArgument { tool: Tool, name: String, accepted: String },
    #[error("the path {0}")]
    Path(#[from] BadPath),
    #[error(transparent)]
    Setting(#[from] BadSetting),
}

impl BadCall {
    /// The call itself is wrong, not what it names: a model that makes such calls cannot be followed.
    pub fn malformed(&self) -> bool {
        match self {
            Self::UnknownTool(_)
            | Self::NotJson { .. }
            | Self::Missing { .. }
            | Self::WrongKind { .. }
            | Self::UnknownArgument { .. } => true,
            Self::Path(_) | Self::Setting(_) => false,
        }
    }
}

/// The lines that `read` answers when no limit is given.
pub const LINES_READ: u32 = 2_000;

impl ToolCall {
    pub fn parse(tool: &str, json: &str) -> Result<Self, BadCall> {
        let name: String = tool.chars().take(64).collect();
        let tool = Tool::named(tool).ok_or(BadCall::UnknownTool(name))?;
        let given = Arguments::parse(tool, json)?;
        Ok(match tool {
            Tool::Read => Self::Read {
                path: given.path("path")?,
                offset: given.number("offset")?.unwrap_or(1).max(1),
                limit: given.number("limit")?.unwrap_or(LINES_READ).clamp(1, LINES_READ),
            },
            Tool::List => Self::List { path: given.folder("path")? },
            Tool::Search => Self::Search {
                pattern: given.text("pattern")?,
                path: given.folder("path")?,
                literal: given.flag("literal")?,
            },
            Tool::Write => {
                Self::Write { path: given.path("path")?, content: given.text("content")? }
            }
            Tool::Edit => Self::Edit(Edit {
                path: given.path("path")?,
                search: given.text("search")?,
                replace: given.text("replace")?,
                all: given.flag("replace_all")?,
                whole_lines: false,
            }),
            Tool::Remove => Self::Remove { path: given.path("path")? },
            Tool::Move => Self::Move { from: given.path("from")?, to: given.path("to")? },
            Tool::Run => Self::Run { code: given.text("code")? },
            Tool::Configure => {
                Self::Configure(Setting::parse(&given.text("name")?, &given.text("value")?)?)
            }
        })
    }

    pub fn tool(&self) -> Tool {
        match self {
            Self::Read { .. } => Tool::Read,
            Self::List { .. } => Tool::List,
            Self::Search { .. } => Tool::Search,
            Self::Write { .. } => Tool::Write,
            Self::Edit(_) => Tool::Edit,
            Self::Remove { .. } => Tool::Remove,
            Self::Move { .. } => Tool::Move,
            Self::Run { .. } => Tool::Run,
            Self::Configure(_) => Tool::Configure,
        }
    }

    /// Every path that the call names.
    pub fn paths(&self) -> Vec<&FilePath> {
        match self {
            Self::Read { path, .. }
            | Self::Write { path, .. }
            | Self::Edit(Edit { path, .. })
            | Self::Remove { path } => vec![path],
            Self::List { path } | Self::Search { path, .. } => path.iter().collect(),
            Self::Move { from, to } => vec![from, to],
            Self::Run { .. } => Vec::new(),
            Self::Configure(setting) => setting.file().into_iter().collect(),
        }
    }

    /// What the call does, in one line for a card: "Read src/main.ts".
    pub fn title(&self) -> String {
        let place = |path: &Option<FilePath>| path.as_ref().map(ToString::to_string);
        match self {
            Self::Read { path, offset: 1, limit: LINES_READ } => format!("Read {path}"),
            Self::Read { path, offset, .. } => format!("Read {path} from line {offset}"),
            Self::List { path } => {
                format!("List {}", place(path).unwrap_or_else(|| "the project".to_owned()))
            }
            Self::Search { pattern, path, .. } => {
                let short: String = pattern.chars().take(60).collect();
                let place = place(path).map(|it| format!(" in {it}")).unwrap_or_default();
                format!("Search “{short}”{place}")
            }
            Self::Write { path, .. } => format!("Write {path}"),
            Self::Edit(edit) => format!("Edit {}", edit.path),
            Self::Remove { path } => format!("Remove {path}"),
            Self::Move { from, to } => format!("Move {from} to {to}"),
            Self::Run { .. } => "Run a script".to_owned(),
            Self::Configure(setting) => format!("Set {}", setting.name()),
        }
    }
}

/// The arguments of one call: known names only, because a misspelled option that is ignored does
/// something else than was asked.
struct Arguments {
    tool: Tool,
    values: Map<String, Value>,
}

impl Arguments {
    fn parse(tool: Tool, json: &str) -> Result<Self, BadCall> {
        let json = if json.trim().is_empty() { "{}" } else { json };
        let values = match serde_json::from_str(json) {
            Ok(Value::Object(values)) => values,
            Ok(
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::String(_)
                | Value::Array(_),
            ) => return Err(BadCall::NotJson { tool, why: "it is not an object".to_owned() }),
            Err(err) => return Err(BadCall::NotJson { tool, why: err.to_string() }),
        };
        let known = specs::arguments(tool);
        if let Some(name) = values.keys().find(|name| !known.contains(&name.as_str())) {
            let name = name.chars().take(64).collect();
            return Err(BadCall::UnknownArgument { tool, name, accepted: accepted(tool) });
        }
        Ok(Self { tool, values })
    }

    fn optional_text(&self, name: &'static str) -> Result<Option<String>, BadCall> {
        match self.values.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                Err(BadCall::WrongKind { tool: self.tool, name, kind: "text" })
            }
        }
    }

    fn text(&self, name: &'static str) -> Result<String, BadCall> {
        self.optional_text(name)?.ok_or_else(|| BadCall::Missing {
            tool: self.tool,
            name,
            kind: "text",
            accepted: accepted(self.tool),
        })
    }

    fn path(&self, name: &'static str) -> Result<FilePath, BadCall> {
        file_path(&self.text(name)?)
    }

    /// A folder or a file; the root in its usual spellings is none.
    fn folder(&self, name: &'static str) -> Result<Option<FilePath>, BadCall> {
        let Some(text) = self.optional_text(name)? else { return Ok(None) };
        let text = text.trim_end_matches('/');
        if text.is_empty() || text == "." {
            return Ok(None);
        }
        file_path(text).map(Some)
    }

    /// Some models write numbers as text.
    fn number(&self, name: &'static str) -> Result<Option<u32>, BadCall> {
        let number = match self.values.get(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Number(number)) => number.as_u64(),
            Some(Value::String(text)) => text.trim().parse().ok(), // Refused below.
            Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => None,
        };
        let kind = "whole number";
        let number = number.ok_or(BadCall::WrongKind { tool: self.tool, name, kind })?;
        Ok(Some(u32::try_from(number).unwrap_or(u32::MAX)))
    }

    fn flag(&self, name: &'static str) -> Result<bool, BadCall> {
        match self.values.get(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_)) => {
                Err(BadCall::WrongKind { tool: self.tool, name, kind: "boolean" })
            }
        }
    }
}

fn accepted(tool: Tool) -> String {
    specs::arguments(tool).iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ")
}

/// Names a call whose arguments are still coming, as soon as its path is there: "Write src/main.ts".
pub fn title_so_far(tool: &str, json: &str) -> Option<String> {
    let tool = Tool::named(tool)?;
    // The path comes first; what follows may be long.
    let head = &json[..json.floor_char_boundary(json.len().min(1_200))];
    let behind = ["\"path\"", "\"from\""].iter().find_map(|name| head.split_once(name))?.1;
    let value = behind.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    let (path, _) = value.split_once('"').filter(|(path, _)| !path.contains('\\'))?;
    let path = file_path(path).ok()?; // A bad path is refused when the call is whole.
    let verb = match tool {
        Tool::Read => "Read",
        Tool::List => "List",
        Tool::Search | Tool::Run | Tool::Configure => return None,
        Tool::Write => "Write",
        Tool::Edit => "Edit",
        Tool::Remove => "Remove",
        Tool::Move => "Move",
    };
    Some(format!("{verb} {path}"))
}

/// Parses a path that a model wrote: a leading `./` is its habit and means nothing.
pub fn file_path(text: &str) -> Result<FilePath, BadCall> {
    let trimmed = text.strip_prefix("./").unwrap_or(text);
    Ok(FilePath::parse(trimmed)?)
}

#[cfg(test)]
mod tests;
