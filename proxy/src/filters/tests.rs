//! What is found in one piece is found however the text is cut.

use providers::ask::{Message, Piece};
use wire::{Role, StopReason};

use super::*;
use providers::ask::{Ask, Block};
use wire::ModelEvent;

#[test]
fn kinds_are_told_by_form_and_checksum() {
    for (kind, found, passes) in [
        (Kind::Email, &["a.b+c@mail.example.co.uk", "X@y.io"][..], &["a@b", "@home", "a@.de"][..]),
        (
            Kind::Phone,
            &[
                "+49 151 2345 6789",
                "+1 (212) 555-0199",
                "212-555-0199",
                "(212) 555-0199",
                "0049 30 123456",
            ],
            &["2026-11-21", "12.5", "+1 2", "port 8080"],
        ),
        (
            Kind::Iban,
            &["DE89 3704 0044 0532 0130 00", "gb82west12345698765432", "NO9386011117947"],
            &["DE89 3704 0044 0532 0130 01", "AB12 is no account at all"],
        ),
        (
            Kind::CreditCard,
            &["4111 1111 1111 1111", "378282246310005", "5555-5555-5555-4444"],
            &["4111 1111 1111 1112", "0000000000000000", "1234567890123"],
        ),
        (
            Kind::Ip,
            &["192.168.0.1", "8.8.8.8", "fe80::1", "2001:db8:0:0:0:0:2:1"],
            &["256.1.1.1", "1.2.3", "12:30:00", "std::fs", "a::b"],
        ),
        (
            Kind::UsSsn,
            &["078-05-1120"],
            &["000-12-3456", "666-12-3456", "912-12-3456", "123-00-1234"],
        ),
        (
            Kind::ApiKey,
            &[
                "sk-ant-api03-abcdefghijklmnop-QRS",
                "AKIAIOSFODNN7EXAMPLE",
                "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
            ],
            &["sk-short", "task-list-of-things", "AKIA"],
        ),
    ] {
        let rules = chosen(&[kind], None, &[], Action::Mask);
        for text in found {
            let text = format!("see {text}, IS MY one");
            assert_eq!(
                rules.text(&text).unwrap().as_deref(),
                Some(&*format!("see [{}], IS MY one", kind.word())),
                "{text}"
            );
        }
        for text in passes {
            assert_eq!(rules.text(&format!("see {text}, ok")).unwrap(), None, "{text}");
        }
    }
}

#[test]
fn a_match_is_found_however_the_stream_is_cut() {
    let text = "é Mail a.b@c.example.com, card 4111 1111 1111 1111 or 1234 4111-1111-1111-1111; \
                DE89 3704 0044 0532 0130 00 IS MINE. The secret  Project X, concat, ÜBER-cat cat's.";
    let rules = chosen(
        &[Kind::Email, Kind::CreditCard, Kind::Iban],
        Some(r"(?i)\büber\b"),
        &["project x", "cat"],
        Action::Mask,
    );
    let expected = "é Mail [email], card [credit-card] or 1234 [credit-card]; [iban] IS MINE. \
                    The secret  [r], concat, [r]-[r] [r]'s.";
    assert_eq!(rules.text(text).unwrap().unwrap(), expected);
    for at in (0..=text.len()).filter(|it| text.is_char_boundary(*it)) {
        assert_eq!(stream(&rules, &[&text[..at], &text[at..]]), expected, "{at}");
    }
    let letters: Vec<String> = text.chars().map(String::from).collect();
    let letters: Vec<&str> = letters.iter().map(String::as_str).collect();
    assert_eq!(stream(&rules, &letters), expected);
}

#[test]
fn only_what_could_become_a_match_is_held_back() {
    let rules = chosen(&[], None, &["secret"], Action::Mask);
    let mut sieve = Sieve::new(&rules);
    let mut push = |it: &str| sieve.push(it, false).unwrap();
    assert_eq!(push("hello wor"), "hello wor");
    assert_eq!(push("ld sec"), "ld ");
    assert_eq!(push("ond "), "second ");
    assert_eq!(push("secret"), "");
    assert_eq!(push("s "), "secrets ");
    assert_eq!(push("secret"), "");
    assert_eq!(push("."), "[r].");
}

