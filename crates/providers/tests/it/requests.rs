//! One conversation in each vendor's form.

use expect_test::{Expect, expect};
use providers::vendor::Vendor;
use serde_json::{Value, json};
use wire::{Block, Message, ModelRequest, ProviderKind, Role, ToolSpec};

#[test]
fn anthropic_gets_blocks_back_unchanged_and_others_not_at_all() {
    check(
        ANTHROPIC,
        &expect![[r#"
            {
              "model": "some-model",
              "max_tokens": 1000,
              "tools": [
                {
                  "name": "read",
                  "description": "Reads a file",
                  "input_schema": {
                    "type": "object",
                    "properties": {
                      "path": {
                        "type": "string"
                      }
                    }
                  }
                }
              ],
              "system": [
                {
                  "type": "text",
                  "text": "Stable.",
                  "cache_control": {
                    "type": "ephemeral"
                  }
                },
                {
                  "type": "text",
                  "text": "Changing."
                }
              ],
              "messages": [
                {
                  "role": "user",
                  "content": [
                    {
                      "type": "text",
                      "text": "What is in this picture?"
                    },
                    {
                      "type": "image",
                      "source": {
                        "type": "base64",
                        "media_type": "image/png",
                        "data": "AAAA"
                      }
                    }
                  ]
                },
                {
                  "role": "assistant",
                  "content": [
                    {
                      "type": "thinking",
                      "thinking": "Let me see.",
                      "signature": "c2ln"
                    },
                    {
                      "type": "text",
                      "text": "I look."
                    },
                    {
                      "type": "tool_use",
                      "id": "c1",
                      "name": "read",
                      "input": {
                        "path": "a.txt"
                      }
                    },
                    {
                      "type": "tool_use",
                      "id": "c2",
                      "name": "read",
                      "input": {}
                    },
                    {
                      "type": "tool_use",
                      "id": "c3",
                      "name": "read",
                      "input": {
                        "unreadable": "{\"path"
                      }
                    }
                  ]
                },
                {
                  "role": "user",
                  "content": [
                    {
                      "type": "tool_result",
                      "tool_use_id": "c1",
                      "content": "no such file"
                    },
                    {
                      "type": "tool_result",
                      "tool_use_id": "c2",
                      "content": "no such file",
                      "is_error": true,
                      "cache_control": {
                        "type": "ephemeral"
                      }
                    },
                    {
                      "type": "text",
                      "text": "And hurry."
                    }
                  ]
                }
              ],
              "temperature": 0.5,
              "stream": true
            }"#]],
    );
}

#[test]
fn openai_gets_results_as_messages() {
    check(
        openai("https://api.openai.com/v1"),
        &expect![[r#"
            {
              "model": "some-model",
              "messages": [
                {
                  "role": "system",
                  "content": "Stable.\n\nChanging."
                },
                {
                  "role": "user",
                  "content": [
                    {
                      "type": "text",
                      "text": "What is in this picture?"
                    },
                    {
                      "type": "image_url",
                      "image_url": {
                        "url": "data:image/png;base64,AAAA"
                      }
                    }
                  ]
                },
                {
                  "role": "assistant",
                  "content": "I look.",
                  "tool_calls": [
                    {
                      "id": "c1",
                      "type": "function",
                      "function": {
                        "name": "read",
                        "arguments": "{\"path\":\"a.txt\"}"
                      }
                    },
                    {
                      "id": "c2",
                      "type": "function",
                      "function": {
                        "name": "read",
                        "arguments": "{}"
                      }
                    },
                    {
                      "id": "c3",
                      "type": "function",
                      "function": {
                        "name": "read",
                        "arguments": "{\"path"
                      }
                    }
                  ]
                },
                {
                  "role": "tool",
                  "tool_call_id": "c1",
                  "content": "no such file"
                },
                {
                  "role": "tool",
                  "tool_call_id": "c2",
                  "content": "Error: no such file"
                },
                {
                  "role": "user",
                  "content": "And hurry."
                }
              ],
              "tools": [
                {
                  "type": "function",
                  "function": {
                    "name": "read",
                    "description": "Reads a file",
                    "parameters": {
                      "type": "object",
                      "properties": {
                        "path": {
                          "type": "string"
                        }
                      }
                    }
                  }
                }
              ],
              "max_completion_tokens": 1000,
              "temperature": 0.5,
              "stream": true,
              "stream_options": {
                "include_usage": true
              }
            }"#]],
    );
}

#[test]
fn openrouter_gets_its_reasoning_back() {
    let body = body(openai("https://openrouter.ai/api/v1"));
    assert_eq!(body["usage"], json!({ "include": true }));
    assert_eq!(body["messages"][2]["reasoning_details"], json!([{ "type": "reasoning.text" }]));
    assert_eq!(body["max_tokens"], 1000);
}

#[test]
fn other_servers_get_nothing_unusual() {
    let body = body(openai("http://127.0.0.1:11434"));
    assert_eq!(body["messages"][2].get("reasoning_details"), None);
    assert_eq!(body["messages"][2]["reasoning_content"], "Let me see.");
    assert_eq!(body["max_tokens"], 1000);
}

#[test]
fn the_same_request_is_the_same_bytes() {
    for vendor in [ANTHROPIC, openai("http://x")] {
        assert_eq!(vendor.turn(&ask()).unwrap(), vendor.turn(&ask()).unwrap());
    }
}

#[track_caller]
fn check(vendor: Vendor<'_>, expected: &Expect) {
    expected.assert_eq(&serde_json::to_string_pretty(&body(vendor)).unwrap());
}

const ANTHROPIC: Vendor<'_> =
    Vendor { kind: ProviderKind::Anthropic, base_url: "https://api.anthropic.com" };

fn openai(base_url: &str) -> Vendor<'_> {
    Vendor::new(ProviderKind::OpenaiCompatible, base_url)
}

fn body(vendor: Vendor<'_>) -> Value {
    serde_json::from_slice(&vendor.turn(&ask()).unwrap().body).unwrap()
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
