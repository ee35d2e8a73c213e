//! Signatures on their way to a client and back.

use super::*;

#[test]
fn signatures_come_back_by_way_of_any_client() {
    let said = json!([
        { "text": "Hm", "thought": true, "thoughtSignature": "dGhvdWdodA==" },
        { "text": "I look." },
        { "text": "", "thoughtSignature": "dGV4dA==" },
        { "functionCall": { "id": "a", "name": "read", "args": { "z": 1 } }, "thoughtSignature": "Y2FsbA==" },
        { "functionCall": { "id": "b", "name": "read", "args": {} } },
        { "functionCall": { "id": "c", "name": "read", "args": {} }, "thoughtSignature": "bGFzdA==" },
    ]);
    let answer =
        json!({ "candidates": [{ "content": { "parts": said }, "finishReason": "STOP" }] });
    let whole = Whole::collect(Gemini.read_whole(answer.to_string().as_bytes()).unwrap());

    let body = Messages.write_whole(&whole, &about());
    let message: Value = serde_json::from_slice(&body).unwrap();
    let back = json!({ "model": "m", "max_tokens": 1, "messages": [
        { "role": "assistant", "content": message["content"] },
    ]});
    let ask = Messages.read_ask(back.to_string().as_bytes()).unwrap().ask;
    assert_eq!(parts(ask, 0), said);

    // Here thoughts come before everything else.
    let chat = Chat { flavor: Flavor::Compatible };
    let mut answer: Value = serde_json::from_slice(&chat.write_whole(&whole, &about())).unwrap();
    let back = json!({ "model": "m", "messages": [answer["choices"][0]["message"].take()] });
    let ask = chat.read_ask(back.to_string().as_bytes()).unwrap().ask;
    assert_eq!(parts(ask, 0), said);

    let own = Gemini.write_whole(&whole, &about());
    assert_eq!(parts(echoed(&serde_json::from_slice(&own).unwrap()), 0), said);
}

#[test]
fn thoughts_of_other_vendors_travel_as_signatures() {
    let claude = |text: &str| json!({ "anthropic": { "type": "thinking", "thinking": text, "signature": "c2ln" } });
    let hidden = json!({ "anthropic": { "type": "redacted_thinking", "data": "eHg=" } });
    let think = |text: &str| ModelEvent::Reasoning { text: text.to_owned() };
    let end = |block: &Value| ModelEvent::ReasoningEnd { opaque: Some(block.clone()) };
    let events = [
        think("One"),
        end(&claude("One")),
        ModelEvent::TextDelta { text: "I look.".to_owned() },
        think("Two"),
        end(&claude("Two")),
        end(&hidden),
        ModelEvent::ToolCallStart { call: "a".to_owned(), tool: "read".to_owned() },
        ModelEvent::ToolCallEnd { call: "a".to_owned() },
        end(&hidden),
        ModelEvent::Finish { reason: StopReason::ToolUse, stopped_by: None },
    ];
    let thought = |text: &str, block: &Value| -> Piece {
        Block::Thought { text: text.to_owned(), opaque: Some(block.clone()) }.into()
    };
    let call =
        Block::Call { call: "a".to_owned(), tool: "read".to_owned(), arguments: "{}".to_owned() };
    let expected = [
        thought("One", &claude("One")),
        Block::Text("I look.".to_owned()).into(),
        thought("Two", &claude("Two")),
        thought("", &hidden),
        call.into(),
        thought("", &hidden),
    ];

    // Clients of streams bring the parts of all chunks back.
    let stream = String::from_utf8(encoded(&events)).unwrap();
    let chunks = stream.lines().filter_map(|it| it.strip_prefix("data: "));
    let mut parts = Vec::new();
    for chunk in chunks {
        let mut chunk: Value = serde_json::from_str(chunk).unwrap();
        let more = chunk["candidates"][0]["content"]["parts"].take();
        parts.extend(more.as_array().cloned().unwrap());
    }
    let answer = json!({ "candidates": [{ "content": { "parts": parts } }] });
    assert_eq!(echoed(&answer).messages[0].pieces, expected);

    let whole = Gemini.write_whole(&Whole::collect(events), &about());
    let answer = serde_json::from_slice(&whole).unwrap();
    assert_eq!(echoed(&answer).messages[0].pieces, expected);
    // Google gets none of it.
    let said = parts_of(&echoed(&answer), "gemini-2.5-pro", 0);
    assert_eq!(
        said,
        json!([
            { "text": "I look." }, { "functionCall": { "name": "read", "args": {} } },
        ])
    );
}

#[test]
fn a_call_of_another_vendor_is_excused_in_the_current_turn() {
    let call = |id: &str| json!({ "functionCall": { "id": id, "name": "read", "args": {} } });
    let result = |id: &str| json!({ "functionResponse": { "id": id, "name": "read", "response": { "output": "" } } });
    let body = json!({ "contents": [
        { "role": "user", "parts": [{ "text": "Hi" }] },
        { "role": "model", "parts": [call("a")] },
        { "role": "user", "parts": [result("a")] },
        { "role": "user", "parts": [{ "text": "Again" }] },
        { "role": "model", "parts": [call("b"), call("c")] },
        { "role": "user", "parts": [result("c"), result("b"), { "text": "And?" }] },
    ]});
    let ask = Gemini.read_ask(body.to_string().as_bytes()).unwrap().ask;
    let mut excused = call("b");
    excused["thoughtSignature"] = "skip_thought_signature_validator".into();
    assert_eq!(parts_of(&ask, "gemini-3-flash", 1), json!([call("a")]));
    assert_eq!(parts_of(&ask, "gemini-3-flash", 4), json!([excused, call("c")]));
    assert_eq!(
        parts_of(&ask, "gemini-3-flash", 5),
        json!([result("b"), result("c"), { "text": "And?" }]),
    );
    assert_eq!(parts_of(&ask, "gemini-2.5-pro", 4)[0].get("thoughtSignature"), None);
}

/// A client that brings back what it was told.
fn echoed(answer: &Value) -> Ask {
    let parts = &answer["candidates"][0]["content"]["parts"];
    let body = json!({ "contents": [{ "role": "model", "parts": parts }] });
    Gemini.read_ask(body.to_string().as_bytes()).unwrap().ask
}

fn parts(ask: Ask, n: usize) -> Value {
    parts_of(&ask, "gemini-3-flash", n)
}

fn parts_of(ask: &Ask, model: &str, n: usize) -> Value {
    let ask = Ask { model: model.to_owned(), ..ask.clone() };
    let mut body: Value = serde_json::from_slice(&Gemini.write_ask(&ask, false).unwrap()).unwrap();
    body["contents"][n]["parts"].take()
}
