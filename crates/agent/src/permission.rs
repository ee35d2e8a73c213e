//! Whether a call may run: the rules, and the answers that a person gave.
//!
//! It decides about calls of the model only; what a person does needs no permission. It keeps no
//! record: the session stores the grants and shows them.

use project::path::FilePath;
use serde::{Deserialize, Serialize};

use crate::tools::{Edit, Tool, ToolCall};

mod pattern;

pub use pattern::matches;

/// How changes reach the files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Changes are staged, and Apply is the permission.
    #[default]
    Review,
    /// Changes are applied when the turn ends, so the rules ask before they are staged.
    AutoApply,
}

/// An answer that is kept: one tool on the paths of one pattern, for one agent in one project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    pub agent: String,
    pub project: String,
    pub tool: Tool,
    /// `src/**`, `*.css`, a path, or what else the call is about.
    pub pattern: String,
    pub effect: Effect,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    Allow,
    /// Wins over every grant.
    Deny,
}

/// What a person answers to a [`Request`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Once,
    Always,
    No,
}

/// A call that waits for an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub call: String,
    pub tool: ToolCall,
    /// For people: "Edit src/main.ts".
    pub title: String,
    /// Why the rules do not simply allow it.
    pub why: Why,
    /// What "Always" would allow: `edit src/**`.
    pub pattern: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It changes files, and changes are applied without review.
    Changes,
    /// It looks into a file that usually holds keys or passwords.
    Secrets,
    /// The file steers tools, hooks or the repository itself.
    Sensitive,
    /// It runs code.
    Runs,
    /// It changes a setting, which no review comes after.
    Configures,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    Allow,
    Ask(Why),
    Deny,
}

/// The rules of one agent in one project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permissions {
    pub agent: String,
    pub project: String,
    pub mode: Mode,
    pub grants: Vec<Grant>,
}

impl Permissions {
    pub fn decide(&self, call: &ToolCall) -> Decision {
        let subjects = subjects(call);
        if subjects.iter().any(|it| self.answered(call.tool(), it, Effect::Deny)) {
            return Decision::Deny;
        }
        let Some(why) = self.question(call) else { return Decision::Allow };
        let granted = subjects.iter().all(|it| self.answered(call.tool(), it, Effect::Allow));
        // A pattern was given for ordinary files; it does not silently cover the special ones.
        let named = || subjects.iter().all(|it| self.named(call.tool(), it));
        let ordinary = why == Why::Changes;
        if !subjects.is_empty() && granted && (ordinary || named()) {
            return Decision::Allow;
        }
        Decision::Ask(why)
    }

    pub fn request(&self, call: &str, tool: &ToolCall, why: Why) -> Request {
        Request {
            call: call.to_owned(),
            tool: tool.clone(),
            title: tool.title(),
            why,
            pattern: format!("{} {}", tool.tool(), offered(tool, why)),
        }
    }

    /// Remembers "Always" for what the request offered.
    pub fn grant(&mut self, request: &Request) -> Grant {
        let grant = Grant {
            agent: self.agent.clone(),
            project: self.project.clone(),
            tool: request.tool.tool(),
            pattern: offered(&request.tool, request.why),
            effect: Effect::Allow,
        };
        if !self.grants.contains(&grant) {
            self.grants.push(grant.clone());
        }
        grant
    }

    /// The reason to ask, before grants are looked at. A move takes a file's content with it, and an
    /// edit that misses shows what is there, so both count as looking into the file.
    fn question(&self, call: &ToolCall) -> Option<Why> {
        let looks_into = match call {
            ToolCall::Run { .. } => return Some(Why::Runs),
            ToolCall::Configure(setting) if setting.file().is_none() => {
                return Some(Why::Configures);
            }
            ToolCall::Read { path, .. }
            | ToolCall::Edit(Edit { path, .. })
            | ToolCall::Move { from: path, .. } => Some(path),
            ToolCall::Search { path, .. } => path.as_ref(),
            ToolCall::List { .. }
            | ToolCall::Write { .. }
            | ToolCall::Remove { .. }
            | ToolCall::Configure(_) => None,
        };
        if looks_into.is_some_and(holds_secrets) {
            return Some(Why::Secrets);
        }
        if call.tool().reads() || self.mode == Mode::Review {
            return None;
        }
        let special = call.paths().into_iter().any(|path| holds_secrets(path) || sensitive(path));
        Some(if special { Why::Sensitive } else { Why::Changes })
    }

