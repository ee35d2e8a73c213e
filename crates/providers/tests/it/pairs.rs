//! Every dialect to a client with every dialect of a provider behind it.
//!
//! Each is proved by itself beside its code; here is that nothing gets lost between two of them.

use providers::{
    Dialect,
    ask::{
        Ask, Block, Choice, Effort, Format, Media, Message, Output, Sampling, Section, Source,
        Thinking, Tool,
    },
    chat::{Chat, Flavor},
    converse::Converse,
    dialect::About,
    feed::Feed,
    gemini::Gemini,
    messages::Messages,
    ollama::Ollama,
    responses::Responses,
    whole::{Part, Whole},
};
use serde_json::{Value, json, value::to_raw_value};
use wire::{ModelEvent, Role, StopReason, Usage};

use crate::recordings::check_order;

const DIALECTS: [&dyn Dialect; 8] = [
    &Chat { flavor: Flavor::Original },
    &Chat { flavor: Flavor::OpenRouter },
    &Chat { flavor: Flavor::Compatible },
    &Responses,
    &Messages,
    &Gemini,
    &Converse,
    &Ollama,
];

#[test]
fn a_reply_says_the_same_to_every_client() {
    for reply in replies() {
        let expected = Whole::collect(reply.clone());
        for provider in DIALECTS {
            let streamed = streamed(provider, &reply);
            let pieces = [
                streamed.clone(),
                provider.read_whole(&provider.write_whole(&expected, &about())).unwrap(),
            ];
            for events in pieces {
                check_order(&events);
                for client in DIALECTS {
                    let at = format!("{provider:?} to {client:?}");
                    let through = Whole::collect(self::streamed(client, &events));
                    assert_eq!(said(&through), said(&expected), "{at}, streamed");
                    let whole = client.write_whole(&Whole::collect(events.clone()), &about());
                    let whole = Whole::collect(client.read_whole(&whole).unwrap());
                    assert_eq!(said(&whole), said(&expected), "{at}, in one piece");
                }
            }
        }
    }
}

#[test]
fn a_request_asks_the_same_of_every_provider() {
    let ask = ask();
    for client in DIALECTS {
        let Ok(body) = client.write_ask(&ask, false) else {
            assert!(is_poor(client), "{client:?}");
            continue;
        };
        let read = client.read_ask(&body).unwrap().ask;
        for provider in DIALECTS {
            let at = format!("{client:?} to {provider:?}");
            let Ok(body) = provider.write_ask(&read, true) else {
                assert!(is_poor(provider), "{at}");
                continue;
            };
            let arrived = provider.read_ask(&body).unwrap().ask;
            assert_eq!(asked(&arrived), asked(&ask), "{at}");
            assert_eq!(body, provider.write_ask(&read, true).unwrap(), "{at}: the same bytes");
        }
    }
}

/// As floating numbers, they would be others.
#[test]
fn numbers_in_arguments_keep_their_texts() {
    const ARGUMENTS: &str = r#"{"n":123456789012345678901234567890,"e":1e3,"d":[1.10]}"#;
    let call = || ("a".to_owned(), "read".to_owned(), ARGUMENTS.to_owned());
    let (id, tool, arguments) = call();
    let mut reply = vec![
        ModelEvent::ToolCallStart { call: id.clone(), tool },
        ModelEvent::ToolCallDelta { call: id.clone(), json: arguments },
        ModelEvent::ToolCallEnd { call: id },
    ];
    reply.push(ModelEvent::Finish { reason: StopReason::ToolUse, stopped_by: None });
    let (id, tool, arguments) = call();
    let said = Block::Call { call: id, tool, arguments };
    let result = Block::Result { call: "a".to_owned(), output: Vec::new(), failed: false };
    let message = |role, block: Block| Message { role, pieces: vec![block.into()] };
    let ask = Ask {
        model: "m".to_owned(),
        messages: vec![message(Role::Assistant, said.clone()), message(Role::User, result)],
        max_output_tokens: Some(9),
        ..Ask::default()
    };
    for provider in DIALECTS {
        let whole = provider.write_whole(&Whole::collect(reply.clone()), &about());
        for events in [provider.read_whole(&whole).unwrap(), streamed(provider, &reply)] {
            for client in DIALECTS {
                let whole = client.write_whole(&Whole::collect(events.clone()), &about());
                let again = [client.read_whole(&whole).unwrap(), streamed(client, &events)];
                for events in again {
                    let parts = Whole::collect(events).parts;
                    let [Part::Call { arguments, .. }] = &parts[..] else { panic!("{parts:?}") };
                    assert_eq!(arguments, ARGUMENTS, "{provider:?} to {client:?}");
                }
            }
        }
        let asked = provider.read_ask(&provider.write_ask(&ask, false).unwrap()).unwrap().ask;
        let Block::Call { arguments, .. } = &asked.messages[0].pieces[0].block else {
            panic!("{provider:?}: {:?}", asked.messages);
        };
        assert_eq!(arguments, ARGUMENTS, "{provider:?}");
    }
}

