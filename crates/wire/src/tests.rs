//! The JSON of every public type, as a browser's cached app of last week knows it.
//!
//! A change here is a change for programs that cannot be updated: fields may be added, with a
//! default; nothing may be renamed or removed.

use std::fmt::Debug;

use expect_test::{Expect, expect};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::*;

#[test]
fn a_request() {
    let request = ModelRequest {
        model: "anthropic/claude-sonnet-4-5".to_owned(),
        system: vec!["Stable.".to_owned(), "Changing.".to_owned()],
        messages: vec![
            Message {
                role: Role::User,
                blocks: vec![
                    Block::Text { text: "Hi".to_owned() },
                    Block::Image { media_type: "image/png".to_owned(), data: "AAAA".to_owned() },
                ],
            },
            Message {
                role: Role::Assistant,
                blocks: vec![
                    Block::Reasoning {
                        text: "Hm".to_owned(),
                        opaque: Some(json!({ "anthropic": { "signature": "c2ln" } })),
                    },
                    Block::Reasoning { text: String::new(), opaque: None },
                    Block::ToolCall {
                        call: "c1".to_owned(),
                        tool: "read".to_owned(),
                        arguments: "{\"path\": \"a\"}".to_owned(),
                    },
                ],
            },
            Message {
                role: Role::User,
                blocks: vec![Block::ToolResult {
                    call: "c1".to_owned(),
                    output: "text".to_owned(),
                    failed: false,
                }],
            },
        ],
        tools: vec![ToolSpec {
            name: "read".to_owned(),
            description: "Reads a file".to_owned(),
            parameters: json!({ "type": "object" }),
        }],
        max_output_tokens: 1000,
        temperature: Some(0.5),
    };
    check(
        &request,
        &expect![[
            r#"{"model":"anthropic/claude-sonnet-4-5","system":["Stable.","Changing."],"messages":[{"role":"user","blocks":[{"type":"text","text":"Hi"},{"type":"image","media_type":"image/png","data":"AAAA"}]},{"role":"assistant","blocks":[{"type":"reasoning","text":"Hm","opaque":{"anthropic":{"signature":"c2ln"}}},{"type":"reasoning","text":""},{"type":"tool_call","call":"c1","tool":"read","arguments":"{\"path\": \"a\"}"}]},{"role":"user","blocks":[{"type":"tool_result","call":"c1","output":"text","failed":false}]}],"tools":[{"name":"read","description":"Reads a file","parameters":{"type":"object"}}],"max_output_tokens":1000,"temperature":0.5}"#
        ]],
    );
}

