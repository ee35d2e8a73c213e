//! A byte stream cut into frames: events of a stream, lines, or Amazon's binary messages.
//!
//! It splits on bytes and hands out whole frames only, because a chunk may end inside a
//! character. It knows no vendor's content.

mod lines;
mod messages;
mod sse;

use crate::BadStream;
pub use messages::write_message;

/// A longer frame is not from a model.
pub const LIMIT_BYTES: usize = 16 << 20;

/// One frame. `data` is what the vendor's JSON is in; it is whole, but nobody has read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The event's type where the framing has one, else empty.
    pub name: &'a [u8],
    pub data: &'a [u8],
}

/// How a stream is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// `text/event-stream`
    Events,
    /// `application/x-ndjson`
    Lines,
    /// `application/vnd.amazon.eventstream`
    Messages,
}

impl Framing {
    /// What a stream that is cut so calls itself.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Events => "text/event-stream",
            Self::Lines => "application/x-ndjson",
            Self::Messages => "application/vnd.amazon.eventstream",
        }
    }
}

/// Cuts a stream of chunks into frames; a chunk may end anywhere.
#[derive(Debug)]
pub enum Splitter {
    Events(sse::Splitter),
    Lines(lines::Splitter),
    Messages(messages::Splitter),
}

/// What is done with a frame.
pub type Take<'t> = dyn FnMut(Frame<'_>) -> Result<(), BadStream> + 't;

impl Splitter {
    #[must_use]
    pub fn new(framing: Framing) -> Self {
        match framing {
            Framing::Events => Self::Events(sse::Splitter::default()),
            Framing::Lines => Self::Lines(lines::Splitter::default()),
            Framing::Messages => Self::Messages(messages::Splitter::default()),
        }
    }

    pub fn push(&mut self, chunk: &[u8], take: &mut Take<'_>) -> Result<(), BadStream> {
        match self {
            Self::Events(it) => it.push(chunk, take),
            Self::Lines(it) => it.push(chunk, take),
            Self::Messages(it) => it.push(chunk, take),
        }
    }

    /// The stream is over. Servers forget the last line's end, so what is there counts.
    pub fn end(&mut self, take: &mut Take<'_>) -> Result<(), BadStream> {
        match self {
            Self::Events(it) => it.end(take),
            Self::Lines(it) => it.end(take),
            Self::Messages(it) => it.end(),
        }
    }
}

/// Adds to a buffer that has a limit.
fn extend(buffer: &mut Vec<u8>, bytes: &[u8], beside: usize) -> Result<(), BadStream> {
    if buffer.len() + beside + bytes.len() > LIMIT_BYTES {
        return Err(BadStream::TooLong { limit_bytes: LIMIT_BYTES });
    }
    buffer.extend_from_slice(bytes);
    Ok(())
}

#[cfg(test)]
mod tests;