#[test]
fn an_error_is_one_in_every_dialect() {
    let rejection = wire::Rejection {
        code: wire::RejectionCode::Busy,
        message: "wait a moment".to_owned(),
        retry_after_secs: Some(3),
        request_id: Some("r1".to_owned()),
        shortage: None,
        pace: None,
    };
    for dialect in DIALECTS {
        let text = String::from_utf8(dialect.write_error(&rejection)).unwrap();
        assert!(serde_json::from_str::<Value>(&text).is_ok(), "{dialect:?}: {text}");
        assert!(text.contains("wait a moment"), "{dialect:?}: {text}");
        let begun = ModelEvent::TextDelta { text: "so".to_owned() };
        let events = streamed(dialect, &[begun, ModelEvent::Error(rejection.clone())]);
        assert!(matches!(events.last(), Some(ModelEvent::Error(_))), "{dialect:?}: {events:?}");
    }
}

/// No files, and no choice of a tool.
fn is_poor(dialect: &dyn Dialect) -> bool {
    dialect.mark() == Ollama.mark()
}

fn streamed(dialect: &dyn Dialect, reply: &[ModelEvent]) -> Vec<ModelEvent> {
    let mut writer = dialect.encoder(about());
    let mut stream = Vec::new();
    reply.iter().for_each(|it| writer.write(it, &mut stream));
    let mut events = Vec::new();
    let mut feed = Feed::new(dialect);
    feed.push(&stream, &mut events);
    feed.end(&mut events);
    events
}

fn about() -> About {
    About { id: "0a1b".to_owned(), model: "m".to_owned(), created_secs: 1_700_000_000, usage: true }
}

/// What a person would miss.
#[derive(Debug, PartialEq)]
struct Said {
    text: String,
    thoughts: String,
    calls: Vec<(String, Value)>,
    reason: StopReason,
    tokens: [u64; 2],
    cached: u32,
}

fn said(whole: &Whole) -> Said {
    let call = |it: &Part| match it {
        Part::Call { tool, arguments, .. } => {
            Some((tool.clone(), serde_json::from_str(arguments).unwrap()))
        }
        Part::Text(_) | Part::Thought { .. } => None,
    };
    let usage = whole.usage.unwrap_or_default();
    Said {
        text: whole.text(),
        thoughts: whole.thoughts(),
        calls: whole.parts.iter().filter_map(call).collect(),
        reason: whole.ending().reason,
        tokens: [usage.all_input_tokens(), usage.all_output_tokens()],
        cached: usage.cache_read_tokens,
    }
}

fn replies() -> Vec<Vec<ModelEvent>> {
    let text = |text: &str| ModelEvent::TextDelta { text: text.to_owned() };
    let start =
        |call: &str| ModelEvent::ToolCallStart { call: call.into(), tool: "read_file".into() };
    let delta =
        |call: &str, json: &str| ModelEvent::ToolCallDelta { call: call.into(), json: json.into() };
    let end = |call: &str| ModelEvent::ToolCallEnd { call: call.into() };
    let usage = ModelEvent::Usage(Usage {
        input_tokens: 100,
        cache_read_tokens: 20,
        output_tokens: 30,
        reasoning_tokens: 10,
        ..Usage::default()
    });
    let finish = |reason| ModelEvent::Finish { reason, stopped_by: None };
    vec![
        vec![text("Hello, "), text("wörld 🦀\n"), usage.clone(), finish(StopReason::EndOfTurn)],
        vec![
            ModelEvent::Reasoning { text: "Hm, \"é\"".to_owned() },
            ModelEvent::ReasoningEnd { opaque: Some(json!({ "elsewhere": { "signature": "x" } })) },
            text("I look."),
            start("toolu_1"),
            delta("toolu_1", "{\"path\":"),
            delta("toolu_1", "\"a.txt\"}"),
            end("toolu_1"),
            start("toolu_2"),
            delta("toolu_2", "{}"),
            end("toolu_2"),
            usage.clone(),
            finish(StopReason::ToolUse),
        ],
        vec![text("cut off by the lim"), usage.clone(), finish(StopReason::OutputLimit)],
        vec![text("No."), usage, finish(StopReason::Refused)],
    ]
}