#[test]
fn a_pattern_without_an_end_holds_no_more_than_a_window() {
    let rules = chosen(&[], Some("a.*b"), &[], Action::Mask);
    let mut sieve = Sieve::new(&rules);
    let mut n_out = 0;
    for _ in 0..10_000 {
        n_out += sieve.push("a", false).unwrap().len();
    }
    assert!(n_out >= 10_000 - 1_024, "{n_out}");
    assert!(sieve.push("", true).unwrap().len() <= 1_024);
}

#[test]
fn a_blocked_reply_ends_in_an_error_and_nothing_follows() {
    let rules = chosen(&[], None, &["forbidden"], Action::Block);
    let mut screen = Screen::new(rules);
    let events = ["fine, for", "bidden", " and more"].map(text).to_vec();
    let passed: Vec<_> = events.into_iter().flat_map(|it| screen.pass(vec![it])).collect();
    let [first, ModelEvent::Error(rejection)] = &passed[..] else { panic!("{passed:?}") };
    assert_eq!(*first, text("fine, "));
    assert_eq!(rejection.code, RejectionCode::Filtered);
    assert_eq!(
        rejection.message,
        "The reply held something that the filter `r` of this proxy does not let pass"
    );
}

#[test]
fn arguments_stay_json_and_keep_their_bytes() {
    let rules = chosen(&[Kind::CreditCard, Kind::Email], None, &[], Action::Mask);
    for (json, expected) in [
        (r#"{ "a" : "x",  "n":1.50}"#, r#"{ "a" : "x",  "n":1.50}"#),
        (
            r#"{"n":4111111111111111,"m":["a\u0040b.de"]}"#,
            r#"{"n":"[credit-card]","m":["[email]"]}"#,
        ),
        (r#"not json a@b.de"#, "not json [email]"),
    ] {
        let mut screen = Screen::new(rules.clone());
        let call = || "c".to_owned();
        let mut events = vec![ModelEvent::ToolCallStart { call: call(), tool: "t".to_owned() }];
        events.extend(
            json.chars().map(|it| ModelEvent::ToolCallDelta { call: call(), json: it.to_string() }),
        );
        events.push(ModelEvent::ToolCallEnd { call: call() });
        let passed: String = screen
            .pass(events)
            .into_iter()
            .filter_map(|it| {
                if let ModelEvent::ToolCallDelta { json, .. } = it { Some(json) } else { None }
            })
            .collect();
        assert_eq!(passed, expected);
    }
}

#[test]
fn a_sealed_thought_goes_when_its_text_was_masked() {
    let rules = chosen(&[Kind::Email], None, &[], Action::Mask);
    for (thought, kept) in [("of a@b.de", false), ("of nobody", true)] {
        let mut screen = Screen::new(rules.clone());
        let opaque = Some(serde_json::json!({ "thinking": thought }));
        let passed = screen.pass(vec![
            ModelEvent::Reasoning { text: thought.to_owned() },
            ModelEvent::ReasoningEnd { opaque },
            ModelEvent::Finish { reason: StopReason::EndOfTurn, stopped_by: None },
        ]);
        let sealed =
            passed.iter().any(|it| matches!(it, ModelEvent::ReasoningEnd { opaque: Some(_) }));
        assert_eq!(sealed, kept, "{passed:?}");
        assert!(!format!("{passed:?}").contains("a@b.de"));
    }
}

#[test]
fn every_text_of_a_request_is_looked_at() {
    let rules = chosen(&[Kind::Email], None, &[], Action::Mask);
    let blocks = vec![
        Block::Text("t a@b.de".to_owned()),
        Block::Call {
            call: "1".to_owned(),
            tool: "t".to_owned(),
            arguments: r#"{"to":"a@b.de"}"#.to_owned(),
        },
        Block::Thought { text: "h a@b.de".to_owned(), opaque: Some("a@b.de".into()) },
        Block::Result {
            call: "1".to_owned(),
            output: vec![providers::ask::Output::Text("r a@b.de".to_owned())],
            failed: false,
        },
    ];
    let pieces: Vec<Piece> = blocks.into_iter().map(Piece::from).collect();
    let mut ask = Ask { messages: vec![Message { role: Role::User, pieces }], ..Ask::default() };
    ask.system.push(providers::ask::Section { text: "s a@b.de".to_owned(), keep: None });
    assert!(rules.ask(&mut ask).unwrap());
    let shown = format!("{ask:?}");
    assert!(!shown.contains("a@b.de"), "{shown}");
    assert_eq!(shown.matches("[email]").count(), 5);
    assert!(!rules.ask(&mut ask).unwrap());
}

#[test]
fn what_is_masked_by_one_rule_is_blocked_by_another() {
    let mask = rule(&[Kind::Email], None, &[], Action::Mask, &[]);
    let block = rule(&[], Some("@evil"), &[], Action::Block, &[]);
    let rules = Filters::new(vec![mask, block]).requests(&["m"]);
    assert!(rules.text("to me@evil.example").is_err());
    assert_eq!(rules.text("to me@good.example").unwrap().unwrap(), "to [email]");
}

#[test]
fn rules_are_for_the_models_that_they_name() {
    let filters =
        Filters::new(vec![rule(&[], None, &["x"], Action::Block, &["openai/*", "fast", "a*b*c"])]);
    for (name, meant) in [
        ("openai/gpt", true),
        ("fast", true),
        ("faster", false),
        ("a1b2c", true),
        ("ac", false),
        ("abcd", false),
    ] {
        assert_eq!(!filters.requests(&[name]).is_empty(), meant, "{name}");
    }
    assert!(!filters.replies(&["other", "openai/x"]).is_empty());
}

#[test]
fn patterns_have_limits() {
    let bad = |it: &str| Finder::pattern(it, "").unwrap_err();
    assert_eq!(bad("a*"), BadPattern::Empty);
    assert_eq!(bad(r"\b"), BadPattern::Empty);
    assert_eq!(bad("(a{1000}){1000}"), BadPattern::Large);
    assert_eq!(bad(&"a".repeat(3_000)), BadPattern::Long);
    assert_eq!(bad("(a"), BadPattern::Syntax("unclosed group".to_owned()));
    assert!(matches!(
        bad(&format!("{}a{}", "(".repeat(60), ")".repeat(60))),
        BadPattern::Syntax(_)
    ));
    assert_eq!(Finder::keywords(&[" ".to_owned()], "").unwrap_err(), BadPattern::Empty);
}

#[test]
fn a_long_text_full_of_matches_is_read_once() {
    let rules = chosen(
        &[Kind::Email, Kind::Iban, Kind::CreditCard, Kind::Ip],
        Some("q{5}"),
        &["never"],
        Action::Mask,
    );
    let text = "a@b.de ".repeat(20_000);
    let passed = rules.text(&text).unwrap().unwrap();
    assert_eq!(passed, "[email] ".repeat(20_000));
}

fn text(text: &str) -> ModelEvent {
    ModelEvent::TextDelta { text: text.to_owned() }
}

fn stream(rules: &Chosen, pieces: &[&str]) -> String {
    let mut screen = Screen::new(rules.clone());
    let mut events: Vec<ModelEvent> = pieces.iter().map(|it| text(it)).collect();
    events.push(ModelEvent::Finish { reason: StopReason::EndOfTurn, stopped_by: None });
    let passed = events.into_iter().flat_map(|it| screen.pass(vec![it]));
    passed
        .filter_map(|it| if let ModelEvent::TextDelta { text } = it { Some(text) } else { None })
        .collect()
}

fn chosen(kinds: &[Kind], pattern: Option<&str>, keywords: &[&str], action: Action) -> Chosen {
    Filters::new(vec![rule(kinds, pattern, keywords, action, &[])]).replies(&["m"])
}

fn rule(
    kinds: &[Kind],
    pattern: Option<&str>,
    keywords: &[&str],
    action: Action,
    models: &[&str],
) -> Rule {
    Rule::new(Sketch {
        name: "r".to_owned(),
        on: On::Both,
        models: models.iter().map(|it| (*it).to_owned()).collect(),
        keywords: keywords.iter().map(|it| (*it).to_owned()).collect(),
        pattern: pattern.map(str::to_owned),
        kinds: kinds.to_vec(),
        action,
        mask: None,
    })
    .unwrap()
}
