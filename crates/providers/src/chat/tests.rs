//! A client's request in, and what the client reads back.

use expect_test::expect;
use serde_json::json;
use wire::{ModelEvent, Rejection, RejectionCode, StopReason, Usage};

use super::*;
use crate::ask::Block;

#[test]
fn a_conversation_comes_out_as_it_went_in() {
    let mut body = json!({
        "model": "m",
        "messages": [
            { "role": "system", "content": "Be brief." },
            { "role": "user", "content": [
                { "type": "text", "text": "What is this?" },
                { "type": "image_url", "image_url": { "url": "data:image/png;base64,AAAA" } },
                { "type": "file", "file": { "filename": "a.pdf", "file_data": "data:application/pdf;base64,BBBB" } },
            ]},
            { "role": "assistant", "content": null, "tool_calls": [
                { "id": "a", "type": "function", "function": { "name": "read", "arguments": "{\"path\":\"x\"}" } },
                { "id": "b", "type": "function", "function": { "name": "read", "arguments": "{}" } },
            ]},
            { "role": "tool", "tool_call_id": "a", "content": "one" },
            { "role": "tool", "tool_call_id": "b", "content": "two" },
        ],
        "tools": [{ "type": "function", "function": {
            "name": "read", "parameters": { "type": "object", "properties": { "z": {}, "a": {} } }, "strict": true,
        }}],
        "tool_choice": { "type": "function", "function": { "name": "read" } },
        "parallel_tool_calls": false,
        "response_format": { "type": "json_schema", "json_schema": { "name": "n", "schema": { "z": 1, "a": 2 }, "strict": true } },
        "reasoning_effort": "low",
        "max_tokens": 99, "temperature": 0.7, "top_p": 1.0, "top_k": 3, "seed": -1,
        "frequency_penalty": 0.5, "presence_penalty": 0.5, "stop": ["END"],
        "user": "somebody", "stream": true, "stream_options": { "include_usage": true },
    });
    let chat = Chat { flavor: Flavor::Compatible };
    let asked = chat.read_ask(body.to_string().as_bytes()).unwrap();
    assert!(asked.stream && asked.usage);
    let written = chat.write_ask(&asked.ask, true).unwrap();
    assert_eq!(String::from_utf8(written).unwrap(), body.to_string());

    // What servers do not know is left out, what they call otherwise is called so.
    for name in ["max_tokens", "top_k"] {
        body.as_object_mut().unwrap().shift_remove(name);
    }
    body["max_completion_tokens"] = 99.into();
    let written = Chat { flavor: Flavor::Original }.write_ask(&asked.ask, true).unwrap();
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&written).unwrap(), body);
}

#[test]
fn cache_marks_and_thoughts_reach_the_router_that_knows_them() {
    let body = json!({
        "model": "m",
        "messages": [
            { "role": "system", "content": [
                { "type": "text", "text": "Stable.", "cache_control": { "type": "ephemeral", "ttl": "1h" } },
                { "type": "text", "text": "Changing." },
            ]},
            { "role": "user", "content": [{ "type": "text", "text": "hi", "cache_control": { "type": "ephemeral" } }] },
            { "role": "assistant", "content": "I look.", "tool_calls": [
                { "id": "a", "type": "function", "function": { "name": "read", "arguments": "{}" } },
            ], "reasoning_details": [{ "type": "reasoning.text", "text": "Hm", "signature": "c2ln" }] },
        ],
        "reasoning": { "max_tokens": 2000 },
        "stream": false,
        "usage": { "include": true },
    });
    let asked = Chat { flavor: Flavor::OpenRouter }.read_ask(body.to_string().as_bytes()).unwrap();
    let written = Chat { flavor: Flavor::OpenRouter }.write_ask(&asked.ask, false).unwrap();
    assert_eq!(String::from_utf8(written).unwrap(), body.to_string());
    let written = Chat { flavor: Flavor::Compatible }.write_ask(&asked.ask, false).unwrap();
    let plain = r#"{"model":"m","messages":[{"role":"system","content":"Stable.\n\nChanging."},{"role":"user","content":"hi"},{"role":"assistant","content":"I look.","tool_calls":[{"id":"a","type":"function","function":{"name":"read","arguments":"{}"}}]}],"reasoning_effort":"low","stream":false}"#;
    assert_eq!(String::from_utf8(written).unwrap(), plain);
}