#[test]
fn the_smallest_request() {
    let request: ModelRequest = serde_json::from_str(
        r#"{ "model": "script/demo", "system": [], "messages": [], "max_output_tokens": 1, "later": 1 }"#,
    )
    .unwrap();
    check(
        &request,
        &expect![[r#"{"model":"script/demo","system":[],"messages":[],"max_output_tokens":1}"#]],
    );
}

#[test]
fn every_event() {
    let usage = Usage {
        input_tokens: 1,
        cache_read_tokens: 2,
        cache_write_tokens: 3,
        output_tokens: 4,
        reasoning_tokens: 5,
        cost_nano: Some(6),
        estimated: true,
        ..Usage::default()
    };
    let full = Usage {
        cache_write_long_tokens: 7,
        audio_input_tokens: 8,
        audio_output_tokens: 9,
        ..Usage::default()
    };
    let call = || "c1".to_owned();
    let events = vec![
        ModelEvent::TextDelta { text: "Hi".to_owned() },
        ModelEvent::Reasoning { text: "Hm".to_owned() },
        ModelEvent::ReasoningEnd { opaque: None },
        ModelEvent::ReasoningEnd { opaque: Some(json!({ "openai": {} })) },
        ModelEvent::ToolCallStart { call: call(), tool: "read".to_owned() },
        ModelEvent::ToolCallDelta { call: call(), json: "{}".to_owned() },
        ModelEvent::ToolCallEnd { call: call() },
        ModelEvent::Usage(usage),
        ModelEvent::Usage(Usage::default()),
        ModelEvent::Usage(full),
        ModelEvent::Finish { reason: StopReason::EndOfTurn, stopped_by: None },
        ModelEvent::Finish { reason: StopReason::EndOfTurn, stopped_by: Some("END".to_owned()) },
        ModelEvent::Error(rejection()),
    ];
    check_each(
        &events,
        &expect![[r#"
            {"type":"text-delta","text":"Hi"}
            {"type":"reasoning","text":"Hm"}
            {"type":"reasoning-end"}
            {"type":"reasoning-end","opaque":{"openai":{}}}
            {"type":"tool-call-start","call":"c1","tool":"read"}
            {"type":"tool-call-delta","call":"c1","json":"{}"}
            {"type":"tool-call-end","call":"c1"}
            {"type":"usage","input_tokens":1,"cache_read_tokens":2,"cache_write_tokens":3,"output_tokens":4,"reasoning_tokens":5,"cost_nano":6,"estimated":true}
            {"type":"usage","input_tokens":0,"cache_read_tokens":0,"cache_write_tokens":0,"output_tokens":0,"reasoning_tokens":0,"estimated":false}
            {"type":"usage","input_tokens":0,"cache_read_tokens":0,"cache_write_tokens":0,"cache_write_long_tokens":7,"audio_input_tokens":8,"output_tokens":0,"reasoning_tokens":0,"audio_output_tokens":9,"estimated":false}
            {"type":"finish","reason":"end_of_turn"}
            {"type":"finish","reason":"end_of_turn","stopped_by":"END"}
            {"type":"error","code":"busy","message":"Wait","retry_after_secs":7,"request_id":"r1","shortage":{"unit":"nano","needed":3,"available":2},"pace":{"most":60,"full_in_secs":9}}
        "#]],
    );
}

#[test]
fn every_word() {
    use RejectionCode::*;
    check_each(
        &[Role::User, Role::Assistant],
        &expect![[r#"
        "user"
        "assistant"
    "#]],
    );
    check_each(
        &[StopReason::EndOfTurn, StopReason::ToolUse, StopReason::OutputLimit, StopReason::Refused],
        &expect![[r#"
            "end_of_turn"
            "tool_use"
            "output_limit"
            "refused"
        "#]],
    );
    check_each(
        &[
            NotPaired,
            NoProvider,
            BadKey,
            UnknownModel,
            Busy,
            PromptTooLong,
            TooLarge,
            BadRequest,
            NotThere,
            Unreachable,
            CutOff,
            ProviderFailed,
            Broken,
            Filtered,
        ],
        &expect![[r#"
            "not_paired"
            "no_provider"
            "bad_key"
            "unknown_model"
            "busy"
            "prompt_too_long"
            "too_large"
            "bad_request"
            "not_there"
            "unreachable"
            "cut_off"
            "provider_failed"
            "broken"
            "filtered"
        "#]],
    );
    check_each(
        &[
            ProviderKind::Script,
            ProviderKind::OpenaiCompatible,
            ProviderKind::Anthropic,
            ProviderKind::OpenaiResponses,
            ProviderKind::Azure,
            ProviderKind::Gemini,
            ProviderKind::Vertex,
            ProviderKind::Bedrock,
            ProviderKind::Ollama,
        ],
        &expect![[r#"
            "script"
            "openai-compatible"
            "anthropic"
            "openai-responses"
            "azure"
            "gemini"
            "vertex"
            "bedrock"
            "ollama"
        "#]],
    );
    check_each(
        &[KeyState::NotNeeded, KeyState::Missing, KeyState::FromEnvironment, KeyState::Saved],
        &expect![[r#"
            "not_needed"
            "missing"
            "from_environment"
            "saved"
        "#]],
    );
    check_each(
        &[Hop::App, Hop::Proxy, Hop::Provider, Hop::Key, Hop::Model],
        &expect![[r#"
        "app"
        "proxy"
        "provider"
        "key"
        "model"
    "#]],
    );
}

#[test]
fn a_rejection() {
    check(
        &rejection(),
        &expect![[
            r#"{"code":"busy","message":"Wait","retry_after_secs":7,"request_id":"r1","shortage":{"unit":"nano","needed":3,"available":2},"pace":{"most":60,"full_in_secs":9}}"#
        ]],
    );
}

#[test]
fn a_model() {
    let described = Model {
        id: "anthropic/claude-sonnet-4-5".to_owned(),
        provider: "anthropic".to_owned(),
        name: "Claude Sonnet 4.5".to_owned(),
        context_tokens: 200_000,
        max_output_tokens: 64_000,
        input_price_nano: Some(3_000),
        output_price_nano: Some(15_000),
        tools: true,
        images: true,
        scripted: false,
    };
    let unpriced = Model { input_price_nano: None, output_price_nano: None, ..described.clone() };
    check_each(
        &[described, unpriced],
        &expect![[r#"
        {"id":"anthropic/claude-sonnet-4-5","provider":"anthropic","name":"Claude Sonnet 4.5","context_tokens":200000,"max_output_tokens":64000,"input_price_nano":3000,"output_price_nano":15000,"tools":true,"images":true,"scripted":false}
        {"id":"anthropic/claude-sonnet-4-5","provider":"anthropic","name":"Claude Sonnet 4.5","context_tokens":200000,"max_output_tokens":64000,"tools":true,"images":true,"scripted":false}
    "#]],
    );
}

#[test]
fn a_provider_and_its_change() {
    let provider = Provider {
        id: "mine".to_owned(),
        kind: ProviderKind::OpenaiCompatible,
        base_url: "http://localhost:8080/v1".to_owned(),
        key: KeyState::Saved,
        models: vec!["a".to_owned()],
    };
    check(
        &provider,
        &expect![[
            r#"{"id":"mine","kind":"openai-compatible","base_url":"http://localhost:8080/v1","key":"saved","models":["a"]}"#
        ]],
    );
    let change = |key: Option<&str>| ProviderChange {
        kind: ProviderKind::Anthropic,
        base_url: "https://api.anthropic.com".to_owned(),
        key: key.map(str::to_owned),
        models: Vec::new(),
    };
    check_each(
        &[change(None), change(Some("")), change(Some("k"))],
        &expect![[r#"
        {"kind":"anthropic","base_url":"https://api.anthropic.com"}
        {"kind":"anthropic","base_url":"https://api.anthropic.com","key":""}
        {"kind":"anthropic","base_url":"https://api.anthropic.com","key":"k"}
    "#]],
    );
}

#[test]
fn a_key_is_not_for_looking_at() {
    let change = ProviderChange {
        kind: ProviderKind::Anthropic,
        base_url: String::new(),
        key: Some("sk-secret".to_owned()),
        models: Vec::new(),
    };
    assert!(!format!("{change:?} {change:#?}").contains("secret"));
}

#[test]
fn the_answers_about_the_proxy_itself() {
    let report = TestReport { failed: Some(Hop::Key), message: "Refused".to_owned(), n_models: 0 };
    let fine = TestReport { failed: None, message: "Works".to_owned(), n_models: 3 };
    check_each(
        &[report, fine],
        &expect![[r#"
        {"failed":"key","message":"Refused","n_models":0}
        {"message":"Works","n_models":3}
    "#]],
    );
    let health = Health {
        version: "0.1.0".to_owned(),
        preview_suffix: Some("preview.easel.localhost:9595".to_owned()),
    };
    let bare = Health { preview_suffix: None, ..health.clone() };
    check_each(
        &[health, bare],
        &expect![[r#"
        {"version":"0.1.0","preview_suffix":"preview.easel.localhost:9595"}
        {"version":"0.1.0"}
    "#]],
    );
}

#[test]
fn what_is_fetched_for_the_app() {
    let asked = FetchRequest { url: "https://example.org/".to_owned() };
    check(&asked, &expect![[r#"{"url":"https://example.org/"}"#]]);
    let page = FetchedPage {
        url: "https://example.org/a".to_owned(),
        title: Some("A".to_owned()),
        media_type: "text/html".to_owned(),
        text: "# A".to_owned(),
        cut: true,
    };
    let bare = FetchedPage { title: None, cut: false, ..page.clone() };
    check_each(
        &[page, bare],
        &expect![[r##"
        {"url":"https://example.org/a","title":"A","media_type":"text/html","text":"# A","cut":true}
        {"url":"https://example.org/a","media_type":"text/html","text":"# A","cut":false}
    "##]],
    );
    let server = |name: &str, kind| McpServer { name: name.to_owned(), kind };
    check_each(
        &[server("a", McpKind::Http), server("b", McpKind::Stdio)],
        &expect![[r#"
        {"name":"a","kind":"http"}
        {"name":"b","kind":"stdio"}
    "#]],
    );
}

fn rejection() -> Rejection {
    Rejection {
        code: RejectionCode::Busy,
        message: "Wait".to_owned(),
        retry_after_secs: Some(7),
        request_id: Some("r1".to_owned()),
        shortage: Some(Shortage { unit: Unit::Nano, needed: 3, available: 2 }),
        pace: Some(Pace { most: 60, full_in_secs: 9 }),
    }
}

#[track_caller]
fn check_each<T: Serialize + DeserializeOwned + PartialEq + Debug>(
    values: &[T],
    expected: &Expect,
) {
    expected.assert_eq(&values.iter().map(|it| round_trip(it) + "\n").collect::<String>());
}

#[track_caller]
fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, expected: &Expect) {
    expected.assert_eq(&round_trip(value));
}

fn round_trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) -> String {
    let text = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), value);
    text
}
