//! The record of an action: what was asked, what changed, and how far it came.
//!
//! It holds no contents; the commits before and after it do.

use project::path::FilePath;
use serde::{Deserialize, Serialize};

use crate::id::{ActionId, MessageId};

/// An action in the log. Stored as it is; `v` is the layout's version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActionRecord {
    pub v: u32,
    pub id: ActionId,
    /// The reply that proposed it.
    pub message: MessageId,
    /// The person's words.
    pub prompt: String,
    pub model: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f32>,
    /// When it was proposed, in milliseconds since the epoch.
    pub at_ms: u64,
    pub changes: Vec<Changed>,
    pub state: State,
    /// The commit to go back to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The commit that it made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Why it failed, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub error: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Changed {
    Modified(FilePath),
    Created(FilePath),
    Deleted(FilePath),
}

/// How far an action came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Proposed,
    Validated,
    AwaitingPermission,
    Running,
    Done,
    Failed,
    RolledBack,
}

/// An action cannot go that way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an action that is {from:?} cannot become {to:?}")]
pub struct BadStep {
    pub from: State,
    pub to: State,
}

impl ActionRecord {
    pub const VERSION: u32 = 1;

    /// Moves on; an impossible step changes nothing.
    pub fn advance(&mut self, to: State) -> Result<(), BadStep> {
        if !self.state.leads_to(to) {
            return Err(BadStep { from: self.state, to });
        }
        self.state = to;
        Ok(())
    }
}

impl State {
    /// Validated actions run when they need no permission; everything that is not over can fail; what
    /// ran can be rolled back, and nothing comes back from there.
    pub fn leads_to(self, to: Self) -> bool {
        match self {
            Self::Proposed => matches!(to, Self::Validated | Self::Failed),
            Self::Validated => {
                matches!(to, Self::AwaitingPermission | Self::Running | Self::Failed)
            }
            Self::AwaitingPermission => matches!(to, Self::Running | Self::Failed),
            Self::Running => matches!(to, Self::Done | Self::Failed | Self::RolledBack),
            Self::Done | Self::Failed => matches!(to, Self::RolledBack),
            Self::RolledBack => false,
        }
    }

    pub fn over(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::RolledBack)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// This layout is stored: it is never edited, a new one gets a new number.
    #[test]
    fn the_record_is_frozen() {
        let frozen = r#"{"v":1,"id":"act_1","message":"msg_2","prompt":"Do it","model":"script/demo","temperature":0.5,"at_ms":7,"changes":[{"modified":"a.ts"},{"created":"b.ts"},{"deleted":"c.ts"}],"state":"awaiting_permission","before":"aa","after":"bb","error":"no"}"#;
        let record: ActionRecord = serde_json::from_str(frozen).unwrap();
        assert_eq!(serde_json::to_string(&record).unwrap(), frozen);
        let least = r#"{"v":1,"id":"a","message":"m","prompt":"","model":"","at_ms":0,"changes":[],"state":"rolled_back"}"#;
        let record: ActionRecord = serde_json::from_str(least).unwrap();
        assert_eq!(serde_json::to_string(&record).unwrap(), least);
    }

    #[test]
    fn an_action_goes_one_way() {
        use State::{AwaitingPermission, Done, Failed, Proposed, RolledBack, Running, Validated};
        let all = [Proposed, Validated, AwaitingPermission, Running, Done, Failed, RolledBack];
        let mut way = String::new();
        for from in all {
            let to: Vec<String> = all
                .into_iter()
                .filter(|to| from.leads_to(*to))
                .map(|to| format!("{to:?}"))
                .collect();
            way += &format!("{from:?} -> {}\n", to.join(", "));
        }
        expect_test::expect![[r#"
            Proposed -> Validated, Failed
            Validated -> AwaitingPermission, Running, Failed
            AwaitingPermission -> Running, Failed
            Running -> Done, Failed, RolledBack
            Done -> RolledBack
            Failed -> RolledBack
            RolledBack -> 
        "#]]
        .assert_eq(&way);
    }
}
