//! Server-sent events.
//!
//! Retry times and event ids are not kept: a model's reply cannot be resumed.

use memchr::memchr2;

use super::{Frame, Take, extend};
use crate::BadStream;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

#[derive(Debug, Default)]
pub struct Splitter {
    /// The line that is not over yet.
    line: Vec<u8>,
    /// The last byte was `\r`: a `\n` right after it belongs to it.
    after_return: bool,
    /// The first line was seen, so a byte order mark has no place any more.
    started: bool,
    event: Event,
}

/// What the lines of an event have said.
#[derive(Debug, Default)]
struct Event {
    name: Vec<u8>,
    data: Vec<u8>,
    /// There was a `data` line, perhaps an empty one.
    has_data: bool,
    /// The data is JSON that stands in lines without a field.
    bare: bool,
}

impl Splitter {
    pub(super) fn push(&mut self, mut chunk: &[u8], take: &mut Take<'_>) -> Result<(), BadStream> {
        if self.after_return && !chunk.is_empty() {
            chunk = chunk.strip_prefix(b"\n").unwrap_or(chunk);
            self.after_return = false;
        }
        while let Some(end) = memchr2(b'\n', b'\r', chunk) {
            let (head, returned) = (&chunk[..end], chunk[end] == b'\r');
            chunk = &chunk[end + 1..];
            if returned {
                self.after_return = chunk.is_empty();
                chunk = chunk.strip_prefix(b"\n").unwrap_or(chunk);
            }
            if self.line.is_empty() {
                self.read_line(head, take)?;
            } else {
                let mut line = std::mem::take(&mut self.line);
                extend(&mut line, head, self.event.data.len())?;
                self.read_line(&line, take)?;
                line.clear();
                self.line = line;
            }
        }
        extend(&mut self.line, chunk, self.event.data.len())
    }

    pub(super) fn end(&mut self, take: &mut Take<'_>) -> Result<(), BadStream> {
        let line = std::mem::take(&mut self.line);
        if !line.is_empty() {
            self.read_line(&line, take)?;
        }
        self.event.finish(take)
    }

    fn read_line(&mut self, line: &[u8], take: &mut Take<'_>) -> Result<(), BadStream> {
        let line = match line.strip_prefix(BYTE_ORDER_MARK) {
            Some(rest) if !self.started => rest,
            _ => line,
        };
        self.started = true;
        if line.is_empty() {
            return self.event.finish(take);
        }
        self.event.read(line)
    }
}

impl Event {
    fn read(&mut self, line: &[u8]) -> Result<(), BadStream> {
        if self.is_bare(line) {
            self.data.push(b'\n');
            return extend(&mut self.data, line, 0);
        }
        let colon = memchr::memchr(b':', line).unwrap_or(line.len());
        let value = line.get(colon + 1..).unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match &line[..colon] {
            b"event" => {
                self.name.clear();
                self.name.extend_from_slice(value);
            }
            b"data" => {
                if self.has_data {
                    self.data.push(b'\n');
                }
                self.has_data = true;
                extend(&mut self.data, value, 0)?;
            }
            // A comment, a field without meaning for us, or an unknown one.
            field if field.iter().all(|it| matches!(it, b' '..=b'~' | b'\t')) => {}
            // The rest of the line may be one that was lost.
            _ => return Err(BadStream::NoField),
        }
        Ok(())
    }

    /// Servers that fail in the middle break off with an error as plain JSON, often over many
    /// lines. No field begins as JSON does.
    fn is_bare(&mut self, line: &[u8]) -> bool {
        if self.bare && line.starts_with(b"data:") {
            self.bare = false;
            self.has_data = false;
            self.data.clear();
        } else if !self.has_data && matches!(line, [b'{', ..] | [b'[', b'{', ..] | b"[") {
            self.bare = true;
            self.has_data = true;
        }
        self.bare
    }

    fn finish(&mut self, take: &mut Take<'_>) -> Result<(), BadStream> {
        self.bare = false;
        let taken = if std::mem::take(&mut self.has_data) {
            take(Frame { name: &self.name, data: &self.data })
        } else {
            Ok(())
        };
        self.name.clear();
        self.data.clear();
        taken
    }
}
