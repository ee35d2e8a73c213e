//! Amazon's binary event stream: length, headers, payload and two checksums in each message.
//!
//! Format: <https://docs.aws.amazon.com/transcribe/latest/dg/event-stream.html>. Only text
//! headers are read; what the payload holds is the dialect's matter.

use super::{Frame, LIMIT_BYTES, Take, extend};
use crate::BadStream;

/// Total length, length of the headers, checksum of both.
const PRELUDE_BYTES: usize = 12;
const CHECKSUM_BYTES: usize = 4;

/// A header's value is a text of at most 64 KiB.
const TEXT: u8 = 7;

#[derive(Debug, Default)]
pub struct Splitter {
    buffer: Vec<u8>,
}

impl Splitter {
    pub(super) fn push(&mut self, chunk: &[u8], take: &mut Take<'_>) -> Result<(), BadStream> {
        extend(&mut self.buffer, chunk, 0)?;
        let mut at = 0;
        while let Some(length) = length(&self.buffer[at..])? {
            let Some(message) = self.buffer.get(at..at + length) else { break };
            read(message, take)?;
            at += length;
        }
        self.buffer.drain(..at);
        Ok(())
    }

    pub(super) fn end(&mut self) -> Result<(), BadStream> {
        // Half a message: whoever reads the stream finds its end missing.
        self.buffer.clear();
        Ok(())
    }
}

/// Returns the length of the message that begins here, once that is known.
fn length(bytes: &[u8]) -> Result<Option<usize>, BadStream> {
    let Some(prelude) = bytes.get(..PRELUDE_BYTES) else { return Ok(None) };
    if crc32fast::hash(&prelude[..8]) != number(&prelude[8..]) {
        return Err(BadStream::Damaged);
    }
    let (total, headers) = (size(&prelude[..4]), size(&prelude[4..]));
    let least = PRELUDE_BYTES + CHECKSUM_BYTES;
    if total > LIMIT_BYTES {
        return Err(BadStream::TooLong { limit_bytes: LIMIT_BYTES });
    }
    if total < least || headers > total - least {
        return Err(BadStream::Damaged);
    }
    Ok(Some(total))
}

fn read(message: &[u8], take: &mut Take<'_>) -> Result<(), BadStream> {
    let (body, checksum) = message.split_at(message.len() - CHECKSUM_BYTES);
    if crc32fast::hash(body) != number(checksum) {
        return Err(BadStream::Damaged);
    }
    let headers = size(&body[4..]);
    let (headers, data) = body[PRELUDE_BYTES..].split_at(headers);
    // An exception has a type of its own, and no event type.
    let name = header(headers, b":event-type")
        .or_else(|| header(headers, b":exception-type"))
        .or_else(|| header(headers, b":error-code"));
    take(Frame { name: name.unwrap_or_default(), data })
}

/// Returns a text header's value.
fn header<'a>(mut headers: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
    loop {
        let (length, rest) = headers.split_first()?;
        let (name, rest) = rest.split_at_checked(usize::from(*length))?;
        let (kind, rest) = rest.split_first()?;
        let length = match *kind {
            0 | 1 => 0,
            2 => 1,
            3 => 2,
            4 => 4,
            5 | 8 => 8,
            9 => 16,
            6 | TEXT => 2 + usize::from(u16::from_be_bytes(rest.get(..2)?.try_into().ok()?)),
            _ => return None,
        };
        let (value, rest) = rest.split_at_checked(length)?;
        if name == wanted && *kind == TEXT {
            return value.get(2..);
        }
        headers = rest;
    }
}

fn number(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |it| u32::from_be_bytes(*it))
}

fn size(bytes: &[u8]) -> usize {
    usize::try_from(number(bytes)).unwrap_or(usize::MAX)
}

/// Appends a message with text headers. `data` and headers are below 16 MiB.
pub fn write_message(headers: &[(&str, &str)], data: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.extend([0; PRELUDE_BYTES]);
    for (name, value) in headers {
        out.push(u8::try_from(name.len()).expect("names of headers are short"));
        out.extend(name.as_bytes());
        out.push(TEXT);
        let length = u16::try_from(value.len()).expect("values of headers are short");
        out.extend(length.to_be_bytes());
        out.extend(value.as_bytes());
    }
    let in_headers = out.len() - start - PRELUDE_BYTES;
    out.extend(data);
    let total = out.len() - start + CHECKSUM_BYTES;
    let be = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).to_be_bytes();
    out[start..start + 4].copy_from_slice(&be(total));
    out[start + 4..start + 8].copy_from_slice(&be(in_headers));
    let checksum = crc32fast::hash(&out[start..start + 8]);
    out[start + 8..start + 12].copy_from_slice(&checksum.to_be_bytes());
    let checksum = crc32fast::hash(&out[start..]);
    out.extend(checksum.to_be_bytes());
}
