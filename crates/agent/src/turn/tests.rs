//! Each test is a script of what happened and the effects that followed.
//!
//! Only [`check`] knows the API. `UPDATE_EXPECT=1 cargo test` rewrites the expectations.

use expect_test::{Expect, expect};
use serde_json::json;
use wire::Block;

use super::*;
use crate::permission::Mode;

#[test]
fn a_call_split_over_chunks_runs_once_it_is_whole() {
    check(
        Options::default(),
        r#"
text Let me look.
start c1 read
json c1 {"path":"src
json c1 /main.rs"}
end c1
finish tool_use
done c1 1	fn main() {}
text It is empty.
finish end_of_turn
"#,
        expect![[r#"
            ask (0 messages)
            show 0 added
            show 1 added
            show 1 grew "{\"path\":\"src"
            show 1 grew "/main.rs\"}"
            show 1 changed
            show 1 changed
            show 1 changed
            run c1 Read src/main.rs
            show 1 changed
            show 2 added
            ask (2 messages)
              c1: 1	fn main() {}
            show 3 added
            finish Answered
        "#]],
    );
}

#[test]
fn calls_run_one_after_the_other_in_order() {
    check(
        Options::default(),
        "
call c1 write {\"path\":\"a\",\"content\":\"1\"}
call c2 read {\"path\":\"a\"}
finish end_of_turn
done c2 too early
done c1 created
done c1 twice
done c2 1	1
finish end_of_turn
",
        expect![[r#"
            ask (0 messages)
            run c1 Write a
            run c2 Read a
            ask (2 messages)
              c1: created
              c2: 1	1
            finish Answered
        "#]],
    );
}

#[test]
fn a_bad_call_goes_back_to_the_model_twice_then_the_turn_ends() {
    check(
        Options::default(),
        "
call c1 delete_everything {}
finish tool_use
call c2 read {\"path\":
finish tool_use
call c3 read {\"file\":\"a\"}
finish tool_use
text too late
",
        expect![[r#"
            ask (0 messages)
            ask (2 messages)
              c1: failed: there is no tool `delete_everything`; use read, list, search, write, edit, remove, move, run or configure
            ask (4 messages)
              c1: failed: there is no tool `delete_everything`; use read, list, search, write, edit, remove, move, run or configure
              c2: failed: the arguments of `read` are not valid JSON (EOF while parsing a value at line 1 column 8); send one JSON object
            finish Malformed { what: "`read` has no argument `file`; it accepts `path`, `offset`, `limit`" }
        "#]],
    );
}

#[test]
fn a_path_outside_is_refused_and_the_good_call_beside_it_runs() {
    check(
        Options::default(),
        "
call c1 write {\"path\":\"../x\",\"content\":\"1\"}
call c2 read {\"path\":\"a\"}
finish tool_use
done c2 1	one
finish end_of_turn
",
        expect![[r#"
            ask (0 messages)
            run c2 Read a
            ask (2 messages)
              c1: failed: the path `../x` leads out of the project; write the path without `..`
              c2: 1	one
            finish Answered
        "#]],
    );
}

#[test]
fn nothing_happens_after_cancel() {
    check(
        Options::default(),
        "
call c1 read {\"path\":\"a\"}
finish tool_use
cancel
done c1 late
text late
cancel
",
        expect![[r#"
            ask (0 messages)
            run c1 Read a
            finish Cancelled
        "#]],
    );
}

#[test]
fn a_reply_that_breaks_off_runs_nothing() {
    check(
        Options::default(),
        "
call c1 remove {\"path\":\"a\"}
eof
finish tool_use
",
        expect![[r#"
            ask (0 messages)
            finish Interrupted
        "#]],
    );
    check(
        Options::default(),
        "
call c1 remove {\"path\":\"a\"}
finish output_limit
",
        expect![[r#"
            ask (0 messages)
            finish CutShort { why: OutputLimit }
        "#]],
    );
}

#[test]
fn a_call_that_was_not_finished_is_malformed() {
    check(
        Options::default(),
        "
start c1 write
json c1 {\"path\":\"a\",\"content\":\"1\"}
finish tool_use
",
        expect![[r#"
            ask (0 messages)
            show 0 added
            show 0 grew "{\"path\":\"a\",\"content\":\"1\"}"
            show 0 changed
            show 0 changed
            show 1 added
            ask (2 messages)
              c1: failed: the call of `write` was not finished
        "#]],
    );
}

#[test]
fn an_announced_call_that_never_came_is_asked_for_again() {
    check(
        Options::default(),
        "
text I will read it.
finish tool_use
text Done.
finish end_of_turn
",
        expect![[r#"
            ask (0 messages)
            show 0 added
            show 1 added
            ask (2 messages)
              told: Your reply could not be used: the reply announced a tool call, but holds none. Try again.
            show 2 added
            finish Answered
        "#]],
    );
}

#[test]
fn an_empty_reply_is_asked_for_again_and_then_an_error() {
    check(
        Options::default(),
        "
finish end_of_turn
finish end_of_turn
finish end_of_turn
",
        expect![[r#"
            ask (0 messages)
            show 0 added
            ask (1 messages)
              told: Your reply could not be used: the reply was empty. Try again.
            show 1 added
            ask (1 messages)
              told: Your reply could not be used: the reply was empty. Try again.
              told: Your reply could not be used: the reply was empty. Try again.
            finish Malformed { what: "the reply was empty" }
        "#]],
    );
}

#[test]
fn failures_of_any_kind_end_the_turn_in_the_end() {
    let (mut turn, _) = Turn::start(Options::default());
    for n in 0..20 {
        let call = format!("c{n}");
        for event in [
            ModelEvent::ToolCallStart { call: call.clone(), tool: "read".to_owned() },
            ModelEvent::ToolCallDelta {
                call: call.clone(),
                json: format!("{{\"path\":\"f{n}\"}}"),
            },
            ModelEvent::ToolCallEnd { call: call.clone() },
            ModelEvent::Finish { reason: StopReason::ToolUse, stopped_by: None },
        ] {
            turn.handle(Event::Model(event));
        }
        let output = format!("there is no file `f{n}`\nand more");
        let effects = turn.handle(Event::ToolFinished { call, output, failed: true });
        if let Some(Effect::Finish(outcome)) = effects.last() {
            let diagnosis =
                "12 calls in a row failed, the last one “Read f11”: there is no file `f11`";
            assert_eq!(*outcome, Outcome::Stuck { diagnosis: diagnosis.to_owned() });
            return;
        }
    }
    panic!("it went on for ever");
}

#[test]
fn a_rejection_ends_the_turn_and_is_handed_on() {
    check(
        Options::default(),
        "
text Half a
reject busy
",
        expect![[r#"
            ask (0 messages)
            show 0 added
            finish Failed(Rejection { code: Busy, message: "try later", retry_after_secs: Some(3), request_id: None, shortage: None, pace: None })
        "#]],
    );
    check(
        Options::default(),
        "
text Half a
reject cut
",
        expect![[r#"
            ask (0 messages)
            show 0 added
            finish Interrupted
        "#]],
    );
}

#[test]
fn a_model_that_never_stops_ends_at_the_limit() {
    check(
        Options { step_limit: 2, ..Options::default() },
        "
call c1 list {}
finish tool_use
done c1 a
call c1 list {}
finish tool_use
done c1_2 a
",
        expect![[r#"
            ask (0 messages)
            run c1 List the project
            ask (2 messages)
              c1: a
            run c1_2 List the project
            finish StepLimit { limit: 2 }
        "#]],
    );
}

#[test]
fn thirty_steps_are_no_problem() {
    let (mut turn, _) = Turn::start(Options::default());
    for step in 0..30 {
        let call = format!("c{step}");
        let events = [
            ModelEvent::ToolCallStart { call: call.clone(), tool: "list".to_owned() },
            ModelEvent::ToolCallEnd { call: call.clone() },
            ModelEvent::Finish { reason: StopReason::ToolUse, stopped_by: None },
        ];
        events.into_iter().for_each(|event| drop(turn.handle(Event::Model(event))));
        turn.handle(Event::ToolFinished { call, output: "a".to_owned(), failed: false });
    }
    let end = turn.handle(Event::Model(ModelEvent::Finish {
        reason: StopReason::EndOfTurn,
        stopped_by: None,
    }));
    assert_eq!(end, [Effect::Finish(Outcome::Answered)]);
    assert_eq!(turn.parts().len(), 60);
}

#[test]
fn the_same_failure_three_times_ends_the_turn_with_a_diagnosis() {
    let edit = "edit {\"path\":\"a\",\"search\":\"x\",\"replace\":\"y\"}";
    let script = format!(
        "
call c1 {edit}
finish tool_use
fail c1 not found
call c2 {edit}
finish tool_use
fail c2 not found
call c3 {edit}
finish tool_use
fail c3 not found
"
    );
    check(
        Options::default(),
        &script,
        expect![[r#"
            ask (0 messages)
            run c1 Edit a
            ask (2 messages)
              c1: failed: not found
            run c2 Edit a
            ask (4 messages)
              c1: failed: not found
              c2: failed: not found
            run c3 Edit a
            finish Stuck { diagnosis: "“Edit a” failed 3 times in the same way: not found" }
        "#]],
    );
}

#[test]
fn in_auto_apply_changes_ask_and_always_covers_the_folder() {
    let permissions = Permissions { mode: Mode::AutoApply, ..Permissions::default() };
    check(
        Options { permissions, ..Options::default() },
        "
call c1 write {\"path\":\"src/a\",\"content\":\"1\"}
call c2 write {\"path\":\"src/b\",\"content\":\"2\"}
call c3 write {\"path\":\"c\",\"content\":\"3\"}
finish tool_use
done c1 not permitted yet
always c1
done c1 created
done c2 created
no c3
finish end_of_turn
",
        expect![[r#"
            ask (0 messages)
            permit c1 Write src/a (Changes; write src/**)
            run c1 Write src/a
            run c2 Write src/b
            permit c3 Write c (Changes; write c)
            ask (2 messages)
              c1: created
              c2: created
              c3: failed: the user said no to this; do not try it again in another way
            finish Answered
        "#]],
    );
}

#[test]
fn reading_a_file_of_secrets_asks_in_every_mode() {
    check(
        Options::default(),
        "
call c1 read {\"path\":\".env\"}
finish tool_use
once c2
once c1
",
        expect![[r#"
            ask (0 messages)
            permit c1 Read .env (Secrets; read .env)
            run c1 Read .env
        "#]],
    );
}

#[test]
fn edits_in_text_are_staged_when_the_reply_is_whole() {
    check(
        Options { tools: false, ..Options::default() },
        "
text a.ts\\n```ts\\n<<<<<<< SEARCH\\nx\\n=======\\ny\\n>>>>>>> REPLACE\\n```\\n
finish end_of_turn
done edit edited
",
        expect![[r#"
            ask (0 messages)
            show 0 added
            show 1 added
            show 1 changed
            run edit Edit a.ts
            show 1 changed
            finish Answered
        "#]],
    );
}

#[test]
fn failed_edits_in_text_are_told_twice_then_the_turn_ends() {
    let block = "text a.ts\\n<<<<<<< SEARCH\\nx\\n=======\\ny\\n>>>>>>> REPLACE\\n";
    let script = format!(
        "
{block}
finish end_of_turn
fail edit not found
{block}
finish end_of_turn
fail edit_2 not found
{block}
finish end_of_turn
fail edit_3 not found
"
    );
    check(
        Options { tools: false, ..Options::default() },
        &script,
        expect![[r#"
            ask (0 messages)
            show 0 added
            show 1 added
            show 1 changed
            run edit Edit a.ts
            show 1 changed
            show 2 added
            ask (2 messages)
              told: These edits were not applied:
            - Edit a.ts: not found
            show 3 added
            show 4 added
            show 4 changed
            run edit_2 Edit a.ts
            show 4 changed
            show 5 added
            ask (4 messages)
              told: These edits were not applied:
            - Edit a.ts: not found
              told: These edits were not applied:
            - Edit a.ts: not found
            show 6 added
            show 7 added
            show 7 changed
            run edit_3 Edit a.ts
            show 7 changed
            finish Malformed { what: "These edits were not applied:\n- Edit a.ts: not found" }
        "#]],
    );
}

#[test]
fn thoughts_keep_their_opaque_blocks() {
    let (mut turn, _) = Turn::start(Options::default());
    let signed = json!({"signature": "abc"});
    for event in [
        ModelEvent::Reasoning { text: "Hm".to_owned() },
        ModelEvent::Reasoning { text: "m.".to_owned() },
        ModelEvent::ReasoningEnd { opaque: Some(signed.clone()) },
        ModelEvent::ReasoningEnd { opaque: Some(json!("redacted")) },
        ModelEvent::TextDelta { text: "Yes".to_owned() },
    ] {
        turn.handle(Event::Model(event));
    }
    assert_eq!(
        turn.parts(),
        [
            Part::Reasoning { text: "Hmm.".to_owned(), opaque: Some(signed) },
            Part::Reasoning { text: String::new(), opaque: Some(json!("redacted")) },
            Part::Text { text: "Yes".to_owned() },
        ]
    );
}

#[test]
fn usage_is_summed_over_the_steps() {
    let (mut turn, _) = Turn::start(Options::default());
    for cost_nano in [Some(5), Some(7)] {
        let usage = Usage { input_tokens: 10, output_tokens: 2, cost_nano, ..Usage::default() };
        turn.handle(Event::Model(ModelEvent::Usage(usage)));
    }
    assert_eq!((turn.usage().input_tokens, turn.usage().cost_nano), (20, Some(12)));
    turn.handle(Event::Model(ModelEvent::Usage(Usage { output_tokens: 1, ..Usage::default() })));
    assert_eq!(turn.usage().cost_nano, None, "a price was missing");
}

/// Whatever arrives in whatever order: what goes to the provider is whole, and an end is an end.
#[test]
fn random_events_never_confuse_a_turn() {
    let mut dice = 5_u64;
    let mut roll = |sides: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % sides
    };
    let mut ends = std::collections::BTreeMap::<String, u32>::new();
    for round in 0..800 {
        let permissions = Permissions {
            mode: [Mode::Review, Mode::AutoApply][roll(2) as usize],
            ..Permissions::default()
        };
        let options = Options { step_limit: 20, permissions, tools: roll(4) > 0 };
        let (mut turn, mut effects) = Turn::start(options);
        let mut calls: Vec<String> = vec!["c0".to_owned()];
        for _ in 0..80 {
            for effect in effects {
                match effect {
                    Effect::Ask { append } => assert_whole(&append),
                    Effect::Run { call, .. } => calls.push(call),
                    Effect::Permit(request) => calls.push(request.call),
                    Effect::Show { at, .. } => assert!(at < turn.parts().len()),
                    Effect::Finish(outcome) => {
                        let name = format!("{outcome:?}");
                        *ends
                            .entry(name.split([' ', '(']).next().unwrap().to_owned())
                            .or_default() += 1;
                        assert!(turn.over());
                    }
                }
            }
            let call = calls[roll(calls.len() as u64) as usize].clone();
            let last = calls.last().unwrap().clone();
            let json = ["{}", "{\"path\":\"a\"}", "{\"path\":\"a\",\"content\":\"b\"}", "{\"pa"];
            let tool = ["read", "list", "write", "bash"][roll(4) as usize].to_owned();
            let text = ["x", "a.ts\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n", ""];
            let event = match roll(24) {
                0..3 => ModelEvent::TextDelta { text: text[roll(3) as usize].to_owned() },
                3 => ModelEvent::Reasoning { text: "hm".to_owned() },
                4 => ModelEvent::ReasoningEnd {
                    opaque: [None, Some(json!(1))][roll(2) as usize].clone(),
                },
                5..8 => {
                    calls.push(format!("c{}", roll(5)));
                    ModelEvent::ToolCallStart { call: calls.last().unwrap().clone(), tool }
                }
                8..11 => ModelEvent::ToolCallDelta {
                    call: last,
                    json: json[roll(4) as usize].to_owned(),
                },
                11..13 => ModelEvent::ToolCallEnd { call: last },
                13..16 => ModelEvent::Finish {
                    reason: [StopReason::ToolUse, StopReason::EndOfTurn][roll(2) as usize],
                    stopped_by: None,
                },
                16..19 => {
                    let failed = roll(3) == 0;
                    let output = ["one", "two"][roll(2) as usize].to_owned();
                    effects = turn.handle(Event::ToolFinished { call: last, output, failed });
                    continue;
                }
                19..22 => {
                    let answer = [Answer::Once, Answer::Always, Answer::No][roll(3) as usize];
                    effects = turn.handle(Event::Answered { call: last, answer });
                    continue;
                }
                22 if roll(20) == 0 => {
                    effects = turn.handle(if roll(2) == 0 {
                        Event::Cancelled
                    } else {
                        Event::StreamEnded
                    });
                    continue;
                }
                _ => ModelEvent::ToolCallEnd { call },
            };
            let was_over = turn.over();
            effects = turn.handle(Event::Model(event));
            assert!(!was_over || effects.is_empty(), "round {round}");
        }
        if turn.over() {
            let open = turn.parts().iter().filter_map(Part::tool).any(|it| !it.state.over());
            assert!(!open, "nothing is left running");
        }
    }
    assert!(ends.len() >= 4, "{ends:?}");
}

/// Roles alternate, beginning with the model's; every call is answered in the next message, once.
#[track_caller]
fn assert_whole(messages: &[wire::Message]) {
    for pair in messages.windows(2) {
        assert_ne!(pair[0].role, pair[1].role);
    }
    let mut seen = std::collections::BTreeSet::new();
    for (at, message) in messages.iter().enumerate() {
        let mut asked: Vec<&str> = Vec::new();
        for block in &message.blocks {
            if let Block::ToolCall { call, arguments, .. } = block {
                assert!(seen.insert(call.clone()), "ids are unique");
                assert!(serde_json::from_str::<serde_json::Value>(arguments).unwrap().is_object());
                asked.push(call);
            }
        }
        let next = messages.get(at + 1).map(|it| it.blocks.as_slice()).unwrap_or_default();
        let answered = next.iter().filter_map(|block| {
            if let Block::ToolResult { call, .. } = block { Some(call.as_str()) } else { None }
        });
        if message.role == wire::Role::Assistant {
            assert_eq!(answered.collect::<Vec<_>>(), asked);
        }
    }
}

#[track_caller]
fn check(options: Options, script: &str, expected: Expect) {
    let (mut turn, effects) = Turn::start(options);
    let mut actual = render(&effects);
    for line in script.trim().lines() {
        // `call` is a whole call at once: what it shows is not looked at.
        let quiet = script.contains("\ncall ");
        for event in parse(line) {
            let effects = turn.handle(event);
            let loud = |it: &&Effect| !quiet || !matches!(it, Effect::Show { .. });
            let effects: Vec<Effect> = effects.iter().filter(loud).cloned().collect();
            actual += &render(&effects);
        }
    }
    expected.assert_eq(&actual);
}

fn parse(line: &str) -> Vec<Event> {
    let words: Vec<&str> = line.splitn(4, ' ').collect();
    let rest = |at: usize| words[at..].join(" ");
    let model = |event| vec![Event::Model(event)];
    let owned = str::to_owned;
    match words[..] {
        ["text", ..] => model(ModelEvent::TextDelta { text: rest(1).replace("\\n", "\n") }),
        ["start", call, tool] => {
            model(ModelEvent::ToolCallStart { call: owned(call), tool: owned(tool) })
        }
        ["json", call, ..] => model(ModelEvent::ToolCallDelta { call: owned(call), json: rest(2) }),
        ["end", call] => model(ModelEvent::ToolCallEnd { call: owned(call) }),
        ["call", call, tool, json] => {
            let [call, tool, json] = [call, tool, json].map(str::to_owned);
            vec![
                Event::Model(ModelEvent::ToolCallStart { call: call.clone(), tool }),
                Event::Model(ModelEvent::ToolCallDelta { call: call.clone(), json }),
                Event::Model(ModelEvent::ToolCallEnd { call }),
            ]
        }
        ["finish", reason] => {
            let reason = serde_json::from_value(json!(reason)).unwrap();
            model(ModelEvent::Finish { reason, stopped_by: None })
        }
        ["reject", code] => {
            let code = if code == "busy" { RejectionCode::Busy } else { RejectionCode::CutOff };
            model(ModelEvent::Error(Rejection {
                code,
                message: "try later".to_owned(),
                retry_after_secs: Some(3),
                request_id: None,
                shortage: None,
                pace: None,
            }))
        }
        ["eof"] => vec![Event::StreamEnded],
        ["done", call, ..] => {
            let (call, output) = (owned(call), rest(2));
            vec![Event::ToolFinished { call, output, failed: false }]
        }
        ["fail", call, ..] => {
            vec![Event::ToolFinished { call: owned(call), output: rest(2), failed: true }]
        }
        ["once", call] => vec![Event::Answered { call: owned(call), answer: Answer::Once }],
        ["always", call] => vec![Event::Answered { call: owned(call), answer: Answer::Always }],
        ["no", call] => vec![Event::Answered { call: owned(call), answer: Answer::No }],
        ["cancel"] => vec![Event::Cancelled],
        _ => panic!("cannot read the line {line:?}"),
    }
}

fn render(effects: &[Effect]) -> String {
    effects.iter().map(render_one).collect()
}

fn render_one(effect: &Effect) -> String {
    match effect {
        Effect::Ask { append } => {
            let mut out = format!("ask ({} messages)\n", append.len());
            for block in append.iter().flat_map(|it| &it.blocks) {
                if let Block::ToolResult { call, output, failed } = block {
                    let failed = if *failed { "failed: " } else { "" };
                    out += &format!("  {call}: {failed}{output}\n");
                }
            }
            let users = append.iter().filter(|it| it.role == wire::Role::User);
            for block in users.flat_map(|it| &it.blocks) {
                if let Block::Text { text } = block {
                    out += &format!("  told: {text}\n");
                }
            }
            out
        }
        Effect::Permit(it) => {
            format!("permit {} {} ({:?}; {})\n", it.call, it.title, it.why, it.pattern)
        }
        Effect::Run { call, tool } => format!("run {call} {}\n", tool.title()),
        Effect::Show { at, change } => match change {
            Shown::Added => format!("show {at} added\n"),
            Shown::Grew { text } => format!("show {at} grew {text:?}\n"),
            Shown::Changed => format!("show {at} changed\n"),
        },
        Effect::Finish(outcome) => format!("finish {outcome:?}\n"),
    }
}