    fn mine(&self) -> impl Iterator<Item = &Grant> {
        self.grants.iter().filter(|it| it.agent == self.agent && it.project == self.project)
    }

    fn answered(&self, tool: Tool, subject: &str, effect: Effect) -> bool {
        self.mine().any(|grant| {
            grant.effect == effect && grant.tool == tool && matches(&grant.pattern, subject)
        })
    }

    fn named(&self, tool: Tool, subject: &str) -> bool {
        self.mine().any(|grant| {
            grant.effect == Effect::Allow && grant.tool == tool && grant.pattern == subject
        })
    }
}

/// Stands for every script in a pattern: one cannot be told from another by its name.
const SCRIPTS: &str = "scripts";

/// What a call is about, as patterns name it: its paths, or what has none.
fn subjects(call: &ToolCall) -> Vec<String> {
    if let ToolCall::Run { .. } = call {
        return vec![SCRIPTS.to_owned()];
    }
    if let ToolCall::Configure(setting) = call
        && setting.file().is_none()
    {
        return vec![setting.name()];
    }
    call.paths().into_iter().map(ToString::to_string).collect()
}

/// The widest thing that "Always" offers: the folder of an ordinary file (of a move, the folder that
/// holds both ends), else the file itself.
fn offered(call: &ToolCall, why: Why) -> String {
    let subjects = subjects(call);
    let Some(path) = subjects.last() else { return "**".to_owned() };
    let folder = path.rsplit_once('/').map(|(folder, _)| folder);
    match (why, call, folder) {
        (Why::Changes, ToolCall::Move { from, to }, _) => match common_folder(from, to) {
            Some(folder) => format!("{folder}/**"),
            None => "**".to_owned(),
        },
        (Why::Changes, _, Some(folder)) => format!("{folder}/**"),
        (Why::Changes | Why::Secrets | Why::Sensitive | Why::Runs | Why::Configures, _, _) => {
            path.clone()
        }
    }
}

fn common_folder<'a>(one: &'a FilePath, other: &FilePath) -> Option<&'a str> {
    let others: Vec<&str> = other.ancestors().collect();
    one.ancestors().filter(|it| others.contains(it)).last()
}

/// Files that usually hold keys or passwords: not sent, not searched, not read without asking.
pub fn holds_secrets(path: &FilePath) -> bool {
    let name = path.name().to_ascii_lowercase();
    let sample = [".example", ".sample", ".template"].iter().any(|it| name.ends_with(it));
    let ends = [".pem", ".key", ".p12", ".pfx", ".keystore", ".jks", ".ppk"];
    let names = [".npmrc", ".pypirc", ".netrc", ".htpasswd", ".git-credentials"];
    let dotenv = name == ".env" || name.starts_with(".env.") || name.ends_with(".env");
    (dotenv && !sample)
        || ends.iter().any(|it| name.ends_with(it))
        || names.contains(&name.as_str())
        || name.starts_with("id_rsa")
        || name.starts_with("id_ed25519")
        || name.starts_with("id_ecdsa")
}

/// Files that run or decide something elsewhere: hooks, pipelines, locked dependencies, Easel's own.
pub fn sensitive(path: &FilePath) -> bool {
    let text = path.as_str().to_ascii_lowercase();
    let name = path.name().to_ascii_lowercase();
    let folders = [".git", ".github", ".easel", ".vscode", ".husky", ".ci", ".cargo", ".ssh"];
    let locks = ["cargo.lock", "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lockb"];
    text.split('/').any(|part| folders.contains(&part))
        || name.starts_with(".git")
        || name.ends_with(".lock")
        || locks.contains(&name.as_str())
}

#[cfg(test)]
mod tests;
