//! A client's request in, and what goes out of it.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::CLAUDE;
use crate::{
    ask::{Block, Choice, Effort, Thinking},
    chat::{Chat, Flavor},
    converse::Converse,
    dialect::{BadAsk, Dialect},
    messages::Messages,
};

#[test]
fn a_conversation_comes_out_as_it_went_in() {
    let body = json!({
        "messages": [
            { "role": "user", "content": [
                { "text": "What is this?" },
                { "image": { "format": "png", "source": { "bytes": "AAAA" } } },
                { "image": { "format": "jpeg", "source": { "s3Location": { "uri": "s3://b/a" } } } },
                { "document": { "format": "pdf", "name": "a", "source": { "bytes": "BBBB" } } },
                { "document": { "format": "docx", "name": "a 2", "source": { "s3Location": { "uri": "s3://b/c" } } } },
                { "cachePoint": { "type": "default", "ttl": "1h" } },
            ]},
            { "role": "assistant", "content": [
                { "reasoningContent": { "reasoningText": { "signature": "c2ln", "text": "" } } },
                { "reasoningContent": { "redactedContent": "eHg=" } },
                { "text": "Two." },
                { "toolUse": { "toolUseId": "tooluse_a", "name": "read", "input": { "z": 1.0, "a": 2 } } },
                { "toolUse": { "toolUseId": "tooluse_b", "name": "read", "input": {} } },
            ]},
            { "role": "user", "content": [
                { "toolResult": { "toolUseId": "tooluse_a", "content": [
                    { "text": "one" },
                    { "image": { "format": "webp", "source": { "bytes": "AAAA" } } },
                    { "document": { "format": "csv", "name": "document", "source": { "bytes": "BBBB" } } },
                ], "status": "error" } },
                { "toolResult": { "toolUseId": "tooluse_b", "content": [{ "text": "" }] } },
                { "text": "Go on." },
                { "cachePoint": { "type": "default" } },
            ]},
        ],
        "system": [
            { "text": "Be brief." },
            { "cachePoint": { "type": "default", "ttl": "1h" } },
            { "text": "Be kind." },
        ],
        "inferenceConfig": { "maxTokens": 9000, "stopSequences": ["END"] },
        "toolConfig": {
            "tools": [
                { "toolSpec": {
                    "name": "read", "description": "Reads",
                    "inputSchema": { "json": { "type": "object", "properties": { "z": {}, "a": {} } } },
                    "strict": true,
                }},
                { "cachePoint": { "type": "default", "ttl": "1h" } },
                { "toolSpec": { "name": "list", "inputSchema": { "json": { "type": "object" } } } },
            ],
            "toolChoice": { "tool": { "name": "read" } },
        },
        "additionalModelRequestFields": {
            "thinking": { "type": "enabled", "budget_tokens": 2000 },
            "tool_choice": { "disable_parallel_tool_use": true },
        },
        "additionalModelResponseFieldPaths": ["/delta/stop_sequence"],
        "outputConfig": { "textFormat": {
            "type": "json_schema",
            "structure": { "jsonSchema": { "name": "answer", "schema": "{\"z\": 1, \"a\": 2}" } },
        }},
    });
    let mut asked = Converse.read_ask(body.to_string().as_bytes()).unwrap();
    assert_eq!((&*asked.ask.model, asked.stream, asked.usage), ("", false, true));
    asked.ask.model = CLAUDE.to_owned();
    let written = Converse.write_ask(&asked.ask, true).unwrap();
    assert_eq!(String::from_utf8(written).unwrap(), body.to_string());
}

