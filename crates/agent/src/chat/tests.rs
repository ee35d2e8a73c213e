//! What leaves a conversation, and that nothing is lost on the way out and back.

use expect_test::{Expect, expect};
use serde_json::json;

use super::*;

#[test]
fn calls_are_answered_right_behind_them() {
    check(
        &[
            user("Do it"),
            reply(vec![
                Part::Reasoning { text: "Hm.".to_owned(), opaque: Some(json!({"signature": "s"})) },
                text("I look."),
                tool("c1", ToolState::Done, "fn main"),
                tool("c2", ToolState::Error, "no such file"),
                Part::Step,
                tool("c3", ToolState::Done, "edited"),
                Part::Step,
                text("Done."),
            ]),
            user("Thanks"),
        ],
        expect![[r#"
            user: "Do it"
            assistant: thought "Hm." {"signature":"s"}
            assistant: "I look."
            assistant: call c1 read {"path":"a"}
            assistant: call c2 read {"path":"a"}
            user: answer c1 fn main
            user: answer c2 failed no such file
            assistant: call c3 read {"path":"a"}
            user: answer c3 edited
            assistant: "Done."
            user: "Thanks"
        "#]],
    );
}

#[test]
fn a_reply_that_was_broken_off_is_whole_for_the_provider() {
    let mut broken = reply(vec![text("Half a"), tool("c1", ToolState::Running, "")]);
    broken.state = State::Interrupted;
    if let Part::Tool(part) = &mut broken.parts[1] {
        part.arguments = "{\"path\":\"a".to_owned();
    }
    check(
        &[user("Do it"), broken],
        expect![[r#"
            user: "Do it"
            assistant: "Half a"
            assistant: call c1 read {}
            user: answer c1 failed interrupted: this call was not carried out
        "#]],
    );
    let mut broken = reply(vec![text("Half a")]);
    broken.state = State::Interrupted;
    check(
        &[user("Do it"), broken],
        expect![[r#"
            user: "Do it"
            assistant: "Half a"
            user: "Your reply was broken off. Go on where it ended, without repeating it."
        "#]],
    );
}

#[test]
fn a_stopped_reply_is_kept_and_said_to_be_stopped() {
    let mut stopped = reply(vec![text("Half a")]);
    stopped.state = State::Stopped;
    check(
        &[user("Do it"), stopped, user("Something else")],
        expect![[r#"
            user: "Do it"
            assistant: "Half a"
            user: "(The user stopped this reply.)"
            user: "Something else"
        "#]],
    );
}

#[test]
fn the_model_hears_what_became_of_its_changes() {
    let changes = |state| Part::Changes { action: ActionId::new("act_1"), state };
    check(
        &[user("Do it"), reply(vec![text("So."), changes(Decision::Rejected)]), user("Again")],
        expect![[r#"
            user: "Do it"
            assistant: "So."
            user: "(The user rejected the changes you proposed.)"
            user: "Again"
        "#]],
    );
}

#[test]
fn roles_alternate_whatever_is_stored() {
    let mut error = reply(vec![Part::Error { text: "No".to_owned(), remedy: Remedy::Retry }]);
    error.kind = Kind::Error;
    check(
        &[reply(vec![text("Welcome")]), reply(vec![]), user("a"), error, user(""), user("b")],
        expect![[r#"
            user: "(The beginning of the conversation is not shown.)"
            assistant: "Welcome"
            user: "a"
            user: "b"
        "#]],
    );
}

#[test]
fn thoughts_of_another_model_and_edits_in_text_stay_here() {
    let mut other = reply(vec![
        Part::Reasoning { text: "Hm.".to_owned(), opaque: Some(json!("s")) },
        text("So."),
    ]);
    other.model = "other/model".to_owned();
    let mut in_text = reply(vec![text("a.ts …"), tool("edit", ToolState::Done, "edited")]);
    if let Part::Tool(part) = &mut in_text.parts[1] {
        part.from_text = true;
    }
    in_text.parts.push(Part::Feedback { text: "Not applied: …".to_owned() });
    in_text.parts.push(text("Again"));
    check(
        &[user("Do it"), other, user("And"), in_text],
        expect![[r#"
            user: "Do it"
            assistant: "So."
            user: "And"
            assistant: "a.ts …"
            user: "Not applied: …"
            assistant: "Again"
        "#]],
    );
}

#[test]
fn a_conversation_survives_its_export() {
    let conversation = conversation(&everything());
    let json = export::to_json(&conversation);
    let again = export::from_json(&json).unwrap();
    assert_eq!(again, conversation);
    assert_eq!(export::to_json(&again), json);
}

#[test]
fn a_message_survives_its_record() {
    for message in everything() {
        assert_eq!(record::decode(&record::encode(&message)).unwrap(), message);
    }
    let frozen = r#"{"v":1,"id":"msg_1","role":"user","kind":"chat","parts":[{"type":"text","text":"Do it"}],"at_ms":1795230245000,"state":"complete"}"#;
    let mut message = user("Do it");
    message.id = MessageId::new("msg_1");
    assert_eq!(String::from_utf8(record::encode(&message)).unwrap(), frozen);
    let least = r#"{"v":1,"id":"msg_1","role":"user","parts":[{"type":"text","text":"Do it"}],"at_ms":1795230245000}"#;
    assert_eq!(record::decode(least.as_bytes()).unwrap(), message);
}

/// These layouts are stored: they are never edited, a new one gets a new number.
#[test]
fn every_kind_of_part_is_frozen() {
    for frozen in [
        r#"{"type":"text","text":"a"}"#,
        r#"{"type":"reasoning","text":"a"}"#,
        r#"{"type":"reasoning","text":"a","opaque":{"signature":"s"}}"#,
        r#"{"type":"tool","call":"c","tool":"read","arguments":"{}","state":"done","output":"o","title":"t"}"#,
        r#"{"type":"tool","call":"c","tool":"edit","arguments":"{}","state":"error","title":"t","from_text":true}"#,
        r#"{"type":"changes","action":"act_1","state":"refused"}"#,
        r#"{"type":"feedback","text":"a"}"#,
        r#"{"type":"step"}"#,
        r#"{"type":"checkpoint","commit":"c","title":"t"}"#,
        r#"{"type":"error","text":"a","remedy":"open_settings"}"#,
    ] {
        let part: Part = serde_json::from_str(frozen).unwrap();
        assert_eq!(serde_json::to_string(&part).unwrap(), frozen);
    }
}

#[test]
fn records_that_cannot_be_read_say_why() {
    let told = |bytes: &[u8]| record::decode(bytes).unwrap_err().to_string();
    assert_eq!(told(b"{\"v\":2}"), "the message was stored by a newer version (layout 2)");
    assert_eq!(told(b"{\"v\":1}"), "the message's record is damaged");
    assert_eq!(told(b"\xff"), "the message's record is damaged");
}

#[test]
fn bad_imports_are_refused() {
    let told = |text: &str| export::from_json(text).unwrap_err().to_string();
    assert_eq!(told("[]"), "this is not a conversation that Easel exported");
    assert_eq!(told("{}"), "this is not a conversation that Easel exported");
    let newer = r#"{"easel_conversation":9,"messages":{}}"#;
    assert_eq!(told(newer), "the conversation was exported by a newer version (layout 9)");
    let json = export::to_json(&conversation(&[user("a")]));
    let twice: serde_json::Value = serde_json::from_str(&json).unwrap();
    let message = &twice["messages"][0];
    let twice = json!({"easel_conversation": 1, "messages": [message, message]});
    assert!(told(&twice.to_string()).starts_with("the conversation is damaged: there are two"));
}

#[test]
fn markdown_is_for_reading() {
    expect![[r#"
        # My chat

        ## You · 2026-11-21T03:04:05Z

        Do it

        ## Assistant (script/demo) · 2026-11-21T03:04:05Z

        > Hm.

        I look.

        - ✓ Read a

        - Changes `act_1`: applied

        - Checkpoint `abc`: Before

        *(stopped)*

        ## Easel · 2026-11-21T03:04:05Z

        **Error:** The proxy is down
    "#]]
    .assert_eq(&export::to_markdown(&conversation(&everything()), "My\nchat"));
}

#[test]
fn messages_must_fit() {
    let mut conversation = Conversation::new();
    let mut first = user("a");
    first.id = MessageId::new("m1");
    conversation.push(first.clone()).unwrap();
    assert_eq!(conversation.push(first.clone()), Err(Misplaced::Twice(first.id)));
    let orphan = Message::user(MessageId::new("m2"), Some(MessageId::new("m9")), String::new(), 0);
    assert_eq!(conversation.push(orphan), Err(Misplaced::Orphan(MessageId::new("m2"))));
    let second = Message::user(MessageId::new("m2"), Some(MessageId::new("m1")), "b".to_owned(), 0);
    conversation.push(second).unwrap();
    assert_eq!(conversation.cut_from(&MessageId::new("m2")).len(), 1);
    assert_eq!(conversation.messages().len(), 1);
}

fn everything() -> Vec<Message> {
    let mut stopped = reply(vec![
        Part::Reasoning { text: "Hm.".to_owned(), opaque: Some(json!({"signature": "s"})) },
        text("I look."),
        tool("c1", ToolState::Done, "fn main"),
        Part::Feedback { text: "Try again.".to_owned() },
        Part::Step,
        Part::Changes { action: ActionId::new("act_1"), state: Decision::Applied },
        Part::Checkpoint { commit: "abc".to_owned(), title: "Before".to_owned() },
    ]);
    stopped.state = State::Stopped;
    stopped.usage = Some(Usage { input_tokens: 7, cost_nano: Some(9), ..Usage::default() });
    let mut error =
        reply(vec![Part::Error { text: "The proxy is down".to_owned(), remedy: Remedy::Retry }]);
    (error.role, error.kind) = (Role::System, Kind::Error);
    vec![user("Do it"), stopped, error]
}

fn user(words: &str) -> Message {
    Message::user(MessageId::default(), None, words.to_owned(), 1_795_230_245_000)
}

fn reply(parts: Vec<Part>) -> Message {
    let model = "script/demo".to_owned();
    let mut message = Message::reply(MessageId::default(), None, model, 1_795_230_245_000);
    (message.parts, message.state) = (parts, State::Complete);
    message
}

fn text(text: &str) -> Part {
    Part::Text { text: text.to_owned() }
}

fn tool(call: &str, state: ToolState, output: &str) -> Part {
    Part::Tool(ToolPart {
        call: call.to_owned(),
        tool: "read".to_owned(),
        arguments: r#"{"path":"a"}"#.to_owned(),
        state,
        output: output.to_owned(),
        title: "Read a".to_owned(),
        from_text: false,
    })
}

/// Numbers the messages.
fn conversation(messages: &[Message]) -> Conversation {
    let numbered = messages.iter().enumerate().map(|(at, message)| {
        let parent = at.checked_sub(1).map(|at| MessageId::new(format!("msg_{at}")));
        Message { id: MessageId::new(format!("msg_{at}")), parent, ..message.clone() }
    });
    Conversation::from_messages(numbered.collect()).unwrap()
}

#[track_caller]
fn check(messages: &[Message], expected: Expect) {
    let wire = conversation(messages).to_wire("script/demo");
    assert!(wire.windows(2).all(|pair| pair[0].role != pair[1].role), "roles alternate");
    let mut told = String::new();
    for message in wire {
        let role = if message.role == wire::Role::User { "user" } else { "assistant" };
        for block in message.blocks {
            told += &match block {
                wire::Block::Text { text } => format!("{role}: {text:?}\n"),
                wire::Block::Reasoning { text, opaque } => {
                    format!("{role}: thought {text:?} {}\n", opaque.unwrap_or_default())
                }
                wire::Block::ToolCall { call, tool, arguments } => {
                    format!("{role}: call {call} {tool} {arguments}\n")
                }
                wire::Block::ToolResult { call, output, failed } => {
                    let failed = if failed { "failed " } else { "" };
                    format!("{role}: answer {call} {failed}{output}\n")
                }
                wire::Block::Image { .. } => panic!("no images here"),
            };
        }
    }
    expected.assert_eq(&told);
}
