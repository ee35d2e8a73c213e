//! A client's request in, and what the client reads back.

use expect_test::expect;
use serde_json::json;
use wire::{ModelEvent, Rejection, RejectionCode, StopReason, Usage};

use super::*;

#[test]
fn a_conversation_with_tools_is_taken_over() {
    let body = json!({
        "model": "anthropic/claude-sonnet-4-5", "stream": true, "stream_options": { "include_usage": true },
        "max_tokens": 99, "temperature": 0.5, "top_p": 1, "user": "ignored",
        "tools": [{ "type": "function", "function": { "name": "read", "parameters": { "type": "object" } } }],
        "messages": [
            { "role": "system", "content": "Be brief." },
            { "role": "user", "content": [
                { "type": "text", "text": "What is this?" },
                { "type": "image_url", "image_url": { "url": "data:image/png;base64,AAAA" } },
            ]},
            { "role": "assistant", "content": null, "tool_calls": [
                { "id": "a", "type": "function", "function": { "name": "read", "arguments": "{\"path\":\"x\"}" } },
                { "id": "b", "type": "function", "function": { "name": "read", "arguments": "{}" } },
            ]},
            { "role": "tool", "tool_call_id": "a", "content": "one" },
            { "role": "tool", "tool_call_id": "b", "content": [{ "type": "text", "text": "two" }] },
        ],
    });
    let ask = read(body.to_string().as_bytes()).unwrap();
    expect![[r#"
        {
          "model": "anthropic/claude-sonnet-4-5",
          "system": [
            "Be brief."
          ],
          "messages": [
            {
              "role": "user",
              "blocks": [
                {
                  "type": "text",
                  "text": "What is this?"
                },
                {
                  "type": "image",
                  "media_type": "image/png",
                  "data": "AAAA"
                }
              ]
            },
            {
              "role": "assistant",
              "blocks": [
                {
                  "type": "tool_call",
                  "call": "a",
                  "tool": "read",
                  "arguments": "{\"path\":\"x\"}"
                },
                {
                  "type": "tool_call",
                  "call": "b",
                  "tool": "read",
                  "arguments": "{}"
                }
              ]
            },
            {
              "role": "user",
              "blocks": [
                {
                  "type": "tool_result",
                  "call": "a",
                  "output": "one",
                  "failed": false
                },
                {
                  "type": "tool_result",
                  "call": "b",
                  "output": "two",
                  "failed": false
                }
              ]
            }
          ],
          "tools": [
            {
              "name": "read",
              "description": "",
              "parameters": {
                "type": "object"
              }
            }
          ],
          "max_output_tokens": 99,
          "temperature": 0.5
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&ask.request).unwrap());
    assert!(ask.stream && ask.usage);
}

#[test]
fn what_cannot_be_kept_is_refused_by_name() {
    let message = json!([{ "role": "user", "content": "hi" }]);
    let check = |extra: serde_json::Value, expected: &str| {
        let mut body = json!({ "model": "m", "messages": message });
        for (name, value) in extra.as_object().unwrap() {
            body[name] = value.clone();
        }
        assert_eq!(read(body.to_string().as_bytes()).unwrap_err().to_string(), expected);
    };
    check(json!({ "n": 2 }), "`n` is not supported here; leave it out");
    check(
        json!({ "response_format": { "type": "json_object" } }),
        "`response_format` is not supported here; leave it out",
    );
    check(
        json!({ "tool_choice": "required" }),
        "`tool_choice` is not supported here; leave it out",
    );
    check(json!({ "messages": [{ "role": "robot" }] }), "`messages[0]` has an unknown role");
    check(json!({ "messages": [{ "role": "tool" }] }), "`messages[0]` needs a `tool_call_id`");
    check(
        json!({ "messages": [{ "role": "user", "content": [{ "image_url": { "url": "https://x" } }] }] }),
        "`messages[0]` has an image that is not a base64 data URL",
    );
    assert!(read(b"not json").is_err());
    assert!(read(b"{}").is_err());
}

#[test]
fn a_reply_becomes_chunks() {
    let mut chunks = Chunks::new("id", "m", 7, true);
    let text: String = reply().iter().flat_map(|it| chunks.write(it)).map(|it| it + "\n").collect();
    expect![[r#"
        {"choices":[{"delta":{"reasoning_content":"Hm","role":"assistant"},"finish_reason":null,"index":0}],"created":7,"id":"id","model":"m","object":"chat.completion.chunk"}
        {"choices":[{"delta":{"content":"Hi"},"finish_reason":null,"index":0}],"created":7,"id":"id","model":"m","object":"chat.completion.chunk"}
        {"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"","name":"read"},"id":"a","index":0,"type":"function"}]},"finish_reason":null,"index":0}],"created":7,"id":"id","model":"m","object":"chat.completion.chunk"}
        {"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"{"},"index":0}]},"finish_reason":null,"index":0}],"created":7,"id":"id","model":"m","object":"chat.completion.chunk"}
        {"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"","name":"read"},"id":"b","index":1,"type":"function"}]},"finish_reason":null,"index":0}],"created":7,"id":"id","model":"m","object":"chat.completion.chunk"}
        {"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"{}"},"index":1}]},"finish_reason":null,"index":0}],"created":7,"id":"id","model":"m","object":"chat.completion.chunk"}
        {"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"}"},"index":0}]},"finish_reason":null,"index":0}],"created":7,"id":"id","model":"m","object":"chat.completion.chunk"}
        {"choices":[{"delta":{},"finish_reason":"tool_calls","index":0}],"created":7,"id":"id","model":"m","object":"chat.completion.chunk"}
        {"choices":[],"created":7,"id":"id","model":"m","object":"chat.completion.chunk","usage":{"completion_tokens":24,"completion_tokens_details":{"reasoning_tokens":16},"prompt_tokens":7,"prompt_tokens_details":{"cached_tokens":2},"total_tokens":31}}
        [DONE]
    "#]].assert_eq(&text);
}

#[test]
fn a_reply_becomes_one_answer() {
    let mut answer = Answer::default();
    let ends: Vec<_> = reply().into_iter().filter_map(|it| answer.add(it)).collect();
    assert_eq!(ends, [Ok(StopReason::ToolUse)]);
    let body = answer.body("id", "m", 7, StopReason::ToolUse);
    expect![[r#"
        {
          "choices": [
            {
              "finish_reason": "tool_calls",
              "index": 0,
              "message": {
                "content": "Hi",
                "reasoning_content": "Hm",
                "role": "assistant",
                "tool_calls": [
                  {
                    "function": {
                      "arguments": "{}",
                      "name": "read"
                    },
                    "id": "a",
                    "type": "function"
                  },
                  {
                    "function": {
                      "arguments": "{}",
                      "name": "read"
                    },
                    "id": "b",
                    "type": "function"
                  }
                ]
              }
            }
          ],
          "created": 7,
          "id": "id",
          "model": "m",
          "object": "chat.completion",
          "usage": {
            "completion_tokens": 24,
            "completion_tokens_details": {
              "reasoning_tokens": 16
            },
            "prompt_tokens": 7,
            "prompt_tokens_details": {
              "cached_tokens": 2
            },
            "total_tokens": 31
          }
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&body).unwrap());
}

#[test]
fn a_broken_reply_has_no_done() {
    let rejection = Rejection {
        code: RejectionCode::CutOff,
        message: "broken".to_owned(),
        retry_after_secs: None,
        request_id: Some("r1".to_owned()),
    };
    let mut chunks = Chunks::new("id", "m", 7, true);
    let written = chunks.write(&ModelEvent::Error(rejection)).concat();
    expect![[r#"{"error":{"code":"stream_cut_off","message":"broken","param":null,"request_id":"r1","type":"api_error"}}"#]].assert_eq(&written);
}

fn reply() -> Vec<ModelEvent> {
    let start = |call: &str| ModelEvent::ToolCallStart { call: call.into(), tool: "read".into() };
    let delta =
        |call: &str, json: &str| ModelEvent::ToolCallDelta { call: call.into(), json: json.into() };
    let usage = Usage {
        input_tokens: 1,
        cache_read_tokens: 2,
        cache_write_tokens: 4,
        output_tokens: 8,
        reasoning_tokens: 16,
        ..Usage::default()
    };
    vec![
        ModelEvent::Reasoning { text: "Hm".into() },
        ModelEvent::ReasoningEnd { opaque: Some(json!({ "x": 1 })) },
        ModelEvent::TextDelta { text: "Hi".into() },
        start("a"),
        delta("a", "{"),
        start("b"),
        delta("b", "{}"),
        delta("a", "}"),
        ModelEvent::ToolCallEnd { call: "a".into() },
        ModelEvent::ToolCallEnd { call: "b".into() },
        ModelEvent::Usage(usage),
        ModelEvent::Finish { reason: StopReason::ToolUse },
    ]
}
