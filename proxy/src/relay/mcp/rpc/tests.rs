//! Messages of both sides, in turn.

use expect_test::{Expect, expect};

use super::*;

#[test]
fn ids_are_ours_inside_and_theirs_outside() {
    check(
        &[
            r#"> {"jsonrpc":"2.0","id":"a","method":"initialize","params":{"x":[1.50,  true]}}"#,
            r#"> {"jsonrpc":"2.0","id":"a","method":"tools/list"}"#,
            r#"> {"jsonrpc":"2.0","id":1e2,"method":"ping"}"#,
            "> {\"jsonrpc\":\"2.0\",\n\"id\":-7,\r\n\"method\":\"x\",\"params\":{\"s\":\"a\\nb\"}}",
            r#"> {"jsonrpc":"2.0","method":"notifications/initialized"}"#,
            r#"< {"jsonrpc":"2.0","id":2,"result":{"tools":[]}}"#,
            r#"< {"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"m","data":12345678901234567890123}}"#,
            r#"< {"jsonrpc":"2.0","id":1,"result":{}}"#,
            r#"< {"jsonrpc":"2.0","id":99,"result":{}}"#,
            r#"< {"jsonrpc":"2.0","id":"a","result":{}}"#,
            r#"< {"jsonrpc":"2.0","id":3,"result":{}}"#,
        ],
        &expect![[r#"
            Request { ours: 1 } {"id":1,"jsonrpc":"2.0","method":"initialize","params":{"x":[1.50,  true]}}
            Request { ours: 2 } {"id":2,"jsonrpc":"2.0","method":"tools/list"}
            Request { ours: 3 } {"id":3,"jsonrpc":"2.0","method":"ping"}
            Request { ours: 4 } {"id":4,"jsonrpc":"2.0","method":"x","params":{"s":"a\nb"}}
            Rest { gave_up: None } {"jsonrpc":"2.0","method":"notifications/initialized"}
            Asker(2) {"id":"a","jsonrpc":"2.0","result":{"tools":[]}}
            Asker(1) {"error":{"code":-1,"message":"m","data":12345678901234567890123},"id":"a","jsonrpc":"2.0"}
            Nobody {"id":1,"jsonrpc":"2.0","result":{}}
            Nobody {"id":99,"jsonrpc":"2.0","result":{}}
            Nobody {"id":"a","jsonrpc":"2.0","result":{}}
            Asker(3) {"id":1e2,"jsonrpc":"2.0","result":{}}
        "#]],
    );
}

#[test]
fn cancelling_names_our_number_and_ends_the_waiting() {
    check(
        &[
            r#"> {"jsonrpc":"2.0","id":5,"method":"tools/call"}"#,
            r#"> {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"reason":"r","requestId":5}}"#,
            r#"< {"jsonrpc":"2.0","id":1,"result":{}}"#,
            r#"> {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":6}}"#,
            r#"> {"jsonrpc":"2.0","method":"notifications/cancelled"}"#,
        ],
        &expect![[r#"
            Request { ours: 1 } {"id":1,"jsonrpc":"2.0","method":"tools/call"}
            Rest { gave_up: Some(1) } {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"reason":"r","requestId":1}}
            Nobody {"id":1,"jsonrpc":"2.0","result":{}}
            Rest { gave_up: None } 
            Rest { gave_up: None } 
        "#]],
    );
}

#[test]
fn a_program_may_ask_and_tell() {
    check(
        &[
            r#"> {"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"_meta":{"progressToken":"t"}}}"#,
            r#"< {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":1}}"#,
            r#"< {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"u","progress":1}}"#,
            r#"< {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info"}}"#,
            r#"< {"jsonrpc":"2.0","id":0,"method":"roots/list"}"#,
            r#"> {"jsonrpc":"2.0","id":0,"result":{"roots":[]}}"#,
            r#"> {"jsonrpc":"2.0","id":0,"result":{"roots":[]}}"#,
        ],
        &expect![[r#"
            Request { ours: 1 } {"id":1,"jsonrpc":"2.0","method":"tools/call","params":{"_meta":{"progressToken":"t"}}}
            Watcher(1) {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":1}}
            Listener { asks: None } {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"u","progress":1}}
            Listener { asks: None } {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info"}}
            Listener { asks: Some("0") } {"id":0,"jsonrpc":"2.0","method":"roots/list"}
            Rest { gave_up: None } {"id":0,"jsonrpc":"2.0","result":{"roots":[]}}
            refused: nobody has asked what this answers
        "#]],
    );
}

#[test]
fn what_is_no_message_is_refused() {
    check(
        &[
            "> ",
            "> {",
            "> 1",
            "> null",
            r#"> [{"jsonrpc":"2.0","id":1,"method":"a"}]"#,
            r#"> {"id":1,"method":"a"}"#,
            r#"> {"jsonrpc":"1.0","id":1,"method":"a"}"#,
            r#"> {"jsonrpc":"2.0","id":null,"method":"a"}"#,
            r#"> {"jsonrpc":"2.0","id":{},"method":"a"}"#,
            r#"> {"jsonrpc":"2.0","id":1,"method":7}"#,
            r#"> {"jsonrpc":"2.0","id":1}"#,
            r#"> {"jsonrpc":"2.0"}"#,
            "< Listening on stdio",
            "< []",
            "< {}",
            r#"< {"jsonrpc":"2.0"}"#,
        ],
        &expect![[r#"
            refused: the body is no JSON
            refused: the body is no JSON
            refused: this is no message of JSON-RPC 2.0
            refused: this is no message of JSON-RPC 2.0
            refused: several messages at once are not taken; send them one by one
            refused: this is no message of JSON-RPC 2.0
            refused: this is no message of JSON-RPC 2.0
            refused: this is no message of JSON-RPC 2.0
            refused: this is no message of JSON-RPC 2.0
            refused: this is no message of JSON-RPC 2.0
            refused: this is no message of JSON-RPC 2.0
            refused: this is no message of JSON-RPC 2.0
            no message
            no message
            no message
            Nobody {"jsonrpc":"2.0"}
        "#]],
    );
}

#[test]
fn nobody_waits_for_more_than_the_limit() {
    let mut talk = Talk::default();
    let request = br#"{"jsonrpc":"2.0","id":1,"method":"a"}"#;
    for _ in 0..WAITING_LIMIT {
        talk.take(request).unwrap();
    }
    assert_eq!(talk.take(request).unwrap_err(), BadMessage::TooMany);
    talk.forget(1);
    talk.take(request).unwrap();
    let given_up = talk.give_up("it \"ended\"");
    assert_eq!(given_up.len(), WAITING_LIMIT);
    assert_eq!(
        given_up[0].1,
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"it \"ended\""}}"#
    );
    assert!(!talk.is_waiting());
}

/// `>` is the client's, `<` the program's.
fn check(messages: &[&str], expected: &Expect) {
    let mut talk = Talk::default();
    let mut told = String::new();
    for message in messages {
        let (from, text) = message.split_at(2);
        told += &match from {
            "> " => match talk.take(text.as_bytes()) {
                Ok((sent, line)) => format!("{sent:?} {}\n", line.unwrap_or_default()),
                Err(err) => format!("refused: {err}\n"),
            },
            _ => match talk.give(text.as_bytes()) {
                Some((whom, line)) => format!("{whom:?} {line}\n"),
                None => "no message\n".to_owned(),
            },
        };
    }
    expected.assert_eq(&told);
}
