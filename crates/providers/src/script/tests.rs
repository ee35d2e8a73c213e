//! Scripts as text, their replies as text.

use super::*;
use crate::ask::Section;
use expect_test::{Expect, expect};

const ORDER: &str = "\
title For tests
when lamp | light
has src/app.tsx
think Hm.
text I look.
tool list {}
after 1
pace 100
text Now I write.
tool write
  path a \"b\".txt
  content <<END
one
  two
END
pause 250
after 3
text Done.
usage 10 20 5
done end_of_turn

when *
text <<END
No lamp here.
END
";

#[test]
fn the_prompt_and_the_files_choose_the_scene() {
    check(
        ORDER,
        &ask("Add a LAMP", "src/app.tsx", 0),
        &expect![[r#"
            0 Reasoning { text: "Hm." }
            0 ReasoningEnd { opaque: None }
            0 TextDelta { text: "I " }
            0 TextDelta { text: "look." }
            0 ToolCallStart { call: "script-1-0", tool: "list" }
            0 ToolCallDelta { call: "script-1-0", json: "{}" }
            0 ToolCallEnd { call: "script-1-0" }
            0 Usage(Usage { input_tokens: 6, cache_read_tokens: 0, cache_write_tokens: 0, cache_write_long_tokens: 0, audio_input_tokens: 0, output_tokens: 3, reasoning_tokens: 0, audio_output_tokens: 0, cost_nano: Some(0), estimated: true })
            0 Finish { reason: ToolUse, stopped_by: None }
        "#]],
    );
    check(
        ORDER,
        &ask("Add a lamp", "src/main.js", 0),
        &expect![[r#"
            0 TextDelta { text: "No " }
            0 TextDelta { text: "lamp " }
            0 TextDelta { text: "here.\n" }
            0 Usage(Usage { input_tokens: 6, cache_read_tokens: 0, cache_write_tokens: 0, cache_write_long_tokens: 0, audio_input_tokens: 0, output_tokens: 4, reasoning_tokens: 0, audio_output_tokens: 0, cost_nano: Some(0), estimated: true })
            0 Finish { reason: EndOfTurn, stopped_by: None }
        "#]],
    );
}

#[test]
fn results_move_the_scene_on() {
    check(
        ORDER,
        &ask("light", "src/app.tsx", 2),
        &expect![[r#"
            0 TextDelta { text: "Now " }
            10 TextDelta { text: "I " }
            10 TextDelta { text: "write." }
            20 ToolCallStart { call: "script-2-0", tool: "write" }
            0 ToolCallDelta { call: "script-2-0", json: "{\"path\":\"a \\\"b\\\".txt\",\"c" }
            60 ToolCallDelta { call: "script-2-0", json: "ontent\":\"one\\n  two\\n\"}" }
            60 ToolCallEnd { call: "script-2-0" }
            250 Usage(Usage { input_tokens: 4, cache_read_tokens: 0, cache_write_tokens: 0, cache_write_long_tokens: 0, audio_input_tokens: 0, output_tokens: 15, reasoning_tokens: 0, audio_output_tokens: 0, cost_nano: Some(0), estimated: true })
            0 Finish { reason: ToolUse, stopped_by: None }
        "#]],
    );
    check(
        ORDER,
        &ask("light", "src/app.tsx", 7),
        &expect![[r#"
            0 TextDelta { text: "Done." }
            0 Usage(Usage { input_tokens: 10, cache_read_tokens: 5, cache_write_tokens: 0, cache_write_long_tokens: 0, audio_input_tokens: 0, output_tokens: 20, reasoning_tokens: 0, audio_output_tokens: 0, cost_nano: None, estimated: false })
            0 Finish { reason: EndOfTurn, stopped_by: None }
        "#]],
    );
}

#[test]
fn an_argument_may_have_several_lines() {
    let script = "when *\ntool edit\n  path a\n  search   x\n    y\n  replace\n";
    check(
        script,
        &ask("", "", 0),
        &expect![[r#"
            0 ToolCallStart { call: "script-1-0", tool: "edit" }
            0 ToolCallDelta { call: "script-1-0", json: "{\"path\":\"a\",\"search\":\"  " }
            0 ToolCallDelta { call: "script-1-0", json: "x\\n    y\",\"replace\":\"\"}" }
            0 ToolCallEnd { call: "script-1-0" }
            0 Usage(Usage { input_tokens: 0, cache_read_tokens: 0, cache_write_tokens: 0, cache_write_long_tokens: 0, audio_input_tokens: 0, output_tokens: 12, reasoning_tokens: 0, audio_output_tokens: 0, cost_nano: Some(0), estimated: true })
            0 Finish { reason: ToolUse, stopped_by: None }
        "#]],
    );
}

#[test]
fn what_the_app_adds_to_a_prompt_chooses_nothing() {
    let mut ask = ask("Nothing special", "src/app.tsx", 0);
    ask.messages[0].pieces.insert(0, Block::Text("a file about a lamp".to_owned()).into());
    let first = Script::parse("t", ORDER).unwrap().play(&ask).swap_remove(0);
    assert_eq!(first.event, ModelEvent::TextDelta { text: "No ".to_owned() });
}

#[test]
fn every_way_to_fail_can_be_played() {
    let failing = "when busy\nerror busy 7\nwhen cut\ntext Half a\ncut\ntext never\nwhen noise\ntool write {\"pa\ngarbage\nwhen long\ntext x\ndone output_limit\n";
    check(
        failing,
        &ask("busy", "", 0),
        &expect![[r#"
            0 Error(Rejection { code: Busy, message: "The script says that this fails", retry_after_secs: Some(7), request_id: None, shortage: None, pace: None })
        "#]],
    );
    check(
        failing,
        &ask("cut", "", 0),
        &expect![[r#"
            0 TextDelta { text: "Half " }
            0 TextDelta { text: "a" }
            0 Usage(Usage { input_tokens: 0, cache_read_tokens: 0, cache_write_tokens: 0, cache_write_long_tokens: 0, audio_input_tokens: 0, output_tokens: 2, reasoning_tokens: 0, audio_output_tokens: 0, cost_nano: None, estimated: true })
            0 Error(Rejection { code: CutOff, message: "The provider's answer broke off in the middle", retry_after_secs: None, request_id: None, shortage: None, pace: None })
        "#]],
    );
    check(
        failing,
        &ask("noise", "", 0),
        &expect![[r#"
            0 ToolCallStart { call: "script-1-0", tool: "write" }
            0 ToolCallDelta { call: "script-1-0", json: "{\"pa" }
            0 ToolCallEnd { call: "script-1-0" }
            0 Usage(Usage { input_tokens: 0, cache_read_tokens: 0, cache_write_tokens: 0, cache_write_long_tokens: 0, audio_input_tokens: 0, output_tokens: 1, reasoning_tokens: 0, audio_output_tokens: 0, cost_nano: None, estimated: true })
            0 Error(Rejection { code: CutOff, message: "The provider's answer could not be read", retry_after_secs: None, request_id: None, shortage: None, pace: None })
        "#]],
    );
    check(
        failing,
        &ask("long", "", 0),
        &expect![[r#"
            0 TextDelta { text: "x" }
            0 Usage(Usage { input_tokens: 1, cache_read_tokens: 0, cache_write_tokens: 0, cache_write_long_tokens: 0, audio_input_tokens: 0, output_tokens: 1, reasoning_tokens: 0, audio_output_tokens: 0, cost_nano: Some(0), estimated: true })
            0 Finish { reason: OutputLimit, stopped_by: None }
        "#]],
    );
    check(
        failing,
        &ask("else", "", 0),
        &expect![[r#"
            0 Error(Rejection { code: BadRequest, message: "This script has no reply for this prompt; change the prompt or the model", retry_after_secs: None, request_id: None, shortage: None, pace: None })
        "#]],
    );
}

#[test]
fn a_bad_line_is_named() {
    for (text, expected) in [
        ("", "t.script, line 0: there is no `when`"),
        ("text hello\n", "t.script, line 1: it must come after a `when`"),
        ("when *\nsing la\n", "t.script, line 2: there is no `sing`"),
        ("when *\ntext <<END\nx\n", "t.script, line 2: the text up to `END` never ends"),
        ("when *\n\npause soon\n", "t.script, line 3: `soon` is no number that fits here"),
        ("when a |\ntext x\n", "t.script, line 1: `when` needs a part of the prompt, or `*`"),
        ("when *\n", "t.script, line 1: a reply is empty"),
    ] {
        assert_eq!(Script::parse("t", text).unwrap_err().to_string(), expected);
    }
    let unknown = Script::parse("t", "when *\ndone soon\n").unwrap_err();
    assert!(unknown.what.starts_with("`soon` is no reason: unknown variant"), "{unknown}");
}

#[test]
fn the_demo_fits_each_template() {
    let demo = &built_in().unwrap()[0];
    let paths = |prompt: &str, files: &str, n_results| {
        let called = |it: Step| match it.event {
            ModelEvent::ToolCallDelta { json, .. } => json,
            ModelEvent::ToolCallEnd { .. } => "\n".to_owned(),
            ModelEvent::TextDelta { .. }
            | ModelEvent::Reasoning { .. }
            | ModelEvent::ReasoningEnd { .. }
            | ModelEvent::ToolCallStart { .. }
            | ModelEvent::Usage(_)
            | ModelEvent::Finish { .. }
            | ModelEvent::Error(_) => String::new(),
        };
        let calls: String =
            demo.play(&ask(prompt, files, n_results)).into_iter().map(called).collect();
        let path = |call: &str| -> String {
            let call: serde_json::Value = serde_json::from_str(call).unwrap();
            call["path"].as_str().unwrap_or("-").to_owned()
        };
        calls.lines().map(path).collect::<Vec<_>>().join(" ")
    };
    for files in ["", "src/main.ts\n", "src/main.tsx\n"] {
        assert_eq!(paths("a habit tracker", files, 0), "- index.html");
        assert_eq!(paths("anything", files, 0), "- index.html");
    }
    assert_eq!(paths("anything", "script.js", 2), "index.html style.css script.js");
    assert_eq!(paths("a habit tracker", "script.js", 2), "index.html style.css script.js");
    assert_eq!(paths("anything", "src/main.ts\n", 2), "src/main.ts style.css index.html");
    assert_eq!(
        paths("a habit tracker", "src/main.tsx\n", 2),
        "src/habits.ts src/app.tsx src/style.css index.html"
    );
    assert_eq!(paths("another colour", "--accent: #3f7d58;", 0), "style.css");
    assert_eq!(paths("another colour", "--accent: #3f7d58; src/style.css", 0), "src/style.css");
    assert_eq!(paths("anything", "script.js", 5), "");
    assert_eq!(paths("more", "This demo is recorded, not made by a model.", 0), "");
}

#[track_caller]
fn check(script: &str, ask: &Ask, expected: &Expect) {
    let script = Script::parse("t", script).unwrap();
    let line = |it: Step| format!("{} {:?}\n", it.wait.as_millis(), it.event);
    expected.assert_eq(&script.play(ask).into_iter().map(line).collect::<String>());
}

fn ask(prompt: &str, files: &str, n_results: usize) -> Ask {
    let prompt = Block::Text(prompt.to_owned()).into();
    let mut messages = vec![Message { role: Role::User, pieces: vec![prompt] }];
    if n_results > 0 {
        let result = Block::Result { call: "c".into(), output: Vec::new(), failed: false };
        messages.push(Message { role: Role::User, pieces: vec![result.into(); n_results] });
    }
    let system = vec![Section { text: files.to_owned(), keep: None }];
    Ask { model: "t".to_owned(), system, messages, ..Ask::default() }
}
