//! A client's request in, and what the client reads back.

use expect_test::expect;
use serde_json::{Value, json};
use wire::{ModelEvent, Rejection, RejectionCode, StopReason, Usage};

use super::*;
use crate::{
    ask::{Block, Piece},
    chat::{Chat, Flavor},
    feed::Feed,
    messages::Messages,
};

mod asks;
mod thoughts;

#[test]
fn a_reply_becomes_chunks_that_read_the_same() {
    let written = encoded(&reply());
    expect![[r#"
        data: {"candidates":[{"content":{"parts":[{"text":"H","thought":true}],"role":"model"},"index":0}],"modelVersion":"m","responseId":"id"}
        data: {"candidates":[{"content":{"parts":[{"text":"m","thought":true}],"role":"model"},"index":0}],"modelVersion":"m","responseId":"id"}
        data: {"candidates":[{"content":{"parts":[{"text":"","thought":true,"thoughtSignature":"c2ln"}],"role":"model"},"index":0}],"modelVersion":"m","responseId":"id"}
        data: {"candidates":[{"content":{"parts":[{"text":"Hi \"é\""}],"role":"model"},"index":0}],"modelVersion":"m","responseId":"id"}
        data: {"candidates":[{"content":{"parts":[{"text":"","thoughtSignature":"c2ln"}],"role":"model"},"index":0}],"modelVersion":"m","responseId":"id"}
        data: {"candidates":[{"content":{"parts":[{"functionCall":{"id":"a","name":"read","args":{"z":1,"a":2}},"thoughtSignature":"c2ln"}],"role":"model"},"index":0}],"modelVersion":"m","responseId":"id"}
        data: {"candidates":[{"content":{"parts":[{"functionCall":{"id":"b","name":"read","args":{}}}],"role":"model"},"index":0}],"modelVersion":"m","responseId":"id"}
        data: {"candidates":[{"content":{"parts":[{"text":"More","thought":true}],"role":"model"},"index":0}],"modelVersion":"m","responseId":"id"}
        data: {"candidates":[{"content":{"parts":[{"functionCall":{"id":"c","name":"read","args":{}},"thoughtSignature":"c2ln"}],"role":"model"},"index":0}],"modelVersion":"m","responseId":"id"}
        data: {"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":7,"cachedContentTokenCount":2,"candidatesTokenCount":8,"thoughtsTokenCount":16,"totalTokenCount":31,"promptTokensDetails":[{"modality":"TEXT","tokenCount":3},{"modality":"AUDIO","tokenCount":4}]},"modelVersion":"m","responseId":"id"}
    "#]].assert_eq(&String::from_utf8(written.clone()).unwrap().replace("\n\n", "\n"));

    let whole = Whole::collect(reply());
    assert_eq!(decoded(&written), whole);
    let body = Gemini.write_whole(&whole, &about());
    assert_eq!(Whole::collect(Gemini.read_whole(&body).unwrap()), whole);
}

#[test]
fn calls_are_written_in_the_order_in_which_they_began() {
    let start = |call: &str| ModelEvent::ToolCallStart { call: call.into(), tool: "read".into() };
    let delta =
        |call: &str, json: &str| ModelEvent::ToolCallDelta { call: call.into(), json: json.into() };
    let end = |call: &str| ModelEvent::ToolCallEnd { call: call.into() };
    let events = [
        start("a"),
        delta("a", "{\n\"z\":1,"),
        start("b"),
        end("b"),
        delta("a", "\"a\":2}"),
        end("a"),
        start("c"),
        delta("c", "{\"cut"),
        end("c"),
        ModelEvent::Finish { reason: StopReason::OutputLimit, stopped_by: None },
    ];
    let written = String::from_utf8(encoded(&events)).unwrap();
    expect![[r#"
        data: {"candidates":[{"content":{"parts":[{"functionCall":{"id":"a","name":"read","args":{"z":1,"a":2}}}],"role":"model"},"index":0}],"modelVersion":"m","responseId":"id"}
        data: {"candidates":[{"content":{"parts":[{"functionCall":{"id":"b","name":"read","args":{}}}],"role":"model"},"index":0}],"modelVersion":"m","responseId":"id"}
        data: {"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"MAX_TOKENS","index":0}],"usageMetadata":{"promptTokenCount":0,"candidatesTokenCount":0,"totalTokenCount":0},"modelVersion":"m","responseId":"id"}
    "#]].assert_eq(&written.replace("\n\n", "\n"));
}

#[test]
fn a_reply_becomes_one_answer() {
    let body = Gemini.write_whole(&Whole::collect(reply()), &about());
    let body: Value = serde_json::from_slice(&body).unwrap();
    expect![[r#"
        {
          "candidates": [
            {
              "content": {
                "parts": [
                  {
                    "text": "Hm",
                    "thought": true,
                    "thoughtSignature": "c2ln"
                  },
                  {
                    "text": "Hi \"é\""
                  },
                  {
                    "text": "",
                    "thoughtSignature": "c2ln"
                  },
                  {
                    "functionCall": {
                      "id": "a",
                      "name": "read",
                      "args": {
                        "z": 1,
                        "a": 2
                      }
                    },
                    "thoughtSignature": "c2ln"
                  },
                  {
                    "functionCall": {
                      "id": "b",
                      "name": "read",
                      "args": {}
                    }
                  },
                  {
                    "text": "More",
                    "thought": true
                  },
                  {
                    "functionCall": {
                      "id": "c",
                      "name": "read",
                      "args": {}
                    },
                    "thoughtSignature": "c2ln"
                  }
                ],
                "role": "model"
              },
              "finishReason": "STOP",
              "index": 0
            }
          ],
          "usageMetadata": {
            "promptTokenCount": 7,
            "cachedContentTokenCount": 2,
            "candidatesTokenCount": 8,
            "thoughtsTokenCount": 16,
            "totalTokenCount": 31,
            "promptTokensDetails": [
              {
                "modality": "TEXT",
                "tokenCount": 3
              },
              {
                "modality": "AUDIO",
                "tokenCount": 4
              }
            ]
          },
          "modelVersion": "m",
          "responseId": "id"
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&body).unwrap());
}

#[test]
fn a_signed_text_is_cut_where_it_was_signed() {
    let check = |n_bytes: usize, expected: Value| {
        let opaque = json!({ "gemini": { "thoughtSignature": "c2ln", "text": n_bytes } });
        let whole = Whole::collect([
            ModelEvent::TextDelta { text: "Zwölf".to_owned() },
            ModelEvent::ReasoningEnd { opaque: Some(opaque) },
            ModelEvent::Finish { reason: StopReason::EndOfTurn, stopped_by: None },
        ]);
        let body = Gemini.write_whole(&whole, &about());
        let answer: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(answer["candidates"][0]["content"]["parts"], expected);
    };
    let plain = |text: &str| json!({ "text": text });
    let signed = |text: &str| json!({ "text": text, "thoughtSignature": "c2ln" });
    check(0, json!([plain("Zwölf"), signed("")]));
    check(2, json!([plain("Zwö"), signed("lf")]));
    check(6, json!([signed("Zwölf")]));
    // Within a letter, and before the text.
    check(3, json!([signed("Zwölf")]));
    check(99, json!([signed("Zwölf")]));
}

#[test]
fn an_error_stands_outside_of_the_events() {
    let rejection = Rejection {
        code: RejectionCode::Busy,
        message: "broken".to_owned(),
        retry_after_secs: Some(20),
        request_id: Some("r1".to_owned()),
        shortage: None,
        pace: None,
    };
    let written = encoded(&[
        ModelEvent::TextDelta { text: "Hi".to_owned() },
        ModelEvent::Error(rejection.clone()),
    ]);
    expect![[r#"
        data: {"candidates":[{"content":{"parts":[{"text":"Hi"}],"role":"model"},"index":0}],"modelVersion":"m","responseId":"id"}

        {"error":{"code":429,"message":"broken","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"20s"},{"@type":"type.googleapis.com/google.rpc.RequestInfo","requestId":"r1"}]}}"#]].assert_eq(&String::from_utf8(written.clone()).unwrap());
    let Some(Err(read)) = decoded(&written).end else { panic!("no error") };
    assert_eq!((read.code, read.retry_after_secs), (rejection.code, rejection.retry_after_secs));
}

#[test]
fn a_sign_of_life_says_nothing() {
    let mut written = encoded(&[]);
    written.extend_from_slice(&Gemini.encoder(about()).keep_alive());
    written.extend(encoded(&reply()));
    assert_eq!(decoded(&written), Whole::collect(reply()));
}

fn about() -> About {
    About { id: "id".to_owned(), model: "m".to_owned(), created_secs: 7, usage: true }
}

fn encoded(events: &[ModelEvent]) -> Vec<u8> {
    let mut writer = Gemini.encoder(about());
    let mut written = Vec::new();
    events.iter().for_each(|it| writer.write(it, &mut written));
    written
}

fn decoded(stream: &[u8]) -> Whole {
    let mut feed = Feed::new(&Gemini);
    let mut events = Vec::new();
    feed.push(stream, &mut events);
    feed.end(&mut events);
    Whole::collect(events)
}

fn reply() -> Vec<ModelEvent> {
    let signed = |place: &str, value: Value| {
        let mut block = json!({ "thoughtSignature": "c2ln" });
        block[place] = value;
        ModelEvent::ReasoningEnd { opaque: Some(json!({ "gemini": block })) }
    };
    let call = |id: &str, json: &str| {
        [
            ModelEvent::ToolCallStart { call: id.into(), tool: "read".into() },
            ModelEvent::ToolCallDelta { call: id.into(), json: json.into() },
            ModelEvent::ToolCallEnd { call: id.into() },
        ]
    };
    let usage = Usage {
        input_tokens: 1,
        cache_read_tokens: 2,
        output_tokens: 8,
        reasoning_tokens: 16,
        audio_input_tokens: 4,
        ..Usage::default()
    };
    let mut events = vec![
        ModelEvent::Reasoning { text: "H".into() },
        ModelEvent::Reasoning { text: "m".into() },
        signed("thought", "Hm".into()),
        ModelEvent::TextDelta { text: "Hi \"é\"".into() },
        signed("text", 0.into()),
        signed("call", 0.into()),
    ];
    events.extend(call("a", "{\"z\":1,\"a\":2}"));
    events.extend(call("b", "{}"));
    events.push(ModelEvent::Reasoning { text: "More".into() });
    events.push(signed("call", 2.into()));
    events.extend(call("c", "{}"));
    events.push(ModelEvent::Usage(usage));
    events.push(ModelEvent::Finish { reason: StopReason::ToolUse, stopped_by: None });
    events
}
