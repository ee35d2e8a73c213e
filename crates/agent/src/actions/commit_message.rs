//! The message of the commit that an action makes.
//!
//! The layout is a promise: other programs may read it. What a person typed stands in it as typed,
//! except for characters that a terminal would obey.

use super::record::{ActionRecord, Changed};
use crate::iso;
use crate::prompt::untrusted::clean;

pub fn commit_message(action: &ActionRecord) -> String {
    let id = &action.id;
    let temperature =
        action.temperature.map_or_else(|| "default".to_owned(), |degree| degree.to_string());
    let changes: String = action.changes.iter().map(line).collect();
    format!(
        "feat(ai): [{id}] AI-assisted changes\n\
         \n\
         Action: FILE_CHANGE\n\
         Prompt: {prompt}\n\
         \n\
         Changes:\n\
         {changes}\
         \n\
         Metadata:\n\
         - Model: {model}\n\
         - Temperature: {temperature}\n\
         - Action ID: {id}\n\
         - Timestamp: {time}\n",
        prompt = clean(action.prompt.trim()),
        model = clean(&action.model),
        time = iso::utc(action.at_ms),
    )
}

fn line(change: &Changed) -> String {
    match change {
        Changed::Modified(path) => format!("- Modified {path}\n"),
        Changed::Created(path) => format!("- Created {path}\n"),
        Changed::Deleted(path) => format!("- Deleted {path}\n"),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use project::path::FilePath;

    use super::*;
    use crate::actions::State;
    use crate::id::{ActionId, MessageId};

    #[test]
    fn the_layout_is_fixed() {
        check(
            "Make the header blue\nand smaller\u{1b}[31m\u{202e}",
            Some(0.2),
            expect![[r#"
                feat(ai): [act_1] AI-assisted changes

                Action: FILE_CHANGE
                Prompt: Make the header blue
                and smaller[31m

                Changes:
                - Modified style.css
                - Created src/header.ts
                - Deleted old.css

                Metadata:
                - Model: script/demo
                - Temperature: 0.2
                - Action ID: act_1
                - Timestamp: 2026-11-21T03:04:05Z
            "#]],
        );
    }

    #[test]
    fn an_unset_temperature_is_said_so() {
        let mut record = record("Hi", None);
        record.changes.clear();
        assert!(commit_message(&record).contains("\nChanges:\n\nMetadata:\n"));
        assert!(commit_message(&record).contains("\n- Temperature: default\n"));
    }

    #[track_caller]
    fn check(prompt: &str, temperature: Option<f32>, expected: Expect) {
        expected.assert_eq(&commit_message(&record(prompt, temperature)));
    }

    fn record(prompt: &str, temperature: Option<f32>) -> ActionRecord {
        let path = |text| FilePath::parse(text).unwrap();
        ActionRecord {
            v: ActionRecord::VERSION,
            id: ActionId::new("act_1"),
            message: MessageId::new("msg_1"),
            prompt: prompt.to_owned(),
            model: "script/demo".to_owned(),
            temperature,
            at_ms: 1_795_230_245_678,
            changes: vec![
                Changed::Modified(path("style.css")),
                Changed::Created(path("src/header.ts")),
                Changed::Deleted(path("old.css")),
            ],
            state: State::Running,
            before: None,
            after: None,
            error: String::new(),
        }
    }
}
