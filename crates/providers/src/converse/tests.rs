//! What a client reads, and what comes back of it.

use expect_test::expect;
use serde_json::{Value, json};
use wire::{ModelEvent, Rejection, RejectionCode, StopReason, Usage};

use super::*;
use crate::{
    ask::Block,
    feed::Feed,
    frame::{Frame, Splitter},
    seal::seal,
};

mod asks;

const CLAUDE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

#[test]
fn a_reply_becomes_messages_that_read_the_same() {
    let written = write(&reply());
    expect![[r#"
        messageStart {"role":"assistant"}
        contentBlockDelta {"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"Hm"}}}
        contentBlockDelta {"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"c2ln"}}}
        contentBlockStop {"contentBlockIndex":0}
        contentBlockDelta {"contentBlockIndex":1,"delta":{"reasoningContent":{"signature":"c2ln"}}}
        contentBlockStop {"contentBlockIndex":1}
        contentBlockDelta {"contentBlockIndex":2,"delta":{"reasoningContent":{"text":"Hm?"}}}
        contentBlockStop {"contentBlockIndex":2}
        contentBlockDelta {"contentBlockIndex":3,"delta":{"reasoningContent":{"redactedContent":"eHg="}}}
        contentBlockStop {"contentBlockIndex":3}
        contentBlockDelta {"contentBlockIndex":4,"delta":{"text":"Hi \"é\""}}
        contentBlockStop {"contentBlockIndex":4}
        contentBlockStart {"contentBlockIndex":5,"start":{"toolUse":{"toolUseId":"a","name":"read"}}}
        contentBlockDelta {"contentBlockIndex":5,"delta":{"toolUse":{"input":"{\"z\":1,"}}}
        contentBlockDelta {"contentBlockIndex":5,"delta":{"toolUse":{"input":"\"a\":2}"}}}
        contentBlockStop {"contentBlockIndex":5}
        contentBlockStart {"contentBlockIndex":6,"start":{"toolUse":{"toolUseId":"b","name":"read"}}}
        contentBlockDelta {"contentBlockIndex":6,"delta":{"toolUse":{"input":"{}"}}}
        contentBlockStop {"contentBlockIndex":6}
        contentBlockDelta {"contentBlockIndex":7,"delta":{"text":"So"}}
        contentBlockStop {"contentBlockIndex":7}
        messageStop {"stopReason":"tool_use"}
        metadata {"usage":{"inputTokens":1,"outputTokens":8,"totalTokens":18,"cacheReadInputTokens":2,"cacheWriteInputTokens":7,"cacheDetails":[{"ttl":"1h","inputTokens":3},{"ttl":"5m","inputTokens":4}]},"metrics":{"latencyMs":0}}
    "#]].assert_eq(&shown(&written));
    let mut events = Vec::new();
    Feed::new(&Converse).push(&written, &mut events);
    let whole = Whole::collect(reply());
    assert_eq!(Whole::collect(events), whole);
    let body = Converse.write_whole(&whole, &About::default());
    assert_eq!(Whole::collect(Converse.read_whole(&body).unwrap()), whole);
}

#[test]
fn a_reply_becomes_one_answer() {
    let body = Converse.write_whole(&Whole::collect(reply()), &About::default());
    expect![[r#"{"output":{"message":{"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"Hm","signature":"c2ln"}}},{"reasoningContent":{"reasoningText":{"text":"","signature":"c2ln"}}},{"reasoningContent":{"reasoningText":{"text":"Hm?"}}},{"reasoningContent":{"redactedContent":"eHg="}},{"text":"Hi \"é\""},{"toolUse":{"toolUseId":"a","name":"read","input":{"z":1,"a":2}}},{"toolUse":{"toolUseId":"b","name":"read","input":{}}},{"text":"So"}]}},"stopReason":"tool_use","usage":{"inputTokens":1,"outputTokens":8,"totalTokens":18,"cacheReadInputTokens":2,"cacheWriteInputTokens":7,"cacheDetails":[{"ttl":"1h","inputTokens":3},{"ttl":"5m","inputTokens":4}]},"metrics":{"latencyMs":0}}"#]].assert_eq(&String::from_utf8(body).unwrap());
}

#[test]
fn the_text_that_ended_a_reply_is_told() {
    let stopped_by = Some("END".to_owned());
    let reply = [
        ModelEvent::TextDelta { text: "a".into() },
        ModelEvent::Usage(Usage::default()),
        ModelEvent::Finish { reason: StopReason::EndOfTurn, stopped_by },
    ];
    let whole = Whole::collect(reply.clone());
    let mut events = Vec::new();
    Feed::new(&Converse).push(&write(&reply), &mut events);
    assert_eq!(Whole::collect(events), whole);
    let body = Converse.write_whole(&whole, &About::default());
    assert_eq!(Whole::collect(Converse.read_whole(&body).unwrap()), whole);
}

#[test]
fn thoughts_of_other_vendors_travel_where_nobody_reads() {
    let opaque = json!({ "gemini": { "thoughtSignature": "c2ln" } });
    for text in ["Hm", ""] {
        let mut reply = Whole::default();
        if !text.is_empty() {
            reply.add(ModelEvent::Reasoning { text: text.to_owned() });
        }
        reply.add(ModelEvent::ReasoningEnd { opaque: Some(opaque.clone()) });
        let answer: Value =
            serde_json::from_slice(&Converse.write_whole(&reply, &About::default())).unwrap();
        let thought = &answer["output"]["message"]["content"][0]["reasoningContent"];
        let field = if text.is_empty() { "redactedContent" } else { "reasoningText" };
        assert!(thought[field] != Value::Null, "{answer}");
        let back = json!({ "messages": [answer["output"]["message"]] });
        let ask = Converse.read_ask(back.to_string().as_bytes()).unwrap().ask;
        let thought = Block::Thought { text: text.to_owned(), opaque: Some(opaque.clone()) };
        assert_eq!(ask.messages[0].pieces, [thought.into()]);
        // Of a whole conversation only that is left out.
        let ask = Ask { model: CLAUDE.to_owned(), ..ask };
        assert_eq!(Converse.write_ask(&ask, true).unwrap(), br#"{"messages":[]}"#);
    }
}

#[test]
fn a_sealed_thought_is_in_the_streams_signature() {
    let opaque = json!({ "x": 1 });
    let written = write(&[
        ModelEvent::Reasoning { text: "Hm".into() },
        ModelEvent::ReasoningEnd { opaque: Some(opaque.clone()) },
    ]);
    assert!(shown(&written).contains(&format!(r#""signature":"{}""#, seal(&opaque))));
}

#[test]
fn an_error_is_an_exception() {
    let rejection = Rejection {
        code: RejectionCode::CutOff,
        message: "broken".to_owned(),
        retry_after_secs: None,
        request_id: Some("r1".to_owned()),
        shortage: None,
        pace: None,
    };
    let written = write(&[ModelEvent::Error(rejection)]);
    expect![[r#"
        modelStreamErrorException {"message":"broken","requestId":"r1"}
    "#]]
    .assert_eq(&shown(&written));
    assert!(written.windows(9).any(|it| it == b"exception"));
    assert_eq!(error_type(RejectionCode::Busy), "ThrottlingException");
}

#[test]
fn a_sign_of_life_says_nothing() {
    let mut written = Converse.encoder(About::default()).keep_alive().into_owned();
    assert_eq!(shown(&written), "ping {}\n");
    written.extend(write(&reply()));
    let mut events = Vec::new();
    Feed::new(&Converse).push(&written, &mut events);
    assert_eq!(Whole::collect(events), Whole::collect(reply()));
}

#[test]
fn a_model_is_encoded_in_its_path() {
    assert_eq!(
        path(CLAUDE, true),
        "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream"
    );
    assert_eq!(
        path("arn:aws:bedrock:us-east-1:1:prompt-router/é~_", false),
        "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aprompt-router%2F%C3%A9~_/converse"
    );
}

fn write(events: &[ModelEvent]) -> Vec<u8> {
    let mut writer = Converse.encoder(About::default());
    let mut written = Vec::new();
    events.iter().for_each(|it| writer.write(it, &mut written));
    written
}

fn shown(stream: &[u8]) -> String {
    let mut text = String::new();
    let mut show = |frame: Frame<'_>| {
        let [name, data] = [frame.name, frame.data].map(String::from_utf8_lossy);
        text += &format!("{name} {data}\n");
        Ok(())
    };
    Splitter::new(Framing::Messages).push(stream, &mut show).unwrap();
    text
}

fn reply() -> Vec<ModelEvent> {
    let start = |call: &str| ModelEvent::ToolCallStart { call: call.into(), tool: "read".into() };
    let delta =
        |call: &str, json: &str| ModelEvent::ToolCallDelta { call: call.into(), json: json.into() };
    let usage = Usage {
        input_tokens: 1,
        cache_read_tokens: 2,
        cache_write_tokens: 4,
        cache_write_long_tokens: 3,
        output_tokens: 8,
        ..Usage::default()
    };
    let signed = json!({ "reasoningText": { "text": "Hm", "signature": "c2ln" } });
    let silent = json!({ "reasoningText": { "text": "", "signature": "c2ln" } });
    let hidden = json!({ "redactedContent": "eHg=" });
    vec![
        ModelEvent::Reasoning { text: "Hm".into() },
        ModelEvent::ReasoningEnd { opaque: Some(json!({ "converse": signed })) },
        ModelEvent::ReasoningEnd { opaque: Some(json!({ "converse": silent })) },
        ModelEvent::Reasoning { text: "Hm?".into() },
        ModelEvent::ReasoningEnd { opaque: Some(json!({ "converse": hidden })) },
        ModelEvent::TextDelta { text: "Hi \"é\"".into() },
        start("a"),
        delta("a", "{\"z\":1,"),
        start("b"),
        delta("b", "{}"),
        ModelEvent::TextDelta { text: "So".into() },
        ModelEvent::ToolCallEnd { call: "b".into() },
        delta("a", "\"a\":2}"),
        ModelEvent::ToolCallEnd { call: "a".into() },
        ModelEvent::Usage(usage),
        ModelEvent::Finish { reason: StopReason::ToolUse, stopped_by: None },
    ]
}
