//! Changes that the model wanted and did not get, when it says that it is done.
//!
//! A failed change is resolved when the model changed something in a later step without failing: it
//! read the refusal and went another way. Whether that way was a good one is not judged.

use crate::chat::{Part, ToolPart, ToolState};
use crate::tools::{Tool, ToolCall};

/// A change that was refused, and that nothing came after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unresolved<'a> {
    /// Which change of its batch it was, counted from 1.
    pub n: usize,
    pub call: &'a ToolPart,
}

/// Returns the failed changes of the last step that changed anything. With any of them, the batch is
/// not what the model meant, and applying it unseen would leave half of it.
pub fn unresolved(parts: &[Part]) -> Vec<Unresolved<'_>> {
    let steps = parts.split(|part| matches!(part, Part::Step | Part::Feedback { .. }));
    let changing = |step: &&[Part]| step.iter().filter_map(Part::tool).any(changes);
    let Some(last) = steps.rev().find(changing) else { return Vec::new() };
    let calls = last.iter().filter_map(Part::tool).filter(|it| changes(it));
    let numbered = (1..).zip(calls).map(|(n, call)| Unresolved { n, call });
    numbered.filter(|it| it.call.state == ToolState::Error).collect()
}

fn changes(call: &ToolPart) -> bool {
    let tool = Tool::ALL.into_iter().find(|tool| tool.name() == call.tool);
    tool.is_some_and(|it| it.writes() || (it == Tool::Configure && sets_variable(call)))
}

/// A variable is a change of a file.
fn sets_variable(call: &ToolPart) -> bool {
    let parsed = ToolCall::parse(&call.tool, &call.arguments);
    matches!(parsed, Ok(ToolCall::Configure(setting)) if setting.file().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_changes_count_until_a_later_step_changes_something() {
        check(&[("write", true), ("read", false), ("edit", false)], &["2 edit"]);
        check(&[("read", false), ("bash", false)], &[]);
        check(&[("edit", false), ("|", true), ("edit", true)], &[]);
        check(&[("edit", false), ("|", true), ("read", true), ("|", true)], &["1 edit"]);
        let five =
            [("write", true), ("write", true), ("write", true), ("write", false), ("write", true)];
        check(&five, &["4 write"]);
        check(&[], &[]);
    }

    #[track_caller]
    fn check(calls: &[(&str, bool)], expected: &[&str]) {
        let part = |(tool, good): &(&str, bool)| match *tool {
            "|" => Part::Step,
            tool => Part::Tool(ToolPart {
                call: "c".to_owned(),
                tool: tool.to_owned(),
                arguments: "{}".to_owned(),
                state: if *good { ToolState::Done } else { ToolState::Error },
                output: String::new(),
                title: tool.to_owned(),
                from_text: false,
            }),
        };
        let parts: Vec<Part> = calls.iter().map(part).collect();
        let told = unresolved(&parts);
        let told: Vec<String> =
            told.iter().map(|it| format!("{} {}", it.n, it.call.tool)).collect();
        assert_eq!(told, expected);
    }
}