#[test]
fn a_thought_of_another_vendor_travels_with_the_client() {
    let opaque = json!({ "gemini": { "thoughtSignature": "c2ln" } });
    let claude =
        json!({ "anthropic": { "type": "thinking", "thinking": "Hm", "signature": "c2ln" } });
    let mut reply = Whole::default();
    reply.add(ModelEvent::ReasoningEnd { opaque: Some(opaque.clone()) });
    reply.add(ModelEvent::Reasoning { text: "Hm".to_owned() });
    reply.add(ModelEvent::ReasoningEnd { opaque: Some(claude.clone()) });
    reply.add(ModelEvent::TextDelta { text: "Hi".to_owned() });
    let chat = Chat { flavor: Flavor::Compatible };
    let body = chat.write_whole(&reply, &About::default());
    let mut answer: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let message = answer["choices"][0]["message"].take();
    let back = json!({ "model": "m", "messages": [message] });
    let asked = chat.read_ask(back.to_string().as_bytes()).unwrap();
    let thoughts: Vec<serde_json::Value> = asked.ask.messages[0]
        .pieces
        .iter()
        .filter_map(|it| match &it.block {
            Block::Thought { opaque, .. } => opaque.clone(),
            Block::Text(_)
            | Block::Image(_)
            | Block::File { .. }
            | Block::Call { .. }
            | Block::Result { .. } => None,
        })
        .collect();
    assert_eq!(thoughts, [claude, opaque]);
}

#[test]
fn what_cannot_be_kept_is_refused_by_name() {
    let message = json!([{ "role": "user", "content": "hi" }]);
    let check = |extra: serde_json::Value, expected: &str| {
        let mut body = json!({ "model": "m", "messages": message });
        for (name, value) in extra.as_object().unwrap() {
            body[name] = value.clone();
        }
        let chat = Chat { flavor: Flavor::Original };
        assert_eq!(chat.read_ask(body.to_string().as_bytes()).unwrap_err().to_string(), expected);
    };
    check(json!({ "n": 2 }), "`n` is not supported here; leave it out");
    check(json!({ "logprobs": true }), "`logprobs` is not supported here; leave it out");
    check(
        json!({ "modalities": ["text", "audio"] }),
        "`modalities` is not supported here; leave it out",
    );
    check(
        json!({ "response_format": { "type": "xml" } }),
        "`response_format` is not of a known type",
    );
    check(json!({ "tool_choice": "perhaps" }), "`tool_choice` is not `auto`, `none` or `required`");
    check(json!({ "tools": [{ "type": "web_search" }] }), "`tools` may hold functions only");
    check(json!({ "messages": [{ "role": "robot" }] }), "`messages[0]` has an unknown role");
    check(json!({ "messages": [{ "role": "tool" }] }), "`messages[0]` needs a `tool_call_id`");
    check(
        json!({ "messages": [{ "role": "user", "content": [{ "type": "input_audio" }] }] }),
        "`messages[0]` has a part that is no text, no image and no file",
    );
    for (field, value) in [
        ("audio", json!({ "voice": "alloy", "format": "wav" })),
        ("functions", json!([])),
        ("logit_bias", json!({ "50256": -100 })),
        ("web_search_options", json!({})),
        ("plugins", json!([{ "id": "web" }])),
    ] {
        let expected = format!("`{field}` is not supported here; leave it out");
        check(json!({ (field): value }), &expected);
    }
    let chat = Chat { flavor: Flavor::Original };
    assert!(chat.read_ask(b"not json").is_err());
    assert!(chat.read_ask(b"{}").is_err());
}

