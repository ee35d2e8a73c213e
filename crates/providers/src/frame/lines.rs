//! JSON in lines. Empty lines say nothing.

use super::{Frame, Take, extend};
use crate::BadStream;

#[derive(Debug, Default)]
pub struct Splitter {
    /// The line that is not over yet.
    line: Vec<u8>,
}

impl Splitter {
    pub(super) fn push(&mut self, mut chunk: &[u8], take: &mut Take<'_>) -> Result<(), BadStream> {
        while let Some(end) = memchr::memchr(b'\n', chunk) {
            let head = &chunk[..end];
            chunk = &chunk[end + 1..];
            if self.line.is_empty() {
                hand_out(head, take)?;
            } else {
                extend(&mut self.line, head, 0)?;
                hand_out(&self.line, take)?;
                self.line.clear();
            }
        }
        extend(&mut self.line, chunk, 0)
    }

    pub(super) fn end(&mut self, take: &mut Take<'_>) -> Result<(), BadStream> {
        hand_out(&std::mem::take(&mut self.line), take)
    }
}

fn hand_out(line: &[u8], take: &mut Take<'_>) -> Result<(), BadStream> {
    let data = line.trim_ascii();
    if data.is_empty() { Ok(()) } else { take(Frame { name: b"", data }) }
}
