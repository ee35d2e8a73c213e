//! A client's request in, and what the client reads back.

use expect_test::expect;
use serde_json::{Value, json};
use wire::{Rejection, RejectionCode, Role, StopReason, Usage};

use super::*;
use crate::{
    ask::{Block, Choice, Effort, Message, Output, Thinking},
    feed::Feed,
};

const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB";

#[test]
fn a_conversation_comes_out_as_it_went_in() {
    let body = json!({
        "model": "gpt-oss:20b",
        "messages": [
            { "role": "system", "content": "Be brief." },
            { "role": "user", "content": "What is this?", "images": [PNG, "/9j/4AAQSkZJRgABAQAAAQABAAD"] },
            { "role": "assistant", "content": "I look.", "thinking": "Hm", "tool_calls": [
                { "id": "a", "function": { "name": "read", "arguments": { "z": 1, "a": "é\n" } } },
                { "id": "b", "function": { "name": "list", "arguments": {} } },
            ]},
            { "role": "tool", "content": "one", "images": [PNG], "tool_name": "read", "tool_call_id": "a" },
            { "role": "tool", "content": "two", "tool_name": "list", "tool_call_id": "b" },
            { "role": "user", "content": "Go on." },
        ],
        "tools": [{ "type": "function", "function": {
            "name": "read", "description": "Reads", "parameters": { "type": "object", "properties": { "z": {}, "a": {} } },
        }}],
        "think": "low",
        "format": { "type": "object", "properties": { "z": {}, "a": {} } },
        "options": {
            "num_predict": 99, "temperature": 0.7, "top_p": 1.0, "top_k": 3, "seed": 5,
            "frequency_penalty": 0.5, "presence_penalty": 0.5, "stop": ["END"],
        },
        "stream": true,
    });
    let asked = Ollama.read_ask(body.to_string().as_bytes()).unwrap();
    assert!(asked.stream && asked.usage);
    let written = Ollama.write_ask(&asked.ask, true).unwrap();
    assert_eq!(String::from_utf8(written).unwrap(), body.to_string());
}

