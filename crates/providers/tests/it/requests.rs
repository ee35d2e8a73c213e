//! One conversation in each vendor's form.

use expect_test::{Expect, expect};
use providers::{Provider, anthropic::Anthropic, openai::OpenAi};
use serde_json::{Value, json};
use wire::{Block, Message, ModelRequest, Role, ToolSpec};

#[test]
fn anthropic_gets_blocks_back_unchanged_and_others_not_at_all() {
    check(
        &Anthropic,
        &expect![[r#"
        {
          "max_tokens": 1000,
          "messages": [
            {
              "content": [
                {
                  "text": "What is in this picture?",
                  "type": "text"
                },
                {
                  "source": {
                    "data": "AAAA",
                    "media_type": "image/png",
                    "type": "base64"
                  },
                  "type": "image"
                }
              ],
              "role": "user"
            },
            {
              "content": [
                {
                  "signature": "c2ln",
                  "thinking": "Let me see.",
                  "type": "thinking"
                },
                {
                  "text": "I look.",
                  "type": "text"
                },
                {
                  "id": "c1",
                  "input": {
                    "path": "a.txt"
                  },
                  "name": "read",
                  "type": "tool_use"
                },
                {
                  "id": "c2",
                  "input": {},
                  "name": "read",
                  "type": "tool_use"
                },
                {
                  "id": "c3",
                  "input": {
                    "unreadable": "{\"path"
                  },
                  "name": "read",
                  "type": "tool_use"
                }
              ],
              "role": "assistant"
            },
            {
              "content": [
                {
                  "content": "no such file",
                  "is_error": false,
                  "tool_use_id": "c1",
                  "type": "tool_result"
                },
                {
                  "content": "no such file",
                  "is_error": true,
                  "tool_use_id": "c2",
                  "type": "tool_result"
                },
                {
                  "cache_control": {
                    "type": "ephemeral"
                  },
                  "text": "And hurry.",
                  "type": "text"
                }
              ],
              "role": "user"
            }
          ],
          "model": "some-model",
          "stream": true,
          "system": [
            {
              "cache_control": {
                "type": "ephemeral"
              },
              "text": "Stable.",
              "type": "text"
            },
            {
              "text": "Changing.",
              "type": "text"
            }
          ],
          "temperature": 0.5,
          "tools": [
            {
              "description": "Reads a file",
              "input_schema": {
                "properties": {
                  "path": {
                    "type": "string"
                  }
                },
                "type": "object"
              },
              "name": "read"
            }
          ]
        }"#]],
    );
}

#[test]
fn openai_gets_results_as_messages() {
    check(
        &OpenAi::at("https://api.openai.com/v1"),
        &expect![[r#"
        {
          "max_completion_tokens": 1000,
          "messages": [
            {
              "content": "Stable.\n\nChanging.",
              "role": "system"
            },
            {
              "content": [
                {
                  "text": "What is in this picture?",
                  "type": "text"
                },
                {
                  "image_url": {
                    "url": "data:image/png;base64,AAAA"
                  },
                  "type": "image_url"
                }
              ],
              "role": "user"
            },
            {
              "content": "I look.",
              "role": "assistant",
              "tool_calls": [
                {
                  "function": {
                    "arguments": "{\"path\":\"a.txt\"}",
                    "name": "read"
                  },
                  "id": "c1",
                  "type": "function"
                },
                {
                  "function": {
                    "arguments": "{}",
                    "name": "read"
                  },
                  "id": "c2",
                  "type": "function"
                },
                {
                  "function": {
                    "arguments": "{\"path",
                    "name": "read"
                  },
                  "id": "c3",
                  "type": "function"
                }
              ]
            },
            {
              "content": "no such file",
              "role": "tool",
              "tool_call_id": "c1"
            },
            {
              "content": "Error: no such file",
              "role": "tool",
              "tool_call_id": "c2"
            },
            {
              "content": "And hurry.",
              "role": "user"
            }
          ],
          "model": "some-model",
          "stream": true,
          "stream_options": {
            "include_usage": true
          },
          "temperature": 0.5,
          "tools": [
            {
              "function": {
                "description": "Reads a file",
                "name": "read",
                "parameters": {
                  "properties": {
                    "path": {
                      "type": "string"
                    }
                  },
                  "type": "object"
                }
              },
              "type": "function"
            }
          ]
        }"#]],
    );
}

#[test]
fn openrouter_gets_its_reasoning_back() {
    let body = body(&OpenAi::at("https://openrouter.ai/api/v1"));
    assert_eq!(body["usage"], json!({ "include": true }));
    assert_eq!(body["messages"][2]["reasoning_details"], json!([{ "type": "reasoning.text" }]));
    assert_eq!(body["max_tokens"], 1000);
}

#[test]
fn other_servers_get_nothing_unusual() {
    let body = body(&OpenAi::at("http://127.0.0.1:11434"));
    assert_eq!(body["messages"][2].get("reasoning_details"), None);
    assert_eq!(body["messages"][2]["reasoning_content"], "Let me see.");
    assert_eq!(body["max_tokens"], 1000);
}

#[test]
fn the_same_request_is_the_same_bytes() {
    for provider in [&Anthropic as &dyn Provider, &OpenAi::at("http://x")] {
        assert_eq!(provider.request(&ask()).body, provider.request(&ask()).body);
    }
}

#[track_caller]
fn check(provider: &dyn Provider, expected: &Expect) {
    expected.assert_eq(&serde_json::to_string_pretty(&body(provider)).unwrap());
}

fn body(provider: &dyn Provider) -> Value {
    serde_json::from_slice(&provider.request(&ask()).body).unwrap()
}

fn ask() -> ModelRequest {
    let text = |text: &str| Block::Text { text: text.to_owned() };
    let result = |call: &str, failed: bool| Block::ToolResult {
        call: call.to_owned(),
        output: "no such file".to_owned(),
        failed,
    };
    let thought =
        |opaque: Value| Block::Reasoning { text: "Let me see.".to_owned(), opaque: Some(opaque) };
    let call = |call: &str, arguments: &str| Block::ToolCall {
        call: call.to_owned(),
        tool: "read".to_owned(),
        arguments: arguments.to_owned(),
    };
    let signed = json!({ "type": "thinking", "thinking": "Let me see.", "signature": "c2ln" });
    let fields = json!({
        "reasoning_content": "Let me see.", "reasoning_details": [{ "type": "reasoning.text" }],
    });
    let messages = vec![
        Message {
            role: Role::User,
            blocks: vec![
                text("What is in this picture?"),
                Block::Image { media_type: "image/png".to_owned(), data: "AAAA".to_owned() },
            ],
        },
        Message {
            role: Role::Assistant,
            blocks: vec![
                thought(json!({ "anthropic": signed })),
                thought(json!({ "openai": fields })),
                Block::Reasoning { text: "unsigned".to_owned(), opaque: None },
                text("I look."),
                text(""),
                call("c1", "{\"path\":\"a.txt\"}"),
                call("c2", ""),
                call("c3", "{\"path"),
            ],
        },
        Message {
            role: Role::User,
            blocks: vec![text("And hurry."), result("c1", false), result("c2", true)],
        },
        Message { role: Role::Assistant, blocks: vec![text("")] },
    ];
    ModelRequest {
        model: "some-model".to_owned(),
        system: vec!["Stable.".to_owned(), String::new(), "Changing.".to_owned()],
        messages,
        tools: vec![ToolSpec {
            name: "read".to_owned(),
            description: "Reads a file".to_owned(),
            parameters: json!({ "type": "object", "properties": { "path": { "type": "string" } } }),
        }],
        max_output_tokens: 1000,
        temperature: Some(0.5),
    }
}
