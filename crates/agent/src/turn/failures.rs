//! Counts failures, so that a model that cannot get on does not go on at the person's expense.
//!
//! It only counts; what a failure means was said to the model by whoever refused the call.

use crate::chat::ToolPart;

/// The same failing call so often in a row ends the turn.
const SAME: u32 = 3;
/// So many failing calls in a row, whatever they are, end it too.
const ANY: u32 = 12;

#[derive(Debug, Default)]
pub(super) struct Failures {
    last: Option<Failure>,
    n_in_a_row: u32,
}

/// A call that failed, and how often it failed alike.
#[derive(Debug)]
struct Failure {
    tool: String,
    arguments: String,
    output: String,
    n_times: u32,
}

impl Failures {
    /// Takes the outcome of a call; returns the diagnosis when it was one failure too many.
    pub(super) fn note(&mut self, call: &ToolPart, output: &str, failed: bool) -> Option<String> {
        if !failed || call.from_text {
            *self = Self::default();
            return None;
        }
        self.n_in_a_row += 1;
        let same = self.last.take().filter(|last| {
            last.tool == call.tool && last.arguments == call.arguments && last.output == output
        });
        let n_times = same.map_or(1, |last| last.n_times + 1);
        self.last = Some(Failure {
            tool: call.tool.clone(),
            arguments: call.arguments.clone(),
            output: output.to_owned(),
            n_times,
        });
        let title = &call.title;
        let why: String = output.lines().next().unwrap_or_default().chars().take(300).collect();
        if n_times >= SAME {
            return Some(format!("“{title}” failed {n_times} times in the same way: {why}"));
        }
        let many = self.n_in_a_row >= ANY;
        many.then(|| format!("{ANY} calls in a row failed, the last one “{title}”: {why}"))
    }
}
