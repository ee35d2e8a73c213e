//! Server-sent events, cut out of a byte stream. Knows no provider.
//!
//! It splits on bytes and decodes whole lines only, because a chunk may end inside a character.
//! Retry times and event ids are not kept: a model's reply cannot be resumed.

use crate::BadStream;

/// Longer events are not from a model.
pub const LIMIT_BYTES: usize = 16 << 20;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// One event as it came over the network.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct SseEvent {
    pub name: String,
    pub data: String,
}

/// Cuts a stream of chunks into events; a chunk may end anywhere.
#[derive(Debug, Default)]
pub struct Splitter {
    /// The line that is not over yet.
    line: Vec<u8>,
    /// The last byte was `\r`: a `\n` right after it belongs to it.
    after_return: bool,
    /// The first line was seen, so a byte order mark has no place any more.
    started: bool,
    event: SseEvent,
    /// There was a `data` line, perhaps an empty one.
    has_data: bool,
}

impl Splitter {
    pub fn push(&mut self, mut chunk: &[u8]) -> Result<Vec<SseEvent>, BadStream> {
        let mut events = Vec::new();
        if self.after_return && !chunk.is_empty() {
            chunk = chunk.strip_prefix(b"\n").unwrap_or(chunk);
            self.after_return = false;
        }
        while let Some(end) = chunk.iter().position(|it| matches!(it, b'\n' | b'\r')) {
            self.extend(&chunk[..end])?;
            let returned = chunk[end] == b'\r';
            chunk = &chunk[end + 1..];
            if returned {
                self.after_return = chunk.is_empty();
                chunk = chunk.strip_prefix(b"\n").unwrap_or(chunk);
            }
            events.extend(self.end_line());
        }
        self.extend(chunk)?;
        Ok(events)
    }

    /// The stream is over. Servers forget the last blank line, so what is there counts.
    pub fn end(&mut self) -> Option<SseEvent> {
        let last = self.end_line();
        last.or_else(|| self.end_event())
    }

    fn extend(&mut self, bytes: &[u8]) -> Result<(), BadStream> {
        if self.line.len() + self.event.data.len() + bytes.len() > LIMIT_BYTES {
            return Err(BadStream::TooLong { limit_bytes: LIMIT_BYTES });
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    fn end_line(&mut self) -> Option<SseEvent> {
        let bytes = std::mem::take(&mut self.line);
        let bytes = match bytes.strip_prefix(BYTE_ORDER_MARK) {
            Some(rest) if !self.started => rest,
            _ => &bytes,
        };
        self.started = true;
        if bytes.is_empty() {
            return self.end_event();
        }
        let line = String::from_utf8_lossy(bytes);
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event.name),
            "data" => {
                if self.has_data {
                    self.event.data.push('\n');
                }
                self.has_data = true;
                self.event.data.push_str(value);
            }
            // A comment, a field without meaning for us, or an unknown one.
            _ => {}
        }
        None
    }

    fn end_event(&mut self) -> Option<SseEvent> {
        let event = std::mem::take(&mut self.event);
        std::mem::take(&mut self.has_data).then_some(event)
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[test]
    fn every_way_to_end_a_line_is_known() {
        let expected = expect![[r#"
            message "one"
            "" "two"
        "#]];
        check(b"event: message\ndata: one\n\ndata: two\n\n", &expected);
        check(b"event: message\r\ndata: one\r\n\r\ndata: two\r\n\r\n", &expected);
        check(b"event: message\rdata: one\r\rdata: two\r\r", &expected);
    }

    #[test]
    fn comments_and_unknown_fields_say_nothing() {
        check(
            b": ping\n\nid: 7\nretry: 10\n\ndata:x\nnonsense\n\n",
            &expect![[r#"
            "" "x"
        "#]],
        );
    }

    #[test]
    fn several_data_lines_are_one_text() {
        check(
            b"data: a\ndata:\ndata:  b\n\n",
            &expect![[r#"
            "" "a\n\n b"
        "#]],
        );
    }

    #[test]
    fn a_byte_order_mark_is_skipped_once() {
        check(
            "\u{feff}data: \u{feff}x\n\n".as_bytes(),
            &expect![[r#"
            "" "\u{feff}x"
        "#]],
        );
    }

    #[test]
    fn a_character_may_be_split() {
        check(
            "data: é – 漢字 – 🦀\n\n".as_bytes(),
            &expect![[r#"
            "" "é – 漢字 – 🦀"
        "#]],
        );
    }

    #[test]
    fn bytes_that_are_no_text_do_not_stop_the_stream() {
        check(
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
            b"data: one\n\ndata: [DONE]",
            &expect![[r#"
            "" "one"
            "" "[DONE]"
        "#]],
        );
        check(
            b"data: one\n",
            &expect![[r#"
            "" "one"
        "#]],
        );
    }

    #[test]
    fn an_event_without_end_is_refused_before_memory_is() {
        let mut splitter = Splitter::default();
        let chunk = vec![b'x'; 1 << 20];
        let refused = (0..17).find_map(|_| splitter.push(&chunk).err());
        assert_eq!(refused.unwrap().to_string(), "an event is longer than 16777216 bytes");
    }

    #[track_caller]
    fn check(stream: &[u8], expected: &Expect) {
        let whole = split([stream]);
        expected.assert_eq(&whole);
        for cut in 0..=stream.len() {
            assert_eq!(split([&stream[..cut], &stream[cut..]]), whole, "cut at byte {cut}");
        }
        assert_eq!(split(stream.chunks(1)), whole, "byte by byte");
    }

    fn split<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> String {
        let mut splitter = Splitter::default();
        let mut events: Vec<SseEvent> = Vec::new();
        for chunk in chunks {
            events.extend(splitter.push(chunk).unwrap());
        }
        events.extend(splitter.end());
        let name = |it: &SseEvent| if it.name.is_empty() { "\"\"".into() } else { it.name.clone() };
        events.iter().map(|it| format!("{} {:?}\n", name(it), it.data)).collect()
    }
}
