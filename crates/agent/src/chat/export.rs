//! A conversation as a file for people: Markdown to read, JSON to keep.
//!
//! The JSON can be imported again and gives the identical conversation. It holds no file contents but
//! those that the conversation itself quotes.

use serde::{Deserialize, Serialize};

use super::{Conversation, Decision, Message, Misplaced, Part, Role, State, ToolState};
use crate::iso;

const VERSION: u32 = 1;
/// The largest import.
const LIMIT_BYTES: usize = 100 * 1024 * 1024;

#[derive(Serialize, Deserialize)]
struct File<M> {
    easel_conversation: u32,
    messages: M,
}

/// Why a file is not imported.
#[derive(Debug, thiserror::Error)]
pub enum BadImport {
    #[error("the file is larger than 100 MB")]
    TooLarge,
    #[error("this is not a conversation that Easel exported")]
    NotOurs(#[source] shape::Misfit),
    #[error("the conversation was exported by a newer version (layout {v})")]
    Newer { v: u32 },
    #[error("the conversation is damaged: {0}")]
    Damaged(#[from] Misplaced),
}

pub fn to_json(conversation: &Conversation) -> String {
    let file = File { easel_conversation: VERSION, messages: conversation.messages() };
    serde_json::to_string_pretty(&file).expect("a conversation is plain data with text keys")
}

pub fn from_json(text: &str) -> Result<Conversation, BadImport> {
    if text.len() > LIMIT_BYTES {
        return Err(BadImport::TooLarge);
    }
    let file: File<serde_json::Value> = shape::from_str(text).map_err(BadImport::NotOurs)?;
    if file.easel_conversation != VERSION {
        return Err(BadImport::Newer { v: file.easel_conversation });
    }
    let messages: Vec<Message> = shape::read(&file.messages).map_err(BadImport::NotOurs)?;
    Ok(Conversation::from_messages(messages)?)
}

pub fn to_markdown(conversation: &Conversation, title: &str) -> String {
    let mut text = format!("# {}\n", title.replace('\n', " "));
    for message in conversation.messages() {
        text += &heading(message);
        for part in &message.parts {
            text += &part_as_markdown(part);
        }
        text += match message.state {
            State::Stopped => "\n*(stopped)*\n",
            State::Interrupted | State::Streaming => "\n*(broken off)*\n",
            State::Failed => "\n*(failed)*\n",
            State::Complete => "",
        };
    }
    text
}

fn heading(message: &Message) -> String {
    let who = match message.role {
        Role::User => "You".to_owned(),
        Role::Assistant if message.model.is_empty() => "Assistant".to_owned(),
        Role::Assistant => format!("Assistant ({})", message.model),
        Role::System => "Easel".to_owned(),
    };
    format!("\n## {who} · {}\n", iso::utc(message.at_ms))
}

fn part_as_markdown(part: &Part) -> String {
    match part {
        Part::Text { text } => format!("\n{}\n", text.trim_end()),
        Part::Reasoning { text, .. } if text.is_empty() => String::new(),
        Part::Reasoning { text, .. } => {
            let quoted: Vec<String> = text.lines().map(|line| format!("> {line}")).collect();
            format!("\n{}\n", quoted.join("\n"))
        }
        Part::Tool(tool) => {
            let mark = match tool.state {
                ToolState::Done => "✓",
                ToolState::Error => "✗",
                ToolState::Pending | ToolState::Running => "…",
            };
            format!("\n- {mark} {}\n", tool.title)
        }
        Part::Changes { action, state } => {
            let state = match state {
                Decision::Pending => "not applied yet",
                Decision::Applied => "applied",
                Decision::AppliedInPart => "applied in part",
                Decision::Rejected => "rejected",
                Decision::Refused => "not valid",
            };
            format!("\n- Changes `{action}`: {state}\n")
        }
        Part::Checkpoint { commit, title } => format!("\n- Checkpoint `{commit}`: {title}\n"),
        Part::Error { text, .. } => format!("\n**Error:** {text}\n"),
        Part::Feedback { .. } | Part::Step => String::new(),
    }
}
