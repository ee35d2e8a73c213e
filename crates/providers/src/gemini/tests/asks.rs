//! Requests, read and written.

use super::*;

#[test]
fn a_conversation_comes_out_as_it_went_in() {
    let body = json!({
        "systemInstruction": { "parts": [{ "text": "Be brief." }, { "text": "Be kind." }] },
        "contents": [
            { "role": "user", "parts": [
                { "text": "What is this?" },
                { "inlineData": { "mimeType": "image/png", "data": "AAAA" } },
                { "fileData": { "mimeType": "image/png", "fileUri": "https://x.org/a.png" } },
                { "inlineData": { "mimeType": "application/pdf", "data": "BBBB" } },
            ]},
            { "role": "model", "parts": [
                { "text": "Hm", "thought": true, "thoughtSignature": "dGhvdWdodA==" },
                { "text": "I " },
                { "text": "look.", "thoughtSignature": "dGV4dA==" },
                { "functionCall": { "id": "x1", "name": "read", "args": { "z": 1, "a": 2 } }, "thoughtSignature": "Y2FsbA==" },
                { "functionCall": { "id": "x2", "name": "read", "args": {} } },
                { "text": "", "thoughtSignature": "ZW1wdHk=" },
            ]},
            { "role": "user", "parts": [
                { "functionResponse": { "id": "x1", "name": "read", "response": { "output": "one" }, "parts": [
                    { "inlineData": { "mimeType": "image/png", "data": "AAAA" } },
                ]}},
                { "functionResponse": { "id": "x2", "name": "read", "response": { "error": "gone" } } },
                { "text": "Go on." },
            ]},
        ],
        "tools": [{ "functionDeclarations": [
            { "name": "read", "description": "Reads", "parametersJsonSchema": { "type": "object", "properties": { "z": {}, "a": {} } } },
            { "name": "list" },
        ]}],
        "toolConfig": { "functionCallingConfig": { "mode": "ANY", "allowedFunctionNames": ["read"] } },
        "generationConfig": {
            "maxOutputTokens": 99, "temperature": 0.7, "topP": 1.0, "topK": 3, "seed": -1,
            "frequencyPenalty": 0.5, "presencePenalty": 0.5, "stopSequences": ["END"],
            "responseMimeType": "application/json", "responseJsonSchema": { "z": 1, "a": 2 },
            "thinkingConfig": { "thinkingLevel": "LOW", "includeThoughts": true },
        },
    });
    assert_eq!(rewritten(&body, "gemini-3-flash"), body.to_string());
}

#[test]
fn an_older_model_gets_neither_ids_nor_pictures_in_results() {
    let call =
        |city: &str| json!({ "functionCall": { "name": "weather", "args": { "city": city } } });
    let result = |name: &str, text: &str| json!({ "functionResponse": { "name": name, "response": { "output": text } } });
    let image = json!({ "inlineData": { "mimeType": "image/png", "data": "AAAA" } });
    let mut body = json!({
        "contents": [
            { "role": "user", "parts": [{ "text": "Hi" }] },
            { "role": "model", "parts": [call("Rome"), call("Oslo")] },
            { "role": "user", "parts": [result("weather", "warm"), result("weather", "cold"), image] },
        ],
        "generationConfig": { "thinkingConfig": { "thinkingBudget": 2000, "includeThoughts": true } },
    });
    assert_eq!(rewritten(&body, "gemini-2.5-pro"), body.to_string());

    body["contents"][2]["parts"][0]["functionResponse"]["parts"] = json!([image]);
    body["contents"][2]["parts"].as_array_mut().unwrap().pop();
    let asked = Gemini.read_ask(body.to_string().as_bytes()).unwrap().ask;
    let ids: Vec<&str> = asked
        .messages
        .iter()
        .flat_map(|it| &it.pieces)
        .filter_map(|it| match &it.block {
            Block::Call { call, .. } | Block::Result { call, .. } => Some(call.as_str()),
            Block::Text(_) | Block::Image(_) | Block::File { .. } | Block::Thought { .. } => None,
        })
        .collect();
    assert_eq!(ids, ["call-0", "call-1", "call-0", "call-1"]);
    body["contents"][2]["parts"] =
        json!([result("weather", "warm"), result("weather", "cold"), image]);
    assert_eq!(rewritten(&body, "gemini-2.5-pro"), body.to_string());
}