#[test]
fn what_only_tunes_or_says_nothing_is_left_out() {
    let body = json!({
        "model": "m", "messages": [{ "role": "user", "content": "hi" }],
        "n": 1, "logprobs": false, "modalities": ["text"], "audio": null, "logit_bias": {},
        "plugins": [], "prediction": { "type": "content", "content": "hi" }, "store": true,
        "metadata": { "a": "b" }, "service_tier": "flex", "verbosity": "low",
        "prompt_cache_key": "k", "user": "old", "safety_identifier": "new",
    });
    let chat = Chat { flavor: Flavor::Original };
    let asked = chat.read_ask(body.to_string().as_bytes()).unwrap();
    assert_eq!(asked.ask.user.as_deref(), Some("new"));
}

#[test]
fn a_reply_becomes_chunks() {
    let mut writer = Chat { flavor: Flavor::Original }.encoder(about());
    let mut written = Vec::new();
    reply().iter().for_each(|it| writer.write(it, &mut written));
    let text = String::from_utf8(written).unwrap().replace("\n\n", "\n");
    expect![[r#"
        data: {"id":"chatcmpl-id","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","reasoning_content":"Hm"},"finish_reason":null}]}
        data: {"id":"chatcmpl-id","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{"reasoning_details":[{"type":"reasoning.encrypted","format":"easel-v1","data":"ZWFzZWwxeyJ4IjoxfQ=="}]},"finish_reason":null}]}
        data: {"id":"chatcmpl-id","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]}
        data: {"id":"chatcmpl-id","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"read","arguments":""}}]},"finish_reason":null}]}
        data: {"id":"chatcmpl-id","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{"}}]},"finish_reason":null}]}
        data: {"id":"chatcmpl-id","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"b","type":"function","function":{"name":"read","arguments":""}}]},"finish_reason":null}]}
        data: {"id":"chatcmpl-id","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"function":{"arguments":"{}"}}]},"finish_reason":null}]}
        data: {"id":"chatcmpl-id","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"}"}}]},"finish_reason":null}]}
        data: {"id":"chatcmpl-id","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}
        data: {"id":"chatcmpl-id","object":"chat.completion.chunk","created":7,"model":"m","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":24,"total_tokens":31,"prompt_tokens_details":{"cached_tokens":2,"cache_write_tokens":4,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":16,"audio_tokens":0}}}
        data: [DONE]
    "#]].assert_eq(&text);
}

#[test]
fn a_reply_becomes_one_answer() {
    let whole = Whole::collect(reply());
    let body = Chat { flavor: Flavor::Original }.write_whole(&whole, &about());
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    expect![[r#"
        {
          "id": "chatcmpl-id",
          "object": "chat.completion",
          "created": 7,
          "model": "m",
          "choices": [
            {
              "index": 0,
              "message": {
                "role": "assistant",
                "reasoning_details": [
                  {
                    "type": "reasoning.encrypted",
                    "format": "easel-v1",
                    "data": "ZWFzZWwxeyJ4IjoxfQ=="
                  }
                ],
                "content": "Hi",
                "reasoning_content": "Hm",
                "tool_calls": [
                  {
                    "id": "a",
                    "type": "function",
                    "function": {
                      "name": "read",
                      "arguments": "{}"
                    }
                  },
                  {
                    "id": "b",
                    "type": "function",
                    "function": {
                      "name": "read",
                      "arguments": "{}"
                    }
                  }
                ],
                "refusal": null
              },
              "logprobs": null,
              "finish_reason": "tool_calls"
            }
          ],
          "usage": {
            "prompt_tokens": 7,
            "completion_tokens": 24,
            "total_tokens": 31,
            "prompt_tokens_details": {
              "cached_tokens": 2,
              "cache_write_tokens": 4,
              "audio_tokens": 0
            },
            "completion_tokens_details": {
              "reasoning_tokens": 16,
              "audio_tokens": 0
            }
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
        shortage: None,
        pace: None,
    };
    let mut written = Vec::new();
    let mut writer = Chat { flavor: Flavor::Original }.encoder(about());
    writer.write(&ModelEvent::Error(rejection), &mut written);
    let written = String::from_utf8(written).unwrap();
    expect![[r#"
        data: {"error":{"message":"broken","type":"api_error","param":null,"code":"stream_cut_off","request_id":"r1"}}

    "#]].assert_eq(&written);
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
        ModelEvent::Finish { reason: StopReason::ToolUse, stopped_by: None },
    ]
}