#[test]
fn what_other_clients_say_is_brought_into_form() {
    let chat = json!({
        "model": "", "temperature": 0.5, "top_k": 3,
        "tools": [{ "type": "function", "function": { "name": "read", "strict": false } }],
        "messages": [
            { "role": "user", "content": "  " },
            { "role": "user", "content": "a" },
            { "role": "user", "content": [{ "type": "file", "file": {
                "file_data": "data:application/pdf;base64,AAAA", "filename": "a_b.pdf" } }] },
            { "role": "assistant", "content": "\n", "reasoning_content": "Hm", "tool_calls": [
                { "id": "functions.read/0", "function": { "name": "read", "arguments": "{\"z\": 1.0}" } },
                { "id": "b", "function": { "name": "read", "arguments": "not JSON" } },
                { "id": "c", "function": { "name": "read", "arguments": "" } },
            ]},
            { "role": "tool", "tool_call_id": "functions.read/0", "content": [] },
            { "role": "user", "content": "b" },
            { "role": "tool", "tool_call_id": "b", "content": "one" },
        ],
    });
    check_chat(
        "meta.llama4-scout",
        &chat,
        &expect![[
            r#"{"messages":[{"role":"user","content":[{"text":"a"},{"document":{"format":"pdf","name":"a b","source":{"bytes":"AAAA"}}}]},{"role":"assistant","content":[{"toolUse":{"toolUseId":"functions.read0_5b786dc9f393c2e3","name":"read","input":{"z": 1.0}}},{"toolUse":{"toolUseId":"b","name":"read","input":{"unreadable":"not JSON"}}},{"toolUse":{"toolUseId":"c","name":"read","input":{}}}]},{"role":"user","content":[{"toolResult":{"toolUseId":"functions.read0_5b786dc9f393c2e3","content":[{"text":""}]}},{"toolResult":{"toolUseId":"b","content":[{"text":"one"}]}},{"text":"b"}]}],"inferenceConfig":{"temperature":0.5},"toolConfig":{"tools":[{"toolSpec":{"name":"read","inputSchema":{"json":{"type":"object","properties":{}}}}}]}}"#
        ]],
    );
}

