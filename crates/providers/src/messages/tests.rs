//! A client's request in, and what the client reads back.

use expect_test::expect;
use serde_json::{Value, json};
use wire::{ModelEvent, Rejection, RejectionCode, StopReason, Usage};

use super::*;

#[test]
fn a_conversation_comes_out_as_it_went_in() {
    let mark = json!({ "type": "ephemeral", "ttl": "1h" });
    let body = json!({
        "model": "m", "max_tokens": 9000,
        "tools": [{
            "name": "read", "description": "Reads",
            "input_schema": { "type": "object", "properties": { "z": {}, "a": {} } },
            "strict": true, "cache_control": { "type": "ephemeral" },
        }],
        "system": [{ "type": "text", "text": "Be brief.", "cache_control": mark }],
        "messages": [
            { "role": "user", "content": [
                { "type": "text", "text": "What is this?" },
                { "type": "image", "source": { "type": "base64", "media_type": "image/png", "data": "AAAA" } },
                { "type": "image", "source": { "type": "url", "url": "https://x.org/a.png" } },
                { "type": "document", "source": { "type": "base64", "media_type": "application/pdf", "data": "BBBB" }, "title": "a.pdf" },
            ]},
            { "role": "assistant", "content": [
                { "type": "thinking", "thinking": "", "signature": "c2ln" },
                { "type": "redacted_thinking", "data": "eHg=" },
                { "type": "tool_use", "id": "a", "name": "read", "input": { "z": 1, "a": 2 } },
            ]},
            { "role": "user", "content": [
                { "type": "tool_result", "tool_use_id": "a", "content": [
                    { "type": "text", "text": "one" },
                    { "type": "image", "source": { "type": "base64", "media_type": "image/png", "data": "AAAA" } },
                ], "is_error": true },
                { "type": "text", "text": "Go on.", "cache_control": { "type": "ephemeral" } },
            ]},
        ],
        "tool_choice": { "type": "any", "disable_parallel_tool_use": true },
        "thinking": { "type": "enabled", "budget_tokens": 2000 },
        "output_config": { "format": { "type": "json_schema", "schema": { "z": 1, "a": 2 } } },
        "stop_sequences": ["END"],
        "metadata": { "user_id": "somebody" },
        "stream": true,
    });
    let asked = Messages.read_ask(body.to_string().as_bytes()).unwrap();
    assert!(asked.stream);
    let written = Messages.write_ask(&asked.ask, true).unwrap();
    assert_eq!(String::from_utf8(written).unwrap(), body.to_string());
}

#[test]
fn short_forms_are_understood() {
    let body = json!({
        "model": "m", "max_tokens": 10, "system": "Be brief.", "temperature": 0.7,
        "messages": [{ "role": "user", "content": "hi" }],
    });
    let asked = Messages.read_ask(body.to_string().as_bytes()).unwrap();
    let written = Messages.write_ask(&asked.ask, false).unwrap();
    expect![[r#"{"model":"m","max_tokens":10,"system":[{"type":"text","text":"Be brief."}],"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}],"temperature":0.7,"stream":false}"#]]
        .assert_eq(&String::from_utf8(written).unwrap());
}

#[test]
fn what_cannot_be_kept_is_refused_by_name() {
    let check = |extra: Value, expected: &str| {
        let mut body = json!({ "model": "m", "max_tokens": 1, "messages": [] });
        for (name, value) in extra.as_object().unwrap() {
            body[name] = value.clone();
        }
        let refused = Messages.read_ask(body.to_string().as_bytes()).unwrap_err();
        assert_eq!(refused.to_string(), expected);
    };
    let content = |block: Value| json!({ "messages": [{ "role": "user", "content": [block] }] });
    check(json!({ "max_tokens": null }), "`max_tokens` is missing");
    check(
        json!({ "tools": [{ "type": "web_search_20250305", "name": "web_search" }] }),
        "`tools.web_search` runs at one vendor only",
    );
    check(json!({ "tool_choice": { "type": "tool" } }), "`tool_choice` is not of a known type");
    check(json!({ "thinking": { "type": "enabled" } }), "`thinking` is not of a known type");
    check(
        content(json!({ "type": "image" })),
        "`messages.0` has a source that only one vendor knows",
    );
    check(
        content(json!({ "type": "server_tool_use" })),
        "`messages.0` has a block that only one vendor knows",
    );
    check(
        content(json!({ "type": "tool_result", "tool_use_id": "a", "content": 7 })),
        "`messages.0` has a result that is no text and no list",
    );
    check(
        content(json!({
            "type": "document", "source": { "type": "text", "data": "a" },
            "citations": { "enabled": true },
        })),
        "`messages.0` has a document that is to be cited, which only one vendor does",
    );
    for (field, value) in [
        ("mcp_servers", json!([{ "type": "url", "url": "https://x.org", "name": "x" }])),
        ("container", json!({ "skills": [] })),
        ("inference_geo", json!("us")),
    ] {
        let expected = format!("`{field}` is not supported here; leave it out");
        check(json!({ (field): value }), &expected);
    }
    assert!(Messages.read_ask(b"{}").is_err());
}

#[test]
fn what_only_tunes_or_says_nothing_is_left_out() {
    let body = json!({
        "model": "m", "max_tokens": 1, "messages": [], "mcp_servers": [], "container": null,
        "service_tier": "auto", "speed": "fast", "cache_control": { "type": "ephemeral" },
        "context_management": { "edits": [{ "type": "clear_tool_uses_20250919" }] },
    });
    assert!(Messages.read_ask(body.to_string().as_bytes()).is_ok());
}

#[test]
fn a_reply_becomes_events_that_read_the_same() {
    let mut writer = Messages.encoder(about());
    let mut written = Vec::new();
    reply().iter().for_each(|it| writer.write(it, &mut written));
    expect![[r#"
        event: message_start
        data: {"message":{"id":"msg_id","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":0,"cache_read_input_tokens":0,"cache_creation_input_tokens":0,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},"output_tokens":0}},"type":"message_start"}

        event: content_block_start
        data: {"index":0,"content_block":{"type":"thinking","thinking":"","signature":""},"type":"content_block_start"}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Hm"}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}

        event: content_block_stop
        data: {"index":0,"type":"content_block_stop"}

        event: content_block_start
        data: {"index":1,"content_block":{"type":"redacted_thinking","data":"eHg="},"type":"content_block_start"}

        event: content_block_stop
        data: {"index":1,"type":"content_block_stop"}

        event: content_block_start
        data: {"index":2,"content_block":{"type":"text","text":""},"type":"content_block_start"}

        event: content_block_delta
        data: {"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"Hi \"é\""}}

        event: content_block_stop
        data: {"index":2,"type":"content_block_stop"}

        event: content_block_start
        data: {"index":3,"content_block":{"type":"tool_use","id":"a","name":"read","input":{}},"type":"content_block_start"}

        event: content_block_delta
        data: {"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"{\"z\":1,"}}

        event: content_block_start
        data: {"index":4,"content_block":{"type":"tool_use","id":"b","name":"read","input":{}},"type":"content_block_start"}

        event: content_block_delta
        data: {"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":"{}"}}

        event: content_block_stop
        data: {"index":4,"type":"content_block_stop"}

        event: content_block_delta
        data: {"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"\"a\":2}"}}

        event: content_block_stop
        data: {"index":3,"type":"content_block_stop"}

        event: message_delta
        data: {"delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":1,"cache_read_input_tokens":2,"cache_creation_input_tokens":7,"cache_creation":{"ephemeral_5m_input_tokens":4,"ephemeral_1h_input_tokens":3},"output_tokens":8},"type":"message_delta"}

        event: message_stop
        data: {"type":"message_stop"}

    "#]].assert_eq(&String::from_utf8(written.clone()).unwrap());

    let mut events = Vec::new();
    crate::feed::Feed::new(&Messages).push(&written, &mut events);
    let whole = Whole::collect(reply());
    assert_eq!(Whole::collect(events), whole);
    let body = Messages.write_whole(&whole, &about());
    assert_eq!(Whole::collect(Messages.read_whole(&body).unwrap()), whole);
}

