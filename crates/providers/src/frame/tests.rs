//! Bytes in, frames out: whole, cut at every byte, and byte by byte.

use expect_test::{Expect, expect};

use super::*;

#[test]
fn every_way_to_end_a_line_is_known() {
    let expected = expect![[r#"
        message "one"
        "" "two"
    "#]];
    check(Framing::Events, b"event: message\ndata: one\n\ndata: two\n\n", &expected);
    check(Framing::Events, b"event: message\r\ndata: one\r\n\r\ndata: two\r\n\r\n", &expected);
    check(Framing::Events, b"event: message\rdata: one\r\rdata: two\r\r", &expected);
}

#[test]
fn comments_and_unknown_fields_say_nothing() {
    check(
        Framing::Events,
        b": ping\n\nid: 7\nretry: 10\n\ndata:x\nnonsense\n\n",
        &expect![[r#"
        "" "x"
    "#]],
    );
}

#[test]
fn a_line_that_begins_with_garbage_is_not_passed_over() {
    let mut splitter = Splitter::new(Framing::Events);
    let read = splitter.push(b"data: 1\n\n\xbb\x95data: 2\n\ndata: 3\n\n", &mut |_| Ok(()));
    assert!(matches!(read, Err(BadStream::NoField)), "{read:?}");
}

#[test]
fn several_data_lines_are_one_text() {
    check(
        Framing::Events,
        b"data: a\ndata:\ndata:  b\n\n",
        &expect![[r#"
        "" "a\n\n b"
    "#]],
    );
}

#[test]
fn a_byte_order_mark_is_skipped_once() {
    check(
        Framing::Events,
        "\u{feff}data: \u{feff}x\n\n".as_bytes(),
        &expect![[r#"
        "" "\u{feff}x"
    "#]],
    );
}

#[test]
fn a_character_may_be_split() {
    check(
        Framing::Events,
        "data: é – 漢字 – 🦀\n\n".as_bytes(),
        &expect![[r#"
        "" "é – 漢字 – 🦀"
    "#]],
    );
}

#[test]
fn bytes_that_are_no_text_do_not_stop_the_stream() {
    check(
        Framing::Events,
        b"data: \xff\xfe\n\ndata: next\n\n",
        &expect![[r#"
        "" "��"
        "" "next"
    "#]],
    );
}

#[test]
fn the_last_blank_line_may_be_missing() {
    check(
        Framing::Events,
        b"data: one\n\ndata: [DONE]",
        &expect![[r#"
        "" "one"
        "" "[DONE]"
    "#]],
    );
    check(
        Framing::Events,
        b"data: one\n",
        &expect![[r#"
        "" "one"
    "#]],
    );
}

#[test]
fn json_outside_of_events_is_a_frame() {
    check(
        Framing::Events,
        b"data: one\n\n{\n  \"error\": {\n    \"code\": 503\n  }\n}\n\n{ torn\ndata: two\n\n[{\"a\": 1}]",
        &expect![[r#"
            "" "one"
            "" "\n{\n  \"error\": {\n    \"code\": 503\n  }\n}"
            "" "two"
            "" "\n[{\"a\": 1}]"
        "#]],
    );
    check(
        Framing::Events,
        b"[info] no field\ndata: {\ndata: [\n\n",
        &expect![[r#"
        "" "{\n["
    "#]],
    );
}

#[test]
fn an_event_without_end_is_refused_before_memory_is() {
    for framing in [Framing::Events, Framing::Lines] {
        let mut splitter = Splitter::new(framing);
        let chunk = vec![b'x'; 1 << 20];
        let refused = (0..17).find_map(|_| splitter.push(&chunk, &mut |_| Ok(())).err());
        assert_eq!(refused.unwrap().to_string(), "an event is longer than 16777216 bytes");
    }
    let mut long = [0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0].to_vec();
    long.extend(crc32fast::hash(&long).to_be_bytes());
    let refused = Splitter::new(Framing::Messages).push(&long, &mut |_| Ok(()));
    assert_eq!(refused.unwrap_err().to_string(), "an event is longer than 16777216 bytes");
}

#[test]
fn lines_are_cut_at_their_ends_only() {
    check(
        Framing::Lines,
        "{\"a\":\"é\"}\r\n\n  \n{\"b\":1}".as_bytes(),
        &expect![[r#"
            "" "{\"a\":\"é\"}"
            "" "{\"b\":1}"
        "#]],
    );
}

#[test]
fn binary_messages_come_back_as_they_were_written() {
    check(
        Framing::Messages,
        &messages(),
        &expect![[r#"
            contentBlockDelta "{\"é\":1}"
            throttlingException "{}"
            "" ""
        "#]],
    );
}

#[test]
fn a_damaged_message_is_refused() {
    let whole = messages();
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x40;
        let mut splitter = Splitter::new(Framing::Messages);
        assert!(splitter.push(&damaged, &mut |_| Ok(())).is_err(), "byte {at}");
    }
}

/// Two with headers of several kinds, one without anything.
fn messages() -> Vec<u8> {
    let mut stream = Vec::new();
    let headers = [
        (":event-type", "contentBlockDelta"),
        (":content-type", "application/json"),
        (":message-type", "event"),
    ];
    write_message(&headers, "{\"é\":1}".as_bytes(), &mut stream);
    write_message(&[(":exception-type", "throttlingException")], b"{}", &mut stream);
    write_message(&[], b"", &mut stream);
    stream
}

#[track_caller]
fn check(framing: Framing, stream: &[u8], expected: &Expect) {
    let whole = split(framing, [stream]);
    expected.assert_eq(&whole);
    for cut in 0..=stream.len() {
        let pieces = [&stream[..cut], &stream[cut..]];
        assert_eq!(split(framing, pieces), whole, "cut at byte {cut}");
    }
    assert_eq!(split(framing, stream.chunks(1)), whole, "byte by byte");
}

fn split<'a>(framing: Framing, chunks: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut splitter = Splitter::new(framing);
    let mut text = String::new();
    let mut take = |frame: Frame<'_>| {
        let name = String::from_utf8_lossy(frame.name);
        let name = if name.is_empty() { "\"\"" } else { &name };
        text += &format!("{name} {:?}\n", String::from_utf8_lossy(frame.data));
        Ok(())
    };
    for chunk in chunks {
        splitter.push(chunk, &mut take).unwrap();
    }
    splitter.end(&mut take).unwrap();
    text
}