#[test]
fn what_only_tunes_is_left_out() {
    let body = json!({
        "model": "m",
        "messages": [{ "role": "User", "content": "hi", "images": null, "tool_calls": null }],
        "tools": null, "think": null, "format": "", "keep_alive": "5m", "truncate": false,
        "options": {
            "num_ctx": 8192, "repeat_penalty": 1.1, "min_p": 0.05, "mirostat": 1,
            "num_predict": -1, "seed": -1, "top_k": 40.0, "stop": null,
        },
    });
    let asked = Ollama.read_ask(body.to_string().as_bytes()).unwrap();
    assert!(asked.stream, "this dialect streams when nobody says anything");
    let written = Ollama.write_ask(&asked.ask, false).unwrap();
    expect![[r#"{"model":"m","messages":[{"role":"user","content":"hi"}],"options":{"top_k":40},"stream":false}"#]].assert_eq(&String::from_utf8(written).unwrap());
}

#[test]
fn results_find_their_calls_without_ids() {
    let call = |name: &str| json!({ "function": { "name": name, "arguments": {} } });
    let body = json!({ "model": "m", "messages": [
        { "role": "assistant", "content": "", "tool_calls": [call("read"), call("list"), call("read")] },
        { "role": "tool", "content": "listed", "tool_name": "list" },
        { "role": "tool", "content": "first", "name": "read" },
        { "role": "tool", "content": "second" },
        { "role": "assistant", "tool_calls": [call("list")] },
        { "role": "tool", "content": "again", "tool_name": "list", "tool_call_id": "" },
    ]});
    let asked = Ollama.read_ask(body.to_string().as_bytes()).unwrap();
    let told: Vec<String> = asked.ask.messages.iter().map(tell).collect();
    expect![[r#"
        Assistant call-0=read call-1=list call-2=read
        User call-1: [Text("listed")] call-0: [Text("first")] call-2: [Text("second")]
        Assistant call-3=list
        User call-3: [Text("again")]
    "#]]
    .assert_eq(&told.concat());
}

fn tell(message: &Message) -> String {
    let piece = |it: &crate::ask::Piece| match &it.block {
        Block::Call { call, tool, .. } => format!(" {call}={tool}"),
        Block::Result { call, output, .. } => format!(" {call}: {output:?}"),
        Block::Text(_) | Block::Image(_) | Block::File { .. } | Block::Thought { .. } => {
            String::new()
        }
    };
    let pieces: String = message.pieces.iter().map(piece).collect();
    format!("{:?}{pieces}\n", message.role)
}

#[test]
fn what_cannot_be_kept_is_refused_by_name() {
    let check = |extra: Value, expected: &str| {
        let mut body = json!({ "model": "m", "messages": [] });
        for (name, value) in extra.as_object().unwrap() {
            body[name] = value.clone();
        }
        let refused = Ollama.read_ask(body.to_string().as_bytes()).unwrap_err();
        assert_eq!(refused.to_string(), expected);
    };
    let message = |message: Value| json!({ "messages": [message] });
    check(json!({ "logprobs": true }), "`logprobs` is not supported here; leave it out");
    check(json!({ "top_logprobs": 3 }), "`top_logprobs` is not supported here; leave it out");
    check(json!({ "format": "xml" }), "`format` is neither `json` nor a JSON schema");
    check(json!({ "think": "hard" }), "`think` is not a boolean, `low`, `medium` or `high`");
    check(json!({ "think": 3 }), "`think` is not a boolean, `low`, `medium` or `high`");
    check(json!({ "tools": [{ "type": "web_search" }] }), "`tools` may hold functions only");
    check(message(json!({ "role": "robot" })), "`messages[0]` has an unknown role");
    check(
        message(json!({ "role": "user", "images": ["https://x.org/a.png"] })),
        "`messages[0]` has an image that is no PNG, JPEG, GIF, WebP or BMP in base64",
    );
    check(
        message(json!({ "role": "system", "images": [PNG] })),
        "`messages[0]` has an image that no system prompt can hold",
    );
    check(
        message(json!({ "role": "tool", "content": "x", "tool_name": "read" })),
        "`messages[0]` answers no call of the message before",
    );
    check(
        message(
            json!({ "role": "assistant", "tool_calls": [{ "function": { "name": "read", "arguments": "{}" } }] }),
        ),
        "`messages[0]` has a call whose arguments are no object",
    );
    assert!(Ollama.read_ask(b"not json").is_err());
    assert!(Ollama.read_ask(b"{}").is_err());
}

#[test]
fn what_the_server_has_no_form_for_is_refused() {
    let tool = json!({ "type": "function", "function": { "name": "read" } });
    let body = json!({ "model": "m", "messages": [], "tools": [tool] });
    let plain = Ollama.read_ask(body.to_string().as_bytes()).unwrap().ask;
    let check = |change: &dyn Fn(&mut Ask), expected: &str| {
        let mut ask = plain.clone();
        change(&mut ask);
        assert_eq!(Ollama.write_ask(&ask, true).unwrap_err().to_string(), expected);
    };
    let shown = |block: Block| {
        move |ask: &mut Ask| {
            ask.messages = vec![Message { role: Role::User, pieces: vec![block.clone().into()] }];
        }
    };
    let at = |address: &str| crate::ask::Media {
        media_type: "application/pdf".to_owned(),
        source: crate::ask::Source::Address(address.to_owned()),
    };
    let forced = "this model's provider takes no forced tool calls; let the model choose";
    check(&|ask| ask.choice = Choice::Any, forced);
    check(&|ask| ask.choice = Choice::Tool("read".to_owned()), forced);
    let by_address = "this model's provider takes no images by address; give their bytes";
    check(&shown(Block::Image(at("https://x.org/a.png"))), by_address);
    let files = "this model's provider takes no files; give their text";
    check(&shown(Block::File { media: at("https://x.org/a.pdf"), name: None }), files);
    let output = vec![Output::File { media: at("https://x.org/a.pdf"), name: None }];
    check(&shown(Block::Result { call: "a".to_owned(), output, failed: false }), files);

    let silent = Ask { choice: Choice::None, ..plain };
    let written = Ollama.write_ask(&silent, true).unwrap();
    assert_eq!(written, br#"{"model":"m","messages":[],"stream":true}"#);
}

#[test]
fn levels_of_thought_are_for_models_that_know_them() {
    let think = |model: &str, thinking| {
        let ask = Ask { model: model.to_owned(), thinking, ..Ask::default() };
        let body: Value = serde_json::from_slice(&Ollama.write_ask(&ask, true).unwrap()).unwrap();
        body["think"].clone()
    };
    for (thinking, open, others) in [
        (Thinking::Usual, json!(null), json!(null)),
        (Thinking::Off, json!(false), json!(false)),
        (Thinking::Effort(Effort::Minimal), json!("low"), json!(true)),
        (Thinking::Effort(Effort::High), json!("high"), json!(true)),
        (Thinking::Budget(4_096), json!("medium"), json!(true)),
    ] {
        assert_eq!(think("gpt-oss:120b-cloud", thinking), open, "{thinking:?}");
        assert_eq!(think("qwen3:8b", thinking), others, "{thinking:?}");
    }
}

#[test]
fn arguments_are_one_line_and_else_unchanged() {
    let object = |text: &str| crate::raw::object(text).map(|it| it.get().to_owned());
    for (text, expected) in [
        ("", Some("{}")),
        (
            " {\"z\": 1.0, \"a\": 12345678901234567890123} ",
            Some("{\"z\": 1.0, \"a\": 12345678901234567890123}"),
        ),
        ("{\r\n  \"a\": \"x\\ny\"\n}", Some("{    \"a\": \"x\\ny\" }")),
        ("{\"a\": \"x\ny\"}", None),
        ("{\"a\": 1\n2}", None),
        ("{\"a\":", None),
        ("[]", None),
        ("null", None),
    ] {
        assert_eq!(object(text).as_deref(), expected, "{text:?}");
    }
}

#[test]
fn arguments_that_are_no_object_go_back_as_what_they_are() {
    let said = |block: Block| Message { role: Role::Assistant, pieces: vec![block.into()] };
    let call = |arguments: &str| {
        said(Block::Call { call: "a".into(), tool: "read".into(), arguments: arguments.into() })
    };
    let ask = Ask { messages: vec![call("{\"pa"), call(" ")], ..Ask::default() };
    let written = Ollama.write_ask(&ask, true).unwrap();
    expect![[r#"{"model":"","messages":[{"role":"assistant","content":"","tool_calls":[{"id":"a","function":{"name":"read","arguments":{"unreadable":"{\"pa"}}}]},{"role":"assistant","content":"","tool_calls":[{"id":"a","function":{"name":"read","arguments":{}}}]}],"stream":true}"#]].assert_eq(&String::from_utf8(written).unwrap());
}

#[test]
fn thoughts_come_back_to_this_dialect_and_others_do_not() {
    let thought = |opaque| Block::Thought { text: "Hm".to_owned(), opaque }.into();
    let pieces = vec![
        thought(Some(json!({ "ollama": { "thinking": "My own." } }))),
        thought(Some(json!({ "anthropic": { "signature": "c2ln" } }))),
        thought(None),
        Block::Text("Hi".to_owned()).into(),
    ];
    let ask = Ask { messages: vec![Message { role: Role::Assistant, pieces }], ..Ask::default() };
    let written = Ollama.write_ask(&ask, true).unwrap();
    expect![[r#"{"model":"","messages":[{"role":"assistant","content":"Hi","thinking":"My own."}],"stream":true}"#]].assert_eq(&String::from_utf8(written).unwrap());

    // A client reads another vendor's thought, and brings back its text.
    let mut reply = Whole::default();
    reply.add(ModelEvent::Reasoning { text: "Hm".to_owned() });
    reply.add(ModelEvent::ReasoningEnd { opaque: Some(json!({ "gemini": { "s": 1 } })) });
    let answer: Value = serde_json::from_slice(&Ollama.write_whole(&reply, &about())).unwrap();
    let back = json!({ "model": "m", "messages": [answer["message"]] });
    let asked = Ollama.read_ask(back.to_string().as_bytes()).unwrap();
    assert_eq!(asked.ask.messages[0].pieces, [own("Hm").into()]);
}

fn own(text: &str) -> Block {
    let opaque = Some(json!({ "ollama": { "thinking": text } }));
    Block::Thought { text: text.to_owned(), opaque }
}

#[test]
fn a_reply_becomes_lines_that_read_the_same() {
    let mut writer = Ollama.encoder(about());
    assert_eq!(
        String::from_utf8_lossy(&writer.keep_alive()),
        "{\"model\":\"m\",\"created_at\":\"1970-01-01T00:00:07Z\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":false}\n"
    );
    let mut written = Vec::new();
    reply().iter().for_each(|it| writer.write(it, &mut written));
    expect![[r#"
        {"model":"m","created_at":"1970-01-01T00:00:07Z","message":{"role":"assistant","content":"","thinking":"Hm, "},"done":false}
        {"model":"m","created_at":"1970-01-01T00:00:07Z","message":{"role":"assistant","content":"","thinking":"a file."},"done":false}
        {"model":"m","created_at":"1970-01-01T00:00:07Z","message":{"role":"assistant","content":"Hi \"é\"\n"},"done":false}
        {"model":"m","created_at":"1970-01-01T00:00:07Z","message":{"role":"assistant","content":"","tool_calls":[{"id":"a","function":{"index":0,"name":"read","arguments":{"z":1,"a":2}}}]},"done":false}
        {"model":"m","created_at":"1970-01-01T00:00:07Z","message":{"role":"assistant","content":"","tool_calls":[{"id":"b","function":{"index":1,"name":"read","arguments":{}}}]},"done":false}
        {"model":"m","created_at":"1970-01-01T00:00:07Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","total_duration":0,"load_duration":0,"prompt_eval_count":3,"prompt_eval_cached_count":2,"prompt_eval_duration":0,"eval_count":8,"eval_duration":0}
    "#]].assert_eq(&String::from_utf8(written.clone()).unwrap());

    let mut feed = Feed::new(&Ollama);
    let mut events = Vec::new();
    feed.push(&written, &mut events);
    assert_eq!(Whole::collect(events), Whole::collect(reply()));
}

#[test]
fn a_whole_reply_reads_the_same() {
    let whole = Whole::collect(reply());
    let written = Ollama.write_whole(&whole, &about());
    expect![[r#"{"model":"m","created_at":"1970-01-01T00:00:07Z","message":{"role":"assistant","content":"Hi \"é\"\n","thinking":"Hm, a file.","tool_calls":[{"id":"a","function":{"index":0,"name":"read","arguments":{"z":1,"a":2}}},{"id":"b","function":{"index":1,"name":"read","arguments":{}}}]},"done":true,"done_reason":"stop","total_duration":0,"load_duration":0,"prompt_eval_count":3,"prompt_eval_cached_count":2,"prompt_eval_duration":0,"eval_count":8,"eval_duration":0}"#]].assert_eq(&String::from_utf8(written.clone()).unwrap());
    assert_eq!(Whole::collect(Ollama.read_whole(&written).unwrap()), whole);
}

#[test]
fn a_stream_and_a_whole_answer_are_equal() {
    let head =
        r#"{"model":"m","created_at":"2026-08-07T12:00:00.123Z","message":{"role":"assistant","#;
    let calls = r#"{"function":{"name":"read","arguments":{"path":"é"}}},{"function":{"name":"read","arguments":{"path":"é"}}}"#;
    let end = r#""done":true,"done_reason":"stop","total_duration":5,"prompt_eval_count":30,"prompt_eval_cached_count":20,"eval_count":9}"#;
    let stream = format!(
        "{head}\"content\":\"\",\"thinking\":\"Let \"}},\"done\":false}}\n\
         {head}\"content\":\"\",\"thinking\":\"me.\"}},\"done\":false}}\n\
         {head}\"content\":\"I \"}},\"done\":false}}\n\
         {head}\"content\":\"read.\"}},\"done\":false}}\n\
         {head}\"content\":\"\",\"tool_calls\":[{calls}]}},\"done\":false}}\n\
         {head}\"content\":\"\"}},{end}\n"
    );
    let one = format!(
        "{head}\"content\":\"I read.\",\"thinking\":\"Let me.\",\"tool_calls\":[{calls}]}},{end}"
    );
    let mut events = Vec::new();
    Feed::new(&Ollama).push(stream.as_bytes(), &mut events);
    let whole = Whole::collect(events);
    assert_eq!(Whole::collect(Ollama.read_whole(one.as_bytes()).unwrap()), whole);
    assert_eq!(whole.parts.len(), 4, "{whole:?}");
    assert_eq!(whole.ending().reason, StopReason::ToolUse);
    let unfinished = Ollama.read_whole(br#"{"message":{"content":"Hi"},"done":false}"#).unwrap();
    assert!(matches!(unfinished.last(), Some(ModelEvent::Error(_))));
    assert!(Ollama.read_whole(b"<html>").is_err());
}

#[test]
fn a_call_that_a_limit_cut_off_has_no_arguments() {
    let events = [
        ModelEvent::ToolCallStart { call: "a".into(), tool: "write".into() },
        ModelEvent::ToolCallDelta { call: "a".into(), json: "{\"path\":".into() },
        ModelEvent::ToolCallEnd { call: "a".into() },
        ModelEvent::Finish { reason: StopReason::OutputLimit, stopped_by: None },
    ];
    let mut written = Vec::new();
    let mut writer = Ollama.encoder(about());
    events.iter().for_each(|it| writer.write(it, &mut written));
    expect![[r#"
        {"model":"m","created_at":"1970-01-01T00:00:07Z","message":{"role":"assistant","content":"","tool_calls":[{"id":"a","function":{"index":0,"name":"write","arguments":{}}}]},"done":false}
        {"model":"m","created_at":"1970-01-01T00:00:07Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"length","total_duration":0,"load_duration":0,"prompt_eval_count":0,"prompt_eval_duration":0,"eval_count":0,"eval_duration":0}
    "#]].assert_eq(&String::from_utf8(written).unwrap());
}

#[test]
fn an_error_is_a_line_of_its_own() {
    let rejection = Rejection {
        code: RejectionCode::CutOff,
        message: "broken".to_owned(),
        retry_after_secs: None,
        request_id: Some("r1".to_owned()),
        shortage: None,
        pace: None,
    };
    assert_eq!(Ollama.write_error(&rejection), br#"{"error":"broken"}"#);
    let mut written = Vec::new();
    Ollama.encoder(about()).write(&ModelEvent::Error(rejection), &mut written);
    assert_eq!(written, b"{\"error\":\"broken\"}\n");
}

#[test]
fn errors_are_told_by_their_status_or_their_words() {
    let code = |line: Value| match &Ollama.read_whole(line.to_string().as_bytes()).unwrap()[..] {
        [ModelEvent::Error(rejection)] => rejection.code,
        other => panic!("{other:?}"),
    };
    let failed = RejectionCode::ProviderFailed;
    assert_eq!(
        code(json!({ "error": "an error was encountered while running the model" })),
        failed
    );
    assert_eq!(code(json!({ "error": "slow down", "status": 429 })), RejectionCode::Busy);
    let long = r#"{"error":{"code":400,"message":"request (8889 tokens) exceeds the available context size (4096 tokens)"}}"#;
    assert_eq!(code(json!({ "error": long })), RejectionCode::PromptTooLong);
    let long = "the input length exceeds the context length";
    assert_eq!(code(json!({ "error": long })), RejectionCode::PromptTooLong);
    let object = json!({ "error": { "message": "no", "type": "not_found_error" } });
    assert_eq!(code(object), RejectionCode::UnknownModel);
}

fn about() -> About {
    About { id: "id".to_owned(), model: "m".to_owned(), created_secs: 7, usage: true }
}

fn reply() -> Vec<ModelEvent> {
    let start = |call: &str| ModelEvent::ToolCallStart { call: call.into(), tool: "read".into() };
    let delta =
        |call: &str, json: &str| ModelEvent::ToolCallDelta { call: call.into(), json: json.into() };
    let usage =
        Usage { input_tokens: 1, cache_read_tokens: 2, output_tokens: 8, ..Usage::default() };
    let opaque = Some(json!({ "ollama": { "thinking": "Hm, a file." } }));
    vec![
        ModelEvent::Reasoning { text: "Hm, ".into() },
        ModelEvent::Reasoning { text: "a file.".into() },
        ModelEvent::ReasoningEnd { opaque },
        ModelEvent::TextDelta { text: "Hi \"é\"\n".into() },
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
