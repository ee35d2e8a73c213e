//! A client's request in, and what the client reads back.

use expect_test::expect;
use wire::{RejectionCode, Role, StopReason, Usage};

use super::*;
use crate::{
    ask::{Block, Keep, Message, Output, Piece, Thinking},
    feed::{Feed, Meter},
};

#[test]
fn a_conversation_comes_out_as_it_went_in() {
    let body = json!({
        "model": "m",
        "instructions": "Be brief.",
        "input": [
            { "type": "message", "role": "user", "content": [
                { "type": "input_text", "text": "What is this?" },
                { "type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "auto" },
                { "type": "input_image", "image_url": "https://x.org/a.png", "detail": "auto" },
                { "type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,BBBB" },
                { "type": "input_file", "file_url": "https://x.org/b.pdf" },
            ]},
            { "type": "reasoning", "id": "rs_1", "summary": [{ "type": "summary_text", "text": "Hm" }], "encrypted_content": "CCCC" },
            { "type": "message", "role": "assistant", "content": "I look." },
            { "type": "reasoning", "id": "rs_2", "summary": [], "content": [{ "type": "reasoning_text", "text": "Hm" }] },
            { "type": "function_call", "call_id": "a", "name": "read", "arguments": "{\"z\": 1, \"a\": 2}" },
            { "type": "function_call", "call_id": "b", "name": "read", "arguments": "{}" },
            { "type": "function_call_output", "call_id": "a", "output": "one" },
            { "type": "function_call_output", "call_id": "b", "output": [
                { "type": "input_text", "text": "two" },
                { "type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "auto" },
                { "type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,BBBB" },
            ]},
            { "type": "message", "role": "user", "content": "Go on." },
        ],
        "tools": [{
            "type": "function", "name": "read", "description": "Reads",
            "parameters": { "type": "object", "properties": { "z": {}, "a": {} } }, "strict": true,
        }],
        "tool_choice": { "type": "function", "name": "read" },
        "parallel_tool_calls": false,
        "text": { "format": { "type": "json_schema", "name": "n", "schema": { "z": 1, "a": 2 }, "strict": true } },
        "reasoning": { "effort": "low", "summary": "auto" },
        "max_output_tokens": 99,
        "user": "somebody",
        "store": false,
        "include": ["reasoning.encrypted_content"],
        "stream": true,
    });
    let asked = Responses.read_ask(body.to_string().as_bytes()).unwrap();
    assert!(asked.stream && asked.usage);
    let written = Responses.write_ask(&asked.ask, true).unwrap();
    assert_eq!(String::from_utf8(written).unwrap(), body.to_string());
}

#[test]
fn short_forms_are_understood() {
    let body = json!({
        "model": "m", "input": "hi", "max_output_tokens": 1, "temperature": 0.7, "store": true,
        "previous_response_id": null, "text": { "format": { "type": "json_object" }, "verbosity": "low" },
        "tools": [{ "type": "function", "name": "now" }], "tool_choice": "required",
    });
    expect![[r#"{"model":"m","input":[{"type":"message","role":"user","content":"hi"}],"tools":[{"type":"function","name":"now","parameters":{"type":"object","properties":{}},"strict":false}],"tool_choice":"required","text":{"format":{"type":"json_object"}},"max_output_tokens":16,"temperature":0.7,"store":false,"stream":false}"#]]
        .assert_eq(&rewritten(&body));
    let items = json!({ "model": "m", "input": [
        { "role": "developer", "content": "Be brief." },
        { "role": "system", "content": [{ "type": "input_text", "text": "Be kind." }] },
        { "role": "user", "content": "hi" },
        { "role": "assistant", "content": [
            { "type": "output_text", "text": "Well", "annotations": [] },
            { "type": "refusal", "refusal": "no." },
        ]},
        { "type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": null },
    ]});
    expect![[r#"{"model":"m","instructions":"Be brief.\n\nBe kind.","input":[{"type":"message","role":"user","content":"hi"},{"type":"message","role":"assistant","content":"Well\n\nno."}],"store":false,"stream":false}"#]]
        .assert_eq(&rewritten(&items));
}

#[test]
fn what_cannot_be_kept_is_refused_by_name() {
    let check = |extra: Value, expected: &str| {
        let mut body = json!({ "model": "m", "input": [] });
        for (name, value) in extra.as_object().unwrap() {
            body[name] = value.clone();
        }
        let refused = Responses.read_ask(body.to_string().as_bytes()).unwrap_err();
        assert_eq!(refused.to_string(), expected);
    };
    let unsupported = |field: &str, value: Value| {
        check(json!({ field: value }), &format!("`{field}` is not supported here; leave it out"));
    };
    unsupported("previous_response_id", json!("resp_1"));
    unsupported("conversation", json!("conv_1"));
    unsupported("prompt", json!({ "id": "pmpt_1" }));
    unsupported("background", json!(true));
    unsupported("top_logprobs", json!(2));
    check(
        json!({ "include": ["message.output_text.logprobs"] }),
        "`message.output_text.logprobs` is not supported here; leave it out",
    );
    check(
        json!({ "tools": [{ "type": "web_search" }] }),
        "`tools.web_search` runs at one vendor only",
    );
    check(
        json!({ "tools": [{ "type": "custom", "name": "x" }] }),
        "`tools.custom` is no function, and functions only are known here",
    );
    check(json!({ "tool_choice": "perhaps" }), "`tool_choice` is not `auto`, `none` or `required`");
    check(
        json!({ "tool_choice": { "type": "allowed_tools", "mode": "auto", "tools": [] } }),
        "`tool_choice` names no function",
    );
    check(
        json!({ "text": { "format": { "type": "grammar" } } }),
        "`text.format` is not of a known type",
    );
    check(json!({ "reasoning": { "effort": "huge" } }), "`reasoning.effort` is no known effort");
    let item = |item: Value, expected: &str| check(json!({ "input": [item] }), expected);
    item(
        json!({ "type": "item_reference", "id": "msg_1" }),
        "`input[0]` refers to what is not stored here; send the item itself",
    );
    item(
        json!({ "type": "web_search_call", "id": "ws_1" }),
        "`input[0]` is an item that only one vendor knows",
    );
    item(json!({ "role": "robot", "content": "" }), "`input[0]` has an unknown role");
    item(json!({ "type": "function_call_output" }), "`input[0]` needs a `call_id`");
    item(
        json!({ "role": "user", "content": [{ "type": "input_image", "file_id": "file_1" }] }),
        "`input[0]` has a file that lies with one vendor; send its data or its address",
    );
    item(
        json!({ "role": "user", "content": [{ "type": "input_audio" }] }),
        "`input[0]` has a part that is no text, no image and no file",
    );
    assert!(Responses.read_ask(b"not json").is_err());
    assert!(Responses.read_ask(b"{}").is_err());
}

#[test]
fn what_the_vendor_cannot_be_told() {
    let mut ask = Ask::default();
    ask.sampling.stop.push("END".to_owned());
    let refused = Responses.write_ask(&ask, true).unwrap_err();
    assert_eq!(refused.to_string(), "this model's provider takes no texts that end a reply");
}

#[test]
fn each_generation_gets_the_fields_that_it_takes() {
    let check = |model: &str, thinking: Thinking, expected: &str| {
        let mut ask = Ask { model: model.to_owned(), thinking, ..Ask::default() };
        ask.sampling.temperature = Some(0.5);
        let body: Value =
            serde_json::from_slice(&Responses.write_ask(&ask, true).unwrap()).unwrap();
        let fields = ["reasoning", "temperature", "include"].map(|it| body[it].to_string());
        assert_eq!(fields.join(" "), expected, "{model}");
    };
    let encrypted = r#"["reasoning.encrypted_content"]"#;
    check("gpt-4o", Thinking::Usual, "null 0.5 null");
    check("gpt-4o", Thinking::Off, "null 0.5 null");
    check("gpt-4o", Thinking::Budget(20_000), "null 0.5 null");
    check("gpt-5", Thinking::Usual, &format!("null null {encrypted}"));
    check("gpt-5", Thinking::Off, &format!(r#"{{"effort":"minimal"}} null {encrypted}"#));
    check("gpt-5.1", Thinking::Off, r#"{"effort":"none"} 0.5 null"#);
    let high = format!(r#"{{"effort":"high"}} null {encrypted}"#);
    check("my-deployment", Thinking::Budget(20_000), &high);
}

#[test]
fn thoughts_that_the_model_would_refuse_are_left_out() {
    let item =
        json!({ "type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "AAAA" });
    let said = json!({ "type": "message", "role": "assistant", "content": "Hi" });
    let asked = json!({ "type": "message", "role": "user", "content": "hi" });
    let check = |model: &str, items: &[&Value], expected: &[&Value]| {
        let body: Value =
            serde_json::from_str(&rewritten(&json!({ "model": model, "input": items }))).unwrap();
        assert_eq!(body["input"], json!(expected), "{model}");
    };
    check("gpt-5", &[&item, &said, &asked], &[&item, &said, &asked]);
    check("gpt-5", &[&item, &item, &said], &[&item, &item, &said]);
    check("gpt-5", &[&asked, &item, &asked], &[&asked, &asked]);
    check("gpt-5", &[&said, &item], &[&said]);
    check("gpt-4o", &[&item, &said, &asked], &[&said, &asked]);
}

/// Of an item that is unknown here, as those of tools that are no functions.
#[test]
fn a_reply_has_begun_with_its_first_delta() {
    let mut meter = Meter::new(&Responses);
    let event = |name: &str, data: Value| format!("event: {name}\ndata: {data}\n\n");
    let mut push = |text: String| {
        meter.push(text.as_bytes(), &mut |_, _| {}).unwrap();
        meter.has_begun()
    };
    let created = json!({ "type": "response.created", "response": { "status": "in_progress" } });
    assert!(!push(event("response.created", created)));
    let name = "response.custom_tool_call_input.delta";
    assert!(push(event(name, json!({ "type": name, "item_id": "ctc_1", "delta": "*** Begin" }))));
}

#[test]
fn an_answer_that_says_nothing_is_no_reply() {
    for body in ["{}", r#"{"status":"in_progress","output":[]}"#, r#"{"status":"queued"}"#] {
        let whole = Whole::collect(Responses.read_whole(body.as_bytes()).unwrap());
        let code = whole.end.unwrap().unwrap_err().code;
        assert_eq!(code, RejectionCode::CutOff, "{body}");
    }
}

#[test]
fn a_conversation_of_other_vendors_is_told() {
    let call = |call: &str, arguments: &str| Block::Call {
        call: call.to_owned(),
        tool: "read".to_owned(),
        arguments: arguments.to_owned(),
    };
    let thought = |opaque| Block::Thought { text: "Hm".to_owned(), opaque };
    let text = |text: &str| Block::Text(text.to_owned());
    let own = json!({ MARK: { "type": "reasoning", "id": "rs_1", "encrypted_content": "AAAA" } });
    let message = |role, blocks: Vec<Block>| Message {
        role,
        pieces: blocks.into_iter().map(|block| Piece { block, keep: Some(Keep::Short) }).collect(),
    };
    let result = Block::Result {
        call: "a".to_owned(),
        output: vec![Output::Text("no such".to_owned()), Output::Text("file".to_owned())],
        failed: true,
    };
    let ask = Ask {
        model: "gpt-5.4".to_owned(),
        messages: vec![
            message(
                Role::Assistant,
                vec![
                    thought(Some(json!({ "anthropic": { "signature": "c2ln" } }))),
                    thought(None),
                    text("I look."),
                    text(""),
                    call("a", ""),
                ],
            ),
            message(Role::User, vec![text("And hurry."), result]),
            message(
                Role::Assistant,
                vec![thought(Some(own.clone())), text("Well."), thought(Some(own))],
            ),
            message(Role::User, vec![text("Go on.")]),
        ],
        ..Ask::default()
    };
    let body: Value = serde_json::from_slice(&Responses.write_ask(&ask, true).unwrap()).unwrap();
    let items = body["input"].as_array().unwrap();
    let lines: String = items.iter().map(|it| format!("{it}\n")).collect();
    expect![[r#"
        {"type":"message","role":"assistant","content":"I look.","phase":"commentary"}
        {"type":"function_call","call_id":"a","name":"read","arguments":"{}"}
        {"type":"function_call_output","call_id":"a","output":"Error: no such\nfile"}
        {"type":"message","role":"user","content":"And hurry."}
        {"type":"reasoning","id":"rs_1","encrypted_content":"AAAA"}
        {"type":"message","role":"assistant","content":"Well.","phase":"final_answer"}
        {"type":"message","role":"user","content":"Go on."}
    "#]]
    .assert_eq(&lines);
}

#[test]
fn a_reply_becomes_events_that_read_the_same() {
    let mut writer = Responses.encoder(about());
    let mut written = Vec::new();
    reply().iter().for_each(|it| writer.write(it, &mut written));
    expect![[r#"
        event: response.created
        data: {"response":{"id":"resp_id","object":"response","created_at":7,"status":"in_progress","error":null,"incomplete_details":null,"instructions":null,"max_output_tokens":null,"model":"m","output":[],"parallel_tool_calls":true,"previous_response_id":null,"reasoning":{"effort":null,"summary":null},"store":false,"temperature":null,"text":{"format":{"type":"text"}},"tool_choice":"auto","tools":[],"top_p":null,"truncation":"disabled","usage":null,"user":null,"metadata":{}},"type":"response.created","sequence_number":0}

        event: response.in_progress
        data: {"response":{"id":"resp_id","object":"response","created_at":7,"status":"in_progress","error":null,"incomplete_details":null,"instructions":null,"max_output_tokens":null,"model":"m","output":[],"parallel_tool_calls":true,"previous_response_id":null,"reasoning":{"effort":null,"summary":null},"store":false,"temperature":null,"text":{"format":{"type":"text"}},"tool_choice":"auto","tools":[],"top_p":null,"truncation":"disabled","usage":null,"user":null,"metadata":{}},"type":"response.in_progress","sequence_number":1}

        event: response.output_item.added
        data: {"output_index":0,"item":{"id":"rs_id_0","type":"reasoning","summary":[]},"type":"response.output_item.added","sequence_number":2}

        event: response.reasoning_summary_part.added
        data: {"item_id":"rs_id_0","output_index":0,"summary_index":0,"part":{"type":"summary_text","text":""},"type":"response.reasoning_summary_part.added","sequence_number":3}

        event: response.reasoning_summary_text.delta
        data: {"type":"response.reasoning_summary_text.delta","sequence_number":4,"item_id":"rs_id_0","output_index":0,"summary_index":0,"delta":"H"}

        event: response.reasoning_summary_text.delta
        data: {"type":"response.reasoning_summary_text.delta","sequence_number":5,"item_id":"rs_id_0","output_index":0,"summary_index":0,"delta":"m"}

        event: response.reasoning_summary_text.done
        data: {"item_id":"rs_id_0","output_index":0,"summary_index":0,"text":"Hm","type":"response.reasoning_summary_text.done","sequence_number":6}

        event: response.reasoning_summary_part.done
        data: {"item_id":"rs_id_0","output_index":0,"summary_index":0,"part":{"type":"summary_text","text":"Hm"},"type":"response.reasoning_summary_part.done","sequence_number":7}

        event: response.output_item.done
        data: {"output_index":0,"item":{"id":"rs_id_0","type":"reasoning","summary":[{"type":"summary_text","text":"Hm"}],"encrypted_content":"ZWFzZWwxeyJ4IjoxfQ=="},"type":"response.output_item.done","sequence_number":8}

        event: response.output_item.added
        data: {"output_index":1,"item":{"id":"msg_id_1","type":"message","status":"in_progress","role":"assistant","content":[]},"type":"response.output_item.added","sequence_number":9}

        event: response.content_part.added
        data: {"item_id":"msg_id_1","output_index":1,"content_index":0,"part":{"type":"output_text","text":"","annotations":[],"logprobs":[]},"type":"response.content_part.added","sequence_number":10}

        event: response.output_text.delta
        data: {"type":"response.output_text.delta","sequence_number":11,"item_id":"msg_id_1","output_index":1,"content_index":0,"delta":"Hi \"é\"","logprobs":[]}

        event: response.output_text.done
        data: {"item_id":"msg_id_1","output_index":1,"content_index":0,"text":"Hi \"é\"","logprobs":[],"type":"response.output_text.done","sequence_number":12}

        event: response.content_part.done
        data: {"item_id":"msg_id_1","output_index":1,"content_index":0,"part":{"type":"output_text","text":"Hi \"é\"","annotations":[],"logprobs":[]},"type":"response.content_part.done","sequence_number":13}

        event: response.output_item.done
        data: {"output_index":1,"item":{"id":"msg_id_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"Hi \"é\"","annotations":[],"logprobs":[]}]},"type":"response.output_item.done","sequence_number":14}

        event: response.output_item.added
        data: {"output_index":2,"item":{"id":"rs_id_2","type":"reasoning","summary":[]},"type":"response.output_item.added","sequence_number":15}

        event: response.output_item.done
        data: {"output_index":2,"item":{"id":"rs_id_2","type":"reasoning","summary":[],"encrypted_content":"ZWFzZWwxeyJ5IjoxfQ=="},"type":"response.output_item.done","sequence_number":16}

        event: response.output_item.added
        data: {"output_index":3,"item":{"id":"fc_id_3","type":"function_call","status":"in_progress","call_id":"a","name":"read","arguments":""},"type":"response.output_item.added","sequence_number":17}

        event: response.function_call_arguments.delta
        data: {"type":"response.function_call_arguments.delta","sequence_number":18,"item_id":"fc_id_3","output_index":3,"delta":"{\"z\":1,"}

        event: response.output_item.added
        data: {"output_index":4,"item":{"id":"fc_id_4","type":"function_call","status":"in_progress","call_id":"b","name":"read","arguments":""},"type":"response.output_item.added","sequence_number":19}

        event: response.function_call_arguments.delta
        data: {"type":"response.function_call_arguments.delta","sequence_number":20,"item_id":"fc_id_4","output_index":4,"delta":"{}"}

        event: response.function_call_arguments.done
        data: {"item_id":"fc_id_4","output_index":4,"name":"read","arguments":"{}","type":"response.function_call_arguments.done","sequence_number":21}

        event: response.output_item.done
        data: {"output_index":4,"item":{"id":"fc_id_4","type":"function_call","status":"completed","call_id":"b","name":"read","arguments":"{}"},"type":"response.output_item.done","sequence_number":22}

        event: response.function_call_arguments.delta
        data: {"type":"response.function_call_arguments.delta","sequence_number":23,"item_id":"fc_id_3","output_index":3,"delta":"\"a\":2}"}

        event: response.function_call_arguments.done
        data: {"item_id":"fc_id_3","output_index":3,"name":"read","arguments":"{\"z\":1,\"a\":2}","type":"response.function_call_arguments.done","sequence_number":24}

        event: response.output_item.done
        data: {"output_index":3,"item":{"id":"fc_id_3","type":"function_call","status":"completed","call_id":"a","name":"read","arguments":"{\"z\":1,\"a\":2}"},"type":"response.output_item.done","sequence_number":25}

        event: response.completed
        data: {"response":{"id":"resp_id","object":"response","created_at":7,"status":"completed","error":null,"incomplete_details":null,"instructions":null,"max_output_tokens":null,"model":"m","output":[{"id":"rs_id_0","type":"reasoning","summary":[{"type":"summary_text","text":"Hm"}],"encrypted_content":"ZWFzZWwxeyJ4IjoxfQ=="},{"id":"msg_id_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"Hi \"é\"","annotations":[],"logprobs":[]}]},{"id":"rs_id_2","type":"reasoning","summary":[],"encrypted_content":"ZWFzZWwxeyJ5IjoxfQ=="},{"id":"fc_id_3","type":"function_call","status":"completed","call_id":"a","name":"read","arguments":"{\"z\":1,\"a\":2}"},{"id":"fc_id_4","type":"function_call","status":"completed","call_id":"b","name":"read","arguments":"{}"}],"parallel_tool_calls":true,"previous_response_id":null,"reasoning":{"effort":null,"summary":null},"store":false,"temperature":null,"text":{"format":{"type":"text"}},"tool_choice":"auto","tools":[],"top_p":null,"truncation":"disabled","usage":{"input_tokens":7,"input_tokens_details":{"cached_tokens":2,"cache_write_tokens":4,"audio_tokens":0},"output_tokens":24,"output_tokens_details":{"reasoning_tokens":16,"audio_tokens":0},"total_tokens":31},"user":null,"metadata":{}},"type":"response.completed","sequence_number":26}

    "#]].assert_eq(&String::from_utf8(written.clone()).unwrap());

    let mut events = Vec::new();
    Feed::new(&Responses).push(&written, &mut events);
    let whole = Whole::collect(reply());
    assert_eq!(Whole::collect(events), whole);
    let body = Responses.write_whole(&whole, &about());
    assert_eq!(Whole::collect(Responses.read_whole(&body).unwrap()), whole);
}

#[test]
fn every_ending_reads_the_same() {
    for reason in [StopReason::EndOfTurn, StopReason::OutputLimit, StopReason::Refused] {
        let reply = [
            ModelEvent::TextDelta { text: "Hi".to_owned() },
            ModelEvent::Usage(Usage::default()),
            ModelEvent::Finish { reason, stopped_by: None },
        ];
        let whole = Whole::collect(reply.clone());
        let mut writer = Responses.encoder(about());
        let mut written = Vec::new();
        reply.iter().for_each(|it| writer.write(it, &mut written));
        let mut events = Vec::new();
        Feed::new(&Responses).push(&written, &mut events);
        assert_eq!(Whole::collect(events), whole);
        let body = Responses.write_whole(&whole, &about());
        assert_eq!(Whole::collect(Responses.read_whole(&body).unwrap()), whole);
    }
}

#[test]
fn thoughts_travel_with_the_client_whosever_they_are() {
    let foreign = json!({ "gemini": { "thoughtSignature": "c2ln" } });
    let own = json!({ MARK: { "id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": "AAAA" } });
    let mut reply = Whole::default();
    reply.add(ModelEvent::Reasoning { text: "Hm".to_owned() });
    reply.add(ModelEvent::ReasoningEnd { opaque: Some(foreign.clone()) });
    reply.add(ModelEvent::ReasoningEnd { opaque: Some(own.clone()) });
    reply.add(ModelEvent::TextDelta { text: "Hi".to_owned() });
    let body = Responses.write_whole(&reply, &about());
    let response: Value = serde_json::from_slice(&body).unwrap();
    let back = json!({ "model": "m", "input": response["output"] });
    let asked = Responses.read_ask(back.to_string().as_bytes()).unwrap();
    let thought =
        |text: &str, opaque| Block::Thought { text: text.to_owned(), opaque: Some(opaque) };
    assert_eq!(
        asked.ask.messages[0].pieces,
        [
            thought("Hm", foreign).into(),
            thought("", own.clone()).into(),
            Block::Text("Hi".to_owned()).into(),
        ]
    );
    let written = Responses.write_ask(&asked.ask, true).unwrap();
    let written: Value = serde_json::from_slice(&written).unwrap();
    assert_eq!(written["input"][0], own[MARK]);
}

#[test]
fn a_broken_reply_says_so_in_both_of_the_vendors_ways() {
    let rejection = Rejection {
        code: RejectionCode::CutOff,
        message: "broken".to_owned(),
        retry_after_secs: None,
        request_id: Some("r1".to_owned()),
        shortage: None,
        pace: None,
    };
    let mut written = Vec::new();
    let mut writer = Responses.encoder(about());
    writer.write(&ModelEvent::TextDelta { text: "Hi".to_owned() }, &mut written);
    writer.write(&ModelEvent::Error(rejection.clone()), &mut written);
    let written = String::from_utf8(written).unwrap();
    let names: Vec<&str> = written.lines().filter_map(|it| it.strip_prefix("event: ")).collect();
    expect![[r#"
        response.created
        response.in_progress
        response.output_item.added
        response.content_part.added
        response.output_text.delta
        response.output_text.done
        response.content_part.done
        response.output_item.done
        error
        response.failed"#]]
    .assert_eq(&names.join("\n"));
    let error = written.lines().find(|it| it.contains(r#""type":"error""#)).unwrap();
    expect![[r#"data: {"code":"stream_cut_off","message":"broken","param":null,"error":{"message":"broken","type":"api_error","param":null,"code":"stream_cut_off","request_id":"r1"},"type":"error","sequence_number":8}"#]].assert_eq(error);
    expect![[r#"{"error":{"message":"broken","type":"api_error","param":null,"code":"stream_cut_off","request_id":"r1"}}"#]]
        .assert_eq(&String::from_utf8(Responses.write_error(&rejection)).unwrap());
}

fn rewritten(body: &Value) -> String {
    let asked = Responses.read_ask(body.to_string().as_bytes()).unwrap();
    String::from_utf8(Responses.write_ask(&asked.ask, asked.stream).unwrap()).unwrap()
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
        ModelEvent::Reasoning { text: "H".into() },
        ModelEvent::ReasoningEnd { opaque: None },
        ModelEvent::Reasoning { text: "m".into() },
        ModelEvent::ReasoningEnd { opaque: Some(json!({ "x": 1 })) },
        ModelEvent::TextDelta { text: "Hi \"é\"".into() },
        ModelEvent::ReasoningEnd { opaque: Some(json!({ "y": 1 })) },
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
