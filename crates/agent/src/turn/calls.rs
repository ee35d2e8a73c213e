//! The calls of one reply, from draft to outcome, one after the other.
//!
//! It keeps order and identity only; what calls mean is [`crate::tools`]' business, what is shown of
//! them the reply's.

use std::collections::VecDeque;

use crate::permission::Request;
use crate::tools::ToolCall;

/// A call as the model made it. `at` is its part in the reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Draft {
    pub(super) at: usize,
    pub(super) call: String,
    pub(super) what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// Still to be parsed.
    Text {
        tool: String,
        arguments: String,
        whole: bool,
    },
    /// Parsed from the text of the reply.
    Parsed(ToolCall),
    Problem(String),
}

/// A call that is refused before it runs.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bad {
    pub(super) at: usize,
    pub(super) why: String,
    pub(super) malformed: bool,
}

#[derive(Debug, Default)]
pub(super) struct Calls {
    drafts: Vec<Draft>,
    waiting: VecDeque<(usize, String, ToolCall)>,
    current: Option<(usize, String)>,
    request: Option<Request>,
    /// The model must hear about something.
    unanswered: bool,
}

impl Calls {
    pub(super) fn take(&mut self, drafts: Vec<Draft>) {
        self.unanswered |= !drafts.is_empty();
        self.drafts = drafts;
    }

    pub(super) fn ask_again(&mut self) {
        self.unanswered = true;
    }

    /// Whether the model must hear about the calls; asking once forgets it.
    pub(super) fn take_unanswered(&mut self) -> bool {
        std::mem::take(&mut self.unanswered)
    }

    /// Queues the good calls and returns the bad ones.
    pub(super) fn parse(&mut self) -> Vec<Bad> {
        let mut bad = Vec::new();
        for Draft { at, call, what } in std::mem::take(&mut self.drafts) {
            match what {
                What::Parsed(tool) => self.waiting.push_back((at, call, tool)),
                What::Problem(why) => bad.push(Bad { at, why, malformed: false }),
                What::Text { tool, whole: false, .. } => {
                    let why = format!("the call of `{tool}` was not finished");
                    bad.push(Bad { at, why, malformed: true });
                }
                What::Text { tool, arguments, whole: true } => {
                    match ToolCall::parse(&tool, &arguments) {
                        Ok(tool) => self.waiting.push_back((at, call, tool)),
                        Err(err) => {
                            let malformed = err.malformed();
                            bad.push(Bad { at, why: err.to_string(), malformed });
                        }
                    }
                }
            }
        }
        bad
    }

    pub(super) fn next(&mut self) -> Option<(usize, String, ToolCall)> {
        let (at, call, tool) = self.waiting.pop_front()?;
        self.current = Some((at, call.clone()));
        Some((at, call, tool))
    }

    pub(super) fn wait_for(&mut self, request: Request) {
        self.request = Some(request);
    }

    /// Returns the request that was answered, if it is the one that waits.
    pub(super) fn answered(&mut self, call: &str) -> Option<(usize, Request)> {
        let at = self.current.as_ref().filter(|it| it.1 == call)?.0;
        Some((at, self.request.take()?))
    }

    /// Returns the part of the call that has finished, if it is the one that runs.
    pub(super) fn finished(&mut self, call: &str) -> Option<usize> {
        if self.request.is_some() {
            return None;
        }
        let (at, _) = self.current.take_if(|it| it.1 == call)?;
        Some(at)
    }

    pub(super) fn over(&mut self) {
        self.current = None;
    }
}