#[test]
fn a_thought_of_another_vendor_travels_in_a_signature() {
    let opaque = json!({ "gemini": { "thoughtSignature": "c2ln" } });
    let mut reply = Whole::default();
    reply.add(ModelEvent::Reasoning { text: "Hm".to_owned() });
    reply.add(ModelEvent::ReasoningEnd { opaque: Some(opaque.clone()) });
    let message: Value = serde_json::from_slice(&Messages.write_whole(&reply, &about())).unwrap();
    let back = json!({ "model": "m", "max_tokens": 1, "messages": [
        { "role": "assistant", "content": message["content"] },
    ]});
    let asked = Messages.read_ask(back.to_string().as_bytes()).unwrap();
    let thought = crate::ask::Block::Thought { text: "Hm".to_owned(), opaque: Some(opaque) };
    assert_eq!(asked.ask.messages[0].pieces, [thought.into()]);
}

#[test]
fn an_error_has_the_vendors_shape() {
    let rejection = Rejection {
        code: RejectionCode::CutOff,
        message: "broken".to_owned(),
        retry_after_secs: None,
        request_id: Some("r1".to_owned()),
        shortage: None,
        pace: None,
    };
    let mut written = Vec::new();
    Messages.encoder(about()).write(&ModelEvent::Error(rejection), &mut written);
    expect![[r#"
        event: error
        data: {"type":"error","error":{"type":"api_error","message":"broken"},"request_id":"r1"}

    "#]]
    .assert_eq(&String::from_utf8(written).unwrap());
}

fn about() -> About {
    About { id: "id".to_owned(), model: "m".to_owned(), created_secs: 7, usage: true }
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
    let signed = json!({ "type": "thinking", "thinking": "Hm", "signature": "c2ln" });
    let hidden = json!({ "type": "redacted_thinking", "data": "eHg=" });
    vec![
        ModelEvent::Reasoning { text: "Hm".into() },
        ModelEvent::ReasoningEnd { opaque: Some(json!({ "anthropic": signed })) },
        ModelEvent::ReasoningEnd { opaque: Some(json!({ "anthropic": hidden })) },
        ModelEvent::TextDelta { text: "Hi \"é\"".into() },
        start("a"),
        delta("a", "{\"z\":1,"),
        start("b"),
        delta("b", "{}"),
        ModelEvent::ToolCallEnd { call: "b".into() },
        delta("a", "\"a\":2}"),
        ModelEvent::ToolCallEnd { call: "a".into() },
        ModelEvent::Usage(usage),
        ModelEvent::Finish { reason: StopReason::ToolUse, stopped_by: None },
    ]
}
