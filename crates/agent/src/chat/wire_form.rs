//! A conversation in the form that providers accept.
//!
//! Providers refuse a conversation in which two messages have the same role, a tool call has no
//! answer, or arguments are no JSON. So whatever state a reply was left in, what goes out is whole.
//! Nothing is shortened here: that is the budget's work, in [`crate::context`].

use serde_json::Value;
use wire::Block;

use super::{Decision, Kind, Message, Part, Role, State, ToolPart, ToolState};

const GO_ON: &str = "Your reply was broken off. Go on where it ended, without repeating it.";
const STOPPED: &str = "(The user stopped this reply.)";

pub(super) fn of(messages: &[Message], model: &str) -> Vec<wire::Message> {
    let mut out = Transcript::default();
    let spoken = messages.iter().filter(|it| it.kind == Kind::Chat && it.role != Role::System);
    let mut decided: Vec<String> = Vec::new();
    for message in spoken {
        match message.role {
            Role::User => {
                for text in decided.drain(..) {
                    out.user(Block::Text { text });
                }
                for part in &message.parts {
                    if let Part::Text { text } = part {
                        out.user(Block::Text { text: text.clone() });
                    }
                }
            }
            Role::Assistant => {
                out.reply(&message.parts, message.model == model);
                decided.extend(decisions(message));
                if message.state == State::Stopped {
                    decided.push(STOPPED.to_owned());
                }
            }
            Role::System => {}
        }
    }
    let broken = messages.iter().rfind(|it| it.kind == Kind::Chat && it.role != Role::System);
    let broken = broken.is_some_and(|it| it.role == Role::Assistant && it.state != State::Complete);
    out.finished(broken)
}

/// Returns the messages of a turn under way, to stand behind the conversation: the model's replies
/// so far, and the answers to its calls.
pub fn messages_of(parts: &[Part]) -> Vec<wire::Message> {
    let mut out = Transcript::default();
    out.reply(parts, true);
    out.flush();
    out.messages
}

fn decisions(message: &Message) -> Vec<String> {
    let told = |part: &Part| match part {
        Part::Changes { state, .. } => Some(match state {
            Decision::Pending => "(The changes you proposed are not applied yet.)",
            Decision::Applied => "(The changes you proposed were applied.)",
            Decision::AppliedInPart => {
                "(Some of the changes you proposed were applied, the user rejected the others.)"
            }
            Decision::Rejected => "(The user rejected the changes you proposed.)",
            Decision::Refused => "(The changes you proposed were not valid; none was applied.)",
        }),
        Part::Text { .. }
        | Part::Reasoning { .. }
        | Part::Tool(_)
        | Part::Feedback { .. }
        | Part::Step
        | Part::Checkpoint { .. }
        | Part::Error { .. } => None,
    };
    message.parts.iter().filter_map(told).map(str::to_owned).collect()
}

#[derive(Default)]
struct Transcript {
    messages: Vec<wire::Message>,
    /// Answers that follow the assistant's message as soon as it ends.
    results: Vec<Block>,
}

impl Transcript {
    fn user(&mut self, block: Block) {
        self.flush();
        self.put(wire::Role::User, block);
    }

    fn assistant(&mut self, block: Block) {
        self.put(wire::Role::Assistant, block);
    }

    fn put(&mut self, role: wire::Role, block: Block) {
        if matches!(&block, Block::Text { text } if text.trim().is_empty()) {
            return;
        }
        match self.messages.last_mut() {
            Some(last) if last.role == role => last.blocks.push(block),
            Some(_) | None => self.messages.push(wire::Message { role, blocks: vec![block] }),
        }
    }

    fn flush(&mut self) {
        for result in std::mem::take(&mut self.results) {
            self.put(wire::Role::User, result);
        }
    }

    fn reply(&mut self, parts: &[Part], same_model: bool) {
        for part in parts {
            match part {
                Part::Text { text } => self.assistant(Block::Text { text: text.clone() }),
                Part::Reasoning { text, opaque } if same_model => {
                    let (text, opaque) = (text.clone(), opaque.clone());
                    self.assistant(Block::Reasoning { text, opaque });
                }
                Part::Tool(tool) if !tool.from_text => {
                    self.assistant(Block::ToolCall {
                        call: tool.call.clone(),
                        tool: tool.tool.clone(),
                        arguments: whole_json(&tool.arguments),
                    });
                    self.results.push(answer(tool));
                }
                Part::Feedback { text } => self.user(Block::Text { text: text.clone() }),
                Part::Step => self.flush(),
                Part::Reasoning { .. }
                | Part::Tool(_)
                | Part::Changes { .. }
                | Part::Checkpoint { .. }
                | Part::Error { .. } => {}
            }
        }
        self.flush();
    }

    /// Providers want the person's word first, and last when there is more to say.
    fn finished(mut self, broken: bool) -> Vec<wire::Message> {
        self.flush();
        let text = |text: &str| Block::Text { text: text.to_owned() };
        let role = wire::Role::User;
        if self.messages.first().is_some_and(|it| it.role == wire::Role::Assistant) {
            let blocks = vec![text("(The beginning of the conversation is not shown.)")];
            self.messages.insert(0, wire::Message { role, blocks });
        }
        if broken && self.messages.last().is_some_and(|it| it.role == wire::Role::Assistant) {
            self.messages.push(wire::Message { role, blocks: vec![text(GO_ON)] });
        }
        self.messages
    }
}

fn answer(tool: &ToolPart) -> Block {
    let call = tool.call.clone();
    match tool.state {
        ToolState::Done => Block::ToolResult { call, output: tool.output.clone(), failed: false },
        ToolState::Error => Block::ToolResult { call, output: tool.output.clone(), failed: true },
        ToolState::Pending | ToolState::Running => Block::ToolResult {
            call,
            output: "interrupted: this call was not carried out".to_owned(),
            failed: true,
        },
    }
}

/// Arguments that broke off are no JSON, and a provider would refuse the whole conversation.
fn whole_json(arguments: &str) -> String {
    match serde_json::from_str::<Value>(arguments) {
        Ok(Value::Object(_)) => arguments.to_owned(),
        Ok(
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_),
        )
        | Err(_) => "{}".to_owned(),
    }
}