#[test]
fn a_history_with_calls_keeps_its_tools() {
    let chat = json!({ "model": "", "messages": [
        { "role": "user", "content": "a" },
        { "role": "assistant", "tool_calls": [
            { "id": "a", "function": { "name": "read", "arguments": "{}" } },
            { "id": "b", "function": { "name": "read", "arguments": "{}" } },
        ]},
    ]});
    check_chat(
        "amazon.nova-lite-v1:0",
        &chat,
        &expect![[
            r#"{"messages":[{"role":"user","content":[{"text":"a"}]},{"role":"assistant","content":[{"toolUse":{"toolUseId":"a","name":"read","input":{}}},{"toolUse":{"toolUseId":"b","name":"read","input":{}}}]}],"toolConfig":{"tools":[{"toolSpec":{"name":"read","description":"Cannot be called any more.","inputSchema":{"json":{"type":"object","properties":{}}}}}]}}"#
        ]],
    );

    let mut none = chat;
    none["tools"] = json!([{ "type": "function", "function": { "name": "list" } }]);
    none["tool_choice"] = "none".into();
    check_chat(
        CLAUDE,
        &none,
        &expect![[
            r#"{"messages":[{"role":"user","content":[{"text":"a"}]},{"role":"assistant","content":[{"toolUse":{"toolUseId":"a","name":"read","input":{}}},{"toolUse":{"toolUseId":"b","name":"read","input":{}}}]}],"toolConfig":{"tools":[{"toolSpec":{"name":"list","inputSchema":{"json":{"type":"object","properties":{}}}}}]},"additionalModelRequestFields":{"tool_choice":{"type":"none"}}}"#
        ]],
    );
    let refused = write_chat("amazon.nova-lite-v1:0", &none).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "this model's provider takes no `none` as a choice after calls"
    );
    none["messages"] = json!([{ "role": "user", "content": "a" }]);
    check_chat(
        "amazon.nova-lite-v1:0",
        &none,
        &expect![[r#"{"messages":[{"role":"user","content":[{"text":"a"}]}]}"#]],
    );
}

#[test]
fn marks_go_out_where_the_model_knows_them() {
    let mark = json!({ "type": "ephemeral", "ttl": "1h" });
    let body = json!({
        "model": "", "max_tokens": 10,
        "tools": [{ "name": "read", "input_schema": {}, "cache_control": mark }],
        "system": [{ "type": "text", "text": "s", "cache_control": mark }],
        "messages": [{ "role": "user", "content": [
            { "type": "text", "text": "a", "cache_control": mark },
        ]}],
    });
    let mut asked = Messages.read_ask(body.to_string().as_bytes()).unwrap();
    let mut points = |model: &str| {
        asked.ask.model = model.to_owned();
        let written = Converse.write_ask(&asked.ask, true).unwrap();
        let written = String::from_utf8(written).unwrap();
        (written.matches("cachePoint").count(), written.matches("1h").count())
    };
    assert_eq!(points(CLAUDE), (3, 3));
    assert_eq!(points("amazon.nova-lite-v1:0"), (2, 0));
    assert_eq!(points("meta.llama4-scout"), (0, 0));
}

#[test]
fn a_budget_of_thought_leaves_room_for_the_answer() {
    let chat = json!({
        "model": "", "max_tokens": 100, "temperature": 0.5, "reasoning": { "max_tokens": 10 },
        "messages": [{ "role": "user", "content": "a" }],
    });
    check_chat(
        CLAUDE,
        &chat,
        &expect![[
            r#"{"messages":[{"role":"user","content":[{"text":"a"}]}],"inferenceConfig":{"maxTokens":5120},"additionalModelRequestFields":{"thinking":{"type":"enabled","budget_tokens":1024}}}"#
        ]],
    );
    let mut high = chat;
    high["reasoning"] = json!({ "effort": "high" });
    check_chat(
        "us.amazon.nova-2-lite-v1:0",
        &high,
        &expect![[
            r#"{"messages":[{"role":"user","content":[{"text":"a"}]}],"inferenceConfig":{"maxTokens":100,"temperature":0.5},"additionalModelRequestFields":{"reasoningConfig":{"type":"enabled","maxReasoningEffort":"medium"}}}"#
        ]],
    );
}

#[test]
fn fields_of_models_are_understood() {
    let read = |fields: Value| {
        let body = json!({ "messages": [], "additionalModelRequestFields": fields });
        Converse.read_ask(body.to_string().as_bytes()).unwrap().ask
    };
    let thinking = |fields: Value| read(fields).thinking;
    let adaptive = json!({ "type": "adaptive" });
    assert_eq!(thinking(json!({ "thinking": adaptive })), Thinking::Effort(Effort::Medium));
    for fields in [
        json!({ "thinking": adaptive, "output_config": { "effort": "high" } }),
        json!({ "output_config": { "effort": "high" }, "thinking": adaptive }),
        json!({ "reasoning_effort": "high" }),
        json!({ "reasoning": { "effort": "xhigh" } }),
        json!({ "reasoningConfig": { "type": "enabled", "maxReasoningEffort": "high" } }),
    ] {
        assert_eq!(thinking(fields), Thinking::Effort(Effort::High));
    }
    for fields in [
        json!({ "thinking": { "type": "disabled" } }),
        json!({ "reasoning": { "effort": "none" } }),
        json!({ "reasoningConfig": { "type": "disabled" } }),
    ] {
        assert_eq!(thinking(fields), Thinking::Off);
    }
    assert_eq!(read(json!({ "top_k": 5 })).sampling.top_k, Some(5));
    assert_eq!(read(json!({ "inferenceConfig": { "topK": 5 } })).sampling.top_k, Some(5));
    let none = json!({ "type": "none", "disable_parallel_tool_use": false });
    let ask = read(json!({ "tool_choice": none, "anthropic_beta": ["x"] }));
    assert_eq!((ask.choice, ask.parallel_calls), (Choice::None, Some(true)));
}

#[test]
fn what_cannot_be_kept_is_refused_by_name() {
    let check = |extra: Value, expected: &str| {
        let mut body = json!({ "messages": [] });
        for (name, value) in extra.as_object().unwrap() {
            body[name] = value.clone();
        }
        let refused = Converse.read_ask(body.to_string().as_bytes()).unwrap_err();
        assert_eq!(refused.to_string(), expected);
    };
    let content = |block: Value| json!({ "messages": [{ "role": "user", "content": [block] }] });
    let fields = |fields: Value| json!({ "additionalModelRequestFields": fields });
    check(
        json!({ "guardrailConfig": { "guardrailIdentifier": "g" } }),
        "`guardrailConfig` is not supported here; leave it out",
    );
    check(
        json!({ "promptVariables": {} }),
        "`promptVariables` is not supported here; leave it out",
    );
    check(
        json!({ "additionalModelResponseFieldPaths": ["/stop_sequence", "/logprobs"] }),
        "`additionalModelResponseFieldPaths` is not supported here; leave it out",
    );
    check(
        json!({ "toolConfig": { "tools": [{ "systemTool": { "name": "nova_grounding" } }] } }),
        "`tools.nova_grounding` runs at one vendor only",
    );
    check(
        json!({ "toolConfig": { "toolChoice": {} } }),
        "`toolConfig.toolChoice` is not `auto`, `any` or `tool`",
    );
    check(
        json!({ "outputConfig": { "textFormat": { "type": "xml" } } }),
        "`outputConfig.textFormat` is not of a known type",
    );
    check(
        json!({ "outputConfig": { "effort": "huge" } }),
        "`outputConfig.effort` is no known effort",
    );
    check(
        fields(json!({ "thinking": { "type": "enabled" } })),
        "`additionalModelRequestFields.thinking` is not of a known type",
    );
    check(
        fields(json!({ "tools": [] })),
        "`additionalModelRequestFields.tools` is known to one model only",
    );
    check(
        fields(json!({ "output_config": { "format": {} } })),
        "`additionalModelRequestFields.output_config` may hold an `effort` only",
    );
    check(
        json!({ "system": [{ "guardContent": {} }] }),
        "`system` has a block that only one vendor knows",
    );
    check(
        content(json!({ "video": { "format": "mp4" } })),
        "`messages.0` has a block that only one vendor knows",
    );
    check(
        content(json!({ "image": { "format": "png", "source": {} } })),
        "`messages.0` has a source without `bytes` and without `s3Location`",
    );
    check(
        content(json!({ "image": { "format": "tiff" } })),
        "`messages.0` has an image of unknown format",
    );
    check(
        content(
            json!({ "document": { "name": "a", "source": { "text": "x" }, "citations": { "enabled": true } } }),
        ),
        "`messages.0` asks for citations, which only one vendor gives",
    );
    check(
        content(
            json!({ "toolUse": { "toolUseId": "a", "name": "b", "input": {}, "type": "server_tool_use" } }),
        ),
        "`messages.0` has a call of a tool that runs at one vendor only",
    );
    check(
        content(json!({ "toolResult": { "toolUseId": "a", "content": [{ "video": {} }] } })),
        "`messages.0` has a result with a block that is no text, JSON, image or document",
    );
    check(
        json!({ "messages": [{ "role": "tool", "content": [] }] }),
        "`messages.0` has an unknown role",
    );
    assert!(Converse.read_ask(b"{}").is_err());
}

#[test]
fn what_has_no_form_here_is_refused_by_name() {
    let check = |extra: Value, expected: &str| {
        let mut chat = json!({ "model": "", "messages": [] });
        for (name, value) in extra.as_object().unwrap() {
            chat[name] = value.clone();
        }
        let refused = write_chat(CLAUDE, &chat).unwrap_err();
        assert_eq!(refused.to_string(), expected);
    };
    let image = |url: &str| {
        let part = json!({ "type": "image_url", "image_url": { "url": url } });
        json!({ "messages": [{ "role": "user", "content": [part] }] })
    };
    check(
        image("https://x.org/a.png"),
        "this model's provider takes no images by address but `s3://`",
    );
    check(
        image("data:image/tiff;base64,AAAA"),
        "this model's provider takes no images but PNG, JPEG, GIF and WebP",
    );
    check(
        json!({ "response_format": { "type": "json_object" } }),
        "this model's provider takes no JSON without a schema; give a `json_schema`",
    );
}

#[test]
fn documents_that_are_texts_and_old_citations_are_read_as_texts() {
    let document = |source: Value| json!({ "document": { "name": "a", "source": source } });
    let body = json!({ "messages": [
        { "role": "system", "content": [{ "text": "s" }] },
        { "role": "user", "content": [
            document(json!({ "text": "one" })),
            document(json!({ "content": [{ "text": "t" }, { "text": "wo" }] })),
            { "citationsContent": { "content": [{ "text": "three" }], "citations": [{}] } },
        ]},
    ]});
    let ask = Converse.read_ask(body.to_string().as_bytes()).unwrap().ask;
    assert_eq!(ask.system[0].text, "s");
    let texts = ["one", "two", "three"].map(|it| Block::Text(it.to_owned()).into());
    assert_eq!(ask.messages[0].pieces, texts);
}

/// What a client of chat completions asks, as it goes out.
fn write_chat(model: &str, body: &Value) -> Result<String, BadAsk> {
    let chat = Chat { flavor: Flavor::Compatible };
    let mut asked = chat.read_ask(body.to_string().as_bytes()).unwrap();
    asked.ask.model = model.to_owned();
    Converse.write_ask(&asked.ask, true).map(|it| String::from_utf8(it).unwrap())
}

#[track_caller]
fn check_chat(model: &str, body: &Value, expected: &Expect) {
    expected.assert_eq(&write_chat(model, body).unwrap());
}