#[test]
fn the_other_spelling_and_short_forms_are_understood() {
    let body = json!({
        "system_instruction": { "parts": { "text": "Be brief." } },
        "contents": { "parts": [
            { "text": "hi" }, { "inline_data": { "mime_type": "image/png", "data": "AAAA" } },
        ]},
        "tools": { "function_declarations": { "name": "read", "parameters": { "type": "OBJECT" } } },
        "tool_config": { "function_calling_config": { "mode": "none" } },
        "generation_config": {
            "max_output_tokens": 9, "top_p": 0.5, "top_k": 40.0, "stop_sequences": ["a"],
            "response_mime_type": "application/json", "response_schema": { "type": "STRING" },
            "thinking_config": { "thinking_budget": 0 },
        },
        "safety_settings": [{ "category": "HARM_CATEGORY_HARASSMENT", "threshold": "OFF" }],
    });
    expect![[r#"{"systemInstruction":{"parts":[{"text":"Be brief."}]},"contents":[{"role":"user","parts":[{"text":"hi"},{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]}],"tools":[{"functionDeclarations":[{"name":"read","parametersJsonSchema":{"type":"object"}}]}],"toolConfig":{"functionCallingConfig":{"mode":"NONE"}},"generationConfig":{"maxOutputTokens":9,"topP":0.5,"topK":40,"stopSequences":["a"],"responseMimeType":"application/json","responseJsonSchema":{"type":"string"},"thinkingConfig":{"thinkingBudget":0}}}"#]].assert_eq(&rewritten(&body, "gemini-2.5-flash"));
}

#[test]
fn answers_of_tools_are_texts() {
    let mut parts = vec![];
    let mut called = vec![];
    for response in [
        json!({ "output": "a" }),
        json!({ "result": { "b": 1 } }),
        json!({ "error": "c" }),
        json!({ "d": 1, "e": 2 }),
        json!({ "output": "f", "error": "g" }),
        json!({}),
    ] {
        called.push(json!({ "functionCall": { "name": "read" } }));
        parts.push(json!({ "functionResponse": { "name": "read", "response": response } }));
    }
    let body = json!({ "contents": [
        { "role": "model", "parts": called }, { "role": "function", "parts": parts },
    ]});
    let asked = Gemini.read_ask(body.to_string().as_bytes()).unwrap().ask;
    let text = |it: &Piece| {
        let Block::Result { output, failed, .. } = &it.block else { panic!("{it:?}") };
        format!("{} {failed}", crate::ask::output_text(output))
    };
    let results: Vec<String> = asked.messages[1].pieces.iter().map(text).collect();
    let expected = [
        "a false",
        "{\"b\":1} false",
        "c true",
        "{\"d\":1,\"e\":2} false",
        "{\"output\":\"f\",\"error\":\"g\"} true",
        " false",
    ];
    assert_eq!(results, expected);
}

#[test]
fn how_long_to_think_is_understood() {
    use crate::ask::{Effort, Thinking};
    let check = |config: Value, expected: Thinking| {
        let body = json!({ "contents": [], "generationConfig": { "thinkingConfig": config } });
        let asked = Gemini.read_ask(body.to_string().as_bytes()).unwrap();
        assert_eq!(asked.ask.thinking, expected, "{config}");
    };
    check(json!({}), Thinking::Usual);
    check(json!({ "includeThoughts": false }), Thinking::Usual);
    check(json!({ "includeThoughts": true }), Thinking::Effort(Effort::Medium));
    check(json!({ "thinkingBudget": -1 }), Thinking::Effort(Effort::Medium));
    check(json!({ "thinkingBudget": 0, "includeThoughts": true }), Thinking::Off);
    check(json!({ "thinkingBudget": 512 }), Thinking::Budget(512));
    check(json!({ "thinkingLevel": "minimal" }), Thinking::Effort(Effort::Minimal));
    check(json!({ "thinkingLevel": "THINKING_LEVEL_UNSPECIFIED" }), Thinking::Usual);
}

#[test]
fn what_cannot_be_kept_is_refused_by_name() {
    let check = |extra: Value, expected: &str| {
        let mut body = json!({ "contents": [] });
        for (name, value) in extra.as_object().unwrap() {
            body[name] = value.clone();
        }
        let refused = Gemini.read_ask(body.to_string().as_bytes()).unwrap_err();
        assert_eq!(refused.to_string(), expected);
    };
    let config = |name: &str, value: Value| json!({ "generationConfig": { name: value } });
    let content = |part: Value| json!({ "contents": [{ "role": "user", "parts": [part] }] });
    let calling = |config: Value| json!({ "toolConfig": { "functionCallingConfig": config } });
    check(
        json!({ "cachedContent": "cachedContents/1" }),
        "`cachedContent` is not supported here; leave it out",
    );
    check(
        json!({ "tools": [{ "functionDeclarations": [] }, { "googleSearch": {} }] }),
        "`tools.googleSearch` runs at one vendor only",
    );
    check(
        config("candidateCount", json!(2)),
        "`generationConfig.candidateCount` is not supported here; leave it out",
    );
    check(
        config("responseLogprobs", json!(true)),
        "`generationConfig.responseLogprobs` is not supported here; leave it out",
    );
    check(
        config("responseModalities", json!(["TEXT", "IMAGE"])),
        "`generationConfig.responseModalities` is not supported here; leave it out",
    );
    check(
        config("responseFormat", json!({ "text": {} })),
        "`generationConfig.responseFormat` is not supported here; leave it out",
    );
    check(
        config("responseMimeType", json!("text/x.enum")),
        "`generationConfig.responseMimeType` is not `application/json`",
    );
    check(config("topK", json!(0.5)), "`generationConfig.topK` is no whole number");
    check(
        config("thinkingConfig", json!({ "thinkingLevel": "much" })),
        "`thinkingConfig.thinkingLevel` is no known level",
    );
    check(
        config("thinkingConfig", json!({ "thinkingBudget": -2 })),
        "`thinkingConfig.thinkingBudget` is no number of tokens",
    );
    check(
        calling(json!({ "mode": "ANY", "allowedFunctionNames": ["a", "b"] })),
        "`toolConfig.functionCallingConfig.allowedFunctionNames` may name one function here",
    );
    check(
        calling(json!({ "mode": "PERHAPS" })),
        "`toolConfig.functionCallingConfig.mode` is no known mode",
    );
    check(
        json!({ "systemInstruction": { "parts": [{ "inlineData": { "mimeType": "a/b", "data": "" } }] } }),
        "`systemInstruction` must be a text",
    );
    check(json!({ "contents": [{ "role": "robot" }] }), "`contents[0]` has an unknown role");
    check(
        content(json!({ "executableCode": { "code": "1" } })),
        "`contents[0]` has a part that only one vendor knows",
    );
    check(
        content(json!({ "inlineData": { "mimeType": "audio/mp3", "data": "AAAA" } })),
        "`contents[0]` has a part that is no text, no image and no document",
    );
    for uri in ["gs://bucket/a.png", "https://generativelanguage.googleapis.com/v1beta/files/a"] {
        check(
            content(json!({ "fileData": { "fileUri": uri } })),
            "`contents[0]` has a file that only one vendor can fetch",
        );
    }
    check(
        content(json!({ "functionResponse": { "name": "read", "response": {} } })),
        "`contents[0]` has a result without its call",
    );
    assert!(Gemini.read_ask(b"{}").is_err());
}

#[test]
fn what_the_vendor_has_no_form_for_is_refused() {
    let body =
        json!({ "contents": [], "tools": [{ "functionDeclarations": [{ "name": "read" }] }] });
    let mut ask = Gemini.read_ask(body.to_string().as_bytes()).unwrap().ask;
    ask.parallel_calls = Some(false);
    let refused = Gemini.write_ask(&ask, true).unwrap_err().to_string();
    assert_eq!(refused, "this model's provider takes no limit of one call per reply");
    ask.tools.clear();
    assert!(Gemini.write_ask(&ask, true).is_ok());

    let orphan = Block::Result { call: "x".to_owned(), output: Vec::new(), failed: false };
    let pieces = vec![orphan.into()];
    ask.messages.push(crate::ask::Message { role: wire::Role::User, pieces });
    let refused = Gemini.write_ask(&ask, true).unwrap_err().to_string();
    assert_eq!(refused, "`messages` have a result without its call");
}

fn rewritten(body: &Value, model: &str) -> String {
    let asked = Gemini.read_ask(body.to_string().as_bytes()).unwrap();
    assert!(!asked.stream && asked.ask.model.is_empty());
    let ask = Ask { model: model.to_owned(), ..asked.ask };
    String::from_utf8(Gemini.write_ask(&ask, true).unwrap()).unwrap()
}