/// What a provider has to learn.
#[derive(Debug, PartialEq)]
struct Asked {
    system: String,
    messages: Vec<(Role, Vec<String>)>,
    tools: Vec<(String, Value)>,
    max: Option<u32>,
    temperature: Option<f64>,
    schema: Option<Value>,
}

fn asked(ask: &Ask) -> Asked {
    let system: Vec<&str> = ask.system.iter().map(|it| it.text.as_str()).collect();
    let mut messages: Vec<(Role, Vec<String>)> = Vec::new();
    for message in &ask.messages {
        let blocks = message.pieces.iter().filter_map(|it| block(&it.block));
        match messages.last_mut() {
            // Whether results and what follows are one message is the dialects' matter.
            Some((role, last)) if *role == message.role => last.extend(blocks),
            _ => messages.push((message.role, blocks.collect())),
        }
    }
    let json = |it: &serde_json::value::RawValue| serde_json::from_str(it.get()).unwrap();
    Asked {
        system: system.join("\n\n"),
        messages,
        tools: ask.tools.iter().map(|it| (it.name.clone(), json(it.schema()))).collect(),
        max: ask.max_output_tokens,
        temperature: ask.sampling.temperature,
        schema: match &ask.format {
            Format::Schema { schema, .. } => Some(json(schema)),
            Format::Text | Format::Json => None,
        },
    }
}

fn block(block: &Block) -> Option<String> {
    let data = |media: &Media| match &media.source {
        Source::Base64(data) => format!("{} {data}", media.media_type),
        Source::Address(address) => address.clone(),
    };
    match block {
        Block::Text(text) => Some(format!("text {text}")),
        Block::Image(media) => Some(format!("image {}", data(media))),
        Block::File { media, .. } => Some(format!("file {}", data(media))),
        Block::Call { tool, arguments, .. } => Some(format!("call {tool} {arguments}")),
        Block::Result { output, .. } => {
            let text = providers::ask::output_text(output);
            Some(format!("result {}", text.trim_start_matches("Error: ")))
        }
        Block::Thought { .. } => None,
    }
}

fn ask() -> Ask {
    let media = |media_type: &str, data: &str| Media {
        media_type: media_type.to_owned(),
        source: Source::Base64(data.to_owned()),
    };
    let call = |call: &str, arguments: &str| Block::Call {
        call: call.to_owned(),
        tool: "read_file".to_owned(),
        arguments: arguments.to_owned(),
    };
    let result = |call: &str, text: &str| Block::Result {
        call: call.to_owned(),
        output: vec![Output::Text(text.to_owned())],
        failed: false,
    };
    let message = |role, blocks: Vec<Block>| Message {
        role,
        pieces: blocks.into_iter().map(Into::into).collect(),
    };
    let schema = json!({
        "type": "object",
        "properties": { "z": { "type": "string" }, "a": { "type": "integer" } },
        "required": ["z", "a"],
        "additionalProperties": false,
    });
    Ask {
        model: "m".to_owned(),
        system: vec![Section { text: "Be brief.".to_owned(), keep: None }],
        messages: vec![
            message(
                Role::User,
                vec![
                    Block::Text("What is this?".to_owned()),
                    Block::Image(media("image/png", "iVBORw0KGgo=")),
                    Block::File {
                        media: media("application/pdf", "JVBERi0xLjQ="),
                        name: Some("a.pdf".to_owned()),
                    },
                ],
            ),
            message(
                Role::Assistant,
                vec![
                    Block::Text("I look.".to_owned()),
                    call("toolu_1", r#"{"z":"x","a":1}"#),
                    call("toolu_2", r#"{"z":"y","a":2}"#),
                ],
            ),
            message(Role::User, vec![result("toolu_1", "one"), result("toolu_2", "two")]),
        ],
        tools: vec![Tool {
            name: "read_file".to_owned(),
            description: Some("Reads".to_owned()),
            parameters: Some(to_raw_value(&schema).unwrap()),
            strict: None,
            keep: None,
        }],
        choice: Choice::Any,
        format: Format::Schema {
            name: "reply".to_owned(),
            schema: to_raw_value(&schema).unwrap(),
            strict: Some(true),
        },
        thinking: Thinking::Effort(Effort::Low),
        max_output_tokens: Some(9_000),
        sampling: Sampling::default(),
        ..Ask::default()
    }
}
